import type { JsonObject } from '../core/json.ts'
import type { Context } from './context.ts'
import type { AnySeen, Made, Stamp } from './kind.ts'
import { patiently } from './patience.ts'
import { type Subject, settle } from './survey.ts'

const ATTEMPTS = 5
/**
 * A lost create of what has a name may be sent again so soon: when it was made after all and no look shows it yet, AWS answers that
 * it exists. A call whose connection broke may need so long to take effect.
 */
const NAMED_MS = 2000

/**
 * The create call, until its outcome is known. A call that may have taken effect is never sent again blindly, the world is looked
 * at first. (Where nothing happened, throttled or "not visible yet", {@link patiently} asks again.)
 * @param again writes the intent anew, before each call but the first: the next run counts the grace from the last call that a
 * killed one may have sent
 * @returns the answer, or what was found when the answer was lost or the name was taken
 */
export const make = async <C>(
  subject: Subject<C>,
  want: JsonObject,
  stamp: Stamp,
  cx: Context<C>,
  again: () => Promise<void>,
): Promise<{ made: Made<JsonObject, JsonObject> } | { found: AnySeen }> => {
  const { kind, key } = subject
  let sent = Number.NaN
  const send = async (): Promise<Made<JsonObject, JsonObject>> => {
    if (!Number.isNaN(sent)) await again()
    sent = cx.clock.now()
    return kind.create(cx.aws, want, stamp)
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return { made: await patiently(cx, key, kind.facts.minutes, send) }
    } catch (error) {
      const trouble = cx.classify(error)
      if (trouble !== 'unknown-outcome' && trouble !== 'exists') throw error
      // AWS says that it is there: then it will show, however late.
      const graceMs = trouble === 'exists' || kind.facts.found === 'tag' ? cx.graceMs : Math.min(cx.graceMs, NAMED_MS)
      const found = await settle(subject, want, cx, sent, graceMs)
      if (found.is !== 'absent' || found.rivals) return { found }
      if (trouble === 'exists' || attempt >= ATTEMPTS) throw error
    }
  }
}
