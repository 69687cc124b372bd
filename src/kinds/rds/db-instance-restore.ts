import type { RestoreDBInstanceFromDBSnapshotCommandInput, RestoreDBInstanceToPointInTimeCommandInput } from '@aws-sdk/client-rds'
import { tagList } from '../../aws/tags.ts'
import type { Tags } from '../../engine/kind.ts'
import type { DbInstanceProps } from './db-instance-facts.ts'
import { EXTENDED } from './support.ts'

/** What AWS is told alike, whether the server begins empty or from a snapshot. */
export const birthInput = (want: DbInstanceProps) => ({
  DBInstanceClass: want.instanceClass,
  Port: want.port,
  DBSubnetGroupName: want.subnetGroup,
  VpcSecurityGroupIds: [...want.securityGroupIds],
  DBParameterGroupName: want.parameterGroup,
  MultiAZ: want.multiAz,
  PubliclyAccessible: false,
  AutoMinorVersionUpgrade: want.autoMinorVersionUpgrade,
  EnableCloudwatchLogsExports: [...want.logExports],
  DeletionProtection: want.deletionProtection,
  CopyTagsToSnapshot: true,
  // Without a word AWS takes it as a yes: docs.aws.amazon.com/AmazonRDS/latest/UserGuide/extended-support-creating-db-instance.html
  EngineLifecycleSupport: want.extendedSupport ? EXTENDED : `${EXTENDED}-disabled`,
})

/**
 * What a restore is told. Without a network, groups and parameters AWS takes its own defaults, and those are open and without TLS.
 * Backups, windows and monitoring are no part of this call: they differ afterwards, and are changed then.
 */
export const restoreInput = (
  name: string,
  snapshot: string,
  want: DbInstanceProps,
  tags: Tags,
): RestoreDBInstanceFromDBSnapshotCommandInput => ({
  DBInstanceIdentifier: name,
  DBSnapshotIdentifier: snapshot,
  ...birthInput(want),
  Tags: tagList(tags),
})

/**
 * The same from the automated backups of a server that is there. Here, too, AWS's own defaults are another network and no TLS.
 * docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceToPointInTime.html
 * @param toTime ISO 8601, or `latest`
 */
export const pointInTimeInput = (
  name: string,
  from: { readonly server: string; readonly toTime: string },
  want: DbInstanceProps,
  tags: Tags,
): RestoreDBInstanceToPointInTimeCommandInput => ({
  SourceDBInstanceIdentifier: from.server,
  TargetDBInstanceIdentifier: name,
  ...(from.toTime === 'latest' ? { UseLatestRestorableTime: true } : { RestoreTime: new Date(from.toTime) }),
  ...birthInput(want),
  Tags: tagList(tags),
})
