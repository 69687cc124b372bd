import type { AwsKind } from '../kind.ts'
import { filter, ofStack } from './common.ts'

export type RouteProps = {
  tableId: string
  destination: string
  /** Exactly one of the two. */
  gatewayId?: string
  natId?: string
}
export type RouteAttrs = { tableId: string; destination: string }

/** One route. Its natural key is the table and the destination. */
export const Route: AwsKind<RouteProps, RouteAttrs> = {
  type: 'ec2.route',
  async observe(aws, stamp, want, last) {
    const tableId = last?.tableId ?? want.tableId
    const destination = last?.destination ?? want.destination
    if (!tableId || !destination) return { is: 'absent' }
    const listed = (await aws.ec2('DescribeRouteTables', { Filters: ofStack(stamp) })).RouteTables ?? []
    const wanted = (t: (typeof listed)[number]) => t.RouteTableId === tableId
    const table =
      listed.find(wanted) ??
      (await aws.ec2('DescribeRouteTables', { Filters: [filter('route-table-id', tableId)] })).RouteTables?.find(wanted)
    const route = table?.Routes?.find((r) => r.DestinationCidrBlock === destination)
    if (!route) return { is: 'absent' }
    return {
      // A blackhole is a route whose target is gone: it is put right by an update.
      is: 'ready',
      attrs: { tableId, destination },
      props: {
        tableId,
        destination,
        ...(want.gatewayId !== undefined ? { gatewayId: route.State === 'blackhole' ? '' : (route.GatewayId ?? '') } : {}),
        ...(want.natId !== undefined ? { natId: route.State === 'blackhole' ? '' : (route.NatGatewayId ?? '') } : {}),
      },
      ...(route.State ? { note: route.State } : {}),
    }
  },
  async create(aws, want) {
    await aws.ec2('CreateRoute', request(want))
    return { attrs: { tableId: want.tableId, destination: want.destination }, ready: true }
  },
  async update(aws, _attrs, want) {
    await aws.ec2('ReplaceRoute', request(want))
    return 'done'
  },
  async delete(aws, attrs) {
    await aws.ec2('DeleteRoute', { RouteTableId: attrs.tableId, DestinationCidrBlock: attrs.destination })
  },
  facts: {
    title: 'route',
    minutes: 0.1,
    iam: {
      observe: ['ec2:DescribeRouteTables'],
      create: ['ec2:CreateRoute'],
      update: ['ec2:ReplaceRoute'],
      delete: ['ec2:DeleteRoute'],
    },
    immutable: ['tableId', 'destination'],
    goesWith: { type: 'ec2.route-table', by: 'tableId' },
    found: 'natural',
  },
}

const request = (want: RouteProps) => ({
  RouteTableId: want.tableId,
  DestinationCidrBlock: want.destination,
  ...(want.gatewayId !== undefined ? { GatewayId: want.gatewayId } : {}),
  ...(want.natId !== undefined ? { NatGatewayId: want.natId } : {}),
})
