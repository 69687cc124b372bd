import type { Deployment, Service, TaskDefinition } from '../../aws/services/ecs-types.ts'
import { revisionAt, revisionOf } from '../../ecs/revision.ts'
import { judgeRollout, primaryOf } from '../../ecs/rollout.ts'
import type { Found } from '../../ecs/service.ts'
import type { PendingRollout } from '../../state/memory.ts'
import type { Memory } from '../records/deployments.ts'
import type { ServicePlace } from '../service.ts'

/** What became of the rollouts before, as far as the service shows it now. */
export interface Settled {
  /** One that has not come to its end yet. */
  readonly under: Deployment | undefined
  /** What is recorded of that one, where it is ours. */
  readonly intent: PendingRollout | undefined
  /** One of ours that ended while nobody looked. */
  readonly ended: { readonly intent: PendingRollout; readonly healthy: boolean | undefined } | undefined
}

/** Whether ECS still works on the newest rollout of a service, which may be its own way back. */
export const isUnderWay = (service: Service): boolean => {
  const standing = judgeRollout({ service, tasks: [] })
  return standing.is === 'rolling' || (standing.is === 'failed' && !standing.over)
}

export const isSteady = (service: Service): boolean => judgeRollout({ service, tasks: [] }).is === 'steady'

/** A run that was killed or left, or a rollout that ECS took back, has left its record open: it is closed by what is seen. */
export const settle = async (p: ServicePlace, memory: Memory, found: Found): Promise<Settled> => {
  const { service, definition } = found
  const under = isUnderWay(service) ? primaryOf(service) : undefined
  const { intent } = memory
  if (!intent) {
    await correct(memory, found)
    return { under, intent: undefined, ended: undefined }
  }
  if (isMine(intent, service)) {
    const known = intent.deployment === undefined ? { ...intent, ...idOf(service) } : intent
    if (intent.deployment === undefined) await memory.began(known, definition)
    if (under) return { under, intent: known, ended: undefined }
    const healthy = primaryOf(service)?.rolloutState !== 'FAILED'
    const back = healthy ? undefined : await baseOf(p, intent)
    await memory.ended(known, healthy, back)
    return { under: undefined, intent: undefined, ended: { intent: known, healthy } }
  }
  const wentBack = revisionOf(service.taskDefinition) === intent.from
  if (wentBack && intent.deployment === undefined) {
    await memory.dropped()
    return { under, intent: undefined, ended: undefined }
  }
  const healthy = wentBack ? false : undefined
  await memory.ended(intent, healthy, wentBack ? await baseOf(p, intent) : undefined)
  return { under, intent: undefined, ended: { intent, healthy } }
}

/** What the stack counts as its own again when a rollout came to nothing; undefined for a service of somebody else. */
export const baseOf = async (p: ServicePlace, { base, from }: PendingRollout): Promise<TaskDefinition | undefined> => {
  if (p.named.key === undefined) return undefined
  try {
    return (await revisionAt(p.aws, base ?? from))?.definition
  } catch (error) {
    throw p.explain(error)
  }
}

const idOf = (s: Service): { deployment?: string } => {
  const id = primaryOf(s)?.id
  return id === undefined ? {} : { deployment: id }
}

/** Whether what the service has now is what that run has asked for. */
const isMine = (intent: PendingRollout, service: Service): boolean => {
  const primary = primaryOf(service)
  if (intent.deployment !== undefined) return primary?.id === intent.deployment
  if (revisionOf(service.taskDefinition) !== intent.revision) return false
  // The same revision anew: only a deployment that is younger than the question is the answer to it.
  return intent.revision !== intent.from || (primary?.createdAt?.getTime() ?? 0) > Date.parse(intent.at)
}

/** A rollout whose first task failed may have come to be healthy after all. */
const correct = async (memory: Memory, { service, definition }: Found): Promise<void> => {
  const [newest, ...before] = memory.entries
  if (!newest || newest.healthy === true || newest.revision !== revisionOf(service.taskDefinition) || !isSteady(service)) return
  const { overlay, ...entry } = newest
  if (overlay) {
    const { revision, at, by, changes, from = '' } = entry
    await memory.began({ revision, at, by, changes, from, how: 'deploy', overlay }, definition)
    await memory.dropped()
  }
  await memory.know([{ ...entry, healthy: true }, ...before])
}
