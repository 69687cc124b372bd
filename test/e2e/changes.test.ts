import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CloudWatchClient, DeleteAlarmsCommand, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch'
import {
  CreateTagsCommand,
  DeleteSecurityGroupCommand,
  DeleteTagsCommand,
  DescribeAddressesCommand,
  DescribeNatGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeVpcsCommand,
  EC2Client,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2'
import { AttachRolePolicyCommand, CreateRoleCommand, GetRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { type Account, clientConfig, freshAccount } from '../support/account.ts'
import { INIT, type Place, place } from '../support/cli.ts'

const url = inject('motoUrl')

describe.skipIf(!url)('a stack that changes', () => {
  let account: Account
  let p: Place
  const places: Place[] = []

  beforeEach(async () => {
    account = await freshAccount(url ?? '')
    p = await place(account.env)
    places.push(p)
    expect((await p.run(...INIT)).code).toBe(0)
  })
  afterEach(async () => {
    await Promise.all(places.splice(0).map((x) => x.remove()))
  })

  const ok = async (...args: string[]) => {
    const r = await p.run(...args)
    expect(r.code, r.all).toBe(0)
    return r
  }
  const actions = async (...args: string[]) =>
    (await ok('plan', '--json', ...args))
      .json<{ actions: { action: string; key: string; reason: string }[] }>()
      .actions.filter((a) => a.action !== 'keep')
  const set = (...pairs: string[]) => ok('init', ...pairs.flatMap((x) => ['--set', x]))

  it('NAT comes, multiplies and goes by the config alone, and leaves nothing behind', async () => {
    const ec2 = new EC2Client(clientConfig(account))
    const nats = async () =>
      ((await ec2.send(new DescribeNatGatewaysCommand({}))).NatGateways ?? []).filter((n) => n.State !== 'deleted').length
    const addresses = async () => (await ec2.send(new DescribeAddressesCommand({}))).Addresses?.length
    const ways = async () => {
      const tables =
        (await ec2.send(new DescribeRouteTablesCommand({ Filters: [{ Name: 'tag:Type', Values: ['Private'] }] }))).RouteTables ??
        []
      return tables.map((t) => [t.Associations?.length, t.Routes?.filter((r) => r.NatGatewayId).length])
    }
    await ok('create', 'vpc', '--yes')
    expect([await nats(), await addresses(), await ways()]).toEqual([0, 0, [[2, 0]]])

    await set('vpc.nat=single')
    expect((await actions('vpc')).map((a) => `${a.action} ${a.key}`)).toEqual([
      'create nat-eip',
      'create nat-gateway',
      'create private-default-route',
    ])
    await ok('create', 'vpc', '--yes')
    expect([await nats(), await addresses(), await ways()]).toEqual([1, 1, [[2, 1]]])

    await set('vpc.nat=perAz')
    await ok('create', 'vpc', '--yes')
    expect([await nats(), await addresses(), (await ways()).sort()]).toEqual([
      2,
      2,
      [
        [1, 1],
        [1, 1],
      ],
    ])

    await set('vpc.nat=none')
    expect((await actions('vpc')).filter((a) => a.action === 'delete')).toHaveLength(7)
    await ok('create', 'vpc', '--yes')
    expect([await nats(), await addresses(), await ways()]).toEqual([0, 0, [[2, 0]]])
    expect(await actions('vpc')).toEqual([])
    await ok('destroy', '--yes')
    expect(Object.keys((await p.state()).resources)).toEqual([])
  })

  it('what was deleted outside is noticed and built again; what was altered is put right', async () => {
    await ok('create', '--yes')
    const rows = (await p.state()).resources
    const id = (key: string) => String(rows[key]?.attrs?.id)
    const ec2 = new EC2Client(clientConfig(account))
    await ec2.send(
      new RevokeSecurityGroupIngressCommand({
        GroupId: id('bastion-security-group'),
        SecurityGroupRuleIds: [id('bastion-ssh-rule')],
      }),
    )
    await new CloudWatchClient(clientConfig(account)).send(
      new DeleteAlarmsCommand({ AlarmNames: ['startupwebapp-rds-cpu-high'] }),
    )
    await ec2.send(new DeleteTagsCommand({ Resources: [id('private-subnet-1')], Tags: [{ Key: 'Application' }] }))
    await ec2.send(new CreateTagsCommand({ Resources: [id('private-subnet-1')], Tags: [{ Key: 'CostCenter', Value: '7' }] }))
    const plan = await actions()
    expect(plan.map((a) => `${a.action} ${a.key}`).sort()).toEqual([
      'create bastion-ssh-rule',
      'create cpu-high-alarm',
      'update private-subnet-1',
    ])
    expect(plan.find((a) => a.key === 'cpu-high-alarm')?.reason).toContain('deleted outside')
    const status = await ok('status')
    expect(status.stdout).toContain('bastion-ssh-rule was deleted outside of infra')
    await ok('create', '--yes')
    expect(await actions()).toEqual([])
  })

  it('thresholds and the SSH address are changed in place; the VPC’s block never is', async () => {
    await ok('create', '--yes')
    const before = (await p.state()).resources
    await set('monitoring.alarms.cpu.threshold=85', 'securityGroups.bastionCidr=198.51.100.9/32')
    expect((await actions()).map((a) => `${a.action} ${a.key} ${a.reason}`)).toEqual([
      'update bastion-ssh-rule cidr: 203.0.113.7/32 -> 198.51.100.9/32',
      'update cpu-high-alarm threshold: 70 -> 85',
    ])
    await ok('create', '--yes')
    const alarms = await new CloudWatchClient(clientConfig(account)).send(
      new DescribeAlarmsCommand({ AlarmNames: ['startupwebapp-rds-cpu-high'] }),
    )
    expect(alarms.MetricAlarms?.[0]?.Threshold).toBe(85)
    expect((await p.state()).resources['bastion-ssh-rule']?.attrs).toEqual(before['bastion-ssh-rule']?.attrs)

    await set('vpc.cidr=10.1.0.0/16')
    const r = await p.run('create', '--yes')
    expect(r.code).toBe(2)
    expect(r.stderr).toContain('vpc: cidr is 10.0.0.0/16 and cannot become 10.1.0.0/16')
  })

  it('a lost state costs nothing: everything is found by tags and names, nothing is made twice', async () => {
    await ok('create', '--yes')
    const before = (await p.state()).resources
    await rm(join(p.dir, 'state'), { recursive: true })
    expect(await actions()).toEqual([])
    await ok('create', '--yes')
    const after = (await p.state()).resources
    expect(Object.keys(after)).toEqual(Object.keys(before))
    // The subscription's ARN is told only once it is confirmed, so it is not the same as after the first run.
    for (const key of Object.keys(before))
      if (!key.startsWith('alerts-email')) expect(after[key]?.attrs, key).toEqual(before[key]?.attrs)
    expect(
      (
        await new EC2Client(clientConfig(account)).send(
          new DescribeVpcsCommand({ Filters: [{ Name: 'isDefault', Values: ['false'] }] }),
        )
      ).Vpcs,
    ).toHaveLength(1)
    await ok('destroy', '--yes', '--confirm', 'startupwebapp')
  })

  it('two environments of one project live side by side in one account', async () => {
    await ok('create', '--yes')
    await ok('create', '--yes', '--env', 'staging', '--new-env')
    const [production, staging] = [(await p.state()).resources, (await p.state('staging.json')).resources]
    expect(Object.keys(staging)).toEqual(Object.keys(production))
    const names = (rows: Record<string, unknown>) =>
      Object.values(rows).map((r) => (r as { name: string; type: string }).type + (r as { name: string }).name)
    const shared = names(production).filter((n) => names(staging).includes(n))
    expect(shared).toEqual(['sns.subscriptionops@example.com'])
    await ok('destroy', '--yes', '--confirm', 'startupwebapp', '--env', 'staging')
    expect(await actions()).toEqual([])
  })

  it('an rds-monitoring-role that was there before is used, never changed and never deleted', async () => {
    const iam = new IAMClient(clientConfig(account))
    const trust = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'monitoring.rds.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    })
    await iam.send(new CreateRoleCommand({ RoleName: 'rds-monitoring-role', AssumeRolePolicyDocument: trust }))
    await iam.send(
      new AttachRolePolicyCommand({
        RoleName: 'rds-monitoring-role',
        PolicyArn: 'arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole',
      }),
    )
    await ok('create', '--yes')
    expect((await p.state()).resources['rds-monitoring-role']).toMatchObject({ adopted: true })
    await ok('destroy', '--yes', '--confirm', 'startupwebapp')
    expect((await iam.send(new GetRoleCommand({ RoleName: 'rds-monitoring-role' }))).Role?.RoleName).toBe('rds-monitoring-role')
  })

  it('a new key in the config joins the secret; what a person put there stays', async () => {
    await ok('create', 'secrets', '--yes')
    const client = new SecretsManagerClient(clientConfig(account))
    const SecretId = 'rds/startupwebapp/multi-tenant/master'
    const read = async () =>
      JSON.parse((await client.send(new GetSecretValueCommand({ SecretId }))).SecretString ?? '{}') as Record<string, unknown>
    const before = await read()
    await client.send(
      new PutSecretValueCommand({
        SecretId,
        SecretString: JSON.stringify({ ...before, stripe_secret_key: 'the-real-one', extra: 'by hand' }),
      }),
    )
    await set('secrets.database.keys.sentry_dsn={ placeholder: CHANGE_ME }')
    await ok('create', 'secrets', '--yes')
    expect(await read()).toEqual({ ...before, stripe_secret_key: 'the-real-one', extra: 'by hand', sentry_dsn: 'CHANGE_ME' })
  })

  it('a security group of someone else with our name is left alone and said', async () => {
    await ok('create', 'vpc', '--yes')
    const { CreateSecurityGroupCommand } = await import('@aws-sdk/client-ec2')
    const ec2 = new EC2Client(clientConfig(account))
    const VpcId = String((await p.state()).resources.vpc?.attrs?.id)
    const { GroupId } = await ec2.send(
      new CreateSecurityGroupCommand({ GroupName: 'startupwebapp-rds-sg', Description: 'by hand', VpcId }),
    )
    const r = await p.run('create', 'security-groups', '--yes')
    expect(r.code).toBe(2)
    expect(r.stderr).toContain('the name startupwebapp-rds-sg is taken by the security group')
    expect(Object.keys((await p.state()).resources)).not.toContain('bastion-security-group')
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId }))
    await ok('create', 'security-groups', '--yes')
  })
})
