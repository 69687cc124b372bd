import { majorOf } from '../../aws/engine-versions.ts'
import type { Change, Impact } from '../../engine/kind.ts'
import type { DbInstanceProps } from './db-instance-facts.ts'
import { WAITS } from './db-instance-update.ts'
import { nextWindow } from './maintenance.ts'

type Of = Change<DbInstanceProps>

/** What one changed prop does. */
interface Effect {
  /** What stands still, and for how long. */
  readonly says: string
  /** Typical minutes until AWS is done with it. */
  readonly minutes: number
  readonly snapshot?: NonNullable<Impact['snapshot']>
  /** AWS makes it as soon as possible, whatever was asked for. */
  readonly soon?: boolean
  /** A storage change is long in coming: this is said behind it. */
  readonly after?: string
  /** What is left to a person. */
  readonly left?: string
}

const REBOOT = 'infra db reboot'
const STORAGE_AFTER =
  'AWS optimizes the storage for some hours afterwards (it works meanwhile), and changes it again after 6 hours at the earliest'

/**
 * docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html, columns "When the change occurs" and "Downtime
 * notes"; failover: Concepts.MultiAZ.Failover.html (60 to 120 seconds).
 */
const EFFECTS: { [P in keyof DbInstanceProps]?: (of: Of) => Effect | undefined } = {
  instanceClass: ({ was }) => ({
    says: was.multiAz
      ? 'the standby is changed first, then AWS fails over to it: about a minute without connections'
      : 'the server restarts: some minutes without connections (with multiAz it would be about one)',
    minutes: 12,
    snapshot: 'offer',
  }),
  version: ({ was, want }) => upgradeEffect(was, want),
  multiAz: ({ want }) =>
    want.multiAz
      ? {
          says: 'nothing stands still; AWS takes a snapshot to make the standby from, and writes are slower meanwhile and a little afterwards',
          minutes: 15,
          snapshot: 'offer',
        }
      : { says: 'nothing stands still; from then on there is no standby to fail over to', minutes: 5 },
  allocatedGb: ({ was, want }) => ({
    says: `nothing stands still; it can never be made smaller again${tenPercent(was.allocatedGb, want.allocatedGb)}`,
    minutes: 5,
    after: STORAGE_AFTER,
  }),
  storageType: () => ({
    says: 'nothing stands still; it is slower until AWS has moved the data',
    minutes: 10,
    after: STORAGE_AFTER,
  }),
  iops: () => ({ says: 'nothing stands still', minutes: 5, after: STORAGE_AFTER }),
  backupRetentionDays: ({ was, want }) => retentionEffect(was.backupRetentionDays ?? 0, want.backupRetentionDays ?? 0),
  maintenanceWindow: ({ want, scheduled, at }) => {
    const waiting = scheduled.filter((s) => s.to !== undefined).map((s) => s.prop)
    return waiting.length > 0 && nextWindow(want.maintenanceWindow, at)?.at === at
      ? {
          says: `the new window is open now, so AWS makes at once what is scheduled: ${waiting.join(', ')}`,
          minutes: 12,
          soon: true,
        }
      : undefined
  },
  // The group of a new major version comes with that version.
  parameterGroup: ({ was, want }) =>
    majorUp(was, want)
      ? undefined
      : { says: 'nothing stands still', minutes: 1, soon: true, left: `its values hold after a restart: ${REBOOT}` },
}

const majorUp = (was: Partial<DbInstanceProps>, want: Partial<DbInstanceProps>): boolean => {
  const engine = want.engine ?? ''
  return was.version !== undefined && want.version !== undefined && majorOf(engine, was.version) !== majorOf(engine, want.version)
}

const upgradeEffect = (was: Partial<DbInstanceProps>, want: Partial<DbInstanceProps>): Effect => {
  if (!majorUp(was, want))
    return {
      says: `the engine restarts in the new version: some minutes without connections${want.multiAz ? ', also with Multi-AZ (both servers change at the same time)' : ''}`,
      minutes: 15,
      snapshot: 'offer',
    }
  const before =
    want.engine === 'postgres'
      ? 'AWS refuses while there are prepared transactions, columns of reg* types or logical replication slots'
      : 'AWS checks the schema first and refuses what the new version no longer takes (the log is upgrade-prechecks)'
  return {
    says: `a major upgrade: 10 to 30 minutes without connections, longer with many tables${want.multiAz ? ', also with Multi-AZ (both servers change at the same time)' : ''}. It cannot be taken back; try it on a restored snapshot first. ${before}`,
    minutes: 30,
    snapshot: 'take',
    left: `once it is upgraded, one more restart for its new parameter group (${REBOOT})${want.engine === 'postgres' ? '; then ANALYZE in each database, and ALTER EXTENSION ... UPDATE for each extension' : ''}`,
  }
}

const retentionEffect = (was: number, want: number): Effect => {
  if (was > 0 && want > 0) return { says: 'nothing stands still', minutes: 1, soon: true }
  if (want > 0) return { says: 'the server restarts to begin with backups: some minutes without connections', minutes: 5 }
  return {
    says: `it deletes all automated backups (${was} days of them): no restore to a point in time any more. The server restarts: some minutes without connections`,
    minutes: 5,
    snapshot: 'decide',
  }
}

const tenPercent = (was: number | undefined, want: number | undefined): string =>
  was !== undefined && want !== undefined && want < was * 1.1
    ? ` (AWS makes it at least 10 % more: ${Math.ceil(was * 1.1)} GB)`
    : ''

/** When it happens, what stands still and for how long, in sentences for the plan. */
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
    if (e.takenBack) return `${e.prop}: takes back what AWS had scheduled, and nothing stands still for it`
    const when = waits(e)
      ? `${window?.when ?? 'in the maintenance window'} (rds.applyImmediately: true makes it now)`
      : e.soon
        ? 'within minutes'
        : 'now'
    return `${e.prop}: ${when}; ${e.says}`
  })
  const after = new Set(effects.flatMap((e) => (e.takenBack ? [] : (e.after ?? []))))
  // Whatever is asked for at once takes along all that waits.
  const along = scheduled.filter((s) => s.to !== undefined && !changed.includes(s.prop))
  if (along.length > 0 && effects.some((e) => e.takenBack || (want.applyImmediately && WAITS.has(e.prop))))
    after.add(`AWS then makes at once what it had scheduled too: ${along.map((s) => s.prop).join(', ')}`)
  const now = effects.filter((e) => !waits(e) && !e.takenBack)
  const levels = effects.map((e) =>
    e.takenBack || !e.snapshot ? undefined : waits(e) && e.snapshot !== 'decide' ? 'later' : e.snapshot,
  )
  const snapshot = (['decide', 'take', 'offer', 'later'] as const).find((level) => levels.includes(level))
  const left = effects.flatMap((e) => (e.takenBack ? [] : (e.left ?? [])))
  return {
    says: [...says, ...after],
    ...(left.length > 0 ? { left } : {}),
    minutes: Math.max(0, ...now.map((e) => e.minutes)),
    ...(snapshot ? { snapshot } : {}),
  }
}
