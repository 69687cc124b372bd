import type { Rule, RuleCondition } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Aws } from '../../aws/clients.ts'
import { pages } from '../../aws/pages.ts'
import { foreignTo, isOurs, tagList } from '../../aws/tags.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { Stamp, Tags } from '../../engine/kind.ts'
import { none } from '../ec2/common.ts'
import type { AwsKind } from '../kind.ts'
import { inWantedOrder } from '../sets.ts'
import { arnIn, forwardOf, forwardTo, tagElb, tagsByArn, tagsFor } from './common.ts'
import { handoverOf, standing, stepTo } from './handover.ts'

export type ListenerRuleProps = {
  listenerArn: string
  /** 1 to 50000: the lowest is asked first. */
  priority: number
  /** At least one of the two. None in the list: all will do. Left out: nobody looks whether it has some. */
  hosts?: readonly string[]
  paths?: readonly string[]
  targetGroupArn: string
}
export type ListenerRuleAttrs = { arn: string }

/** Which requests of a listener go to which target group. A listener has one rule for each priority. */
export const ListenerRule: AwsKind<ListenerRuleProps, ListenerRuleAttrs> = {
  type: 'elb.listener-rule',
  async observe(aws, stamp, want, last, depth) {
    const recorded = arnIn(last)
    const found =
      recorded === undefined
        ? await unrecorded(aws, stamp, want)
        : { rule: await byArn(aws, recorded), tags: undefined, rivals: undefined }
    const arn = found?.rule?.RuleArn
    if (!found?.rule || !arn) return none(found?.rivals ?? []).absent
    const { rule } = found
    const tags = found.tags ?? (await tagsFor(aws, arn, last, depth))
    const handover = handoverOf(rule.Actions)
    return {
      is: handover ? 'pending' : 'ready',
      attrs: { arn },
      props: {
        listenerArn: listenerOf(arn),
        priority: Number(rule.Priority),
        hosts: inWantedOrder(hostsOf(rule.Conditions), want.hosts),
        paths: inWantedOrder(pathsOf(rule.Conditions), want.paths),
        targetGroupArn: handover ? `${handover.from}, ${handover.to}` : (forwardOf(rule.Actions) ?? ''),
      },
      ...(handover ? await standing(aws, handover) : {}),
      ...(tags ? { tags, ...(last ? {} : foreignTo(stamp, tags, `the rule with the priority ${rule.Priority}`)) } : {}),
    }
  },
  async create(aws, want, stamp) {
    const { Rules = [] } = await aws.elb('CreateRule', {
      ListenerArn: want.listenerArn,
      Priority: want.priority,
      ...request(want),
      Tags: tagList(stamp.tags),
    })
    return { attrs: { arn: Rules[0]?.RuleArn ?? '' }, ready: true }
  },
  async update(aws, attrs, want, changed) {
    const RuleArn = attrs.arn
    if (changed.includes('priority'))
      await aws.elb('SetRulePriorities', { RulePriorities: [{ RuleArn, Priority: want.priority }] })
    if (!changed.some((p) => p !== 'priority')) return 'done'
    const now = changed.includes('targetGroupArn') ? (await byArn(aws, RuleArn))?.Actions : undefined
    const { actions, isLast } = await stepTo(aws, now, want.targetGroupArn)
    await aws.elb('ModifyRule', { RuleArn, ...request(want), Actions: actions })
    return isLast ? 'done' : 'pending'
  },
  tag: tagElb,
  async delete(aws, attrs) {
    await aws.elb('DeleteRule', { RuleArn: attrs.arn })
  },
  facts: {
    title: 'listener rule',
    minutes: 0.1,
    iam: {
      observe: [
        'elasticloadbalancing:DescribeRules',
        'elasticloadbalancing:DescribeTags',
        'elasticloadbalancing:DescribeTargetHealth',
      ],
      create: ['elasticloadbalancing:CreateRule', 'elasticloadbalancing:AddTags'],
      update: [
        'elasticloadbalancing:DescribeRules',
        'elasticloadbalancing:DescribeTargetHealth',
        'elasticloadbalancing:ModifyRule',
        'elasticloadbalancing:SetRulePriorities',
        'elasticloadbalancing:AddTags',
      ],
      delete: ['elasticloadbalancing:DeleteRule'],
    },
    immutable: ['listenerArn'],
    replace: { name: (declared) => declared },
    // As long as the rollout of the service behind it may take.
    deadline: 20,
    // docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteListener.html
    goesWith: { type: 'elb.listener', by: 'listenerArn', holds: true },
    found: 'natural',
  },
}

const byArn = async (aws: Aws, arn: string): Promise<Rule | undefined> =>
  (await unlessGone(aws.elb('DescribeRules', { RuleArns: [arn] })))?.Rules?.find((r) => r.RuleArn === arn)

/** Ours, whatever its priority has become; else whatever stands at the priority. */
const unrecorded = async (
  aws: Aws,
  stamp: Stamp,
  want: Partial<ListenerRuleProps>,
): Promise<{ rule: Rule | undefined; tags?: Tags; rivals?: readonly string[] } | undefined> => {
  const ListenerArn = want.listenerArn
  if (ListenerArn === undefined) return undefined
  const all = await pages(async (Marker) => {
    const page = await unlessGone(aws.elb('DescribeRules', { ListenerArn, ...(Marker ? { Marker } : {}) }))
    return [page?.Rules, page?.NextMarker]
  })
  const rules = all.filter((r) => !r.IsDefault)
  const byArns = await tagsByArn(
    aws,
    rules.flatMap((r) => r.RuleArn ?? []),
  )
  const tagsOf = (r: Rule): Tags => byArns.get(r.RuleArn ?? '') ?? {}
  const ours = rules.filter((r) => isOurs(tagsOf(r), stamp))
  if (ours.length > 1) return { rule: undefined, rivals: ours.flatMap((r) => r.RuleArn ?? []) }
  const rule = ours[0] ?? rules.find((r) => Number(r.Priority) === want.priority)
  return rule && { rule, tags: tagsOf(rule) }
}

/** `...:listener-rule/app/web/50dc/f2f7/9683` is a rule of `...:listener/app/web/50dc/f2f7`. */
const listenerOf = (arn: string): string => arn.replace(':listener-rule/', ':listener/').replace(/\/[^/]*$/, '')

const HOSTS = 'host-header'
const PATHS = 'path-pattern'
const hostsOf = (all: readonly RuleCondition[] = []): string[] =>
  all.flatMap((c) => (c.Field === HOSTS ? (c.HostHeaderConfig?.Values ?? c.Values ?? []) : []))
const pathsOf = (all: readonly RuleCondition[] = []): string[] =>
  all.flatMap((c) => (c.Field === PATHS ? (c.PathPatternConfig?.Values ?? c.Values ?? []) : []))

const request = ({ hosts = [], paths = [], targetGroupArn }: ListenerRuleProps) => ({
  Conditions: [
    ...(hosts.length > 0 ? [{ Field: HOSTS, HostHeaderConfig: { Values: [...hosts] } }] : []),
    ...(paths.length > 0 ? [{ Field: PATHS, PathPatternConfig: { Values: [...paths] } }] : []),
  ],
  Actions: forwardTo(targetGroupArn),
})
