import type { DBInstance } from '@aws-sdk/client-rds'
import { isPriced, monthlyPrice } from '../../aws/prices.ts'
import type { CostItem } from '../../engine/kind.ts'
import { keyProp } from '../kms.ts'
import { inWantedOrder } from '../sets.ts'

export type DbInstanceProps = {
  engine: string
  /** Exact version at creation. Later only the major one counts: AWS upgrades minors by itself. */
  version: string
  instanceClass: string
  allocatedGb: number
  /** Storage grows by itself up to this; equal to allocatedGb: it does not grow. */
  maxAllocatedGb: number
  storageType: string
  /** Provisioned IOPS: io1 and io2 only. */
  iops?: number
  encrypted: boolean
  kmsKey?: string
  masterUsername: string
  /** The secret and the key in it that hold the master password: the password itself is never a prop. */
  passwordSecret: string
  passwordKey: string
  databaseName?: string
  port: number
  subnetGroup: string
  securityGroupIds: readonly string[]
  parameterGroup: string
  multiAz: boolean
  backupRetentionDays: number
  backupWindow: string
  maintenanceWindow: string
  logExports: readonly string[]
  /** Seconds; 0: no enhanced monitoring, else a role is needed. */
  monitoringInterval: number
  monitoringRoleArn?: string
  performanceInsights: boolean
  performanceInsightsDays: number
  autoMinorVersionUpgrade: boolean
  deletionProtection: boolean
  /** Whether later changes come at once or in the maintenance window. */
  applyImmediately: boolean
  /** It is made from this snapshot: data, master user, password and storage are what the snapshot holds. Counts only at creation. */
  fromSnapshot?: string
}
export type DbInstanceAttrs = { id: string; arn: string; endpoint?: string; port?: number }

const BROKEN = /^(failed|incompatible-|restore-error|inaccessible-encryption-credentials)/
/** Usable though something goes on or it sleeps. */
const USABLE = new Set(['available', 'stopped', 'storage-optimization', 'storage-full'])

/** docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html lists the statuses. */
export const phaseOf = (db: DBInstance): 'ready' | 'pending' | 'failed' | 'deleting' => {
  const status = db.DBInstanceStatus ?? ''
  if (status === 'deleting') return 'deleting'
  if (BROKEN.test(status)) return 'failed'
  return USABLE.has(status) && (db.Endpoint?.Address || status === 'stopped') ? 'ready' : 'pending'
}

/** AWS's status word. A server that was stopped comes back by itself: on which day is worth a word on every screen. */
export const noteOf = (db: DBInstance): string => {
  const status = db.DBInstanceStatus ?? 'unknown'
  if (status !== 'stopped') return status
  const at = db.AutomaticRestartTime
  return `stopped; AWS starts it again ${at ? `on ${at.toISOString().slice(0, 10)}` : 'within 7 days'}`
}

/** What could be read back. A change that waits for the maintenance window counts as made. */
export const propsOf = (db: DBInstance, want: Partial<DbInstanceProps>): Partial<DbInstanceProps> => {
  const later = db.PendingModifiedValues ?? {}
  // MySQL and MariaDB count 8.0 and 8.4 as majors, PostgreSQL 16 and 17.
  const parts = /^(mysql|mariadb)/.test(db.Engine ?? '') ? 2 : 1
  const major = (v: string | undefined) => v?.split('.').slice(0, parts).join('.')
  const sameMajor = want.version !== undefined && major(want.version) === major(db.EngineVersion)
  const allocatedGb = grown(later.AllocatedStorage ?? db.AllocatedStorage, want.allocatedGb)
  return drop({
    engine: db.Engine,
    version: sameMajor ? want.version : db.EngineVersion,
    instanceClass: later.DBInstanceClass ?? db.DBInstanceClass,
    allocatedGb,
    // Storage that does not grow has no maximum in the answer.
    maxAllocatedGb: db.MaxAllocatedStorage ?? allocatedGb,
    storageType: later.StorageType ?? db.StorageType,
    iops: want.iops === undefined ? undefined : (later.Iops ?? db.Iops),
    encrypted: db.StorageEncrypted,
    ...keyProp(db.KmsKeyId, want.kmsKey),
    masterUsername: db.MasterUsername,
    databaseName: db.DBName,
    // The port that it listens on; RDS answers 0 where that is the endpoint's.
    port: later.Port ?? (db.DbInstancePort || db.Endpoint?.Port),
    subnetGroup: db.DBSubnetGroup?.DBSubnetGroupName,
    securityGroupIds:
      db.VpcSecurityGroups &&
      inWantedOrder(
        db.VpcSecurityGroups.flatMap((g) => g.VpcSecurityGroupId ?? []),
        want.securityGroupIds,
      ),
    parameterGroup: db.DBParameterGroups?.[0]?.DBParameterGroupName,
    multiAz: later.MultiAZ ?? db.MultiAZ,
    backupRetentionDays: later.BackupRetentionPeriod ?? db.BackupRetentionPeriod,
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

/** Autoscaling may have grown the storage, and it can never shrink: more than what is wanted is as wanted. */
const grown = (is: number | undefined, want: number | undefined): number | undefined =>
  is !== undefined && want !== undefined && is > want ? want : is

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

const drop = (props: { [P in keyof DbInstanceProps]?: DbInstanceProps[P] | undefined }): Partial<DbInstanceProps> =>
  Object.fromEntries(Object.entries(props).filter(([, v]) => v !== undefined)) as Partial<DbInstanceProps>

/** Class, storage and monitoring; twice the first two with a standby. */
export const costOf = (want: Partial<DbInstanceProps>, region: string): CostItem[] => {
  const nodes = want.multiAz ? 2 : 1
  const key = `rds.${want.engine}.${want.instanceClass}`
  const storage = `rds.storage.${want.storageType}`
  const standby = nodes === 2 ? ', twice (Multi-AZ)' : ''
  return [
    isPriced(key)
      ? monthlyPrice(key, region, nodes, `${want.instanceClass}${standby}`)
      : { what: `${want.instanceClass}${standby}`, usd: 0, plusUsage: 'the price of this class, which is not in the table' },
    ...(isPriced(storage)
      ? [monthlyPrice(storage, region, nodes * (want.allocatedGb ?? 0), `${want.allocatedGb} GB ${want.storageType}${standby}`)]
      : []),
    ...(want.monitoringInterval ? [monthlyPrice('rds.enhanced-monitoring', region)] : []),
  ]
}
