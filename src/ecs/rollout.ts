import { withoutService } from '../aws/ecs-words.ts'
import type { Deployment, Service, Task } from '../aws/services/ecs-types.ts'
import { reasonOf } from './reasons/reasons.ts'

/** What is being rolled out. */
export interface Aim {
  /** ARN of the revision that shall run. */
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

export type Verdict =
  | { readonly is: 'going' }
  | { readonly is: 'healthy' }
  | { readonly is: 'failed'; readonly task?: Task | undefined; readonly why: string }
  /** ECS has given it up and brings the one before back. */
  | { readonly is: 'rolled-back'; readonly to: string; readonly task?: Task | undefined; readonly why: string }
  /** Somebody has rolled out something else meanwhile. */
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

/** How a rollout stands, told from one look. */
export const judge = (aim: Aim, scene: Scene): Verdict => {
  const { service } = scene
  const primary = primaryOf(service)
  const own = ownOf(aim, service)
  const told = messagesSince(service, aim.since)
  const failure = failureOf(aim, scene, own, told)
  if (own === undefined || own !== primary) {
    const back = [primary?.rolloutStateReason, ...told].some((text) => /rolling back/i.test(text ?? ''))
    const why = own?.rolloutStateReason ?? failure?.why ?? 'its tasks failed to start'
    if (back || own?.rolloutState === 'FAILED')
      return { is: 'rolled-back', to: primary?.taskDefinition ?? '', task: failure?.task ?? failedTasks(aim, scene, own)[0], why }
    // A look may still show what was before the call.
    return primary === undefined || time(primary.createdAt) < aim.since
      ? { is: 'going' }
      : { is: 'superseded', by: primary.taskDefinition ?? '' }
  }
  if (own.rolloutState === 'FAILED')
    return { is: 'failed', task: failedTasks(aim, scene, own)[0], why: own.rolloutStateReason ?? 'ECS has given it up' }
  if (isDone(service, own)) return { is: 'healthy' }
  return failure ? { is: 'failed', ...failure } : { is: 'going' }
}

/** Only rolling updates have a state; others are done when the numbers are. */
const isDone = (service: Service, own: Deployment): boolean =>
  own.rolloutState === undefined
    ? active(service).length === 1 && service.runningCount === service.desiredCount && !service.pendingCount
    : own.rolloutState === 'COMPLETED'

const failedTasks = (aim: Aim, scene: Scene, own: Deployment | undefined): Task[] =>
  scene.tasks
    .filter((t) => belongs(t, aim, own) && hasFailed(t, scene.service))
    .sort((a, b) => time(a.stoppedAt ?? a.stoppingAt) - time(b.stoppedAt ?? b.stoppingAt))

interface Failure {
  readonly task?: Task | undefined
  readonly why: string
}

/** The first task whose end counts: what AWS as a rule mends by trying again may happen a few times. */
export const failureOf = (aim: Aim, scene: Scene, own: Deployment | undefined, told: readonly string[]): Failure | undefined => {
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
