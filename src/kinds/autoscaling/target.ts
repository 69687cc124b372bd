import type { AwsKind } from '../kind.ts'

export type ScalableTargetProps = {
  /** `service/<cluster>/<service>` */
  resourceId: string
  min: number
  max: number
}
/** `id` is the resource's. */
export type ScalableTargetAttrs = { id: string; arn: string }

/** Its number of tasks is what is scaled. */
export const OF_SERVICE = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount' } as const

/**
 * Leave for Application Auto Scaling to change a service's number of tasks, and how far. RegisterScalableTarget makes or replaces,
 * and brings a number outside of the limits within them at once.
 * docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
 */
export const ScalableTarget: AwsKind<ScalableTargetProps, ScalableTargetAttrs> = {
  type: 'autoscaling.target',
  async observe(aws, _stamp, want, last) {
    const id = last?.id ?? want.resourceId
    if (id === undefined) return { is: 'absent' }
    const { ScalableTargets = [] } = await aws.autoScaling('DescribeScalableTargets', { ...OF_SERVICE, ResourceIds: [id] })
    const target = ScalableTargets.find((t) => t.ResourceId === id)
    if (!target) return { is: 'absent' }
    // A service has only one, and the service is ours: whoever registered it, its limits are the config's.
    return {
      is: 'ready',
      attrs: { id, arn: target.ScalableTargetARN ?? '' },
      props: { resourceId: id, min: target.MinCapacity ?? 0, max: target.MaxCapacity ?? 0 },
    }
  },
  async create(aws, want, stamp) {
    const made = await aws.autoScaling('RegisterScalableTarget', { ...request(want), Tags: { ...stamp.tags } })
    return { attrs: { id: want.resourceId, arn: made.ScalableTargetARN ?? '' }, ready: true }
  },
  async update(aws, _attrs, want) {
    await aws.autoScaling('RegisterScalableTarget', request(want))
    return 'done'
  },
  async tag(aws, attrs, tags) {
    await aws.autoScaling('TagResource', { ResourceARN: attrs.arn, Tags: { ...tags } })
  },
  async delete(aws, attrs) {
    await aws.autoScaling('DeregisterScalableTarget', { ...OF_SERVICE, ResourceId: attrs.id })
  },
  facts: {
    title: 'scaling target',
    minutes: 0.1,
    iam: {
      observe: ['application-autoscaling:DescribeScalableTargets'],
      // The first target of an account makes the role by which the service is scaled.
      create: [
        'application-autoscaling:RegisterScalableTarget',
        'application-autoscaling:TagResource',
        'ecs:DescribeServices',
        'ecs:UpdateService',
        'iam:CreateServiceLinkedRole',
      ],
      update: [
        'application-autoscaling:RegisterScalableTarget',
        'application-autoscaling:TagResource',
        'ecs:DescribeServices',
        'ecs:UpdateService',
        'iam:CreateServiceLinkedRole',
      ],
      delete: ['application-autoscaling:DeregisterScalableTarget'],
    },
    immutable: ['resourceId'],
    found: 'natural',
  },
}

const request = (want: ScalableTargetProps) => ({
  ...OF_SERVICE,
  ResourceId: want.resourceId,
  MinCapacity: want.min,
  MaxCapacity: want.max,
})
