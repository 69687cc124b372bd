import { describe, expect, it } from 'vitest'
import { ElasticIp } from '../../../src/kinds/ec2/elastic-ip.ts'
import { HOLDER_ACTIONS, hasPublicAddress, holdersIn } from '../../../src/kinds/ec2/interfaces.ts'
import { InternetGatewayAttachment } from '../../../src/kinds/ec2/internet-gateway.ts'
import { type Answers, aws, awsError, cloud } from '../support/cloud.ts'
import { Run } from '../support/run.ts'

const ELB = 'ELB app/web/50dc6c495c0c9188'
const TASK = 'arn:aws:ecs:us-east-1:111122223333:attachment/'
const interfaces = (...all: object[]) => ({
  DescribeNetworkInterfaces: {
    NetworkInterfaces: all.map((n, i) => ({
      NetworkInterfaceId: `eni-${i + 1}`,
      AvailabilityZone: 'us-east-1a',
      Status: 'in-use',
      RequesterManaged: true,
      ...n,
    })),
  },
})
const inGroup = (answers: Answers) => {
  const account = cloud(answers)
  return holdersIn(aws, 'group-id', 'sg-1').then((blockers) => ({ blockers, account }))
}

describe('what holds a network interface is told in words', () => {
  it.each<[string, object, string]>([
    ['a load balancer that is gone', { Description: ELB }, 'of the load balancer web'],
    ['one that passes packets on', { Description: 'ELB net/pipe/0123' }, 'of the load balancer pipe'],
    ['a classic one', { Description: 'ELB old' }, 'of the classic load balancer old'],
    ['a task', { Description: `${TASK}1` }, 'of an ECS task'],
    [
      'a task whose service is known',
      { Description: `${TASK}1`, TagSet: [{ Key: 'aws:ecs:serviceName', Value: 'api' }] },
      'of a task of the ECS service api',
    ],
    ['a NAT gateway', { Description: 'Interface for NAT Gateway nat-1' }, 'of the NAT gateway nat-1'],
    [
      'a function',
      { Description: 'AWS Lambda VPC ENI-resize-image-1a2b3c4d-1111-2222-3333-aaaabbbbcccc', InterfaceType: 'lambda' },
      'of the Lambda function resize-image',
    ],
    ['a database', { Description: 'RDSNetworkInterface' }, 'of an RDS database'],
    ['a cache', { Description: 'ElastiCache shop-001' }, 'of the ElastiCache cluster shop-001'],
    ['a file system', { Description: 'EFS mount target for fs-1 (fsmt-2)', InterfaceType: 'efs' }, 'of the EFS file system fs-1'],
    ['something that AWS makes', { Description: 'of tomorrow' }, 'of eni-1 (of tomorrow)'],
    ['something without a word', { InterfaceType: 'quicksight' }, 'of eni-1 (quicksight)'],
    ['something of the account, in use', { RequesterManaged: false }, 'of eni-1'],
  ])('%s', async (_, n, words) => {
    const late = !('RequesterManaged' in n)
    const { blockers } = await inGroup({
      ...interfaces(n),
      DescribeLoadBalancers: awsError('LoadBalancerNotFoundException'),
      DescribeNatGateways: { NatGateways: [{ NatGatewayId: 'nat-1', State: 'deleting' }] },
    })
    expect(blockers).toEqual([{ what: `the network interface ${words}`, freedLate: late }])
  })

  it('several of one owner are told once', async () => {
    const { blockers, account } = await inGroup({
      ...interfaces({ Description: ELB }, { Description: ELB }, { Description: `${TASK}1` }, { Description: `${TASK}2` }),
      DescribeLoadBalancers: { LoadBalancers: [] },
    })
    expect(blockers).toEqual([
      { what: '2 network interfaces of the load balancer web', freedLate: true },
      { what: '2 network interfaces of an ECS task', freedLate: true },
    ])
    expect(HOLDER_ACTIONS).toEqual(expect.arrayContaining([...account.actions]))
  })

  it('all pages are read', async () => {
    const [one] = interfaces({ Description: ELB }).DescribeNetworkInterfaces.NetworkInterfaces
    const { blockers } = await inGroup({
      DescribeNetworkInterfaces: (i: { NextToken?: string }) => ({
        NetworkInterfaces: [one],
        ...(i.NextToken ? {} : { NextToken: 'b' }),
      }),
      DescribeLoadBalancers: { LoadBalancers: [] },
    })
    expect(blockers).toMatchObject([{ what: expect.stringContaining('2 network interfaces') }])
  })
})

describe('what never goes by itself comes with the command that removes it', () => {
  const endpoint = (more: object) => ({
    ...interfaces({ Description: 'VPC Endpoint Interface vpce-1', InterfaceType: 'vpc_endpoint' }),
    DescribeVpcEndpoints: {
      VpcEndpoints: [{ VpcEndpointId: 'vpce-1', State: 'available', ServiceName: 'com.amazonaws.us-east-1.ssm', ...more }],
    },
  })
  const guardDuty = {
    ServiceName: 'com.amazonaws.us-east-1.guardduty-data',
    Tags: [{ Key: 'GuardDutyManaged', Value: 'true' }],
    Groups: [{ GroupId: 'sg-9', GroupName: 'GuardDutyManagedSecurityGroup-vpc-1' }],
  }
  it.each<[string, Answers, string, string]>([
    [
      'a load balancer that is still there',
      {
        ...interfaces({ Description: ELB }),
        DescribeLoadBalancers: { LoadBalancers: [{ LoadBalancerName: 'web', LoadBalancerArn: 'arn:web' }] },
      },
      'the load balancer web',
      'aws elbv2 delete-load-balancer --load-balancer-arn arn:web --region us-east-1',
    ],
    [
      'a NAT gateway that nobody is deleting',
      {
        ...interfaces({ Description: 'Interface for NAT Gateway nat-1' }),
        DescribeNatGateways: { NatGateways: [{ NatGatewayId: 'nat-1', State: 'available' }] },
      },
      'the NAT gateway nat-1',
      'aws ec2 delete-nat-gateway --nat-gateway-id nat-1 --region us-east-1',
    ],
    [
      'an endpoint',
      endpoint({}),
      'the VPC endpoint vpce-1',
      'aws ec2 delete-vpc-endpoints --vpc-endpoint-ids vpce-1 --region us-east-1',
    ],
    [
      'the endpoint of GuardDuty, and its security group',
      endpoint(guardDuty),
      'the VPC endpoint vpce-1 (made by GuardDuty Runtime Monitoring, which leaves it there)',
      'aws ec2 delete-vpc-endpoints --vpc-endpoint-ids vpce-1 --region us-east-1; some minutes later: aws ec2 delete-security-group --group-id sg-9 --region us-east-1',
    ],
    [
      'an instance',
      {
        ...interfaces({ RequesterManaged: false, Attachment: { InstanceId: 'i-1' } }),
        DescribeInstances: { Reservations: [{ Instances: [{ InstanceId: 'i-1', State: { Name: 'running' } }] }] },
      },
      'the instance i-1',
      'aws ec2 terminate-instances --instance-ids i-1 --region us-east-1',
    ],
    [
      'an interface that somebody made and nothing uses',
      interfaces({ RequesterManaged: false, Status: 'available', Description: 'mine' }),
      'eni-1 (mine)',
      'aws ec2 delete-network-interface --network-interface-id eni-1 --region us-east-1',
    ],
  ])('%s', async (_, answers, what, remedy) => {
    const { blockers, account } = await inGroup(answers)
    expect(blockers).toEqual([{ what: `the network interface of ${what}`, remedy }])
    expect(HOLDER_ACTIONS).toEqual(expect.arrayContaining([...account.actions]))
  })

  it.each<[string, Answers]>([
    ['an endpoint that is being deleted', endpoint({ ...guardDuty, State: 'deleting' })],
    ['an endpoint that is not listed any more', { ...endpoint({}), DescribeVpcEndpoints: { VpcEndpoints: [] } }],
    ['an endpoint that may not be looked at', { ...endpoint({}), DescribeVpcEndpoints: awsError('UnauthorizedOperation') }],
    [
      'an instance that shuts down',
      {
        ...interfaces({ RequesterManaged: false, Attachment: { InstanceId: 'i-1' } }),
        DescribeInstances: { Reservations: [{ Instances: [{ State: { Name: 'shutting-down' } }] }] },
      },
    ],
  ])('but %s is waited for', async (_, answers) => {
    const { blockers } = await inGroup(answers)
    expect(blockers).toMatchObject([{ what: expect.any(String) }])
    expect(blockers[0]?.remedy).toBeUndefined()
  })
})

describe('the internet gateway', () => {
  const mapped = awsError('DependencyViolation', 'Network vpc-1 has some mapped public address(es). Please unmap those ...')
  const open = { Association: { PublicIp: '203.0.113.9', IpOwnerId: 'amazon-elb' } }

  it('is held only by what has a public address', async () => {
    expect(hasPublicAddress({})).toBe(false)
    expect(hasPublicAddress({ PrivateIpAddresses: [{}, { Association: { PublicIp: '203.0.113.9' } }] })).toBe(true)
    const account = cloud({
      ...interfaces({ Description: ELB, ...open }, { Description: ELB, ...open }, { Description: 'RDSNetworkInterface' }),
      DescribeLoadBalancers: { LoadBalancers: [] },
    })
    expect(await InternetGatewayAttachment.blockers?.(aws, { gatewayId: 'igw-1', vpcId: 'vpc-1' })).toEqual([
      { what: '2 public addresses of the load balancer web', freedLate: true },
    ])
    expect(InternetGatewayAttachment.facts.iam.delete).toEqual(expect.arrayContaining([...account.actions]))
  })

  it('is detached once AWS has taken the addresses back, also after half an hour', async () => {
    const run = new Run(InternetGatewayAttachment)
    let attached = false
    const began = run.clock.now()
    const held = () => run.clock.now() - began < 30 * 60_000
    const account = cloud({
      DescribeInternetGateways: () => ({
        InternetGateways: [{ InternetGatewayId: 'igw-1', Attachments: attached ? [{ State: 'available', VpcId: 'vpc-1' }] : [] }],
      }),
      AttachInternetGateway: () => {
        attached = true
        return {}
      },
      DetachInternetGateway: () => {
        if (held()) return mapped
        attached = false
        return {}
      },
      DescribeNetworkInterfaces: () => (held() ? interfaces({ Description: ELB, ...open }).DescribeNetworkInterfaces : {}),
      DescribeLoadBalancers: { LoadBalancers: [] },
    })
    await run.create({ gatewayId: 'igw-1', vpcId: 'vpc-1' })
    await run.destroy()
    expect(attached).toBe(false)
    expect(run.clock.now() - began).toBeLessThan(31 * 60_000)
    expect(run.waited()[0]).toBe(`in use by the public address of the load balancer web; AWS frees that within minutes`)
    expect(account.sent.filter(([name]) => name === 'DetachInternetGateway').length).toBeLessThan(350)
  })
})

describe('an Elastic IP', () => {
  it('that a NAT gateway has not given back yet is in use, though EC2 calls that missing permission', async () => {
    const run = new Run(ElasticIp)
    let [given, there] = [0, true]
    const denied = awsError('AuthFailure', 'You do not have permission to access the specified resource.')
    cloud({
      AllocateAddress: { AllocationId: 'eipalloc-1', PublicIp: '203.0.113.7' },
      DescribeAddresses: () => ({
        Addresses: there
          ? [
              {
                AllocationId: 'eipalloc-1',
                PublicIp: '203.0.113.7',
                ...(given < 3 ? { NetworkInterfaceId: 'eni-1', AssociationId: 'a' } : {}),
              },
            ]
          : [],
      }),
      ReleaseAddress: () => {
        if (given++ < 3) return denied
        there = false
        return {}
      },
      ...interfaces({ Description: 'Interface for NAT Gateway nat-1' }),
      DescribeNatGateways: { NatGateways: [{ NatGatewayId: 'nat-1', State: 'deleted' }] },
    })
    await run.create({})
    await run.destroy()
    expect(there).toBe(false)
    expect(run.waited()[0]).toBe(`in use by the network interface of the NAT gateway nat-1; AWS frees that within minutes`)
  })

  it('of another account: then it is missing permission', async () => {
    cloud({ ReleaseAddress: awsError('AuthFailure', 'You do not have permission'), DescribeAddresses: { Addresses: [] } })
    await expect(ElasticIp.delete(aws, { id: 'eipalloc-1', ip: '' }, {})).rejects.toThrow('You do not have permission')
  })
})
