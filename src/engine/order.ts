import type { Row } from '../state/schema.ts'
import type { KindOf } from './context.ts'
import { allGenerations } from './generation.ts'
import { remaining } from './graph.ts'
import type { AnyKind } from './kind.ts'
import { deleteLimit } from './times.ts'

export interface DestroyOptions {
  /** Take a last snapshot of what can have one. */
  readonly snapshots: boolean
  /** Delete what was taken in, too; it stays otherwise. */
  readonly adopted?: boolean
  readonly at: Date
}

/** Recorded keys outside of `keys` that depend on one of them: they would lose their ground. */
export const stillNeeding = (keys: readonly string[], rows: ReadonlyMap<string, Row>): Map<string, string[]> => {
  const found = new Map<string, string[]>()
  for (const [key, row] of rows)
    if (!keys.includes(key)) for (const dep of row.deps) if (keys.includes(dep)) found.set(dep, [...(found.get(dep) ?? []), key])
  return found
}

/** Of these keys, those that live inside another one of them that is deleted: they go with it. Key -> what it goes with. */
export const goingWith = <C>(
  keys: readonly string[],
  rows: ReadonlyMap<string, Row>,
  kindOf: KindOf<C>,
  options: Pick<DestroyOptions, 'adopted'>,
): Map<string, string> => {
  const found = new Map<string, string>()
  for (const key of keys) {
    const row = rows.get(key)
    const inside = row && kindOf(row.type).facts.inside
    const around = (d: string): boolean => {
      const dep = rows.get(d)
      return dep !== undefined && keys.includes(d) && dep.type === inside && (!dep.adopted || options.adopted === true)
    }
    const container = inside === undefined ? undefined : row?.deps.find(around)
    if (container !== undefined) found.set(key, container)
  }
  return found
}

/** Something to be deleted, and what must be gone first. */
export interface Doomed {
  readonly key: string
  readonly row: Row
  readonly deps: readonly string[]
  /** The key of what it lives inside of and goes with. */
  readonly with: string | undefined
}

/**
 * In which order these keys are deleted: dependants first, and what a kind outlives (`facts.outlives`) before it, also where the state
 * was written before that was known.
 */
export const destroyOrder = <C>(
  keys: readonly string[],
  rows: ReadonlyMap<string, Row>,
  kindOf: KindOf<C>,
  options: Pick<DestroyOptions, 'adopted'>,
): Doomed[] => {
  const within = goingWith(keys, rows, kindOf, options)
  const all = keys.flatMap((key) => {
    const row = rows.get(key)
    return row ? [{ key, row }] : []
  })
  const needing = new Map<string, Set<string>>(all.map(({ key }) => [key, new Set()]))
  // Nobody waits for what goes with another: it is that one's end that it waits for itself.
  const own = all.filter(({ key }) => !within.has(key))
  for (const { key, row } of own)
    for (const dep of row.deps.flatMap((d) => allGenerations(d, rows))) if (dep !== key) needing.get(dep)?.add(key)
  const waits = (key: string, by: string): boolean => key === by || [...(needing.get(key) ?? [])].some((next) => waits(next, by))
  // Never against an order that was recorded: nothing would ever be deleted.
  for (const { key, row } of own)
    for (const type of kindOf(row.type).facts.outlives ?? [])
      for (const other of own) if (other.row.type === type && !waits(other.key, key)) needing.get(key)?.add(other.key)
  return all.map(({ key, row }) => {
    const around = within.get(key)
    return { key, row, deps: [...(needing.get(key) ?? []), ...(around === undefined ? [] : [around])], with: around }
  })
}

/** Until it is gone, and AWS holds nothing of it any more. */
export const minutesToDelete = <C>(kind: AnyKind<C>, { want }: Row): number =>
  deleteLimit(kind, want).minutes + (kind.facts.lingers ?? 0)

/** Typical minutes until all of these are gone: the longest chain of them. */
export const destroyMinutes = <C>(
  keys: readonly string[],
  rows: ReadonlyMap<string, Row>,
  kindOf: KindOf<C>,
  options: Pick<DestroyOptions, 'adopted'>,
): number => {
  const nodes = destroyOrder(keys, rows, kindOf, options)
  const stays = (row: Row): boolean => row.adopted === true && options.adopted !== true
  const minutes = remaining(nodes, (n) => (n.with !== undefined || stays(n.row) ? 0 : minutesToDelete(kindOf(n.row.type), n.row)))
  return Math.max(0, ...minutes.values())
}
