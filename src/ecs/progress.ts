import type { Task } from '../aws/services/ecs-types.ts'
import { canonical } from '../core/json.ts'
import { reasonOfTarget } from './reasons/reasons.ts'
import { revisionOf } from './revision.ts'
import { type Aim, belongs, hasFailed, ownOf, type Scene } from './rollout.ts'

/** How far a rollout is: what a screen shows. */
export interface Progress {
  readonly revision: string
  /** ECS's own word. */
  readonly state: string
  readonly desired: number
  readonly running: number
  readonly pending: number
  readonly failed: number
  /** Tasks of other revisions that are still there. */
  readonly old: number
  /** New tasks that do not run yet, by their status. */
  readonly starting: Readonly<Record<string, number>>
  readonly targets: readonly { readonly id: string; readonly state: string; readonly reason: string | undefined }[]
  /** New tasks that ended. */
  readonly ended: readonly Task[]
}

export const progressOf = (aim: Aim, { service, tasks, targets }: Scene): Progress => {
  const own = ownOf(aim, service)
  const mine = tasks.filter((t) => belongs(t, aim, own))
  const starting: Record<string, number> = {}
  for (const { lastStatus = 'UNKNOWN' } of mine.filter((t) => t.lastStatus !== 'RUNNING' && t.desiredStatus !== 'STOPPED'))
    starting[lastStatus] = (starting[lastStatus] ?? 0) + 1
  const others = (service.deployments ?? []).filter((d) => d !== own && d.status !== 'INACTIVE')
  return {
    revision: revisionOf(aim.revision),
    state: own?.rolloutState ?? 'unknown',
    desired: own?.desiredCount ?? service.desiredCount ?? 0,
    running: own?.runningCount ?? 0,
    pending: own?.pendingCount ?? 0,
    failed: own?.failedTasks ?? 0,
    old: others.reduce((sum, d) => sum + (d.runningCount ?? 0), 0),
    starting,
    targets: targets.map((t) => ({ id: t.id, state: t.state, reason: reasonOfTarget(t.code, t.description)?.what ?? t.code })),
    ended: mine.filter((t) => hasFailed(t, service)),
  }
}

/** Equal as long as nothing moves. */
export const fingerprintOf = ({ ended, ...s }: Progress, { service }: Scene): string =>
  canonical({ ...s, ended: ended.map((t) => t.taskArn), last: service.events?.[0]?.id, status: service.status })

/** In one line: what there is, and what is waited for. */
export const progressLine = (s: Progress): string => {
  const starting = Object.entries(s.starting).map(([status, n]) => `${n} ${status.toLowerCase()}`)
  const wait = s.targets.filter((t) => t.state === 'initial').length
  const sick = s.targets.filter((t) => /^unhealthy/.test(t.state))
  const healthy = s.targets.filter((t) => t.state === 'healthy').length
  return [
    `${s.running} of ${s.desired} new ${s.desired === 1 ? 'task' : 'tasks'} running`,
    ...starting,
    ...(s.failed > 0 ? [`${s.failed} failed`] : []),
    ...(healthy > 0 ? [`${healthy} healthy behind the load balancer`] : []),
    ...(wait > 0 ? [`${wait} waiting for the health check`] : []),
    ...sick.map((t) => `${t.id} unhealthy${t.reason ? `: ${t.reason}` : ''}`),
    ...(s.old > 0 ? [`${s.old} old ${s.old === 1 ? 'task' : 'tasks'} still there`] : []),
  ].join(', ')
}
