import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type DBInstance,
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBInstancesCommand,
  DescribeDBParameterGroupsCommand,
  DescribeDBSnapshotsCommand,
  DescribeEventsCommand,
  RDSClient,
} from '@aws-sdk/client-rds'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { pass } from '../sandbox/ecs.ts'
import { clientConfig, freshAccount } from '../support/account.ts'
import { type Place, place } from '../support/cli.ts'
import { page } from '../support/credentials.ts'
import { laterWindow } from '../support/later-window.ts'
import { startMoto, type TestServer } from '../support/moto.ts'

/** Some of these run the CLI ten times. */
vi.setConfig({ testTimeout: 120_000 })

const SERVER = 'startupwebapp-multi-tenant-prod'
const WEEK = 7 * 24 * 3600

/** One stack with a database, changed again and again. Its local AWS is its own: weeks go by there. */
describe.skipIf(!inject('motoUrl'))('a database that changes', () => {
  let moto: TestServer
  let rds: RDSClient
  let p: Place
  let accountId: string
  beforeAll(async () => {
    moto = await startMoto('0')
    const account = await freshAccount(moto.url)
    accountId = account.accountId
    rds = new RDSClient(clientConfig(account))
    p = await place(account.env)
    await set({})
    await ok('create', '--yes')
  }, 120_000)
  afterAll(async () => {
    await p.remove()
    await moto.stop()
  })

  const ok = async (...args: string[]) => {
    const r = await p.run(...args)
    expect(r.code, r.all).toBe(0)
    return r
  }
  const no = async (...args: string[]) => {
    const r = await p.run(...args)
    expect(r.code, r.all).toBe(2)
    return r.stderr
  }
  let rdsConfig: Record<string, unknown> = {}
  /** Writes `rds` of infra.yaml: what was written before, and this. */
  const set = async (more: Record<string, unknown>) => {
    rdsConfig = { ...rdsConfig, ...more }
    const steps = ['vpc', 'security-groups', 'secrets', 'rds']
    const config = {
      preset: 'startupwebapp',
      project: 'startupwebapp',
      environment: 'production',
      region: 'us-east-1',
      steps,
      vpc: { nat: 'none' },
      securityGroups: { bastionCidr: '203.0.113.7/32' },
      rds: { maintenanceWindow: laterWindow(), ...rdsConfig },
    }
    await writeFile(join(p.dir, 'infra.yaml'), JSON.stringify(config))
  }
  const server = async (DBInstanceIdentifier = SERVER): Promise<DBInstance> =>
    (await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }))).DBInstances?.[0] ?? {}
  /** To which a restore is possible. */
  const lastMoment = async (): Promise<string> => {
    const asked = new DescribeDBInstanceAutomatedBackupsCommand({ DBInstanceIdentifier: SERVER })
    const window = (await rds.send(asked)).DBInstanceAutomatedBackups?.[0]?.RestoreWindow
    return `${window?.LatestTime?.toISOString().slice(0, 19)}Z`
  }
  const snapshots = async () =>
    ((await rds.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }))).DBSnapshots ?? []).map(
      (s) => s.DBSnapshotIdentifier,
    )
  /** So many upgrades were refused. */
  const events = async () => {
    const asked = { SourceIdentifier: SERVER, SourceType: 'db-instance' as const, Duration: 14 * 24 * 60 }
    const { Events = [] } = await rds.send(new DescribeEventsCommand(asked))
    return Events.filter((e) => e.Message?.includes('cannot be upgraded')).length
  }
  const groups = async () =>
    ((await rds.send(new DescribeDBParameterGroupsCommand({}))).DBParameterGroups ?? [])
      .filter((g) => !g.DBParameterGroupName?.startsWith('default.'))
      .map((g) => g.DBParameterGroupFamily)
      .sort()
  const reasons = async () =>
    (await ok('plan', '--json'))
      .json<{ actions: { action: string; key: string; reason: string }[] }>()
      .actions.filter((a) => a.action !== 'keep')
      .map((a) => `${a.action} ${a.key}: ${a.reason}`)
  const WINDOW = /in the maintenance window on \w{3} \d{4}-\d\d-\d\d at 04:00 UTC/

  it('another class waits for the window: said before, pending everywhere until then, charged only from then on', async () => {
    await set({ instanceClass: 'db.t4g.medium' })
    const plan = (await ok('plan')).stdout
    expect(plan).toMatch(
      /! db-instance: instanceClass: in the maintenance window .*the server restarts: a few minutes of downtime/,
    )
    const made = await ok('create', '--yes')
    expect(made.stdout).toContain(`No snapshot of ${SERVER} is taken first (--snapshot-first takes one).`)
    expect(made.stderr).toMatch(/scheduled: instanceClass: db\.t4g\.small -> db\.t4g\.medium, in the maintenance window/)
    expect(await server()).toMatchObject({ DBInstanceClass: 'db.t4g.small' })

    const pending = new RegExp(`… pending  db-instance  instanceClass: db.t4g.small -> db.t4g.medium, ${WINDOW.source}`)
    for (const command of [['plan'], ['drift'], ['status'], ['status', '--offline'], ['cost']])
      expect((await ok(...command)).stdout, command.join(' ')).toMatch(pending)
    expect((await ok('create', '--yes')).stdout).toContain('Nothing to do: AWS makes what is pending')
    expect((await ok('status')).stdout).toContain('$27.66')
    expect((await ok('show-resources', 'rds')).stdout).toMatch(/available\s+\$27\.66[\s\S]*… pending {2}db-instance/)
    expect((await ok('cost', '--json')).json()).toMatchObject({ monthlyUsd: 28.06, scheduledMonthlyUsd: 52.15 })

    await pass(moto.url, WEEK)
    expect(await server()).toMatchObject({ DBInstanceClass: 'db.t4g.medium' })
    const after = (await ok('status')).stdout
    expect(after).toContain('$51.75')
    expect(after).not.toContain('pending')
    expect(await reasons()).toEqual([])
  })

  it('what was scheduled is taken back at once', async () => {
    await set({ instanceClass: 'db.t4g.small' })
    await ok('create', '--yes')
    await set({ instanceClass: 'db.t4g.medium' })
    expect((await ok('plan')).stdout).toContain('instanceClass: cancels what AWS had scheduled')
    await ok('create', '--yes')
    await pass(moto.url, WEEK)
    expect(await server()).toMatchObject({ DBInstanceClass: 'db.t4g.medium' })
    expect(await reasons()).toEqual([])
  })

  it('all automated backups go only when somebody has said so', async () => {
    await set({ backupRetentionDays: 0, applyImmediately: true })
    const said = await no('create', '--yes')
    expect(said).toMatch(/this change deletes all automated backups: they are data.*--snapshot-first takes a snapshot first/s)
    expect(await server()).toMatchObject({ BackupRetentionPeriod: 7 })
    const made = await ok('create', '--yes', '--snapshot-first')
    expect(made.stdout).toMatch(/The snapshot startupwebapp-multi-tenant-prod-before-\d{4}-\d\d-\d\d-\d{4} is there/)
    expect(await snapshots()).toHaveLength(1)
    expect(await server()).toMatchObject({ BackupRetentionPeriod: 0 })
    await set({ backupRetentionDays: 7 })
    await ok('create', '--yes')
  })

  it('dynamic parameters hold now, static ones after a restart, and what is taken out is reset', async () => {
    await set({ parameters: { work_mem: 8192, max_connections: 200 } })
    const made = (await ok('create', '--yes')).stdout
    expect(made).toContain('db-parameter-group: work_mem: now, without a restart')
    expect(made).toMatch(/done in[\s\S]*left to you: max_connections: takes effect after a restart.*infra db reboot/)
    expect((await ok('status')).stdout).toContain('… pending  db-instance  parameters, at the next restart: infra db reboot')
    await ok('db', 'reboot', '--yes')
    expect((await ok('status')).stdout).not.toContain('pending')
    await set({ parameters: { max_connections: 200 } })
    expect(await reasons()).toEqual(['update db-parameter-group: parameters.work_mem: 8192 -> none'])
    await ok('create', '--yes')
    expect(await reasons()).toEqual([])
    await set({ parameters: { max_conections: 200 } })
    expect(await no('plan')).toContain('not a parameter of postgres16: did you mean max_connections?')
    await set({ parameters: { max_connections: 200 } })
  })

  it('a major upgrade now is one create: a snapshot, a group beside the old one, the new version, the old group gone', async () => {
    const [before = ''] = await snapshots()
    await ok('db', 'restore', before, '--as', 'shop-copy', '--yes')
    const then = await lastMoment()
    await set({ version: '17' })
    expect(await reasons()).toEqual([
      'replace db-parameter-group: family: postgres16 -> postgres17',
      'update db-instance: version: 16.10 -> 17.6; parameterGroup: the new one of db-parameter-group',
    ])
    const plan = (await ok('plan')).stdout
    expect(plan).toContain('! db-instance: version: now; a major upgrade: 10 to 30 minutes of downtime')
    expect(plan).toContain('The way back is a snapshot from before it, restored beside it (infra db restore)')
    expect(plan).toContain(`infra create takes a snapshot of ${SERVER} first (--no-snapshot-first skips it).`)
    const made = await ok('create', '--yes')
    // The snapshot of a few moments ago serves for this change as well.
    expect(made.stdout).toMatch(/-before-\S+ is there already/)
    expect(await server()).toMatchObject({ EngineVersion: '17.6' })
    // The copy that the upgrade could be tried on still uses the old group.
    expect(await groups()).toEqual(['postgres16', 'postgres17'])
    expect((await ok('plan', '--json')).stdout).toContain('"restored-shop-copy still uses it"')
    expect(await reasons()).toEqual([])
    const back = await ok('db', 'restore', before, '--as', 'shop-back', '--yes')
    expect(back.stdout).toContain("Of another major version than the stack: it gets AWS's default.postgres16 (TLS only)")
    // A time before the upgrade brings its version back, too.
    const old = await ok('db', 'restore', '--to-time', then, '--as', 'shop-then', '--yes')
    expect(old.stdout).toContain(`${SERVER} as it was at ${then.replace('T', ' ').replace('Z', ' UTC')} (postgres 16.10,`)
    expect(old.stdout).toContain("it gets AWS's default.postgres16 (TLS only)")
    expect(await server('shop-then')).toMatchObject({ EngineVersion: '16.10', DBInstanceStatus: 'available' })
    expect(await reasons()).toEqual([])
    await ok('destroy', 'restored', '--yes', '--confirm', 'startupwebapp', '--skip-final-snapshot')
    expect(await reasons()).toEqual([expect.stringMatching(/^delete db-parameter-group@/)])
    await ok('create', '--yes')
    expect(await groups()).toEqual(['postgres17'])
    expect((await ok('status')).stdout).toContain('… pending  db-instance  parameters, at the next restart: infra db reboot')
    await ok('db', 'reboot', '--yes')
    expect(await reasons()).toEqual([])
    expect((await ok('drift')).stdout).toContain('No drift')
  })

  it('an upgrade that RDS refuses is told in its words, asked for again only on a word, and can be left', async () => {
    const refuse = (why: string) =>
      page(moto.url, '/infra-sandbox/refuse-upgrade', JSON.stringify({ account: accountId, database: SERVER, why }))
    await refuse('There are uncommitted prepared transactions.')
    await set({ version: '18' })
    const failed = await p.run('create', '--yes')
    expect(failed.code, failed.stderr).toBe(1)
    const words =
      /RDS did not upgrade it from 17\.6 to 18\.2: .*PreUpgrade checks failed: There are uncommitted prepared transactions\./
    expect(failed.stderr).toMatch(words)
    expect(failed.stderr).toMatch(/pg_upgrade_precheck\.log.*infra create rds --retry-upgrade.*rds\.version: "17"/)
    expect(await server()).toMatchObject({ EngineVersion: '17.6', DBInstanceStatus: 'available' })
    const since = await events()
    for (const command of ['plan', 'create']) {
      const said = await p.run(command, ...(command === 'create' ? ['--yes'] : []))
      expect([said.code, said.stderr]).toEqual([2, expect.stringMatching(words)])
    }
    expect(await events()).toBe(since)
    const again = await p.run('create', 'rds', '--retry-upgrade', '--yes')
    expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(words)])
    expect(await events()).toBe(since + 1)
    // Staying is possible, too: the group that was made for the new version goes again.
    await set({ version: '17' })
    await ok('create', '--yes')
    expect(await groups()).toEqual(['postgres17'])
    expect(await reasons()).toEqual([])
    // After two weeks RDS has forgotten it.
    await refuse('')
    await pass(moto.url, 15 * 24 * 3600)
  })

  it('a major upgrade that waits for the window is taken back, and its parameter group goes', async () => {
    await set({ version: '18', applyImmediately: false })
    await ok('create', '--yes')
    expect(await groups()).toEqual(['postgres17', 'postgres18'])
    await set({ version: '17' })
    expect((await ok('plan')).stdout).toContain('version: cancels what AWS had scheduled; no downtime')
    await ok('create', '--yes')
    expect(await groups()).toEqual(['postgres17'])
    expect(await reasons()).toEqual([])
    await pass(moto.url, WEEK)
    expect(await server()).toMatchObject({ EngineVersion: '17.6', PendingModifiedValues: {} })
  })

  it('a major upgrade in the window keeps both groups until then', async () => {
    await set({ version: '18', applyImmediately: false })
    const made = await ok('create', '--yes')
    expect(made.stderr).toMatch(/scheduled: version: 17\.6 -> 18\.2, in the maintenance window/)
    expect(await groups()).toEqual(['postgres17', 'postgres18'])
    expect(await reasons()).toEqual([])
    await pass(moto.url, WEEK)
    expect(await server()).toMatchObject({ EngineVersion: '18.2' })
    expect(await reasons()).toEqual([expect.stringMatching(/^delete db-parameter-group@/)])
    await ok('create', '--yes')
    expect(await groups()).toEqual(['postgres18'])
  })

  it('no version goes back, and none is asked for that AWS does not have', async () => {
    await set({ version: '17' })
    expect(await no('plan')).toMatch(/rds\.version is 17, but the server runs postgres 18\.2: .*never takes it back/)
    await set({ version: '19' })
    expect(await no('create', '--yes')).toContain('rds.version is 19, and AWS does not upgrade postgres 18.2 to it')
    await set({ version: '18', instanceClass: 'db.t9.huge' })
    expect(await no('create', '--yes')).toMatch(/rds\.instanceClass is db\.t9\.huge, which RDS does not offer for postgres 18\.2/)
  })
})
