import { describe, expect, it } from 'vitest'
import { differing } from '../../../src/engine/compare.ts'
import { SecurityGroup } from '../../../src/kinds/ec2/security-group.ts'
import { SecurityGroupRule } from '../../../src/kinds/ec2/security-group-rule.ts'
import { Subnet } from '../../../src/kinds/ec2/subnet.ts'
import { Vpc } from '../../../src/kinds/ec2/vpc.ts'
import { aws, awsError, cloud, stamp, TAG_LIST } from '../support/cloud.ts'
import { listing } from '../support/fixture.ts'

describe('security group rule', () => {
  const want = { groupId: 'sg-1', port: 5432, cidr: '203.0.113.7/32', description: 'me' }
  const rule = {
    SecurityGroupRuleId: 'sgr-1',
    GroupId: 'sg-1',
    IsEgress: false,
    IpProtocol: 'tcp',
    FromPort: 5432,
    ToPort: 5432,
    CidrIpv4: '203.0.113.7/32',
    Tags: [],
  }
  const look = (...rules: object[]) => {
    const all = rules.map((r) => ({ ...rule, ...r }))
    cloud({ DescribeSecurityGroupRules: listing('SecurityGroupRules', all, { 'group-id': (r) => r.GroupId }) })
    return SecurityGroupRule.observe(aws, stamp, want)
  }

  it('is found by what it lets in when nobody recorded it and it has no tags', async () => {
    expect(await look({ SecurityGroupRuleId: 'sgr-0', FromPort: 22, ToPort: 22 }, {})).toMatchObject({ attrs: { id: 'sgr-1' } })
  })

  it.each([
    ['another port', { FromPort: 5433, ToPort: 5433 }],
    ['a range of ports', { ToPort: 5440 }],
    ['another source', { CidrIpv4: '198.51.100.1/32' }],
    ['a group as its source', { CidrIpv4: undefined, ReferencedGroupInfo: { GroupId: 'sg-2' } }],
    ['another protocol', { IpProtocol: 'udp' }],
    ['the way out', { IsEgress: true }],
    ['another group', { GroupId: 'sg-2' }],
  ])('is not taken for one with %s', async (_, other) => {
    expect((await look(other)).is).toBe('absent')
  })

  it('with our tags is ours even when somebody bent its source: that is a change', async () => {
    const seen = await look({ Tags: TAG_LIST, CidrIpv4: '0.0.0.0/0' })
    expect(seen.is !== 'absent' && differing(seen.props, want)).toEqual(['cidr'])
  })

  it('from an address sends the range, and no group', async () => {
    const account = cloud({ AuthorizeSecurityGroupIngress: { SecurityGroupRules: [{ SecurityGroupRuleId: 'sgr-1' }] } })
    await SecurityGroupRule.create(aws, want, stamp)
    expect(account.sent[0]?.[1]).toMatchObject({
      IpPermissions: [{ IpRanges: [{ CidrIp: '203.0.113.7/32', Description: 'me' }] }],
    })
    expect(JSON.stringify(account.sent)).not.toContain('UserIdGroupPairs')
  })

  it('without an id in the answer is an error, not a rule that nobody can find', async () => {
    cloud({ AuthorizeSecurityGroupIngress: {} })
    await expect(SecurityGroupRule.create(aws, want, stamp)).rejects.toThrow('security group rule id')
  })
})

describe('security group', () => {
  const group = { GroupId: 'sg-1', GroupName: stamp.name, VpcId: 'vpc-2', Tags: TAG_LIST }
  const fields = {
    'group-id': (g: { GroupId?: unknown }) => g.GroupId,
    'group-name': (g: { GroupName?: unknown }) => g.GroupName,
    'vpc-id': (g: { VpcId?: unknown }) => g.VpcId,
  }
  it('of the same name in another VPC is another group', async () => {
    cloud({ DescribeSecurityGroups: listing('SecurityGroups', [group], fields) })
    expect((await SecurityGroup.observe(aws, stamp, { vpcId: 'vpc-1', description: 'x' })).is).toBe('absent')
  })

  it('recorded and not listed by tag is asked for by its id, not by its name', async () => {
    const other = { ...group, GroupId: 'sg-9', VpcId: 'vpc-1', Tags: [] }
    cloud({ DescribeSecurityGroups: listing('SecurityGroups', [other], fields) })
    expect((await SecurityGroup.observe(aws, stamp, { vpcId: 'vpc-1', description: 'x' }, { id: 'sg-1' })).is).toBe('absent')
  })
})

describe('blockers', () => {
  const interfaces = { NetworkInterfaces: [{ NetworkInterfaceId: 'eni-1', Description: 'RDSNetworkInterface' }] }
  const words = { what: 'the network interface of an RDS database', freedLate: true }

  it('of a security group: interfaces, and rules of other groups that name it', async () => {
    const named = { ReferencedGroupInfo: { GroupId: 'sg-1' } }
    const account = cloud({
      DescribeNetworkInterfaces: interfaces,
      DescribeSecurityGroups: (i: { Filters: { Name: string }[] }) => ({
        SecurityGroups: [
          { GroupId: 'sg-1', GroupName: 'self' },
          ...(i.Filters[0]?.Name.startsWith('egress') ? [] : [{ GroupId: 'sg-2', GroupName: 'app' }]),
        ],
      }),
      DescribeSecurityGroupRules: {
        SecurityGroupRules: [
          { SecurityGroupRuleId: 'sgr-1', IsEgress: false, ...named },
          { SecurityGroupRuleId: 'sgr-2', IsEgress: true, ...named },
          { SecurityGroupRuleId: 'sgr-3', IsEgress: false, ReferencedGroupInfo: { GroupId: 'sg-7' } },
        ],
      },
    })
    expect(await SecurityGroup.blockers?.(aws, { id: 'sg-1' })).toEqual([
      words,
      {
        what: 'a rule of the security group sg-2 (app)',
        remedy: 'aws ec2 revoke-security-group-ingress --group-id sg-2 --security-group-rule-ids sgr-1',
      },
    ])
    expect(SecurityGroup.facts.iam.delete).toEqual(expect.arrayContaining([...account.actions]))
    expect(account.sent.map(([, input]) => input)).toEqual(
      [
        ['group-id', 'sg-1'],
        ['ip-permission.group-id', 'sg-1'],
        ['egress.ip-permission.group-id', 'sg-1'],
        ['group-id', 'sg-2'],
      ].map(([Name, id]) => ({ Filters: [{ Name, Values: [id] }] })),
    )
  })

  it('of a VPC: all that is left in it, each with its command, but not what goes with it', async () => {
    const account = cloud({
      DescribeNetworkInterfaces: interfaces,
      DescribeSecurityGroups: {
        SecurityGroups: [
          { GroupId: 'sg-0', GroupName: 'default', SecurityGroupArn: 'arn:aws:ec2:eu-west-1:1:security-group/sg-0' },
          { GroupId: 'sg-2', GroupName: 'app' },
          { GroupId: 'sg-3', GroupName: 'GuardDutyManagedSecurityGroup-vpc-1' },
        ],
      },
      DescribeSubnets: { Subnets: [{ SubnetId: 'subnet-1' }] },
      DescribeRouteTables: {
        RouteTables: [{ RouteTableId: 'rtb-0', Associations: [{ Main: true }] }, { RouteTableId: 'rtb-1' }],
      },
      DescribeInternetGateways: { InternetGateways: [{ InternetGatewayId: 'igw-1' }] },
      DescribeVpcEndpoints: {
        VpcEndpoints: [
          { VpcEndpointId: 'vpce-1', State: 'available', NetworkInterfaceIds: ['eni-9'] },
          { VpcEndpointId: 'vpce-2', State: 'available' },
          { VpcEndpointId: 'vpce-3', State: 'deleting' },
        ],
      },
    })
    const left = (await Vpc.blockers?.(aws, { id: 'vpc-1' })) ?? []
    expect(left.map((b) => b.what)).toEqual([
      words.what,
      'the security group sg-2 (app)',
      'the security group sg-3 (GuardDutyManagedSecurityGroup-vpc-1, made by GuardDuty Runtime Monitoring, which leaves it there)',
      'the subnet subnet-1',
      'the route table rtb-1',
      'the internet gateway igw-1',
      'the VPC endpoint vpce-2',
    ])
    for (const b of left.slice(1))
      expect(b).toMatchObject({ remedy: expect.stringMatching(/^aws ec2 \S+ .* --region eu-west-1$/) })
    expect(Vpc.facts.iam.delete).toEqual(expect.arrayContaining([...account.actions]))
  })

  it('of a subnet: interfaces', async () => {
    const account = cloud({ DescribeNetworkInterfaces: interfaces })
    expect(await Subnet.blockers?.(aws, { id: 'subnet-1' })).toEqual([words])
    expect(Subnet.facts.iam.delete).toEqual(expect.arrayContaining([...account.actions]))
  })
})

describe('VPC', () => {
  it('that is listed but was deleted a moment ago is absent', async () => {
    cloud({
      DescribeVpcs: { Vpcs: [{ VpcId: 'vpc-1', CidrBlock: '10.0.0.0/16', State: 'available', Tags: TAG_LIST }] },
      DescribeVpcAttribute: awsError('InvalidVpcID.NotFound'),
    })
    expect((await Vpc.observe(aws, stamp, {}, { id: 'vpc-1' })).is).toBe('absent')
  })

  it.each([
    ['pending', false],
    ['available', true],
  ])('in state %s is ready after the create: %s; DNS names are switched on once its id is recorded', async (State, isReady) => {
    cloud({ CreateVpc: { Vpc: { VpcId: 'vpc-1', State } } })
    const made = await Vpc.create(aws, { cidr: '10.0.0.0/16', dnsHostnames: true }, stamp)
    expect(made).toEqual({ attrs: { id: 'vpc-1' }, ready: isReady, props: { dnsHostnames: false } })
  })
})
