import { CloudWatchClient, DescribeAlarmsCommand, GetDashboardCommand } from '@aws-sdk/client-cloudwatch'
import {
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2'
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import {
  DescribeDBInstancesCommand,
  DescribeDBParametersCommand,
  DescribeDBSubnetGroupsCommand,
  RDSClient,
} from '@aws-sdk/client-rds'
import { DescribeSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Account, clientConfig, freshAccount } from '../support/account.ts'
import { INIT, type Place, place } from '../support/cli.ts'
import { type FaultProxy, startProxy } from '../support/proxy.ts'

const url = inject('motoUrl')

interface StatusJson {
  account: string
  steps: { name: string; state: string; ready: number; total: number; monthlyUsd: number; blockedBy: string[] }[]
  progress: { done: number; total: number }
  next: { command: string; minutes: number; monthlyUsd: number } | null
  monthlyUsd: number
}

// One stack from init to destroy, each test going on from the one before: what a user does on a first day.
describe.skipIf(!url)('a whole stack, from init to destroy', () => {
  let account: Account
  let proxy: FaultProxy
  let p: Place
  let ec2: EC2Client

  beforeAll(async () => {
    account = await freshAccount(url ?? '')
    proxy = await startProxy(url ?? '')
    p = await place({ ...account.env, AWS_ENDPOINT_URL: proxy.url })
    ec2 = new EC2Client(clientConfig(account))
  })
  afterAll(async () => {
    await p?.remove()
    await proxy?.close()
  })

  it('init writes a config that plan accepts; nothing is changed by either', async () => {
    expect((await p.run(...INIT)).code).toBe(0)
    const plan = await p.run('plan', '--json')
    expect(plan.code, plan.all).toBe(0)
    const { actions, monthlyUsd, minutes } = plan.json<{
      actions: { action: string; key: string; step: string }[]
      monthlyUsd: number
      minutes: number
    }>()
    expect(actions.every((a) => a.action === 'create')).toBe(true)
    expect(actions).toHaveLength(33)
    expect(monthlyUsd).toBe(29.06)
    expect(minutes).toBeGreaterThan(10)
    expect(proxy.log.filter((c) => c.changing)).toEqual([])
  })

  it('status before: what is blocked by what, and the exact next command', async () => {
    const s = (await p.run('status', '--json')).json<StatusJson>()
    expect(s.account).toBe(account.accountId)
    expect(s.steps.map((x) => [x.name, x.state])).toEqual([
      ['vpc', 'not started'],
      ['security-groups', 'blocked'],
      ['secrets', 'not started'],
      ['rds', 'blocked'],
      ['monitoring', 'blocked'],
    ])
    expect(s.steps[3]?.blockedBy).toEqual(['vpc', 'security-groups', 'secrets'])
    expect(s.next?.command).toBe('infra create vpc')
    expect(s.progress).toEqual({ done: 0, total: 5 })
  })

  it('create of a step whose needs are missing is refused and names the command', async () => {
    const r = await p.run('create', 'rds', '--yes')
    expect(r.code).toBe(2)
    expect(r.stderr).toContain('rds needs vpc, security-groups and secrets first')
    expect(r.stderr).toContain('infra create vpc security-groups secrets rds --yes')
    expect(proxy.log.filter((c) => c.changing)).toEqual([])
  })

  it('create builds one step and says what is next', async () => {
    const r = await p.run('create', 'vpc', '--yes')
    expect(r.code, r.all).toBe(0)
    expect(r.stdout).toContain('infra create security-groups')
    const s = (await p.run('status', '--json')).json<StatusJson>()
    expect(s.steps.map((x) => x.state)).toEqual(['done', 'not started', 'not started', 'blocked', 'blocked'])
  })

  it('create without a step builds the rest', async () => {
    const r = await p.run('create', '--yes')
    expect(r.code, r.all).toBe(0)
    const s = (await p.run('status', '--json')).json<StatusJson>()
    expect(s.progress).toEqual({ done: 5, total: 5 })
    expect(s.next).toBeNull()
    expect(s.monthlyUsd).toBe(29.06)
  })

  it('the network is that of the scripts', async () => {
    const vpc = (await ec2.send(new DescribeVpcsCommand({ Filters: [{ Name: 'tag:Name', Values: ['startupwebapp-vpc'] }] })))
      .Vpcs?.[0]
    expect(vpc?.CidrBlock).toBe('10.0.0.0/16')
    const tags = Object.fromEntries((vpc?.Tags ?? []).map((t) => [t.Key, t.Value]))
    expect(tags).toMatchObject({
      Environment: 'production',
      Application: 'StartupWebApp',
      ManagedBy: 'InfrastructureAsCode',
      'infra:stack': 'startupwebapp/production',
    })
    const inVpc = [{ Name: 'vpc-id', Values: [vpc?.VpcId ?? ''] }]
    const subnets = (await ec2.send(new DescribeSubnetsCommand({ Filters: inVpc }))).Subnets ?? []
    const name = (t: { Tags?: { Key?: string | undefined; Value?: string | undefined }[] | undefined }) =>
      t.Tags?.find((x) => x.Key === 'Name')?.Value
    expect(subnets.map((s) => `${name(s)} ${s.CidrBlock} ${s.AvailabilityZone}`).sort()).toEqual([
      'startupwebapp-private-subnet-1 10.0.10.0/24 us-east-1a',
      'startupwebapp-private-subnet-2 10.0.11.0/24 us-east-1b',
      'startupwebapp-public-subnet-1 10.0.1.0/24 us-east-1a',
      'startupwebapp-public-subnet-2 10.0.2.0/24 us-east-1b',
    ])
    const tables = (await ec2.send(new DescribeRouteTablesCommand({ Filters: inVpc }))).RouteTables ?? []
    const publicTable = tables.find((t) => name(t) === 'startupwebapp-public-rt')
    expect(publicTable?.Associations).toHaveLength(2)
    expect(publicTable?.Routes?.find((r) => r.DestinationCidrBlock === '0.0.0.0/0')?.GatewayId).toMatch(/^igw-/)
    const privateTable = tables.find((t) => name(t) === 'startupwebapp-private-rt')
    expect(privateTable?.Routes?.filter((r) => r.DestinationCidrBlock === '0.0.0.0/0')).toEqual([])
    expect(
      (
        await ec2.send(
          new DescribeInternetGatewaysCommand({ Filters: [{ Name: 'attachment.vpc-id', Values: [vpc?.VpcId ?? ''] }] }),
        )
      ).InternetGateways,
    ).toHaveLength(1)
  })

  it('the security groups let in only what the scripts let in', async () => {
    const groups = (await ec2.send(new DescribeSecurityGroupsCommand({}))).SecurityGroups ?? []
    const id = (n: string) => groups.find((g) => g.GroupName === n)?.GroupId ?? 'missing'
    const rules = ((await ec2.send(new DescribeSecurityGroupRulesCommand({}))).SecurityGroupRules ?? []).filter(
      (r) => !r.IsEgress && r.GroupId !== undefined,
    )
    const seen = rules
      .filter((r) =>
        [id('startupwebapp-rds-sg'), id('startupwebapp-bastion-sg'), id('startupwebapp-backend-sg')].includes(r.GroupId ?? ''),
      )
      .map((r) => `${r.GroupId} ${r.IpProtocol} ${r.FromPort} ${r.ReferencedGroupInfo?.GroupId ?? r.CidrIpv4}`)
      .sort()
    expect(seen).toEqual(
      [
        `${id('startupwebapp-rds-sg')} tcp 5432 ${id('startupwebapp-backend-sg')}`,
        `${id('startupwebapp-rds-sg')} tcp 5432 ${id('startupwebapp-bastion-sg')}`,
        `${id('startupwebapp-bastion-sg')} tcp 22 203.0.113.7/32`,
      ].sort(),
    )
  })

  it('the database is that of the scripts, but encrypted and TLS only', async () => {
    const rds = new RDSClient(clientConfig(account))
    const db = (await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'startupwebapp-multi-tenant-prod' })))
      .DBInstances?.[0]
    expect(db).toMatchObject({
      Engine: 'postgres',
      DBInstanceClass: 'db.t4g.small',
      AllocatedStorage: 20,
      MaxAllocatedStorage: 100,
      StorageType: 'gp3',
      StorageEncrypted: true,
      MasterUsername: 'postgres',
      MultiAZ: false,
      PubliclyAccessible: false,
      BackupRetentionPeriod: 7,
      PreferredBackupWindow: '03:00-04:00',
      PreferredMaintenanceWindow: 'sun:04:00-sun:05:00',
      MonitoringInterval: 60,
      PerformanceInsightsEnabled: true,
      DeletionProtection: true,
      AutoMinorVersionUpgrade: true,
      CopyTagsToSnapshot: true,
      EnabledCloudwatchLogsExports: ['postgresql'],
    })
    expect(db?.EngineVersion).toMatch(/^16\./)
    expect(db?.DBSubnetGroup?.DBSubnetGroupName).toBe('startupwebapp-db-subnet-group')
    const parameters = await rds.send(
      new DescribeDBParametersCommand({ DBParameterGroupName: db?.DBParameterGroups?.[0]?.DBParameterGroupName, Source: 'user' }),
    )
    expect(parameters.Parameters?.find((x) => x.ParameterName === 'rds.force_ssl')?.ParameterValue).toBe('1')
    expect((await rds.send(new DescribeDBSubnetGroupsCommand({}))).DBSubnetGroups?.[0]?.Subnets).toHaveLength(2)
    expect(
      (await new IAMClient(clientConfig(account)).send(new GetRoleCommand({ RoleName: 'rds-monitoring-role' }))).Role?.Arn,
    ).toBe(db?.MonitoringRoleArn)
  })

  it('the secret has the eighteen keys, two passwords and the address of the database', async () => {
    const client = new SecretsManagerClient(clientConfig(account))
    const secret = JSON.parse(
      (await client.send(new GetSecretValueCommand({ SecretId: 'rds/startupwebapp/multi-tenant/master' }))).SecretString ?? '{}',
    )
    expect(Object.keys(secret).sort()).toEqual(
      [
        ...[
          'engine',
          'host',
          'port',
          'master_username',
          'master_password',
          'username',
          'password',
          'dbClusterIdentifier',
          'django_secret_key',
        ],
        ...['superuser_username', 'superuser_email', 'superuser_password', 'stripe_secret_key', 'stripe_publishable_key'],
        ...['email_host', 'email_port', 'email_user', 'email_password'],
      ].sort(),
    )
    expect(secret).toMatchObject({
      engine: 'postgresql',
      port: 5432,
      master_username: 'postgres',
      username: 'django_app',
      dbClusterIdentifier: 'startupwebapp-multi-tenant-prod',
      superuser_email: 'ops@example.com',
    })
    expect(secret.host).toMatch(/rds\.amazonaws\.com$/)
    expect(secret.master_password).toMatch(/^[A-Za-z0-9]{32}$/)
    expect(secret.password).toMatch(/^[A-Za-z0-9]{32}$/)
    expect(secret.password).not.toBe(secret.master_password)
    expect(secret.django_secret_key).toHaveLength(50)
    const written = JSON.stringify(await p.state())
    for (const key of ['master_password', 'password', 'django_secret_key', 'superuser_password'])
      expect(written).not.toContain(secret[key])
  })

  it('alarms and dashboard are those of the scripts, with the dimension of the instance', async () => {
    const client = new CloudWatchClient(clientConfig(account))
    const alarms = (await client.send(new DescribeAlarmsCommand({}))).MetricAlarms ?? []
    expect(
      alarms.map((a) => [a.AlarmName, a.MetricName, a.ComparisonOperator, a.Threshold, a.EvaluationPeriods, a.Period]).sort(),
    ).toEqual([
      ['startupwebapp-rds-connections-high', 'DatabaseConnections', 'GreaterThanThreshold', 80, 2, 300],
      ['startupwebapp-rds-cpu-high', 'CPUUtilization', 'GreaterThanThreshold', 70, 2, 300],
      ['startupwebapp-rds-memory-low', 'FreeableMemory', 'LessThanThreshold', 524288000, 2, 300],
      ['startupwebapp-rds-storage-low', 'FreeStorageSpace', 'LessThanThreshold', 2147483648, 1, 300],
    ])
    for (const a of alarms) {
      expect(a.Dimensions).toEqual([{ Name: 'DBInstanceIdentifier', Value: 'startupwebapp-multi-tenant-prod' }])
      expect(a.AlarmActions?.[0]).toMatch(/:startupwebapp-rds-alerts$/)
    }
    const body = JSON.parse(
      (await client.send(new GetDashboardCommand({ DashboardName: 'StartupWebApp-RDS-MultiTenant' }))).DashboardBody ?? '{}',
    )
    expect(body.widgets.map((w: { properties: { title: string } }) => w.properties.title)).toEqual([
      'CPU Utilization',
      'Database Connections',
      'Freeable Memory',
      'Free Storage Space',
      'Read/Write Latency',
      'Read/Write Throughput',
    ])
    expect(body.widgets[0].properties.metrics).toEqual([
      ['AWS/RDS', 'CPUUtilization', 'DBInstanceIdentifier', 'startupwebapp-multi-tenant-prod'],
    ])
  })

  it('a second create changes nothing and asks little', async () => {
    proxy.clear()
    const before = await p.state()
    const r = await p.run('create', '--yes')
    expect(r.code, r.all).toBe(0)
    expect(r.stdout).toContain('Nothing to do')
    expect(proxy.log.filter((c) => c.changing)).toEqual([])
    expect(proxy.log.length).toBeLessThanOrEqual(20)
    expect(await p.state()).toEqual(before)
  })

  it('show-resources tells every id, the way in, and never a secret', async () => {
    const r = await p.run('show-resources', '--json')
    const shown = r.json<{ resources: { key: string; id: string; status: string }[]; endpoint: string; credentials: string }>()
    expect(shown.resources).toHaveLength(33)
    expect(shown.resources.find((x) => x.key === 'vpc')?.id).toMatch(/^vpc-/)
    expect(shown.resources.find((x) => x.key === 'db-instance')?.status).toBe('available')
    expect(shown.endpoint).toMatch(/rds\.amazonaws\.com$/)
    expect(shown.credentials).toContain('get-secret-value --secret-id rds/startupwebapp/multi-tenant/master')
    const only = (await p.run('show-resources', 'secrets', '--json')).json<{ resources: { step: string }[] }>()
    expect(only.resources.map((x) => x.step)).toEqual(['secrets'])
  })

  it('destroy of a step that others stand on is refused, with a command that works', async () => {
    const r = await p.run('destroy', 'security-groups', '--yes')
    expect(r.code).toBe(2)
    expect(r.stderr).toContain('security-groups is still needed by rds')
    expect(r.stderr).toContain('infra destroy monitoring rds security-groups')
  })

  it('destroy with --yes alone does not delete data', async () => {
    proxy.clear()
    const r = await p.run('destroy', '--yes')
    expect(r.code).toBe(2)
    expect(r.stderr).toContain('deletes data (database-secret and db-instance)')
    expect(r.stderr).toContain('--confirm startupwebapp')
    expect((await p.run('destroy', '--yes', '--confirm', 'other')).code).toBe(2)
    expect(proxy.log.filter((c) => c.changing)).toEqual([])
  })

  it('destroy takes all down, dependants first, and says what stays', async () => {
    proxy.clear()
    const r = await p.run('destroy', '--yes', '--confirm', 'startupwebapp')
    expect(r.code, r.all).toBe(0)
    expect(r.stderr).toMatch(/stays: .*final-snapshot/)
    expect(r.stderr).toMatch(/stays: the secret rds\/startupwebapp\/multi-tenant\/master: for 30 days/)
    const order = proxy.log.filter((c) => c.changing).map((c) => c.op)
    const last = (op: string) => order.lastIndexOf(op)
    const first = (op: string) => order.indexOf(op)
    expect(first('rds.ModifyDBInstance')).toBeLessThan(first('rds.DeleteDBInstance'))
    expect(
      last('cloudwatch.DeleteAlarms') === -1 ? last('monitoring.DeleteAlarms') : last('cloudwatch.DeleteAlarms'),
    ).toBeLessThan(first('rds.DeleteDBInstance'))
    expect(first('rds.DeleteDBInstance')).toBeLessThan(first('rds.DeleteDBSubnetGroup'))
    expect(first('rds.DeleteDBInstance')).toBeLessThan(first('secretsmanager.DeleteSecret'))
    expect(last('ec2.DeleteSubnet')).toBeLessThan(first('ec2.DeleteVpc'))
    expect(last('ec2.DeleteSecurityGroup')).toBeLessThan(first('ec2.DeleteVpc'))
    expect(Object.keys((await p.state()).resources)).toEqual([])
  })

  it('the account is empty, but for the secret in its recovery window', async () => {
    const mine = [{ Name: 'tag:infra:stack', Values: ['startupwebapp/production'] }]
    expect((await ec2.send(new DescribeVpcsCommand({ Filters: mine }))).Vpcs).toEqual([])
    expect((await ec2.send(new DescribeSecurityGroupsCommand({ Filters: mine }))).SecurityGroups).toEqual([])
    expect((await new RDSClient(clientConfig(account)).send(new DescribeDBInstancesCommand({}))).DBInstances).toEqual([])
    expect((await new CloudWatchClient(clientConfig(account)).send(new DescribeAlarmsCommand({}))).MetricAlarms).toEqual([])
    const secret = await new SecretsManagerClient(clientConfig(account)).send(
      new DescribeSecretCommand({ SecretId: 'rds/startupwebapp/multi-tenant/master' }),
    )
    expect(secret.DeletedDate).toBeInstanceOf(Date)
  })

  it('and create builds it again: the secret is restored with its old passwords', async () => {
    const r = await p.run('create', '--yes')
    expect(r.code, r.all).toBe(0)
    expect((await p.run('status', '--json')).json<StatusJson>().progress.done).toBe(5)
    const client = new SecretsManagerClient(clientConfig(account))
    const secret = await client.send(new DescribeSecretCommand({ SecretId: 'rds/startupwebapp/multi-tenant/master' }))
    expect(secret.DeletedDate).toBeUndefined()
  })
})
