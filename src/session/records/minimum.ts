import type { Config } from '../../config/config.ts'
import { checkStop } from '../../core/errors.ts'
import { waitsForImage } from '../../ecs/record.ts'
import { register, resourceOf, targetsOf } from '../../ecs/scaling.ts'
import { allCounts } from '../../ecs/sleep-record.ts'
import type { Survey } from '../../engine/kind.ts'
import type { Services } from '../../state/memory.ts'
import type { Row } from '../../state/schema.ts'
import type { ServicePlace } from '../service.ts'
import type { Session } from '../types.ts'
import { amendRows } from './rows.ts'

/** A service that autoscaling may take down to nothing, though infra.yaml wants a minimum. */
export interface NoMinimum {
  readonly key: string
  readonly wanted: number
}

/** What infra.yaml says, unless it must be 0 now: the service waits for its image, or was scaled to nothing, or sleeps. */
const wantedMinimum = ({ steps, ecs }: Config, services: Services, key: string, starts = false): number | undefined => {
  const min = steps.includes('autoscaling') ? ecs.services[key]?.autoscaling?.min : undefined
  const lowered = (!starts && waitsForImage(services, key)) || allCounts(services, ecs.services)[key]?.paused
  return min === undefined || min === 0 || lowered ? undefined : min
}

const targetKey = (key: string): string => `${key}-scaling-target`

/**
 * Services that autoscaling may take to no task against what infra.yaml says: nothing wakes one that runs none.
 * @param survey what AWS shows; without one the record tells
 */
export const withoutMinimum = (
  config: Config,
  services: Services,
  rows: ReadonlyMap<string, Row>,
  survey: Survey | undefined,
): NoMinimum[] =>
  Object.keys(config.ecs.services).flatMap((key) => {
    const row = rows.get(targetKey(key))
    const wanted = wantedMinimum(config, services, key)
    const seen = survey?.get(targetKey(key))
    const is = Number((seen && seen.is !== 'absent' ? seen.props?.min : undefined) ?? row?.want.min)
    return row && !row.adopted && wanted !== undefined && is === 0 ? [{ key, wanted }] : []
  })

/** In a sentence. */
export const noMinimumText = ({ key, wanted }: NoMinimum): string =>
  `Autoscaling may take ${key} down to no task, and nothing would wake it: its minimum is 0, infra.yaml says ${wanted}`

/**
 * The minimum that infra itself left at 0 when it made the target: the service had no image then.
 * @param starts its first tasks start now
 */
export const leftAtZero = (
  { config, state }: Pick<Session, 'config' | 'state'>,
  key: string,
  starts = false,
): number | undefined => {
  const row = state.row(targetKey(key))
  return row?.attrs && !row.adopted && row.want.min === 0 ? wantedMinimum(config, state.services, key, starts) : undefined
}

/**
 * Gives autoscaling its minimum back once the first tasks were told to start. After the number: a minimum above it would lift it at once.
 * The rollout has begun by then: an error here is said, and the rollout is followed all the same.
 */
export const restoreMinimum = async (p: ServicePlace): Promise<void> => {
  const { stack, named, aws, io } = p
  const min = named.key === undefined || !stack ? undefined : leftAtZero(stack, named.key)
  if (min === undefined || !stack || named.key === undefined) return
  const id = resourceOf(named.cluster, named.name)
  try {
    const target = (await targetsOf(aws, [id])).get(id)
    if (!target) return
    if (target.min < min) {
      checkStop(p.signal)
      await register(aws, id, { min, suspended: target.suspended })
    }
    const { key } = named
    await stack.state.update(({ resources }) => {
      amendRows(resources, key, { min: Math.max(min, target.min) })
    })
  } catch (error) {
    const low = noMinimumText({ key: named.key, wanted: min })
    io.note(
      `  ${io.c.yellow('!')} ${low} (${p.explain(error).message}). Next: ${io.c.cyan(p.spoken('infra create autoscaling'))}`,
    )
  }
}
