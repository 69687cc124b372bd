import type { JsonObject } from '../state/json.ts'
import type { Context } from './context.ts'
import { Interrupted } from './errors.ts'
import type { AnySeen, Made, Stamp } from './kind.ts'
import { patiently } from './patience.ts'
import { observe, type Subject } from './survey.ts'
import { pause } from './wait.ts'

const ATTEMPTS = 5
/** What has a name is visible at once; a call whose sender was killed or lost the connection may still need so long to take effect. */
const NAMED_MS = 2000

/** How long something that may have been made can stay invisible. */
const graceOf = <C>({ kind }: Subject<C>, cx: Context<C>): number =>
  kind.facts.found === 'tag' ? cx.graceMs : Math.min(cx.graceMs, NAMED_MS)

/**
 * Looks for something that may have been made but may not be visible yet, until the grace is over.
 * @param sinceMs when it may have been made; the grace counts from there
 */
export const settle = async <C>(
  subject: Subject<C>,
  want: JsonObject,
  cx: Context<C>,
  sinceMs: number,
): Promise<AnySeen> => {
  const graceMs = graceOf(subject, cx)
  for (;;) {
    const seen = await observe(subject, cx.look(), cx, want)
    const elapsed = cx.clock.now() - sinceMs
    if (seen.is !== 'absent' || elapsed >= graceMs) return seen
    if (cx.signal.aborted) throw new Interrupted()
    await cx.clock.sleep(Math.min(pause(elapsed), graceMs - elapsed), cx.signal)
  }
}

/**
 * The create call, until its outcome is known. A call that may have taken effect is never sent again blindly, the world is looked
 * at first. (Throttling is retried by the SDK, which knows that nothing happened; "not visible yet" is {@link patiently}'s.)
 * @returns the answer, or what was found when the answer was lost or the name was taken
 */
export const make = async <C>(
  subject: Subject<C>,
  want: JsonObject,
  stamp: Stamp,
  cx: Context<C>,
): Promise<{ made: Made<JsonObject, JsonObject> } | { found: AnySeen }> => {
  const { kind, key } = subject
  for (let attempt = 1; ; attempt++) {
    const sent = cx.clock.now()
    try {
      return { made: await patiently(cx, key, kind.facts.minutes, () => kind.create(cx.aws, want, stamp)) }
    } catch (error) {
      const trouble = cx.classify(error)
      if (trouble !== 'unknown-outcome' && trouble !== 'exists') throw error
      const found = await settle(subject, want, cx, sent)
      if (found.is !== 'absent') return { found }
      if (trouble === 'exists' || attempt >= ATTEMPTS) throw error
    }
  }
}
