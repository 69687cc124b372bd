import { CreateSecurityGroupCommand } from '@aws-sdk/client-ec2'
import { AttachRolePolicyCommand, CreateRoleCommand } from '@aws-sdk/client-iam'
import * as RDS from '@aws-sdk/client-rds'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { type Clients, clients, database, given, refusal, subnetGroup, vpcWithSubnets } from './support.ts'

const url = inject('motoUrl') ?? ''

describe.skipIf(!url)('RDS in the sandbox', () => {
  let aws: Clients
  let net: Awaited<ReturnType<typeof vpcWithSubnets>>
  beforeEach(async () => {
    aws = await clients(url)
    net = await vpcWithSubnets(aws)
  })
  const { DBInstanceIdentifier } = database
  const create = (more: Partial<RDS.CreateDBInstanceCommandInput> = {}) =>
    aws.rds.send(new RDS.CreateDBInstanceCommand({ ...database, ...more }))
  const modify = (more: Partial<RDS.ModifyDBInstanceCommandInput>) =>
    aws.rds.send(new RDS.ModifyDBInstanceCommand({ DBInstanceIdentifier, ApplyImmediately: true, ...more }))
  const remove = (more: Partial<RDS.DeleteDBInstanceCommandInput>) =>
    refusal(aws.rds.send(new RDS.DeleteDBInstanceCommand({ DBInstanceIdentifier, ...more })))
  const described = async () => {
    const { DBInstances } = await aws.rds.send(new RDS.DescribeDBInstancesCommand({ DBInstanceIdentifier }))
    return given(DBInstances?.[0])
  }
  const parameters = (DBParameterGroupName: string, DBParameterGroupFamily: string) =>
    aws.rds.send(new RDS.CreateDBParameterGroupCommand({ DBParameterGroupName, DBParameterGroupFamily, Description: 'd' }))
  const monitoringRole = async () => {
    const AssumeRolePolicyDocument = '{"Version":"2012-10-17","Statement":[]}'
    const { Role } = await aws.iam.send(new CreateRoleCommand({ RoleName: 'monitor', AssumeRolePolicyDocument }))
    const PolicyArn = 'arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole'
    await aws.iam.send(new AttachRolePolicyCommand({ RoleName: 'monitor', PolicyArn }))
    return given(Role?.Arn)
  }

  it('shows a database with everything that it was created and changed with', async () => {
    const DBSubnetGroupName = await subnetGroup(aws, net.subnets)
    await parameters('shop-pg16', 'postgres16')
    const set = {
      MonitoringInterval: 60,
      MonitoringRoleArn: await monitoringRole(),
      CACertificateIdentifier: 'rds-ca-rsa4096-g1',
      StorageEncrypted: true,
      CopyTagsToSnapshot: true,
      MaxAllocatedStorage: 100,
      BackupRetentionPeriod: 7,
      DeletionProtection: true,
      // AWS accepts windows that touch; these two are those of the first system that infra ports.
      PreferredBackupWindow: '03:00-04:00',
      PreferredMaintenanceWindow: 'sun:04:00-sun:05:00',
    }
    const more = { EnablePerformanceInsights: true, EnableCloudwatchLogsExports: ['postgresql'] }
    await create({ ...set, ...more, DBSubnetGroupName, DBParameterGroupName: 'shop-pg16' })
    expect(await described()).toMatchObject({
      ...set,
      DBInstanceStatus: 'available',
      EngineVersion: '16.10',
      PerformanceInsightsEnabled: true,
      PerformanceInsightsRetentionPeriod: 7,
      EnabledCloudwatchLogsExports: ['postgresql'],
      DBParameterGroups: [{ DBParameterGroupName: 'shop-pg16', ParameterApplyStatus: 'in-sync' }],
      DBSubnetGroup: { DBSubnetGroupName },
      Endpoint: { Port: 5432 },
    })
    await modify({ MonitoringInterval: 0, EnablePerformanceInsights: false, MaxAllocatedStorage: 200, EngineVersion: '16' })
    const after = await described()
    expect(after).toMatchObject({ MonitoringInterval: 0, PerformanceInsightsEnabled: false, MaxAllocatedStorage: 200 })
    expect([after.MonitoringRoleArn, after.EngineVersion]).toEqual([undefined, '16.10'])
  })

  it('shows the default parameter group of the major version, which can be chosen before anyone has seen it', async () => {
    await create()
    expect(await refusal(modify({ DBParameterGroupName: 'default.postgres16' }))).toBe('no error')
    expect((await described()).DBParameterGroups?.[0]?.DBParameterGroupName).toBe('default.postgres16')
  })

  it('takes MySQL too, with its own versions and users', async () => {
    await create({ Engine: 'mysql', EngineVersion: '8.0', MasterUsername: 'admin' })
    const db = await described()
    expect([db.EngineVersion, db.Endpoint?.Port, db.MasterUsername]).toEqual(['8.0.43', 3306, 'admin'])
    expect(db.DBParameterGroups?.[0]?.DBParameterGroupName).toBe('default.mysql8.0')
  })

  it.each([
    ['a short password', { MasterUserPassword: 'seven77' }, 'InvalidParameterValue: .*shorter than 8'],
    ...['/', '@', '"', ' '].map((c) => [
      `a password with ${c}`,
      { MasterUserPassword: `long-enough${c}` },
      'InvalidParameterValue: .*Only printable ASCII',
    ]),
    ['the user admin on PostgreSQL', { MasterUsername: 'admin' }, 'InvalidParameterValue: .*reserved word'],
    ['monitoring without a role', { MonitoringInterval: 60 }, 'InvalidParameterCombination: .*MonitoringRoleARN'],
    ['an interval that does not exist', { MonitoringInterval: 7 }, 'InvalidParameterValue'],
    [
      'a role that does not exist',
      { MonitoringInterval: 60, MonitoringRoleArn: 'arn:aws:iam::123456789012:role/none' },
      'InvalidParameterValue: .*ENHANCED_MONITORING',
    ],
    ['an absent security group', { VpcSecurityGroupIds: ['sg-0123456789abcdef0'] }, 'InvalidParameterValue: Invalid security'],
    ['an unknown version', { EngineVersion: '99.9' }, 'InvalidParameterCombination: Cannot find version 99.9 for postgres'],
    ['an unknown class', { DBInstanceClass: 'db.nonsense' }, 'InvalidParameterValue: Invalid DB Instance class'],
    ['too little storage', { AllocatedStorage: 5 }, 'InvalidParameterCombination: Invalid storage size'],
    ['provisioned IOPS on 50 GB', { StorageType: 'io1', Iops: 3000, AllocatedStorage: 50 }, 'Invalid storage size'],
    ['more than 50 IOPS a GB', { StorageType: 'io2', Iops: 6000, AllocatedStorage: 100 }, 'IOPS to GiB ratio'],
    ['IOPS for a small gp3', { Iops: 3000 }, "You can't specify IOPS .* a storage size less than 400"],
    ['a class that this version lacks', { EngineVersion: '13', DBInstanceClass: 'db.m7g.large' }, 'following combination'],
    [
      'a version past standard support without Extended Support',
      { EngineVersion: '13', EngineLifecycleSupport: 'open-source-rds-extended-support-disabled' },
      'past its end of standard support',
    ],
  ] as [string, Partial<RDS.CreateDBInstanceCommandInput>, string][])('refuses %s', async (_, more, expected) => {
    expect(await refusal(create(more))).toMatch(new RegExp(expected))
    expect((await aws.rds.send(new RDS.DescribeDBInstancesCommand({}))).DBInstances).toEqual([])
  })

  it('refuses a security group of another network, a weak new password, and storage that shrinks', async () => {
    const other = await vpcWithSubnets(aws)
    const wish = { GroupName: 'far', Description: 'd', VpcId: other.VpcId }
    const VpcSecurityGroupIds = [given((await aws.ec2.send(new CreateSecurityGroupCommand(wish))).GroupId)]
    const DBSubnetGroupName = await subnetGroup(aws, net.subnets)
    const far = create({ DBSubnetGroupName, VpcSecurityGroupIds })
    expect(await refusal(far)).toMatch(/InvalidParameterCombination: .*different VPCs/)
    await create({ DBSubnetGroupName })
    expect(await refusal(modify({ VpcSecurityGroupIds }))).toContain('InvalidParameterCombination')
    expect(await refusal(modify({ MasterUserPassword: 'short' }))).toContain('InvalidParameterValue')
    expect(await refusal(modify({ AllocatedStorage: 10 }))).toContain('InvalidParameterValue')
    expect(await refusal(modify({ EngineVersion: '99' }))).toContain('InvalidParameterCombination')
    expect(await refusal(modify({ MonitoringInterval: 60 }))).toContain('InvalidParameterCombination')
    expect(await refusal(modify({ DBInstanceClass: 'db.nonsense' }))).toContain('InvalidParameterValue')
  })

  it('refuses a parameter group of another major version, and a family that does not exist', async () => {
    await parameters('pg15', 'postgres15')
    expect(await refusal(create({ DBParameterGroupName: 'pg15' }))).toContain('InvalidParameterCombination')
    expect(await refusal(parameters('pg99', 'postgres99'))).toContain('InvalidParameterValue')
  })

  it('upgrades to what it offers, upwards only, and to a new major only with a word and a group of the new family', async () => {
    await parameters('pg16', 'postgres16')
    await parameters('pg17', 'postgres17')
    await create({ EngineVersion: '16.9', DBParameterGroupName: 'pg16' })
    expect(await refusal(modify({ EngineVersion: '15.7' }))).toBe(
      'InvalidParameterCombination: Cannot upgrade postgres from 16.9 to 15.7',
    )
    await modify({ EngineVersion: '16.10' })
    expect((await described()).EngineVersion).toBe('16.10')
    const major = (more: Partial<RDS.ModifyDBInstanceCommandInput>) => refusal(modify({ EngineVersion: '17.6', ...more }))
    expect(await major({})).toContain('The AllowMajorVersionUpgrade flag must be present')
    expect(await major({ AllowMajorVersionUpgrade: true })).toContain('pg16 is custom. You must explicitly specify')
    const wrong = { AllowMajorVersionUpgrade: true, DBParameterGroupName: 'pg16' }
    expect(await major(wrong)).toContain("family postgres16 can't be used".replace('family', 'DBParameterGroupFamily'))
    expect(await major({ ...wrong, DBParameterGroupName: 'pg17' })).toBe('no error')
    expect(await described()).toMatchObject({
      EngineVersion: '17.6',
      DBParameterGroups: [{ DBParameterGroupName: 'pg17', ParameterApplyStatus: 'pending-reboot' }],
    })
  })

  it('wants storage and IOPS together where IOPS are provisioned', async () => {
    await create({ StorageType: 'io1', AllocatedStorage: 100, Iops: 1000 })
    expect(await refusal(modify({ Iops: 2000 }))).toContain('You must specify both the storage size and iops')
    expect(await refusal(modify({ Iops: 2000, AllocatedStorage: 100 }))).toBe('no error')
  })

  it('deletes only with a word on the final snapshot, and makes it', async () => {
    await create({ DeletionProtection: true })
    const FinalDBSnapshotIdentifier = 'shop-last'
    expect(await remove({})).toContain('InvalidParameterCombination: FinalDBSnapshotIdentifier is required')
    expect(await remove({ SkipFinalSnapshot: true, FinalDBSnapshotIdentifier })).toContain('cannot be specified')
    expect(await remove({ FinalDBSnapshotIdentifier })).toContain('InvalidParameterCombination: Cannot delete protected')
    await modify({ DeletionProtection: false })
    expect(await remove({ FinalDBSnapshotIdentifier })).toBe('no error')
    const { DBSnapshots } = await aws.rds.send(new RDS.DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }))
    expect(DBSnapshots?.map((s) => s.DBSnapshotIdentifier)).toEqual([FinalDBSnapshotIdentifier])
    expect(await refusal(described())).toContain('DBInstanceNotFound')
  })

  it('keeps a DB subnet group and a DB parameter group that a database uses', async () => {
    const DBSubnetGroupName = await subnetGroup(aws, net.subnets)
    await parameters('used', 'postgres16')
    await create({ DBSubnetGroupName, DBParameterGroupName: 'used' })
    const groups = () => refusal(aws.rds.send(new RDS.DeleteDBSubnetGroupCommand({ DBSubnetGroupName })))
    const params = () => refusal(aws.rds.send(new RDS.DeleteDBParameterGroupCommand({ DBParameterGroupName: 'used' })))
    expect(await groups()).toContain('InvalidDBSubnetGroupStateFault')
    expect(await params()).toContain('InvalidDBParameterGroupState')
    await remove({ SkipFinalSnapshot: true })
    expect([await groups(), await params()]).toEqual(['no error', 'no error'])
    const standard = new RDS.DeleteDBParameterGroupCommand({ DBParameterGroupName: 'default.postgres16' })
    expect(await refusal(aws.rds.send(standard))).toContain('InvalidDBParameterGroupState')
  })

  it('knows DB subnet groups: duplicates, zones, unknown subnets, changes', async () => {
    const name = await subnetGroup(aws, net.subnets, 'Zones')
    expect(await refusal(subnetGroup(aws, net.subnets, 'zones'))).toContain('DBSubnetGroupAlreadyExists')
    expect(await refusal(subnetGroup(aws, [net.first], 'one'))).toContain('DBSubnetGroupDoesNotCoverEnoughAZs')
    expect(await refusal(subnetGroup(aws, ['subnet-0123456789abcdef0'], 'none'))).toContain('InvalidParameterValue')
    const change = { DBSubnetGroupName: name, DBSubnetGroupDescription: 'changed', SubnetIds: net.subnets }
    await aws.rds.send(new RDS.ModifyDBSubnetGroupCommand(change))
    const wish = { DBSubnetGroupName: name }
    const { DBSubnetGroups } = await aws.rds.send(new RDS.DescribeDBSubnetGroupsCommand(wish))
    expect(DBSubnetGroups?.[0]).toMatchObject({ DBSubnetGroupName: 'zones', DBSubnetGroupDescription: 'changed' })
    const unknown = new RDS.ModifyDBSubnetGroupCommand({ ...change, DBSubnetGroupName: 'unknown' })
    expect(await refusal(aws.rds.send(unknown))).toContain('DBSubnetGroupNotFoundFault')
  })

  it('lists engine versions by engine, prefix and default', async () => {
    const list = async (wish: RDS.DescribeDBEngineVersionsCommandInput) =>
      (await aws.rds.send(new RDS.DescribeDBEngineVersionsCommand(wish))).DBEngineVersions ?? []
    const families = async (Engine: string) => [...new Set((await list({ Engine })).map((v) => v.DBParameterGroupFamily))]
    expect(await families('postgres')).toEqual([13, 14, 15, 16, 17, 18].map((n) => `postgres${n}`))
    expect(await families('mysql')).toEqual(['mysql8.0', 'mysql8.4'])
    const sixteen = await list({ Engine: 'postgres', EngineVersion: '16' })
    expect(sixteen.length).toBeGreaterThan(3)
    expect(sixteen.every((v) => v.EngineVersion?.startsWith('16.'))).toBe(true)
    expect(await list({ Engine: 'postgres', EngineVersion: '16.10' })).toMatchObject([{ EngineVersion: '16.10' }])
    expect(await list({ Engine: 'postgres', EngineVersion: '1' })).toEqual([])
    expect(await list({ Engine: 'postgres', DefaultOnly: true })).toHaveLength(1)
    expect(await list({ Engine: 'postgres', EngineVersion: '15', DefaultOnly: true })).toHaveLength(1)
  })

  it('lists the classes that can be ordered', async () => {
    const wish = { Engine: 'postgres', EngineVersion: '16.10', DBInstanceClass: 'db.t4g.micro' }
    const answer = await aws.rds.send(new RDS.DescribeOrderableDBInstanceOptionsCommand(wish))
    expect(answer.OrderableDBInstanceOptions).toMatchObject([
      { ...wish, MultiAZCapable: true, StorageType: 'gp3', MinStorageSize: 20 },
      { StorageType: 'gp2' },
      { StorageType: 'io1', MinStorageSize: 100, MinIopsPerGib: 0.5, MaxIopsPerGib: 50 },
      { StorageType: 'io2' },
    ])
    const none = new RDS.DescribeOrderableDBInstanceOptionsCommand({ ...wish, DBInstanceClass: 'db.x99.huge' })
    expect((await aws.rds.send(none)).OrderableDBInstanceOptions).toEqual([])
  })
})
