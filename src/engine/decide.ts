import { changesOf } from '../core/changes.ts'
import type { InfraError } from '../core/errors.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Row } from '../state/schema.ts'
import { asleep } from './asleep.ts'
import { differing, missingTags, unchangeable } from './compare.ts'
import { givenUp } from './gave-up.ts'
import type { Node } from './graph.ts'
import type { AnySeen, Present, Stamp, Tags } from './kind.ts'
import { ambiguous, foreign } from './ownership.ts'
import { knownProps } from './ref.ts'
import { adoptMissing, failedBefore, immutable } from './refusals.ts'
import { changedFrom, changeOf, expected, scheduledOf } from './scheduled.ts'

/** The reason of a resource that is there, ours, and unknown to the state. */
export const FOUND = 'found by its tags and name'

/** What has to be done to one resource. `why` is told to a person. */
export type Decision =
  | { readonly do: 'create'; readonly why: string }
  /** It is on its way out, or broken and without data: it has to be gone before it is made anew. */
  | { readonly do: 'clear'; readonly why: string }
  /** AWS is at work on it. */
  | { readonly do: 'wait'; readonly why: string }
  /** Made anew beside the old one: it holds no data, and AWS cannot change these props in place. */
  | { readonly do: 'replace'; readonly props: readonly string[]; readonly why: string; readonly changes: readonly string[] }
  | {
      readonly do: 'update'
      readonly props: readonly string[]
      readonly tags: Tags
      readonly why: string
      /** What differs, each in words; `why` is all of it in one line. */
      readonly changes: readonly string[]
    }
  /** It is not ours: used as it is, never changed, never deleted. */
  | { readonly do: 'use'; readonly why: string }
  | { readonly do: 'keep'; readonly why: string }
  | { readonly do: 'refuse'; readonly error: InfraError; readonly why: string }

export interface Case<C> {
  readonly node: Node<C>
  /** What the state knows of it. */
  readonly row: Row | undefined
  /** What AWS shows of it. */
  readonly seen: AnySeen
  /** Its props, with UNKNOWN where something else has to be made first. */
  readonly want: Readonly<Record<string, unknown>>
  /** What it should carry. */
  readonly stamp: Pick<Stamp, 'tags' | 'stack'>
  /** Key of an earlier generation, not deleted yet, that is just what is wanted now. */
  readonly earlier?: string | undefined
  /** The time (`GaveUp.at`) that AWS gave up the change and a person wants it asked for again all the same. */
  readonly again?: string | undefined
  /** Props that refer to what will be another one by then: prop -> key of that. */
  readonly following?: ReadonlyMap<string, string>
}

/** How a resource stands, whatever is wanted of it: decide and status go by it. A stranger has its name or id, and is not this stack's. */
export type Standing = AnySeen['is'] | 'stranger'
export const standingOf = (row: Row | undefined, seen: AnySeen): Standing =>
  seen.is !== 'absent' && seen.foreign && !row?.adopted ? 'stranger' : seen.is

/**
 * The one opinion on what is to be done with a resource. Pure: plan prints it, create carries it out; status and drift agree with it
 * (test/engine/decide.test.ts has all states).
 * @returns what to do first; create decides again after it
 */
export const decide = <C>(of: Case<C>): Decision => {
  const { node, row, seen } = of
  if (node.adopt) {
    if (seen.is === 'absent') return refused(adoptMissing(node), 'it is not there')
    return { do: 'use', why: `${node.adopt} is used as it is` }
  }
  if (of.earlier !== undefined)
    return { do: 'replace', props: [], why: 'the one before is still there and is taken back', changes: [] }
  if (seen.is === 'absent' && seen.rivals)
    return refused(ambiguous(node.key, seen.rivals, row), `${seen.rivals.join(', ')} with the same tags`)
  if (seen.is === 'absent') return { do: 'create', why: whyAbsent(row, seen.note) }
  const goes: Decision = { do: 'clear', why: 'is being deleted; made anew after that' }
  if (standingOf(row, seen) === 'stranger') {
    if (node.shared) return seen.is === 'deleting' ? goes : { do: 'use', why: `${seen.foreign}; used as it is` }
    return refused(foreign(node, seen, row?.attrs !== undefined, of.stamp.stack), seen.foreign ?? 'not ours')
  }
  if (seen.is === 'deleting') return goes
  if (row?.adopted) {
    if (seen.is === 'failed') return refused(failedBefore(node, seen, true), 'failed')
    return seen.is === 'pending' ? waits(seen) : { do: 'use', why: 'adopted: used as it is' }
  }
  if (seen.is === 'failed') {
    if (node.kind.facts.data) return refused(failedBefore(node, seen, false), 'failed')
    return { do: 'clear', why: `failed (${seen.note ?? 'no reason given'}); made anew` }
  }
  return compared(of, seen)
}

/** Of what is there and ours. */
const compared = <C>({ node, row, want, stamp, again, following = new Map() }: Case<C>, seen: Present): Decision => {
  const changed = differing(expected(seen), want, node.ignore)
  const follows = [...following.keys()].filter((p) => !changed.includes(p))
  const differences = [
    ...changed.flatMap((p) => told(p, seen, want)),
    ...follows.map((p) => `${p}: the new one of ${following.get(p)}`),
  ]
  const fixed = unchangeable(node.kind, [...changed, ...follows])
  if (fixed.length > 0) {
    const why = differences.join('; ')
    if (node.kind.facts.replace) return { do: 'replace', props: fixed, why, changes: differences }
    const later = Object.fromEntries(follows.map((p) => [p, `the new one of ${following.get(p)}`]))
    return refused(immutable(node, fixed, seen, { ...want, ...later }), why)
  }
  const no = node.kind.facts.refuses?.(changeOf(seen, knownProps(want) as JsonObject, changed))
  if (no) return refused(no, differences.join('; '))
  const { gaveUp } = seen
  if (gaveUp && gaveUp.at !== again && changed.some((p) => node.kind.facts.givesUp?.includes(p)))
    return refused(givenUp(node.key, gaveUp, 2), differences.join('; '))
  if (seen.asleep && changed.length > 0) return refused(asleep(node.key, changed, seen), seen.note ?? 'switched off')
  const missing = node.kind.tag ? missingTags(seen.tags ?? row?.tags, stamp.tags, node.ignore) : {}
  const props = [...changed, ...follows]
  if (props.length > 0 || Object.keys(missing).length > 0) {
    const tagged = Object.keys(missing).length > 0 ? [`tags: ${Object.keys(missing).join(', ')}`] : []
    const changes = [...differences, ...tagged]
    return { do: 'update', props, tags: missing, why: changes.join('; '), changes }
  }
  if (seen.is === 'pending') return waits(seen)
  if (!row) return { do: 'keep', why: FOUND }
  return { do: 'keep', why: scheduledOf(seen).length > 0 ? 'AWS makes the rest later' : 'as wanted' }
}

const refused = (error: InfraError, why: string): Decision => ({ do: 'refuse', error, why })
const waits = (seen: Present): Decision => ({ do: 'wait', why: `${seen.note ?? 'pending'}; waited for` })

const told = (prop: string, seen: Present, want: Readonly<Record<string, unknown>>): string[] =>
  changesOf(prop, changedFrom(seen, prop, want[prop] as Json), want[prop] as Json)

const whyAbsent = (row: Row | undefined, note: string | undefined): string => {
  if (row?.adopted) return 'the one that was used is gone'
  return note ?? (row?.is === 'ready' ? 'was deleted outside of infra' : row?.is === 'creating' ? 'was begun' : 'new')
}
