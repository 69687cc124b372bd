import type { AwsKind } from '../kind.ts'
import { filter, must, ofStack } from './common.ts'

export type AssociationProps = { subnetId: string; tableId: string }
export type AssociationAttrs = { id: string; subnetId: string }

/** Which route table a subnet uses. A subnet has at most one explicit association: the subnet is the natural key. */
export const RouteTableAssociation: AwsKind<AssociationProps, AssociationAttrs> = {
  type: 'ec2.route-table-association',
  async observe(aws, stamp, want, last) {
    const subnetId = last?.subnetId ?? want.subnetId
    if (!subnetId) return { is: 'absent' }
    const ours = (await aws.ec2('DescribeRouteTables', { Filters: ofStack(stamp) })).RouteTables ?? []
    const of = (tables: typeof ours) => tables.flatMap((t) => t.Associations ?? []).find((a) => a.SubnetId === subnetId)
    const found =
      of(ours) ??
      of((await aws.ec2('DescribeRouteTables', { Filters: [filter('association.subnet-id', subnetId)] })).RouteTables ?? [])
    const state = found?.AssociationState?.State
    if (!found?.RouteTableAssociationId || !found.RouteTableId || state === 'disassociated') return { is: 'absent' }
    return {
      is: state === 'disassociating' ? 'deleting' : state === 'associating' ? 'pending' : 'ready',
      attrs: { id: found.RouteTableAssociationId, subnetId },
      props: { subnetId, tableId: found.RouteTableId },
    }
  },
  async create(aws, want) {
    const { AssociationId } = await aws.ec2('AssociateRouteTable', { SubnetId: want.subnetId, RouteTableId: want.tableId })
    return { attrs: { id: must(AssociationId, 'an association id'), subnetId: want.subnetId }, ready: true }
  },
  async update(aws, attrs, want) {
    // The association gets a new id: the engine looks again and records it.
    await aws.ec2('ReplaceRouteTableAssociation', { AssociationId: attrs.id, RouteTableId: want.tableId })
    return 'pending'
  },
  async delete(aws, attrs) {
    await aws.ec2('DisassociateRouteTable', { AssociationId: attrs.id })
  },
  facts: {
    title: 'route table association',
    minutes: 0.1,
    iam: {
      observe: ['ec2:DescribeRouteTables'],
      create: ['ec2:AssociateRouteTable'],
      update: ['ec2:ReplaceRouteTableAssociation'],
      delete: ['ec2:DisassociateRouteTable'],
    },
    immutable: ['subnetId'],
    // A table goes only once no subnet uses it: docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteRouteTable.html
    goesWith: { type: 'ec2.subnet', by: 'subnetId', holds: true },
    found: 'natural',
  },
}
