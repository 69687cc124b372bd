import type { Aws } from '../aws/clients.ts'
import { describeTasks, listTasks } from '../aws/ecs-lists.ts'
import type { Task } from '../aws/services/ecs-types.ts'
import { classify, codeOf } from '../aws/trouble.ts'
import type { Clock } from '../core/clock.ts'
import { silence } from '../core/errors.ts'
import { poll } from '../core/poll.ts'
import { drainOf } from './drain.ts'
import { fingerprintOf, type Progress, progressOf } from './progress.ts'
import { type Aim, belongs, judgeRollout, ownOf, type Scene, type Standing, type Target } from './rollout.ts'
import { serviceOf } from './service.ts'

type Client = Pick<Aws, 'ecs' | 'elb'>

/** What is heard while a rollout is followed. */
export type News =
  | { readonly type: 'rollout'; readonly progress: Progress; readonly elapsedMs: number }
  | { readonly type: 'event'; readonly at: string; readonly message: string }
  /** One that ended although AWS usually fixes that by trying again. */
  | { readonly type: 'task.retried'; readonly task: Task }
  | { readonly type: 'note'; readonly text: string }

export interface Watch {
  readonly aws: Client
  readonly cluster: string
  readonly name: string
  readonly aim: Aim
  /** Ids of events that are known already. */
  readonly known: ReadonlySet<string>
  readonly clock: Clock
  readonly signal: AbortSignal
  /** How one look is judged. Default: as a rollout. */
  readonly judge?: (scene: Scene) => Standing
  hear(news: News): void
}

export type Ending =
  | Exclude<Standing, { is: 'rolling' }>
  | { readonly is: 'stuck'; readonly minutes: number }
  | { readonly is: 'interrupted' }
  | { readonly is: 'gone' }

export interface Watched {
  readonly ending: Ending
  readonly scene: Scene | undefined
  /** What the load balancer last said of each new task. */
  readonly said: ReadonlyMap<string, string>
  readonly elapsedMs: number
}

/** Without a change for so long, nobody waits on; where old tasks are still draining, for so long after that. */
export const STUCK_MINUTES = 10
/** For so long ECS may answer MISSING for a service that is there: its reads lag behind. */
const STALE_MS = 5000
/** Close together at first: a look is five calls. */
const pause = (elapsedMs: number): number => Math.min(10_000, Math.max(500, elapsedMs / 40))

/** Follows a rollout to its end, or until the signal says stop: the rollout itself goes on at AWS. */
export const watch = async (of: Watch): Promise<Watched> => {
  const { clock, signal, aim, hear } = of
  const began = clock.now()
  const heard = new Set(of.known)
  const retried = new Set<string>()
  const said = new Map<string, string>()
  const eye = looker(of)
  let scene: Scene | undefined
  let fingerprint = ''
  let movedAt = began
  const quiet = silence(() => clock.now())
  let twice = false
  let drainSeconds: number | undefined
  let missingSince: number | undefined
  const end = (ending: Ending): Watched => ({ ending, scene, said, elapsedMs: clock.now() - began })
  const look = async (): Promise<Watched | undefined> => {
    const seen = await eye().catch((error: unknown) => {
      const trouble = classify(error)
      if (trouble !== 'throttled' && !quiet.bears(trouble)) throw error
      return 'unanswered' as const
    })
    const elapsedMs = clock.now() - began
    if (seen === undefined) {
      missingSince ??= clock.now()
      if (clock.now() - missingSince >= STALE_MS) return end({ is: 'gone' })
    } else missingSince = undefined
    if (seen !== undefined && seen !== 'unanswered') {
      quiet.broken()
      scene = seen
      for (const e of [...(seen.service.events ?? [])].reverse()) {
        if (!e.id || heard.has(e.id) || (e.createdAt?.getTime() ?? 0) < aim.since) continue
        heard.add(e.id)
        hear({ type: 'event', at: e.createdAt?.toISOString() ?? '', message: e.message ?? '' })
      }
      for (const t of seen.targets) if (t.description || t.code) said.set(t.id, t.description ?? t.code ?? '')
      const standing = of.judge ? of.judge(seen) : judgeRollout(seen, aim)
      const progress = progressOf(aim, seen)
      for (const task of progress.ended)
        if (standing.is === 'rolling' && task.taskArn && !retried.has(task.taskArn)) {
          retried.add(task.taskArn)
          hear({ type: 'task.retried', task })
        }
      const now = fingerprintOf(progress, seen)
      if (now !== fingerprint) {
        fingerprint = now
        movedAt = clock.now()
      }
      hear({ type: 'rollout', progress, elapsedMs })
      // The task itself may come up in the list a moment after the service has given it up.
      const nameless = (standing.is === 'failed' || standing.is === 'rolled-back') && standing.task === undefined && !twice
      if (nameless) twice = true
      else if (standing.is !== 'rolling') return end(standing)
    }
    if (signal.aborted) return end({ is: 'interrupted' })
    if (clock.now() - movedAt > STUCK_MINUTES * 60_000) {
      drainSeconds ??= scene ? ((await drainOf(of.aws, scene.service)) ?? 0) : 0
      const minutes = STUCK_MINUTES + Math.ceil(drainSeconds / 60)
      if (clock.now() - movedAt > minutes * 60_000) return end({ is: 'stuck', minutes })
    }
    return undefined
  }
  return poll({ look, pace: pause, clock, signal: () => signal })
}

/** One look: the service, its tasks, and what the load balancer thinks of the new ones. */
const looker = ({ aws, cluster, name, aim, hear }: Watch): (() => Promise<Scene | undefined>) => {
  const barred = new Set<string>()
  /** Who may deploy may not be one who may look at everything: then the service itself must do. */
  const allowed = async <T>(what: string, read: () => Promise<T>, otherwise: T): Promise<T> => {
    if (barred.has(what)) return otherwise
    try {
      return await read()
    } catch (error) {
      if (!/^(AccessDenied|TargetGroupNotFound)/.test(codeOf(error))) throw error
      barred.add(what)
      hear({ type: 'note', text: `not looked at: ${what} (${(error as Error).message})` })
      return otherwise
    }
  }
  const list = (desiredStatus: 'RUNNING' | 'STOPPED'): Promise<string[]> =>
    listTasks(aws, { cluster, serviceName: name, desiredStatus })
  const tasksOf = async (): Promise<Task[]> =>
    describeTasks(aws, cluster, (await Promise.all([list('RUNNING'), list('STOPPED')])).flat())
  return async () => {
    const [service, tasks] = await Promise.all([serviceOf(aws, cluster, name), allowed('the tasks', tasksOf, [])])
    if (!service) return undefined
    const own = ownOf(aim, service)
    const addresses = new Set(tasks.filter((t) => belongs(t, aim, own)).flatMap(addressesOf))
    const groups = (service.loadBalancers ?? []).flatMap((b) => [
      b.targetGroupArn,
      b.advancedConfiguration?.alternateTargetGroupArn,
    ])
    const asked = [...new Set(groups.filter((g): g is string => Boolean(g)))]
    const targets = addresses.size === 0 ? [] : await allowed('the health of its targets', () => healthOf(aws, asked), [])
    return { service, tasks, targets: targets.filter((t) => addresses.has(t.id)) }
  }
}

/** In the network: the address of its interface. */
export const addressesOf = (task: Task): string[] =>
  (task.attachments ?? []).flatMap((a) =>
    (a.details ?? []).flatMap((d) => (d.name === 'privateIPv4Address' && d.value ? [d.value] : [])),
  )

const healthOf = async (aws: Client, groups: readonly string[]): Promise<Target[]> => {
  const answers = await Promise.all(groups.map((TargetGroupArn) => aws.elb('DescribeTargetHealth', { TargetGroupArn })))
  return answers.flatMap((a) =>
    (a.TargetHealthDescriptions ?? []).map(({ Target: t, TargetHealth: h }) => ({
      id: t?.Id ?? '',
      port: t?.Port,
      state: h?.State ?? 'unknown',
      code: h?.Reason,
      description: h?.Description,
    })),
  )
}
