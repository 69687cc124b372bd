import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ModifyDBInstanceCommand, ModifyDBParameterGroupCommand } from '@aws-sdk/client-rds'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Ran } from '../../support/cli.ts'
import { at, runAndKill, SERVER, type Stack, startStack } from './stack.ts'

let x: Stack
beforeAll(async () => {
  x = await startStack('0')
})
afterEach(() => x.calm())
afterAll(() => x?.stop())

const lastJson = (r: Ran): Record<string, unknown> => JSON.parse(r.stdout.trim().split('\n').at(-1) ?? '')

describe('infra db stop and start', () => {
  it.each([
    ['db', 'stop', '--yes'],
    ['db', 'snapshot', '--yes'],
    ['db', 'list'],
    ['stop', '--yes'],
  ])('%s %s of a server that carries the tag of another stack is refused', async (...args) => {
    const replace = [/>startupwebapp\/production</, '>startupwebapp/staging<'] as const
    x.proxy.rules = [{ match: /^rds\.DescribeDBInstances/, replace }]
    const words = args.filter((a) => a !== '--yes').join(' ')
    const said = await x.no(...args)
    expect(said).toMatch(/^The database server \S+ belongs to the stack startupwebapp\/staging, not to startupwebapp\/production/)
    expect(said).toContain(`Next: infra ${words} --env staging\n`)
  })

  it('refused with a replica, which AWS does not stop either', async () => {
    const source = 'ReadReplicaSourceDBInstanceIdentifier'
    const shown = `<${source}>copy</${source}><DBInstanceStatus>`
    x.proxy.rules = [{ match: /^rds\.Describe/, replace: [/<DBInstanceStatus>/, shown] }]
    expect(await x.no('db', 'stop', '--yes')).toMatch(/read replica \(copy\): AWS stops neither/)
  })

  it('says before what it saves, what goes on costing, and on which day AWS starts it again', async () => {
    expect(await x.no('db', 'stop')).toMatch(/Next: infra db stop --yes\n$/)
    const { stdout } = await x.p.run('db', 'stop')
    const day = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10)
    expect(stdout).toContain('Saves $25.36 a month, $0.83 a day: $5.81 until AWS starts it again.')
    expect(stdout).toContain('Billed on: $2.30 a month for the storage (20 GB gp3), backups and snapshots as before.')
    expect(stdout).toContain('4 alarms will show INSUFFICIENT_DATA')
    expect(stdout).toContain(`AWS starts it again by itself after 7 days: on ${day}. Time: about 5 minutes.`)
  })

  it('killed after the call and run again: it waits; a third time it says so', async () => {
    expect(await runAndKill(x, ['db', 'stop', '--yes'], at(x, 'rds.StopDBInstance', 'after'))).toBe(true)
    x.proxy.clear()
    x.shows('DBInstanceStatus', 'stopping', 'stopped', 2)
    const r = await x.ok('db', 'stop', '--yes')
    expect(x.asked('rds.StopDBInstance')).toBe(0)
    const day = (await x.db())?.AutomaticRestartTime?.toISOString().slice(0, 16).replace('T', ' ')
    expect(r.stdout).toContain(`is stopped after `)
    expect(r.stdout).toContain(`AWS starts it again by itself on ${day} UTC`)
    expect(r.stdout).toContain('Next: infra db start when it is needed before')
    expect((await x.ok('db', 'stop')).stdout).toContain('is stopped already')
    expect(lastJson(await x.ok('db', 'stop', '--json'))).toMatchObject({
      type: 'result',
      status: 'stopped',
      changed: false,
      savesMonthlyUsd: 25.36,
    })
  })

  it('a stopped server is as wanted, status tells the day, and what AWS refuses is refused before', async () => {
    const day = (await x.db())?.AutomaticRestartTime?.toISOString().slice(0, 10)
    expect((await x.ok('status')).stdout).toContain(`RDS is stopped; AWS starts it again on ${day}`)
    expect((await x.ok('plan')).stdout).toContain('Everything is as the config wants it')
    expect((await x.ok('create', '--yes')).stdout).toContain('Nothing to do')
    expect((await x.ok('drift')).stdout).toContain('No drift')
    expect(await x.no('destroy', '--yes', '--confirm', 'startupwebapp')).toMatch(
      /^db-instance is stopped; .*: AWS takes off its deletion protection only while it runs\.\nNext: infra db start, then the same destroy again\n$/,
    )
    expect(await x.no('db', 'snapshot', 'x', '--yes')).toMatch(
      /is stopped: this can be done only while it is available\.\nNext: infra db start\n$/,
    )
    expect(await x.no('db', 'rotate-password', '--yes')).toMatch(/is stopped: .*\nNext: infra db start\n$/)
    await x.ok('init', '--set', 'rds.instanceClass=db.t4g.medium')
    expect(await x.no('create', 'rds', '--yes')).toMatch(
      /^db-instance is to be changed \(instanceClass\), but it is stopped; .*: AWS changes nothing of what is switched off\.\nNext: infra db start, then the same command again\n$/,
    )
    await x.ok('init', '--set', 'rds.instanceClass=db.t4g.small')
  })

  it('start without capacity: starting, then stopped again is a failure at once, with what can be done', async () => {
    x.proxy.after = ({ op }) => {
      if (op !== 'rds.StartDBInstance') return
      x.shows('DBInstanceStatus', 'starting', 'available', 1)
      x.shows('DBInstanceStatus', 'stopped', 'available')
    }
    const r = await x.p.run('db', 'start', '--yes')
    expect(r.code).toBe(1)
    expect(r.stderr).toMatch(/did not start: AWS has stopped it again.*no capacity for db\.t4g\.small/s)
    expect(r.stderr).toMatch(/Next: Try again later: infra db start\. Or .*infra db restore <snapshot> --as/)
    x.calm()
    // AWS's own picture again: it did come up here.
    await x.ok('db', 'stop', '--yes')
  })

  it('start: says what it costs again, waits until one can log in', async () => {
    expect((await x.p.run('db', 'start')).stdout).toContain('Costs $25.36 a month, $0.83 a day again. Time: about 6 minutes.')
    x.proxy.clear()
    // The answer is lost, and asked again AWS refuses: it is being done already.
    x.proxy.rules = [{ match: /StartDBInstance/, lose: true, times: 1 }]
    x.proxy.after = ({ op }) => void (op === 'rds.StartDBInstance' && x.shows('DBInstanceStatus', 'starting', 'available', 2))
    expect((await x.ok('db', 'start', '--yes')).stdout).toContain('runs after')
    expect(x.asked('rds.StartDBInstance')).toBe(2)
    expect(await x.login('django_app', (await x.secret()).password)).toBe(true)
    expect((await x.ok('db', 'start')).stdout).toContain('runs already')
  })
})

describe('infra db reboot', () => {
  const waiting = async () => (await x.db())?.DBParameterGroups?.[0]?.ParameterApplyStatus
  const parameter = async (ParameterValue: string) => {
    const DBParameterGroupName = (await x.db())?.DBParameterGroups?.[0]?.DBParameterGroupName
    const Parameters = [{ ParameterName: 'max_connections', ParameterValue, ApplyMethod: 'pending-reboot' as const }]
    await x.rds.send(new ModifyDBParameterGroupCommand({ DBParameterGroupName, Parameters }))
  }

  it('says before what stands still, and what waits for it', async () => {
    await parameter('200')
    expect(await x.no('db', 'reboot')).toMatch(/Next: infra db reboot --yes\n$/)
    const { stdout } = await x.p.run('db', 'reboot')
    expect(stdout).toContain('One or two minutes of downtime')
    expect(stdout).toContain('The pending parameters take effect.')
    expect((await x.ok('status')).stdout).toContain('pending  db-instance  parameters, at the next restart: infra db reboot')
    expect(await x.no('db', 'reboot', '--with-failover', '--yes')).toMatch(/has no standby to fail over to: rds.multiAz is off/)
  })

  it('follows until the server is back; killed after the call and run again, it waits and does not restart it twice', async () => {
    const args = ['db', 'reboot', '--yes']
    expect(await runAndKill(x, args, at(x, 'rds.RebootDBInstance', 'after'))).toBe(true)
    x.proxy.clear()
    x.shows('DBInstanceStatus', 'rebooting', 'available', 2)
    expect((await x.ok(...args)).stdout).toMatch(/is rebooting already; this waits for it.*is back after/s)
    expect(x.asked('rds.RebootDBInstance')).toBe(0)
    expect(await waiting()).toBe('in-sync')
  })

  it('an answer that was lost is no second restart: what waited for it does not wait any more', async () => {
    await parameter('300')
    x.proxy.clear()
    x.proxy.rules = [{ match: /RebootDBInstance/, lose: true }]
    expect((await x.ok('db', 'reboot', '--yes')).stdout).toContain('is back after')
    expect(await waiting()).toBe('in-sync')
  })
})

describe('infra db failover', () => {
  const CALL = 'rds.RebootDBInstance'
  const zone = async () => (await x.db())?.AvailabilityZone
  const asked = async () => (await x.p.state()).failover

  it('refused without a standby, and while the server is busy', async () => {
    expect(await x.no('db', 'failover', '--yes')).toMatch(
      /has no standby to fail over to: rds.multiAz is off.*\nNext: Set rds.multiAz: true.* infra create rds; a plain restart: infra db reboot\n$/,
    )
    await x.rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: SERVER, MultiAZ: true, ApplyImmediately: true }))
    x.shows('DBInstanceStatus', 'backing-up', 'available')
    expect(await x.no('db', 'failover', '--yes')).toContain('is backing-up: this can be done only while it is available')
  })

  it('says before where it goes and what stands still; then follows to the other zone', async () => {
    const { AvailabilityZone: from, SecondaryAvailabilityZone: to } = (await x.db()) ?? {}
    expect(await x.no('db', 'failover')).toMatch(/Next: infra db failover --yes\n$/)
    const { stdout } = await x.p.run('db', 'failover')
    expect(stdout).toContain(`${from} -> ${to}: the standby takes over with everything that was committed.`)
    expect(stdout).toContain('One or two minutes of downtime')
    const r = await x.ok('db', 'failover', '--yes', '--json')
    expect(lastJson(r)).toMatchObject({ type: 'result', from, zone: to, moved: true, status: 'available' })
    expect(await zone()).toBe(to)
    expect(await asked()).toBeUndefined()
  })

  it('killed after the call and run again, also with --with-failover: it watches, and does not fail back', async () => {
    const from = await zone()
    expect(await runAndKill(x, ['db', 'failover', '--yes'], at(x, CALL, 'after'))).toBe(true)
    expect(await asked()).toMatchObject({ server: SERVER, from })
    const to = await zone()
    expect(to).not.toBe(from)
    x.proxy.clear()
    x.shows('DBInstanceStatus', 'rebooting', 'available', 2)
    const r = await x.ok('db', 'reboot', '--with-failover', '--yes')
    expect(r.stdout).toContain(`${SERVER} serves from ${to}`)
    expect(x.asked(CALL)).toBe(0)
    expect([await zone(), await asked()]).toEqual([to, undefined])
  })

  it('killed before the call: a rerun sees no sign of a failover, says so, and the next one asks', async () => {
    const from = await zone()
    expect(await runAndKill(x, ['db', 'failover', '--yes'], at(x, CALL, 'before'))).toBe(true)
    const file = join(x.p.dir, 'state', 'production.json')
    const state = JSON.parse(await readFile(file, 'utf8'))
    state.failover.at = new Date(Date.now() - 120_000).toISOString()
    await writeFile(file, JSON.stringify(state))
    x.proxy.clear()
    const r = await x.p.run('db', 'failover', '--yes')
    expect([r.code, x.asked(CALL)], r.all).toEqual([1, 0])
    expect(r.stderr).toMatch(/AWS shows no failover of .*\nNext: infra db failover asks for it\n$/)
    expect(await zone()).toBe(from)
    await x.ok('db', 'failover', '--yes')
    expect(await zone()).not.toBe(from)
  })

  it('an answer that was lost is no second failover', async () => {
    const from = await zone()
    x.proxy.clear()
    x.proxy.rules = [{ match: /RebootDBInstance/, lose: true }]
    // AWS refuses what the SDK sends again: the server is rebooting by then.
    x.proxy.before = ({ op }) => (op === CALL && x.asked(CALL) > 1 ? 'drop' : undefined)
    await x.ok('db', 'failover', '--yes')
    expect(await zone()).not.toBe(from)
    await x.rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: SERVER, MultiAZ: false, ApplyImmediately: true }))
  })
})

describe('after destroy', () => {
  it('the snapshots that stay are listed, also those of a server that is gone', async () => {
    await x.ok('db', 'snapshot', 'kept', '--yes')
    await x.ok('destroy', 'rds', 'databases', 'monitoring', '--yes', '--confirm', 'startupwebapp')
    const { snapshots } = (await x.ok('db', 'snapshots', '--json')).json<{ snapshots: { name: string; server: string }[] }>()
    expect(snapshots.map((s) => s.name.replace(/\d{4}-?\d\d-?\d\d-\d+$/, '*'))).toEqual([`${SERVER}-final-snapshot-*`, 'kept'])
    for (const words of [['snapshot'], ['stop'], ['start'], ['rotate-password', '--role', 'master']])
      expect(await x.no('db', ...words, '--yes')).toMatch(/^There is no database server yet: .*\nNext: infra create rds\n$/)
    expect(await x.no('db', 'restore', 'kept', '--as', 'shop-two', '--yes')).toMatch(
      /^What a server needs is not there \(db-parameter-group and rds-monitoring-role\).*\nNext: infra create\n$/,
    )
  })
})
