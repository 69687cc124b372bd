import { tagMap } from '../../aws/tags.ts'
import type { AwsKind } from '../kind.ts'
import { type Filter, find, must, tagEc2, tagSpecification } from './common.ts'

export type RouteTableProps = { vpcId: string }
export type RouteTableAttrs = { id: string }

/** A route table with its local route. CreateRouteTable takes a client token. */
export const RouteTable: AwsKind<RouteTableProps, RouteTableAttrs> = {
  type: 'ec2.route-table',
  async observe(aws, stamp, _want, last, depth) {
    const list = async (Filters: Filter[]) => (await aws.ec2('DescribeRouteTables', { Filters })).RouteTables
    const { item: table, absent } = await find(
      list,
      { of: (i) => i.RouteTableId, filter: 'route-table-id' },
      stamp,
      last?.id,
      depth,
    )
    if (!table?.RouteTableId) return absent
    return {
      is: 'ready',
      attrs: { id: table.RouteTableId },
      ...(table.VpcId ? { props: { vpcId: table.VpcId } } : {}),
      tags: tagMap(table.Tags),
    }
  },
  async create(aws, want, stamp) {
    const { RouteTable: table } = await aws.ec2('CreateRouteTable', {
      VpcId: want.vpcId,
      ClientToken: stamp.token,
      TagSpecifications: tagSpecification('route-table', stamp),
    })
    return { attrs: { id: must(table?.RouteTableId, 'a route table id') }, ready: true }
  },
  tag: tagEc2,
  async delete(aws, attrs) {
    await aws.ec2('DeleteRouteTable', { RouteTableId: attrs.id })
  },
  facts: {
    title: 'route table',
    minutes: 0.1,
    iam: {
      observe: ['ec2:DescribeRouteTables'],
      create: ['ec2:CreateRouteTable', 'ec2:CreateTags'],
      update: ['ec2:CreateTags'],
      delete: ['ec2:DeleteRouteTable'],
    },
    immutable: ['vpcId'],
    found: 'tag',
  },
}
