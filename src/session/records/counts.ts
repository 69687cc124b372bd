import type { JsonObject } from '../../core/json.ts'
import { withoutWaiting } from '../../ecs/record.ts'
import {
  countAfter,
  type Paused,
  pausedOf,
  recordedKeys,
  type Scaled,
  type Sleeper,
  sleeperOf,
  stillScaled,
  withoutCounts,
  withPaused,
  withScaled,
  withSleeper,
} from '../../ecs/sleep-record.ts'
import type { ServicePlace } from '../service.ts'
import type { Session } from '../types.ts'
import { rememberApart } from './apart.ts'
import { amendRows, type Told } from './rows.ts'

type Edit = (lookups: JsonObject) => JsonObject

/** What is remembered of the number of tasks of one service. */
export interface CountMemory {
  /** What was set and still counts above the config. */
  readonly scaled: Scaled | undefined
  readonly paused: Paused | undefined
  /** It sleeps with its stack. */
  readonly sleeper: Sleeper | undefined
  /** False: nothing is remembered anywhere, so nothing could be given back. */
  readonly kept: boolean
  /** Before autoscaling is paused: what it has now is not told by AWS any more after that. */
  pause(before: Paused): Promise<void>
  /** The number is set: from now on the stack wants it. @param min what autoscaling has now, where it was paused */
  set(count: number, min: number | undefined): Promise<void>
}

export const countMemoryOf = (p: ServicePlace): CountMemory => {
  const { stack, named, caller } = p
  const { key } = named
  const name = key ?? `${named.cluster}/${named.name}`
  const kept = stack !== undefined && (key !== undefined || stack.state.all().size + Object.keys(stack.state.lookups).length > 0)
  const read = (): JsonObject => stack?.state.lookups ?? {}
  const of = () => (key === undefined ? undefined : stack?.config.ecs.services[key])
  const edit = async (change: Edit, told?: Told): Promise<void> => {
    if (!stack || !kept) return
    if (key === undefined) await rememberApart(p, 'infra scale', change)
    else
      await stack.state.update((draft) => {
        if (told) amendRows(draft.resources, key, told)
        draft.lookups = change(draft.lookups)
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
          const set = withSleeper(withScaled(l, key, scaled), key, undefined, { at, by })
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
    const gone = recordedKeys(draft.lookups).filter((key) => !key.includes('/') && !draft.resources[`${key}-service`])
    draft.lookups = gone.reduce(withoutCounts, draft.lookups)
  })
