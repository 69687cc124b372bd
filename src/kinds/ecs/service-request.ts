import type { CreateServiceCommandInput, UpdateServiceCommandInput } from '@aws-sdk/client-ecs'
import type { ServiceProps } from './service-facts.ts'

/** All that a new service is told, besides its name and tags. */
export const request = (want: ServiceProps): Omit<CreateServiceCommandInput, 'serviceName'> => ({
  cluster: want.cluster,
  taskDefinition: want.taskDefinition,
  desiredCount: want.desired,
  ...network(want),
  ...capacity(want),
  ...(want.loadBalancer ? balancer(want) : {}),
  ...deployment(want),
  enableExecuteCommand: want.exec,
  ...rebalancing(want),
  propagateTags: want.propagateTags ?? 'SERVICE',
})

/** Only what changed: of the rest, others may have made something else. */
export const changes = (want: ServiceProps, changed: readonly (keyof ServiceProps)[]): Partial<UpdateServiceCommandInput> => {
  // What only counts for new tasks, and yet does not make ECS start any.
  const forced = { forceNewDeployment: true }
  const to: { [P in keyof ServiceProps]?: Partial<UpdateServiceCommandInput> } = {
    // It may also be the same one, whose rollout failed.
    taskDefinition: { taskDefinition: want.taskDefinition, ...forced },
    desired: { desiredCount: want.desired },
    subnetIds: network(want),
    securityGroupIds: network(want),
    publicAddress: network(want),
    capacity: { ...capacity(want), ...forced },
    loadBalancer: balancer(want),
    healthGraceSeconds: { healthCheckGracePeriodSeconds: want.healthGraceSeconds },
    minHealthyPercent: deployment(want),
    maxPercent: deployment(want),
    circuitBreaker: deployment(want),
    exec: { enableExecuteCommand: want.exec, ...forced },
    availabilityZoneRebalancing: rebalancing(want),
    propagateTags: { propagateTags: want.propagateTags ?? 'SERVICE' },
  }
  return Object.assign({}, ...changed.map((p) => to[p] ?? {}))
}

const network = (want: ServiceProps) => ({
  networkConfiguration: {
    awsvpcConfiguration: {
      subnets: [...want.subnetIds],
      securityGroups: [...want.securityGroupIds],
      assignPublicIp: want.publicAddress ? ('ENABLED' as const) : ('DISABLED' as const),
    },
  },
})

const rebalancing = ({ availabilityZoneRebalancing }: ServiceProps) =>
  availabilityZoneRebalancing === undefined ? {} : { availabilityZoneRebalancing }

const capacity = (want: ServiceProps) => ({
  capacityProviderStrategy: want.capacity.map(({ provider, weight, base }) => ({
    capacityProvider: provider,
    weight,
    ...(base ? { base } : {}),
  })),
})

/** An empty list takes it from behind a load balancer; the grace is only for one that is behind one. */
const balancer = ({ loadBalancer, healthGraceSeconds }: ServiceProps) =>
  loadBalancer
    ? {
        loadBalancers: [
          {
            targetGroupArn: loadBalancer.targetGroupArn,
            containerName: loadBalancer.container,
            containerPort: loadBalancer.port,
          },
        ],
        healthCheckGracePeriodSeconds: healthGraceSeconds,
      }
    : { loadBalancers: [] }

const deployment = (want: ServiceProps) => ({
  deploymentConfiguration: {
    minimumHealthyPercent: want.minHealthyPercent,
    maximumPercent: want.maxPercent,
    deploymentCircuitBreaker: { enable: want.circuitBreaker, rollback: want.circuitBreaker },
  },
})
