import type { Config } from '../config/config.ts'
import type { Ref } from '../engine/ref.ts'
import { ElasticIp } from '../kinds/ec2/elastic-ip.ts'
import { InternetGateway, InternetGatewayAttachment } from '../kinds/ec2/internet-gateway.ts'
import { NatGateway } from '../kinds/ec2/nat-gateway.ts'
import { Route } from '../kinds/ec2/route.ts'
import { RouteTable } from '../kinds/ec2/route-table.ts'
import { RouteTableAssociation } from '../kinds/ec2/route-table-association.ts'
import { Subnet } from '../kinds/ec2/subnet.ts'
import { Vpc } from '../kinds/ec2/vpc.ts'
import { DbSubnetGroup } from '../kinds/rds/db-subnet-group.ts'
import type { Add, ExistingNetwork, Lookups, Network } from './types.ts'

const EVERYWHERE = '0.0.0.0/0'

/**
 * The network: a VPC, public and private subnets, the way out, and where RDS may live.
 * @param addDatabase declares what only a database needs
 */
export const vpc = (add: Add, c: Config, at: Lookups, addDatabase: Add): Network => {
  if (at.network) return existing(add, c, at.network, addDatabase)
  const name = (rest: string) => `${c.namePrefix}-${rest}`
  const vpcId = add(Vpc, 'vpc', { cidr: c.vpc.cidr, dnsHostnames: true }).id

  const gateway = add(InternetGateway, 'internet-gateway', {}, { name: name('igw') })
  const attached = add(InternetGatewayAttachment, 'internet-gateway-attachment', { gatewayId: gateway.id, vpcId })

  const subnets = (tier: 'public' | 'private', cidrs: readonly string[], publicIps: boolean, tags: Record<string, string>) =>
    at.zones.map(
      (zone, i) =>
        add(
          Subnet,
          `${tier}-subnet-${i + 1}`,
          { vpcId, zone, cidr: cidrs[i] ?? '', publicIps },
          { name: name(`${tier}-subnet-${i + 1}`), tags },
        ).id,
    )
  const publicSubnetIds = subnets('public', c.vpc.publicCidrs, c.vpc.mapPublicIpOnLaunch, { Type: 'Public' })
  const privateSubnetIds = subnets('private', c.vpc.privateCidrs, false, { Type: 'Private', Purpose: 'RDS' })

  const publicTable = add(RouteTable, 'public-route-table', { vpcId }, { name: name('public-rt'), tags: { Type: 'Public' } }).id
  const publicRoute = add(
    Route,
    'public-default-route',
    { tableId: publicTable, destination: EVERYWHERE, gatewayId: gateway.id },
    { after: [attached.vpcId] },
  )
  const publicWay = [
    publicRoute.tableId,
    ...publicSubnetIds.map(
      (subnetId, i) => add(RouteTableAssociation, `public-subnet-${i + 1}-association`, { subnetId, tableId: publicTable }).id,
    ),
  ]

  // One private table serves all zones, unless each zone has a NAT gateway of its own.
  const nat = c.vpc.nat ?? 'none'
  const suffix = (i: number) => (i === 0 ? '' : `-${i + 1}`)
  const privateTables = at.zones
    .slice(0, nat === 'perAz' ? at.zones.length : 1)
    .map(
      (_, i) =>
        add(
          RouteTable,
          `private-route-table${suffix(i)}`,
          { vpcId },
          { name: name(`private-rt${suffix(i)}`), tags: { Type: 'Private' } },
        ).id,
    )
  const privateWay: Ref<unknown>[] = privateSubnetIds.map((subnetId, i) => {
    const tableId = privateTables[i] ?? privateTables[0] ?? ''
    return add(RouteTableAssociation, `private-subnet-${i + 1}-association`, { subnetId, tableId }).id
  })

  if (nat !== 'none')
    for (const [i, tableId] of privateTables.entries()) {
      const address = add(ElasticIp, `nat-eip${suffix(i)}`, {}, { after: [attached.vpcId] })
      const subnetId = publicSubnetIds[i] ?? ''
      const gatewayOut = add(
        NatGateway,
        `nat-gateway${suffix(i)}`,
        { subnetId, allocationId: address.id },
        { name: name(`nat-gw${suffix(i)}`), after: [attached.vpcId] },
      )
      const route = { tableId, destination: EVERYWHERE, natId: gatewayOut.id }
      privateWay.push(add(Route, `private-default-route${suffix(i)}`, route).tableId)
    }

  const dbSubnetGroup = subnetGroup(addDatabase, c, privateSubnetIds)
  return { vpcId, publicSubnetIds, privateSubnetIds, dbSubnetGroup, publicWay, privateWay }
}

const subnetGroup = (add: Add, c: Config, subnetIds: Network['privateSubnetIds']): Network['dbSubnetGroup'] =>
  add(DbSubnetGroup, 'db-subnet-group', { description: `Subnet group for ${c.project} RDS multi-tenant instance`, subnetIds }).id

/** A VPC that was there before: used as it is, never changed, never deleted. Only the DB subnet group is made. */
const existing = (add: Add, c: Config, network: ExistingNetwork, addDatabase: Add): Network => {
  const asIs = { zone: '', cidr: '', publicIps: false }
  const vpcId = add(Vpc, 'vpc', { cidr: '', dnsHostnames: true }, { adopt: network.vpcId }).id
  const adopted = new Map<string, Network['vpcId']>()
  const take = (tier: string, ids: readonly string[]) =>
    ids.map((id, i) => {
      const ref = adopted.get(id) ?? add(Subnet, `${tier}-subnet-${i + 1}`, { vpcId, ...asIs }, { adopt: id }).id
      adopted.set(id, ref)
      return ref
    })
  const privateSubnetIds = take('private', network.privateSubnetIds)
  const publicSubnetIds = take('public', network.publicSubnetIds)
  const dbSubnetGroup = subnetGroup(addDatabase, c, privateSubnetIds)
  return { vpcId, publicSubnetIds, privateSubnetIds, dbSubnetGroup, publicWay: [], privateWay: [] }
}
