import { refuse } from '../core/errors.ts'
import type { Context, KindOf } from './context.ts'
import { converge } from './converge.ts'
import { destroy } from './destroy.ts'
import { staysFor } from './generation.ts'
import type { Graph, Node } from './graph.ts'
import type { Survey } from './kind.ts'
import { type Outcome, runGraph } from './run.ts'

/**
 * Makes the world match the declared steps, in parallel along the dependencies, then takes away what is recorded in these
 * steps and no longer declared.
 * @param leave keys that are not this run's business
 * @param seen the survey; a resource is looked at again only while it is waited for or after an unknown outcome
 */
export const create = async <C>(
  graph: Graph<C>,
  steps: readonly string[],
  seen: Survey,
  cx: Context<C>,
  kindOf: KindOf<C>,
  leave: ReadonlySet<string> = new Set(),
): Promise<Outcome> => {
  const nodes = graph.nodes().filter((n) => steps.includes(n.step) && !leave.has(n.key))
  const minutes = (n: Node<C>): number => (seen.get(n.key)?.is === 'ready' ? 0 : n.kind.facts.minutes)
  const fail = (n: { key: string }, error: Error): void => cx.report({ type: 'resource.failed', key: n.key, error })
  const outcome = await runGraph(
    nodes,
    minutes,
    (n, progress) => converge(n, seen.get(n.key) ?? { is: 'absent' }, cx, progress),
    cx.signal,
    fail,
  )
  for (const [key, by] of outcome.blocked) cx.report({ type: 'resource.blocked', key, by })
  const laterOf = (key: string): string[] => (cx.rows.row(key)?.scheduled ?? []).map((s) => s.prop)
  const users = { nodes: graph.nodes(), rows: cx.rows.all(), steps, laterOf }
  const obsolete = [...cx.rows.all()]
    .filter(([key, row]) => !graph.get(key) && steps.includes(row.step) && staysFor(row, users) === undefined)
    .map(([key]) => key)
  if (obsolete.length === 0 || outcome.failed.size > 0 || outcome.interrupted) return outcome
  const data = obsolete.filter((key) => holdsData(key, cx, kindOf) && seen.get(key)?.is !== 'absent')
  if (data.length > 0)
    throw refuse(
      `${data.join(', ')} would be deleted, but create never deletes data`,
      'it is no longer in the config',
      'Put it back into infra.yaml, and look at infra plan',
    )
  const removed = await destroy(obsolete, seen, cx, kindOf, { snapshots: true, at: new Date(cx.clock.now()) })
  return { ...removed, done: [...outcome.done, ...removed.done] }
}

const holdsData = <C>(key: string, cx: Context<C>, kindOf: KindOf<C>): boolean => {
  const row = cx.rows.row(key)
  return row !== undefined && !row.adopted && kindOf(row.type).facts.data === true
}
