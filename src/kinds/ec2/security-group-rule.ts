import { isOurs, tagMap } from '../../aws/tags.ts'
import type { AwsKind } from '../kind.ts'
import { filter, must, none, ofStack, tagEc2, tagSpecification } from './common.ts'

export type SecurityGroupRuleProps = {
  groupId: string
  /** One TCP port. */
  port: number
  /** Exactly one of the two: who may come in. */
  sourceGroupId?: string
  cidr?: string
  description: string
}
export type SecurityGroupRuleAttrs = { id: string; groupId: string }

/** One ingress rule. AWS gives each an id and tags; two equal ones are refused (InvalidPermission.Duplicate). */
export const SecurityGroupRule: AwsKind<SecurityGroupRuleProps, SecurityGroupRuleAttrs> = {
  type: 'ec2.security-group-rule',
  async observe(aws, stamp, want, last) {
    const rules = async (Filters: ReturnType<typeof filter>[]) =>
      ((await aws.ec2('DescribeSecurityGroupRules', { Filters })).SecurityGroupRules ?? []).filter((r) => !r.IsEgress)
    const listed = await rules(ofStack(stamp))
    const groupId = want.groupId ?? last?.groupId
    const tagged = last?.id === undefined ? listed.filter((r) => isOurs(tagMap(r.Tags), stamp)) : []
    if (tagged.length > 1) return none(tagged.flatMap((r) => r.SecurityGroupRuleId ?? [])).absent
    const wanted = (r: (typeof listed)[number]): boolean =>
      last?.id !== undefined
        ? r.SecurityGroupRuleId === last.id
        : r.IpProtocol === 'tcp' &&
          r.FromPort === want.port &&
          r.ToPort === want.port &&
          r.CidrIpv4 === want.cidr &&
          r.ReferencedGroupInfo?.GroupId === want.sourceGroupId
    let rule = tagged[0] ?? (last?.id === undefined ? undefined : listed.find(wanted))
    // A group cannot hold two equal rules, so one that is there already is the one that is wanted.
    if (!rule && groupId) rule = (await rules([filter('group-id', groupId)])).find(wanted)
    if (!rule?.SecurityGroupRuleId || !rule.GroupId) return { is: 'absent' }
    return {
      is: 'ready',
      attrs: { id: rule.SecurityGroupRuleId, groupId: rule.GroupId },
      props: {
        groupId: rule.GroupId,
        ...(rule.FromPort !== undefined ? { port: rule.FromPort } : {}),
        ...(rule.CidrIpv4 !== undefined ? { cidr: rule.CidrIpv4 } : {}),
        ...(rule.ReferencedGroupInfo?.GroupId !== undefined ? { sourceGroupId: rule.ReferencedGroupInfo.GroupId } : {}),
        ...(rule.Description !== undefined ? { description: rule.Description } : {}),
      },
      tags: tagMap(rule.Tags),
    }
  },
  async create(aws, want, stamp) {
    const range = { Description: want.description }
    const made = await aws.ec2('AuthorizeSecurityGroupIngress', {
      GroupId: want.groupId,
      IpPermissions: [
        {
          IpProtocol: 'tcp',
          FromPort: want.port,
          ToPort: want.port,
          ...(want.cidr !== undefined ? { IpRanges: [{ ...range, CidrIp: want.cidr }] } : {}),
          ...(want.sourceGroupId !== undefined ? { UserIdGroupPairs: [{ ...range, GroupId: want.sourceGroupId }] } : {}),
        },
      ],
      TagSpecifications: tagSpecification('security-group-rule', stamp),
    })
    const id = must(made.SecurityGroupRules?.[0]?.SecurityGroupRuleId, 'a security group rule id')
    return { attrs: { id, groupId: want.groupId }, ready: true }
  },
  async update(aws, attrs, want) {
    await aws.ec2('ModifySecurityGroupRules', {
      GroupId: attrs.groupId,
      SecurityGroupRules: [
        {
          SecurityGroupRuleId: attrs.id,
          SecurityGroupRule: {
            IpProtocol: 'tcp',
            FromPort: want.port,
            ToPort: want.port,
            Description: want.description,
            ...(want.cidr !== undefined ? { CidrIpv4: want.cidr } : {}),
            ...(want.sourceGroupId !== undefined ? { ReferencedGroupId: want.sourceGroupId } : {}),
          },
        },
      ],
    })
    return 'done'
  },
  tag: tagEc2,
  async delete(aws, attrs) {
    await aws.ec2('RevokeSecurityGroupIngress', { GroupId: attrs.groupId, SecurityGroupRuleIds: [attrs.id] })
  },
  facts: {
    title: 'security group rule',
    minutes: 0.1,
    iam: {
      observe: ['ec2:DescribeSecurityGroupRules'],
      create: ['ec2:AuthorizeSecurityGroupIngress', 'ec2:CreateTags'],
      update: ['ec2:ModifySecurityGroupRules', 'ec2:CreateTags'],
      delete: ['ec2:RevokeSecurityGroupIngress'],
    },
    immutable: ['groupId'],
    // A group goes only once no rule of another one names it: docs.aws.amazon.com/vpc/latest/userguide/deleting-security-groups.html
    goesWith: { type: 'ec2.security-group', by: 'groupId', holds: true },
    found: 'natural',
  },
}
