import { createHash } from 'node:crypto'
import { canonical } from '../core/json.ts'
import type { Row } from '../state/schema.ts'
import type { Node } from './graph.ts'
import type { AnyKind, Tags } from './kind.ts'
import { hasUnknown, refsIn } from './ref.ts'

/*
 * What cannot change in place and holds no data is replaced: made anew beside the old one, under a name and a key tag of its own. Both are
 * computed from what is immutable about it, so the new one is found again even when the state is lost. In the state the new one takes
 * the key, and the old one gets a row of its own, which create deletes at the end like anything that is no longer declared.
 */

type Props = Readonly<Record<string, unknown>>

/**
 * What AWS's name and key tag of such a resource end in.
 * @param declared its props, whose refs may not be known yet
 * @param want what is known of them
 * @returns undefined while something that is immutable is not known
 */
export const generationOf = <C>(kind: AnyKind<C>, declared: Props, want: Props): string | undefined => {
  const fixed = immutableOf(kind, want)
  const missing = (kind.facts.immutable ?? []).some((p) => declared[p] !== undefined && want[p] === undefined)
  if (missing || hasUnknown(fixed)) return undefined
  return createHash('sha256').update(canonical(fixed)).digest('hex').slice(0, 8)
}

const immutableOf = <C>(kind: AnyKind<C>, of: Props): Props =>
  Object.fromEntries((kind.facts.immutable ?? []).flatMap((p) => (of[p] === undefined ? [] : [[p, of[p]]])))

/** How AWS knows it: the key that its tag holds, and its name. */
export const identityOf = <C>(
  of: { readonly key: string; readonly name: string; readonly kind: AnyKind<C>; readonly tags?: Tags },
  row: Row | undefined,
  generation = row?.generation,
): { readonly key: string; readonly name: string; readonly tags?: Tags } => {
  const tags = of.tags ? { tags: of.tags } : {}
  const replaced = row?.replaced ?? of.key
  if (generation === undefined) return { key: keyTagOf(of.key, { replaced }), name: of.name, ...tags }
  const name = row?.generation === generation ? row.name : nextName(of, generation)
  return { key: keyTagOf(of.key, { replaced, generation }), name, ...tags }
}

const nextName = <C>(of: { readonly name: string; readonly kind: AnyKind<C> }, generation: string): string =>
  of.kind.facts.replace?.name(of.name, generation) ?? of.name

/** What the key tag of a row's resource holds. */
export const keyTagOf = (key: string, { generation, replaced = key }: Pick<Row, 'generation' | 'replaced'>): string =>
  generation === undefined ? replaced : `${replaced}@${generation}`

/** The key of the row that a replaced generation gets. */
export const replacedKey = (key: string, row: Pick<Row, 'generation'>): string => `${key}@${row.generation ?? 'first'}`

/** The key and those of its earlier generations that are still recorded. */
export const allGenerations = (key: string, rows: ReadonlyMap<string, Row>): string[] => [
  key,
  ...[...rows].filter(([, row]) => row.replaced === key).map(([old]) => old),
]

/** An earlier generation that is just what is wanted now, while the present one is not. */
export const earlierLike = <C>(
  key: string,
  kind: AnyKind<C>,
  want: Props,
  rows: ReadonlyMap<string, Row>,
): string | undefined => {
  const alike = (row: Row): boolean => canonical(immutableOf(kind, row.want)) === canonical(immutableOf(kind, want))
  const row = rows.get(key)
  if (!kind.facts.replace || !row || alike(row)) return undefined
  return [...rows].find(([, old]) => old.replaced === key && alike(old))?.[0]
}

interface Users<C> {
  readonly nodes: readonly Node<C>[]
  readonly rows: ReadonlyMap<string, Row>
  /** The steps of this run. */
  readonly steps: readonly string[]
  /** The props of a resource that AWS changes later. */
  readonly laterOf: (key: string) => readonly string[]
}

/**
 * Why an earlier generation stays although its successor is there: AWS makes the switch only later (a database in its maintenance
 * window), or something goes on using it that no run switches (a database that was restored beside the stack's own).
 * @returns in words; undefined: nothing uses it any more
 */
export const staysFor = <C>(row: Row, { nodes, rows, steps, laterOf }: Users<C>): string | undefined => {
  const { replaced, attrs } = row
  if (replaced === undefined) return undefined
  const id = typeof attrs?.id === 'string' ? JSON.stringify(attrs.id) : undefined
  const uses = (other: Row): boolean =>
    !steps.includes(other.step) && other.deps.includes(replaced) && id !== undefined && JSON.stringify(other.want).includes(id)
  const users = [...rows].filter(([, other]) => uses(other)).map(([key]) => key)
  if (users.length > 0) return `${users.join(', ')} still uses it`
  const awaited = nodes.some((n) => laterOf(n.key).some((p) => refsIn(n.props[p]).has(replaced)))
  return awaited ? 'goes once AWS has made what it has scheduled' : undefined
}
