import type { DBInstance } from '@aws-sdk/client-rds'
import { compareVersions, majorOf } from '../../aws/engine-versions.ts'
import type { Scheduled } from '../../engine/kind.ts'
import { keyProp } from '../kms.ts'
import { inWantedOrder } from '../sets.ts'
import type { DbInstanceProps } from './db-instance-facts.ts'
import { nextWindow } from './maintenance.ts'
import { EXTENDED, supportNotes } from './support.ts'

type Seen = Partial<DbInstanceProps>
type Loose = { [P in keyof DbInstanceProps]?: DbInstanceProps[P] | undefined }

/** What could be read back: as it is now. */
export const propsOf = (db: DBInstance, want: Seen): Seen => {
  const allocatedGb = grown(db.AllocatedStorage, want.allocatedGb)
  return drop({
    engine: db.Engine,
    version: atLeast(db.Engine, db.EngineVersion, want.version),
    instanceClass: db.DBInstanceClass,
    allocatedGb,
    // Storage that does not grow has no maximum in the answer.
    maxAllocatedGb: db.MaxAllocatedStorage ?? allocatedGb,
    storageType: db.StorageType,
    iops: want.iops === undefined ? undefined : db.Iops,
    encrypted: db.StorageEncrypted,
    ...keyProp(db.KmsKeyId, want.kmsKey),
    masterUsername: db.MasterUsername,
    databaseName: db.DBName,
    // The port that it listens on; RDS answers 0 where that is the endpoint's.
    port: db.DbInstancePort || db.Endpoint?.Port,
    subnetGroup: db.DBSubnetGroup?.DBSubnetGroupName,
    securityGroupIds:
      db.VpcSecurityGroups &&
      inWantedOrder(
        db.VpcSecurityGroups.flatMap((g) => g.VpcSecurityGroupId ?? []),
        want.securityGroupIds,
      ),
    parameterGroup: db.DBParameterGroups?.[0]?.DBParameterGroupName,
    multiAz: db.MultiAZ,
    backupRetentionDays: db.BackupRetentionPeriod,
    backupWindow: db.PreferredBackupWindow,
    maintenanceWindow: inWantedCase(db.PreferredMaintenanceWindow, want.maintenanceWindow),
    monitoringInterval: db.MonitoringInterval,
    performanceInsights: db.PerformanceInsightsEnabled,
    // Only where it is switched on is there a number of days to compare.
    performanceInsightsDays: db.PerformanceInsightsEnabled ? db.PerformanceInsightsRetentionPeriod : undefined,
    // An instance that exports nothing has no list, like one that is not finished: only the status tells them apart.
    logExports: db.DBInstanceStatus === 'available' ? inWantedOrder(exportsOf(db), want.logExports) : undefined,
    autoMinorVersionUpgrade: db.AutoMinorVersionUpgrade,
    deletionProtection: db.DeletionProtection,
  })
}

/** What AWS says that it will be, of all that can wait. */
const laterOf = (db: DBInstance, want: Seen): Seen => {
  const later = db.PendingModifiedValues ?? {}
  return drop({
    version: later.EngineVersion === undefined ? undefined : atLeast(db.Engine, later.EngineVersion, want.version),
    instanceClass: later.DBInstanceClass,
    allocatedGb: later.AllocatedStorage === undefined ? undefined : grown(later.AllocatedStorage, want.allocatedGb),
    storageType: later.StorageType,
    iops: want.iops === undefined ? undefined : later.Iops,
    port: later.Port,
    multiAz: later.MultiAZ,
    backupRetentionDays: later.BackupRetentionPeriod,
  })
}

interface Later {
  /** Now: the maintenance window opens after it. */
  readonly at: Date
  /** The command that restarts it. */
  readonly restart: string
}

/**
 * What AWS makes later. A pending value that is wanted *at once* is none: AWS is at it, or has to be asked again.
 * @param now as it is now
 */
export const scheduledOf = (db: DBInstance, want: Seen, now: Seen, { at, restart }: Later): Scheduled[] => {
  const window = nextWindow(db.PreferredMaintenanceWindow, at)
  const how = { when: window?.when ?? 'in the maintenance window', ...(window ? { at: window.at.toISOString() } : {}) }
  const later = laterOf(db, want)
  // The new major comes with the group of its family, and AWS names only the version.
  const engine = db.Engine ?? ''
  const upgrade = db.PendingModifiedValues?.EngineVersion
  if (upgrade && majorOf(engine, upgrade) !== majorOf(engine, db.EngineVersion ?? '') && later.version === want.version)
    later.parameterGroup = want.parameterGroup ?? now.parameterGroup ?? ''
  const values = (Object.keys(later) as (keyof Seen & string)[]).flatMap((prop): Scheduled[] => {
    const [from, to] = [now[prop], later[prop]]
    if (to === undefined || to === from || (want.applyImmediately === true && to === want[prop])) return []
    return [{ prop, ...(from === undefined ? {} : { from }), to, ...how }]
  })
  if (db.DBParameterGroups?.some((g) => g.ParameterApplyStatus === 'pending-reboot'))
    values.push({ prop: 'parameters', when: `at the next restart: ${restart}` })
  return values
}

/** A newer version of the wanted major is as wanted: AWS upgrades minors on its own, and nothing can be taken back. */
const atLeast = (engine = '', is: string | undefined, want: string | undefined): string | undefined =>
  is !== undefined && want !== undefined && majorOf(engine, is) === majorOf(engine, want) && compareVersions(is, want) > 0
    ? want
    : is

/** Autoscaling may have grown the storage, and it can never shrink: more than what is wanted is as wanted. */
const grown = (is: number | undefined, want: number | undefined): number | undefined =>
  is !== undefined && want !== undefined && is > want ? want : is

/** What is paid for besides what was asked for: storage that has grown, and support that AWS has taken as wanted. */
export const chargedOf = (db: DBInstance, now: Seen): Seen | undefined => {
  const more = db.AllocatedStorage !== undefined && now.allocatedGb !== undefined && db.AllocatedStorage > now.allocatedGb
  const extended = isExtended(db)
  const stopped = db.DBInstanceStatus === 'stopped' ? true : undefined
  if (!more && extended === undefined && !stopped) return undefined
  return drop({ allocatedGb: more ? db.AllocatedStorage : undefined, extendedSupport: extended, stopped })
}

/** Whether it is enrolled in Extended Support, which cannot be changed any more; undefined where AWS does not tell. */
const isExtended = (db: DBInstance): boolean | undefined =>
  db.EngineLifecycleSupport === undefined ? undefined : db.EngineLifecycleSupport === EXTENDED

/** What to know of the support of its version. */
export const warningsOf = (db: DBInstance, at: Date): string[] => {
  const server = { engine: db.Engine, version: db.EngineVersion, instanceClass: db.DBInstanceClass, multiAz: db.MultiAZ }
  return supportNotes({ ...server, extendedSupport: isExtended(db) }, at, (db.DBInstanceArn ?? '').split(':')[3])
}

/** The logs that go to CloudWatch, once what is being switched on and off has come about. */
const exportsOf = (db: DBInstance): string[] => {
  const { LogTypesToEnable = [], LogTypesToDisable = [] } = db.PendingModifiedValues?.PendingCloudwatchLogsExports ?? {}
  return [...new Set([...(db.EnabledCloudwatchLogsExports ?? []), ...LogTypesToEnable])].filter(
    (l) => !LogTypesToDisable.includes(l),
  )
}

/** RDS takes `Sun:04:00-Sun:05:00` and answers it in lower case. */
const inWantedCase = (is: string | undefined, want: string | undefined): string | undefined =>
  is?.toLowerCase() === want?.toLowerCase() ? want : is

const drop = (props: Loose): Seen => Object.fromEntries(Object.entries(props).filter(([, v]) => v !== undefined)) as Seen
