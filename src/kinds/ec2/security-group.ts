import type { Aws } from '../../aws/clients.ts'
import { foreignTo, tagMap } from '../../aws/tags.ts'
import type { Blocker } from '../../engine/kind.ts'
import type { AwsKind } from '../kind.ts'
import { type Filter, filter, must, ofStack, tagEc2, tagSpecification } from './common.ts'
import { HOLDER_ACTIONS, holdersIn } from './interfaces.ts'

export type SecurityGroupProps = { vpcId: string; description: string }
export type SecurityGroupAttrs = { id: string }

/** A security group without rules of ours. Its name is unique in the VPC. AWS adds a rule that lets everything out. */
export const SecurityGroup: AwsKind<SecurityGroupProps, SecurityGroupAttrs> = {
  type: 'ec2.security-group',
  async observe(aws, stamp, want, last, depth) {
    const groups = async (Filters: Filter[]) => (await aws.ec2('DescribeSecurityGroups', { Filters })).SecurityGroups ?? []
    const listed = depth === 'presence' && last?.id !== undefined ? [] : await groups(ofStack(stamp))
    const inVpc = (g: (typeof listed)[number]) => want.vpcId === undefined || g.VpcId === want.vpcId
    const wanted = (g: (typeof listed)[number]) =>
      last?.id === undefined ? g.GroupName === stamp.name && inVpc(g) : g.GroupId === last.id
    let group = listed.find(wanted)
    if (!group && (last?.id || want.vpcId)) {
      const by = last?.id ? [filter('group-id', last.id)] : [filter('group-name', stamp.name), filter('vpc-id', want.vpcId ?? '')]
      group = (await groups(by)).find(wanted)
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
    const [holders, ...rules] = await Promise.all([
      holdersIn(aws, 'group-id', attrs.id),
      rulesThatName(aws, attrs.id, 'ingress'),
      rulesThatName(aws, attrs.id, 'egress'),
    ])
    return [...holders, ...rules.flat()]
  },
  facts: {
    title: 'security group',
    minutes: 0.1,
    // AWS frees the interfaces of Lambda functions up to 40 minutes after they are gone.
    deadline: 45,
    iam: {
      observe: ['ec2:DescribeSecurityGroups'],
      create: ['ec2:CreateSecurityGroup', 'ec2:CreateTags'],
      update: ['ec2:CreateTags'],
      delete: ['ec2:DeleteSecurityGroup', 'ec2:DescribeSecurityGroups', 'ec2:DescribeSecurityGroupRules', ...HOLDER_ACTIONS],
    },
    immutable: ['vpcId', 'description'],
    found: 'name',
  },
}

/** A rule of another group that names it keeps it, too. */
const rulesThatName = async (aws: Aws, id: string, way: 'ingress' | 'egress'): Promise<Blocker[]> => {
  const by = way === 'ingress' ? 'ip-permission.group-id' : 'egress.ip-permission.group-id'
  const { SecurityGroups = [] } = await aws.ec2('DescribeSecurityGroups', { Filters: [filter(by, id)] })
  return Promise.all(
    SecurityGroups.filter((g) => g.GroupId !== id).map(async ({ GroupId = '', GroupName }) => {
      const { SecurityGroupRules = [] } = await aws.ec2('DescribeSecurityGroupRules', { Filters: [filter('group-id', GroupId)] })
      const naming = SecurityGroupRules.filter((r) => r.ReferencedGroupInfo?.GroupId === id && r.IsEgress === (way === 'egress'))
      const ids = naming.map((r) => r.SecurityGroupRuleId).join(' ')
      const remedy = `aws ec2 revoke-security-group-${way} --group-id ${GroupId} --security-group-rule-ids ${ids}`
      return { what: `a rule of the security group ${GroupId} (${GroupName})`, remedy }
    }),
  )
}
