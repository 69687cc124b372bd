import { type Json, type JsonObject, same } from '../core/json.ts'
import type { AnyKind, Tags } from './kind.ts'
import { hasUnknown } from './ref.ts'

/** Names of the wanted props that were seen to be different. What could not be read back, or is not known yet, does not count. */
export const differing = (
  seen: JsonObject | undefined,
  want: Readonly<Record<string, unknown>>,
  ignore: readonly string[] = [],
): string[] =>
  Object.keys(want).filter((k) => {
    if (ignore.includes(k) || ignore.includes('*')) return false
    const is = seen?.[k]
    return is !== undefined && want[k] !== undefined && !hasUnknown(want[k]) && !same(is, want[k] as Json)
  })

/** The same in words, with both values. */
export const differences = (
  seen: JsonObject | undefined,
  want: Readonly<Record<string, unknown>>,
  ignore: readonly string[] = [],
): string[] => differing(seen, want, ignore).flatMap((p) => changesOf(p, seen?.[p], want[p] as Json))

/** Tags that are wanted and missing or different. Tags of others are left alone. */
export const missingTags = (seen: Tags | undefined, want: Tags, ignore: readonly string[] = []): Tags =>
  seen && !ignore.includes('tags') && !ignore.includes('*')
    ? Object.fromEntries(Object.entries(want).filter(([k, v]) => seen[k] !== v))
    : {}

/** The changed props that cannot be changed in place. */
export const unchangeable = <C>(kind: AnyKind<C>, changed: readonly string[]): string[] =>
  kind.update ? changed.filter((k) => kind.facts.immutable?.includes(k)) : [...changed]

/** So many differences of one prop are told one by one. */
const TOLD = 8

/** What differs within a prop, each with the way to it: `containers.web.image: v1 -> v2`. A list of things with names goes by them. */
export const changesOf = (prop: string, is: Json | undefined, want: Json | undefined): string[] => {
  const all = changes(prop, is, want)
  return all.length > TOLD ? [...all.slice(0, TOLD), `and ${all.length - TOLD} more in ${prop}`] : all
}

const changes = (path: string, is: Json | undefined, want: Json | undefined): string[] => {
  if (is !== undefined && want !== undefined && same(is, want)) return []
  const [a, b] = [entriesOf(is), entriesOf(want)]
  if (!a || !b) return [`${path}: ${show(is ?? 'none')} -> ${show(want ?? 'none')}`]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) => changes(`${path}.${key}`, a[key], b[key]))
}

const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

const entriesOf = (value: Json | undefined): JsonObject | undefined => {
  if (!Array.isArray(value)) return isObject(value) ? value : undefined
  const named = value.flatMap((item) => (isObject(item) && typeof item.name === 'string' ? [[item.name, item] as const] : []))
  return named.length > 0 && new Set(named.map(([name]) => name)).size === value.length ? Object.fromEntries(named) : undefined
}

export const show = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
