import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateDBSnapshotCommand, DeleteDBSnapshotCommand } from '@aws-sdk/client-rds'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Ran } from '../../support/cli.ts'
import { type Kill, type Phase, runAndKill, SERVER, type Stack, startStack } from './stack.ts'

let x: Stack
beforeAll(async () => {
  x = await startStack('0')
  await x.sql('django_app', (await x.secret()).password, 'CREATE TABLE orders AS SELECT 1 AS id')
})
afterEach(() => {
  x.proxy.rules = []
})
afterAll(() => x?.stop())

const run = (...args: string[]): Promise<Ran> => x.p.run(...args)
const ok = async (...args: string[]): Promise<Ran> => {
  const r = await run(...args)
  expect(r.code, r.all).toBe(0)
  return r
}
/** Refused before anything was changed. */
const no = async (...args: string[]): Promise<string> => {
  x.proxy.clear()
  const r = await run(...args)
  expect(r.code, r.all).toBe(2)
  expect(x.proxy.changing()).toEqual([])
  return r.stderr
}
const at =
  (op: string, phase: Phase) =>
  (kill: Kill): void => {
    x.proxy[phase] = (call) => (call.op === op ? kill() : undefined)
  }
/** AWS shows `status` instead of the one that it ends with, so often: as if it took its time. */
const shows = (what: 'Status' | 'DBInstanceStatus', status: string, end: string, times?: number): void => {
  const replace = [new RegExp(`<${what}>${end}<`), `<${what}>${status}<`] as const
  x.proxy.rules = [{ match: /^rds\.Describe/, replace, ...(times === undefined ? {} : { times }) }]
}
const asked = (op: string): number => x.proxy.log.filter((c) => c.op === op).length
const manual = async (): Promise<string[]> => (await x.snapshots()).map((s) => s.DBSnapshotIdentifier ?? '').sort()
const lastJson = (r: Ran): Record<string, unknown> => JSON.parse(r.stdout.trim().split('\n').at(-1) ?? '')

describe('infra db snapshot', () => {
  it.each(['before', 'after'] as const)('killed %s the call, and run again: one snapshot of that name', async (phase) => {
    const name = `one-${phase}`
    expect(await runAndKill(x, ['db', 'snapshot', name, '--yes'], at('rds.CreateDBSnapshot', phase))).toBe(true)
    expect(await manual()).toEqual(phase === 'before' ? [] : ['one-after', 'one-before'])
    x.proxy.clear()
    shows('Status', 'creating', 'available', phase === 'before' ? 0 : 2)
    const r = await ok('db', 'snapshot', name, '--yes')
    expect(asked('rds.CreateDBSnapshot')).toBe(phase === 'before' ? 1 : 0)
    expect(r.stdout).toContain(`The snapshot ${name} is there after`)
    expect(r.stdout).toMatch(/Next: infra db snapshots\n$/)
    expect(await ok('db', 'snapshot', name, '--yes').then((again) => again.stdout)).toContain(`${name} is there already`)
    const found = (await x.snapshots()).find((s) => s.DBSnapshotIdentifier === name)
    const tags = Object.fromEntries((found?.TagList ?? []).map((t) => [t.Key, t.Value]))
    expect(tags).toMatchObject({ 'infra:stack': 'startupwebapp/production', Environment: 'production', Name: name })
    expect(tags).not.toHaveProperty('infra:key')
  })

  it('says before what it holds, what it costs, how long it takes and how long it stays', async () => {
    const stderr = await no('db', 'snapshot')
    expect(stderr).toMatch(new RegExp(`Next: infra db snapshot ${SERVER}-\\d{4}-\\d\\d-\\d\\d-\\d{4} --yes\n$`))
    const { stdout } = await run('db', 'snapshot')
    expect(stdout).toContain('all its databases (fintech_experiment, healthtech_experiment and startupwebapp_prod)')
    expect(stdout).toMatch(
      /stays until somebody deletes it, also after infra destroy[\s\S]*at most \$1\.90 a month .* Time: about 4 minutes/,
    )
  })

  it('Ctrl-C while it waits: AWS goes on; run again without a name it waits for that one', async () => {
    shows('Status', 'creating', 'available')
    const running = x.p.start('db', 'snapshot', '--yes')
    await running.printed('creating, about 4 minutes as a rule')
    running.kill('SIGINT')
    const r = await running.done
    expect(r.code).toBe(130)
    expect(r.stderr).toMatch(
      /Interrupted: AWS goes on making the snapshot .* by itself\.\nNext: infra db snapshot .* goes on waiting; to see it: infra db snapshots/,
    )
    x.proxy.clear()
    shows('Status', 'creating', 'available', 2)
    expect((await ok('db', 'snapshot', '--yes')).stdout).toContain('is being made already; this waits for it')
    expect(asked('rds.CreateDBSnapshot')).toBe(0)
    expect(await manual()).toHaveLength(3)
  })

  it('refuses a name that is none, and one that is taken', async () => {
    expect(await no('db', 'snapshot', '1x', '--yes')).toMatch(
      /^The name of the snapshot is 1x: it must have 1 to 255 letters.*\nNext: /,
    )
    await x.rds.send(
      new CreateDBSnapshotCommand({
        DBInstanceIdentifier: SERVER,
        DBSnapshotIdentifier: 'foreign',
        Tags: [{ Key: 'a', Value: 'b' }],
      }),
    )
    expect(await no('db', 'snapshot', 'foreign', '--yes')).toContain('The name foreign is taken by a snapshot of')
  })
})

describe('infra db snapshots', () => {
  it('newest first, with kind, size, state and price, and how to go on', async () => {
    const { stdout } = await ok('db', 'snapshots')
    const rows = stdout.split('\n').filter((l) => /\d{4}-\d\d-\d\d \d\d:\d\d/.test(l))
    expect(rows.map((l) => l.trim().split(/\s+/)[0])).toEqual([
      'foreign',
      expect.stringMatching(`^${SERVER}-\\d{4}`),
      'one-after',
      'one-before',
      expect.stringMatching(`^rds:${SERVER}`),
    ])
    expect(rows[2]).toMatch(/manual .* 20 {2}available {2}encrypted +\$1\.90$/)
    expect(rows[4]).toMatch(/automated .* available {2}encrypted$/)
    expect(stdout).toContain('5 snapshots. Manual ones cost at most $7.60 a month')
    expect(stdout).toContain(`Next: infra db restore `)
    const json = (await ok('db', 'snapshots', '--json')).json<{
      snapshots: { name: string; monthlyUsd: number }[]
      monthlyUsd: number
    }>()
    expect(json.monthlyUsd).toBe(7.6)
    expect(json.snapshots.find((s) => s.name === 'one-after')).toMatchObject({
      kind: 'manual',
      sizeGb: 20,
      encrypted: true,
      monthlyUsd: 1.9,
    })
  })
})

describe('infra db restore', () => {
  const RESTORE = ['db', 'restore', 'one-after', '--as', 'shop-two', '--yes']

  it('refuses what cannot be restored, or not under that name', async () => {
    expect(await no('db', 'restore', 'one-after', '--as', '-x', '--yes')).toMatch(/^--as is -x: it must have 1 to 63 letters/)
    expect(await no('db', 'restore', 'none', '--as', 'shop-two', '--yes')).toContain('There is no snapshot none')
    expect(await no('db', 'restore', 'one-after', '--as', SERVER, '--yes')).toContain("it is the stack's own server")
    expect(await no('db', 'restore', 'one-after', '--as', 'shop-two')).toMatch(
      /Next: infra db restore one-after --as shop-two --yes\n$/,
    )
    expect((await run('db', 'restore', 'one-after', '--as', 'shop-two')).stdout).toMatch(
      /deletion protection on\.[\s\S]*Costs \+\$27\.66 a month as long as it is there\. Time: about 12 minutes\./,
    )
  })

  it('killed at the calls that make it, and run again: one server, recorded before it was asked for', async () => {
    await x.sql('django_app', (await x.secret()).password, 'INSERT INTO orders VALUES (2)')
    for (const [op, phase, is] of [
      ['rds.RestoreDBInstanceFromDBSnapshot', 'before', false],
      ['rds.RestoreDBInstanceFromDBSnapshot', 'after', true],
      ['rds.ModifyDBInstance', 'before', true],
      ['rds.ModifyDBInstance', 'after', true],
    ] as const) {
      expect(await runAndKill(x, RESTORE, at(op, phase)), op).toBe(true)
      expect((await x.p.state()).resources['restored-shop-two']).toMatchObject({
        step: 'restored',
        type: 'rds.db-instance',
        is: 'creating',
      })
      expect((await x.db('shop-two')) !== undefined).toBe(is)
    }
    x.proxy.clear()
    const r = await ok(...RESTORE)
    expect(asked('rds.RestoreDBInstanceFromDBSnapshot')).toBe(0)
    expect(r.stdout).toMatch(
      /shop-two is there after .*127\.0\.0\.1:\d+[\s\S]*Remove it {4}infra destroy restored\n {2}Next: infra show-resources\n$/,
    )
    const row = (await x.p.state()).resources['restored-shop-two']
    expect(row).toMatchObject({ is: 'ready', attrs: { id: 'shop-two', endpoint: '127.0.0.1' } })
    expect(row?.deps).toEqual([
      'database-secret',
      'db-parameter-group',
      'db-subnet-group',
      'rds-monitoring-role',
      'rds-security-group',
    ])
    expect((await ok(...RESTORE)).stdout).toContain('shop-two is there already')
  })

  it('it holds what the snapshot held, in the network and with the settings of the stack', async () => {
    const [own, restored] = await Promise.all([x.db(), x.db('shop-two')])
    const { password } = await x.secret()
    const ids = (rows: Record<string, unknown>[]): unknown[] => rows.map((r) => r.id)
    const port = restored?.Endpoint?.Port ?? 0
    expect(ids(await x.sql('django_app', password, 'SELECT id FROM orders', { port }))).toEqual([1])
    expect(ids(await x.sql('django_app', password, 'SELECT id FROM orders ORDER BY id'))).toEqual([1, 2])
    const same = [
      'DBInstanceClass',
      'MultiAZ',
      'PubliclyAccessible',
      'StorageEncrypted',
      'DeletionProtection',
      'CopyTagsToSnapshot',
      'BackupRetentionPeriod',
      'PreferredBackupWindow',
      'PreferredMaintenanceWindow',
      'MonitoringInterval',
      'PerformanceInsightsEnabled',
      'EnabledCloudwatchLogsExports',
      'MaxAllocatedStorage',
      'VpcSecurityGroups',
      'DbInstancePort',
    ] as const
    for (const key of same) expect(restored?.[key], key).toEqual(own?.[key])
    expect(restored?.DBSubnetGroup?.DBSubnetGroupName).toBe(own?.DBSubnetGroup?.DBSubnetGroupName)
    expect(restored?.DBParameterGroups?.[0]?.DBParameterGroupName).toBe(own?.DBParameterGroups?.[0]?.DBParameterGroupName)
  })

  it('create leaves it alone, status tells what it costs, and what it stands on is not pulled away', async () => {
    expect((await ok('create', '--yes')).stdout).toContain('Nothing to do')
    expect((await ok('drift')).stdout).toContain('No drift')
    expect((await ok('status')).stdout).toContain(
      'Beside them: restored (shop-two), $27.66 a month more. To take it down: infra destroy restored\n',
    )
    expect(await no('destroy', 'rds', 'databases', 'monitoring', '--yes', '--confirm', 'startupwebapp')).toContain(
      'still needed by restored',
    )
    expect(await no('db', 'restore', 'one-before', '--as', 'shop-two', '--yes')).toContain(
      'shop-two was restored from another snapshot (one-after)',
    )
  })

  it('recover finds it again when the state is lost; destroy takes it down with its own yes', async () => {
    const state = join(x.p.dir, 'state', 'production.json')
    await rename(state, `${state}.kept`)
    expect((await ok('recover', '--yes')).stdout).toContain('restored-shop-two')
    expect((await x.p.state()).resources['restored-shop-two']).toMatchObject({ step: 'restored', is: 'ready' })
    await rename(`${state}.kept`, state)
    expect(await no('destroy', 'restored', '--yes')).toContain('This deletes data (restored-shop-two)')
    const r = await ok('destroy', 'restored', '--yes', '--confirm', 'startupwebapp')
    expect(r.stderr).toMatch(/stays: the final snapshot shop-two-final-snapshot/)
    expect(await x.db('shop-two')).toBeUndefined()
    expect(await x.db()).toBeDefined()
    expect((await ok('status')).stdout).not.toContain('Beside them')
  })
})

describe('infra db stop and start', () => {
  it('refused with a replica, which AWS does not stop either', async () => {
    const source = 'ReadReplicaSourceDBInstanceIdentifier'
    const shown = `<${source}>copy</${source}><DBInstanceStatus>`
    x.proxy.rules = [{ match: /^rds\.Describe/, replace: [/<DBInstanceStatus>/, shown] }]
    expect(await no('db', 'stop', '--yes')).toMatch(/read replica \(copy\): AWS stops neither/)
  })

  it('says before what it saves, what goes on costing, and on which day AWS starts it again', async () => {
    expect(await no('db', 'stop')).toMatch(/Next: infra db stop --yes\n$/)
    const { stdout } = await run('db', 'stop')
    const day = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10)
    expect(stdout).toContain('Saves $23.36 a month, $0.77 a day: $5.39 until AWS starts it again.')
    expect(stdout).toContain('Billed on: $2.30 a month for the storage (20 GB gp3), backups and snapshots as before.')
    expect(stdout).toContain('4 alarms will show INSUFFICIENT_DATA')
    expect(stdout).toContain(`AWS starts it again by itself after 7 days: on ${day}. Time: about 5 minutes.`)
  })

  it('killed after the call and run again: it waits; a third time it says so', async () => {
    expect(await runAndKill(x, ['db', 'stop', '--yes'], at('rds.StopDBInstance', 'after'))).toBe(true)
    x.proxy.clear()
    shows('DBInstanceStatus', 'stopping', 'stopped', 2)
    const r = await ok('db', 'stop', '--yes')
    expect(asked('rds.StopDBInstance')).toBe(0)
    const day = (await x.db())?.AutomaticRestartTime?.toISOString().slice(0, 16).replace('T', ' ')
    expect(r.stdout).toContain(`is stopped after `)
    expect(r.stdout).toContain(`AWS starts it again by itself on ${day} UTC`)
    expect(r.stdout).toContain('Next: infra db start when it is needed before')
    expect((await ok('db', 'stop')).stdout).toContain('is stopped already')
    expect(lastJson(await ok('db', 'stop', '--json'))).toMatchObject({
      type: 'result',
      status: 'stopped',
      changed: false,
      classMonthlyUsd: 23.36,
    })
  })

  it('a stopped server is as wanted, status tells the day, and what AWS refuses is refused before', async () => {
    const day = (await x.db())?.AutomaticRestartTime?.toISOString().slice(0, 10)
    expect((await ok('status')).stdout).toContain(`RDS is stopped; AWS starts it again on ${day}`)
    expect((await ok('plan')).stdout).toContain('Everything is as the config wants it')
    expect((await ok('create', '--yes')).stdout).toContain('Nothing to do')
    expect((await ok('drift')).stdout).toContain('No drift')
    expect(await no('destroy', '--yes', '--confirm', 'startupwebapp')).toMatch(
      /^db-instance is stopped; .*: AWS takes off its deletion protection only while it runs\.\nNext: infra db start, then the same destroy again\n$/,
    )
    expect(await no('db', 'snapshot', 'x', '--yes')).toMatch(
      /is stopped: this can be done only while it is available\.\nNext: infra db start\n$/,
    )
    expect(await no('db', 'rotate-password', '--yes')).toMatch(/is stopped: .*\nNext: infra db start\n$/)
    await ok('init', '--set', 'rds.instanceClass=db.t4g.medium')
    expect(await no('create', 'rds', '--yes')).toMatch(
      /^db-instance is to be changed \(instanceClass\), but it is stopped; .*: AWS changes nothing of what is switched off\.\nNext: infra db start, then the same command again\n$/,
    )
    await ok('init', '--set', 'rds.instanceClass=db.t4g.small')
  })

  it('start: says what it costs again, waits until one can log in', async () => {
    expect((await run('db', 'start')).stdout).toContain('Costs $23.36 a month, $0.77 a day again. Time: about 6 minutes.')
    expect(await runAndKill(x, ['db', 'start', '--yes'], at('rds.StartDBInstance', 'after'))).toBe(true)
    x.proxy.clear()
    shows('DBInstanceStatus', 'starting', 'available', 2)
    expect((await ok('db', 'start', '--yes')).stdout).toContain('runs after')
    expect(asked('rds.StartDBInstance')).toBe(0)
    expect(await x.login('django_app', (await x.secret()).password)).toBe(true)
    expect((await ok('db', 'start')).stdout).toContain('runs already')
  })
})

describe('after destroy', () => {
  it('the snapshots that stay are listed, also those of a server that is gone', async () => {
    await x.rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: 'foreign' }))
    await ok('destroy', 'rds', 'databases', 'monitoring', '--yes', '--confirm', 'startupwebapp')
    const { snapshots } = (await ok('db', 'snapshots', '--json')).json<{ snapshots: { name: string; server: string }[] }>()
    expect(snapshots.map((s) => s.name.replace(/\d{4}-?\d\d-?\d\d-\d+$/, '*'))).toEqual([
      `${SERVER}-final-snapshot-*`,
      'shop-two-final-snapshot-*',
      `${SERVER}-*`,
      'one-after',
      'one-before',
    ])
    for (const words of [['snapshot'], ['stop'], ['start'], ['rotate-password', '--role', 'master']])
      expect(await no('db', ...words, '--yes')).toMatch(/^There is no database server yet: .*\nNext: infra create rds\n$/)
    expect(await no('db', 'restore', 'one-after', '--as', 'shop-two', '--yes')).toMatch(
      /^What a server needs is not there \(db-parameter-group and rds-monitoring-role\).*\nNext: infra create\n$/,
    )
  })
})
