import {
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
  RestoreDBInstanceFromDBSnapshotCommand,
} from '@aws-sdk/client-rds'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { clientConfig } from '../support/account.ts'
import { type DatabaseStack, databaseStack, MASTER_SECRET } from '../support/database-stack.ts'
import type { TestServer } from '../support/moto.ts'
import { motoWithPostgres } from '../support/moto-postgres.ts'

const NAMES = ['fintech_experiment', 'healthtech_experiment', 'startupwebapp_prod']
const OWNERS = `SELECT datname AS name, pg_get_userbyid(datdba) AS owner, pg_encoding_to_char(encoding) AS encoding,
    datcollate AS collation, datctype AS ctype, datacl::text AS acl
  FROM pg_database WHERE NOT datistemplate AND datname NOT IN ('postgres', 'rdsadmin') ORDER BY 1`

interface VerifyJson {
  via: string
  verified: boolean
  found: { key: string; good: boolean; note: string }[]
  access: { role: string; database: string; login: string; asWanted: boolean }[]
}
interface DriftJson {
  drift: { key: string; what: string; changes: { prop: string; recorded: string; actual: string }[] }[]
}

// One stack from create to destroy, each test going on from the one before.
describe.skipIf(!inject('motoUrl'))('databases, from create to destroy', () => {
  let server: TestServer
  let s: DatabaseStack
  beforeAll(async () => {
    server = await motoWithPostgres()
    s = await databaseStack(server.url)
  })
  afterAll(async () => {
    await s?.close()
    await server?.stop()
  })
  const databases = () => s.query<{ name: string; owner: string; acl: string | null }>(OWNERS)
  const roles = async () =>
    (await s.query<{ name: string }>("SELECT rolname AS name FROM pg_roles WHERE rolname !~ '^(pg_|rds)' ORDER BY 1")).map(
      (r) => r.name,
    )
  const drift = async (code = 3) => (await s.ends(code, 'drift', '--json')).json<DriftJson>().drift
  const verify = async (code: number) => (await s.ends(code, 'db', 'verify', '--json')).json<VerifyJson>()
  const bad = (v: VerifyJson) => [
    ...v.found.filter((f) => !f.good).map((f) => `${f.key}: ${f.note}`),
    ...v.access.filter((a) => !a.asWanted).map((a) => `${a.role} at ${a.database}: ${a.login}`),
  ]

  it('create makes the server and all that is inside it, and status has seen it', async () => {
    const r = await s.ends(0, 'create', '--yes')
    expect(r.stdout).toContain('databases')
    const status = await s.ends(0, 'status')
    expect(status.stdout).toMatch(/5 {2}databases +✓ done +4\/4 +verified direct \d{4}-\d\d-\d\d/)
    expect(status.stdout).toContain('6 of 6 steps done')
  })

  it('the databases belong to the application and are closed to everybody else', async () => {
    const wanted = { owner: 'django_app', encoding: 'UTF8', collation: 'en_US.UTF-8', ctype: 'en_US.UTF-8' }
    expect(await databases()).toEqual(NAMES.map((name) => ({ name, ...wanted, acl: '{django_app=CTc/django_app}' })))
    expect(await roles()).toEqual(['django_app', 'postgres'])
    const { username: user = '', password = '' } = await s.secret()
    for (const database of NAMES) {
      expect(await s.query('SELECT current_user AS me', { user, password, database })).toEqual([{ me: 'django_app' }])
      await s.query('CREATE TABLE t (n int); INSERT INTO t VALUES (1)', { user, password, database })
    }
    await s.query("CREATE ROLE stranger LOGIN PASSWORD 'stranger'")
    for (const database of NAMES)
      await expect(s.query('SELECT', { user: 'stranger', password: 'stranger', database })).rejects.toThrow(
        'permission denied for database',
      )
    await s.query('DROP ROLE stranger')
  })

  it('a second create has nothing to do, and asks the server for no more than it must', async () => {
    s.clear()
    const before = await s.place.state()
    expect((await s.ends(0, 'create', '--yes')).stdout).toContain('Nothing to do')
    expect(s.changes()).toEqual([])
    // One look, one login to see whether the password is right.
    expect(s.sql.log.map((call) => call.op)).toEqual([
      'sql.login postgres@postgres',
      expect.stringMatching(/^sql\.SELECT json_build_object/),
      'sql.login django_app@postgres',
      'sql.SELECT 1 AS one',
    ])
    expect(s.aws.log.filter((call) => call.op === 'rds.DescribeDBInstances')).toHaveLength(1)
    expect(s.aws.log.filter((call) => call.op === 'secretsmanager.GetSecretValue').length).toBeLessThanOrEqual(4)
    expect(s.aws.log.length).toBeLessThanOrEqual(24)
    expect(await s.place.state()).toEqual(before)
  })

  it('db verify proves it by logging in', async () => {
    s.clear()
    const table = await s.ends(0, 'db', 'verify')
    expect(table.stdout).toMatch(/✓ +database role django_app +logs in with the password of its secret/)
    expect(table.stdout).toMatch(/✓ +database startupwebapp_prod +belongs to django_app, closed to all others/)
    expect(table.stdout).toMatch(/✓ +django_app +gets in +fintech_experiment/)
    expect(s.changes()).toEqual([])
    expect(s.sql.log.filter((call) => call.op.startsWith('sql.login ')).length).toBeLessThanOrEqual(5)
    const json = await verify(0)
    expect(json).toMatchObject({ via: 'direct', verified: true })
    expect(json.found).toHaveLength(4)
    expect(json.access.map((a) => [a.role, a.database, a.login]).sort()).toEqual(NAMES.map((n) => ['django_app', n, 'ok']))
  })

  it('what somebody changed inside is seen, and create puts it right', async () => {
    await s.query('GRANT CONNECT ON DATABASE fintech_experiment TO PUBLIC', { database: 'fintech_experiment' })
    await s.query('ALTER DATABASE healthtech_experiment OWNER TO postgres')
    await s.query("ALTER ROLE django_app PASSWORD 'by hand'")
    const found = Object.fromEntries((await drift()).map((d) => [d.key, d.changes.map((c) => [c.prop, c.recorded, c.actual])]))
    expect(found).toEqual({
      'sql-database-fintech-experiment': [['publicConnect', 'false', 'true']],
      'sql-database-healthtech-experiment': [['owner', 'django_app', 'postgres']],
      'sql-role-django-app': [['password', 'as in the secret', 'another']],
    })
    const seen = await verify(1)
    expect(bad(seen)).toEqual([
      'sql-role-django-app: password is another, wanted as in the secret',
      'sql-database-healthtech-experiment: owner is postgres, wanted django_app',
      'sql-database-fintech-experiment: publicConnect is true, wanted false',
      ...NAMES.toReversed().map((name) => `django_app at ${name}: wrong-password`),
    ])
    s.clear()
    const r = await s.ends(0, 'create', '--yes')
    expect(r.stdout).toMatch(/3 to update|sql-role-django-app/)
    expect(s.changes().filter((op) => !op.startsWith('sql.ALTER'))).toEqual([])
    expect(await drift(0)).toEqual([])
    expect((await verify(0)).verified).toBe(true)
    expect((await databases()).map((d) => [d.owner, d.acl])).toEqual(
      NAMES.map(() => ['django_app', '{django_app=CTc/django_app}']),
    )
    expect(await s.query('SELECT n FROM t', { ...(await application()), database: 'healthtech_experiment' })).toEqual([{ n: 1 }])
  })
  const application = async () => {
    const { username: user = '', password = '' } = await s.secret()
    return { user, password }
  }

  it('a database that was dropped by hand is missed, and made anew', async () => {
    await s.query('DROP DATABASE fintech_experiment')
    expect(await drift()).toMatchObject([{ key: 'sql-database-fintech-experiment', what: 'deleted' }])
    expect(bad(await verify(1))).toEqual([
      'sql-database-fintech-experiment: is not there',
      'django_app at fintech_experiment: no-database',
    ])
    const plan = (await s.ends(0, 'plan', '--json')).json<{ actions: { action: string; key: string; reason: string }[] }>()
    expect(plan.actions.filter((a) => a.action !== 'keep')).toMatchObject([
      { action: 'create', key: 'sql-database-fintech-experiment', reason: 'was deleted outside of infra' },
    ])
    await s.ends(0, 'create', 'databases', '--yes')
    expect((await databases()).map((d) => d.name)).toEqual(NAMES)
  })

  it('a name that is taken out is refused with the command that drops it; one that is added is made', async () => {
    await s.set('databases.names=[startupwebapp_prod, healthtech_experiment]')
    s.clear()
    const { stderr } = await s.ends(2, 'create', '--yes')
    expect(stderr).toContain('sql-database-fintech-experiment is no longer in the config, but it holds data')
    expect(stderr).toContain('infra db drop fintech_experiment')
    expect(s.changes()).toEqual([])
    await s.set('databases.names=[startupwebapp_prod, healthtech_experiment, fintech_experiment, edtech]')
    await s.ends(0, 'create', '--yes')
    expect((await databases()).map((d) => [d.name, d.owner])).toEqual(['edtech', ...NAMES].map((n) => [n, 'django_app']))
    expect(s.changes().filter((op) => op.startsWith('sql.'))).toEqual([
      expect.stringContaining('CREATE DATABASE "edtech"'),
      expect.stringContaining('REVOKE ALL ON DATABASE "edtech"'),
    ])
  })

  it('destroy of databases needs its own yes, drops them, and leaves the server', async () => {
    s.clear()
    const { stderr } = await s.ends(2, 'destroy', 'databases', '--yes')
    expect(stderr).toMatch(/This deletes data \(.*sql-database-edtech.*\): --yes alone does not say so/)
    expect(s.changes()).toEqual([])
    await s.ends(0, 'destroy', 'databases', '--yes', '--confirm', 'startupwebapp')
    expect(await databases()).toEqual([])
    expect(await roles()).toEqual(['postgres'])
    expect(s.changes().filter((op) => !op.startsWith('sql.DROP'))).toEqual([])
    expect(Object.values((await s.place.state()).resources).filter((row) => row.step === 'databases')).toEqual([])
    expect((await s.ends(0, 'status')).stdout).toContain('5 of 6 steps done')
    await s.ends(0, 'create', '--yes')
    expect(await databases()).toHaveLength(4)
  })

  it('destroy of the whole stack does not drop them: they go with their server, and are whole in its last snapshot', async () => {
    await s.query('CREATE TABLE kept (n int)', { ...(await application()), database: 'edtech' })
    s.clear()
    const r = await s.ends(0, 'destroy', '--yes', '--confirm', 'startupwebapp')
    expect(r.stdout).toMatch(/sql-database-edtech +database +holds data, goes with db-instance/)
    expect(s.sql.log).toEqual([])
    expect(r.stderr).toMatch(/stays: .*final-snapshot/)
    expect(Object.keys((await s.place.state()).resources)).toEqual([])
    const rds = new RDSClient(clientConfig(s.account))
    expect((await rds.send(new DescribeDBInstancesCommand({}))).DBInstances).toEqual([])
  })

  it('a later create finds the old passwords in the restored secret; what the databases held is in the snapshot', async () => {
    await s.ends(0, 'create', '--yes')
    const who = { ...(await application()), database: 'edtech' }
    expect(await s.query('SELECT current_user AS me', who)).toEqual([{ me: 'django_app' }])
    expect(await s.secret(MASTER_SECRET)).toMatchObject({ host: '127.0.0.1' })
    const rds = new RDSClient(clientConfig(s.account))
    const { DBSnapshots = [] } = await rds.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }))
    expect(DBSnapshots).toHaveLength(1)
    const DBInstanceIdentifier = 'copy'
    const DBSnapshotIdentifier = DBSnapshots[0]?.DBSnapshotIdentifier
    await rds.send(new RestoreDBInstanceFromDBSnapshotCommand({ DBInstanceIdentifier, DBSnapshotIdentifier }))
    const port = (await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }))).DBInstances?.[0]?.Endpoint?.Port ?? 0
    expect(await s.query('SELECT count(*)::int AS n FROM kept', { ...who, port })).toEqual([{ n: 0 }])
  })

  it('no secret value is in what was printed, in a file, or in a statement', async () => {
    await s.run('create', '--yes', '--verbose')
    await s.run('db', 'verify', '--verbose')
    expect(await s.leaks()).toEqual([])
  })
})
