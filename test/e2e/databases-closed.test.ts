import { RDSClient, StartDBInstanceCommand, StopDBInstanceCommand } from '@aws-sdk/client-rds'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { clientConfig } from '../support/account.ts'
import { type DatabaseStack, databaseStack, SERVER } from '../support/database-stack.ts'
import type { TestServer } from '../support/moto.ts'
import { motoWithPostgres } from '../support/moto-postgres.ts'

const ALL = ['fintech_experiment', 'healthtech_experiment', 'startupwebapp_prod']

interface PlanJson {
  actions: { action: string; key: string; reason: string }[]
}

// One stack, each test going on from the one before.
describe.skipIf(!inject('motoUrl'))('a database server that lets nobody in, or holds what others made', () => {
  let server: TestServer
  let s: DatabaseStack
  beforeAll(async () => {
    server = await motoWithPostgres()
    s = await databaseStack(server.url)
    await s.ends(0, 'create', 'vpc', 'security-groups', 'secrets', 'rds', '--yes')
  })
  afterAll(async () => {
    await s?.close()
    await server?.stop()
  })
  const rds = () => new RDSClient(clientConfig(s.account))
  const instance = { DBInstanceIdentifier: SERVER }
  const owners = () =>
    s.query<{ name: string; owner: string }>(
      "SELECT datname AS name, pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname !~ '^(postgres|rdsadmin|template)' ORDER BY 1",
    )
  const rows = async () => Object.keys((await s.place.state()).resources).filter((key) => key.startsWith('sql-'))
  const AWAY =
    /The database server 127\.0\.0\.1:\d+ cannot be reached from here: nobody answers at that address\.\nNext: Set databases\.via/

  it('out of reach: create says what, why and how to go on, and has changed nothing; a plan can still be told', async () => {
    s.sql.shut()
    s.clear()
    const r = await s.ends(2, 'create', 'databases', '--yes')
    expect(r.stderr).toMatch(AWAY)
    expect(s.changes()).toEqual([])
    expect(await rows()).toEqual([])
    const { actions } = (await s.ends(0, 'plan', 'databases', '--json')).json<PlanJson>()
    expect(actions.map((a) => a.action)).toEqual(['create', 'create', 'create', 'create'])
    for (const { reason } of actions)
      expect(reason).toMatch(/^not looked at: The database server .* cannot be reached from here$/)
    expect((await s.ends(2, 'db', 'verify')).stderr).toMatch(AWAY)
  })

  it('in reach again: the same command goes on', async () => {
    s.sql.open()
    await s.ends(0, 'create', 'databases', '--yes')
    expect((await owners()).map((d) => d.name)).toEqual(ALL)
  })

  it('cut off in the middle: what is done is recorded, and the same command ends it', async () => {
    await s.ends(0, 'destroy', 'databases', '--yes', '--confirm', 'startupwebapp')
    s.sql.after = (call) => (call.op.startsWith('sql.CREATE DATABASE') ? s.sql.shut() : undefined)
    const r = await s.ends(1, 'create', '--yes')
    s.sql.after = undefined
    expect(r.stderr).toMatch(/The connection to 127\.0\.0\.1:\d+ broke off|cannot be reached from here/)
    expect(r.stderr).toContain('To go on: infra create --yes')
    // What does not hang on the databases is made all the same.
    expect((await s.ends(0, 'status')).stdout).toMatch(/6 {2}monitoring +✓ done/)
    s.sql.open()
    await s.ends(0, 'create', '--yes')
    expect(await owners()).toEqual(ALL.map((name) => ({ name, owner: 'django_app' })))
    expect((await s.ends(0, 'db', 'verify', '--json')).json<{ verified: boolean }>().verified).toBe(true)
  })

  it('stopped: status and create say so in one sentence, and nobody knocks at its door', async () => {
    await rds().send(new StopDBInstanceCommand(instance))
    s.clear()
    expect((await s.ends(0, 'status')).stdout).toMatch(/4 {2}rds .*RDS is stopped; AWS starts it again on \d{4}-\d\d-\d\d/)
    expect((await s.ends(0, 'create', '--yes')).stdout).toMatch(
      /! db-instance is stopped; AWS starts it again on \S+: what is inside goes by what is recorded\. To start it: infra db start\n.*\n.*Nothing to do/,
    )
    expect((await s.ends(2, 'db', 'verify')).stderr).toMatch(
      /The database server \S+ is stopped: nobody can be let in meanwhile\.\nNext: infra db start/,
    )
    expect(s.sql.log).toEqual([])
    expect(s.changes()).toEqual([])
  })

  it('stopped: what is to be made inside is refused before anything is begun', async () => {
    await s.set('databases.names=[startupwebapp_prod, healthtech_experiment, fintech_experiment, edtech]')
    s.clear()
    const { stderr } = await s.ends(2, 'create', '--yes')
    expect(stderr).toMatch(
      /sql-database-edtech is to be created, but db-instance is stopped; AWS starts it again on \S+: it lives inside of that\.\nNext: infra db start, then the same command again/,
    )
    expect(s.changes()).toEqual([])
    expect(await rows()).not.toContain('sql-database-edtech')
    await s.ends(1, 'destroy', 'databases', '--yes', '--confirm', 'startupwebapp')
    await rds().send(new StartDBInstanceCommand(instance))
    expect(await owners()).toHaveLength(3)
  })

  it('a database of somebody else is refused, and nothing is changed', async () => {
    await s.query('CREATE DATABASE edtech')
    s.clear()
    const { stderr } = await s.ends(2, 'create', '--yes')
    expect(stderr).toContain(
      `sql-database-edtech: the name edtech is taken by the database edtech of ${SERVER}, which belongs to postgres: this database was not made by this stack, so it is left alone.`,
    )
    expect(stderr).toContain('Next: Take another name for it in infra.yaml; or make it by hand what is wanted here')
    expect(s.changes()).toEqual([])
    expect((await owners()).find((d) => d.name === 'edtech')).toEqual({ name: 'edtech', owner: 'postgres' })
    // By hand, as it says.
    await s.query('GRANT django_app TO postgres')
    await s.query('ALTER DATABASE edtech OWNER TO django_app')
    await s.ends(0, 'create', '--yes')
    expect((await owners()).find((d) => d.name === 'edtech')).toEqual({ name: 'edtech', owner: 'django_app' })
    expect(await rows()).toContain('sql-database-edtech')
  })

  it('a role of somebody else with another password is refused, and keeps it', async () => {
    await s.ends(0, 'destroy', 'databases', '--yes', '--confirm', 'startupwebapp')
    await s.query("CREATE ROLE django_app LOGIN PASSWORD 'theirs'")
    s.clear()
    const { stderr } = await s.ends(2, 'create', '--yes')
    expect(stderr).toContain(`the role django_app of ${SERVER}, whose password is not the one in the secret`)
    expect(s.changes()).toEqual([])
    expect(await s.query('SELECT', { user: 'django_app', password: 'theirs' })).toEqual([{}])
    expect(await rows()).toEqual([])
  })

  it('no secret value is in what was printed, in a file, or in a statement', async () => {
    expect(await s.leaks()).toEqual([])
  })
})
