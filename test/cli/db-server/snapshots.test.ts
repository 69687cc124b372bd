import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateDBSnapshotCommand, DeleteDBSnapshotCommand } from '@aws-sdk/client-rds'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { terminal } from '../support/terminal.ts'
import { at, runAndKill, SERVER, type Stack, startStack } from './stack.ts'

let x: Stack
beforeAll(async () => {
  x = await startStack('0')
  await x.sql('django_app', (await x.secret()).password, 'CREATE TABLE orders AS SELECT 1 AS id')
})
afterEach(() => x.calm())
afterAll(() => x?.stop())

const manual = async (): Promise<string[]> => (await x.snapshots()).map((s) => s.DBSnapshotIdentifier ?? '').sort()

describe('infra db snapshot', () => {
  it.each(['before', 'after'] as const)('killed %s the call, and run again: one snapshot of that name', async (phase) => {
    const name = `one-${phase}`
    expect(await runAndKill(x, ['db', 'snapshot', name, '--yes'], at(x, 'rds.CreateDBSnapshot', phase))).toBe(true)
    expect(await manual()).toEqual(phase === 'before' ? [] : ['one-after', 'one-before'])
    x.proxy.clear()
    x.shows('Status', 'creating', 'available', phase === 'before' ? 0 : 2)
    const r = await x.ok('db', 'snapshot', name, '--yes')
    expect(x.asked('rds.CreateDBSnapshot')).toBe(phase === 'before' ? 1 : 0)
    expect(r.stdout).toContain(`The snapshot ${name} is there after`)
    expect(r.stdout).toMatch(/Next: infra db snapshots\n$/)
    expect(await x.ok('db', 'snapshot', name, '--yes').then((again) => again.stdout)).toContain(`${name} is there already`)
    const found = (await x.snapshots()).find((s) => s.DBSnapshotIdentifier === name)
    const tags = Object.fromEntries((found?.TagList ?? []).map((t) => [t.Key, t.Value]))
    expect(tags).toMatchObject({ 'infra:stack': 'startupwebapp/production', Environment: 'production', Name: name })
    expect(tags).not.toHaveProperty('infra:key')
  })

  it('one of another stack, of a server that had the same name, is neither shown nor taken', async () => {
    x.proxy.rules = [{ match: /^rds\.DescribeDBSnapshots/, replace: [/startupwebapp\/production/g, 'startupwebapp/staging'] }]
    expect(JSON.parse((await x.ok('db', 'snapshots', '--json')).stdout)).toMatchObject({ snapshots: [] })
    expect((await x.p.run('db', 'snapshots')).stdout).not.toContain('one-before')
  })

  it('says before what it holds, what it costs, how long it takes and how long it stays', async () => {
    const stderr = await x.no('db', 'snapshot')
    expect(stderr).toMatch(new RegExp(`Next: infra db snapshot ${SERVER}-\\d{4}-\\d\\d-\\d\\d-\\d{4} --yes\n$`))
    const { stdout } = await x.p.run('db', 'snapshot')
    expect(stdout).toContain('all its databases (fintech_experiment, healthtech_experiment and startupwebapp_prod)')
    expect(stdout).toMatch(
      /stays until you delete it, also after infra destroy[\s\S]*at most \$1\.90 a month .* Time: about 4 minutes/,
    )
  })

  it('Ctrl-C while it waits: AWS goes on; run again without a name it waits for that one', async () => {
    x.proxy.after = ({ op }) => void (op === 'rds.CreateDBSnapshot' && x.shows('Status', 'creating', 'available'))
    const running = x.p.start('db', 'snapshot', '--yes')
    await running.printed('creating, usually about 4 minutes')
    running.kill('SIGINT')
    const r = await running.done
    expect(r.code).toBe(130)
    expect(r.stderr).toMatch(
      /Interrupted: AWS goes on making the snapshot .* by itself\.\nNext: infra db snapshot .* goes on waiting; to see it: infra db snapshots/,
    )
    x.proxy.clear()
    x.proxy.after = undefined
    x.proxy.rules = []
    x.shows('Status', 'creating', 'available', 2)
    expect((await x.ok('db', 'snapshot', '--yes')).stdout).toContain('is being made already; this waits for it')
    expect(x.asked('rds.CreateDBSnapshot')).toBe(0)
    expect(await manual()).toHaveLength(3)
  })

  it('refuses a name that is none, and one that is taken', async () => {
    expect(await x.no('db', 'snapshot', '1x', '--yes')).toMatch(
      /^The name of the snapshot is 1x: it must have 1 to 255 letters.*\nNext: /,
    )
    await x.rds.send(
      new CreateDBSnapshotCommand({
        DBInstanceIdentifier: SERVER,
        DBSnapshotIdentifier: 'foreign',
        Tags: [{ Key: 'a', Value: 'b' }],
      }),
    )
    expect(await x.no('db', 'snapshot', 'foreign', '--yes')).toContain('The name foreign is taken by a snapshot of')
  })
})

describe('infra db snapshots', () => {
  it('newest first, with kind, size, state and price, and how to go on', async () => {
    const { stdout } = await x.ok('db', 'snapshots')
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
    const json = (await x.ok('db', 'snapshots', '--json')).json<{
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

  it('one past its standard support is restored only with Extended Support: AWS would upgrade it on the way', async () => {
    const old = '<EngineVersion>13.22</EngineVersion>'
    x.proxy.rules = [{ match: /^rds\.DescribeDBSnapshots/, replace: [/<EngineVersion>[^<]*<\/EngineVersion>/g, old] }]
    expect(await x.no('db', 'restore', 'one-after', '--as', 'shop-two', '--yes')).toMatch(
      /^The snapshot one-after is of postgres 13\.22, whose standard support ended on 2026-02-28: .*\nNext: Set rds\.extendedSupport: true/,
    )
  })

  it('refuses what cannot be restored, or not under that name', async () => {
    expect(await x.no('db', 'restore', 'one-after', '--as', '-x', '--yes')).toMatch(/^--as is -x: it must have 1 to 63 letters/)
    expect(await x.no('db', 'restore', 'none', '--as', 'shop-two', '--yes')).toContain('There is no snapshot none')
    expect(await x.no('db', 'restore', 'one-after', '--as', SERVER, '--yes')).toContain("it is the stack's own server")
    expect(await x.no('db', 'restore', 'one-after', '--as', 'shop-two')).toMatch(
      /Next: infra db restore one-after --as shop-two --yes\n$/,
    )
    expect((await x.p.run('db', 'restore', 'one-after', '--as', 'shop-two')).stdout).toMatch(
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
      expect(await runAndKill(x, RESTORE, at(x, op, phase)), op).toBe(true)
      expect((await x.p.state()).resources['restored-shop-two']).toMatchObject({
        step: 'restored',
        type: 'rds.db-instance',
        is: 'creating',
      })
      expect((await x.db('shop-two')) !== undefined).toBe(is)
    }
    x.proxy.clear()
    const r = await x.ok(...RESTORE)
    expect(x.asked('rds.RestoreDBInstanceFromDBSnapshot')).toBe(0)
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
    expect((await x.ok(...RESTORE)).stdout).toContain('shop-two is there already')
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
    expect((await x.ok('create', '--yes')).stdout).toContain('Nothing to do')
    expect((await x.ok('drift')).stdout).toContain('No drift')
    expect((await x.ok('status')).stdout).toContain(
      'Beside them: restored (shop-two), $27.66 a month more. To take it down: infra destroy restored\n',
    )
    expect(await x.no('destroy', 'rds', 'databases', 'monitoring', '--yes', '--confirm', 'startupwebapp')).toContain(
      'still needed by restored',
    )
    expect(await x.no('db', 'restore', 'one-before', '--as', 'shop-two', '--yes')).toContain(
      'shop-two was restored from the snapshot one-after: a server is made from one source only',
    )
  })

  it('recover finds it again when the state is lost; destroy takes it down with its own yes', async () => {
    const state = join(x.p.dir, 'state', 'production.json')
    await rename(state, `${state}.kept`)
    expect((await x.ok('recover', '--yes')).stdout).toContain('restored-shop-two')
    expect((await x.p.state()).resources['restored-shop-two']).toMatchObject({ step: 'restored', is: 'ready' })
    await rename(`${state}.kept`, state)
    expect(await x.no('destroy', 'restored', '--yes')).toContain('This deletes data (restored-shop-two)')
    const r = await x.ok('destroy', 'restored', '--yes', '--confirm', 'startupwebapp')
    expect(r.stderr).toMatch(/stays: the final snapshot shop-two-final-snapshot/)
    expect(await x.db('shop-two')).toBeUndefined()
    expect(await x.db()).toBeDefined()
    expect((await x.ok('status')).stdout).not.toContain('Beside them')
  })
})

describe('infra db restore --to-time, --latest', () => {
  const CALL = 'rds.RestoreDBInstanceToPointInTime'
  const to = (...what: string[]) => ['db', 'restore', ...what, '--as', 'shop-then']

  it('refuses what does not say one moment, and one that AWS cannot restore to', async () => {
    expect(await x.no(...to(), '--yes')).toMatch(/^Nothing says what to restore from: give exactly one of/)
    for (const two of [
      ['one-after', '--latest'],
      ['--latest', '--to-time', '2h'],
      ['one-after', '--to-time', '2h'],
    ])
      expect(await x.no(...to(...two), '--yes')).toContain('More than one thing says what to restore from')
    expect(await x.no(...to('--to-time', '2026-11-30 10:15'), '--yes')).toContain('it does not say in which time zone')
    expect(await x.no(...to('--to-time', '30d'), '--yes')).toMatch(
      new RegExp(
        `^${SERVER} cannot be restored to \\d.* UTC: AWS can restore it to any second from .*\nNext: infra db restore --to-time`,
      ),
    )
    expect(await x.no(...to('--to-time', '2199-01-01T00:00:00Z'), '--yes')).toMatch(
      /Next: infra db restore --latest --as shop-then\n$/,
    )
    x.proxy.rules = [{ match: /^rds\.DescribeDBInstances/, replace: [/(<BackupRetentionPeriod>)\d+/g, '$10'] }]
    expect(await x.no(...to('--latest'), '--yes')).toContain('has no automated backups, so there is no point in time')
    x.proxy.rules = [{ match: /AutomatedBackups/, replace: [/<RestoreWindow>[\s\S]*<\/RestoreWindow>/g, ''] }]
    expect(await x.no(...to('--latest'), '--yes')).toContain('has no backup yet')
    x.proxy.rules = [{ match: /^rds\.DescribeDBInstances/, replace: [/startupwebapp\/production/g, 'startupwebapp/staging'] }]
    expect(await x.no(...to('--latest'), '--yes')).toContain('startupwebapp/staging')
  })

  it('says before which moment it is, from when to when is possible, what it costs and takes', async () => {
    expect(await x.no(...to('--to-time', '0s'))).toMatch(
      /Next: infra db restore --to-time 20\d\d-\d\d-\d\dT[\d:]{8}Z --as shop-then --yes\n$/,
    )
    const { stdout } = await x.p.run(...to('--latest'))
    expect(stdout).toMatch(
      /From startupwebapp-multi-tenant-prod as it was at .* UTC, the latest moment \(postgres 16.*possible: .* to .*\)/,
    )
    expect(stdout).toContain('Costs +$27.66 a month as long as it is there. Time: about 12 minutes.')
    expect((await x.p.run('db', 'snapshots')).stdout).toContain(
      `As of any second: infra db restore --to-time <when> --as ${SERVER}-restored`,
    )
  })

  it('killed at the call and run again with a relative time: one server, of the moment that is recorded', async () => {
    expect(await runAndKill(x, [...to('--to-time', '0s'), '--yes'], at(x, CALL, 'before'))).toBe(true)
    const recorded = async () => (await x.p.state()).resources['restored-shop-then']
    const { toTime } = (await recorded())?.want ?? {}
    expect(await recorded()).toMatchObject({ is: 'creating', want: { fromServer: SERVER, toTime: expect.stringMatching(/Z$/) } })
    expect(await x.db('shop-then')).toBeUndefined()
    expect(await runAndKill(x, [...to('--to-time', '0s'), '--yes'], at(x, CALL, 'after'))).toBe(true)
    expect((await recorded())?.want.toTime).toBe(toTime)
    x.proxy.clear()
    const r = await x.ok(...to('--to-time', '0s'), '--yes')
    expect(x.asked(CALL)).toBe(0)
    expect(r.stdout).toMatch(/It was begun already[\s\S]*shop-then is there after .*127\.0\.0\.1:\d+/)
    expect(r.stdout).toContain('Inside are the roles and passwords of that moment')
    expect((await recorded())?.want.toTime).toBe(toTime)
    expect((await x.ok(...to('--to-time', String(toTime)), '--yes')).stdout).toContain('shop-then is there already')
    expect(await x.no(...to('--latest'), '--yes')).toContain(`shop-then was restored from ${SERVER}, to ${toTime}: a server`)
    expect(await x.no(...to('one-after'), '--yes')).toContain(`shop-then was restored from ${SERVER}, to ${toTime}: a server`)
  })

  it('it has the settings of the stack and the data of the server, and goes with destroy restored', async () => {
    const [own, then] = await Promise.all([x.db(), x.db('shop-then')])
    for (const key of [
      'DBInstanceClass',
      'DeletionProtection',
      'BackupRetentionPeriod',
      'MonitoringInterval',
      'VpcSecurityGroups',
    ] as const)
      expect(then?.[key], key).toEqual(own?.[key])
    expect(then?.DBParameterGroups?.[0]?.DBParameterGroupName).toBe(own?.DBParameterGroups?.[0]?.DBParameterGroupName)
    const port = then?.Endpoint?.Port ?? 0
    expect(await x.sql('django_app', (await x.secret()).password, 'SELECT count(*)::int AS n FROM orders', { port })).toEqual([
      { n: 2 },
    ])
    expect((await x.ok('create', '--yes')).stdout).toContain('Nothing to do')
    await x.ok('destroy', 'restored', '--yes', '--confirm', 'startupwebapp', '--skip-final-snapshot')
    expect(await x.db('shop-then')).toBeUndefined()
  })
})

describe('infra db snapshot delete', () => {
  const DELETE = 'rds.DeleteDBSnapshot'
  const remove = (name: string) => ['db', 'snapshot', 'delete', name, '--yes', '--confirm', name]

  it('refuses what is not its to delete, and what is not there', async () => {
    const [automated] = (await x.ok('db', 'snapshots', '--json'))
      .json<{ snapshots: { name: string; kind: string }[] }>()
      .snapshots.filter((s) => s.kind === 'automated')
    expect(await x.no(...remove(automated?.name ?? ''))).toMatch(/^rds:\S+ is an automated snapshot: AWS deletes it itself/)
    expect(await x.no(...remove('foreign'))).toMatch(
      /^The snapshot foreign was not made by infra: .*\nNext: aws rds delete-db-snapshot --db-snapshot-identifier foreign\n$/,
    )
    x.proxy.rules = [{ match: /^rds\.DescribeDBSnapshots/, replace: [/startupwebapp\/production/g, 'startupwebapp/staging'] }]
    expect(await x.no(...remove('one-after'))).toContain('one-after belongs to another stack (startupwebapp/staging)')
    x.proxy.rules = []
    x.shows('Status', 'creating', 'available')
    expect(await x.no(...remove('one-after'))).toContain(
      'one-after is creating: AWS deletes a snapshot only when it is available',
    )
    x.proxy.rules = []
    expect(await x.no('db', 'snapshot', 'delete', 'one-aftr', '--yes')).toMatch(
      /^There is no snapshot one-aftr: did you mean one-after\?\nNext: infra db snapshot delete one-after\n$/,
    )
    expect(await x.no('db', 'snapshot', 'delete', 'a b', '--yes')).toContain('The snapshot is a b: that is not the name of')
  })

  it('a snapshot is data: neither --yes nor another name is the yes to its deletion', async () => {
    const next = /Next: infra db snapshot delete one-after --yes --confirm one-after\n$/
    for (const more of [[], ['--yes'], ['--yes', '--confirm', 'one-before'], ['--confirm', 'one-after']])
      expect(await x.no('db', 'snapshot', 'delete', 'one-after', ...more), more.join(' ')).toMatch(next)
    const { stdout } = await x.p.run('db', 'snapshot', 'delete', 'one-after')
    expect(stdout).toMatch(/- delete {2}one-after {2}postgres 16\S* of startupwebapp-multi-tenant-prod, 20 GB, of 20/)
    expect(stdout).toContain('Saves at most $1.90 a month. A deleted snapshot cannot be brought back.')
    expect(stdout).not.toContain('the last snapshot')
  })

  it('in a terminal the typed name deletes it, nothing else', async () => {
    const t = terminal(x.p, ['db', 'snapshot', 'delete', 'one-before'])
    await t.answer('Type its name to go on', 'one-after\r')
    expect(await t.done).toBe(0)
    expect(t.screen()).toContain('That is not one-before. Nothing was changed.')
    expect(await manual()).toContain('one-before')
    const yes = terminal(x.p, ['db', 'snapshot', 'delete', 'one-before'])
    await yes.answer('Type its name to go on', 'one-before\r')
    expect(await yes.done).toBe(0)
    expect(yes.screen()).toContain('The snapshot one-before is deleted.')
    expect(await manual()).not.toContain('one-before')
  })

  it('killed at the call and run again, and with a lost answer: it is gone, and asked for once', async () => {
    expect(await runAndKill(x, remove('one-after'), at(x, DELETE, 'before'))).toBe(true)
    expect(await manual()).toContain('one-after')
    x.proxy.clear()
    x.proxy.rules = [{ match: /DeleteDBSnapshot/, lose: true }]
    const r = await x.ok(...remove('one-after'), '--json')
    expect(
      r.stdout
        .trim()
        .split('\n')
        .map((l) => JSON.parse(l))
        .at(-1),
    ).toMatchObject({
      type: 'result',
      name: 'one-after',
      deleted: true,
      savedMonthlyUsd: 1.9,
    })
    expect(await manual()).not.toContain('one-after')
    x.calm()
    const [last] = (await manual()).filter((name) => name.startsWith(SERVER))
    expect(await runAndKill(x, remove(last ?? ''), at(x, DELETE, 'after'))).toBe(true)
    x.proxy.clear()
    expect((await x.ok(...remove(last ?? ''))).stdout).toContain('in this account and region: nothing to delete.')
    expect(x.asked(DELETE)).toBe(0)
  })

  it('one that AWS is deleting is waited for without a second yes', async () => {
    await x.ok('db', 'snapshot', 'slow', '--yes')
    x.shows('Status', 'deleting', 'available')
    const running = x.p.start('db', 'snapshot', 'delete', 'slow')
    await running.printed('deleting')
    await x.rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: 'slow' }))
    expect(await running.done).toMatchObject({ code: 0, stdout: expect.stringContaining('The snapshot slow is deleted.') })
    expect(x.asked(DELETE)).toBe(0)
  })
})
