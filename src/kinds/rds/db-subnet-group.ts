import { tagList } from '../../aws/tags.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { AwsKind } from '../kind.ts'
import { inWantedOrder } from '../sets.ts'
import { foreignGroup, isNamed, tagRds } from './common.ts'

export type DbSubnetGroupProps = { description: string; subnetIds: readonly string[] }
export type DbSubnetGroupAttrs = { id: string; arn: string }

/** Where RDS may place an instance: subnets in at least two zones. RDS keeps the name in lower case. */
export const DbSubnetGroup: AwsKind<DbSubnetGroupProps, DbSubnetGroupAttrs> = {
  type: 'rds.db-subnet-group',
  async observe(aws, stamp, want, last, depth) {
    const name = last?.id ?? stamp.name
    const found = await unlessGone(aws.rds('DescribeDBSubnetGroups', { DBSubnetGroupName: name }))
    const group = found?.DBSubnetGroups?.find((g) => isNamed(g.DBSubnetGroupName, name))
    if (!group?.DBSubnetGroupName) return { is: 'absent' }
    const arn = group.DBSubnetGroupArn ?? ''
    return {
      is: group.SubnetGroupStatus === 'Complete' || group.SubnetGroupStatus === undefined ? 'ready' : 'pending',
      attrs: { id: group.DBSubnetGroupName, arn },
      props: {
        ...(group.DBSubnetGroupDescription ? { description: group.DBSubnetGroupDescription } : {}),
        subnetIds: inWantedOrder(
          (group.Subnets ?? []).flatMap((s) => s.SubnetIdentifier ?? []),
          want.subnetIds,
        ),
      },
      ...(await foreignGroup(aws, stamp, arn, { last, depth }, `the DB subnet group ${group.DBSubnetGroupName}`)),
    }
  },
  async create(aws, want, stamp) {
    const { DBSubnetGroup: group } = await aws.rds('CreateDBSubnetGroup', {
      DBSubnetGroupName: stamp.name,
      DBSubnetGroupDescription: want.description,
      SubnetIds: [...want.subnetIds],
      Tags: tagList(stamp.tags),
    })
    return { attrs: { id: group?.DBSubnetGroupName ?? stamp.name, arn: group?.DBSubnetGroupArn ?? '' }, ready: true }
  },
  async update(aws, attrs, want) {
    await aws.rds('ModifyDBSubnetGroup', {
      DBSubnetGroupName: attrs.id,
      DBSubnetGroupDescription: want.description,
      SubnetIds: [...want.subnetIds],
    })
    return 'done'
  },
  tag: tagRds,
  async delete(aws, attrs) {
    await aws.rds('DeleteDBSubnetGroup', { DBSubnetGroupName: attrs.id })
  },
  facts: {
    title: 'DB subnet group',
    minutes: 0.1,
    iam: {
      observe: ['rds:DescribeDBSubnetGroups', 'rds:ListTagsForResource'],
      create: ['iam:CreateServiceLinkedRole', 'rds:AddTagsToResource', 'rds:CreateDBSubnetGroup'],
      update: ['rds:ModifyDBSubnetGroup', 'rds:AddTagsToResource'],
      delete: ['rds:DeleteDBSubnetGroup'],
    },
    found: 'name',
  },
}
