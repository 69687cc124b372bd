import type { RouteTable } from '@aws-sdk/client-ec2'
import type { Aws } from './clients.ts'

/** Subnets from which a container reaches the internet, and whether it needs a public address for that. */
export interface WayOut {
  readonly subnets: readonly string[]
  readonly publicAddress: boolean
}

interface Subnets {
  readonly vpcId: string
  readonly publicSubnetIds: readonly string[]
  readonly privateSubnetIds: readonly string[]
}

/**
 * Reads the way out from the route tables of a network that is there: public subnets with a route to an internet gateway, else
 * private ones with a default route to anything else (a NAT gateway, a transit gateway, an appliance).
 * docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
 * @returns undefined where no subnet has such a route
 */
export const wayOut = async (aws: Aws, { vpcId, publicSubnetIds, privateSubnetIds }: Subnets): Promise<WayOut | undefined> => {
  const tables: RouteTable[] = []
  let NextToken: string | undefined
  do {
    const page = await aws.ec2('DescribeRouteTables', {
      Filters: [{ Name: 'vpc-id', Values: [vpcId] }],
      ...(NextToken ? { NextToken } : {}),
    })
    tables.push(...(page.RouteTables ?? []))
    NextToken = page.NextToken
  } while (NextToken)
  const tableOf = (subnet: string): RouteTable | undefined =>
    tables.find((t) => t.Associations?.some((a) => a.SubnetId === subnet)) ??
    // A subnet without a table of its own goes by the main one.
    tables.find((t) => t.Associations?.some((a) => a.Main))
  const leads = (subnet: string, through: 'internet gateway' | 'another'): boolean =>
    (tableOf(subnet)?.Routes ?? []).some(
      (r) =>
        r.DestinationCidrBlock === '0.0.0.0/0' &&
        r.State !== 'blackhole' &&
        (r.GatewayId?.startsWith('igw-') === true) === (through === 'internet gateway'),
    )
  const open = publicSubnetIds.filter((id) => leads(id, 'internet gateway'))
  if (open.length > 0) return { subnets: open, publicAddress: true }
  const closed = privateSubnetIds.filter((id) => leads(id, 'another'))
  return closed.length > 0 ? { subnets: closed, publicAddress: false } : undefined
}
