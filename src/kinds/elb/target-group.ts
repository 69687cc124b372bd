import type { TargetGroup as AwsTargetGroup } from '@aws-sdk/client-elastic-load-balancing-v2'
import { foreignTo, tagList } from '../../aws/tags.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { AwsKind } from '../kind.ts'
import { arnIn, suffixOf, tagElb, tagsFor, withAttributes } from './common.ts'

export type TargetGroupProps = {
  vpcId: string
  port: number
  protocol: 'HTTP'
  /** Tasks of Fargate are reached by address: they have no instance. */
  targetType: 'ip'
  healthPath: string
  healthIntervalSeconds: number
  healthTimeoutSeconds: number
  healthyThreshold: number
  unhealthyThreshold: number
  /** HTTP codes that count as healthy: `200`, `200,302`, `200-299`. */
  matcher: string
  /** How long a target that goes may still finish what it is at. */
  deregistrationDelaySeconds: number
}
/** `suffix`: as metrics and scaling name it. */
export type TargetGroupAttrs = { id: string; arn: string; suffix: string }

const DELAY = 'deregistration_delay.timeout_seconds'
const DEFAULT_DELAY = 300
const NOT_ASKED = { Attributes: [] }
/** Of a name. */
const LONGEST = 32

/**
 * Where a listener sends requests to. The name has at most 32 characters; another one of that name is refused unless it is equal.
 * docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
 */
export const TargetGroup: AwsKind<TargetGroupProps, TargetGroupAttrs> = {
  type: 'elb.target-group',
  async observe(aws, stamp, _want, last, depth = 'props') {
    const recorded = arnIn(last)
    const which = recorded === undefined ? { Names: [last?.id ?? stamp.name] } : { TargetGroupArns: [recorded] }
    const wanted = (g: AwsTargetGroup): boolean =>
      recorded === undefined ? g.TargetGroupName === (last?.id ?? stamp.name) : g.TargetGroupArn === recorded
    const found = await withAttributes(
      recorded,
      unlessGone(aws.elb('DescribeTargetGroups', which)).then((answer) => answer?.TargetGroups?.find(wanted)),
      (group) => group.TargetGroupArn,
      async (TargetGroupArn) =>
        depth === 'props' ? unlessGone(aws.elb('DescribeTargetGroupAttributes', { TargetGroupArn })) : NOT_ASKED,
      depth,
    )
    if (!found) return { is: 'absent' }
    const { thing, arn, attributes } = found
    const id = thing.TargetGroupName ?? stamp.name
    const tags = await tagsFor(aws, arn, last, depth)
    return {
      is: 'ready',
      attrs: attrsOf(id, arn),
      props: {
        ...propsOf(thing),
        ...(depth === 'props' ? { deregistrationDelaySeconds: Number(attributes.get(DELAY) ?? DEFAULT_DELAY) } : {}),
      },
      ...(tags ? { tags, ...(last ? {} : foreignTo(stamp, tags, `the target group ${id}`)) } : {}),
    }
  },
  async create(aws, want, stamp) {
    const { TargetGroups = [] } = await aws.elb('CreateTargetGroup', {
      Name: stamp.name,
      VpcId: want.vpcId,
      Port: want.port,
      Protocol: want.protocol,
      TargetType: want.targetType,
      ...health(want),
      Tags: tagList(stamp.tags),
    })
    const arn = TargetGroups[0]?.TargetGroupArn ?? ''
    return { attrs: attrsOf(stamp.name, arn), ready: true, props: { deregistrationDelaySeconds: DEFAULT_DELAY } }
  },
  async update(aws, attrs, want, changed) {
    const TargetGroupArn = attrs.arn
    if (changed.some((p) => p !== 'deregistrationDelaySeconds'))
      await aws.elb('ModifyTargetGroup', { TargetGroupArn, ...health(want) })
    if (changed.includes('deregistrationDelaySeconds')) {
      const Attributes = [{ Key: DELAY, Value: String(want.deregistrationDelaySeconds) }]
      await aws.elb('ModifyTargetGroupAttributes', { TargetGroupArn, Attributes })
    }
    return 'done'
  },
  tag: tagElb,
  async delete(aws, attrs) {
    await aws.elb('DeleteTargetGroup', { TargetGroupArn: attrs.arn })
  },
  async blockers(aws, attrs) {
    const { TargetGroups = [] } = await aws.elb('DescribeTargetGroups', { TargetGroupArns: [attrs.arn] })
    return (TargetGroups[0]?.LoadBalancerArns ?? []).map((arn) => ({ what: `load balancer ${suffixOf(arn)}` }))
  },
  facts: {
    title: 'target group',
    minutes: 0.1,
    iam: {
      observe: [
        'elasticloadbalancing:DescribeTargetGroups',
        'elasticloadbalancing:DescribeTargetGroupAttributes',
        'elasticloadbalancing:DescribeTags',
      ],
      create: ['elasticloadbalancing:CreateTargetGroup', 'elasticloadbalancing:AddTags'],
      update: [
        'elasticloadbalancing:ModifyTargetGroup',
        'elasticloadbalancing:ModifyTargetGroupAttributes',
        'elasticloadbalancing:AddTags',
      ],
      delete: ['elasticloadbalancing:DeleteTargetGroup', 'elasticloadbalancing:DescribeTargetGroups'],
    },
    immutable: ['vpcId', 'port', 'protocol', 'targetType'],
    replace: { name: (declared, generation) => `${declared.slice(0, LONGEST - generation.length - 1)}-${generation}` },
    found: 'name',
  },
}

const attrsOf = (id: string, arn: string): TargetGroupAttrs => ({ id, arn, suffix: suffixOf(arn) })

const health = (want: TargetGroupProps) => ({
  HealthCheckPath: want.healthPath,
  HealthCheckIntervalSeconds: want.healthIntervalSeconds,
  HealthCheckTimeoutSeconds: want.healthTimeoutSeconds,
  HealthyThresholdCount: want.healthyThreshold,
  UnhealthyThresholdCount: want.unhealthyThreshold,
  Matcher: { HttpCode: want.matcher },
})

/** AWS shows all of it; what is not one of ours (`instance`, `HTTPS`) is a difference, and the engine says so. */
const propsOf = (g: AwsTargetGroup): Partial<TargetGroupProps> => ({
  vpcId: g.VpcId ?? '',
  port: g.Port ?? 0,
  protocol: g.Protocol as 'HTTP',
  targetType: g.TargetType as 'ip',
  healthPath: g.HealthCheckPath ?? '',
  healthIntervalSeconds: g.HealthCheckIntervalSeconds ?? 0,
  healthTimeoutSeconds: g.HealthCheckTimeoutSeconds ?? 0,
  healthyThreshold: g.HealthyThresholdCount ?? 0,
  unhealthyThreshold: g.UnhealthyThresholdCount ?? 0,
  matcher: g.Matcher?.HttpCode ?? '',
})
