import { changesOf } from '../core/changes.ts'
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
