import { checkStop } from '../core/errors.ts'
import type { Row } from '../state/schema.ts'
import { mustWake } from './asleep.ts'
import { deleteOnceFree } from './blocked.ts'
import type { Context, KindOf } from './context.ts'
import type { AnyKind, AnySeen, DeleteHow, Depth, Survey } from './kind.ts'
import { type DestroyOptions, destroyOrder, minutesToDelete } from './order.ts'
import { ambiguous, foreign, notToDelete } from './ownership.ts'
import { type Outcome, runGraph } from './run.ts'
import { observe, type Subject, settle, subjectOfRow } from './survey.ts'
import { deleteLimit } from './times.ts'
import { until } from './wait.ts'

/**
 * Takes recorded resources down, dependants first, in parallel where it can. Needs only the state. A row goes only after AWS
 * said that the resource is absent.
 * @param seen a survey of these rows
 * @throws InfraError before anything is changed, when one of them is not this stack's to delete
 */
export const destroy = async <C>(
  keys: readonly string[],
  seen: Survey,
  cx: Context<C>,
  kindOf: KindOf<C>,
  options: DestroyOptions,
): Promise<Outcome> => {
  for (const refusal of notToDelete(keys, seen, cx.rows.all(), kindOf)) throw refusal
  const nodes = destroyOrder(keys, cx.rows.all(), kindOf, options)
  const left = new Set<string>()
  const outcome = await runGraph(
    nodes,
    (n) => minutesToDelete(kindOf(n.row.type), n.row),
    (n) => remove(n.key, n.row, seen.get(n.key), cx, kindOf(n.row.type), { ...options, with: n.with, left }),
    cx.signal,
    (n, error) => cx.report({ type: 'resource.failed', key: n.key, error }),
  )
  for (const [key, by] of outcome.blocked) cx.report({ type: 'resource.blocked', key, by })
  return outcome
}

const remove = async <C>(
  key: string,
  row: Row,
  first: AnySeen | undefined,
  cx: Context<C>,
  kind: AnyKind<C>,
  options: DestroyOptions & { readonly with: string | undefined; readonly left: Set<string> },
): Promise<void> => {
  const began = cx.clock.now()
  const gone = async (leaves?: string): Promise<void> => {
    await cx.rows.drop(key)
    cx.report({ type: 'resource.gone', key, tookMs: cx.clock.now() - began, ...(leaves ? { leaves } : {}) })
  }
  if (row.adopted && !options.adopted) return gone(`${kind.facts.title} ${row.name}: was there before, so it stays`)
  const subject: Subject<C> = subjectOfRow(key, row, () => kind)
  const look = (depth: Depth = 'presence'): Promise<AnySeen> => observe(subject, cx.look(), cx, row.want, depth)
  const limit = deleteLimit(kind, row.want)

  if (options.with !== undefined && !options.left.has(options.with)) {
    // What it goes with was seen gone, and AWS keeps nothing of it then.
    if (kind.facts.goesWith) return gone()
    await until(
      cx,
      key,
      () => look(),
      (s) => s.is === 'absent',
      limit,
    )
    return gone()
  }

  // Whose it is must have been looked at.
  const told = first && (first.is === 'absent' || first.tags !== undefined || !kind.tag)
  let seen = told ? first : await look('owner')
  // Also what has a name: its create call may be on its way still, or no look shows it yet, and nobody would look for it once the
  // row is gone.
  if (seen.is === 'absent' && row.is === 'creating' && (kind.facts.found === 'tag' || !row.attrs))
    seen = await settle(subject, row.want, cx, Date.parse(row.at))
  if (seen.is === 'absent' && seen.rivals && !row.attrs) throw ambiguous(key, seen.rivals, row)
  if (seen.is === 'absent')
    return gone(seen.rivals && `${seen.rivals.join(', ')}: carries the same tags, but infra did not make it`)
  if (seen.foreign && !row.adopted) {
    if (row.attrs) throw foreign({ key, name: row.name, kind }, seen, true)
    // An intent that was never carried out may bear the name of something that was there all the time.
    return gone(`${seen.foreign}: this stack did not make it, so it stays`)
  }

  const refuseAsleep = (): void => {
    const refusal = mustWake(key, seen, kind, options.snapshots)
    if (refusal) throw refusal
  }
  cx.report({ type: 'resource.deleting', key, title: kind.facts.title, name: row.name })
  const attrs = { ...row.attrs, ...seen.attrs }
  // What a run that was killed has asked for keeps the name that it was given then; what others have asked for is not known.
  const at = seen.is === 'deleting' && row.is === 'deleting' ? new Date(row.at) : options.at
  const asks = seen.is !== 'deleting' || row.is === 'deleting'
  const snapshot = options.snapshots && asks ? kind.facts.snapshotName?.(attrs, at) : undefined
  const how: DeleteHow = {
    ...(snapshot ? { finalSnapshot: snapshot } : {}),
    want: row.want,
    ...(seen.tags ? { tags: seen.tags } : {}),
  }
  if (seen.is !== 'deleting') {
    refuseAsleep()
    const intend = (): Promise<void> => cx.rows.put(key, { ...row, attrs, is: 'deleting', at: at.toISOString() })
    await intend()
    if (seen.is === 'pending' && !seen.switching && !kind.facts.deletesPending) {
      seen = await until(
        cx,
        key,
        () => look(),
        (s) => s.is !== 'pending',
        limit,
      )
      await intend()
    }
    refuseAsleep()
    if (seen.is !== 'absent' && seen.guarded && kind.unguard) {
      checkStop(cx.signal)
      await kind.unguard(cx.aws, attrs)
      seen = await until(
        cx,
        key,
        () => look(),
        (s) => s.is === 'absent' || (s.is !== 'pending' && !s.guarded),
        limit,
      )
      // Once more, after the wait: where the state is another run's by now, this write fails, and no delete goes out.
      await intend()
    }
    const left = seen.is === 'absent' ? undefined : await deleteOnceFree(key, cx, kind, attrs, how, limit)
    if (left) {
      options.left.add(key)
      return gone(left === 'left' ? undefined : left.stays)
    }
  }
  await until(
    cx,
    key,
    () => look(),
    (s) => s.is === 'absent',
    limit,
  )
  return gone(kind.facts.leaves?.(attrs, row.want, how))
}
