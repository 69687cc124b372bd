import { brief, pair } from './brief.ts'
import { canonical, type Json, type JsonObject, same } from './json.ts'
import { isPolicy, policyChanges } from './policy-changes.ts'

/** So many differences of one prop are told one by one. */
const TOLD = 8

/**
 * What differs within a prop, each with the way to it: `containers.web.image: v1 -> v2`. A list of objects that have names is
 * compared by them; of another list what comes and what goes is told (`subnetIds: + subnet-c, - subnet-a`), of an IAM policy
 * what it allows more and less.
 */
export const changesOf = (prop: string, is: Json | undefined, want: Json | undefined): string[] => {
  const all = changes(prop, is, want)
  return all.length > TOLD ? [...all.slice(0, TOLD), `and ${all.length - TOLD} more in ${prop}`] : all
}

const changes = (path: string, is: Json | undefined, want: Json | undefined): string[] => {
  if (same(is, want)) return []
  if ((isPolicy(is) || isPolicy(want)) && (is === undefined || isPolicy(is)) && (want === undefined || isPolicy(want)))
    return policyChanges(is, want).map((change) => `${path}: ${change}`)
  const [a, b] = [entriesOf(is), entriesOf(want)]
  if (a && b)
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) => changes(`${path}.${key}`, a[key], b[key]))
  if (Array.isArray(is) && Array.isArray(want)) return listChanges(path, is, want)
  return [`${path}: ${pair(is, want).join(' -> ')}`]
}

const listChanges = (path: string, is: readonly Json[], want: readonly Json[]): string[] => {
  const [gone, come] = [without(is, want), without(want, is)]
  const [from, to] = [gone[0], come[0]]
  // The same things in another order.
  if (from === undefined && to === undefined) return [`${path}: ${brief(is)} -> ${brief(want)}`]
  if (gone.length === 1 && come.length === 1 && isObject(from) && isObject(to))
    return changes(`${path}.${want.findIndex((item) => same(item, to)) + 1}`, from, to)
  const told = [...come.map((item) => `+ ${brief(item)}`), ...gone.map((item) => `- ${brief(item)}`)]
  const rest = told.length - TOLD
  return [`${path}: ${[...told.slice(0, TOLD), ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ')}`]
}

/** What is in the first list and not in the second; what is in it twice counts twice. */
const without = (items: readonly Json[], others: readonly Json[]): Json[] => {
  const left = others.map(canonical)
  return items.filter((item) => {
    const at = left.indexOf(canonical(item))
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}

const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

const entriesOf = (value: Json | undefined): JsonObject | undefined => {
  if (!Array.isArray(value)) return isObject(value) ? value : undefined
  const named = value.flatMap((item) => (isObject(item) && typeof item.name === 'string' ? [[item.name, item] as const] : []))
  return named.length > 0 && new Set(named.map(([name]) => name)).size === value.length ? Object.fromEntries(named) : undefined
}
