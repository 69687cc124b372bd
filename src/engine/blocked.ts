import { AWAY, checkStop, EARLY, InfraError, SLOWER, type Trouble } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Context } from './context.ts'
import type { AnyKind, Blocker, DeleteHow, Left } from './kind.ts'
import { pause } from './wait.ts'

/** So often what blocks it is looked for anew. */
const LOOK_MS = 5000
/** For so long a look may still show something that was just deleted. */
const STALE_MS = 30_000

/** Refusals that pass, and what a person is told meanwhile. */
const PASSES: Partial<Record<Trouble, string>> = { throttled: SLOWER, unreachable: AWAY, propagating: EARLY }

/**
 * The delete call. "Still in use" is normal for a while (AWS frees network interfaces late), so it is asked again, and what holds the
 * thing is told from the first minute on. What never goes by itself is not waited for.
 * @throws InfraError that names what holds it
 */
export const deleteOnceFree = async <C>(
  key: string,
  cx: Context<C>,
  kind: AnyKind<C>,
  attrs: JsonObject,
  how: DeleteHow,
  limit: { deadline: number; minutes: number },
): Promise<undefined | Left> => {
  const began = cx.clock.now()
  let blockers: readonly Blocker[] = []
  let lookedAt = Number.NEGATIVE_INFINITY
  let staysSince: number | undefined
  for (;;) {
    checkStop(cx.signal)
    try {
      return await kind.delete(cx.aws, attrs, how)
    } catch (error) {
      const trouble = cx.classify(error)
      if (trouble === 'gone') return
      const elapsedMs = cx.clock.now() - began
      const late = elapsedMs > limit.deadline * 60_000
      const passes = PASSES[trouble]
      if (trouble !== 'in-use' && trouble !== 'unknown-outcome' && (!passes || late)) throw error
      if (trouble === 'in-use' && (late || cx.clock.now() - lookedAt >= LOOK_MS)) {
        // Only to say more: when it cannot be asked, the wait goes on without.
        blockers = (await kind.blockers?.(cx.aws, attrs).catch(() => undefined)) ?? []
        lookedAt = cx.clock.now()
      }
      staysSince = trouble === 'in-use' && remedies(blockers).length > 0 ? (staysSince ?? elapsedMs) : undefined
      if (late || (staysSince !== undefined && elapsedMs - staysSince >= STALE_MS)) throw stillUsed(key, blockers, error)
      const status = trouble === 'in-use' ? inUseBy(blockers) : (passes ?? 'the answer was lost; asked again')
      cx.report({ type: 'resource.waiting', key, status, elapsedMs, minutes: limit.minutes })
      await cx.clock.sleep(pause(elapsedMs), cx.signal)
    }
  }
}

const named = (blockers: readonly Blocker[]): string =>
  blockers.length === 0 ? 'something that AWS does not name' : blockers.map((b) => b.what).join(', ')

const inUseBy = (blockers: readonly Blocker[]): string => {
  const isLate = blockers.length > 0 && blockers.every((b) => b.freedLate)
  return `in use by ${named(blockers)}${isLate ? `; AWS frees ${blockers.length > 1 ? 'them' : 'that'} within minutes` : ''}`
}

const remedies = (blockers: readonly Blocker[]): string[] => blockers.flatMap((b) => b.remedy ?? [])

const stillUsed = (key: string, blockers: readonly Blocker[], cause: unknown): InfraError => {
  const stays = blockers.filter((b) => b.remedy !== undefined)
  const remove = remedies(stays)
  return new InfraError(`${key} cannot be deleted: it is still used by ${named(stays.length > 0 ? stays : blockers)}`, {
    why:
      stays.length > 0
        ? 'this stack did not make that, and it never goes by itself; the id of what is left stays recorded'
        : 'AWS refuses to delete what something depends on; its id stays recorded',
    next:
      remove.length > 0 ? `${remove.join('; ')}; then the same destroy again` : 'Remove that, then run the same destroy again',
    cause,
  })
}
