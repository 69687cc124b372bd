import type { Config } from '../config/config.ts'
import type { Container, Service } from '../config/sections/ecs.ts'
import { SecurityGroupRule } from '../kinds/ec2/security-group-rule.ts'
import { Cluster } from '../kinds/ecs/cluster.ts'
import { Service as EcsService } from '../kinds/ecs/service.ts'
import { TaskDefinition } from '../kinds/ecs/task-definition.ts'
import { LogGroup } from '../kinds/logs/log-group.ts'
import { rolesOf } from './ecs-roles.ts'
import { secretArn, splitSecret, textOf, variablesOf } from './environment.ts'
import type { Add, Groups, Lookups, Network, Outputs, Running } from './types.ts'

/** Every account of these partitions has Fargate Spot. Elsewhere it is named only when a service asks for it. */
const WITH_SPOT = /^aws(-cn|-us-gov)?$/
const providersOf = ({ ecs: { services } }: Config, partition: string): string[] => {
  const spot = WITH_SPOT.test(partition) || Object.values(services).some((s) => s.capacity === 'FARGATE_SPOT')
  return ['FARGATE', ...(spot ? ['FARGATE_SPOT'] : [])]
}

/** A cluster, the roles of its tasks, and every service and one-off task of the config. */
export const ecs = (add: Add, c: Config, at: Lookups, net: Network, groups: Groups, out: Outputs): Running => {
  const cluster = add(
    Cluster,
    'ecs-cluster',
    {
      capacityProviders: providersOf(c, at.partition),
      defaultStrategy: [{ provider: 'FARGATE', weight: 1 }],
      ...(c.ecs.containerInsights === undefined ? {} : { containerInsights: c.ecs.containerInsights }),
    },
    { name: c.ecs.cluster },
  )
  const roles = rolesOf(add, c, at, out)
  const definition = (key: string, of: Container, port?: number, health?: Service['health']) =>
    define(add, c, at, out, { key, of, ...roles, ...(port === undefined ? {} : { port }), ...(health ? { health } : {}) })

  for (const [key, task] of Object.entries(c.ecs.tasks)) definition(key, task)
  const opened = openedPorts(add, c, groups, out)
  const services = Object.entries(c.ecs.services).map(([key, s]) => {
    const { arn } = definition(key, s, s.port, s.health)
    const target = s.public ? out.balancer?.targets[key] : undefined
    const service = add(
      EcsService,
      `${key}-service`,
      {
        cluster: cluster.id,
        taskDefinition: arn,
        desired: at.images?.[key] === false ? 0 : (at.counts?.[key]?.desired ?? s.desired),
        subnetIds: s.subnets === 'private' ? net.privateSubnetIds : net.publicSubnetIds,
        securityGroupIds: [groups.backend],
        publicAddress: s.subnets === 'public',
        capacity: [{ provider: s.capacity, weight: 1 }],
        ...(target && s.port !== undefined
          ? { loadBalancer: { targetGroupArn: target, container: s.container, port: s.port } }
          : {}),
        healthGraceSeconds: target ? s.health.graceSeconds : 0,
        ...(target ? { drainSeconds: s.deregistrationDelaySeconds } : {}),
        minHealthyPercent: s.minHealthyPercent,
        maxPercent: s.maxPercent,
        circuitBreaker: true,
        // AWS's own default where it is possible. Left out, ECS refuses a new service without room for a task on top.
        availabilityZoneRebalancing: s.maxPercent > 100 ? 'ENABLED' : 'DISABLED',
        exec: c.ecs.exec,
        size: { cpu: s.cpu, memory: s.memory, architecture: s.architecture },
      },
      {
        name: s.name,
        after: [
          ...((target && opened.get(s.port)) ?? []),
          // A target group that no listener uses yet is refused.
          ...(out.balancer?.listening[key] ?? []),
          ...databaseOf(s, c, out),
          // Without a route there is no image: after three tasks that failed the circuit breaker gives the service up.
          ...(s.subnets === 'private' ? net.privateWay : net.publicWay),
        ],
      },
    )
    return [key, service.id] as const
  })
  return { cluster: c.ecs.cluster, services: Object.fromEntries(services) }
}

/** The load balancer's way to the tasks: one rule for each port, since EC2 refuses two equal ones and all tasks share a group. */
const openedPorts = (add: Add, c: Config, groups: Groups, { balancer }: Outputs) => {
  const ports = Object.values(c.ecs.services).flatMap((s) => (s.public && s.port !== undefined ? [s.port] : []))
  const made = (balancer ? [...new Set(ports)] : []).map((port) => {
    const rule = { groupId: groups.backend, port, sourceGroupId: balancer?.group ?? '' }
    const description = `Port ${port} from the load balancer`
    return [port, [add(SecurityGroupRule, `backend-from-alb-${port}-rule`, { ...rule, description }).id]] as const
  })
  return new Map<number | undefined, (typeof made)[number][1]>(made)
}

/** What must be there before an application that uses the database can be healthy. */
const databaseOf = (s: Service, c: Config, { database, inside }: Outputs) => {
  const uses =
    Object.values(s.secrets).some((from) => from.startsWith('database:')) ||
    Object.values(s.environment).some((text) => /\$\{(rds|secret)\./.test(text))
  if (!uses || !database || !c.steps.includes('rds')) return []
  // Where a person carries the SQL out, nobody knows when.
  return [database.host, ...(c.steps.includes('databases') && c.databases.via !== 'print' ? inside : [])]
}

interface Definition {
  readonly key: string
  readonly of: Container
  readonly execution: Outputs['secret']['arn']
  readonly task: Outputs['secret']['arn']
  readonly port?: number
  readonly health?: Service['health']
}

const define = (add: Add, c: Config, at: Lookups, out: Outputs, { key, of, execution, task, port, health }: Definition) => {
  const log = add(LogGroup, `${key}-log`, { retentionDays: c.ecs.logRetentionDays }, { name: of.logGroup })
  const deployed = at.deployed?.[key]
  const { environment, secrets } = variablesOf(of, deployed, c, out)
  return add(
    TaskDefinition,
    `${key}-task-definition`,
    {
      cpu: of.cpu,
      memory: of.memory,
      executionRoleArn: execution,
      taskRoleArn: task,
      cpuArchitecture: of.architecture,
      region: c.region,
      containers: [
        {
          name: of.container,
          image: deployed?.image ?? textOf(of.image ?? '${registry.uri}:latest', c, out),
          essential: true,
          ...(of.command ? { command: of.command } : {}),
          environment,
          secrets: Object.fromEntries(
            Object.entries(secrets).flatMap(([k, from]) => {
              const [secret, key] = splitSecret(from)
              const arn = secretArn(secret, out)
              return arn === undefined ? [] : [[k, { arn, ...(key === '' ? {} : { key }) }]]
            }),
          ),
          ...(port === undefined ? {} : { portMappings: [{ containerPort: port }] }),
          logGroup: log.id,
          streamPrefix: of.container,
          ...(health?.command
            ? {
                healthCheck: {
                  command: ['CMD-SHELL', health.command],
                  interval: health.intervalSeconds,
                  timeout: health.timeoutSeconds,
                  retries: 3,
                  startPeriod: 60,
                },
              }
            : {}),
        },
      ],
    },
    { name: of.family },
  )
}
