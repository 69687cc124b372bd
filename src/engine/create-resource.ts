import { InfraError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { AnySeen, Made, Present } from './kind.ts'
import { make } from './make.ts'
import { ambiguous } from './ownership.ts'
import { broken } from './refusals.ts'
import { until } from './wait.ts'
import type { Work } from './work.ts'

/**
 * Sends the create call of an intent that is durable, and waits until the resource can be used.
 * @param intend writes the intent anew, before the call is sent again
 * @param intended absent is no error then: see {@link awaitReady}
 */
export const createIntended = async <C>(work: Work<C>, intend: () => Promise<void>, intended = false): Promise<AnySeen> => {
  const { node, want, cx } = work
  const outcome = await make(node, want, work.stamp, cx, intend)
  const seen = 'found' in outcome ? outcome.found : born(outcome.made)
  if (seen.is === 'absent' && seen.rivals) throw ambiguous(node.key, seen.rivals, work.row)
  if (seen.is === 'absent') throw new InfraError(`${node.key} is not there although it was made`)
  work.shownAt = cx.clock.now()
  return seen.foreign || seen.is === 'ready' ? seen : awaitReady(work, seen, intended)
}

const born = ({ attrs, ready, props, tags }: Made<JsonObject, JsonObject>): Present => ({
  is: ready ? 'ready' : 'pending',
  attrs: attrs as JsonObject,
  ...(props ? { props: props as JsonObject } : {}),
  ...(tags ? { tags } : {}),
})

/**
 * Waits until AWS is done with it.
 * @param intended absent is no error then: the answer came from an old token, and its id is recorded now, so the next token is a new one
 */
export const awaitReady = async <C>(work: Work<C>, seen: Present, intended = false): Promise<AnySeen> => {
  const { cx, node } = work
  await work.saveBegun(seen.attrs)
  const after = await until(cx, node.key, work.look, (s) => isSettled(s) && !work.late(s), work.limit)
  if (after.is === 'ready' || (after.is === 'absent' && intended)) return after
  throw broken(node, after)
}

const isSettled = (seen: AnySeen): boolean => seen.is === 'ready' || seen.is === 'failed' || seen.is === 'absent'
