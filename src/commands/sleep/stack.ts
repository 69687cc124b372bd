import { minutesDown } from '../../aws/ecs-times.ts'
import type { Service } from '../../aws/services/ecs-types.ts'
import { ecsTagMap } from '../../aws/tags.ts'
import { checkStop, Interrupted } from '../../core/errors.ts'
import { setDesiredCount } from '../../ecs/change.ts'
import { drainOf } from '../../ecs/drain.ts'
import { isPaused, pausedAs, register, resourceOf, type ScalingTarget, targetsOf } from '../../ecs/scaling.ts'
import { activeServices } from '../../ecs/service.ts'
import { pausedOf, sleeperOf, withPaused, withSleeper } from '../../ecs/sleep-record.ts'
import type { Report } from '../../engine/events.ts'
import { until } from '../../engine/wait.ts'
import { commandLine } from '../../session/globals.ts'
import { refuseOthers } from '../../session/owner.ts'
import { orGoesOn } from '../../session/rds-server.ts'
import { afterSleep } from '../../session/records/counts.ts'
import { leftAtZero } from '../../session/records/minimum.ts'
import { amendRows } from '../../session/records/rows.ts'
import type { Session } from '../../session/session.ts'
import type { Sleeping } from '../../state/memory.ts'

/** A service of the stack as it is in the account, and what is remembered of its sleep. */
export interface Sleepable {
  readonly key: string
  readonly cluster: string
  readonly name: string
  readonly service: Service
  readonly target: ScalingTarget | undefined
  readonly sleeper: Sleeping | undefined
  /** What was there before infra is used as it is. */
  readonly adopted: boolean
  /** How long its tasks may finish their requests; undefined where the target group may not be looked at. */
  readonly drainSeconds: number | undefined
}

/** AWS's own, where a target group may not be looked at. */
const DEFAULT_DRAIN = 300
/** Minutes that are waited for tasks to be gone, their drain not counted. */
const DOWN_DEADLINE = 20

/** Typical minutes until its tasks are gone: a load balancer lets requests come to their end first. */
export const downMinutes = ({ drainSeconds = DEFAULT_DRAIN }: Pick<Sleepable, 'drainSeconds'>): number =>
  minutesDown(drainSeconds)

/**
 * The services of the config that were made and are there.
 * @throws InfraError (exit 2) where one of them belongs to another stack
 */
export const servicesOf = async (s: Session, words: 'stop' | 'start'): Promise<Sleepable[]> => {
  const { cluster, services } = s.config.ecs
  const made = Object.entries(services).flatMap(([key, { name }]) => {
    const row = s.state.row(`${key}-service`)
    return row?.attrs ? [{ key, name, adopted: row.adopted === true }] : []
  })
  const seen = await describe(
    s,
    made.map((m) => m.name),
  )
  const there = made.flatMap((m) => {
    const service = seen.get(m.name)
    if (!service) return []
    if (!m.adopted) refuseOthers(s.config, s.g, { what: `The service ${m.name}`, tags: ecsTagMap(service.tags), words })
    return [{ ...m, service }]
  })
  const targets = await targetsOf(
    s.aws,
    there.map((m) => resourceOf(cluster, m.name)),
  )
  const drains = await Promise.all(there.map((m) => drainOf(s.aws, m.service)))
  return there.map((m, i) => ({
    ...m,
    cluster,
    target: targets.get(resourceOf(cluster, m.name)),
    sleeper: sleeperOf(s.state.services, m.key),
    drainSeconds: drains[i],
  }))
}

const describe = (s: Session, names: readonly string[]): Promise<Map<string, Service>> =>
  activeServices(s.aws, s.config.ecs.cluster, names)

const running = (x: Sleepable): number => x.service.desiredCount ?? 0
const lifts = (x: Sleepable): boolean => x.target !== undefined && !isPaused(x.target)

/** Whether something is left to do until it sleeps. One that runs nothing, and that nothing lifts, is left as it is. */
export const isAwake = (x: Sleepable): boolean =>
  !x.adopted && (running(x) > 0 || lifts(x) || (x.sleeper !== undefined && !x.sleeper.down))

/** Before anything is changed: what start brings back. What a run that was killed has written down stays. */
export const rememberSleep = async (s: Session, all: readonly Sleepable[]): Promise<void> => {
  const at = new Date().toISOString()
  await s.state.update((draft) => {
    draft.services = all.reduce((l, x) => {
      // One that was lifted again since it went down is put to sleep anew, from what it runs now.
      const begun = x.sleeper && !(x.sleeper.down && running(x) > 0) ? x.sleeper : undefined
      const set = x.sleeper ? x.sleeper.set : s.state.row(`${x.key}-service`)?.attrs?.desired
      const pausing = x.target !== undefined && lifts(x)
      const sleeper: Sleeping = {
        count: begun?.count ?? running(x),
        since: begun?.since ?? s.config.ecs.services[x.key]?.desired ?? 0,
        ...(typeof set === 'number' ? { set } : {}),
        ...(pausing || x.sleeper?.paused ? { paused: true } : {}),
        at: x.sleeper?.at ?? at,
        by: x.sleeper?.by ?? s.caller.arn,
      }
      const before = x.target && pausing ? pausedAs({ ...x.target, min: leftAtZero(s, x.key) ?? x.target.min }) : undefined
      return withSleeper(before ? withPaused(l, x.key, before) : l, x.key, sleeper)
    }, draft.services)
  })
}

/** Takes one down: autoscaling first, which would lift it at once. Each is written down when it is done. */
export const lower = async (s: Session, x: Sleepable, report: Report): Promise<void> => {
  const sleeper = sleeperOf(s.state.services, x.key)
  report({
    type: 'resource.updating',
    key: `${x.key}-service`,
    title: 'ECS service',
    name: x.name,
    why: `${running(x)} to 0 tasks`,
  })
  if (x.target && lifts(x)) {
    checkStop(s.signal)
    await register(s.aws, x.target.resourceId, 'paused')
  }
  if (running(x) > 0) {
    checkStop(s.signal)
    await setDesiredCount(s.aws, x, 0)
  }
  const desired = sleeper && sleeper.count > 0 ? 0 : undefined
  await s.state.update((draft) => {
    amendRows(draft.resources, x.key, { desired, min: sleeper?.paused ? 0 : undefined })
    if (sleeper) draft.services = withSleeper(draft.services, x.key, { ...sleeper, down: true })
  })
  if (s.io.json)
    s.io.event({ type: 'scaled', key: x.key, cluster: x.cluster, name: x.name, from: sleeper?.count ?? running(x), to: 0 })
}

/** Until no task runs any more: the database goes only then. */
export const untilDown = async (s: Session, x: Sleepable, report: Report): Promise<void> => {
  const began = Date.now()
  const look = async () => {
    const now = (await describe(s, [x.name])).get(x.name)
    const n = (now?.runningCount ?? 0) + (now?.pendingCount ?? 0)
    return { is: n === 0 ? 'down' : 'up', note: `${n} ${n === 1 ? 'task is' : 'tasks are'} stopping` }
  }
  const key = `${x.key}-service`
  const waited = until(s.context(report), key, look, (seen) => seen.is === 'down', {
    minutes: downMinutes(x),
    deadline: DOWN_DEADLINE + downMinutes(x),
  })
  await orGoesOn(waited, `ECS goes on stopping the tasks of ${x.name} by itself`, `${commandLine(s.g, 'stop')} goes on`)
  report({ type: 'resource.ready', key, did: 'updated', id: x.name, tookMs: Date.now() - began })
}

/** What one comes back with. A number that somebody has set meanwhile stays. */
export const wakesWith = (s: Session, x: Sleepable): number =>
  x.sleeper && running(x) === 0 ? afterSleep(s, x.key, x.sleeper).count : running(x)

/**
 * Brings one back as it was: the number first, since a minimum above it would lift it to that at once; then autoscaling.
 */
export const lift = async (s: Session, x: Sleepable, report: Report): Promise<void> => {
  const { sleeper, target } = x
  if (!sleeper) return
  const { count, set } = afterSleep(s, x.key, sleeper)
  const paused = sleeper.paused ? pausedOf(s.state.services, x.key) : undefined
  report({
    type: 'resource.updating',
    key: `${x.key}-service`,
    title: 'ECS service',
    name: x.name,
    why: `to ${count} ${count === 1 ? 'task' : 'tasks'}`,
  })
  if (running(x) === 0 && count > 0) {
    checkStop(s.signal)
    await setDesiredCount(s.aws, x, count)
  }
  // It may have it back already, by a run that was killed or by somebody else.
  const resumes = target?.min === 0
  if (paused && target && resumes) {
    checkStop(s.signal)
    await register(s.aws, target.resourceId, paused)
  }
  const min = paused && target ? (resumes ? paused.min : target.min) : undefined
  await s.state.update((draft) => {
    amendRows(draft.resources, x.key, { desired: count > 0 ? set : undefined, min })
    const awake = paused ? withPaused(draft.services, x.key, undefined) : draft.services
    draft.services = withSleeper(awake, x.key, undefined)
  })
  if (s.io.json) s.io.event({ type: 'scaled', key: x.key, cluster: x.cluster, name: x.name, from: 0, to: count })
}

/** All at once; the first failure is told when the others have come to their end. */
export const allAtOnce = async <T>(all: readonly T[], work: (x: T) => Promise<void>): Promise<void> => {
  const failed = (await Promise.allSettled(all.map(work))).flatMap((r) => (r.status === 'rejected' ? [r.reason] : []))
  const error = failed.find((e) => !(e instanceof Interrupted)) ?? failed[0]
  if (error) throw error
}
