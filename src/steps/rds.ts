import type { Config } from '../config/config.ts'
import { Role } from '../kinds/iam/role.ts'
import { DbInstance } from '../kinds/rds/db-instance.ts'
import { DbParameterGroup } from '../kinds/rds/db-parameter-group.ts'
import { familyOf } from '../kinds/rds/family.ts'
import { SecretField } from '../kinds/secretsmanager/secret-field.ts'
import type { Add, Database, DatabaseSecret, Groups, Lookups, Network } from './types.ts'

/** The database server: private, encrypted, TLS only, watched; its address goes into the secret when it is known. */
export const rds = (add: Add, c: Config, at: Lookups, net: Network, groups: Groups, secret: DatabaseSecret): Database => {
  const { rds } = c
  const monitoring = rds.monitoringInterval > 0
  const role = monitoring
    ? add(
        Role,
        'rds-monitoring-role',
        {
          service: 'monitoring.rds.amazonaws.com',
          description: 'Lets RDS send enhanced monitoring to CloudWatch',
          managedPolicies: [`arn:${at.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole`],
        },
        { name: rds.monitoringRoleName, shared: true },
      )
    : undefined

  const family = familyOf(rds.engine, at.engineVersion)
  const parameters = add(DbParameterGroup, 'db-parameter-group', {
    family,
    description: `TLS only, for ${c.application}`,
    holds: Object.fromEntries(
      (at.parameters?.known ?? []).map(
        (name) => [name, at.parameters?.static.includes(name) ? 'after a restart' : 'now'] as const,
      ),
    ),
    parameters: { ...(rds.engine === 'mysql' ? { require_secure_transport: '1' } : { 'rds.force_ssl': '1' }), ...rds.parameters },
  })

  const db = add(
    DbInstance,
    'db-instance',
    {
      engine: rds.engine,
      version: at.engineVersion,
      instanceClass: rds.instanceClass,
      allocatedGb: rds.allocatedGb,
      maxAllocatedGb: rds.maxAllocatedGb,
      storageType: rds.storageType,
      ...(rds.iops ? { iops: rds.iops } : {}),
      encrypted: rds.storageEncrypted,
      ...(rds.kmsKey ? { kmsKey: rds.kmsKey } : {}),
      masterUsername: rds.masterUsername,
      passwordSecret: secret.arn,
      passwordKey: 'master_password',
      ...(rds.databaseName ? { databaseName: rds.databaseName } : {}),
      port: rds.port,
      subnetGroup: net.dbSubnetGroup,
      securityGroupIds: [groups.rds],
      parameterGroup: parameters.id,
      multiAz: rds.multiAz,
      backupRetentionDays: rds.backupRetentionDays,
      backupWindow: rds.backupWindow,
      maintenanceWindow: rds.maintenanceWindow,
      logExports: rds.logExports,
      monitoringInterval: rds.monitoringInterval,
      ...(role ? { monitoringRoleArn: role.arn } : {}),
      performanceInsights: rds.performanceInsights,
      performanceInsightsDays: rds.performanceInsightsRetentionDays,
      extendedSupport: rds.extendedSupport,
      autoMinorVersionUpgrade: rds.autoMinorVersionUpgrade,
      deletionProtection: rds.deletionProtection,
      applyImmediately: rds.applyImmediately,
    },
    { name: rds.identifier },
  )
  const host = add(
    SecretField,
    'database-secret-host',
    { secret: secret.name, field: 'host', value: db.endpoint },
    { name: `${secret.name}#host`, after: [secret.arn] },
  )
  return { id: db.id, endpoint: db.endpoint, identifier: rds.identifier, host: host.field }
}
