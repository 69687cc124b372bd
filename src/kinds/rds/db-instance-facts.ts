import { isPriced, monthlyPrice } from '../../aws/prices.ts'
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
}
export type DbInstanceAttrs = { id: string; arn: string; endpoint?: string; port?: number }

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
    ...extendedCost(want, region),
    ...(want.monitoringInterval ? [monthlyPrice('rds.enhanced-monitoring', region)] : []),
  ]
}
