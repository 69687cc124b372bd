import {
  DescribeAddressesCommand,
  DescribeInternetGatewaysCommand,
  DescribeNatGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2'
import { type Account, clientConfig } from '../support/account.ts'
import { labelOf, type Thing, tagsOf } from './thing.ts'

/** Everything of EC2 that is not part of the default VPC, whether it has tags or not. */
export const listEc2 = async (account: Account): Promise<Thing[]> => {
  const ec2 = new EC2Client(clientConfig(account))
  const [vpcs, subnets, gateways, tables, nats, addresses, groups, rules] = await Promise.all([
    ec2.send(new DescribeVpcsCommand({})),
    ec2.send(new DescribeSubnetsCommand({})),
    ec2.send(new DescribeInternetGatewaysCommand({})),
    ec2.send(new DescribeRouteTablesCommand({})),
    ec2.send(new DescribeNatGatewaysCommand({})),
    ec2.send(new DescribeAddressesCommand({})),
    ec2.send(new DescribeSecurityGroupsCommand({})),
    ec2.send(new DescribeSecurityGroupRulesCommand({})),
  ])
  const usual = vpcs.Vpcs?.find((v) => v.IsDefault)?.VpcId
  const own = <T extends { VpcId?: string | undefined }>(all: T[] | undefined): T[] =>
    (all ?? []).filter((x) => x.VpcId !== usual)
  const things: Thing[] = []
  const add = (
    type: string,
    id: string | undefined,
    tags: Record<string, string>,
    view: object,
    more: Partial<Thing> = {},
  ): void => {
    things.push({ type, label: labelOf(tags), ids: [id ?? ''], view: { ...view, tags }, ...more })
  }

  for (const v of own(vpcs.Vpcs)) {
    const dns = await ec2.send(new DescribeVpcAttributeCommand({ VpcId: v.VpcId, Attribute: 'enableDnsHostnames' }))
    add('vpc', v.VpcId, tagsOf(v.Tags), { cidr: v.CidrBlock, state: v.State, dns: dns.EnableDnsHostnames?.Value })
  }
  for (const s of own(subnets.Subnets))
    add('subnet', s.SubnetId, tagsOf(s.Tags), {
      vpc: s.VpcId,
      cidr: s.CidrBlock,
      zone: s.AvailabilityZone,
      publicIps: s.MapPublicIpOnLaunch,
      state: s.State,
    })
  for (const g of gateways.InternetGateways ?? [])
    if (!g.Attachments?.some((a) => a.VpcId === usual))
      add('internet-gateway', g.InternetGatewayId, tagsOf(g.Tags), { at: g.Attachments?.map((a) => [a.VpcId, a.State]) })
  for (const t of own(tables.RouteTables)) {
    const main = t.Associations?.some((a) => a.Main) ?? false
    const tags = tagsOf(t.Tags)
    add(
      'route-table',
      t.RouteTableId,
      tags,
      {
        vpc: t.VpcId,
        main,
        routes: t.Routes?.map((r) => [r.DestinationCidrBlock, r.GatewayId ?? r.NatGatewayId, r.State].join(' ')),
        subnets: t.Associations?.map((a) => `${a.SubnetId} ${a.AssociationState?.State}`),
      },
      {
        ids: [t.RouteTableId ?? '', ...(t.Associations ?? []).flatMap((a) => a.RouteTableAssociationId ?? [])],
        ...(main ? { label: 'main', implied: true } : {}),
      },
    )
  }
  for (const n of nats.NatGateways ?? [])
    if (n.State !== 'deleted')
      add('nat-gateway', n.NatGatewayId, tagsOf(n.Tags), {
        state: n.State,
        subnet: n.SubnetId,
        addresses: n.NatGatewayAddresses?.map((a) => a.AllocationId),
      })
  for (const a of addresses.Addresses ?? [])
    add('elastic-ip', a.AllocationId, tagsOf(a.Tags), { domain: a.Domain, used: a.AssociationId !== undefined })
  for (const g of own(groups.SecurityGroups))
    add(
      'security-group',
      g.GroupId,
      tagsOf(g.Tags),
      { name: g.GroupName, vpc: g.VpcId, description: g.Description },
      g.GroupName === 'default' ? { label: 'default', implied: true } : {},
    )
  const groupIds = new Set(own(groups.SecurityGroups).map((g) => g.GroupId))
  for (const r of rules.SecurityGroupRules ?? [])
    if (groupIds.has(r.GroupId))
      add(
        'security-group-rule',
        r.SecurityGroupRuleId,
        tagsOf(r.Tags),
        {
          group: r.GroupId,
          egress: r.IsEgress,
          what: [r.IpProtocol, r.FromPort, r.ToPort].join(' '),
          from: r.CidrIpv4 ?? r.ReferencedGroupInfo?.GroupId,
          description: r.Description,
        },
        // AWS puts one that lets everything out into each new group.
        r.IsEgress ? { label: 'out', implied: true } : {},
      )
  ec2.destroy()
  return things
}
