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

/** Something to be deleted, and what must be gone first. */
export interface Doomed {
  readonly key: string
  readonly row: Row
  readonly deps: readonly string[]
  /** The key of what it lives inside of and goes with. */
  readonly with: string | undefined
}

interface Order {
  /** Of these keys, those that AWS deletes together with another one of them: key -> what it goes with. */
  readonly within: ReadonlyMap<string, string>
  /** Of each key, those that must be gone first. */
  readonly needing: ReadonlyMap<string, ReadonlySet<string>>
}

/** Of these keys, those that get no delete of their own, since they go with another one of them. Key -> what it goes with. */
export const goingWith = <C>(
  keys: readonly string[],
  rows: ReadonlyMap<string, Row>,
  kindOf: KindOf<C>,
  options: Pick<DestroyOptions, 'adopted'>,
): ReadonlyMap<string, string> => ordered(keys, rows, kindOf, options).within

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
  const { within, needing } = ordered(keys, rows, kindOf, options)
  return keys.flatMap((key) => {
    const row = rows.get(key)
    const around = within.get(key)
    if (!row) return []
    return [{ key, row, deps: [...(needing.get(key) ?? []), ...(around === undefined ? [] : [around])], with: around }]
  })
}

const ordered = <C>(
  keys: readonly string[],
  rows: ReadonlyMap<string, Row>,
  kindOf: KindOf<C>,
  options: Pick<DestroyOptions, 'adopted'>,
): Order => {
  const all = keys.flatMap((key) => {
    const row = rows.get(key)
    return row ? [{ key, row, deps: row.deps.flatMap((d) => allGenerations(d, rows)) }] : []
  })
  const needing = new Map<string, Set<string>>(all.map(({ key }) => [key, new Set()]))
  const within = containers(all, kindOf, options)
  const waits = (key: string, by: string, met = new Set<string>()): boolean => {
    if (key === by) return true
    if (met.has(key)) return false
    met.add(key)
    return [...(needing.get(key) ?? [])].some((next) => waits(next, by, met))
  }
  // Nobody waits for what goes with another: it is that one's end that it waits for itself.
  const own = all.filter(({ key }) => !within.has(key))
  for (const { key, deps } of own) for (const dep of deps) if (dep !== key) needing.get(dep)?.add(key)
  // Never against an order that was recorded: nothing would ever be deleted.
  for (const { key, row } of own)
    for (const type of kindOf(row.type).facts.outlives ?? [])
      for (const other of own) if (other.row.type === type && !waits(other.key, key)) needing.get(key)?.add(other.key)

  const rootOf = (key: string): string => {
    const around = within.get(key)
    return around === undefined ? key : rootOf(around)
  }
  const depth = (key: string): number => (within.has(key) ? 1 + depth(within.get(key) ?? '') : 0)
  const together = all.filter(({ key, row }) => within.has(key) && kindOf(row.type).facts.goesWith)
  for (const { key, row, deps } of together.sort((a, b) => depth(a.key) - depth(b.key))) {
    const root = rootOf(key)
    const holds = kindOf(row.type).facts.goesWith?.holds === true
    // Its end comes with that of what is around it: what it was in the way of waits for that, and that for what it waited for.
    const later = holds ? deps.map(rootOf).filter((d) => d !== root && needing.has(d)) : []
    const before = [...(needing.get(key) ?? [])]
    if (later.some((d) => waits(root, d)) || before.some((b) => waits(b, root))) {
      // Two security groups that name each other: the rule goes on its own.
      within.delete(key)
      for (const dep of deps) if (dep !== key) needing.get(dep)?.add(key)
      continue
    }
    for (const dep of later) needing.get(dep)?.add(root)
    for (const one of before) needing.get(root)?.add(one)
  }
  return { within, needing }
}

/** What each of them is inside of, as far as that is deleted too. */
const containers = <C>(
  all: readonly { readonly key: string; readonly row: Row; readonly deps: readonly string[] }[],
  kindOf: KindOf<C>,
  options: Pick<DestroyOptions, 'adopted'>,
): Map<string, string> => {
  const deleted = new Map(all.filter(({ row }) => !row.adopted || options.adopted).map(({ key, row }) => [key, row]))
  const found = new Map<string, string>()
  for (const { key, row, deps } of all) {
    const { inside, goesWith } = kindOf(row.type).facts
    const isAround = (d: string): boolean => {
      const dep = deleted.get(d)
      if (!dep) return false
      return dep.type === inside || (dep.type === goesWith?.type && deleted.has(key) && isNamed(dep, row.want[goesWith.by]))
    }
    const around = deps.find(isAround)
    if (around !== undefined) found.set(key, around)
  }
  return found
}

const isNamed = ({ attrs }: Row, name: unknown): boolean => Object.values(attrs ?? {}).some((value) => value === name)

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
