import * as EC2 from '@aws-sdk/client-ec2'
import { CreateDBInstanceCommand, DeleteDBInstanceCommand } from '@aws-sdk/client-rds'
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { type Clients, clients, database, given, refusal, subnetGroup, tagged, vpcWithSubnets } from './support.ts'

const url = inject('motoUrl') ?? ''

describe.skipIf(!url)('deletes that AWS refuses while something depends on the thing', () => {
  let aws: Clients
  let net: Awaited<ReturnType<typeof vpcWithSubnets>>
  beforeAll(async () => {
    aws = await clients(url)
  })
  beforeEach(async () => {
    net = await vpcWithSubnets(aws)
  })

  const group = async (GroupName: string) =>
    given((await aws.ec2.send(new EC2.CreateSecurityGroupCommand({ GroupName, Description: 'd', VpcId: net.VpcId }))).GroupId)
  const gateway = async () => {
    const { InternetGateway } = await aws.ec2.send(new EC2.CreateInternetGatewayCommand({}))
    const InternetGatewayId = given(InternetGateway?.InternetGatewayId)
    await aws.ec2.send(new EC2.AttachInternetGatewayCommand({ InternetGatewayId, VpcId: net.VpcId }))
    return InternetGatewayId
  }
  const nat = async () => {
    const eip = await aws.ec2.send(new EC2.AllocateAddressCommand({ Domain: 'vpc' }))
    const AllocationId = given(eip.AllocationId)
    const made = await aws.ec2.send(new EC2.CreateNatGatewayCommand({ SubnetId: net.first, AllocationId }))
    return { AllocationId, NatGatewayId: given(made.NatGateway?.NatGatewayId) }
  }
  const deleteGroup = (GroupId: string) => refusal(aws.ec2.send(new EC2.DeleteSecurityGroupCommand({ GroupId })))
  const deleteSubnet = (SubnetId: string) => refusal(aws.ec2.send(new EC2.DeleteSubnetCommand({ SubnetId })))
  const deleteVpc = () => refusal(aws.ec2.send(new EC2.DeleteVpcCommand({ VpcId: net.VpcId })))

  it('keeps a security group that a rule of another group names, and lets it go with the rule', async () => {
    const [web, db] = [await group('web'), await group('db')]
    const rule = { IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, UserIdGroupPairs: [{ GroupId: web }] }
    await aws.ec2.send(new EC2.AuthorizeSecurityGroupIngressCommand({ GroupId: db, IpPermissions: [rule] }))
    expect(await deleteGroup(web)).toBe(`DependencyViolation: resource ${web} has a dependent object`)
    await aws.ec2.send(new EC2.RevokeSecurityGroupIngressCommand({ GroupId: db, IpPermissions: [rule] }))
    expect(await deleteGroup(web)).toBe('no error')
  })

  it('lets a security group go that names only itself', async () => {
    const GroupId = await group('self')
    const rule = { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId }] }
    await aws.ec2.send(new EC2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [rule] }))
    expect(await deleteGroup(GroupId)).toBe('no error')
  })

  it('keeps a security group and a subnet that a network interface uses', async () => {
    const GroupId = await group('eni')
    const wish = { SubnetId: net.first, Groups: [GroupId] }
    const made = await aws.ec2.send(new EC2.CreateNetworkInterfaceCommand(wish))
    expect(await deleteGroup(GroupId)).toContain('DependencyViolation')
    expect(await deleteSubnet(net.first)).toContain(`DependencyViolation: The subnet '${net.first}' has dependencies`)
    const NetworkInterfaceId = given(made.NetworkInterface?.NetworkInterfaceId)
    await aws.ec2.send(new EC2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId }))
    expect([await deleteGroup(GroupId), await deleteSubnet(net.first)]).toEqual(['no error', 'no error'])
  })

  it('keeps a security group and the subnets of a database until the database is gone', async () => {
    const GroupId = await group('rds')
    const DBSubnetGroupName = await subnetGroup(aws, net.subnets, 'deletes')
    const wish = { ...database, DBSubnetGroupName, VpcSecurityGroupIds: [GroupId] }
    await aws.rds.send(new CreateDBInstanceCommand(wish))
    expect(await deleteGroup(GroupId)).toContain('DependencyViolation')
    expect(await deleteSubnet(net.first)).toContain('DependencyViolation')
    const { DBInstanceIdentifier } = database
    await aws.rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier, SkipFinalSnapshot: true }))
    expect(await deleteGroup(GroupId)).toBe('no error')
    expect(await deleteSubnet(net.first)).toBe('no error')
  })

  it('never deletes the default security group by itself', async () => {
    const Filters = [{ Name: 'vpc-id', Values: [net.VpcId] }]
    const { SecurityGroups = [] } = await aws.ec2.send(new EC2.DescribeSecurityGroupsCommand({ Filters }))
    expect(await deleteGroup(given(SecurityGroups[0]?.GroupId))).toContain('CannotDelete')
  })

  it('keeps subnet, address and internet gateway while a NAT gateway lives, and frees them with it', async () => {
    const InternetGatewayId = await gateway()
    const { AllocationId, NatGatewayId } = await nat()
    const release = () => refusal(aws.ec2.send(new EC2.ReleaseAddressCommand({ AllocationId })))
    const detach = () => refusal(aws.ec2.send(new EC2.DetachInternetGatewayCommand({ InternetGatewayId, VpcId: net.VpcId })))
    const { Addresses = [] } = await aws.ec2.send(new EC2.DescribeAddressesCommand({ AllocationIds: [AllocationId] }))
    const { AssociationId } = given(Addresses[0])
    const disassociate = aws.ec2.send(new EC2.DisassociateAddressCommand({ AssociationId }))
    expect(await refusal(disassociate)).toContain('AuthFailure: You do not have permission')
    expect(await release()).toContain('AuthFailure: You do not have permission')
    expect(await detach()).toContain(`DependencyViolation: Network ${net.VpcId} has some mapped public address(es)`)
    expect(await deleteSubnet(net.first)).toContain('DependencyViolation')
    await aws.ec2.send(new EC2.DeleteNatGatewayCommand({ NatGatewayId }))
    expect([await detach(), await release(), await deleteSubnet(net.first)]).toEqual(['no error', 'no error', 'no error'])
  })

  it('keeps an address that is associated with a network interface of ours', async () => {
    const { NetworkInterface } = await aws.ec2.send(new EC2.CreateNetworkInterfaceCommand({ SubnetId: net.first }))
    const { AllocationId } = await aws.ec2.send(new EC2.AllocateAddressCommand({ Domain: 'vpc' }))
    const NetworkInterfaceId = given(NetworkInterface?.NetworkInterfaceId)
    await aws.ec2.send(new EC2.AssociateAddressCommand({ AllocationId, NetworkInterfaceId }))
    expect(await refusal(aws.ec2.send(new EC2.ReleaseAddressCommand({ AllocationId })))).toContain('InvalidIPAddress.InUse')
  })

  it('keeps a VPC with subnets, a gateway, a security group or a route table of its own', async () => {
    for (const SubnetId of net.subnets) {
      expect(await deleteVpc()).toBe(`DependencyViolation: The vpc '${net.VpcId}' has dependencies and cannot be deleted.`)
      expect(await deleteSubnet(SubnetId)).toBe('no error')
    }
    const InternetGatewayId = await gateway()
    expect(await deleteVpc()).toContain('DependencyViolation')
    await aws.ec2.send(new EC2.DetachInternetGatewayCommand({ InternetGatewayId, VpcId: net.VpcId }))
    const GroupId = await group('left')
    expect(await deleteVpc()).toContain('DependencyViolation')
    expect(await deleteGroup(GroupId)).toBe('no error')
    const { RouteTable } = await aws.ec2.send(new EC2.CreateRouteTableCommand({ VpcId: net.VpcId }))
    expect(await deleteVpc()).toContain('DependencyViolation')
    await aws.ec2.send(new EC2.DeleteRouteTableCommand({ RouteTableId: given(RouteTable?.RouteTableId) }))
    expect(await deleteVpc()).toBe('no error')
    expect(await deleteVpc()).toContain('InvalidVpcID.NotFound')
  })

  it('keeps a route table while a subnet is associated, and frees it with the subnet', async () => {
    const made = await aws.ec2.send(new EC2.CreateRouteTableCommand({ VpcId: net.VpcId }))
    const RouteTableId = given(made.RouteTable?.RouteTableId)
    await aws.ec2.send(new EC2.AssociateRouteTableCommand({ RouteTableId, SubnetId: net.first }))
    const remove = () => refusal(aws.ec2.send(new EC2.DeleteRouteTableCommand({ RouteTableId })))
    expect(await remove()).toContain('DependencyViolation')
    expect(await deleteSubnet(net.first)).toBe('no error')
    expect(await remove()).toBe('no error')
  })

  it('never deletes the main route table of a VPC by itself', async () => {
    const Filters = [{ Name: 'vpc-id', Values: [net.VpcId] }]
    const { RouteTables = [] } = await aws.ec2.send(new EC2.DescribeRouteTablesCommand({ Filters }))
    const RouteTableId = given(RouteTables[0]?.RouteTableId)
    expect(await refusal(aws.ec2.send(new EC2.DeleteRouteTableCommand({ RouteTableId })))).toContain('DependencyViolation')
  })

  it('forgets the tags of what is deleted', async () => {
    const { ec2 } = aws
    const table = { VpcId: net.VpcId, TagSpecifications: tagged('route-table') }
    const RouteTableId = given((await ec2.send(new EC2.CreateRouteTableCommand(table))).RouteTable?.RouteTableId)
    const igw = { TagSpecifications: tagged('internet-gateway') }
    const made = await ec2.send(new EC2.CreateInternetGatewayCommand(igw))
    const InternetGatewayId = given(made.InternetGateway?.InternetGatewayId)
    const sg = { GroupName: 'tags', Description: 'd', VpcId: net.VpcId, TagSpecifications: tagged('security-group') }
    const GroupId = given((await ec2.send(new EC2.CreateSecurityGroupCommand(sg))).GroupId)
    const address = { Domain: 'vpc', TagSpecifications: tagged('elastic-ip') } as const
    const AllocationId = given((await ec2.send(new EC2.AllocateAddressCommand(address))).AllocationId)
    const Filters = [{ Name: 'resource-id', Values: [...net.subnets, RouteTableId, InternetGatewayId, GroupId, AllocationId] }]
    const tags = async () => (await ec2.send(new EC2.DescribeTagsCommand({ Filters }))).Tags?.map((t) => t.ResourceId)
    expect(await tags()).toHaveLength(6)
    for (const subnet of net.subnets) await deleteSubnet(subnet)
    await ec2.send(new EC2.DeleteRouteTableCommand({ RouteTableId }))
    await ec2.send(new EC2.DeleteInternetGatewayCommand({ InternetGatewayId }))
    await ec2.send(new EC2.ReleaseAddressCommand({ AllocationId }))
    await deleteGroup(GroupId)
    expect(await tags()).toEqual([])
  })
})
