import { foreignTo } from '../../aws/tags.ts'
import { codeOf, unlessGone } from '../../aws/trouble.ts'
import { type Json, same } from '../../core/json.ts'
import { explainService } from '../../ecs/failure.ts'
import type { AwsKind } from '../kind.ts'
import { fromEcsTags, tagEcs, toEcsTags } from './common.ts'
import { attrsOf, costOf, propsOf, type ServiceAttrs, type ServiceProps } from './service-facts.ts'
import { drainMinutes, impactOf } from './service-impact.ts'
import { changes, request } from './service-request.ts'
import { noteOf, standingOf } from './service-rollout.ts'

/**
 * A service of Fargate tasks, rolled out task by task. A deleted one stays listed as INACTIVE, and its name can be used again.
 * docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
 */
export const Service: AwsKind<ServiceProps, ServiceAttrs> = {
  type: 'ecs.service',
  async observe(aws, stamp, want, last) {
    const name = last?.id ?? stamp.name
    const cluster = last?.cluster ?? want.cluster
    if (cluster === undefined) return { is: 'absent' }
    const found = await unlessGone(aws.ecs('DescribeServices', { cluster, services: [name], include: ['TAGS'] }))
    const odd = found?.failures?.find((f) => f.reason !== 'MISSING')
    if (odd) throw new Error(`ECS does not show the service ${name}: ${odd.reason} ${odd.detail ?? ''}`.trim())
    const service = found?.services?.find((s) => s.serviceName === name || s.serviceArn === name)
    if (!service?.serviceArn || service.status === 'INACTIVE') return { is: 'absent' }
    const tags = fromEcsTags(service.tags)
    const props = propsOf(service, want, last?.desired)
    const differs = (Object.keys(want) as (keyof ServiceProps)[]).some(
      (p) => props[p] !== undefined && want[p] !== undefined && !same(props[p] as Json, want[p] as Json),
    )
    // A rollout that failed is never deleted: what still runs may serve. The next run tries it anew, like any other difference;
    // and a fixed config does not wait for a rollout that will not come to an end.
    const { ready, failed, rolledBack } = standingOf(service)
    const rollback = differs ? rolledBack : undefined
    const why = failed ?? rollback
    return {
      is: service.status === 'DRAINING' ? 'deleting' : differs || failed !== undefined || ready ? 'ready' : 'pending',
      attrs: attrsOf(service, want, last?.desired),
      props: failed === undefined ? props : { ...props, taskDefinition: `${service.taskDefinition} (its rollout failed)` },
      // Autoscaling sets the number, and each task that runs is paid for.
      ...(props.desired === want.desired && service.desiredCount !== want.desired
        ? { charged: { desired: service.desiredCount ?? 0 } }
        : {}),
      tags,
      note: why === undefined ? noteOf(service) : `its rollout failed: ${why}${rollback && !failed ? '; it is rolled back' : ''}`,
      ...(why !== undefined && service.status === 'ACTIVE' ? { over: true } : {}),
      ...(last ? {} : foreignTo(stamp, tags, `the ECS service ${name}`)),
    }
  },
  async create(aws, want, stamp) {
    const { service } = await aws.ecs('CreateService', {
      serviceName: stamp.name,
      ...request(want),
      // ECS takes 36 characters.
      clientToken: stamp.token.slice(0, 36),
      tags: toEcsTags(stamp.tags),
    })
    const cluster = want.cluster.split('/').at(-1) ?? ''
    return { attrs: { id: stamp.name, arn: service?.serviceArn ?? '', cluster, desired: want.desired } }
  },
  async update(aws, attrs, want, changed) {
    await aws.ecs('UpdateService', { cluster: attrs.cluster, service: attrs.id, ...changes(want, changed) })
    return 'pending'
  },
  tag: tagEcs,
  async delete(aws, { cluster, id }) {
    // From here on nothing is started anew, also when the delete is not heard.
    await aws.ecs('UpdateService', { cluster, service: id, desiredCount: 0 }).catch((error: unknown) => {
      // It is on its way out already.
      if (codeOf(error) !== 'ServiceNotActive') throw error
    })
    await aws.ecs('DeleteService', { cluster, service: id, force: true })
  },
  stuck: (aws, { cluster, id, arn }) => explainService(aws, { cluster, name: id, region: arn.split(':')[3] ?? '' }),
  facts: {
    title: 'ECS service',
    minutes: 3,
    updateMinutes: 3,
    impact: impactOf,
    deleteMinutes: 1,
    // Requests may go on until the target group's delay is over.
    moreMinutes: drainMinutes,
    lingers: 2,
    deadline: 15,
    monthly: costOf,
    iam: {
      observe: ['ecs:DescribeServices'],
      create: [
        'ecs:CreateService',
        'ecs:DescribeServices',
        'ecs:DescribeTaskDefinition',
        'ecs:DescribeTasks',
        'ecs:ListTasks',
        'ecs:TagResource',
        'iam:CreateServiceLinkedRole',
        'logs:GetLogEvents',
        'secretsmanager:DescribeSecret',
        'secretsmanager:GetSecretValue',
      ],
      update: ['ecs:UpdateService', 'ecs:TagResource'],
      delete: ['ecs:UpdateService', 'ecs:DeleteService'],
    },
    immutable: ['cluster'],
    found: 'name',
    // Its tasks may never start.
    deletesPending: true,
  },
}
