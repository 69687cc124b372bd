import * as EC2 from '@aws-sdk/client-ec2'
import * as RDS from '@aws-sdk/client-rds'
import * as SNS from '@aws-sdk/client-sns'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startMoto, type TestServer } from '../support/moto.ts'
import { pass } from './ecs.ts'
import { type Clients, clients, database, given, refusal, subnetGroup, vpcWithSubnets } from './support.ts'

// Longer than any test takes, on however slow a machine: what is over is over because the test moved the clock.
const SECONDS = 'rds=600,rds-delete=500,modify=400,nat=500,nat-delete=400,email=500'

describe.skipIf(!inject('motoUrl'))('things that take time', () => {
  let server: TestServer
  let aws: Clients
  beforeAll(async () => {
    server = await startMoto(SECONDS)
    aws = await clients(server.url)
  })
  afterAll(async () => await server.stop())

  it('a database: creating without an endpoint, available, modifying, deleting, gone', async () => {
    const net = await vpcWithSubnets(aws)
    const DBSubnetGroupName = await subnetGroup(aws, net.subnets)
    const { DBInstanceIdentifier } = database
    const described = async () =>
      given((await aws.rds.send(new RDS.DescribeDBInstancesCommand({ DBInstanceIdentifier }))).DBInstances?.[0])
    const status = async () => (await described()).DBInstanceStatus
    const modify = () =>
      aws.rds.send(new RDS.ModifyDBInstanceCommand({ DBInstanceIdentifier, BackupRetentionPeriod: 3, ApplyImmediately: true }))
    const remove = () => aws.rds.send(new RDS.DeleteDBInstanceCommand({ DBInstanceIdentifier, SkipFinalSnapshot: true }))

    await aws.rds.send(new RDS.CreateDBInstanceCommand({ ...database, DBSubnetGroupName }))
    const young = await described()
    expect([young.DBInstanceStatus, young.Endpoint]).toEqual(['creating', undefined])
    expect(await refusal(modify())).toContain('InvalidDBInstanceState')
    const last = { DBInstanceIdentifier, FinalDBSnapshotIdentifier: 'too-early' }
    expect(await refusal(aws.rds.send(new RDS.DeleteDBInstanceCommand(last)))).toContain('InvalidDBInstanceState')
    await pass(server.url, 300)
    expect(await status()).toBe('creating')
    await pass(server.url, 301)
    expect(await status()).toBe('available')
    expect((await described()).Endpoint?.Port).toBe(5432)

    await modify()
    expect(await status()).toBe('modifying')
    await pass(server.url, 401)
    expect(await status()).toBe('available')

    await remove()
    expect(await status()).toBe('deleting')
    expect(await refusal(remove())).toMatch(/InvalidDBInstanceState.*: .*already being deleted/)
    const group = () => refusal(aws.rds.send(new RDS.DeleteDBSubnetGroupCommand({ DBSubnetGroupName })))
    const subnet = () => refusal(aws.ec2.send(new EC2.DeleteSubnetCommand({ SubnetId: net.first })))
    expect([await group(), await subnet()]).toEqual([
      expect.stringContaining('InvalidDBSubnetGroupStateFault'),
      expect.stringContaining('DependencyViolation'),
    ])
    await pass(server.url, 501)
    expect(await refusal(described())).toContain('DBInstanceNotFound')
    expect([await subnet(), await group()]).toEqual(['no error', 'no error'])
  })

  it('a NAT gateway: pending, available, deleting, deleted; only then its address is free', async () => {
    const net = await vpcWithSubnets(aws)
    const igw = await aws.ec2.send(new EC2.CreateInternetGatewayCommand({}))
    const InternetGatewayId = given(igw.InternetGateway?.InternetGatewayId)
    await aws.ec2.send(new EC2.AttachInternetGatewayCommand({ InternetGatewayId, VpcId: net.VpcId }))
    const { AllocationId } = await aws.ec2.send(new EC2.AllocateAddressCommand({ Domain: 'vpc' }))
    const made = await aws.ec2.send(new EC2.CreateNatGatewayCommand({ SubnetId: net.first, AllocationId }))
    const NatGatewayId = given(made.NatGateway?.NatGatewayId)
    expect(made.NatGateway?.State).toBe('pending')
    const NatGatewayIds = [NatGatewayId]
    const state = async () => (await aws.ec2.send(new EC2.DescribeNatGatewaysCommand({ NatGatewayIds }))).NatGateways?.[0]?.State
    expect(await state()).toBe('pending')
    await pass(server.url, 501)
    expect(await state()).toBe('available')
    await aws.ec2.send(new EC2.DeleteNatGatewayCommand({ NatGatewayId }))
    expect(await state()).toBe('deleting')
    const release = () => refusal(aws.ec2.send(new EC2.ReleaseAddressCommand({ AllocationId })))
    const detach = () => refusal(aws.ec2.send(new EC2.DetachInternetGatewayCommand({ InternetGatewayId, VpcId: net.VpcId })))
    const subnet = () => refusal(aws.ec2.send(new EC2.DeleteSubnetCommand({ SubnetId: net.first })))
    expect([await release(), await detach(), await subnet()].map((r) => r.split(':')[0])).toEqual([
      'AuthFailure',
      'DependencyViolation',
      'DependencyViolation',
    ])
    await pass(server.url, 401)
    expect(await state()).toBe('deleted')
    expect([await release(), await detach(), await subnet()]).toEqual(['no error', 'no error', 'no error'])
  })

  it('an e-mail subscription: pending, then confirmed as if the person had clicked', async () => {
    const { TopicArn } = await aws.sns.send(new SNS.CreateTopicCommand({ Name: 'alerts' }))
    const wish = { TopicArn, Protocol: 'email', Endpoint: 'ops@example.com' }
    const answer = await aws.sns.send(new SNS.SubscribeCommand(wish))
    expect(answer.SubscriptionArn).toBe('pending confirmation')
    const arn = async () =>
      given((await aws.sns.send(new SNS.ListSubscriptionsByTopicCommand({ TopicArn }))).Subscriptions?.[0]?.SubscriptionArn)
    const counts = async () => (await aws.sns.send(new SNS.GetTopicAttributesCommand({ TopicArn }))).Attributes
    expect(await arn()).toBe('PendingConfirmation')
    const { Subscriptions } = await aws.sns.send(new SNS.ListSubscriptionsCommand({}))
    expect(Subscriptions?.map((s) => s.SubscriptionArn)).toEqual(['PendingConfirmation'])
    expect(await counts()).toMatchObject({ SubscriptionsPending: '1', SubscriptionsConfirmed: '0' })
    const { SubscriptionArn } = await aws.sns.send(new SNS.SubscribeCommand({ ...wish, ReturnSubscriptionArn: true }))
    const pending = async () =>
      (await aws.sns.send(new SNS.GetSubscriptionAttributesCommand({ SubscriptionArn }))).Attributes?.PendingConfirmation
    expect(await pending()).toBe('true')
    await pass(server.url, 501)
    expect(await arn()).toBe(SubscriptionArn)
    expect([await pending(), await counts()]).toEqual(['false', expect.objectContaining({ SubscriptionsConfirmed: '1' })])
  })
})
