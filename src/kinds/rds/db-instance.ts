import { readSecret } from '../../aws/secrets.ts'
import { foreignTo, tagList, tagMap } from '../../aws/tags.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { AwsKind } from '../kind.ts'
import { isNamed, tagRds } from './common.ts'
import { costOf, type DbInstanceAttrs, type DbInstanceProps } from './db-instance-facts.ts'
import { impactOf } from './db-instance-impact.ts'
import { birthInput, pointInTimeInput, restoreInput } from './db-instance-restore.ts'
import { chargedOf, propsOf, scheduledOf, warningsOf } from './db-instance-seen.ts'
import { noteOf, phaseOf, remedyOf } from './db-instance-status.ts'
import { modifyInputs, refusesChange } from './db-instance-update.ts'
import { haltedUpgrade } from './db-instance-upgrade.ts'

/**
 * An RDS instance (not Aurora). The name is its identifier, unique in account and region.
 * Limits and windows: docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
 */
export const DbInstance: AwsKind<DbInstanceProps, DbInstanceAttrs> = {
  type: 'rds.db-instance',
  async observe(aws, stamp, want, last) {
    const name = last?.id ?? stamp.name
    const found = await unlessGone(aws.rds('DescribeDBInstances', { DBInstanceIdentifier: name }))
    const db = found?.DBInstances?.find((d) => isNamed(d.DBInstanceIdentifier, name))
    if (!db?.DBInstanceIdentifier) return { is: 'absent' }
    const tags = tagMap(db.TagList)
    const props = propsOf(db, want)
    const scheduled = scheduledOf(db, want, props, { at: new Date(), restart: restarted(stamp.key, db.DBInstanceIdentifier) })
    const halted = await haltedUpgrade(aws, stamp.key, db, want, props.version)
    const [charged, remedy, warnings] = [chargedOf(db, props), remedyOf(db), warningsOf(db, new Date())]
    return {
      is: phaseOf(db),
      attrs: {
        id: db.DBInstanceIdentifier,
        arn: db.DBInstanceArn ?? '',
        ...(db.Endpoint?.Address ? { endpoint: db.Endpoint.Address, port: db.Endpoint.Port ?? 0 } : {}),
      },
      props,
      ...(scheduled.length > 0 ? { scheduled } : {}),
      ...halted,
      ...(charged ? { charged } : {}),
      ...(remedy ? { remedy } : {}),
      ...(warnings.length > 0 ? { warnings } : {}),
      tags,
      note: noteOf(db),
      guarded: db.DeletionProtection ?? false,
      // docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html: nothing of a stopped one can be modified.
      ...(db.DBInstanceStatus === 'stopped' ? { asleep: wakeUp(stamp.key, db.DBInstanceIdentifier) } : {}),
      ...(last ? {} : foreignTo(stamp, tags, `the DB instance ${db.DBInstanceIdentifier}`)),
    }
  },
  async create(aws, want, stamp) {
    if (want.fromSnapshot !== undefined) {
      const { DBInstance: made } = await aws.rds(
        'RestoreDBInstanceFromDBSnapshot',
        restoreInput(stamp.name, want.fromSnapshot, want, stamp.tags),
      )
      return { attrs: { id: made?.DBInstanceIdentifier ?? stamp.name, arn: made?.DBInstanceArn ?? '' } }
    }
    if (want.fromServer !== undefined) {
      const from = { server: want.fromServer, toTime: want.toTime ?? 'latest' }
      const { DBInstance: made } = await aws.rds(
        'RestoreDBInstanceToPointInTime',
        pointInTimeInput(stamp.name, from, want, stamp.tags),
      )
      return { attrs: { id: made?.DBInstanceIdentifier ?? stamp.name, arn: made?.DBInstanceArn ?? '' } }
    }
    const password = await readSecret(aws, want.passwordSecret, want.passwordKey)
    const { DBInstance: db } = await aws.rds('CreateDBInstance', {
      DBInstanceIdentifier: stamp.name,
      Engine: want.engine,
      EngineVersion: want.version,
      ...birthInput(want),
      AllocatedStorage: want.allocatedGb,
      ...(want.maxAllocatedGb > want.allocatedGb ? { MaxAllocatedStorage: want.maxAllocatedGb } : {}),
      StorageType: want.storageType,
      ...(want.iops !== undefined ? { Iops: want.iops } : {}),
      StorageEncrypted: want.encrypted,
      ...(want.kmsKey !== undefined ? { KmsKeyId: want.kmsKey } : {}),
      MasterUsername: want.masterUsername,
      MasterUserPassword: password.reveal(),
      ...(want.databaseName !== undefined ? { DBName: want.databaseName } : {}),
      BackupRetentionPeriod: want.backupRetentionDays,
      PreferredBackupWindow: want.backupWindow,
      PreferredMaintenanceWindow: want.maintenanceWindow,
      MonitoringInterval: want.monitoringInterval,
      ...(want.monitoringRoleArn !== undefined ? { MonitoringRoleArn: want.monitoringRoleArn } : {}),
      EnablePerformanceInsights: want.performanceInsights,
      ...(want.performanceInsights ? { PerformanceInsightsRetentionPeriod: want.performanceInsightsDays } : {}),
      Tags: tagList(stamp.tags),
    })
    return { attrs: { id: db?.DBInstanceIdentifier ?? stamp.name, arn: db?.DBInstanceArn ?? '' } }
  },
  async update(aws, attrs, want, changed) {
    for (const input of await modifyInputs(aws, attrs.id, want, changed)) await aws.rds('ModifyDBInstance', input)
    return 'pending'
  },
  tag: tagRds,
  async unguard(aws, attrs) {
    await aws.rds('ModifyDBInstance', { DBInstanceIdentifier: attrs.id, DeletionProtection: false, ApplyImmediately: true })
  },
  async delete(aws, attrs, how) {
    await aws.rds('DeleteDBInstance', {
      DBInstanceIdentifier: attrs.id,
      ...(how.finalSnapshot ? { FinalDBSnapshotIdentifier: how.finalSnapshot } : { SkipFinalSnapshot: true }),
    })
  },
  facts: {
    title: 'RDS instance',
    minutes: 12,
    deleteMinutes: 6,
    // A major upgrade of a large server takes long.
    deadline: 120,
    impact: impactOf,
    refuses: refusesChange,
    givesUp: ['version'],
    monthly: costOf,
    iam: {
      observe: ['rds:DescribeDBInstances', 'rds:DescribeEvents'],
      create: [
        'iam:CreateServiceLinkedRole',
        'iam:PassRole',
        'rds:AddTagsToResource',
        'rds:CreateDBInstance',
        'rds:RestoreDBInstanceFromDBSnapshot',
        'rds:RestoreDBInstanceToPointInTime',
        'secretsmanager:GetSecretValue',
      ],
      update: ['rds:ModifyDBInstance', 'rds:DescribeDBInstances', 'rds:AddTagsToResource', 'iam:PassRole'],
      delete: ['rds:CreateDBSnapshot', 'rds:DeleteDBInstance', 'rds:ModifyDBInstance'],
    },
    immutable: ['engine', 'encrypted', 'kmsKey', 'masterUsername', 'subnetGroup', 'port', 'databaseName'],
    found: 'name',
    data: true,
    snapshotName: (attrs, at) =>
      `${attrs.id}-final-snapshot-${at.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}`,
    leaves: (attrs, want, how) =>
      [
        how.finalSnapshot ? `the final snapshot ${how.finalSnapshot} ($0.095 per GB and month)` : undefined,
        want.logExports && want.logExports.length > 0
          ? `its logs in CloudWatch (/aws/rds/instance/${attrs.id}/${want.logExports.join(', ')})`
          : undefined,
        // docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.CloudWatchLogs.html: one group for all databases of a region.
        want.monitoringInterval
          ? 'its enhanced monitoring in the log group RDSOSMetrics (AWS removes it after 30 days)'
          : undefined,
      ]
        .filter((s) => s !== undefined)
        .join(', ') || undefined,
  },
}

/** The command that restarts it. */
const restarted = (key: string, id: string): string =>
  key === 'db-instance' ? 'infra db reboot' : `aws rds reboot-db-instance --db-instance-identifier ${id}`

/** The command that starts it. Servers beside the stack's own have no command of infra for that. */
const wakeUp = (key: string, id: string): string =>
  key === 'db-instance' ? 'infra db start' : `aws rds start-db-instance --db-instance-identifier ${id}`
