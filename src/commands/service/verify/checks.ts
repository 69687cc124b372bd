import type { Task, TaskDefinition } from '../../../aws/services/ecs-types.ts'
import { realClock } from '../../../core/clock.ts'
import { type Check, guarded, missingAction } from '../../../ecs/checks/check.ts'
import { endpointOf, findEndpoint, type Sought } from '../../../ecs/checks/endpoint.ts'
import { checkDeclared, checkExpected, checkSecretsOf } from '../../../ecs/checks/env.ts'
import { checkHealth } from '../../../ecs/checks/health.ts'
import { checkLog } from '../../../ecs/checks/log.ts'
import { balancerOf, checkAnswers } from '../../../ecs/checks/metric.ts'
import { checkScaling } from '../../../ecs/checks/scaling.ts'
import { checkDeployment, checkRestarts, checkTargets, checkTasks, groupsOf } from '../../../ecs/checks/service.ts'
import { tasksOf } from '../../../ecs/checks/tasks.ts'
import { idOf } from '../../../ecs/failure.ts'
import { revisionAt } from '../../../ecs/revision.ts'
import { belongs, primaryOf } from '../../../ecs/rollout.ts'
import type { Found } from '../../../ecs/service.ts'
import { placeholdersOf } from '../../../session/placeholders.ts'
import { memoryOf } from '../../../session/records/deployments.ts'
import type { ServicePlace } from '../../../session/service.ts'

export interface Wishes {
  /** The whole address, or a path at the load balancer. */
  readonly url: URL | string | undefined
  /** Milliseconds since 1970; otherwise since the deployment. */
  readonly since: number | undefined
  readonly container: string
  readonly expect: readonly string[]
  readonly log: readonly string[]
}

type Checks = Promise<readonly Check[]>

/** Without a deployment that says when it began. */
const HOUR = 3_600_000

/** All checks, in the order in which they are shown; all are under way at once, and none of them throws. */
export const checklist = (p: ServicePlace, found: Found, wish: Wishes): Checks[] => {
  const { aws, line, region } = p
  const { service } = found
  const { container } = wish
  const ours = p.named.key !== undefined
  const primary = primaryOf(service)
  const began = primary?.createdAt?.getTime() ?? realClock.now() - HOUR
  const since = wish.since ?? began
  const read = (status: 'RUNNING' | 'STOPPED'): Promise<Task[]> => quiet(tasksOf(aws, found.cluster, found.name, status))
  const [up, ended] = [read('RUNNING'), read('STOPPED')]
  // Who may not list the tasks goes by what the service says.
  const running = quiet(up.catch(orNone).then((tasks) => definitionsOf(p, found, tasks, container)))
  const groups = groupsOf(service)
  const named = (name: string, group: string): string => (groups.length > 1 ? `${name} ${group.split('/')[1]}` : name)
  const none = (name: string): Checks =>
    Promise.resolve([{ name, outcome: 'skip', detail: 'the service stands behind no load balancer' }])
  return [
    guarded('tasks', async () => checkTasks(service, line)),
    guarded('deployment', async () => checkDeployment(service, line)),
    guarded('restarts', async () => checkRestarts(service, await ended, ours, line)),
    guarded('autoscaling', () =>
      checkScaling(aws, { cluster: found.cluster, service: found.name, declared: minimumOf(p), line }),
    ),
    ...(groups.length > 0
      ? groups.map((g) => guarded(`targets ${g.split('/')[1]}`, () => checkTargets(aws, g, service, ours, line)))
      : [none('targets')]),
    ...healthOf(p, found, wish, groups, named),
    ...declaredOf(p, running, container),
    ...wish.expect.map((name) => guarded(`env ${name}`, async () => checkExpected(name, await running, container, line))),
    guarded('secrets', async () =>
      checkSecretsOf(aws, newest(await running, found), region, line, placeholdersOf(p.stack?.config)),
    ),
    guarded('log', async () => {
      const definition = newest(await running, found)
      const tasks = wish.since === undefined ? (await Promise.all([up.catch(orNone), ended.catch(orNone)])).flat() : []
      const aim = { revision: service.taskDefinition ?? '', deployment: primary?.id, since: began }
      const others = tasks.filter((t) => !belongs(t, aim, primary)).map((t) => idOf(t) ?? '')
      const { signal } = p
      return checkLog({
        aws,
        definition,
        container,
        region,
        since,
        others,
        wishes: wish.log,
        ours,
        line,
        clock: realClock,
        signal,
      })
    }),
    ...(groups.length > 0
      ? groups.map((group) =>
          guarded(named('5xx', group), async () => {
            const balancer = await balancerOf(aws, group)
            const name = named('5xx', group)
            if (!balancer?.includes(':loadbalancer/app/'))
              return { name, outcome: 'skip', detail: 'no application load balancer counts its answers' }
            const made = await checkAnswers(aws, { group, balancer, since: began, now: realClock.now(), line })
            return { ...made, name }
          }),
        )
      : [none('5xx')]),
  ]
}

/** Of infra.yaml, where the step is on. */
const minimumOf = ({ stack, named }: ServicePlace): number | undefined => {
  const { steps, ecs } = stack?.config ?? {}
  return named.key !== undefined && steps?.includes('autoscaling') ? ecs?.services[named.key]?.autoscaling?.min : undefined
}

/** Asked for early and looked at later, or not at all. */
const quiet = <T>(work: Promise<T>): Promise<T> => {
  work.catch(() => undefined)
  return work
}

const orNone = (error: unknown): Task[] => {
  if (missingAction(error)) return []
  throw error
}

/** What the running tasks have, which beside a rollout are several revisions: that of the service comes first. */
const definitionsOf = async (
  p: ServicePlace,
  found: Found,
  tasks: readonly Task[],
  container: string,
): Promise<TaskDefinition[]> => {
  const own = found.service.taskDefinition
  const arns = new Set(tasks.filter((t) => t.lastStatus === 'RUNNING').map((t) => t.taskDefinitionArn))
  const others = await Promise.all([...arns].flatMap((arn) => (arn && arn !== own ? [revisionAt(p.aws, arn)] : [])))
  const has = (d: TaskDefinition): boolean => d.containerDefinitions?.some((c) => c.name === container) ?? false
  return [found.definition, ...others.flatMap((r) => (r && has(r.definition) ? [r.definition] : []))]
}

const newest = ([first]: readonly TaskDefinition[], found: Found): TaskDefinition => first ?? found.definition

const healthOf = (
  p: ServicePlace,
  found: Found,
  { url }: Wishes,
  groups: readonly string[],
  named: (name: string, group: string) => string,
): Checks[] => {
  const { aws, line, sandbox } = p
  const ours = p.named.key !== undefined
  const one = (name: string, sought: () => Promise<Sought>): Checks =>
    guarded(name, async () => checkHealth(name, await sought(), ours, line))
  if (url instanceof URL) return [one('health', async () => endpointOf(url))]
  const next = 'Name what shall be asked: --url <address>'
  if (groups.length === 0) return [one('health', async () => ({ skip: 'the service stands behind no load balancer', next }))]
  if (sandbox) return [one('health', async () => ({ skip: 'a load balancer of the sandbox answers nobody', next }))]
  if (found.service.desiredCount === 0) return [one('health', async () => ({ skip: 'no task is wanted' }))]
  const domain = ours ? p.stack?.config.loadBalancer.domain : undefined
  return groups.map((group) => one(named('health', group), () => findEndpoint({ aws, group, domain, path: url, ours })))
}

const declaredOf = (p: ServicePlace, running: Promise<readonly TaskDefinition[]>, container: string): Checks[] => {
  const { declared, overlay } = memoryOf(p)
  const own = p.named.key === undefined ? undefined : p.stack?.config.ecs.services[p.named.key]?.container
  if (!declared || own !== container) return []
  return [
    guarded('env of infra.yaml', async () => {
      const [definition = {}] = await running
      const adopted = p.stack?.state.row(`${p.named.key}-service`)?.adopted === true
      return checkDeclared(declared, overlay, definition, container, p.line, adopted)
    }),
  ]
}
