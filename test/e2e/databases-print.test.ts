import { spawnSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type DatabaseStack, databaseStack, initDatabases } from '../support/database-stack.ts'
import type { TestServer } from '../support/moto.ts'
import { motoWithPostgres } from '../support/moto-postgres.ts'

const NAMES = ['fintech_experiment', 'healthtech_experiment', 'startupwebapp_prod']
const psql = spawnSync('psql', ['--version']).status === 0

// Who may not be let in from here gets the SQL as a file, runs it, and brings back what it printed.
describe.skipIf(!inject('motoUrl') || !psql)('databases.via print, with the psql of this machine', () => {
  let server: TestServer
  let s: DatabaseStack
  beforeAll(async () => {
    server = await motoWithPostgres()
    s = await databaseStack(server.url, initDatabases('databases.via=print'))
  })
  afterAll(async () => {
    await s?.close()
    await server?.stop()
  })
  const file = () => join(s.place.dir, 'databases-production.sql')
  const result = () => join(s.place.dir, 'result.txt')

  /** What the instructions say: credentials in variables, then the file. */
  const runFile = async (): Promise<void> => {
    const { master_username: PGUSER = '', master_password: PGPASSWORD = '', password: APP_PASSWORD_1 = '' } = await s.secret()
    const to = { PGHOST: '127.0.0.1', PGPORT: String(s.sql.target), PGDATABASE: 'postgres', PGUSER, PGPASSWORD, APP_PASSWORD_1 }
    const { PATH = '', LANG = '' } = process.env
    const ran = spawnSync('psql', ['-X', '-f', file()], { env: { PATH, LANG, HOME: s.place.dir, ...to }, encoding: 'utf8' })
    expect(ran.status, ran.stderr).toBe(0)
    writeFileSync(result(), ran.stdout)
  }
  const owners = async () =>
    (
      await s.query<{ of: string }>(
        "SELECT datname || ' ' || pg_get_userbyid(datdba) || ' ' || datacl::text AS of FROM pg_database WHERE datname !~ '^(postgres|rdsadmin|template)' ORDER BY 1",
      )
    ).map((d) => d.of)

  it('create makes all that is in AWS, writes the SQL for its owner alone, and says how to go on', async () => {
    const r = await s.ends(0, 'create', '--yes')
    expect(r.stdout).toContain(
      `What is inside the server is yours to do (databases.via is print). The SQL, without any secret: ${file()}`,
    )
    expect(r.stdout).toContain('psql -X -f databases-production.sql')
    expect(r.stdout).toContain('Then: infra db verify --result <what it printed>')
    expect(r.stdout).toMatch(/✓ vpc, security-groups, secrets, rds and monitoring done/)
    expect(statSync(file()).mode & 0o777).toBe(0o600)
    expect(readFileSync(file(), 'utf8')).toContain('CREATE DATABASE "startupwebapp_prod"')
    expect(s.sql.log).toEqual([])
  })

  it('status does not call it done, and names the way there', async () => {
    const { stdout } = await s.ends(0, 'status')
    expect(stdout).toMatch(/5 {2}databases +· not started/)
    expect(stdout).toContain('Next: infra db verify --result <what the SQL file printed>')
    expect((await s.ends(2, 'db', 'verify')).stderr).toMatch(
      /Nobody can look in: databases\.via is print: a person runs the SQL there\.\nNext: infra db verify --result/,
    )
  })

  it('what is no result is refused', async () => {
    writeFileSync(result(), 'psql: error: connection refused\n')
    expect((await s.ends(2, 'db', 'verify', '--result', 'result.txt')).stderr).toContain('There is no line that begins with')
    expect((await s.ends(2, 'db', 'verify', '--result', 'nothing.txt')).stderr).toContain('nothing.txt cannot be read')
    expect((await s.ends(0, 'status')).stdout).toMatch(/databases +· not started/)
  })

  it('the file makes what is wanted, as often as one likes', async () => {
    await runFile()
    const made = await owners()
    expect(made).toEqual(NAMES.map((name) => `${name} django_app {django_app=CTc/django_app}`))
    await runFile()
    expect(await owners()).toEqual(made)
    const { username: user = '', password = '' } = await s.secret()
    for (const database of NAMES)
      expect(await s.query('SELECT current_user AS me', { user, password, database })).toEqual([{ me: 'django_app' }])
  })

  it('what it printed marks the step done; then there is nothing to do', async () => {
    const r = await s.ends(0, 'db', 'verify', '--result', 'result.txt')
    expect(r.stdout).toContain('All as wanted, and recorded (print)')
    // Who brings a look back has not logged in as anybody.
    expect(r.stdout).toMatch(/✓ +database role django_app +may log in; its password could not be tried from here/)
    expect(r.stdout).not.toContain('Tried by logging in')
    expect((await s.ends(0, 'status')).stdout).toMatch(/5 {2}databases +✓ done +4\/4 +verified print \d{4}-\d\d-\d\d/)
    const before = readFileSync(file(), 'utf8')
    expect((await s.ends(0, 'create', '--yes')).stdout).toContain('Nothing to do')
    expect(readFileSync(file(), 'utf8')).toBe(before)
    await s.ends(0, 'drift')
    expect(s.sql.log).toEqual([])
  })

  it('one more database: a new file, and the old result does not do', async () => {
    await s.set(`databases.names=[${NAMES.join(', ')}, edtech]`)
    expect((await s.ends(0, 'create', '--yes')).stdout).toContain('is yours to do')
    const r = await s.ends(1, 'db', 'verify', '--result', 'result.txt')
    expect(r.stdout).toMatch(/✗ +database edtech +is not there/)
    await runFile()
    await s.ends(0, 'db', 'verify', '--result', 'result.txt')
    expect((await s.ends(0, 'status')).stdout).toMatch(/databases +✓ done +5\/5/)
  })

  it('a result that shows something else than wanted is told', async () => {
    await s.query('ALTER DATABASE edtech OWNER TO postgres')
    await s.query('GRANT CONNECT ON DATABASE startupwebapp_prod TO PUBLIC')
    const look = readFileSync(result(), 'utf8').replace(
      /"name" : "edtech", "owner" : "django_app"/,
      '"name" : "edtech", "owner" : "postgres"',
    )
    writeFileSync(result(), look)
    expect((await s.ends(1, 'db', 'verify', '--result', 'result.txt')).stdout).toMatch(
      /✗ +database edtech +owner is postgres, wanted django_app/,
    )
    await runFile()
    await s.ends(0, 'db', 'verify', '--result', 'result.txt')
    expect((await owners()).map((d) => d.split(' ')[1])).toEqual(Array(4).fill('django_app'))
  })

  it('destroy cannot drop them from here, and says so; with their server they go', async () => {
    const { stderr } = await s.ends(1, 'destroy', 'databases', '--yes', '--confirm', 'startupwebapp')
    expect(stderr).toContain('databases.via is print: a person runs the SQL')
    expect(await owners()).toHaveLength(4)
    await s.ends(0, 'destroy', '--yes', '--confirm', 'startupwebapp')
    expect(Object.keys((await s.place.state()).resources)).toEqual([])
    expect(s.sql.log).toEqual([])
  })

  it('no secret value is in what was printed, in the SQL, in the result or in the state', async () => {
    expect(await s.leaks()).toEqual([])
  })
})
