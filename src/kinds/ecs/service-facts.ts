import type { Service as EcsService, LoadBalancer } from '@aws-sdk/client-ecs'
import { monthlyPrice } from '../../aws/prices.ts'
import { canonical } from '../../core/json.ts'
import type { CostItem } from '../../engine/kind.ts'
import { inWantedOrder } from '../sets.ts'

export type Capacity = {
  readonly provider: string
  readonly weight: number
  /** So many tasks go here before the weights count. */
  readonly base?: number
}
export type ServiceBalancer = { readonly targetGroupArn: string; readonly container: string; readonly port: number }

export type ServiceProps = {
  /** Name of the cluster, or its ARN. */
  cluster: string
  /** ARN of a revision. */
  taskDefinition: string
  /** Counts at creation, and when it becomes another one: what autoscaling or a person make of it meanwhile is theirs. */
  desired: number
  subnetIds: readonly string[]
  securityGroupIds: readonly string[]
  /** Without it tasks need a NAT gateway or endpoints to get their image. */
  publicAddress: boolean
  capacity: readonly Capacity[]
  /** null: behind none. Left out: nobody looks whether it is behind one. */
  loadBalancer?: ServiceBalancer | null
  /** For so many seconds after its start a task may fail the load balancer's checks. Without a load balancer it means nothing. */
  healthGraceSeconds: number
  minHealthyPercent: number
  maxPercent: number
  /** A rollout whose tasks keep failing is given up, and the last good one comes back. */
  circuitBreaker: boolean
  /** Whether commands can be run inside of its tasks. */
  exec: boolean
  /** Whether ECS moves tasks until they are spread evenly over the zones. It needs room for one on top: more than 100 percent. */
  availabilityZoneRebalancing?: 'ENABLED' | 'DISABLED'
  /** Default: SERVICE. */
  propagateTags?: 'SERVICE'
  /** The deregistration delay of its target group: only to tell how long it takes to go. */
  drainSeconds?: number
  /** Of one task: only to tell what it costs. */
  size?: { readonly cpu: number; readonly memory: number; readonly architecture?: 'X86_64' | 'ARM64' }
}
/** `desired`: what was set last, not what is there. */
export type ServiceAttrs = { id: string; arn: string; cluster: string; desired: number }

const nameOf = (arn: string | undefined): string => arn?.split('/').at(-1) ?? ''

export const attrsOf = (s: EcsService, want: Partial<ServiceProps>, set: number | undefined): ServiceAttrs => ({
  id: s.serviceName ?? '',
  arn: s.serviceArn ?? '',
  cluster: nameOf(s.clusterArn),
  desired: isNews(s, want.desired, set) ? (set ?? 0) : (want.desired ?? set ?? s.desiredCount ?? 0),
})

/** Whether another number is wanted than was set last. Where that is not known, nobody knows whose the present one is: it stays. */
const isNews = (s: EcsService, want: number | undefined, set: number | undefined): boolean =>
  want !== undefined && set !== undefined && want !== set && want !== s.desiredCount

export const propsOf = (s: EcsService, want: Partial<ServiceProps>, set: number | undefined): Partial<ServiceProps> => {
  const network = s.networkConfiguration?.awsvpcConfiguration
  const deployment = s.deploymentConfiguration
  const breaker = deployment?.deploymentCircuitBreaker
  const balancer = balancerOf(s.loadBalancers, want.loadBalancer)
  const desired = isNews(s, want.desired, set) ? s.desiredCount : (want.desired ?? s.desiredCount)
  return drop({
    cluster: want.cluster?.startsWith('arn:') ? s.clusterArn : nameOf(s.clusterArn),
    taskDefinition: s.taskDefinition,
    desired,
    subnetIds: network && inWantedOrder(network.subnets ?? [], want.subnetIds),
    securityGroupIds: network && inWantedOrder(network.securityGroups ?? [], want.securityGroupIds),
    publicAddress: network && network.assignPublicIp === 'ENABLED',
    capacity: capacityOf(s, want.capacity),
    loadBalancer: balancer,
    healthGraceSeconds: balancer ? s.healthCheckGracePeriodSeconds : undefined,
    minHealthyPercent: deployment?.minimumHealthyPercent,
    maxPercent: deployment?.maximumPercent,
    circuitBreaker: deployment && breaker?.enable === true && breaker.rollback === true,
    exec: s.enableExecuteCommand,
    availabilityZoneRebalancing: s.availabilityZoneRebalancing,
    propagateTags: s.propagateTags as 'SERVICE' | undefined,
  })
}

/** The one that is wanted if it is among them; else whichever is there. */
const balancerOf = (all: readonly LoadBalancer[] = [], want: ServiceProps['loadBalancer']): ServiceBalancer | null => {
  const shown = all.map((b) => ({
    targetGroupArn: b.targetGroupArn ?? '',
    container: b.containerName ?? '',
    port: b.containerPort ?? 0,
  }))
  return shown.find((b) => canonical(b) === canonical(want)) ?? shown[0] ?? null
}

/** No base is a base of 0, and the order means nothing. */
const capacityOf = (s: EcsService, want: readonly Capacity[] | undefined): readonly Capacity[] => {
  const is = (s.capacityProviderStrategy ?? []).map((c) => ({
    provider: c.capacityProvider ?? '',
    weight: c.weight ?? 0,
    ...(c.base ? { base: c.base } : {}),
  }))
  const text = (all: readonly Capacity[]): string => canonical(all.map((c) => canonical({ ...c, base: c.base ?? 0 })).sort())
  return want && text(is) === text(want) ? want : is
}

const drop = (props: { [P in keyof ServiceProps]?: ServiceProps[P] | undefined }): Partial<ServiceProps> =>
  Object.fromEntries(Object.entries(props).filter(([, v]) => v !== undefined)) as Partial<ServiceProps>

/** All tasks at the full price: how much less Spot is changes by the hour. */
export const costOf = (want: Partial<ServiceProps>, region: string): CostItem[] => {
  const { size, desired = 0, publicAddress } = want
  if (!size) return []
  const { cpu, memory, architecture = 'X86_64' } = size
  const parts = [
    monthlyPrice(`fargate.${architecture}.vcpu`, region, (desired * cpu) / 1024),
    monthlyPrice(`fargate.${architecture}.gb`, region, (desired * memory) / 1024),
  ]
  const spot = want.capacity?.some((c) => c.provider === 'FARGATE_SPOT' && c.weight > 0) ? ', up to 70 % less on Spot' : ''
  const tasks = `${desired} ${desired === 1 ? 'task' : 'tasks'}`
  return [
    {
      ...parts[0],
      what: `${tasks} of ${cpu / 1024} vCPU and ${memory / 1024} GB${spot}`,
      usd: parts.reduce((sum, p) => sum + p.usd, 0),
    },
    ...(publicAddress && desired > 0
      ? [
          monthlyPrice(
            'ec2.public-ipv4.hour',
            region,
            desired,
            `${desired} public IPv4 ${desired === 1 ? 'address' : 'addresses'}`,
          ),
        ]
      : []),
  ]
}
