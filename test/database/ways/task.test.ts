import { randomBytes } from 'node:crypto'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Inside, PasswordAt } from '../../../src/aws/sql.ts'
import { credentialsFrom } from '../../../src/database/credentials.ts'
import { type OpenSql, openSql } from '../../../src/database/open.ts'
import { postgres } from '../../../src/database/postgres.ts'
import { type TaskWayOptions, taskWay } from '../../../src/database/task.ts'
import { taskEnvironment } from '../../../src/database/task-environment.ts'
import { makeCertificates } from '../../support/postgres-tls.ts'
import { skipped } from '../../support/skipped.ts'
import { failure, newest, type Place, placeOn } from '../support.ts'
import { arnOf, Containers, fastClock, PLACE } from './containers.ts'
import { HOSTILE, noPsql } from './psql.ts'

const PASSWORD = 'correct-horse-battery-staple'
/** Each way its own time. */
const QUICK = () => ({ clock: fastClock(20) })

describe.skipIf(noPsql)(skipped('a container with psql', noPsql), () => {
  let place: Place
  let containers: Containers
  let said: string[]
  let made = 0
  let gone = 0
  let tokens = 0
  const opened: OpenSql[] = []

  beforeAll(async () => {
    place = await placeOn({ bin: newest.bin })
  })
  afterAll(async () => {
    await Promise.all(opened.map((o) => o.close()))
    await place.close()
  })
  beforeEach(() => {
    said = []
    made = 0
    gone = 0
    tokens = 0
  })

  const open = async (passwords: readonly PasswordAt[], more: Partial<TaskWayOptions> = {}): Promise<OpenSql> => {
    const arns = { master: arnOf('master'), ...Object.fromEntries(passwords.map(({ secret }) => [secret, arnOf(secret)])) }
    containers = new Containers(await taskEnvironment(place.server, passwords, { arns }), place.secrets)
    const way = taskWay({
      aws: containers.aws,
      place: async () => {
        made++
        return PLACE
      },
      gone: async () => {
        gone++
      },
      token: () => `token-${++tokens}`,
      passwords: () => passwords,
      report: (line) => said.push(line),
      ...QUICK(),
      ...more,
    })
    const sql = openSql({ aws: place.secrets.aws, way })
    opened.push(sql)
    return sql
  }
  const commands = (): string => containers.started.map((c) => JSON.stringify(c.input)).join('\n')
  /** The log as it is, and what is in base64 in it. */
  const logs = (): string =>
    containers.started
      .flatMap((c) => c.lines.flatMap((l) => [l, ...l.split(' ').map((word) => Buffer.from(word, 'base64').toString('utf8'))]))
      .join('\n')

  it('sees what a driver sees', async () => {
    const sql = await open([])
    const [looked, direct] = await Promise.all([
      sql.send('Look', { server: place.server }),
      place.send('Look', { server: place.server }),
    ])
    expect(looked).toMatchObject({ is: 'open', via: 'task' })
    const sorted = (i: Inside) => [...i.roles.map((r) => r.name)].sort()
    if (looked.is !== 'open' || direct.is !== 'open') throw new Error('closed')
    expect(sorted(looked.inside)).toEqual(sorted(direct.inside))
    expect(looked.inside.version).toBe(direct.inside.version)
  })

  it('makes roles and databases, tells who gets in, and removes them', async () => {
    const a = place.secrets.give('secret-a', PASSWORD)
    const b = place.secrets.give('secret-b', `${PASSWORD}-b`)
    const { server } = place
    const sql = await open([a, b])
    await Promise.all([
      sql.send('CreateRole', { server, name: 'task_a', password: a }),
      sql.send('CreateRole', { server, name: 'task_b', password: b }),
    ])
    await Promise.all(
      ['task_a', 'task_b'].map((name) =>
        sql.send('CreateDatabase', { server, name, owner: name, encoding: 'UTF8', collation: 'en_US.UTF-8' }),
      ),
    )
    expect(await place.ask('select current_user as me', { user: 'task_a', password: PASSWORD, database: 'task_a' })).toEqual([
      { me: 'task_a' },
    ])
    const login = (role: string, password: PasswordAt, database: string) =>
      sql.send('Login', { server, role, password, database })
    expect(
      await Promise.all([
        login('task_a', a, 'task_a'),
        login('task_a', b, 'task_a'),
        login('task_a', a, 'task_b'),
        login('task_a', a, 'nowhere'),
        login('task_b', b, 'postgres'),
      ]),
    ).toEqual(['ok', 'wrong-password', 'barred', 'no-database', 'ok'])
    await sql.send('AlterRole', { server, name: 'task_a', password: b })
    expect(await login('task_a', b, 'task_a')).toBe('ok')
    await sql.send('AlterDatabase', { server, name: 'task_b', owner: 'task_a' })
    expect(await place.ask(`select pg_get_userbyid(datdba) as o from pg_database where datname = 'task_b'`)).toEqual([
      { o: 'task_a' },
    ])
    for (const name of ['task_a', 'task_b']) await sql.send('DropDatabase', { server, name, force: false })
    await Promise.all(['task_a', 'task_b'].map((name) => sql.send('DropRole', { server, name })))
    expect(await place.ask(`select rolname from pg_roles where rolname like 'task%'`)).toEqual([])
    await sql.close()
    expect([made, gone]).toEqual([1, 1])
    for (const text of [commands(), logs(), said.join('\n')]) {
      expect(text).not.toContain(PASSWORD)
      expect(text).not.toContain(Buffer.from(PASSWORD).toString('base64').slice(0, 20))
      expect(text).not.toContain(place.pg.master.password)
    }
  })

  it('starts one container for all that is asked at once, and one token each', async () => {
    const { server } = place
    const sql = await open([])
    await Promise.all([1, 2, 3].map(() => sql.send('Sessions', { server, database: 'postgres' })))
    expect(containers.started.length).toBe(1)
    await sql.send('Sessions', { server, database: 'postgres' })
    expect(containers.started.map((c) => c.input.clientToken)).toEqual(['token-1', 'token-2'])
    expect(said.filter((l) => l.includes('starts')).length).toBe(2)
  })

  it('looks after a change in the same container, until the next change', async () => {
    const [at, late] = [place.secrets.give('secret-look', PASSWORD), place.secrets.give('secret-late', PASSWORD)]
    const { server } = place
    const sql = await open([at])
    const names = async () => {
      const looked = await sql.send('Look', { server })
      return looked.is === 'open' ? looked.inside.roles.map((r) => r.name).filter((n) => n.startsWith('look_')) : []
    }
    await sql.send('CreateRole', { server, name: 'look_a', password: at })
    expect(await names()).toEqual(['look_a'])
    // The secret is known by its ARN to some, by its name to others.
    const password = { ...at, secret: arnOf(at.secret) }
    expect(await sql.send('Login', { server, role: 'look_a', password, database: 'postgres' })).toBe('ok')
    expect(containers.started.length).toBe(1)
    await sql.send('DropRole', { server, name: 'look_a' })
    expect(await names()).toEqual([])
    expect(containers.started.length).toBe(3)
    // Nobody gets a password of which nothing is known.
    expect((await failure(sql.send('CreateRole', { server, name: 'look_b', password: late }))).message).toContain(
      'gets no password',
    )
  })

  it('gives a container also the passwords that became known after the first one', async () => {
    const [at, late] = [place.secrets.give('secret-early', PASSWORD), place.secrets.give('secret-later', PASSWORD)]
    const { server } = place
    const known = [at]
    const sql = await open([at, late], { passwords: () => known })
    await sql.send('CreateRole', { server, name: 'late_a', password: at })
    known.push(late)
    await sql.send('CreateRole', { server, name: 'late_b', password: late })
    expect(made).toBe(2)
    await Promise.all(['late_a', 'late_b'].map((name) => sql.send('DropRole', { server, name })))
    await sql.close()
    expect(gone).toBe(1)
  })

  it('tells errors apart as a driver does, each for its own job', async () => {
    const at = place.secrets.give('secret-e', PASSWORD)
    const { server } = place
    const sql = await open([at])
    await sql.send('CreateRole', { server, name: 'task_e', password: at })
    const [again, missing, fine, base] = await Promise.all([
      failure(sql.send('CreateRole', { server, name: 'task_e', password: at })),
      failure(sql.send('DropDatabase', { server, name: 'nowhere', force: false })),
      sql.send('Sessions', { server, database: 'nowhere' }),
      failure(sql.send('CreateDatabase', { server, name: 'postgres', owner: 'task_e', encoding: 'UTF8', collation: '' })),
    ])
    expect([again.name, missing.name, base.name]).toEqual(['RoleAlreadyExists', 'DatabaseNotFound', 'DatabaseAlreadyExists'])
    expect(again.message).toContain('role "task_e" already exists')
    expect(fine).toEqual([])
    const locale = await failure(
      sql.send('CreateDatabase', { server, name: 'task_l', owner: 'task_e', encoding: 'UTF8', collation: 'xx_YY' }),
    )
    expect(locale.next).toContain('databases.collation')
    await sql.send('DropRole', { server, name: 'task_e' })
  })

  it('carries out all of an atomic job, or nothing', async () => {
    await open([])
    const channel = await taskWay(options()).channel?.(place.server, credentialsFrom(place.secrets.aws), postgres)
    const statements = ['CREATE ROLE task_half', 'SELECT 1 / 0 AS answer']
    const error = await failure(Promise.resolve(channel?.run({ database: 'postgres', atomic: true, statements })))
    expect(error.message).toBe('The database server refused: division by zero')
    const first = ['SELECT 1 / 0 AS answer', 'CREATE ROLE task_half']
    expect((await failure(Promise.resolve(channel?.run({ database: 'postgres', statements: first })))).message).toContain(
      'division',
    )
    expect(await place.ask(`select 1 from pg_roles where rolname = 'task_half'`)).toEqual([])
    expect(
      await channel?.run({ database: 'postgres', statements: ["SELECT 'x' AS other", "SELECT E'two\\nlines ü' AS answer"] }),
    ).toBe('two\nlines ü')
    expect(
      await channel?.run({ database: 'postgres', statements: ["SELECT 'x' AS answer", "SELECT 'y' AS other"] }),
    ).toBeUndefined()
  })

  it('takes a warning that nothing was granted or revoked for an error, as a driver does', async () => {
    await open([])
    const channel = await taskWay(options()).channel?.(place.server, credentialsFrom(place.secrets.aws), postgres)
    const tried = (statement: string) => failure(Promise.resolve(channel?.run({ database: 'postgres', statements: [statement] })))
    expect((await tried('REVOKE SELECT ON pg_roles FROM PUBLIC')).message).toContain('no privileges could be revoked')
    expect((await tried('GRANT SELECT ON pg_roles TO postgres')).message).toContain('no privileges were granted')
  })

  it('takes every name for what it is', async () => {
    const { server } = place
    const passwords = HOSTILE.map((_, n) => place.secrets.give(`hostile-${n}`, `${PASSWORD}-${n}`))
    const sql = await open(passwords)
    await Promise.all(
      HOSTILE.map((name, n) => sql.send('CreateRole', { server, name, password: passwords[n] ?? { secret: '', key: '' } })),
    )
    await Promise.all(
      HOSTILE.map((name) => sql.send('CreateDatabase', { server, name, owner: name, encoding: 'UTF8', collation: '' })),
    )
    const found = await sql.send('Look', { server })
    if (found.is !== 'open') throw new Error('closed')
    for (const name of HOSTILE) {
      expect(found.inside.roles.find((r) => r.name === name)).toMatchObject({ login: true, granted: true })
      expect(found.inside.databases.find((d) => d.name === name)).toMatchObject({ owner: name, publicConnect: false })
    }
    const logins = await Promise.all(
      HOSTILE.map((name, n) =>
        sql.send('Login', { server, role: name, password: passwords[n] ?? { secret: '', key: '' }, database: name }),
      ),
    )
    expect(logins).toEqual(HOSTILE.map(() => 'ok'))
    const again = await Promise.all(
      HOSTILE.map((name) => failure(sql.send('CreateDatabase', { server, name, owner: name, encoding: 'UTF8', collation: '' }))),
    )
    expect(again.map((e) => e.name)).toEqual(HOSTILE.map(() => 'DatabaseAlreadyExists'))
    for (const [n, name] of HOSTILE.entries()) expect(again[n]?.message).toContain(name)
    await Promise.all(HOSTILE.map((name) => sql.send('DropDatabase', { server, name, force: false })))
    await Promise.all(HOSTILE.map((name) => sql.send('DropRole', { server, name })))
    expect(containers.started.length).toBeGreaterThan(5)
  }, 90_000)

  it('packs what is long, and splits what is too long', async () => {
    const { server } = place
    const sql = await open([])
    const some = (n: number, bytes: number): string[] => Array.from({ length: n }, () => randomBytes(bytes).toString('base64'))
    const ask = (names: readonly string[]) => Promise.all(names.map((database) => sql.send('Sessions', { server, database })))
    expect((await ask(some(12, 40))).flat()).toEqual([])
    expect(containers.started.length).toBe(1)
    expect(containers.started[0]?.input.overrides.containerOverrides[0]?.command[2]).toMatch(/^printf %s [\w+/=']+ \| base64 -d/)
    expect((await ask(some(6, 2000))).flat()).toEqual([])
    expect(containers.started.length).toBeGreaterThan(2)
    const error = await failure(sql.send('Sessions', { server, database: randomBytes(9000).toString('base64') }))
    expect(error.message).toBe('A statement is too long for a container')
    await sql.send('Sessions', { server, database: 'x' })
    expect(containers.started.at(-1)?.input.overrides.containerOverrides[0]?.command[2]).toContain('psql -X')
  })

  it('leaves no password in the log of the server, not even when a statement fails', async () => {
    const at = place.secrets.give('secret-log', PASSWORD)
    const { server } = place
    await appendFile(join(place.pg.dir, 'postgresql.auto.conf'), "log_statement = 'ddl'\n")
    const [pid] = (await readFile(join(place.pg.dir, 'postmaster.pid'), 'utf8')).split('\n')
    process.kill(Number(pid), 'SIGHUP')
    await expect.poll(() => place.ask('SHOW log_statement'), { timeout: 20_000 }).toEqual([{ log_statement: 'ddl' }])
    const sql = await open([at])
    await sql.send('CreateRole', { server, name: 'task_log', password: at })
    await failure(sql.send('CreateRole', { server, name: 'task_log', password: at }))
    const log = await place.log()
    expect(log).toContain('CREATE ROLE "task_log" LOGIN PASSWORD')
    expect(log).not.toContain(PASSWORD)
    expect(logs()).toContain('error 42710')
    expect(logs()).not.toContain('SCRAM')
    expect(logs()).not.toContain(PASSWORD)
    await sql.send('DropRole', { server, name: 'task_log' })
  })

  it('refuses passwords that are empty or that drivers send in different ways', async () => {
    const empty = place.secrets.give('secret-empty', '')
    const odd = place.secrets.give('secret-odd', 'pässword')
    const { server } = place
    const sql = await open([empty, odd])
    const [a, b, c] = await Promise.all([
      failure(sql.send('CreateRole', { server, name: 'task_x', password: empty })),
      failure(sql.send('CreateRole', { server, name: 'task_x', password: odd })),
      failure(sql.send('Login', { server, role: 'postgres', password: empty, database: 'postgres' })),
    ])
    expect([a.message, b.message, c.message]).toEqual([
      expect.stringContaining('is empty'),
      expect.stringContaining('outside of ASCII'),
      expect.stringContaining('is empty'),
    ])
    expect(await place.ask(`select 1 from pg_roles where rolname = 'task_x'`)).toEqual([])
    expect(logs()).not.toContain('pässword')
  })

  it('goes only with a password that the container was given', async () => {
    const sql = await open([])
    const error = await failure(
      sql.send('Login', { server: place.server, role: 'x', password: { secret: 'other', key: 'password' }, database: 'x' }),
    )
    expect(error.message).toContain('no password password of other')
    await sql.close()
    expect([made, gone, containers.calls]).toEqual([0, 0, []])
  })

  it('leads to one PostgreSQL server', async () => {
    const sql = await open([])
    const error = await failure(sql.send('Look', { server: { ...place.server, engine: 'mysql' } }))
    expect(error.what).toContain('PostgreSQL only')
  })

  it('says so when the server cannot be reached, or refuses the master', async () => {
    const sql = await open([])
    const gonePort = { ...place.server, port: 1 }
    const away = new Containers(await taskEnvironment(gonePort, [], { arns: { master: arnOf('master') } }), place.secrets)
    const one = openSql({ aws: place.secrets.aws, way: taskWay({ ...options(), aws: away.aws }) })
    const error = await failure(one.send('Look', { server: gonePort }))
    expect([error.name, error.next]).toEqual(['DatabaseAway', expect.stringContaining('security group')])
    const right = place.secrets.values.master
    place.secrets.values.master = { master_username: 'postgres', master_password: 'wrong' }
    const refused = await failure(sql.send('Look', { server: place.server }))
    place.secrets.values.master = right ?? {}
    expect(refused.what).toContain('refuses the master user')
  })

  const options = (): TaskWayOptions => ({
    aws: containers.aws,
    place: async () => PLACE,
    gone: async () => {},
    token: () => `token-${++tokens}`,
    passwords: () => [],
    ...QUICK(),
  })
})

describe.skipIf(noPsql)(skipped('its connection', noPsql), () => {
  it('is encrypted, to a server that is the right one', async () => {
    const place = await placeOn({ bin: newest.bin, tls: 'required' })
    const arns = { master: arnOf('master') }
    const look = async (caFile: string | undefined, host: string) => {
      const server = { ...place.server, host }
      const containers = new Containers(await taskEnvironment(server, [], { caFile, arns }), place.secrets)
      const way = taskWay({
        aws: containers.aws,
        place: async () => PLACE,
        gone: async () => {},
        token: () => 't',
        passwords: () => [],
        ...QUICK(),
      })
      const sql = openSql({ aws: place.secrets.aws, way })
      return sql.send('Look', { server })
    }
    const other = await placeOn({ bin: newest.bin })
    try {
      expect((await look(place.pg.caFile, 'localhost')).is).toBe('open')
      expect((await failure(look(undefined, '127.0.0.1'))).what).toContain('takes encrypted connections only')
      const stranger = join(other.pg.dir, 'stranger.pem')
      await writeFile(stranger, (await makeCertificates()).ca)
      const refused = await failure(look(stranger, 'localhost'))
      expect([refused.name, refused.message]).toEqual(['TlsRefused', expect.stringContaining('certificate verify failed')])
    } finally {
      await place.close()
      await other.close()
    }
  })
})
