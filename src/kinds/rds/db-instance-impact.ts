import { forcesTlsByDefault, majorOf } from '../../aws/engine-versions.ts'
import type { Change, Impact } from '../../engine/kind.ts'
import type { DbInstanceProps } from './db-instance-facts.ts'
import { WAITS } from './db-instance-update.ts'
import { nextWindow } from './maintenance.ts'
import { supportNotes } from './support.ts'

type Of = Change<DbInstanceProps>

/** What one changed prop does. */
interface Effect {
  /** The downtime, in words. */
  readonly says: string
  /** Typical minutes until AWS is done with it. */
  readonly minutes: number
  readonly snapshot?: NonNullable<Impact['snapshot']>
  /** AWS makes it as soon as possible, whatever was asked for. */
  readonly soon?: boolean
  /** Said once, after what all changed props do. */
  readonly after?: readonly string[]
  /** What is left to a person. */
  readonly left?: string
}

const REBOOT = 'infra db reboot'
const STORAGE_AFTER = [
  'AWS optimizes the storage for some hours afterwards (the server stays usable), and storage cannot be changed again for at least 6 hours',
]

/**
 * docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html, columns "When the change occurs" and "Downtime
 * notes"; failover: Concepts.MultiAZ.Failover.html (60 to 120 seconds).
 */
const EFFECTS: { [P in keyof DbInstanceProps]?: (of: Of) => Effect | undefined } = {
  instanceClass: ({ was }) => ({
    says: was.multiAz
      ? 'the standby is changed first, then AWS fails over to it: about a minute of downtime'
      : 'the server restarts: a few minutes of downtime (about one with multiAz)',
    minutes: 12,
    snapshot: 'offer',
  }),
  version: ({ was, want }) => upgradeEffect(was, want),
  multiAz: ({ want }) =>
    want.multiAz
      ? {
          says: 'no downtime; AWS takes a snapshot to build the standby from, and writes are slower until some time after it is done',
          minutes: 15,
          snapshot: 'offer',
        }
      : { says: 'no downtime; afterwards there is no standby to fail over to', minutes: 5 },
  allocatedGb: ({ was, want }) => ({
    says: `no downtime; storage can never be made smaller again${tenPercent(was.allocatedGb, want.allocatedGb)}`,
    minutes: 5,
    after: STORAGE_AFTER,
  }),
  storageType: () => ({
    says: 'no downtime; the server is slower until AWS has moved the data',
    minutes: 10,
    after: STORAGE_AFTER,
  }),
  iops: () => ({ says: 'no downtime', minutes: 5, after: STORAGE_AFTER }),
  backupRetentionDays: ({ was, want }) => retentionEffect(was.backupRetentionDays ?? 0, want.backupRetentionDays ?? 0),
  maintenanceWindow: ({ want, scheduled, at }) => {
    const waiting = scheduled.filter((s) => s.to !== undefined).map((s) => s.prop)
    return waiting.length > 0 && nextWindow(want.maintenanceWindow, at)?.at === at
      ? {
          says: `the new window is open now, so AWS makes the scheduled changes at once: ${waiting.join(', ')}`,
          minutes: 12,
          soon: true,
        }
      : undefined
  },
  // The group of a new major version comes with that version.
  parameterGroup: ({ was, want }) =>
    majorUp(was, want)
      ? undefined
      : { says: 'no downtime', minutes: 1, soon: true, left: `its values take effect after a restart: ${REBOOT}` },
}

const majorUp = (was: Partial<DbInstanceProps>, want: Partial<DbInstanceProps>): boolean => {
  const engine = want.engine ?? ''
  return was.version !== undefined && want.version !== undefined && majorOf(engine, was.version) !== majorOf(engine, want.version)
}

const upgradeEffect = (was: Partial<DbInstanceProps>, want: Partial<DbInstanceProps>): Effect => {
  if (!majorUp(was, want))
    return {
      says: `the engine restarts with the new version: a few minutes of downtime${want.multiAz ? ', also with Multi-AZ (both servers are upgraded together)' : ''}`,
      minutes: 15,
      snapshot: 'offer',
    }
  return {
    says: `a major upgrade: 10 to 30 minutes of downtime, longer with many tables${want.multiAz ? ', also with Multi-AZ (both servers are upgraded together)' : ''}`,
    minutes: 30,
    snapshot: 'take',
    after: [
      want.engine === 'postgres'
        ? 'AWS refuses the upgrade while there are prepared transactions, columns of reg* types or logical replication slots'
        : 'AWS checks the schema first and refuses what the new version no longer supports (log: PrePatchCompatibility)',
      `the upgrade cannot be undone. The way back is a snapshot from before it, restored beside it (${forcesTlsByDefault(want.engine ?? '', was.version ?? '') ? 'infra db restore' : 'in the AWS console'}), without what was written since. ${
        want.backupRetentionDays === 0
          ? 'AWS takes none of its own while rds.backupRetentionDays is 0'
          : 'AWS takes one of its own right before the upgrade'
      }`,
      'try the upgrade first on a restored snapshot',
    ],
    left: `after the upgrade, restart it once more for its new parameter group (${REBOOT})${want.engine === 'postgres' ? '; then ANALYZE in each database, and ALTER EXTENSION ... UPDATE for each extension' : ''}`,
  }
}

const retentionEffect = (was: number, want: number): Effect => {
  if (was > 0 && want > 0) return { says: 'no downtime', minutes: 1, soon: true }
  if (want > 0) return { says: 'the server restarts to start its backups: a few minutes of downtime', minutes: 5 }
  return {
    says: `this deletes all automated backups (${was} days of them): no point-in-time restore any more. The server restarts: a few minutes of downtime`,
    minutes: 5,
    snapshot: 'decide',
  }
}

const tenPercent = (was: number | undefined, want: number | undefined): string =>
  was !== undefined && want !== undefined && want < was * 1.1
    ? ` (AWS makes it at least 10 % more: ${Math.ceil(was * 1.1)} GB)`
    : ''

/** When it happens, and with which downtime, in sentences for the plan. */
export const impactOf = (of: Of): Impact => {
  const { was, want, changed, scheduled } = of
  const effects = changed.flatMap((prop) => {
    const effect = EFFECTS[prop as keyof DbInstanceProps]?.(of)
    const is = prop as keyof DbInstanceProps
    return effect ? [{ prop, ...effect, takenBack: scheduled.some((s) => s.prop === prop) && was[is] === want[is] }] : []
  })
  const window = nextWindow(want.maintenanceWindow ?? was.maintenanceWindow, of.at)
  const waits = (e: (typeof effects)[number]): boolean => !want.applyImmediately && WAITS.has(e.prop) && !e.soon && !e.takenBack
  const says = effects.map((e) => {
    if (e.takenBack) return `${e.prop}: cancels what AWS had scheduled; no downtime`
    const when = waits(e)
      ? `${window?.when ?? 'in the maintenance window'} (rds.applyImmediately: true does it now)`
      : e.soon
        ? 'within minutes'
        : 'now'
    return `${e.prop}: ${when}; ${e.says}`
  })
  const after = new Set(effects.flatMap((e) => (e.takenBack ? [] : (e.after ?? []))))
  // Whatever is asked for at once takes along all that waits.
  const along = scheduled.filter((s) => s.to !== undefined && !changed.includes(s.prop))
  if (along.length > 0 && effects.some((e) => e.takenBack || (want.applyImmediately && WAITS.has(e.prop))))
    after.add(`AWS then also makes at once what else it had scheduled: ${along.map((s) => s.prop).join(', ')}`)
  const now = effects.filter((e) => !waits(e) && !e.takenBack)
  const levels = effects.map((e) =>
    e.takenBack || !e.snapshot ? undefined : waits(e) && e.snapshot !== 'decide' ? 'later' : e.snapshot,
  )
  const snapshot = (['decide', 'take', 'offer', 'later'] as const).find((level) => levels.includes(level))
  const left = effects.flatMap((e) => (e.takenBack ? [] : (e.left ?? [])))
  return {
    says: [...(changed.length === 0 ? supportNotes(want, of.at) : []), ...says, ...after],
    ...(left.length > 0 ? { left } : {}),
    minutes: Math.max(0, ...now.map((e) => e.minutes)),
    ...(snapshot ? { snapshot } : {}),
  }
}
