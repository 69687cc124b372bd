import { type Answers, of, section } from '../section.ts'
import { type All, isPublic, subnetsOf, targetGroupsOf } from './ecs/all.ts'
import { containers } from './ecs/rules.ts'
import { type Ecs, type EcsService, type EcsTask, schema } from './ecs/schema.ts'

export type Container = EcsTask & {
  readonly container: string
  readonly family: string
  readonly logGroup: string
  readonly subnets: 'private' | 'public'
}
export type Service = EcsService &
  Container & { readonly name: string; readonly targetGroup: string | undefined; readonly public: boolean }

type Basis = Pick<All, 'vpc'> & { readonly namePrefix: string }

/** Fills in the names of what runs in containers. */
const defaults = (ecs: Ecs, { vpc, namePrefix }: Basis) => {
  const targetGroups = targetGroupsOf(ecs, namePrefix)
  const filled = (key: string, c: EcsTask): Container => ({
    ...c,
    container: c.container ?? key,
    subnets: subnetsOf(c, vpc),
    family: c.family ?? `${namePrefix}-${key}`,
    logGroup: c.logGroup ?? `/ecs/${namePrefix}-${key}`,
  })
  const services = Object.entries(ecs.services).map(([key, s]): [string, Service] => [
    key,
    { ...s, ...filled(key, s), name: s.name ?? `${namePrefix}-${key}`, targetGroup: targetGroups[key], public: isPublic(s) },
  ])
  return {
    ...ecs,
    cluster: ecs.cluster ?? `${namePrefix}-cluster`,
    executionRole: ecs.executionRole ?? `${namePrefix}-task-execution`,
    taskRole: ecs.taskRole ?? `${namePrefix}-task`,
    services: Object.fromEntries(services),
    tasks: Object.fromEntries(Object.entries(ecs.tasks).map(([key, t]) => [key, filled(key, t)])),
  }
}

const sample = (a: Answers): string => {
  if (a.preset && a.databaseOnly) return ''
  if (a.preset && a.publicTasks)
    return `ecs:
  services:
    web: { subnets: public }  # { desired: 2, cpu: 512, memory: 1024 } can be set here too
  tasks:
    migrate: { subnets: public }
`
  if (a.preset)
    return `# ecs:
#   services:
#     web: { desired: 2, cpu: 512, memory: 1024 }
`
  return `# ecs:
#   services:
#     web:
#       port: 8000            # with a port it stands behind the load balancer
#       desired: 1
#       health: { path: /health }
#       environment: { LOG_LEVEL: info }
#       secrets: { DATABASE_PASSWORD: "database:password" }
`
}

export const ecs = section('ecs', {
  step: 'ecs',
  schema,
  defaults,
  rules: [containers],
  sample,
  outputs: {
    'cluster.name': of('ecs-cluster', 'id', {
      variable: 'ECS_CLUSTER',
      known: (c: { readonly ecs: { readonly cluster: string } }) => c.ecs.cluster,
    }),
  },
})
