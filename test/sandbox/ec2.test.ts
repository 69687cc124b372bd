import * as EC2 from '@aws-sdk/client-ec2'
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { type Clients, clients, given, refusal, tagged, vpcWithSubnets } from './support.ts'

const url = inject('motoUrl') ?? ''

describe.skipIf(!url)('EC2 in the sandbox', () => {
  let aws: Clients
  let net: Awaited<ReturnType<typeof vpcWithSubnets>>
  beforeAll(async () => {
    aws = await clients(url)
  })
  beforeEach(async () => {
    net = await vpcWithSubnets(aws)
  })

  const table = async (ClientToken?: string) => {
    const made = await aws.ec2.send(new EC2.CreateRouteTableCommand({ VpcId: net.VpcId, ClientToken }))
    return given(made.RouteTable?.RouteTableId)
  }
  const address = async () => given((await aws.ec2.send(new EC2.AllocateAddressCommand({ Domain: 'vpc' }))).AllocationId)
  const nat = async (AllocationId: string, ClientToken?: string, SubnetId = net.first) => {
    const made = await aws.ec2.send(new EC2.CreateNatGatewayCommand({ AllocationId, SubnetId, ClientToken }))
    return given(made.NatGateway?.NatGatewayId)
  }
  const attachGateway = async () => {
    const made = await aws.ec2.send(new EC2.CreateInternetGatewayCommand({}))
    const InternetGatewayId = given(made.InternetGateway?.InternetGatewayId)
    await aws.ec2.send(new EC2.AttachInternetGatewayCommand({ InternetGatewayId, VpcId: net.VpcId }))
    return InternetGatewayId
  }
  const group = async (GroupName: string) => {
    const wish = { GroupName, Description: 'd', VpcId: net.VpcId, TagSpecifications: tagged('security-group') }
    return await aws.ec2.send(new EC2.CreateSecurityGroupCommand(wish))
  }

  it('associates a subnet with one route table only, and the same pair again with the same answer', async () => {
    const [one, two] = [await table(), await table()]
    const associate = (RouteTableId: string) =>
      aws.ec2.send(new EC2.AssociateRouteTableCommand({ RouteTableId, SubnetId: net.first }))
    const first = await associate(one)
    expect((await associate(one)).AssociationId).toBe(first.AssociationId)
    expect(await refusal(associate(two))).toContain('Resource.AlreadyAssociated')
  })

  it('makes one route table and one NAT gateway for one client token', async () => {
    await attachGateway()
    const same = await table('token-1')
    expect([await table('token-1'), await table('token-2')]).toEqual([same, expect.not.stringMatching(same)])
    const AllocationId = await address()
    const both = await Promise.all([nat(AllocationId, 'token-3'), nat(AllocationId, 'token-3')])
    expect(both[0]).toBe(both[1])
    expect(await refusal(nat(AllocationId, 'token-3', net.subnets[1]))).toContain('IdempotentParameterMismatch')
    const { NatGateways } = await aws.ec2.send(new EC2.DescribeNatGatewaysCommand({ NatGatewayIds: both }))
    expect(NatGateways).toHaveLength(1)
  })

  it('fails a NAT gateway in a network without an internet gateway, and names unknown ones', async () => {
    const NatGatewayIds = [await nat(await address())]
    const { NatGateways = [] } = await aws.ec2.send(new EC2.DescribeNatGatewaysCommand({ NatGatewayIds }))
    expect(NatGateways[0]).toMatchObject({ State: 'failed', FailureCode: 'Gateway.NotAttached' })
    const unknown = { NatGatewayIds: ['nat-0123456789abcdef0'] }
    expect(await refusal(aws.ec2.send(new EC2.DescribeNatGatewaysCommand(unknown)))).toContain('NatGatewayNotFound')
    const NatGatewayId = 'nat-0123456789abcdef0'
    expect(await refusal(aws.ec2.send(new EC2.DeleteNatGatewayCommand({ NatGatewayId })))).toContain('NatGatewayNotFound')
    const route = { RouteTableId: await table(), DestinationCidrBlock: '0.0.0.0/0', NatGatewayId }
    expect(await refusal(aws.ec2.send(new EC2.CreateRouteCommand(route)))).toContain('InvalidNatGatewayID.NotFound')
  })

  it('shows the route to a deleted NAT gateway as a blackhole', async () => {
    await attachGateway()
    const [NatGatewayId, RouteTableId] = [await nat(await address()), await table()]
    const route = { RouteTableId, DestinationCidrBlock: '0.0.0.0/0', NatGatewayId }
    await aws.ec2.send(new EC2.CreateRouteCommand(route))
    const states = async () => {
      const { RouteTables = [] } = await aws.ec2.send(new EC2.DescribeRouteTablesCommand({ RouteTableIds: [RouteTableId] }))
      return RouteTables[0]?.Routes?.map((r) => r.State)
    }
    expect(await states()).toEqual(['active', 'active'])
    await aws.ec2.send(new EC2.DeleteNatGatewayCommand({ NatGatewayId }))
    expect(await states()).toEqual(['active', 'blackhole'])
  })

  it('takes a rule with another description for a duplicate, and adds all rules of a call or none', async () => {
    const [GroupId, other] = [given((await group('one')).GroupId), given((await group('two')).GroupId)]
    const allow = (...IpPermissions: EC2.IpPermission[]) =>
      aws.ec2.send(new EC2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }))
    const tcp = (port: number, more: EC2.IpPermission) => ({ IpProtocol: 'tcp', FromPort: port, ToPort: port, ...more })
    const fromOffice = (Description: string) => tcp(22, { IpRanges: [{ CidrIp: '192.0.2.1/32', Description }] })
    const fromGroup = (Description: string) => tcp(5432, { UserIdGroupPairs: [{ GroupId: other, Description }] })
    const { SecurityGroupRules } = await allow(fromOffice('a'), fromGroup('a'))
    expect(SecurityGroupRules?.map((r) => r.Description)).toEqual(['a', 'a'])
    expect(await refusal(allow(fromOffice('b')))).toContain('InvalidPermission.Duplicate')
    expect(await refusal(allow(fromGroup('b')))).toContain('InvalidPermission.Duplicate')
    const half = allow(tcp(80, { IpRanges: [{ CidrIp: '0.0.0.0/0' }] }), fromGroup('c'))
    expect(await refusal(half)).toContain('InvalidPermission.Duplicate')
    const Filters = [{ Name: 'group-id', Values: [GroupId] }]
    const { SecurityGroupRules: rules = [] } = await aws.ec2.send(new EC2.DescribeSecurityGroupRulesCommand({ Filters }))
    expect(rules.filter((r) => !r.IsEgress).map((r) => r.FromPort)).toEqual([22, 5432])
  })

  it('finds rules by group, by id and by tag, and refuses a filter that AWS has not', async () => {
    const GroupId = given((await group('rules')).GroupId)
    const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }]
    const TagSpecifications = tagged('security-group-rule', 'rules/test')
    const wish = { GroupId, IpPermissions, TagSpecifications }
    const made = await aws.ec2.send(new EC2.AuthorizeSecurityGroupIngressCommand(wish))
    const id = given(made.SecurityGroupRules?.[0]?.SecurityGroupRuleId)
    const find = async (Name: string, value: string) => {
      const Filters = [{ Name, Values: [value] }]
      const { SecurityGroupRules = [] } = await aws.ec2.send(new EC2.DescribeSecurityGroupRulesCommand({ Filters }))
      return SecurityGroupRules.filter((r) => !r.IsEgress).map((r) => r.SecurityGroupRuleId)
    }
    expect(await find('group-id', GroupId)).toEqual([id])
    expect(await find('security-group-rule-id', id)).toEqual([id])
    expect(await find('tag:infra:stack', 'rules/test')).toEqual([id])
    expect(await find('tag:infra:stack', 'another/test')).toEqual([])
    expect(await refusal(find('is-egress', 'true'))).toContain('InvalidParameterValue')
    const Filters = [{ Name: 'nonsense', Values: ['x'] }]
    const groups = aws.ec2.send(new EC2.DescribeSecurityGroupsCommand({ Filters }))
    expect(await refusal(groups)).toContain('InvalidParameterValue')
    const gateways = aws.ec2.send(new EC2.DescribeNatGatewaysCommand({ Filter: Filters }))
    expect(await refusal(gateways)).toContain('InvalidParameterValue')
  })

  it('finds everything by a tag whose key has a colon', async () => {
    const mine = <T extends string>(type: T) => tagged(type, 'colon/test')
    const vpc = await aws.ec2.send(new EC2.CreateVpcCommand({ CidrBlock: '10.9.0.0/16', TagSpecifications: mine('vpc') }))
    const VpcId = given(vpc.Vpc?.VpcId)
    const subnetWish = { VpcId, CidrBlock: '10.9.0.0/24', TagSpecifications: mine('subnet') }
    const subnet = await aws.ec2.send(new EC2.CreateSubnetCommand(subnetWish))
    const SubnetId = given(subnet.Subnet?.SubnetId)
    const igw = await aws.ec2.send(new EC2.CreateInternetGatewayCommand({ TagSpecifications: mine('internet-gateway') }))
    const InternetGatewayId = given(igw.InternetGateway?.InternetGatewayId)
    await aws.ec2.send(new EC2.AttachInternetGatewayCommand({ InternetGatewayId, VpcId }))
    const tableWish = { VpcId, TagSpecifications: mine('route-table') }
    const rt = await aws.ec2.send(new EC2.CreateRouteTableCommand(tableWish))
    const eip = await aws.ec2.send(new EC2.AllocateAddressCommand({ Domain: 'vpc', TagSpecifications: mine('elastic-ip') }))
    const AllocationId = given(eip.AllocationId)
    const natWish = { SubnetId, AllocationId, TagSpecifications: mine('natgateway') }
    const gw = await aws.ec2.send(new EC2.CreateNatGatewayCommand(natWish))
    const sgWish = { GroupName: 'colon', Description: 'd', VpcId, TagSpecifications: mine('security-group') }
    const sg = await aws.ec2.send(new EC2.CreateSecurityGroupCommand(sgWish))
    expect(sg.Tags).toEqual([{ Key: 'infra:stack', Value: 'colon/test' }])

    const found = async (value: string) => {
      const Filters = [{ Name: 'tag:infra:stack', Values: [value] }]
      const { ec2 } = aws
      return [
        (await ec2.send(new EC2.DescribeVpcsCommand({ Filters }))).Vpcs?.map((x) => x.VpcId),
        (await ec2.send(new EC2.DescribeSubnetsCommand({ Filters }))).Subnets?.map((x) => x.SubnetId),
        (await ec2.send(new EC2.DescribeInternetGatewaysCommand({ Filters }))).InternetGateways?.map((x) => x.InternetGatewayId),
        (await ec2.send(new EC2.DescribeRouteTablesCommand({ Filters }))).RouteTables?.map((x) => x.RouteTableId),
        (await ec2.send(new EC2.DescribeAddressesCommand({ Filters }))).Addresses?.map((x) => x.AllocationId),
        (await ec2.send(new EC2.DescribeNatGatewaysCommand({ Filter: Filters }))).NatGateways?.map((x) => x.NatGatewayId),
        (await ec2.send(new EC2.DescribeSecurityGroupsCommand({ Filters }))).SecurityGroups?.map((x) => x.GroupId),
      ]
    }
    const ids = [VpcId, SubnetId, InternetGatewayId, rt.RouteTable?.RouteTableId, AllocationId]
    const all = [...ids, gw.NatGateway?.NatGatewayId, sg.GroupId]
    expect(await found('colon/test')).toEqual(all.map((id) => [id]))
    expect(await found('colon/other')).toEqual(all.map(() => []))
  })

  it('makes nothing in a dry run', async () => {
    const dry = aws.ec2.send(new EC2.CreateVpcCommand({ CidrBlock: '10.77.0.0/16', DryRun: true }))
    expect(await refusal(dry)).toContain('DryRunOperation')
    const Filters = [{ Name: 'cidr', Values: ['10.77.0.0/16'] }]
    expect((await aws.ec2.send(new EC2.DescribeVpcsCommand({ Filters }))).Vpcs).toEqual([])
  })
})
