import type { JsonObject } from '../core/json.ts'
import type { AnyKind } from './kind.ts'

/** Minutes after which waiting for it is given up. */
export const deadlineOf = <C>({ facts }: AnyKind<C>, want: JsonObject): number =>
  (facts.deadline ?? 10) + (facts.moreMinutes?.(want) ?? 0)

/** Typical minutes of a delete; undefined where it takes no time worth telling. */
const deleteMinutesOf = <C>({ facts }: AnyKind<C>, want: JsonObject): number | undefined =>
  facts.deleteMinutes === undefined ? undefined : facts.deleteMinutes + (facts.moreMinutes?.(want) ?? 0)

/** How a delete is waited for. */
export const deleteLimit = <C>(kind: AnyKind<C>, want: JsonObject): { deadline: number; minutes: number } => ({
  deadline: deadlineOf(kind, want),
  minutes: deleteMinutesOf(kind, want) ?? kind.facts.minutes,
})

/** Typical minutes of what a plan does. */
export const minutesOf = <C>(
  kind: AnyKind<C>,
  does: 'create' | 'replace' | 'update' | 'delete' | 'keep',
  want: JsonObject,
): number => {
  const { minutes, updateMinutes = 0 } = kind.facts
  const gone = deleteMinutesOf(kind, want) ?? 0
  return { create: minutes, replace: minutes + gone, update: updateMinutes, delete: gone, keep: 0 }[does]
}
