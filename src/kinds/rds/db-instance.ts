import type { ModifyDBInstanceCommandInput } from '@aws-sdk/client-rds'
import type { Aws } from '../../aws/clients.ts'
import { readSecret } from '../../aws/secrets.ts'
import { foreignTo, tagList, tagMap } from '../../aws/tags.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { AwsKind } from '../kind.ts'
import { tagRds } from './common.ts'
import { costOf, type DbInstanceAttrs, type DbInstanceProps, noteOf, phaseOf, propsOf } from './db-instance-facts.ts'
import { birthInput, restoreInput } from './db-instance-restore.ts'

/**
 * An RDS instance (not Aurora). The name is its identifier, unique in account and region.
 * Limits and windows: docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
 */
export const DbInstance: AwsKind<DbInstanceProps, DbInstanceAttrs> = {
  type: 'rds.db-instance',
  async observe(aws, stamp, want, last) {
    const found = await unlessGone(aws.rds('DescribeDBInstances', { DBInstanceIdentifier: last?.id ?? stamp.name }))
    const db = found?.DBInstances?.[0]
    if (!db?.DBInstanceIdentifier) return { is: 'absent' }
    const tags = tagMap(db.TagList)
    return {
      is: phaseOf(db),
      attrs: {
        id: db.DBInstanceIdentifier,
        arn: db.DBInstanceArn ?? '',
        ...(db.Endpoint?.Address ? { endpoint: db.Endpoint.Address, port: db.Endpoint.Port ?? 0 } : {}),
      },
      props: propsOf(db, want),
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
    const to: { [P in keyof DbInstanceProps]?: Partial<ModifyDBInstanceCommandInput> } = {
      instanceClass: { DBInstanceClass: want.instanceClass },
      allocatedGb: { AllocatedStorage: want.allocatedGb },
      maxAllocatedGb: { MaxAllocatedStorage: want.maxAllocatedGb },
      storageType: { StorageType: want.storageType, ...(want.iops !== undefined ? { Iops: want.iops } : {}) },
      iops: { StorageType: want.storageType, ...(want.iops !== undefined ? { Iops: want.iops } : {}) },
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
      autoMinorVersionUpgrade: { AutoMinorVersionUpgrade: want.autoMinorVersionUpgrade },
      deletionProtection: { DeletionProtection: want.deletionProtection },
    }
    const parts: object[] = changed.map((p) => to[p] ?? {})
    if (changed.includes('logExports')) parts.push(await logChange(aws, attrs.id, want.logExports))
    await aws.rds('ModifyDBInstance', {
      DBInstanceIdentifier: attrs.id,
      ApplyImmediately: want.applyImmediately,
      ...Object.assign({}, ...parts),
    })
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
    deadline: 60,
    monthly: costOf,
    iam: {
      observe: ['rds:DescribeDBInstances'],
      create: [
        'rds:CreateDBInstance',
        'rds:AddTagsToResource',
        'secretsmanager:GetSecretValue',
        'iam:PassRole',
        'iam:CreateServiceLinkedRole',
      ],
      update: ['rds:ModifyDBInstance', 'rds:DescribeDBInstances', 'rds:AddTagsToResource', 'iam:PassRole'],
      delete: ['rds:DeleteDBInstance', 'rds:ModifyDBInstance', 'rds:CreateDBSnapshot'],
    },
    immutable: ['engine', 'version', 'encrypted', 'kmsKey', 'masterUsername', 'subnetGroup', 'port', 'databaseName'],
    found: 'name',
    data: true,
    snapshotName: (attrs, at) =>
      `${attrs.id}-final-snapshot-${at.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}`,
    leaves: (_attrs, want, how) =>
      [
        how.finalSnapshot ? `the final snapshot ${how.finalSnapshot} ($0.095 per GB and month)` : undefined,
        want.logExports && want.logExports.length > 0 ? 'the exported logs in CloudWatch (/aws/rds/instance/...)' : undefined,
      ]
        .filter((s) => s !== undefined)
        .join(', ') || undefined,
  },
}

/** The command that starts it. Servers beside the stack's own have no command of infra for that. */
const wakeUp = (key: string, id: string): string =>
  key === 'db-instance' ? 'infra db start' : `aws rds start-db-instance --db-instance-identifier ${id}`

/** RDS wants to be told which logs to switch on and which off, so what is on is looked up. */
const logChange = async (aws: Aws, id: string, want: readonly string[]): Promise<Partial<ModifyDBInstanceCommandInput>> => {
  const [db] = (await aws.rds('DescribeDBInstances', { DBInstanceIdentifier: id })).DBInstances ?? []
  const now = db?.EnabledCloudwatchLogsExports ?? []
  return {
    CloudwatchLogsExportConfiguration: {
      EnableLogTypes: want.filter((l) => !now.includes(l)),
      DisableLogTypes: now.filter((l) => !want.includes(l)),
    },
  }
}
