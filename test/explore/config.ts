import { stringify } from 'yaml'
import type { Random } from './random.ts'

export interface Service {
  readonly image: string
  readonly port?: number
  readonly desired: number
  readonly public?: boolean
  readonly paths?: readonly string[]
  readonly subnets?: 'public'
  readonly environment?: Readonly<Record<string, string>>
}

/** What a config says, as far as sequences change it. */
export interface Plan {
  readonly steps: readonly string[]
  readonly nat: 'none' | 'single'
  readonly services: Readonly<Record<string, Service>>
  readonly tags: Readonly<Record<string, string>>
  readonly retention: number
  readonly backupDays: number
  readonly state?: string
}

/** In the order of the stack. Alarms are those of a database. */
const database = (on: boolean, watched: boolean): string[] => [
  ...['vpc', 'security-groups'],
  ...(on ? ['secrets', 'rds'] : []),
  ...(on && watched ? ['monitoring'] : []),
  ...['registry', 'load-balancer', 'ecs'],
]

export const first = (random: Random): Plan => ({
  steps: database(random.chance(0.4), random.chance(0.5)),
  nat: 'none',
  services: { web: { image: 'nginx:1.27', port: 8000, desired: 1, subnets: 'public' } },
  tags: {},
  retention: 30,
  backupDays: 7,
})

const service = (plan: Plan, name: string, change: Partial<Service>): Plan => {
  const now = plan.services[name]
  return now ? { ...plan, services: { ...plan.services, [name]: { ...now, ...change } } } : plan
}

/** Another config, one change away. */
export const edited = (plan: Plan, random: Random): Plan => {
  const name = random.pick(Object.keys(plan.services))
  const edit = random.weighted<() => Plan>([
    [3, () => service(plan, name, { image: `nginx:1.${random.int(25, 29)}` })],
    [2, () => service(plan, name, { desired: random.int(0, 2) })],
    [2, () => service(plan, name, { environment: { LEVEL: random.pick(['debug', 'info', 'warn']) } })],
    [2, () => (plan.services[name]?.port ? service(plan, name, { port: random.pick([8000, 8001, 8080]) }) : plan)],
    [
      2,
      () => {
        const { api, ...others } = plan.services
        const added: Service = { image: 'nginx:1.27', port: 9000, desired: 1, public: true, paths: ['/api/*'], subnets: 'public' }
        return { ...plan, services: api ? others : { ...others, api: added } }
      },
    ],
    [
      1,
      () => {
        const { worker, ...others } = plan.services
        return {
          ...plan,
          services: worker ? others : { ...others, worker: { image: 'nginx:1.27', desired: 1, subnets: 'public' } },
        }
      },
    ],
    [
      1,
      () =>
        plan.services.api ? service(plan, 'api', { paths: random.pick([['/api/*'], ['/v2/*'], ['/api/*', '/v2/*']]) }) : plan,
    ],
    [1, () => ({ ...plan, nat: plan.nat === 'none' ? 'single' : 'none' })],
    [1, () => ({ ...plan, tags: random.pick([{}, { team: 'shop' }, { team: 'web', owner: 'ann' }]) })],
    [1, () => ({ ...plan, retention: random.pick([7, 30, 90]) })],
    [1, () => ({ ...plan, backupDays: random.pick([1, 7, 14]) })],
    [1, () => ({ ...plan, steps: database(plan.steps.includes('rds'), !plan.steps.includes('monitoring')) })],
    [1, () => ({ ...plan, steps: database(true, plan.steps.includes('monitoring')) })],
  ])
  return edit()
}

export const yaml = (plan: Plan): string =>
  stringify({
    project: 'startupwebapp',
    environment: 'production',
    region: 'us-east-1',
    ...(plan.state ? { state: plan.state } : {}),
    steps: plan.steps,
    ...(Object.keys(plan.tags).length > 0 ? { tags: plan.tags } : {}),
    vpc: { nat: plan.nat },
    ...(plan.steps.includes('rds') ? { rds: { backupRetentionDays: plan.backupDays } } : {}),
    ...(plan.steps.includes('monitoring') ? { monitoring: { email: 'ops@example.com' } } : {}),
    ecs: {
      logRetentionDays: plan.retention,
      services: Object.fromEntries(
        Object.entries(plan.services).map(([name, { subnets, ...rest }]) => [
          name,
          { ...rest, ...(subnets && plan.nat === 'none' ? { subnets } : {}) },
        ]),
      ),
    },
  })
