import { withoutService } from '../aws/ecs-words.ts'
import type { Deployment, Service, Task } from '../aws/services/ecs-types.ts'
import { reasonOf } from './reasons/reasons.ts'

/** What is being rolled out. */
export interface Aim {
  /** ARN of the revision that should run. */
  readonly revision: string
  /** Which deployment, where that is known: the same revision can be rolled out twice. */
  readonly deployment?: string | undefined
  /** When it began, in ms on AWS's clock. */
  readonly since: number
}

/** A task as the load balancer sees it. */
export interface Target {
  /** Its address, or the instance. */
  readonly id: string
  readonly port: number | undefined
  readonly state: string
  readonly code: string | undefined
  readonly description: string | undefined
}

/** One look at a service and its tasks. */
export interface Scene {
  readonly service: Service
  /** Those that run and those that ended lately. */
  readonly tasks: readonly Task[]
  /** Of the new tasks only. */
  readonly targets: readonly Target[]
}

/** How a rollout stands. */
export type Standing =
  | { readonly is: 'rolling' }
  /** It is complete. A task that ends later is replaced, and the desired count may change: see {@link isFull}. */
  | { readonly is: 'steady' }
  | {
      readonly is: 'failed'
      readonly task?: Task | undefined
      readonly why: string
      /** ECS starts no more tasks of it. Otherwise it goes on trying. */
      readonly over: boolean
    }
  /** ECS has given it up and brings the one before back. */
  | { readonly is: 'rolled-back'; readonly to: string; readonly task?: Task | undefined; readonly why: string }
  /** Someone else has rolled out another revision meanwhile. */
  | { readonly is: 'superseded'; readonly by: string }

/** ECS keeps some that are done with in the list. */
const active = (s: Service): Deployment[] => (s.deployments ?? []).filter((d) => d.status !== 'INACTIVE')
export const primaryOf = (s: Service): Deployment | undefined => active(s).find((d) => d.status === 'PRIMARY')
const time = (at: Date | undefined): number => at?.getTime() ?? 0

/** Of the revision that is rolled out; undefined where something else has taken its place. */
export const ownOf = (aim: Aim, service: Service): Deployment | undefined =>
  aim.deployment === undefined
    ? service.taskDefinition === aim.revision
      ? primaryOf(service)
      : active(service).find((d) => d.taskDefinition === aim.revision)
    : active(service).find((d) => d.id === aim.deployment)

/** Whether the task belongs to this rollout. ECS writes into it which deployment has started it. */
export const belongs = (task: Task, aim: Aim, own: Deployment | undefined): boolean => {
  const id = own?.id ?? aim.deployment
  return task.startedBy?.startsWith('ecs-svc/') && id !== undefined
    ? task.startedBy === id
    : task.taskDefinitionArn === aim.revision && time(task.createdAt) >= aim.since
}

const EXPECTED = /Scaling activity initiated|Task stopped by user|rebalanc/i
/** `has stopped 1 running tasks in eu-central-1a to AZ Rebalance: (task 8378fd0f).` */
const MOVED = /has stopped .* to AZ rebalanc/i
/** Whether ECS has stopped it only to spread the tasks evenly over the zones. */
const isMoved = (t: Task, { events = [] }: Service): boolean => {
  const id = t.taskArn?.split('/').at(-1)
  return id !== undefined && events.some((e) => MOVED.test(e.message ?? '') && e.message?.includes(id))
}

/** Whether it has come to an end that nobody asked for. That one of its containers has ended may be as it should be. */
export const hasFailed = (t: Task, service: Service): boolean =>
  (t.lastStatus === 'STOPPED' || (t.desiredStatus === 'STOPPED' && (t.containers ?? []).some((c) => c.exitCode !== undefined))) &&
  t.stopCode !== 'UserInitiated' &&
  !EXPECTED.test(t.stoppedReason ?? '') &&
  !isMoved(t, service)

/** Since then, oldest first. */
export const messagesSince = (service: Service, since: number): string[] =>
  (service.events ?? []).flatMap((e) => (e.message && time(e.createdAt) >= since ? [e.message] : [])).reverse()

/**
 * Why ECS brings the revision before back, when the newest rollout is only that. The failed deployment leaves the list as soon as its
 * last task has ended; the events tell it for longer.
 * docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
 */
export const rollbackOf = (service: Service): { readonly why: string | undefined } | undefined => {
  const primary = primaryOf(service)
  if (!primary) return undefined
  const failed = active(service).find((d) => d !== primary && d.rolloutState === 'FAILED')
  return failed || goesBack(service) ? { why: failed?.rolloutStateReason } : undefined
}

const goesBack = (service: Service, since = 0): boolean => {
  const { id, rolloutStateReason } = primaryOf(service) ?? {}
  const told = [rolloutStateReason, ...messagesSince(service, since)]
  return told.some((text) => /rolling back to deployment/i.test(text ?? '') && text?.includes(id ?? '?'))
}

/** Whether all tasks run that should, and no others. */
export const isFull = (service: Service): boolean =>
  active(service).length <= 1 && service.runningCount === service.desiredCount && !service.pendingCount

/**
 * How a rollout stands, told from one look: the only opinion on it. That a load balancer finds the tasks healthy ECS itself waits for
 * before it calls a rollout complete.
 * @param aim which rollout. Left out: the newest one, also where ECS itself has begun it to go back
 */
export const judgeRollout = ({ service, tasks }: Pick<Scene, 'service' | 'tasks'>, aim = newestOf(service)): Standing => {
  const primary = primaryOf(service)
  const own = ownOf(aim, service)
  const failed = failedTasks(aim, { service, tasks }, own)
  const failure = failureOf(aim, { service, tasks }, own, messagesSince(service, aim.since))
  if (own === undefined || own !== primary) {
    const why = own?.rolloutStateReason ?? failure?.why ?? 'its tasks failed to start'
    if (own?.rolloutState === 'FAILED' || goesBack(service, aim.since))
      return { is: 'rolled-back', to: primary?.taskDefinition ?? '', task: failure?.task ?? failed[0], why }
    // A look may still show what was before the call.
    return primary === undefined || time(primary.createdAt) < aim.since
      ? { is: 'rolling' }
      : { is: 'superseded', by: primary.taskDefinition ?? '' }
  }
  if (own.rolloutState === 'FAILED')
    return { is: 'failed', task: failed[0], why: own.rolloutStateReason ?? 'ECS has given it up', over: true }
  // Only rolling updates have a state; others are complete when the numbers are.
  if (own.rolloutState === undefined ? isFull(service) : own.rolloutState === 'COMPLETED') return { is: 'steady' }
  return failure ? { is: 'failed', ...failure, over: false } : { is: 'rolling' }
}

const newestOf = (service: Service): Aim => {
  const primary = primaryOf(service)
  return { revision: service.taskDefinition ?? '', deployment: primary?.id, since: time(primary?.createdAt) }
}

const failedTasks = (aim: Aim, scene: Pick<Scene, 'service' | 'tasks'>, own: Deployment | undefined): Task[] =>
  scene.tasks
    .filter((t) => belongs(t, aim, own) && hasFailed(t, scene.service))
    .sort((a, b) => time(a.stoppedAt ?? a.stoppingAt) - time(b.stoppedAt ?? b.stoppingAt))

interface Failure {
  readonly task?: Task | undefined
  readonly why: string
}

/** The first task whose end counts: what AWS usually fixes by trying again may happen a few times. */
export const failureOf = (
  aim: Aim,
  scene: Pick<Scene, 'service' | 'tasks'>,
  own: Deployment | undefined,
  told: readonly string[],
): Failure | undefined => {
  const failed = failedTasks(aim, scene, own)
  const retries = (t: Task): number => reasonOf(t)?.retries ?? 0
  const counted = failed.filter((t) => retries(t) < Number.POSITIVE_INFINITY)
  const counts = counted.find((t) => retries(t) === 0) ?? counted.find((t) => counted.length > retries(t))
  if (counts) return { task: counts, why: counts.stoppedReason ?? 'no reason given' }
  if (failed.length > 0) return undefined
  // A task that found no place is not listed, and the events tell why.
  const unplaced = told.filter((text) => /unable to place a task|unable to (consistently )?start tasks/i.test(text))
  const hopeless = unplaced.find((text) => {
    const reason = reasonOf({ stoppedReason: text })
    return reason && unplaced.length > (reason.retries ?? 0)
  })
  return hopeless === undefined ? undefined : { why: withoutService(hopeless) }
}
