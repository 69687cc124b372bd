import type { MetricType } from '@aws-sdk/client-application-auto-scaling'
import { pages } from '../../aws/pages.ts'
import { monthlyPrice } from '../../aws/prices.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { AwsKind } from '../kind.ts'
import { OF_SERVICE } from './target.ts'

export type ScalingPolicyProps = {
  /** Of a scaling target: `service/<cluster>/<service>`. */
  resourceId: string
  metric: 'ECSServiceAverageCPUUtilization' | 'ECSServiceAverageMemoryUtilization' | 'ALBRequestCountPerTarget'
  /** What the metric is to stay at: percent, or requests a minute. */
  target: number
  /** Seconds until more, and until fewer, are thought of again. */
  scaleOutCooldown: number
  scaleInCooldown: number
  /** Whose requests are counted: the suffix of the load balancer, a slash, and that of the target group. */
  resourceLabel?: string
}
export type ScalingPolicyAttrs = { id: string; resourceId: string }

/**
 * Holds a metric at its target by more or fewer tasks. AWS makes two alarms for it, which go with it. It cannot carry tags.
 * docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
 */
export const ScalingPolicy: AwsKind<ScalingPolicyProps, ScalingPolicyAttrs> = {
  type: 'autoscaling.policy',
  async observe(aws, stamp, want, last) {
    const id = last?.id ?? stamp.name
    const ResourceId = last?.resourceId ?? want.resourceId
    if (ResourceId === undefined) return { is: 'absent' }
    // All of the service's: its policies share the request.
    const all = await pages(async (NextToken) => {
      const which = { ...OF_SERVICE, ResourceId, ...(NextToken ? { NextToken } : {}) }
      const page = await unlessGone(aws.autoScaling('DescribeScalingPolicies', which))
      return [page?.ScalingPolicies, page?.NextToken]
    })
    const policy = all.find((p) => p.PolicyName === id)
    if (!policy) return { is: 'absent' }
    const is = policy.TargetTrackingScalingPolicyConfiguration
    const metric = is?.PredefinedMetricSpecification
    return {
      is: 'ready',
      attrs: { id, resourceId: ResourceId },
      props: {
        resourceId: ResourceId,
        // Another sort of policy under this name has none.
        metric: (metric?.PredefinedMetricType ?? '') as ScalingPolicyProps['metric'],
        target: is?.TargetValue ?? 0,
        scaleOutCooldown: is?.ScaleOutCooldown ?? 0,
        scaleInCooldown: is?.ScaleInCooldown ?? 0,
        resourceLabel: metric?.ResourceLabel ?? '',
      },
    }
  },
  async create(aws, want, stamp) {
    await aws.autoScaling('PutScalingPolicy', request(stamp.name, want))
    return { attrs: { id: stamp.name, resourceId: want.resourceId }, ready: true }
  },
  async update(aws, attrs, want) {
    await aws.autoScaling('PutScalingPolicy', request(attrs.id, want))
    return 'done'
  },
  async delete(aws, attrs) {
    await aws.autoScaling('DeleteScalingPolicy', { ...OF_SERVICE, PolicyName: attrs.id, ResourceId: attrs.resourceId })
  },
  facts: {
    title: 'scaling policy',
    minutes: 0.1,
    monthly: (_want, region) => [monthlyPrice('cloudwatch.alarm', region, 2, 'the 2 alarms of a scaling policy')],
    iam: {
      observe: ['application-autoscaling:DescribeScalingPolicies', 'cloudwatch:DescribeAlarms'],
      // The alarms are made and deleted in the name of whoever asks.
      create: [
        'application-autoscaling:PutScalingPolicy',
        'cloudwatch:DeleteAlarms',
        'cloudwatch:DescribeAlarms',
        'cloudwatch:PutMetricAlarm',
      ],
      update: [
        'application-autoscaling:PutScalingPolicy',
        'cloudwatch:PutMetricAlarm',
        'cloudwatch:DescribeAlarms',
        'cloudwatch:DeleteAlarms',
      ],
      delete: ['application-autoscaling:DeleteScalingPolicy', 'cloudwatch:DeleteAlarms'],
    },
    immutable: ['resourceId'],
    // docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html: its policies are deleted with it.
    goesWith: { type: 'autoscaling.target', by: 'resourceId' },
    found: 'name',
  },
}

const request = (PolicyName: string, want: ScalingPolicyProps) => ({
  ...OF_SERVICE,
  PolicyName,
  ResourceId: want.resourceId,
  PolicyType: 'TargetTrackingScaling' as const,
  TargetTrackingScalingPolicyConfiguration: {
    TargetValue: want.target,
    PredefinedMetricSpecification: {
      PredefinedMetricType: want.metric as MetricType,
      ...(want.resourceLabel === undefined ? {} : { ResourceLabel: want.resourceLabel }),
    },
    ScaleOutCooldown: want.scaleOutCooldown,
    ScaleInCooldown: want.scaleInCooldown,
  },
})
