import type { LogSource } from './log.ts'
import { type LogEvent, type LogReading, merged, pagesOf } from './read.ts'

export interface Tail extends LogReading {
  readonly follow: boolean
  /** Where the log is; asked again now and then while it is followed: a new revision may write elsewhere. */
  places(): Promise<readonly LogSource[]>
  hear(event: LogEvent): void
  /** Everything that was there has been heard. */
  caughtUp?(): void
}

/** CloudWatch Logs allows few searches a second, for the whole account. */
const EVERY = 2000
const EVERY_EACH = 700
const SLOWEST = 15_000
/** The log driver sends what it has every few seconds, and another task's may come first: so far is looked back. */
const LATE = 30_000
/** Where nothing comes, the search need not begin at the last event; a clock may be wrong by so much. */
const QUIET = 5 * 60_000
/** Places are looked up again after so many milliseconds. */
const PLACES = 30_000
/** So many ids may be held before old ones are given up. */
const IDS = 20_000

/**
 * Hears each event once, those that are there in the order of time, then those that come, until the signal says stop.
 * @throws InfraError when AWS does not take the filter pattern; what AWS says otherwise
 */
export const tail = async (of: Tail): Promise<void> => {
  const heard = new Map<string, Place>()
  const slow = { factor: 1 }
  const reading: LogReading = {
    ...of,
    slow(why) {
      slow.factor = Math.min(8, slow.factor * 2)
      of.slow(why)
    },
  }
  let sources = await of.places()
  let lookedAt = of.clock.now()
  for (let round = 0; ; round++) {
    const began = of.clock.now()
    const places = sources.map((s) => placeOf(heard, s, of.since))
    for await (const event of merged(places.map((place, i) => fresh(reading, sources[i], place, began)))) {
      if (of.signal.aborted) return
      of.hear(event)
    }
    if (of.signal.aborted) return
    for (const place of places) {
      place.from = fromOf(place, began)
      keep(place, place.from)
    }
    if (round === 0) of.caughtUp?.()
    if (!of.follow) return
    const every = Math.max(EVERY, EVERY_EACH * sources.length)
    await of.clock.sleep(Math.min(SLOWEST, every * slow.factor), of.signal)
    if (of.signal.aborted) return
    slow.factor = Math.max(1, slow.factor / 1.5)
    if (of.clock.now() - lookedAt < PLACES) continue
    // A look that fails is no reason to end: the places that are known go on.
    sources = await of.places().catch(() => sources)
    lookedAt = of.clock.now()
  }
}

/** How far one place has been read. */
interface Place {
  /** Milliseconds since 1970: the next search begins there. */
  from: number
  newest: number
  /** Times of the events that the next search will find again, by id. */
  readonly ids: Map<string, number>
}

const placeOf = (heard: Map<string, Place>, { group, streams }: LogSource, since: number): Place => {
  const key = `${group} ${streams ?? ''}`
  const place = heard.get(key) ?? { from: since, newest: 0, ids: new Map<string, number>() }
  heard.set(key, place)
  return place
}

/** What was not heard before. */
async function* fresh(of: LogReading, source: LogSource | undefined, place: Place, began: number): AsyncGenerator<LogEvent[]> {
  if (!source) return
  for await (const page of pagesOf(of, source, place.from)) {
    const events = page.filter((e) => !place.ids.has(e.id))
    for (const e of events) {
      place.ids.set(e.id, e.at)
      place.newest = Math.max(place.newest, e.at)
    }
    // One long search finds nothing twice: only what the next one will find again is held.
    if (place.ids.size > IDS) keep(place, fromOf(place, began))
    if (events.length > 0) yield events
  }
}

/** A container whose clock is ahead must not hide what the others write. */
const fromOf = ({ newest, from }: Place, began: number): number => Math.max(from, began - QUIET, Math.min(newest, began) - LATE)

const keep = ({ ids }: Place, from: number): void => {
  for (const [id, at] of ids) if (at < from) ids.delete(id)
}
