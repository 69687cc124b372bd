import { AWAY, Deferred, InfraError, Interrupted, SLOWER, silence } from '../core/errors.ts'
import type { Context } from './context.ts'
import { IDLE_MS, idled } from './gave-up.ts'
import type { Stuck } from './kind.ts'

/** For so long a look may still show what was before the last call that changed it. */
export const STALE_MS = 5000

/** Pause before the next look: close together at first, then a fortieth of what has passed, so a wait overshoots by 2.5 %. */
export const pause = (elapsedMs: number): number => Math.min(10_000, Math.max(200, elapsedMs / 40))

/** So many differences are told while they are waited for, and of each value so much: it is one line of a screen. */
const TOLD = 2
const LONGEST = 40

/** Of a long value its end: there an ARN says what it is of. */
const shortened = (value: string): string => (value.length > LONGEST ? `…${value.slice(1 - LONGEST)}` : value)

const cut = (text: string): string => (text.length > 2 * LONGEST ? `${text.slice(0, 2 * LONGEST - 1)}…` : text)

const inShort = (all: readonly string[]): string => {
  const told = all.slice(0, TOLD).map((text) => {
    const [, path = '', is = '', want = ''] = /^(\S+: )(.*) -> (.*)$/s.exec(text) ?? ['', text]
    return is || want ? `${path}${shortened(is)} -> ${shortened(want)}` : cut(text)
  })
  return [...told, ...(all.length > TOLD ? [`and ${all.length - TOLD} more`] : [])].join('; ')
}

export interface Limit<S> {
  /** Minutes after which waiting is given up. */
  readonly deadline: number
  /** Typical minutes, for the screen. */
  readonly minutes: number
  /** Why it may hang, in words: asked when it is given up. */
  readonly stuck?: (seen: S) => Promise<readonly string[] | Stuck>
  /** What is not as wanted yet, in words with both values: told beside AWS's status word, which often says nothing of it. */
  readonly lacking?: (seen: S) => readonly string[]
  /** The change that is waited for was given up by AWS: the wait ends with this. */
  readonly gaveUp?: (seen: S) => InfraError | undefined
  /** The longest pause between two looks (ms), where the moment matters. */
  readonly paceMs?: (seen: S) => number | undefined
  /** Only a person can bring it further: left as soon as it is known what there is to do. */
  readonly leave?: boolean
}

const stuckAs = (told: readonly string[] | Stuck = []): Stuck => ('reasons' in told ? told : { reasons: told })

/**
 * Looks until the goal is reached. The only wait loop there is.
 * @param look one observation; its note is AWS's status word
 * @param reached says whether it is over
 * @throws Interrupted when the run was told to stop; Deferred when it is left to a person; InfraError when the limit has passed (AWS goes on, the next run resumes)
 */
export const until = async <
  C,
  S extends { readonly is: string; readonly note?: string; readonly over?: boolean; readonly idle?: true },
>(
  cx: Context<C>,
  key: string,
  look: () => Promise<S>,
  reached: (seen: S) => boolean,
  limit: Limit<S>,
): Promise<S> => {
  const began = cx.clock.now()
  const quiet = silence(() => cx.clock.now())
  let unseen = ''
  let idleSince: number | undefined
  for (;;) {
    const seen = await look().catch((error: unknown) => {
      const trouble = cx.classify(error)
      if (trouble !== 'throttled' && !quiet.bears(trouble)) throw error
      unseen = trouble === 'throttled' ? SLOWER : trouble === 'unreachable' ? AWAY : 'AWS does not answer; asked again'
      return undefined
    })
    if (seen) quiet.broken()
    if (seen && !seen.over && reached(seen)) return seen
    const gaveUp = seen && limit.gaveUp?.(seen)
    if (gaveUp) throw gaveUp
    if (cx.signal.aborted) throw new Interrupted()
    const elapsedMs = cx.clock.now() - began
    const word = seen ? (seen.note ?? seen.is) : unseen
    const lacking = seen && !seen.over ? (limit.lacking?.(seen) ?? []) : []
    const status = lacking.length > 0 ? `${word}; not changed yet: ${inShort(lacking)}` : word
    idleSince = seen?.idle && lacking.length > 0 ? (idleSince ?? cx.clock.now()) : undefined
    if (idleSince !== undefined && cx.clock.now() - idleSince > IDLE_MS) throw idled(key, lacking)
    const over = seen?.over === true && elapsedMs >= STALE_MS
    if (over || elapsedMs > limit.deadline * 60_000) {
      // Only to say more: when it cannot be asked, the rest must still be said.
      const { reasons, details, fix } = stuckAs(seen ? await limit.stuck?.(seen).catch(() => []) : [])
      const left = lacking.length > 0 ? `; not changed yet: ${lacking.join('; ')}` : ''
      throw new InfraError(over ? `${key}: ${word}` : `${key} is still "${word}" after ${limit.deadline} minutes${left}`, {
        why: reasons.length
          ? reasons.join('; ')
          : over
            ? 'AWS has given up on it'
            : 'AWS has not finished; nothing is lost, its id is recorded',
        details,
        next: over
          ? `${fix ? `${fix}. Then` : 'Fix the cause, then'} run the same command again: it is tried anew`
          : reasons.length
            ? `${fix ? `${fix}. Then` : 'Fix that, then'} run the same command again: it goes on with this one`
            : 'Run the same command again in some minutes: it goes on waiting for this one',
      })
    }
    if (limit.leave && seen) {
      const { reasons } = stuckAs(await limit.stuck?.(seen))
      if (reasons.length > 0) throw new Deferred(reasons.join('; '))
    }
    cx.report({ type: 'resource.waiting', key, status, elapsedMs, minutes: limit.minutes })
    await cx.clock.sleep(Math.min(pause(elapsedMs), (seen && limit.paceMs?.(seen)) ?? Number.POSITIVE_INFINITY), cx.signal)
  }
}
