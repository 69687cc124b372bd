import { Interrupted } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Row } from '../state/schema.ts'
import { differing, missingTags, unchangeable } from './compare.ts'
import type { Context, KindOf } from './context.ts'
import { generationOf, identityOf } from './generation.ts'
import type { Graph } from './graph.ts'
import type { AnyKind, AnySeen, Depth, Present, Survey, Tags } from './kind.ts'
import { attributed } from './ownership.ts'
import { hasUnknown, knownProps, resolve } from './ref.ts'
import { expected } from './scheduled.ts'
import { pause, STALE_MS } from './wait.ts'

/** Something to look at: a declared resource, or one that only the state remembers. */
export interface Subject<C> {
  readonly key: string
  readonly kind: AnyKind<C>
  readonly name: string
  readonly tags: Tags
  readonly props: Readonly<Record<string, unknown>>
  readonly deps: readonly string[]
  /** Id of something that was there before. */
  readonly adopt?: string | undefined
  /** Props whose difference is left alone. */
  readonly ignore?: readonly string[]
}

export const subjectOfRow = <C>(key: string, row: Row, kindOf: KindOf<C>): Subject<C> => ({
  key,
  kind: kindOf(row.type),
  name: row.name,
  tags: {},
  props: row.want,
  deps: [],
})

/** All that is declared, and all that is recorded but no longer declared. */
export const subjectsOf = <C>(graph: Graph<C>, rows: ReadonlyMap<string, Row>, kindOf: KindOf<C>): Subject<C>[] => [
  ...graph.nodes(),
  ...[...rows].filter(([key]) => !graph.get(key)).map(([key, row]) => subjectOfRow(key, row, kindOf)),
]

/**
 * One look at the world: every subject at once, in one pass that sends identical requests once. A subject whose inputs no row
 * can tell (the state was lost, or this is the first run) waits for what the survey itself finds of its dependencies.
 * @throws the first error of a look: a survey with holes would plan duplicates
 */
export const survey = async <C>(
  subjects: readonly Subject<C>[],
  cx: Context<C>,
  pass = cx.look(),
  depth?: Depth,
): Promise<Survey> => {
  const byKey = new Map(subjects.map((s) => [s.key, s]))
  const started = new Map<string, Promise<AnySeen>>()
  const recorded = (key: string): JsonObject | undefined => cx.rows.row(key)?.attrs

  const visit = (subject: Subject<C>): Promise<AnySeen> => {
    const running = started.get(subject.key)
    if (running) return running
    const run = look(subject)
    started.set(subject.key, run)
    return run
  }
  const look = async (subject: Subject<C>): Promise<AnySeen> => {
    let want = resolve(subject.props, recorded) as Record<string, unknown>
    if (hasUnknown(want)) {
      // Asked at once with what is known: the requests are the same, and the pass answers them a second time for nothing.
      const early = observe(subject, pass, cx, knownProps(want), depth)
      early.catch(() => undefined)
      const found = new Map<string, JsonObject>()
      for (const key of subject.deps) {
        const dep = byKey.get(key)
        const seen = dep ? await visit(dep) : undefined
        if (seen && seen.is !== 'absent') found.set(key, seen.attrs)
      }
      if (found.size === 0) return early
      want = resolve(subject.props, (key) => found.get(key) ?? recorded(key)) as Record<string, unknown>
    }
    return observe(subject, pass, cx, knownProps(want), depth)
  }

  const results = await Promise.allSettled(subjects.map(visit))
  const failed = results.find((r) => r.status === 'rejected')
  if (failed) throw failed.reason
  const seen = new Map(subjects.map((s, i) => [s.key, (results[i] as PromiseFulfilledResult<AnySeen>).value]))
  await Promise.all(
    subjects.map(async (s) => {
      const row = cx.rows.row(s.key)
      const first = seen.get(s.key)
      if (!row || !first || isBelieved(s, row, first, cx)) return
      const want = knownProps(resolve(s.props, recorded) as Record<string, unknown>)
      // Asked again until it shows what was done, or until it is too long ago for that.
      seen.set(s.key, await settle(s, want, cx, Date.parse(row.at), cx.graceMs, (now) => isBelieved(s, row, now, cx)))
    }),
  )
  return seen
}

/**
 * Whether a look shows what is there. AWS's reads lag behind its writes: for seconds after a create, whatever the thing is found
 * by, a look may not show it (docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html), and after a change it may show
 * the old value. That is neither gone nor altered.
 */
const isBelieved = <C>({ ignore }: Subject<C>, row: Row, seen: AnySeen, cx: Context<C>): boolean => {
  const ageMs = cx.clock.now() - Date.parse(row.at)
  if (seen.is === 'absent') return row.attrs === undefined || row.is === 'deleting' || ageMs >= cx.graceMs
  if (row.is !== 'ready' || row.adopted || seen.foreign || seen.is === 'deleting') return true
  if (ageMs >= Math.min(STALE_MS, cx.graceMs)) return true
  const tags = Object.keys(missingTags(seen.tags, row.tags ?? {}, ignore))
  return differing(expected(seen), row.want, ignore).length + tags.length === 0
}

/**
 * One look at one resource through the given pass. Without a record, also as what it would be called had it been replaced: then the one
 * before it may be there, too.
 */
export const observe = async <C>(
  subject: Pick<Subject<C>, 'key' | 'kind' | 'name' | 'tags' | 'props' | 'adopt'>,
  pass: C,
  cx: Context<C>,
  want: Readonly<Record<string, unknown>>,
  depth?: Depth,
): Promise<AnySeen> => {
  const row = cx.rows.row(subject.key)
  const { kind } = subject
  const look = async (generation?: string): Promise<AnySeen> => {
    const stamp = cx.stamp(identityOf(subject, row, generation), row?.token ?? '')
    const seen = await kind.observe(pass, stamp, want as JsonObject, row?.attrs ?? recordOf(subject.adopt), depth)
    // What shows no tags even when they are asked for counts by those of its record.
    const tagged = depth === 'owner' && seen.is !== 'absent' && !seen.tags ? { ...seen, tags: row?.tags ?? {} } : seen
    return attributed(tagged, { ...subject, row, stamp, ownerOf: cx.ownerOf })
  }
  const seen = await look()
  if (row || subject.adopt || !kind.facts.replace) return seen
  const generation = generationOf(kind, subject.props, want)
  if (generation === undefined || (seen.is !== 'absent' && !seen.foreign && !changesFixed(kind, seen, want))) return seen
  const later = await look(generation)
  if (later.is === 'absent' || later.foreign) return seen
  return { ...later, generation, ...(seen.is === 'absent' || seen.foreign ? {} : { old: seen }) }
}

const changesFixed = <C>(kind: AnyKind<C>, seen: Present, want: Readonly<Record<string, unknown>>): boolean =>
  unchangeable(kind, differing(seen.props, want)).length > 0

/** Kinds look by what they recorded; of something that is to be taken in, only the id is known, whatever the kind calls it. */
export const recordOf = (id: string | undefined): JsonObject | undefined =>
  id === undefined ? undefined : { id, arn: id, name: id }

/**
 * Looks for something that may have been made but may not be visible yet, until the grace is over.
 * @param sinceMs when it may have been made; the grace counts from there
 * @param isShown whether a look is the answer; default: it shows the thing, or several of which none can be told to be it
 */
export const settle = async <C>(
  subject: Subject<C>,
  want: Readonly<Record<string, unknown>>,
  cx: Context<C>,
  sinceMs: number,
  graceMs = cx.graceMs,
  isShown: (seen: AnySeen) => boolean = (seen) => seen.is !== 'absent' || seen.rivals !== undefined,
): Promise<AnySeen> => {
  for (;;) {
    const seen = await observe(subject, cx.look(), cx, want)
    const elapsed = cx.clock.now() - sinceMs
    if (isShown(seen) || elapsed >= graceMs) return seen
    if (cx.signal.aborted) throw new Interrupted()
    await cx.clock.sleep(Math.min(pause(elapsed), graceMs - elapsed), cx.signal)
  }
}
