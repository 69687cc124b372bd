import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { refused } from '../support/refused.ts'
import { KEYS, terminal } from '../support/terminal.ts'
import { CONFIG, type Stack, startStack } from './stack.ts'

const url = inject('motoUrl')
const { enter, ctrlC } = KEYS

describe.skipIf(!url)('one database more, one less', () => {
  let x: Stack
  beforeAll(async () => {
    x = await startStack(CONFIG)
  })
  afterAll(() => x?.stop())
  const run = (...args: string[]) => x.p.run('db', ...args)
  const databases = async (): Promise<string[]> =>
    (await x.sql('postgres', "SELECT datname FROM pg_database WHERE datname !~ '^(template|rdsadmin|postgres)' ORDER BY 1")).map(
      (r) => String(r.datname),
    )
  const recorded = async (): Promise<string[]> =>
    Object.keys((await x.p.state('dev.json')).resources).filter((k) => k.startsWith('sql-'))

  it('add: into infra.yaml beside its comments, and into the server, by the plan of create', async () => {
    const r = await run('add', 'reports', '--yes')
    expect(r.code, r.all).toBe(0)
    expect(r.stdout).toContain('+ create  sql-database-reports  database')
    expect(r.stdout).toMatch(/1 to create, \d+ resources as wanted/)
    expect(r.stdout).toMatch(/\n {2}To look in: infra db connect reports\n$/)
    expect(await x.yaml()).toBe(`${CONFIG}    - reports\n`)
    expect(await databases()).toEqual(['crm', 'reports', 'shop'])
    const [row] = await x.sql('postgres', "SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = 'reports'")
    expect(row?.owner).toBe('shop_app')
  })

  it.each([
    [['add', 'Reports', '--yes'], 'is Reports: it must have 1 to 63 lower-case letters, digits and _'],
    [['add', 'template1', '--yes'], 'is template1: the engine keeps this name for itself'],
    [['add', 'shop', '--yes'], 'shop is in databases.names of infra.yaml already'],
    [['add', 'x; drop', '--yes'], 'is x; drop: it must have'],
    [['add', 'more', '--via', 'vpn', '--yes'], '--via is vpn: it must be one of direct, ssm, task'],
    [['add', 'more'], 'nobody can be asked here: there is no terminal.\nNext: infra db add more --yes'],
    [['drop', 'reprots', '--yes'], 'infra did not make a database reprots: did you mean reports?'],
    [['drop', 'byhand', '--yes'], 'infra did not make a database byhand'],
    [['drop', 'postgres', '--yes', '--confirm', 'postgres'], 'infra did not make a database postgres'],
    [['drop', 'crm', '--yes'], '--yes alone does not say so; nothing was changed.\nNext: infra db drop crm --yes --confirm crm'],
    [['drop', 'crm', '--yes', '--confirm', 'shop'], '--confirm is shop, but the database is crm'],
    [['drop', 'crm'], 'nobody can be asked here'],
  ])('%s is refused, and neither file nor server nor state is touched', async (args, says) => {
    const [yaml, state] = [await x.yaml(), await readFile(join(x.p.dir, 'state', 'dev.json'), 'utf8')]
    const r = await run(...args)
    expect(r.code, r.all).toBe(2)
    expect(r.stderr).toContain(says)
    expect(r.stderr).toContain('Next: ')
    expect(r.all).not.toMatch(/undefined|\[object |^ {4}at /m)
    expect(await x.yaml()).toBe(yaml)
    expect(await readFile(join(x.p.dir, 'state', 'dev.json'), 'utf8')).toBe(state)
    expect(await databases()).toEqual(['crm', 'reports', 'shop'])
  })

  it('add of a name that somebody else has in the server is refused, and the file is put back', async () => {
    await x.sql('postgres', 'CREATE DATABASE theirs')
    const yaml = await x.yaml()
    const r = await run('add', 'theirs', '--yes')
    expect(r.code, r.all).toBe(2)
    expect(r.stderr).toContain('theirs')
    expect(await x.yaml()).toBe(yaml)
    // Nor is it dropped because somebody has written its name into the file.
    await writeFile(join(x.p.dir, 'infra.yaml'), `${yaml}    - theirs\n`)
    const no = await run('drop', 'theirs', '--yes', '--confirm', 'theirs')
    expect(no.code, no.all).toBe(2)
    expect(no.stderr).toContain('The database theirs belongs to postgres: this stack did not make it, so it is left alone')
    expect(await databases()).toContain('theirs')
    await writeFile(join(x.p.dir, 'infra.yaml'), yaml)
    await x.sql('postgres', 'DROP DATABASE theirs')
  })

  it('add: no, and Ctrl-C, put the file back; so "Nothing was changed" is true', async () => {
    const yaml = await x.yaml()
    const no = terminal(x.p, ['db', 'add', 'more'])
    await no.sees('Do it?')
    expect(await x.yaml()).toContain('- more')
    await no.answer('Do it?', `n${enter}`)
    expect(await no.done, no.screen()).toBe(0)
    expect(no.screen()).toContain('Nothing was changed.')
    expect(await x.yaml()).toBe(yaml)
    const stopped = terminal(x.p, ['db', 'add', 'more'])
    await stopped.answer('Do it?', ctrlC)
    expect(await stopped.done, stopped.screen()).toBe(130)
    expect(await x.yaml()).toBe(yaml)
    x.proxy.rules = [{ match: /rds\.Describe/, delay: 1500 }]
    x.proxy.clear()
    const early = x.p.start('db', 'add', 'more', '--yes')
    await expect.poll(x.yaml, { timeout: 20_000 }).toContain('- more')
    // It waits for this answer, and nothing is changed yet.
    await expect.poll(() => x.proxy.log.some((c) => c.op.startsWith('rds.Describe')), { timeout: 20_000 }).toBe(true)
    early.kill('SIGINT')
    expect((await early.done).code).toBe(130)
    x.proxy.rules = []
    expect(await x.yaml()).toBe(yaml)
    expect(await databases()).toEqual(['crm', 'reports', 'shop'])
  })

  it('add: what has begun keeps its name in the file, and create goes on with it', async () => {
    let dropped = false
    x.proxy.before = async () => {
      const begun = (await recorded()).includes('sql-database-more')
      if (!begun || dropped) return undefined
      dropped = true
      x.proxy.rules = [{ match: /rds\.Describe/, error: 'AccessDenied', status: 403 }]
      return 'drop'
    }
    const r = await run('add', 'more', '--yes')
    x.proxy.before = undefined
    x.proxy.rules = []
    expect(r.code, r.all).toBe(1)
    expect(r.stderr).toContain('To go on: infra create databases')
    expect(r.stderr).toContain('more is in databases.names of infra.yaml; to take it out again: infra db drop more')
    expect(await x.yaml()).toContain('- more')
    expect(refused(await run('add', 'more', '--yes')).stderr).toContain('Next: infra create databases')
    expect((await x.p.run('create', 'databases', '--yes')).code).toBe(0)
    expect(await databases()).toEqual(['crm', 'more', 'reports', 'shop'])
    expect((await run('drop', 'more', '--yes', '--confirm', 'more')).code).toBe(0)
  })

  it('drop: not while somebody is connected, who is named; --force ends them', async () => {
    const client = await x.session('reports', 'SELECT pg_sleep(20)')
    const r = await run('drop', 'reports', '--yes', '--confirm', 'reports')
    expect(r.code, r.all).toBe(2)
    expect(r.stderr).toMatch(/Somebody is connected to reports: postgres from 127\.0\.0\.1 since \d{4}-/)
    expect(r.stderr).toContain('infra db drop reports --force')
    expect(await databases()).toContain('reports')
    expect(await x.yaml()).toContain('- reports')
    const forced = await run('drop', 'reports', '--force', '--yes', '--confirm', 'reports')
    expect(forced.code, forced.all).toBe(0)
    await client.end().catch(() => undefined)
    expect(forced.stdout).toContain('reports is gone from the server and from databases.names of infra.yaml')
    expect(forced.stdout).toMatch(/Next: infra db list\n$/)
    expect(await x.yaml()).toBe(CONFIG)
    expect(await databases()).toEqual(['crm', 'shop'])
    expect(await recorded()).toEqual(['sql-database-crm', 'sql-database-shop', 'sql-role-shop-app'])
    expect(
      (await x.p.run('plan', '--json')).json<{ actions: { action: string }[] }>().actions.every((a) => a.action === 'keep'),
    ).toBe(true)
  })

  it('drop in a terminal: the name is typed, another one changes nothing', async () => {
    expect((await run('add', 'tmp_1', '--yes')).code).toBe(0)
    const wrong = terminal(x.p, ['db', 'drop', 'tmp_1'])
    await wrong.answer('This deletes the database tmp_1 with all that is in it. Type its name to go on:', `yes${enter}`)
    expect(await wrong.done, wrong.screen()).toBe(0)
    expect(wrong.screen()).toContain('That is not tmp_1. Nothing was changed.')
    expect(await databases()).toContain('tmp_1')
    const right = terminal(x.p, ['db', 'drop', 'tmp_1'])
    await right.answer('Type its name to go on:', `tmp_1${enter}`)
    expect(await right.done, right.screen()).toBe(0)
    expect(right.screen()).toMatch(/✓ sql-database-tmp-1 deleted/)
    expect(await databases()).toEqual(['crm', 'shop'])
    expect(await x.yaml()).toBe(CONFIG)
  })

  it('the list of an environment is changed where it stands, and a file that cannot be written stops it before anything', async () => {
    const file = join(x.p.dir, 'infra.yaml')
    const overlay = `${CONFIG}environments:\n  dev: { databases: { names: [shop, crm, here] } }\n`
    await writeFile(file, overlay)
    expect((await x.p.run('create', 'databases', '--yes')).code).toBe(0)
    const r = await run('drop', 'here', '--yes', '--confirm', 'here', '--json')
    expect(r.code, r.all).toBe(0)
    expect(
      r.stdout
        .trim()
        .split('\n')
        .map((l) => JSON.parse(l))
        .at(-1),
    ).toEqual({
      type: 'result',
      dropped: 'here',
      deleted: ['sql-database-here'],
      failed: [],
    })
    expect(await x.yaml()).toBe(overlay.replace(', here', ''))
    // A list that counts for others too is said to.
    const base = `${CONFIG}environments:\n  staging: { rds: { multiAz: false } }\n`
    await writeFile(file, base)
    const shared = await run('add', 'here', '--yes')
    expect(shared.stderr).toContain('here is in databases.names of infra.yaml, which counts for all environments of the file.')
    expect(await x.yaml()).toBe(base.replace('customers\n', 'customers\n    - here\n'))
    expect((await run('drop', 'here', '--yes', '--confirm', 'here')).stderr).toContain('counts for all environments')
    await writeFile(file, CONFIG)
  })

  it('the last one can go too, and one that only the file knows', async () => {
    const file = join(x.p.dir, 'infra.yaml')
    await writeFile(file, `${CONFIG}    - only_here\n`)
    const r = await run('drop', 'only_here', '--yes', '--confirm', 'only_here')
    expect(r.code, r.all).toBe(0)
    expect(await x.yaml()).toBe(CONFIG)
    for (const name of ['crm', 'shop']) expect((await run('drop', name, '--yes', '--confirm', name)).code).toBe(0)
    expect(await x.yaml()).toContain('  names: []\n')
    expect(await databases()).toEqual([])
    // The role stays: the next database belongs to it.
    expect(await recorded()).toEqual(['sql-role-shop-app'])
    const list = await run('list')
    expect(list.stdout).toContain('Next: infra db add <name>')
    expect(refused(await run('connect')).stderr).toContain('databases.names is empty')
    expect((await run('add', 'shop', '--yes')).code).toBe(0)
    expect(await x.yaml()).toContain('  names: [shop]\n')
    await chmod(file, 0o644)
  })
})
