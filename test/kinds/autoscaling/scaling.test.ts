import { describe, expect, it } from 'vitest'
import { ScalingPolicy, type ScalingPolicyProps } from '../../../src/kinds/autoscaling/policy.ts'
import { ScalableTarget } from '../../../src/kinds/autoscaling/target.ts'
import { resourceId, shownPolicy, shownTarget } from '../fixtures/autoscaling.ts'
import { aws, awsError, cloud, type Input, stamp } from '../support/cloud.ts'
import { Run } from '../support/run.ts'

const want = { resourceId, min: 1, max: 4 }

describe('a scaling target', () => {
  it('that somebody registered for the service gets the limits that are wanted, and is not registered a second time', async () => {
    let limits = { MinCapacity: 0, MaxCapacity: 100 }
    const account = cloud({
      DescribeScalableTargets: () => ({ ScalableTargets: [{ ...shownTarget, ScalableTargetARN: undefined, ...limits }] }),
      RegisterScalableTarget: ({ MinCapacity, MaxCapacity }: Input) => {
        limits = { MinCapacity: Number(MinCapacity), MaxCapacity: Number(MaxCapacity) }
        return {}
      },
    })
    expect(await new Run(ScalableTarget).create(want)).toEqual({ id: resourceId, arn: '' })
    expect(account.writes).toHaveLength(1)
    expect(account.writes[0]?.[1]).toMatchObject({ MinCapacity: 1, MaxCapacity: 4 })
    expect(account.writes[0]?.[1]).not.toHaveProperty('Tags')
  })

  it('of another resource is another one', async () => {
    cloud({ DescribeScalableTargets: { ScalableTargets: [{ ...shownTarget, ResourceId: 'service/shop/web-2' }] } })
    expect(await ScalableTarget.observe(aws, stamp, want)).toEqual({ is: 'absent' })
  })

  it('is asked again while the service is not known everywhere', async () => {
    let times = 0
    const account = cloud({
      DescribeScalableTargets: { ScalableTargets: [] },
      RegisterScalableTarget: () =>
        ++times < 3
          ? awsError('ValidationException', `ECS service doesn't exist: ${resourceId}`)
          : { ScalableTargetARN: 'arn:t' },
    })
    await new Run(ScalableTarget).create(want)
    expect(account.writes).toHaveLength(3)
  })
})

describe('a scaling policy', () => {
  const cpu: ScalingPolicyProps = {
    resourceId,
    metric: 'ECSServiceAverageCPUUtilization',
    target: 70,
    scaleOutCooldown: 60,
    scaleInCooldown: 300,
  }
  const attrs = { id: 'shop-dev-thing', resourceId }

  it('is found in all pages of its service’s list', async () => {
    const account = cloud({
      DescribeScalingPolicies: (input: Input) =>
        input.NextToken ? { ScalingPolicies: [shownPolicy], NextToken: '' } : { ScalingPolicies: [], NextToken: '2' },
    })
    expect(await ScalingPolicy.observe(aws, stamp, { resourceId })).toMatchObject({ is: 'ready', attrs })
    expect(account.sent).toHaveLength(2)
  })

  it('that holds no metric at a target is a difference', async () => {
    cloud({
      DescribeScalingPolicies: { ScalingPolicies: [{ ...shownPolicy, TargetTrackingScalingPolicyConfiguration: undefined }] },
    })
    expect(await ScalingPolicy.observe(aws, stamp, cpu, attrs)).toMatchObject({ props: { metric: '', target: 0 } })
  })

  it('of a metric of the service has no label', async () => {
    const account = cloud({ PutScalingPolicy: {} })
    await ScalingPolicy.create(aws, cpu, stamp)
    const config = account.writes[0]?.[1].TargetTrackingScalingPolicyConfiguration as Input
    expect(Object.keys(config.PredefinedMetricSpecification as object)).toEqual(['PredefinedMetricType'])
  })

  it('costs the alarms that AWS makes for it', () => {
    expect(ScalingPolicy.facts.monthly?.(cpu, 'us-east-1')).toEqual([{ what: 'the 2 alarms of a scaling policy', usd: 0.2 }])
  })

  it('comes after its target: one that is not known everywhere yet is waited for', async () => {
    let times = 0
    cloud({
      DescribeScalingPolicies: { ScalingPolicies: [] },
      PutScalingPolicy: () => (++times < 3 ? awsError('ObjectNotFoundException', 'No scalable target registered') : {}),
    })
    expect(await new Run(ScalingPolicy).create(cpu)).toEqual(attrs)
  })
})
