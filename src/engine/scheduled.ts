import { pair } from '../core/brief.ts'
import { type Json, type JsonObject, same } from '../core/json.ts'
import type { Scheduled } from '../state/schema.ts'
import type { AnyKind, AnySeen, Change, Impact, Present, Survey } from './kind.ts'

/** What AWS has accepted and makes later. */
export const scheduledOf = (seen: AnySeen | undefined): readonly Scheduled[] =>
  seen && seen.is !== 'absent' ? (seen.scheduled ?? []) : []

/** The props as they will be once all that is scheduled is made: what was asked for is not asked for again. */
export const expected = (seen: AnySeen): JsonObject | undefined => {
  if (seen.is === 'absent') return undefined
  const later = scheduledOf(seen).flatMap((s) => (s.to === undefined ? [] : [[s.prop, s.to] as const]))
  return later.length === 0 ? seen.props : { ...seen.props, ...Object.fromEntries(later) }
}

/** What a prop is changed from: what is now, or, where just that is wanted, what was to come and is taken back. */
export const changedFrom = (seen: Present, prop: string, want: Json | undefined): Json | undefined =>
  (same(seen.props?.[prop], want) ? expected(seen) : seen.props)?.[prop]

/** What is paid for now: as it is, not as it is wanted or will be. */
export const paidFor = (want: JsonObject, seen: AnySeen | undefined): JsonObject =>
  seen && seen.is !== 'absent' ? { ...want, ...seen.props, ...seen.charged } : want

/** What the change of these props means, or making it where it is absent; undefined where the kind has nothing to say. */
export const impactOf = <C>(
  { facts }: AnyKind<C>,
  seen: AnySeen,
  want: JsonObject,
  changed: readonly string[],
): Impact | undefined => (changed.length > 0 || seen.is === 'absent' ? facts.impact?.(changeOf(seen, want, changed)) : undefined)

/** The change as kinds are asked about it. */
export const changeOf = (seen: AnySeen, want: JsonObject, changed: readonly string[]): Change<JsonObject> => ({
  was: (seen.is === 'absent' ? undefined : seen.props) ?? {},
  want,
  changed,
  scheduled: scheduledOf(seen),
  at: new Date(),
})

/** `instanceClass: db.t4g.micro -> db.t4g.small, in the maintenance window on Sun 2026-12-06 at 04:00 UTC` */
export const inWords = ({ prop, from, to, when }: Scheduled): string =>
  to === undefined ? `${prop}, ${when}` : `${prop}: ${pair(from ?? 'unknown', to).join(' -> ')}, ${when}`

/** All that is scheduled, by the resource that it belongs to. */
export const scheduledIn = (survey: Survey): { readonly key: string; readonly scheduled: readonly Scheduled[] }[] =>
  [...survey].flatMap(([key, seen]) => {
    const scheduled = scheduledOf(seen)
    return scheduled.length > 0 ? [{ key, scheduled }] : []
  })

/** What a person should know although nothing is to be done now. */
export const warningsIn = (survey: Survey | undefined): string[] =>
  [...(survey ?? [])].flatMap(([key, seen]) => (seen.is === 'absent' ? [] : (seen.warnings ?? []).map((w) => `${key}: ${w}`)))
