import type { Aws } from '../aws/clients.ts'
import type { Service, TaskDefinition } from '../aws/services/ecs-types.ts'
import type { PausedLimits, Suspended } from '../state/memory.ts'
import { progressOf } from './progress.ts'
import { type Aim, failureOf, ownOf, primaryOf, type Scene, type Standing } from './rollout.ts'

type Client = Pick<Aws, 'autoScaling'>

/** How far autoscaling may change a service's number of tasks. */
export interface ScalingTarget {
  readonly resourceId: string
  readonly min: number
  readonly max: number
  readonly suspended: Suspended
}

const OF_SERVICE = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount' } as const
/** As many as one question takes. */
const AT_ONCE = 50

export const resourceOf = (cluster: string, name: string): string => `service/${cluster}/${name}`

/**
 * Those that are registered, by their resource.
 * docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html
 */
export const targetsOf = async (aws: Client, ids: readonly string[]): Promise<Map<string, ScalingTarget>> => {
  const parts = Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, i) => ids.slice(i * AT_ONCE, (i + 1) * AT_ONCE))
  const pages = await Promise.all(
    parts.map((ResourceIds) => aws.autoScaling('DescribeScalableTargets', { ...OF_SERVICE, ResourceIds })),
  )
  return new Map(
    pages
      .flatMap((p) => p.ScalableTargets ?? [])
      .map((t) => {
        const s = t.SuspendedState
        const suspended = {
          in: s?.DynamicScalingInSuspended ?? false,
          out: s?.DynamicScalingOutSuspended ?? false,
          scheduled: s?.ScheduledScalingSuspended ?? false,
        }
        const resourceId = t.ResourceId ?? ''
        return [resourceId, { resourceId, min: t.MinCapacity ?? 0, max: t.MaxCapacity ?? 0, suspended }]
      }),
  )
}

const NOTHING: Suspended = { in: true, out: true, scheduled: true }

/** Whether it lifts nothing: a minimum above the number counts also while all is suspended. */
export const isPaused = (t: ScalingTarget): boolean => t.min === 0 && t.suspended.in && t.suspended.out && t.suspended.scheduled

export const pausedAs = (t: Pick<ScalingTarget, 'min' | 'suspended'>): PausedLimits => ({
  min: t.min,
  suspended: t.suspended,
  at: new Date().toISOString(),
})

/**
 * Pauses it, or gives back what it had. What is not named stays as it is; a number outside of the limits is brought within them at
 * once, so the number comes before a higher minimum.
 * docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
 */
export const register = async (
  aws: Client,
  resourceId: string,
  to: Pick<PausedLimits, 'min' | 'suspended'> | 'paused',
): Promise<void> => {
  const { min, suspended } = to === 'paused' ? { min: 0, suspended: NOTHING } : to
  await aws.autoScaling('RegisterScalableTarget', {
    ...OF_SERVICE,
    ResourceId: resourceId,
    MinCapacity: min,
    SuspendedState: {
      DynamicScalingInSuspended: suspended.in,
      DynamicScalingOutSuspended: suspended.out,
      ScheduledScalingSuspended: suspended.scheduled,
    },
  })
}

/** How many shall run, how many were to run before, and what was there before and is no news. */
export interface CountAim {
  readonly count: number
  readonly from: number
  readonly tasks: ReadonlySet<string>
  readonly events: ReadonlySet<string>
  /** A task of this definition has a health check of its own. */
  readonly checked: boolean
}

/** Whether ECS itself looks how a container does: until it has, the task is not known to be well. */
export const isChecked = (d: TaskDefinition): boolean =>
  (d.containerDefinitions ?? []).some((c) => c.essential !== false && c.healthCheck !== undefined)

export const aimOf = (service: Service): Aim => ({
  revision: service.taskDefinition ?? '',
  deployment: primaryOf(service)?.id,
  since: 0,
})

const fresh = (scene: Scene, of: CountAim): Scene => ({
  ...scene,
  tasks: scene.tasks.filter((t) => !of.tasks.has(t.taskArn ?? '')),
})

/** How far it is with the number of tasks. Nothing is rolled out, so ECS's own word on rollouts tells nothing here. */
export const judgeCount =
  (aim: Aim, of: CountAim) =>
  (scene: Scene): Standing => {
    const { service } = scene
    if (service.status !== 'ACTIVE') return { is: 'failed', why: `the service is ${service.status}`, over: true }
    const desired = service.desiredCount ?? 0
    // A look may still show what was before the call.
    if (desired !== of.count) return desired === of.from ? { is: 'rolling' } : { is: 'superseded', by: String(desired) }
    const running = service.runningCount ?? 0
    if (running === of.count && !service.pendingCount && areWell(scene, of)) return { is: 'steady' }
    const told = (service.events ?? []).flatMap((e) => (e.message && !of.events.has(e.id ?? '') ? [e.message] : [])).reverse()
    const own = ownOf(aim, service)
    if (running >= of.count) return { is: 'rolling' }
    const failure = failureOf(aim, fresh(scene, of), own, told)
    if (failure) return { is: 'failed', ...failure, over: false }
    if (own?.rolloutState === 'FAILED')
      return { is: 'failed', why: `ECS starts no more tasks: ${own.rolloutStateReason ?? 'its last rollout failed'}`, over: true }
    return { is: 'rolling' }
  }

const areWell = ({ tasks, targets }: Scene, { checked, count }: CountAim): boolean => {
  if (count === 0) return true
  const running = tasks.filter((t) => t.lastStatus === 'RUNNING' && t.desiredStatus !== 'STOPPED')
  const sick = running.some((t) => t.healthStatus === 'UNHEALTHY' || (checked && t.healthStatus === 'UNKNOWN'))
  return !sick && targets.every((t) => /^(healthy|unused|unavailable|draining)$/.test(t.state))
}

/** How many of how many, and what is waited for: plain data for programs. */
export const countStanding = (aim: Aim, of: CountAim, scene: Scene) => {
  const { starting, targets } = progressOf(aim, scene)
  const { runningCount: running = 0, pendingCount: pending = 0 } = scene.service
  return { desired: of.count, running, pending, starting, targets }
}

/** In one line. */
export const countLine = (s: ReturnType<typeof countStanding>): string => {
  const starting = Object.entries(s.starting).map(([status, n]) => `${n} ${status.toLowerCase()}`)
  const by = (state: RegExp): number => s.targets.filter((t) => state.test(t.state)).length
  const [healthy, wait] = [by(/^healthy$/), by(/^initial$/)]
  const sick = s.targets.filter((t) => /^unhealthy/.test(t.state))
  const tasks = (n: number): string => `${n} ${n === 1 ? 'task' : 'tasks'}`
  return [
    s.running > s.desired
      ? `${tasks(s.running)} running, ${s.running - s.desired} to stop`
      : `${s.running} of ${tasks(s.desired)} running`,
    ...starting,
    ...(healthy > 0 ? [`${healthy} healthy behind the load balancer`] : []),
    ...(wait > 0 ? [`${wait} waiting for the health check`] : []),
    ...sick.map((t) => `${t.id} unhealthy${t.reason ? `: ${t.reason}` : ''}`),
  ].join(', ')
}
