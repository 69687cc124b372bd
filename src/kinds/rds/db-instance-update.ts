import type { DBInstance, ModifyDBInstanceCommandInput } from '@aws-sdk/client-rds'
import type { Aws } from '../../aws/clients.ts'
import { compareVersions, majorOf } from '../../aws/engine-versions.ts'
import { type InfraError, refuse } from '../../core/errors.ts'
import type { Change } from '../../engine/kind.ts'
import type { DbInstanceProps } from './db-instance-facts.ts'
import { propsOf } from './db-instance-seen.ts'

type Prop = keyof DbInstanceProps
type Part = Partial<ModifyDBInstanceCommandInput>

/** What may wait for the maintenance window: docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html */
export const WAITS: ReadonlySet<string> = new Set<Prop>([
  'version',
  'instanceClass',
  'allocatedGb',
  'storageType',
  'iops',
  'multiAz',
  'backupRetentionDays',
])
/** What cannot be asked for without knowing how it is now. */
const LOOKED_AT: ReadonlySet<string> = new Set<Prop>(['version', 'iops', 'logExports'])

/**
 * The calls that change these props. What only takes back something that is scheduled goes first and at once: otherwise AWS would
 * make it all the same (docs, "Using the Apply Immediately setting").
 * @throws InfraError (exit 2) for an older version than the one that runs
 */
export const modifyInputs = async (
  aws: Aws,
  id: string,
  want: DbInstanceProps,
  changed: readonly Prop[],
): Promise<ModifyDBInstanceCommandInput[]> => {
  const needsLook = changed.some(
    (p) => LOOKED_AT.has(p) || (p === 'storageType' && want.iops !== undefined) || (WAITS.has(p) && !want.applyImmediately),
  )
  const db = needsLook ? (await aws.rds('DescribeDBInstances', { DBInstanceIdentifier: id })).DBInstances?.[0] : undefined
  const now = db ? propsOf(db, want) : {}
  const asNow = (p: Prop): boolean => now[p] !== undefined && now[p] === want[p]
  const back = want.applyImmediately ? [] : changed.filter((p) => WAITS.has(p) && asNow(p))
  // The parameter group of another major version was scheduled with the version.
  const takenBack = back.includes('version') ? [...back, ...changed.filter((p) => p === 'parameterGroup' && asNow(p))] : back
  const input = (props: readonly Prop[], at: boolean): ModifyDBInstanceCommandInput[] =>
    props.length === 0
      ? []
      : [{ DBInstanceIdentifier: id, ApplyImmediately: at, ...Object.assign({}, ...props.map((p) => partOf(p, want, db))) }]
  const rest = changed.filter((p) => !takenBack.includes(p))
  return [...input(takenBack, true), ...input(rest, want.applyImmediately)]
}

const partOf = (prop: Prop, want: DbInstanceProps, db: DBInstance | undefined): Part => {
  // AWS wants both numbers where IOPS are provisioned; storage that has grown by itself stays as it is.
  const provisioned: Part =
    want.iops === undefined ? {} : { Iops: want.iops, AllocatedStorage: Math.max(want.allocatedGb, db?.AllocatedStorage ?? 0) }
  const parts: { [P in Prop]?: Part | (() => Part) } = {
    version: () => upgrade(want, db),
    instanceClass: { DBInstanceClass: want.instanceClass },
    allocatedGb: { ...provisioned, AllocatedStorage: want.allocatedGb },
    maxAllocatedGb: { MaxAllocatedStorage: want.maxAllocatedGb },
    storageType: { StorageType: want.storageType, ...provisioned },
    iops: provisioned,
    securityGroupIds: { VpcSecurityGroupIds: [...want.securityGroupIds] },
    parameterGroup: { DBParameterGroupName: want.parameterGroup },
    multiAz: { MultiAZ: want.multiAz },
    backupRetentionDays: { BackupRetentionPeriod: want.backupRetentionDays },
    backupWindow: { PreferredBackupWindow: want.backupWindow },
    maintenanceWindow: { PreferredMaintenanceWindow: want.maintenanceWindow },
    monitoringInterval: {
      MonitoringInterval: want.monitoringInterval,
      ...(want.monitoringRoleArn !== undefined ? { MonitoringRoleArn: want.monitoringRoleArn } : {}),
    },
    performanceInsights: { EnablePerformanceInsights: want.performanceInsights },
    performanceInsightsDays: {
      EnablePerformanceInsights: true,
      PerformanceInsightsRetentionPeriod: want.performanceInsightsDays,
    },
    logExports: () => logChange(want, db),
    autoMinorVersionUpgrade: { AutoMinorVersionUpgrade: want.autoMinorVersionUpgrade },
    deletionProtection: { DeletionProtection: want.deletionProtection },
  }
  const part = parts[prop] ?? {}
  return typeof part === 'function' ? part() : part
}

const upgrade = ({ engine, version }: DbInstanceProps, db: DBInstance | undefined): Part => {
  const running = db?.EngineVersion ?? version
  if (compareVersions(running, version) > 0) throw refuseOlder(engine, running, version)
  const major = majorOf(engine, running) !== majorOf(engine, version)
  return { EngineVersion: version, ...(major ? { AllowMajorVersionUpgrade: true } : {}) }
}

/** AWS takes no version back: neither a minor nor a major one. */
export const refusesChange = ({ was, want, changed }: Change<DbInstanceProps>): InfraError | undefined =>
  changed.includes('version') && was.version && want.version && compareVersions(was.version, want.version) > 0
    ? refuseOlder(want.engine ?? '', was.version, want.version)
    : undefined

const refuseOlder = (engine: string, running: string, wanted: string): InfraError =>
  refuse(
    `rds.version is ${wanted}, but the server runs ${engine} ${running}`,
    'AWS upgrades a database, and never takes it back to an older version',
    `Set rds.version: "${majorOf(engine, running)}", or restore a snapshot of before beside it: infra db snapshots`,
  )

/** RDS wants to be told which logs to switch on and which off. */
const logChange = ({ logExports: want }: DbInstanceProps, db: DBInstance | undefined): Part => {
  const now = db?.EnabledCloudwatchLogsExports ?? []
  return {
    CloudwatchLogsExportConfiguration: {
      EnableLogTypes: want.filter((l) => !now.includes(l)),
      DisableLogTypes: now.filter((l) => !want.includes(l)),
    },
  }
}
