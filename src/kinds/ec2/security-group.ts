import { foreignTo, tagMap } from '../../aws/tags.ts'
import type { AwsKind } from '../kind.ts'
import { filter, interfacesIn, must, ofStack, tagEc2, tagSpecification } from './common.ts'

export type SecurityGroupProps = { vpcId: string; description: string }
export type SecurityGroupAttrs = { id: string }

/** A security group without rules of ours. Its name is unique in the VPC. AWS adds a rule that lets everything out. */
export const SecurityGroup: AwsKind<SecurityGroupProps, SecurityGroupAttrs> = {
  type: 'ec2.security-group',
  async observe(aws, stamp, want, last) {
    const listed = (await aws.ec2('DescribeSecurityGroups', { Filters: ofStack(stamp) })).SecurityGroups ?? []
    const inVpc = (g: (typeof listed)[number]) => want.vpcId === undefined || g.VpcId === want.vpcId
    let group = listed.find((g) => (last?.id === undefined ? g.GroupName === stamp.name && inVpc(g) : g.GroupId === last.id))
    if (!group && (last?.id || want.vpcId)) {
      const by = last?.id ? [filter('group-id', last.id)] : [filter('group-name', stamp.name), filter('vpc-id', want.vpcId ?? '')]
      group = (await aws.ec2('DescribeSecurityGroups', { Filters: by })).SecurityGroups?.[0]
    }
    if (!group?.GroupId) return { is: 'absent' }
    const tags = tagMap(group.Tags)
    return {
      is: 'ready',
      attrs: { id: group.GroupId },
      props: {
        ...(group.VpcId ? { vpcId: group.VpcId } : {}),
        ...(group.Description ? { description: group.Description } : {}),
      },
      tags,
      ...(last ? {} : foreignTo(stamp, tags, `the security group ${group.GroupId}`)),
    }
  },
  async create(aws, want, stamp) {
    const made = await aws.ec2('CreateSecurityGroup', {
      GroupName: stamp.name,
      Description: want.description,
      VpcId: want.vpcId,
      TagSpecifications: tagSpecification('security-group', stamp),
    })
    return { attrs: { id: must(made.GroupId, 'a security group id') }, ready: true }
  },
  tag: tagEc2,
  async delete(aws, attrs) {
    await aws.ec2('DeleteSecurityGroup', { GroupId: attrs.id })
  },
  async blockers(aws, attrs) {
    const [interfaces, referring] = await Promise.all([
      interfacesIn(aws, 'group-id', attrs.id),
      aws.ec2('DescribeSecurityGroups', { Filters: [filter('ip-permission.group-id', attrs.id)] }),
    ])
    const others = (referring.SecurityGroups ?? []).filter((g) => g.GroupId !== attrs.id)
    return [...interfaces, ...others.map((g) => `a rule of the security group ${g.GroupId} (${g.GroupName})`)]
  },
  facts: {
    title: 'security group',
    minutes: 0.1,
    deadline: 20,
    iam: {
      observe: ['ec2:DescribeSecurityGroups'],
      create: ['ec2:CreateSecurityGroup', 'ec2:CreateTags'],
      delete: ['ec2:DeleteSecurityGroup', 'ec2:DescribeNetworkInterfaces', 'ec2:DescribeSecurityGroups'],
    },
    immutable: ['vpcId', 'description'],
    found: 'name',
  },
}
