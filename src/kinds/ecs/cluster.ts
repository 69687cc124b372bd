import type { Cluster as EcsCluster } from '@aws-sdk/client-ecs'
import { listServices, listTasks } from '../../aws/ecs-lists.ts'
import { monthlyPrice } from '../../aws/prices.ts'
import { foreignTo } from '../../aws/tags.ts'
import type { AwsKind } from '../kind.ts'
import { inWantedOrder } from '../sets.ts'
import { fromEcsTags, tagEcs, toEcsTags } from './common.ts'

export type ClusterProps = {
  capacityProviders: readonly string[]
  /** Where tasks go that name no provider: by the weight of each. */
  defaultStrategy: readonly { readonly provider: string; readonly weight: number }[]
  /** Metrics of every task, each at the price of a custom metric. Left out: whatever the account's own default is. */
  containerInsights?: boolean
}
export type ClusterAttrs = { id: string; arn: string }

/**
 * An ECS cluster. A deleted one stays listed as INACTIVE, and its name can be used again.
 * CreateCluster with a name that exists answers the existing one, so it is looked at before.
 */
export const Cluster: AwsKind<ClusterProps, ClusterAttrs> = {
  type: 'ecs.cluster',
  async observe(aws, stamp, want, last) {
    const name = last?.id ?? stamp.name
    const found = await aws.ecs('DescribeClusters', { clusters: [name], include: ['SETTINGS', 'TAGS'] })
    const odd = found.failures?.find((f) => f.reason !== 'MISSING')
    if (odd) throw new Error(`ECS does not show the cluster ${name}: ${odd.reason} ${odd.detail ?? ''}`.trim())
    const cluster = found.clusters?.find((c) => c.clusterName === name || c.clusterArn === name)
    if (!cluster?.clusterArn || cluster.status === 'INACTIVE') return { is: 'absent' }
    const tags = fromEcsTags(cluster.tags)
    const insights = cluster.settings?.find((s) => s.name === 'containerInsights')?.value
    return {
      is: phaseOf(cluster),
      attrs: { id: cluster.clusterName ?? name, arn: cluster.clusterArn },
      props: {
        capacityProviders: inWantedOrder(cluster.capacityProviders ?? [], want.capacityProviders),
        defaultStrategy: strategyOf(cluster, want.defaultStrategy),
        ...(insights === undefined ? {} : { containerInsights: insights !== 'disabled' }),
      },
      tags,
      note: cluster.status ?? 'unknown',
      ...(last ? {} : foreignTo(stamp, tags, `the ECS cluster ${name}`)),
    }
  },
  async create(aws, want, stamp) {
    const { cluster } = await aws.ecs('CreateCluster', {
      clusterName: stamp.name,
      ...providers(want),
      ...(want.containerInsights === undefined ? {} : { settings: settings(want.containerInsights) }),
      tags: toEcsTags(stamp.tags),
    })
    return {
      attrs: { id: stamp.name, arn: cluster?.clusterArn ?? '' },
      ready: cluster !== undefined && phaseOf(cluster) === 'ready',
    }
  },
  async update(aws, attrs, want, changed) {
    if (changed.includes('capacityProviders') || changed.includes('defaultStrategy'))
      await aws.ecs('PutClusterCapacityProviders', { cluster: attrs.id, ...providers(want) })
    if (changed.includes('containerInsights'))
      await aws.ecs('UpdateCluster', { cluster: attrs.id, settings: settings(want.containerInsights === true) })
    return 'pending'
  },
  tag: tagEcs,
  async delete(aws, attrs) {
    await aws.ecs('DeleteCluster', { cluster: attrs.id })
  },
  async blockers(aws, attrs) {
    const [services, tasks] = await Promise.all([listServices(aws, attrs.id), listTasks(aws, { cluster: attrs.id })])
    const named = (what: string, arns: readonly string[]) => arns.map((arn) => ({ what: `the ${what} ${arn.split('/').at(-1)}` }))
    return [...named('service', services), ...named('task', tasks)]
  },
  facts: {
    title: 'ECS cluster',
    minutes: 0.2,
    monthly: (want, region) =>
      want.containerInsights ? [monthlyPrice('cloudwatch.metric', region, 0, 'Container Insights')] : [],
    iam: {
      observe: ['ecs:DescribeClusters'],
      // The first cluster of an account makes the role that ECS itself uses.
      create: ['ecs:CreateCluster', 'ecs:TagResource', 'iam:CreateServiceLinkedRole'],
      update: ['ecs:PutClusterCapacityProviders', 'ecs:UpdateCluster', 'ecs:TagResource'],
      delete: ['ecs:DeleteCluster', 'ecs:ListServices', 'ecs:ListTasks'],
    },
    found: 'name',
  },
}

const phaseOf = (c: EcsCluster): 'ready' | 'pending' | 'failed' | 'deleting' => {
  if (c.status === 'DEPROVISIONING') return 'deleting'
  if (c.status === 'FAILED') return 'failed'
  return c.status === 'ACTIVE' && c.attachmentsStatus !== 'UPDATE_IN_PROGRESS' ? 'ready' : 'pending'
}

const providers = (want: ClusterProps) => ({
  capacityProviders: [...want.capacityProviders],
  defaultCapacityProviderStrategy: want.defaultStrategy.map(({ provider, weight }) => ({ capacityProvider: provider, weight })),
})

const settings = (insights: boolean) => [{ name: 'containerInsights' as const, value: insights ? 'enabled' : 'disabled' }]

/** The order means nothing: as it is wanted, with what nobody wanted behind it. */
const strategyOf = (c: EcsCluster, want: ClusterProps['defaultStrategy'] = []): ClusterProps['defaultStrategy'] => {
  const place = (provider: string): number => {
    const i = want.findIndex((w) => w.provider === provider)
    return i < 0 ? want.length : i
  }
  return (c.defaultCapacityProviderStrategy ?? [])
    .map((s) => ({ provider: s.capacityProvider ?? '', weight: s.weight ?? 0 }))
    .sort((a, b) => place(a.provider) - place(b.provider))
}
