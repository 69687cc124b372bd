import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { refused } from '../support/refused.ts'
import { KEYS, terminal } from '../support/terminal.ts'
import { barePath, CONFIG, PROGRAMS, recorded, type Stack, sleeping, startStack, stub, withEnv } from './stack.ts'

const url = inject('motoUrl')
const { enter, down, ctrlC } = KEYS

describe.skipIf(!url)('getting into the databases', () => {
  let x: Stack
  beforeAll(async () => {
    x = await startStack(CONFIG)
  })
  afterAll(() => x?.stop())
  const run = (...args: string[]) => x.p.run('db', ...args)

  it('list: those of infra.yaml first, the others marked, what is missing named', async () => {
    const r = await run('list')
    expect(r.code, r.all).toBe(0)
    expect(r.stdout).toMatch(/\n {2}shop +shop_app +UTF8 +en_US\.UTF-8 +owner only +0\n {2}crm /)
    expect(r.stdout).toMatch(/\n {2}postgres +postgres .* everybody +0 {2}the server's own\n/)
    expect(r.stdout).not.toContain('rdsadmin')
    expect(r.stdout).toMatch(/2 databases of infra\.yaml, 1 other\.\n {2}Next: infra db connect shop\n$/)
    await x.sql('postgres', 'CREATE DATABASE byhand')
    const client = await x.session('shop', 'SELECT pg_sleep(10)')
    try {
      const { databases, missing } = (await run('list', '--json')).json<{
        databases: { name: string; managed: boolean; sessions: number; owner: string; publicConnect: boolean }[]
        missing: string[]
      }>()
      expect(databases.map((d) => [d.name, d.managed, d.sessions, d.publicConnect])).toEqual([
        ['shop', true, 1, false],
        ['crm', true, 0, false],
        ['byhand', false, 0, true],
        ['postgres', false, 0, true],
      ])
      expect(missing).toEqual([])
    } finally {
      await client.end()
    }
    await x.sql('postgres', 'DROP DATABASE crm')
    const gone = await run('list')
    expect(gone.stdout).toMatch(/\n {2}crm +- .* missing: in infra\.yaml, not in the server\n/)
    expect(gone.stdout).toMatch(/byhand .* not in infra\.yaml\n/)
    expect(gone.stdout).toContain('Next: infra create databases\n')
    expect((await x.p.run('create', 'databases', '--yes')).code).toBe(0)
  })

  it('credentials: where they are and how to get one, and no value', async () => {
    const secret = await x.secret()
    const r = await run('credentials')
    expect(r.code, r.all).toBe(0)
    for (const word of [
      'shop/dev/database',
      'arn:aws:secretsmanager:',
      'master_password, username, password',
      'aws secretsmanager get-',
    ])
      expect(r.stdout).toContain(word)
    expect(r.stdout).toContain('Next: infra db credentials --reveal --key password\n')
    const told = await run('credentials', '--json')
    expect(told.json<{ keys: string[] }>().keys).toEqual(Object.keys(secret))
    for (const { all } of [r, told, await run('credentials', '--key', 'password', '--verbose')])
      for (const value of [secret.password, secret.master_password]) expect(all).not.toContain(value)
  })

  it('credentials --reveal: all as JSON, or one value bare, and nothing else on stdout', async () => {
    const secret = await x.secret()
    expect((await run('credentials', '--reveal')).json()).toEqual(secret)
    expect(await run('credentials', '--reveal', '--key', 'password')).toMatchObject({
      code: 0,
      stdout: `${secret.password}\n`,
      stderr: '',
    })
    expect((await run('credentials', '--reveal', '--key', 'port')).stdout).toBe('5432\n')
    expect((await run('credentials', '--reveal', '--key', 'password', '--json')).json()).toBe(secret.password)
    const no = refused(await run('credentials', '--reveal', '--key', 'passwrod'))
    expect(no.stderr).toContain('The secret shop/dev/database has no key passwrod: did you mean password? It has engine, host,')
    expect(refused(await run('credentials', '--database', 'shp')).stderr).toContain('did you mean shop?')
    // Nothing is written down by looking, and nobody is locked out.
    expect([...(await x.files())].filter(([, text]) => text.includes(secret.password ?? '?')).map(([f]) => f)).toEqual([])
  })

  it('tunnel: direct needs none, and says the line that works as it stands', async () => {
    const r = await run('tunnel')
    expect(r.code, r.all).toBe(0)
    expect(r.stdout).toContain('No tunnel is needed: shop-dev-db answers from here, at 127.0.0.1:')
    expect(r.stdout).toMatch(/DATABASE_URL +postgresql:\/\/shop_app@127\.0\.0\.1:\d+\/shop /)
    expect(r.stdout).toMatch(
      /psql +PGPASSWORD="\$\(infra db credentials --reveal --key password\)" psql "host=127\.0\.0\.1 port=\d+ user=shop_app dbname=shop"/,
    )
    expect(r.all).not.toContain((await x.secret()).password)
    const { url: at } = (await run('tunnel', '--json')).json<{ url: string }>()
    expect(at).toMatch(/^postgresql:\/\/shop_app@127/)
  })

  describe.skipIf(!PROGRAMS)('connect with psql', () => {
    it('hands over a pipe, and its output and exit code come through', async () => {
      const r = await x.piped('select 40 + 2 as answer, current_user, current_database()', 'db', 'connect', 'shop')
      expect(r.code, r.all).toBe(0)
      expect(r.stdout).toMatch(/^ answer \| current_user \| current_database [\s\S]* 42 \| shop_app +\| shop/)
      expect(r.stderr).toBe('')
      const failed = await x.piped('\\set ON_ERROR_STOP 1\nselect nope;\n', 'db', 'connect', 'shop')
      expect(failed.code).toBe(3)
      expect(failed.stderr).toContain('column "nope" does not exist')
      const master = await x.piped('select current_user', 'db', 'connect', 'postgres', '--role', 'master')
      expect(master.stdout).toContain(' postgres')
    })

    it('the password is in the environment of psql and nowhere else, and no PG variable of the person leads astray', async () => {
      const { path, calls } = await recorded(x.p, 'psql')
      const { password = '' } = await x.secret()
      const stray = { PATH: path, PGSERVICE: 'other', PGHOSTADDR: '192.0.2.1', PGPASSFILE: '/nowhere', PGDATABASE: 'postgres' }
      const r = await withEnv(x.p, stray, () => x.piped('select current_database()', 'db', 'connect', 'crm', '--verbose'))
      expect(r.code, r.all).toBe(0)
      expect(r.stdout).toContain(' crm')
      expect(r.all).not.toContain(password)
      const [call] = (await calls()).filter((c) => c.args[0] !== '--version')
      expect(call?.args).toEqual([])
      expect(call?.env).toMatchObject({ PGHOST: '127.0.0.1', PGUSER: 'shop_app', PGDATABASE: 'crm', PGPASSWORD: password })
      expect(Object.keys(call?.env ?? {}).filter((k) => /^PG(SERVICE|HOSTADDR|PASSFILE)/.test(k))).toEqual([])
    })

    it('in a terminal: asks which database, Ctrl-C stays in psql, \\q leaves with its code', async () => {
      const t = terminal(x.p, ['db', 'connect'])
      await t.answer('Which database?', `${down}${enter}`)
      await t.answer('crm=>', 'select pg_sleep(60);\r')
      await sleeping(x)
      t.press(ctrlC)
      await t.sees('canceling statement due to user request')
      await t.answer(/crm=>$/, 'select 6 * 7 as six;\r')
      await t.sees(/ six [\s\S]* 42/)
      t.press('\\q\r')
      expect(await t.done, t.screen()).toBe(0)
      expect(t.screen()).toContain('crm on shop-dev-db as shop_app, direct')
      expect(t.screen()).not.toMatch(/undefined|Error|Interrupted/)
    })
  })

  describe('connect without psql', () => {
    const bare = async <T>(work: () => Promise<T>): Promise<T> => withEnv(x.p, { PATH: await barePath(x.p) }, work)

    it('carries out what is piped in: statements, tables, what was done, errors in words', async () => {
      const script = `create table item (id int, note text);
insert into item values (1, 'a;b'), (22, null),
  (3, E'line\\none'); -- three; rows
select * from item
order by id;
\\dt
select nope; select 'still here' as said`
      const r = await bare(() => x.piped(script, 'db', 'connect', 'crm'))
      expect(r.stdout).toBe(
        ` id |   note
----+----------
  1 | a;b
  3 | line↵one
 22 |
(3 rows)

 Schema | Name |  Owner
--------+------+----------
 public | item | shop_app
(1 row)

    said
------------
 still here
(1 row)

`.replace(/^/, 'CREATE\nINSERT 3\n'),
      )
      expect(r.stderr).toContain("There is no psql on this machine, so this is a small prompt of infra's own.")
      expect(r.stderr).toContain('ERROR:  column "nope" does not exist\n')
      expect(r.stderr).not.toMatch(/^ {4}at /m)
      // Of the five that were sent one failed.
      expect(r.code).toBe(1)
      expect((await bare(() => x.piped('drop table item', 'db', 'connect', 'crm'))).code).toBe(0)
    })

    it('is a prompt in a terminal: lines until the semicolon, Ctrl-C cancels, \\q leaves', async () => {
      const t = await bare(async () => terminal(x.p, ['db', 'connect', 'shop']))
      await t.answer('shop=>', 'select 6\r')
      await t.answer('shop->', '* 7 as six;\r')
      await t.sees(/ six\n-----\n {2}42\n\(1 row\)/)
      await t.answer(/shop=>$/, 'select pg_sleep(60);\r')
      await sleeping(x)
      t.press(ctrlC)
      await t.sees('canceling statement due to user request')
      await t.answer(/shop=>$/, 'select wrong')
      t.press(ctrlC)
      await t.answer(/shop=>$/, '\\x\r')
      await t.sees('There is no \\x here.')
      await t.answer(/shop=>$/, '\\q\r')
      expect(await t.done, t.screen()).toBe(0)
      expect(t.screen()).not.toMatch(/undefined|wrong.*does not exist/)
    })
  })

  it('a psql that does not run counts as none', async () => {
    const [broken = ''] = (await stub(x.p, 'psql', '#!/bin/sh\nexit 127\n')).split(':')
    const r = await withEnv(x.p, { PATH: `${broken}:/bin` }, () => x.piped('select 7 as seven', 'db', 'connect', 'shop'))
    expect(r.stdout).toContain(' seven')
  })

  it.each([
    [['connect'], 'Which database? There are shop and crm', 'infra db connect shop'],
    [['connect', 'shpo'], 'There is no database shpo in infra.yaml: did you mean shop?', 'infra db connect shop'],
    [['connect', 'shop', '--role', 'root'], '--role is root: it must be app or master', '--role master'],
    [['connect', 'shop', '--via', 'vpn'], '--via is vpn: it must be one of direct, ssm, task', '--via ssm'],
    [['connect', 'shop', '--via', 'task'], 'infra db connect cannot go by a container (task)', 'infra db connect shop --via ssm'],
    [['tunnel', '--via', 'task'], 'infra db tunnel cannot go by a container (task)', 'infra db tunnel --via ssm'],
    [['tunnel', '--port', 'x'], '--port is x: it must be a number from 1 to 65535', '--port 5433'],
    [['tunnel', '--port', '0'], '--port is 0', '--port 5433'],
  ])('%s is refused in one sentence', async (args, says, next) => {
    const r = refused(await run(...args))
    expect(r.stderr).toContain(says)
    expect(r.stderr).toContain(`Next: `)
    expect(r.stderr).toContain(next)
  })

  it('a server that does not answer: said within seconds, with the ways that are left', async () => {
    // Another port in the answer of RDS: nobody listens there.
    x.proxy.rules = [{ match: /rds\.DescribeDBInstances/, replace: [/<Port>\d+<\/Port>/, '<Port>1</Port>'] }]
    const r = refused(await run('connect', 'shop'))
    x.proxy.rules = []
    expect(r.stderr).toMatch(/The database server 127\.0\.0\.1:1 cannot be reached from here/)
    expect(r.stderr).toContain('databases.via')
  })

  it('before anything is made: the command that makes it', async () => {
    const state = join(x.p.dir, 'state', 'dev.json')
    expect(JSON.parse(await readFile(state, 'utf8')).environment).toBe('dev')
    for (const args of [['list'], ['connect', 'shop'], ['tunnel'], ['backup', 'shop']])
      expect(refused(await run(...args, '--env', 'other', '--new-env')).stderr).toMatch(
        /There is no database server yet.*\nNext: infra create rds --env other --new-env/,
      )
    expect(refused(await run('credentials', '--env', 'other', '--new-env')).stderr).toContain(
      'Next: infra create secrets --env other --new-env',
    )
  })
})
