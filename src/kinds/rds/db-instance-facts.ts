import { monthlyPrice } from '../../aws/prices.ts'
import type { CostItem } from '../../engine/kind.ts'
import { extendedCost } from './support.ts'

export type DbInstanceProps = {
  engine: string
  /** Exact version. A newer minor one of the same major is as wanted: AWS upgrades minors without being asked. */
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
  /** Counts only at creation: whether AWS goes on supporting the version beyond its standard support, for extra money. */
  extendedSupport: boolean
  autoMinorVersionUpgrade: boolean
  deletionProtection: boolean
  /** Whether later changes come at once or in the maintenance window. */
  applyImmediately: boolean
  /** It is made from this snapshot: data, master user, password and storage are what the snapshot holds. Counts only at creation. */
  fromSnapshot?: string
  /** It is made from the automated backups of this server, as that was at `toTime`. Counts only at creation. */
  fromServer?: string
  /** ISO 8601 to the second, or `latest`. */
  toTime?: string
  /** Only in what is charged, never wanted: it is stopped, so that its storage alone is paid for. */
  stopped?: true
}
export type DbInstanceAttrs = { id: string; arn: string; endpoint?: string; port?: number }

/**
 * Class, storage, provisioned IOPS, monitoring and Performance Insights; twice the first three with a standby. A stopped one pays for
 * storage and IOPS alone: docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html
 */
export const costOf = (want: Partial<DbInstanceProps>, region: string): CostItem[] => {
  const nodes = want.multiAz ? 2 : 1
  const standby = nodes === 2 ? ', twice (Multi-AZ)' : ''
  const { engine, instanceClass, storageType, allocatedGb = 0, iops } = want
  const running = [
    monthlyPrice(`rds.${engine}.${instanceClass}` as `rds.${string}.db.${string}`, region, nodes, `${instanceClass}${standby}`),
    ...extendedCost(want, region),
    ...(want.monitoringInterval ? [monthlyPrice('rds.enhanced-monitoring', region)] : []),
    ...insightsOf(want),
  ]
  return [
    ...(want.stopped ? [] : running.slice(0, 1)),
    ...(storageType === undefined
      ? []
      : [monthlyPrice(`rds.storage.${storageType}`, region, nodes * allocatedGb, `${allocatedGb} GB ${storageType}${standby}`)]),
    ...(iops === undefined || storageType === undefined
      ? []
      : [monthlyPrice(`rds.iops.${storageType}`, region, nodes * iops, `${iops} provisioned IOPS${standby}`)]),
    ...(want.stopped ? [] : running.slice(1)),
  ]
}

/** Seven days of history are free; longer ones are billed by vCPU, which no table here knows. */
const insightsOf = ({ performanceInsights, performanceInsightsDays = 7 }: Partial<DbInstanceProps>): CostItem[] => {
  if (!performanceInsights || performanceInsightsDays <= 7) return []
  const what = `Performance Insights for ${performanceInsightsDays} days`
  return [{ what, usd: 0, unpriced: what }]
}
