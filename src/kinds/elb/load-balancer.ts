import type { LoadBalancer as AwsLoadBalancer } from '@aws-sdk/client-elastic-load-balancing-v2'
import { monthlyPrice } from '../../aws/prices.ts'
import { foreignTo, tagList } from '../../aws/tags.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { CostItem } from '../../engine/kind.ts'
import type { AwsKind } from '../kind.ts'
import { inWantedOrder } from '../sets.ts'
import { arnIn, suffixOf, tagElb, tagsFor, withAttributes } from './common.ts'

export type LoadBalancerProps = {
  scheme: 'internet-facing' | 'internal'
  /** In at least two zones, one of each. */
  subnetIds: readonly string[]
  securityGroupIds: readonly string[]
  /** After so long without a byte a connection is closed. */
  idleTimeoutSeconds: number
  deletionProtection: boolean
  /** How many subnets, while their ids are not known: only to tell what it costs. */
  zones?: number
}
/** `zoneId`: the hosted zone that an alias record needs. `suffix`: as metrics and scaling name it. */
export type LoadBalancerAttrs = { id: string; arn: string; dnsName: string; zoneId: string; suffix: string }

const IDLE = 'idle_timeout.timeout_seconds'
const DEFAULT_IDLE = 60
const PROTECTION = 'deletion_protection.enabled'

const PHASES: Readonly<Record<string, 'ready' | 'failed'>> = { active: 'ready', active_impaired: 'ready', failed: 'failed' }

/**
 * An application load balancer. The name has at most 32 characters and does not begin with `internal-`. CreateLoadBalancer with a
 * name that exists answers the existing one when it is equal, so whose it is, is looked at before.
 * docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
 */
export const LoadBalancer: AwsKind<LoadBalancerProps, LoadBalancerAttrs> = {
  type: 'elb.load-balancer',
  async observe(aws, stamp, want, last, depth) {
    const recorded = arnIn(last)
    const which = recorded === undefined ? { Names: [last?.id ?? stamp.name] } : { LoadBalancerArns: [recorded] }
    const wanted = (lb: AwsLoadBalancer): boolean =>
      recorded === undefined ? lb.LoadBalancerName === (last?.id ?? stamp.name) : lb.LoadBalancerArn === recorded
    const found = await withAttributes(
      recorded,
      unlessGone(aws.elb('DescribeLoadBalancers', which)).then((answer) => answer?.LoadBalancers?.find(wanted)),
      (lb) => lb.LoadBalancerArn,
      (LoadBalancerArn) => unlessGone(aws.elb('DescribeLoadBalancerAttributes', { LoadBalancerArn })),
      depth,
    )
    if (!found) return { is: 'absent' }
    const { thing: lb, arn, attributes } = found
    const id = lb.LoadBalancerName ?? stamp.name
    const guarded = attributes.get(PROTECTION) === 'true'
    const subnets = (lb.AvailabilityZones ?? []).flatMap((z) => z.SubnetId ?? [])
    const tags = await tagsFor(aws, arn, last, depth)
    return {
      is: PHASES[lb.State?.Code ?? ''] ?? 'pending',
      attrs: { id, arn, dnsName: lb.DNSName ?? '', zoneId: lb.CanonicalHostedZoneId ?? '', suffix: suffixOf(arn) },
      props: {
        ...(lb.Scheme ? { scheme: lb.Scheme } : {}),
        subnetIds: inWantedOrder(subnets, want.subnetIds),
        securityGroupIds: inWantedOrder(lb.SecurityGroups ?? [], want.securityGroupIds),
        idleTimeoutSeconds: Number(attributes.get(IDLE) ?? DEFAULT_IDLE),
        deletionProtection: guarded,
      },
      note: [lb.State?.Code ?? 'unknown', lb.State?.Reason].filter(Boolean).join(': '),
      guarded,
      ...(tags ? { tags, ...(last ? {} : foreignTo(stamp, tags, `the load balancer ${id}`)) } : {}),
    }
  },
  async create(aws, want, stamp) {
    const { LoadBalancers = [] } = await aws.elb('CreateLoadBalancer', {
      Name: stamp.name,
      Type: 'application',
      IpAddressType: 'ipv4',
      Scheme: want.scheme,
      Subnets: [...want.subnetIds],
      SecurityGroups: [...want.securityGroupIds],
      Tags: tagList(stamp.tags),
    })
    const [lb] = LoadBalancers
    const arn = lb?.LoadBalancerArn ?? ''
    return {
      attrs: { id: stamp.name, arn, dnsName: lb?.DNSName ?? '', zoneId: lb?.CanonicalHostedZoneId ?? '', suffix: suffixOf(arn) },
    }
  },
  async update(aws, attrs, want, changed) {
    const LoadBalancerArn = attrs.arn
    if (changed.includes('subnetIds')) await aws.elb('SetSubnets', { LoadBalancerArn, Subnets: [...want.subnetIds] })
    if (changed.includes('securityGroupIds'))
      await aws.elb('SetSecurityGroups', { LoadBalancerArn, SecurityGroups: [...want.securityGroupIds] })
    const Attributes = [
      ...(changed.includes('idleTimeoutSeconds') ? [{ Key: IDLE, Value: String(want.idleTimeoutSeconds) }] : []),
      ...(changed.includes('deletionProtection') ? [{ Key: PROTECTION, Value: String(want.deletionProtection) }] : []),
    ]
    if (Attributes.length > 0) await aws.elb('ModifyLoadBalancerAttributes', { LoadBalancerArn, Attributes })
    return 'pending'
  },
  tag: tagElb,
  async unguard(aws, attrs) {
    const Attributes = [{ Key: PROTECTION, Value: 'false' }]
    await aws.elb('ModifyLoadBalancerAttributes', { LoadBalancerArn: attrs.arn, Attributes })
  },
  async delete(aws, attrs) {
    await aws.elb('DeleteLoadBalancer', { LoadBalancerArn: attrs.arn })
  },
  facts: {
    title: 'load balancer',
    minutes: 3,
    deleteMinutes: 0.5,
    lingers: 5,
    deadline: 15,
    monthly: (want, region): CostItem[] => {
      // One address in each zone, and AWS takes no fewer than two.
      const zones = want.scheme === 'internal' ? 0 : (want.zones ?? want.subnetIds?.length ?? 2)
      const addresses = monthlyPrice('ec2.public-ipv4.hour', region, zones, `${zones} public IPv4 addresses`)
      return [monthlyPrice('elb.application.hour', region), ...(zones > 0 ? [addresses] : [])]
    },
    iam: {
      observe: [
        'elasticloadbalancing:DescribeLoadBalancers',
        'elasticloadbalancing:DescribeLoadBalancerAttributes',
        'elasticloadbalancing:DescribeTags',
      ],
      // The first load balancer of an account makes the role that ELB itself uses.
      create: ['elasticloadbalancing:CreateLoadBalancer', 'elasticloadbalancing:AddTags', 'iam:CreateServiceLinkedRole'],
      update: [
        'elasticloadbalancing:SetSubnets',
        'elasticloadbalancing:SetSecurityGroups',
        'elasticloadbalancing:ModifyLoadBalancerAttributes',
        'elasticloadbalancing:AddTags',
      ],
      delete: ['elasticloadbalancing:DeleteLoadBalancer', 'elasticloadbalancing:ModifyLoadBalancerAttributes'],
    },
    immutable: ['scheme'],
    found: 'name',
  },
}
