import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
} from '@aws-sdk/client-application-auto-scaling'
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { DescribeRepositoriesCommand, ECRClient, GetLifecyclePolicyCommand } from '@aws-sdk/client-ecr'
import {
  DescribeClustersCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListClustersCommand,
  ListServicesCommand,
  ListTaskDefinitionsCommand,
  ListTasksCommand,
  type Tag,
} from '@aws-sdk/client-ecs'
import { type Account, clientConfig } from '../support/account.ts'
import type { Thing } from './thing.ts'

const ecsTags = (tags: readonly Tag[] = []) => Object.fromEntries(tags.map((t) => [t.key, t.value]))

const listServices = async (ecs: ECSClient, cluster: string): Promise<Thing[]> => {
  const { serviceArns = [] } = await ecs.send(new ListServicesCommand({ cluster }))
  if (serviceArns.length === 0) return []
  const { services = [] } = await ecs.send(new DescribeServicesCommand({ cluster, services: serviceArns, include: ['TAGS'] }))
  return services
    .filter((s) => s.status !== 'INACTIVE')
    .map((s) => ({
      type: 'ecs-service',
      label: s.serviceName ?? '',
      ids: [s.serviceName ?? '', s.serviceArn ?? ''],
      view: {
        // A revision too many is as good as the one before it: which number counts differs, what it says must not.
        family: s.taskDefinition?.split('/').at(-1)?.split(':')[0],
        tasks: [s.status, s.desiredCount, s.runningCount, s.pendingCount].join(' '),
        network: s.networkConfiguration,
        balancers: s.loadBalancers,
        capacity: s.capacityProviderStrategy,
        deployment: s.deploymentConfiguration,
        settings: [s.healthCheckGracePeriodSeconds, s.enableExecuteCommand, s.propagateTags].join(' '),
        tags: ecsTags(s.tags),
      },
    }))
}

/** Clusters, services and tasks, and every active task definition: the newest of a family is what counts. */
const listEcs = async (account: Account): Promise<Thing[]> => {
  const ecs = new ECSClient(clientConfig(account))
  const { clusterArns = [] } = await ecs.send(new ListClustersCommand({}))
  const { clusters = [] } = await ecs.send(new DescribeClustersCommand({ clusters: clusterArns, include: ['TAGS'] }))
  const own = clusters
    .filter((c) => c.status !== 'INACTIVE')
    .map(async (c): Promise<Thing[]> => {
      const name = c.clusterName ?? ''
      const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster: name }))
      const view = { providers: c.capacityProviders, tasks: taskArns.length, tags: ecsTags(c.tags) }
      return [{ type: 'ecs-cluster', label: name, ids: [name, c.clusterArn ?? ''], view }, ...(await listServices(ecs, name))]
    })
  const { taskDefinitionArns = [] } = await ecs.send(new ListTaskDefinitionsCommand({ status: 'ACTIVE' }))
  const described = await Promise.all(
    taskDefinitionArns.map((taskDefinition) =>
      ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition, include: ['TAGS'] })),
    ),
  )
  const newest = new Map<string, (typeof described)[number]>()
  for (const d of described) {
    const family = d.taskDefinition?.family ?? ''
    if ((newest.get(family)?.taskDefinition?.revision ?? 0) < (d.taskDefinition?.revision ?? 0)) newest.set(family, d)
  }
  const definitions = [...newest].map(([family, { taskDefinition: d, tags }]) => ({
    type: 'task-definition',
    label: family,
    ids: [`${family}:${d?.revision}`, d?.taskDefinitionArn ?? ''],
    view: {
      size: [d?.cpu, d?.memory].join(' '),
      roles: [d?.executionRoleArn, d?.taskRoleArn],
      containers: d?.containerDefinitions?.map((c) => [c.name, c.image, c.command, c.environment, c.secrets, c.logConfiguration]),
      tags: ecsTags(tags),
    },
  }))
  return [...(await Promise.all(own)).flat(), ...definitions]
}

const listScaling = async (account: Account): Promise<Thing[]> => {
  const client = new ApplicationAutoScalingClient(clientConfig(account))
  const [{ ScalableTargets = [] }, { ScalingPolicies = [] }] = await Promise.all([
    client.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs' })),
    client.send(new DescribeScalingPoliciesCommand({ ServiceNamespace: 'ecs' })),
  ])
  return [
    ...ScalableTargets.map((t) => ({
      type: 'scalable-target',
      label: t.ResourceId ?? '',
      ids: [t.ResourceId ?? '', t.ScalableTargetARN ?? ''],
      view: { range: [t.MinCapacity, t.MaxCapacity] },
    })),
    ...ScalingPolicies.map((p) => ({
      type: 'scaling-policy',
      label: p.PolicyName ?? '',
      ids: [p.PolicyName ?? '', p.PolicyARN ?? ''],
      view: { of: p.ResourceId, to: p.TargetTrackingScalingPolicyConfiguration },
    })),
  ]
}

const listLogs = async (account: Account): Promise<Thing[]> => {
  const logs = new CloudWatchLogsClient(clientConfig(account))
  const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/ecs/' }))
  return logGroups.map((g) => ({
    type: 'log-group',
    label: g.logGroupName ?? '',
    ids: [g.logGroupName ?? '', g.arn ?? '', g.logGroupArn ?? ''],
    view: { days: g.retentionInDays },
  }))
}

const listRepositories = async (account: Account): Promise<Thing[]> => {
  const ecr = new ECRClient(clientConfig(account))
  const { repositories = [] } = await ecr.send(new DescribeRepositoriesCommand({}))
  return Promise.all(
    repositories.map(async (r) => {
      const { lifecyclePolicyText = '' } = await ecr.send(new GetLifecyclePolicyCommand({ repositoryName: r.repositoryName }))
      const view = { scan: r.imageScanningConfiguration, crypt: r.encryptionConfiguration, keeps: lifecyclePolicyText }
      return { type: 'repository', label: r.repositoryName ?? '', ids: [r.repositoryName ?? '', r.repositoryArn ?? ''], view }
    }),
  )
}

/** What runs in containers, and all that goes with it but the load balancer. */
export const listContainers = async (account: Account): Promise<Thing[]> =>
  (await Promise.all([listEcs, listScaling, listLogs, listRepositories].map((list) => list(account)))).flat()
