import * as EC2 from '@aws-sdk/client-ec2'
import * as ECS from '@aws-sdk/client-ecs'
import * as ELB from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { page } from '../support/credentials.ts'
import { startMoto, type TestServer } from '../support/moto.ts'
import { type Clients, clients, given, refusal, vpcWithSubnets } from './support.ts'

const MAPPED = 'has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.'

describe.skipIf(!inject('motoUrl'))('network interfaces that other services of AWS make', () => {
  let server: TestServer
  let aws: Clients
  let elb: ELB.ElasticLoadBalancingV2Client
  let net: Awaited<ReturnType<typeof vpcWithSubnets>>
  let InternetGatewayId = ''
  beforeAll(async () => {
    server = await startMoto('0,interfaces=300')
  })
  beforeEach(async () => {
    aws = await clients(server.url)
    elb = new ELB.ElasticLoadBalancingV2Client(aws.config)
    net = await vpcWithSubnets(aws)
    InternetGatewayId = given((await aws.ec2.send(new EC2.CreateInternetGatewayCommand({}))).InternetGateway?.InternetGatewayId)
  })
  afterAll(async () => await server.stop())

  const attach = () => aws.ec2.send(new EC2.AttachInternetGatewayCommand({ InternetGatewayId, VpcId: net.VpcId }))
  const detach = () => refusal(aws.ec2.send(new EC2.DetachInternetGatewayCommand({ InternetGatewayId, VpcId: net.VpcId })))
  const deleteSubnet = () => refusal(aws.ec2.send(new EC2.DeleteSubnetCommand({ SubnetId: net.first })))
  const pass = async (seconds: number) => (await page(server.url, '/infra-sandbox/pass', JSON.stringify({ seconds }))).status
  const interfaces = async () => {
    const Filters = [{ Name: 'vpc-id', Values: [net.VpcId] }]
    return (await aws.ec2.send(new EC2.DescribeNetworkInterfacesCommand({ Filters }))).NetworkInterfaces ?? []
  }
  const group = async (GroupName: string) =>
    given((await aws.ec2.send(new EC2.CreateSecurityGroupCommand({ GroupName, Description: 'd', VpcId: net.VpcId }))).GroupId)
  const balancer = async (more: Partial<ELB.CreateLoadBalancerCommandInput> = {}) => {
    const made = await elb.send(new ELB.CreateLoadBalancerCommand({ Name: 'web', Subnets: net.subnets, ...more }))
    return given(made.LoadBalancers?.[0]?.LoadBalancerArn)
  }

  it('a load balancer in the internet needs an attached internet gateway; one inside does not', async () => {
    expect(await refusal(balancer())).toBe(`InvalidSubnetException: VPC ${net.VpcId} has no internet gateway`)
    expect(await refusal(balancer({ Scheme: 'internal' }))).toBe('no error')
  })

  it('a load balancer has one in each subnet, with a public address, and AWS frees them some time after it is gone', async () => {
    await attach()
    const GroupId = await group('alb')
    const arn = await balancer({ SecurityGroups: [GroupId] })
    const all = await interfaces()
    expect(all.map((n) => n.SubnetId).sort()).toEqual([...net.subnets].sort())
    for (const n of all)
      expect(n).toMatchObject({
        Description: `ELB ${arn.split(':loadbalancer/')[1]}`,
        InterfaceType: 'interface',
        RequesterId: 'amazon-elb',
        RequesterManaged: true,
        Status: 'in-use',
        Groups: [{ GroupId }],
        Attachment: { InstanceOwnerId: 'amazon-elb', Status: 'attached' },
        Association: { IpOwnerId: 'amazon-elb', PublicIp: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/) },
      })
    await elb.send(new ELB.DeleteLoadBalancerCommand({ LoadBalancerArn: arn }))
    const { LoadBalancers } = await elb.send(new ELB.DescribeLoadBalancersCommand({}))
    expect(LoadBalancers).toEqual([])
    const removeGroup = () => refusal(aws.ec2.send(new EC2.DeleteSecurityGroupCommand({ GroupId })))
    const refused = [
      `DependencyViolation: Network ${net.VpcId} ${MAPPED}`,
      `DependencyViolation: resource ${GroupId} has a dependent object`,
      `DependencyViolation: The subnet '${net.first}' has dependencies and cannot be deleted.`,
    ]
    expect([await detach(), await removeGroup(), await deleteSubnet()]).toEqual(refused)
    await pass(200)
    expect([await detach(), await removeGroup(), await deleteSubnet()]).toEqual(refused)
    await pass(101)
    expect([await detach(), await removeGroup(), await deleteSubnet()]).toEqual(Array(3).fill('no error'))
    expect(await interfaces()).toEqual([])
  })

  it('of a load balancer inside they have no public address, and follow its subnets and groups', async () => {
    await attach()
    const LoadBalancerArn = await balancer({ Scheme: 'internal' })
    expect((await interfaces()).map((n) => n.Association)).toEqual([undefined, undefined])
    expect(await detach()).toBe('no error')
    const GroupId = await group('other')
    await elb.send(new ELB.SetSecurityGroupsCommand({ LoadBalancerArn, SecurityGroups: [GroupId] }))
    expect((await interfaces()).map((n) => n.Groups?.[0]?.GroupId)).toEqual([GroupId, GroupId])
    const wish = { VpcId: net.VpcId, AvailabilityZone: 'us-east-1c', CidrBlock: '10.0.9.0/24' }
    const third = given((await aws.ec2.send(new EC2.CreateSubnetCommand(wish))).Subnet?.SubnetId)
    await elb.send(new ELB.SetSubnetsCommand({ LoadBalancerArn, Subnets: [given(net.subnets[1]), third] }))
    await pass(301)
    expect((await interfaces()).map((n) => n.SubnetId).sort()).toEqual([given(net.subnets[1]), third].sort())
    expect(await deleteSubnet()).toBe('no error')
  })

  it('a task of Fargate has one; with a public address it keeps the gateway until AWS has freed it', async () => {
    await attach()
    const { ecs } = aws
    await ecs.send(new ECS.CreateClusterCommand({ clusterName: 'shop' }))
    await ecs.send(
      new ECS.RegisterTaskDefinitionCommand({
        family: 'job',
        requiresCompatibilities: ['FARGATE'],
        networkMode: 'awsvpc',
        cpu: '256',
        memory: '512',
        containerDefinitions: [{ name: 'job', image: 'public.ecr.aws/docker/library/postgres:17' }],
      }),
    )
    const run = async (assignPublicIp: 'ENABLED' | 'DISABLED') => {
      const networkConfiguration = { awsvpcConfiguration: { subnets: [net.first], assignPublicIp } }
      const launch = { cluster: 'shop', taskDefinition: 'job', launchType: 'FARGATE', networkConfiguration } as const
      return given((await ecs.send(new ECS.RunTaskCommand(launch))).tasks?.[0])
    }
    const inside = await run('DISABLED')
    const [hidden] = await interfaces()
    expect(hidden).toMatchObject({
      Description: `arn:aws:ecs:us-east-1:${aws.accountId}:attachment/${inside.attachments?.[0]?.id}`,
      InterfaceType: 'interface',
      RequesterManaged: true,
      Status: 'in-use',
    })
    expect(hidden?.Association).toBeUndefined()
    const task = await run('ENABLED')
    const open = (await interfaces()).find((n) => n.Association)
    expect(open).toMatchObject({
      Description: expect.stringContaining(given(task.attachments?.[0]?.id)),
      Association: { IpOwnerId: 'amazon', PublicIp: expect.any(String) },
    })
    for (const one of [inside, task]) await ecs.send(new ECS.StopTaskCommand({ cluster: 'shop', task: one.taskArn }))
    expect(await detach()).toContain(MAPPED)
    await pass(301)
    expect([await detach(), await deleteSubnet(), await interfaces()]).toEqual(['no error', 'no error', []])
  })

  it('a NAT gateway has one', async () => {
    await attach()
    const { AllocationId } = await aws.ec2.send(new EC2.AllocateAddressCommand({ Domain: 'vpc' }))
    const made = await aws.ec2.send(new EC2.CreateNatGatewayCommand({ SubnetId: net.first, AllocationId }))
    const NatGatewayId = given(made.NatGateway?.NatGatewayId)
    expect(await interfaces()).toMatchObject([
      {
        Description: `Interface for NAT Gateway ${NatGatewayId}`,
        InterfaceType: 'nat_gateway',
        RequesterManaged: true,
        Status: 'in-use',
        Association: { AllocationId, PublicIp: expect.any(String) },
      },
    ])
    await aws.ec2.send(new EC2.DeleteNatGatewayCommand({ NatGatewayId }))
    expect(await interfaces()).toEqual([])
  })

  it('a VPC endpoint has one in each subnet; it is gone some time after it was deleted', async () => {
    const GroupId = await group('GuardDutyManagedSecurityGroup')
    const made = await aws.ec2.send(
      new EC2.CreateVpcEndpointCommand({
        VpcId: net.VpcId,
        VpcEndpointType: 'Interface',
        ServiceName: 'com.amazonaws.us-east-1.guardduty-data',
        SubnetIds: net.subnets,
        SecurityGroupIds: [GroupId],
        TagSpecifications: [{ ResourceType: 'vpc-endpoint', Tags: [{ Key: 'GuardDutyManaged', Value: 'true' }] }],
      }),
    )
    const id = given(made.VpcEndpoint?.VpcEndpointId)
    const all = await interfaces()
    expect(all).toHaveLength(2)
    expect(all[0]).toMatchObject({
      Description: `VPC Endpoint Interface ${id}`,
      InterfaceType: 'vpc_endpoint',
      RequesterManaged: true,
      Groups: [{ GroupId }],
    })
    const state = async () => {
      const by = async (Name: string, value: string) => {
        const Filters = [{ Name, Values: [value] }]
        return (await aws.ec2.send(new EC2.DescribeVpcEndpointsCommand({ Filters }))).VpcEndpoints?.map((e) => e.State)
      }
      const found = await by('vpc-id', net.VpcId)
      expect(await by('vpc-endpoint-id', id)).toEqual(found)
      expect(await by('vpc-endpoint-id', 'vpce-0')).toEqual([])
      return found
    }
    expect(await state()).toEqual(['available'])
    const removeGroup = () => refusal(aws.ec2.send(new EC2.DeleteSecurityGroupCommand({ GroupId })))
    expect([await deleteSubnet(), await removeGroup()]).toEqual(Array(2).fill(expect.stringContaining('DependencyViolation')))
    await aws.ec2.send(new EC2.DeleteVpcEndpointsCommand({ VpcEndpointIds: [id] }))
    expect(await state()).toEqual(['deleting'])
    expect(await deleteSubnet()).toContain('DependencyViolation')
    await pass(301)
    expect([await state(), await deleteSubnet(), await removeGroup()]).toEqual([[], 'no error', 'no error'])
  })
})
