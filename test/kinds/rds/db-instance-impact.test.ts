import { describe, expect, it } from 'vitest'
import type { Scheduled } from '../../../src/engine/kind.ts'
import type { DbInstanceProps } from '../../../src/kinds/rds/db-instance-facts.ts'
import { impactOf } from '../../../src/kinds/rds/db-instance-impact.ts'
import { database } from '../fixtures/db-instance.ts'

const at = new Date('2026-11-30T20:00:00Z')
/** What the plan says of a change of these props. */
const impact = (to: Partial<DbInstanceProps>, was: Partial<DbInstanceProps> = {}, scheduled: Scheduled[] = []) => {
  const before = { ...database, applyImmediately: false, ...was }
  return impactOf({ was: before, want: { ...before, ...to }, changed: Object.keys(to), scheduled, at })
}
const said = (...args: Parameters<typeof impact>) => impact(...args).says.join('\n')
const NOW = { applyImmediately: true }
const WINDOW = 'in the maintenance window on Sun 2026-12-06 at 04:00 UTC (rds.applyImmediately: true does it now)'

describe('what a change of a database means', () => {
  it('a class: a restart, in the window or now; a failover with a standby; a snapshot is proposed', () => {
    const change = { instanceClass: 'db.t4g.large' }
    expect(impact(change)).toEqual({
      says: [`instanceClass: ${WINDOW}; the server restarts: a few minutes of downtime (about one with multiAz)`],
      minutes: 0,
      snapshot: 'later',
    })
    expect(impact(change, NOW)).toMatchObject({
      snapshot: 'offer',
      says: [expect.stringMatching(/^instanceClass: now; the server restarts/)],
      minutes: 12,
    })
    expect(said(change, { multiAz: true, ...NOW })).toContain('AWS fails over to it: about a minute of downtime')
  })

  it('a standby: no downtime, but a snapshot is taken and writes are slower', () => {
    expect(said({ multiAz: true })).toMatch(/^multiAz: in the maintenance window .*no downtime; AWS takes a snapshot/)
    expect(said({ multiAz: false }, { multiAz: true })).toContain('there is no standby to fail over to')
  })

  it('storage: no downtime, optimized afterwards, no second change for six hours, at least 10 %', () => {
    expect(said({ allocatedGb: 30 })).toContain('storage cannot be changed again for at least 6 hours')
    expect(said({ allocatedGb: 21 })).toContain('at least 10 % more: 22 GB')
    expect(said({ allocatedGb: 22 })).not.toContain('at least 10 %')
    const two = impact({ allocatedGb: 200, storageType: 'io1' }, NOW)
    expect(two.says.filter((s) => s.includes('6 hours'))).toHaveLength(1)
    expect(two.snapshot).toBeUndefined()
  })

  it('backups: no days deletes them all and restarts, which somebody has to decide; from none it restarts; else nothing', () => {
    expect(impact({ backupRetentionDays: 0 })).toMatchObject({ snapshot: 'decide' })
    expect(said({ backupRetentionDays: 0 })).toContain('deletes all automated backups (7 days of them)')
    expect(said({ backupRetentionDays: 7 }, { backupRetentionDays: 0 })).toContain('the server restarts to start its backups')
    expect(said({ backupRetentionDays: 14 })).toBe('backupRetentionDays: within minutes; no downtime')
  })

  it('a version: minutes, both servers at once; a major one cannot be taken back, and a snapshot is taken first', () => {
    expect(said({ version: '16.9' })).toContain('the engine restarts with the new version')
    expect(said({ version: '16.9' }, { multiAz: true })).toContain('also with Multi-AZ')
    const major = { version: '17.6', parameterGroup: 'shop-17' }
    expect(impact(major, NOW)).toMatchObject({ snapshot: 'take', minutes: 30 })
    expect(impact(major, NOW).says).toEqual([
      'version: now; a major upgrade: 10 to 30 minutes of downtime, longer with many tables',
      expect.stringMatching(/^AWS refuses the upgrade while there are prepared transactions/),
      expect.stringMatching(
        /cannot be undone.*a snapshot from before it.*\(infra db restore\).*AWS takes one of its own right before/,
      ),
      'try the upgrade first on a restored snapshot',
    ])
    expect(said(major, { backupRetentionDays: 0 })).toContain('AWS takes none of its own while rds.backupRetentionDays is 0')
    expect(impact(major, NOW).left?.join()).toMatch(
      /restart it once more for its new parameter group \(infra db reboot\); then ANALYZE/,
    )
    expect(impact(major).snapshot).toBe('later')
    expect(said({ version: '8.4.6' }, { engine: 'mysql', version: '8.0.43', ...NOW })).toMatch(
      /PrePatchCompatibility[\s\S]*restored beside it \(in the AWS console\)/,
    )
  })

  it('another group of parameters holds after a restart', () => {
    expect(impact({ parameterGroup: 'other' })).toEqual({
      says: ['parameterGroup: within minutes; no downtime'],
      left: ['its values take effect after a restart: infra db reboot'],
      minutes: 1,
    })
  })

  it('a new server tells the end of the support of its version', () => {
    const made = (version: string, extendedSupport: boolean) =>
      impactOf({ was: {}, want: { ...database, version, extendedSupport }, changed: [], scheduled: [], at }).says.join()
    expect(made('13.22', true)).toMatch(/^standard support for postgres 13 ended on 2026-02-28: Extended Support is charged, and/)
    expect(made('16.8', true)).toBe('')
  })

  it('what AWS changes on the side says nothing', () => {
    const quiet = {
      securityGroupIds: [],
      backupWindow: '05:00-06:00',
      logExports: [],
      deletionProtection: false,
      maxAllocatedGb: 90,
    }
    expect(impact(quiet)).toEqual({ says: [], minutes: 0 })
  })

  const pending: Scheduled[] = [
    { prop: 'instanceClass', from: 'db.t4g.small', to: 'db.t4g.large', when: 'in the window' },
    { prop: 'multiAz', from: false, to: true, when: 'in the window' },
  ]
  it('what only takes back something scheduled takes along what else is', () => {
    const { says, minutes, snapshot } = impact({ instanceClass: 'db.t4g.small' }, {}, pending)
    expect(says).toEqual([
      'instanceClass: cancels what AWS had scheduled; no downtime',
      'AWS then also makes at once what else it had scheduled: multiAz',
    ])
    expect([minutes, snapshot]).toEqual([0, undefined])
  })

  it('a change at once takes along what waits; a window that is open now as well', () => {
    expect(said({ allocatedGb: 30 }, NOW, pending)).toContain('what else it had scheduled: instanceClass, multiAz')
    expect(said({ allocatedGb: 30 }, {}, pending)).not.toContain('had scheduled')
    expect(said({ maintenanceWindow: 'mon:19:30-mon:21:30' }, {}, pending)).toContain(
      'open now, so AWS makes the scheduled changes at once',
    )
    expect(said({ maintenanceWindow: 'tue:19:30-tue:21:30' }, {}, pending)).toBe('')
  })
})
