import { type Edit, withoutWaiting } from '../../ecs/record.ts'
import {
  countAfter,
  countedKeys,
  pausedOf,
  type Sleeper,
  sleeperOf,
  stillScaled,
  withCount,
  withoutCounts,
  withPaused,
  withSleeper,
} from '../../ecs/sleep-record.ts'
import type { ManualCount, PausedLimits, Services } from '../../state/memory.ts'
import type { ServicePlace } from '../service.ts'
import type { Session } from '../types.ts'
import { rememberApart } from './apart.ts'
import { amendRows, type Told } from './rows.ts'

/** What is remembered of the number of tasks of one service. */
export interface CountMemory {
  /** What was set and still counts above the config. */
  readonly scaled: ManualCount | undefined
  readonly paused: PausedLimits | undefined
  /** It sleeps with its stack. */
  readonly sleeper: Sleeper | undefined
  /** False: nothing is remembered anywhere, so nothing could be given back. */
  readonly kept: boolean
  /** Before autoscaling is paused: what it has now is not told by AWS any more after that. */
  pause(before: PausedLimits): Promise<void>
  /** The number is set: from now on the stack wants it. @param min what autoscaling has now, where it was paused */
  set(count: number, min: number | undefined): Promise<void>
}

export const countMemoryOf = (p: ServicePlace): CountMemory => {
  const { stack, named, caller } = p
  const { key } = named
  const name = key ?? `${named.cluster}/${named.name}`
  const kept = stack !== undefined && (key !== undefined || !stack.state.empty)
  const read = (): Services => stack?.state.services ?? {}
  const of = () => (key === undefined ? undefined : stack?.config.ecs.services[key])
  const edit = async (change: Edit, told?: Told): Promise<void> => {
    if (!stack || !kept) return
    if (key === undefined) await rememberApart(p, 'infra scale', change)
    else
      await stack.state.update((draft) => {
        if (told) amendRows(draft.resources, key, told)
        draft.services = change(draft.services)
      })
  }
  return {
    get scaled() {
      const wanted = of()
      return wanted && stillScaled(read(), name, wanted)
    },
    get paused() {
      return pausedOf(read(), name)
    },
    get sleeper() {
      return key === undefined ? undefined : sleeperOf(read(), key)
    },
    kept,
    pause: (before) => edit((l) => withPaused(l, name, before)),
    async set(count, min) {
      const wanted = of()
      if (key === undefined || !stack || !wanted) {
        if (count > 0 && pausedOf(read(), name)) await edit((l) => withPaused(l, name, undefined))
        return
      }
      const at = new Date().toISOString()
      const by = caller.arn
      const before = stillScaled(read(), key, wanted)
      const anew = before?.count === count ? before : { count, since: wanted.desired, at, by }
      const scaled = count === wanted.desired ? undefined : anew
      await edit(
        (l) => {
          const set = withSleeper(withCount(l, key, scaled), key, undefined)
          return count > 0 ? withoutWaiting(withPaused(set, key, undefined), key) : set
        },
        { desired: count, min },
      )
    },
  }
}

/** What the state counts as set once a sleeper is awake, and the number that it comes back with. */
export const afterSleep = (s: Session, key: string, sleeper: Sleeper): { count: number; set: number | undefined } => {
  const wanted = s.config.ecs.services[key]
  if (!wanted) return { count: sleeper.count, set: sleeper.set }
  const edited = wanted.desired !== sleeper.since
  return { count: countAfter(sleeper, wanted), set: edited ? wanted.desired : (sleeper.set ?? wanted.desired) }
}

/** After a destroy: what was set for a service that is gone must not count for one that is made anew. */
export const forgetGone = ({ state }: Pick<Session, 'state'>): Promise<void> =>
  state.update((draft) => {
    const gone = countedKeys(draft.services).filter((key) => !draft.resources[`${key}-service`])
    draft.services = gone.reduce(withoutCounts, draft.services)
  })
