import type { Aws } from '../aws/clients.ts'
import { unlessGone } from '../aws/trouble.ts'

/** One page of the DB instances of the account and region. @param marker where the page before ended */
export const describeInstances = (aws: Aws, marker: string | undefined) =>
  aws.rds('DescribeDBInstances', marker ? { Marker: marker } : {})

/** What RDS says of a DB instance. */
export type Described = NonNullable<Awaited<ReturnType<typeof describeInstances>>['DBInstances']>[number]

/** One look at a DB instance; undefined when there is none of that identifier. */
export const describeInstance = async (aws: Aws, id: string): Promise<Described | undefined> =>
  (await unlessGone(aws.rds('DescribeDBInstances', { DBInstanceIdentifier: id })))?.DBInstances?.[0]

/** The automated backups that RDS keeps of a DB instance, also of one that is deleted. */
export const automatedBackups = async (aws: Aws, id: string) =>
  (await unlessGone(aws.rds('DescribeDBInstanceAutomatedBackups', { DBInstanceIdentifier: id })))?.DBInstanceAutomatedBackups ??
  []

/** Asks RDS to stop or start a DB instance. It refuses one that is in another state: classified as `in-use`. */
export const switchInstance = async (aws: Aws, id: string, verb: 'stop' | 'start'): Promise<void> => {
  await aws.rds(verb === 'stop' ? 'StopDBInstance' : 'StartDBInstance', { DBInstanceIdentifier: id })
}

/** Asks RDS to restart the database engine, on the standby with a failover. */
export const rebootInstance = async (aws: Aws, id: string, ForceFailover: boolean): Promise<void> => {
  await aws.rds('RebootDBInstance', { DBInstanceIdentifier: id, ...(ForceFailover ? { ForceFailover } : {}) })
}
