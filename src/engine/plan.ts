import type { Json, JsonObject } from '../state/json.ts'
import type { Row } from '../state/schema.ts'
import { asleep, insideAsleep } from './asleep.ts'
import { changesOf, differing, missingTags, unchangeable } from './compare.ts'
import { adoptMissing, immutable } from './converge.ts'
import { type InfraError, refuse } from './errors.ts'
import { type Graph, type Node, remaining } from './graph.ts'
import type { AnyKind, AnySeen, Stamp } from './kind.ts'
import { ambiguous, foreign, foundFor, notToDelete } from './ownership.ts'
import { knownProps, refsIn, resolve } from './ref.ts'
import type { Survey } from './survey.ts'

/** The reason of a resource that is there, ours, and unknown to the state. */
export const FOUND = 'found by its tags and name'

export interface Action {
  readonly action: 'create' | 'update' | 'keep' | 'delete'
  readonly key: string
  readonly type: string
  readonly title: string
  readonly step: string
  readonly name: string
  readonly monthlyUsd: number
  readonly minutes: number
  readonly reason: string
}

export interface Plan {
  readonly actions: readonly Action[]
  /** A month of everything in the plan once it is done, and how that differs from now. */
  readonly monthlyUsd: number
  readonly monthlyChangeUsd: number
  /** The longest chain of what is to be done. */
  readonly minutes: number
  /** What makes the run impossible; empty when it may start. */
  readonly problems: readonly InfraError[]
}

export const monthly = <C>(kind: AnyKind<C>, want: JsonObject, region: string): number =>
  (kind.facts.monthly?.(want, region) ?? []).reduce((sum, item) => sum + item.usd, 0)

export interface PlanInput<C> {
  readonly graph: Graph<C>
  readonly survey: Survey
  readonly rows: ReadonlyMap<string, Row>
  readonly steps: readonly string[]
  readonly region: string
  readonly kindOf: (type: string) => AnyKind<C>
  readonly stamp: (node: Node<C>) => Stamp
}

/** What create would do to the given steps, told from the survey alone. Changes nothing. */
export const plan = <C>(input: PlanInput<C>): Plan => {
  const { graph, survey, rows, region } = input
  const nodes = graph.nodes().filter((n) => input.steps.includes(n.step))
  const problems: InfraError[] = []
  const attrsOf = (key: string): JsonObject | undefined => {
    const seen = survey.get(key)
    return seen && seen.is !== 'absent' ? seen.attrs : undefined
  }
  /** What it costs as it is now. */
  const before = new Map<string, number>()
  /** What will have another id once it is updated. */
  const renewed = new Set<string>()
  const actions = nodes.map((node) => {
    const want = resolve(node.props, attrsOf) as Record<string, unknown>
    const seen = survey.get(node.key) ?? { is: 'absent' as const }
    const verdict = judge(node, want, seen, input, problems, renewed)
    if (verdict.action === 'update' && node.kind.facts.renewed) renewed.add(node.key)
    const { inside } = node.kind.facts
    const around = inside === undefined ? undefined : node.deps.find((d) => graph.get(d)?.kind.type === inside)
    const box = around === undefined ? undefined : survey.get(around)
    if (around !== undefined && box && box.is !== 'absent' && box.asleep && verdict.action !== 'keep')
      problems.push(insideAsleep(node.key, verdict.action, around, box))
    const known = knownProps(want) as JsonObject
    if (seen.is !== 'absent' && verdict.action !== 'create')
      before.set(node.key, monthly(node.kind, { ...known, ...seen.props }, region))
    return describe(node, node.kind, verdict, monthly(node.kind, known, region))
  })
  const obsolete = [...rows].filter(([key, row]) => !graph.get(key) && input.steps.includes(row.step))
  problems.push(
    ...notToDelete(
      obsolete.map(([key]) => key),
      survey,
      rows,
      input.kindOf,
      foundFor(graph.nodes(), survey, rows),
    ),
  )
  for (const [key, row] of obsolete) {
    const kind = input.kindOf(row.type)
    const gone = survey.get(key)?.is === 'absent'
    if (kind.facts.data && !gone && !row.adopted)
      problems.push(
        refuse(
          `${key} is no longer in the config, but it holds data`,
          'create never deletes data',
          `Put it back into infra.yaml, or remove it with its own yes: ${kind.facts.removedBy?.(row.attrs ?? {}) ?? `infra destroy ${row.step}`}`,
        ),
      )
    const reason = row.adopted
      ? 'no longer in the config; it was adopted, so it stays'
      : gone
        ? 'already gone'
        : 'no longer in the config'
    actions.push(
      describe({ key, step: row.step, name: row.name }, kind, { action: 'delete', reason }, monthly(kind, row.want, region)),
    )
  }
  const sum = (of: (a: Action) => number): number => round(actions.reduce((total, a) => total + of(a), 0))
  const now = (a: Action): number => (a.action === 'create' ? 0 : (before.get(a.key) ?? a.monthlyUsd))
  const monthlyUsd = sum((a) => (a.action === 'delete' ? 0 : a.monthlyUsd))
  const busy = new Map(actions.map((a) => [a.key, a.minutes]))
  const chains = remaining(nodes, (n) => busy.get(n.key) ?? 0)
  const deletes = Math.max(0, ...actions.filter((a) => a.action === 'delete').map((a) => a.minutes))
  return {
    actions,
    problems,
    monthlyUsd,
    monthlyChangeUsd: round(monthlyUsd - sum(now)),
    minutes: round(Math.max(0, ...chains.values()) + deletes),
  }
}

interface Verdict {
  readonly action: 'create' | 'update' | 'keep'
  readonly reason: string
}

const judge = <C>(
  node: Node<C>,
  want: Readonly<Record<string, unknown>>,
  seen: AnySeen,
  input: PlanInput<C>,
  problems: InfraError[],
  renewed: ReadonlySet<string>,
): Verdict => {
  const row = input.rows.get(node.key)
  if (node.adopt) {
    if (seen.is === 'absent') problems.push(adoptMissing(node))
    return { action: 'keep', reason: `${node.adopt} is used as it is` }
  }
  if (seen.is === 'absent' && seen.rivals) {
    problems.push(ambiguous(node.key, seen.rivals, row))
    return { action: 'keep', reason: `${seen.rivals.join(', ')} with the same tags` }
  }
  if (seen.is === 'absent') {
    if (row?.adopted) return { action: 'create', reason: 'the one that was used is gone' }
    const reason =
      seen.note ?? (row?.is === 'ready' ? 'was deleted outside of infra' : row?.is === 'creating' ? 'was begun' : 'new')
    return { action: 'create', reason }
  }
  if (seen.foreign && !row?.adopted) {
    if (node.shared) return { action: 'keep', reason: `${seen.foreign}; used as it is` }
    problems.push(foreign(node, seen, row?.attrs !== undefined, input.stamp(node).stack))
    return { action: 'keep', reason: seen.foreign }
  }
  if (seen.is === 'deleting') return { action: 'create', reason: 'is being deleted; made anew after that' }
  if (row?.adopted) return { action: 'keep', reason: 'adopted: used as it is' }
  if (seen.is === 'failed') {
    if (!node.kind.facts.data) return { action: 'create', reason: `failed (${seen.note ?? 'no reason given'}); made anew` }
    problems.push(
      refuse(
        `${node.key} has failed (${seen.note ?? 'no reason given'})`,
        'it may hold data, so it is not replaced by itself',
        `Look at it in the AWS console, then: infra destroy ${node.step}`,
      ),
    )
    return { action: 'keep', reason: 'failed' }
  }
  const changed = differing(seen.props, want, node.ignore)
  const fixed = unchangeable(node.kind, changed)
  if (fixed.length > 0) problems.push(immutable(node, fixed, seen, want))
  const changeable = changed.filter((p) => !fixed.includes(p))
  const following = Object.keys(node.props).filter((p) => !changed.includes(p) && followed(node, p, renewed))
  if (seen.asleep && changeable.length > 0) problems.push(asleep(node.key, changeable, seen))
  const tags = node.kind.tag ? Object.keys(missingTags(seen.tags ?? row?.tags, input.stamp(node).tags, node.ignore)) : []
  if (changeable.length + following.length + tags.length > 0) {
    const parts = [
      ...changeable.flatMap((p) => changesOf(p, seen.props?.[p], want[p] as Json)),
      ...following.map((p) => `${p}: the new one of ${followed(node, p, renewed)}`),
    ]
    return { action: 'update', reason: [...parts, ...(tags.length > 0 ? [`tags: ${tags.join(', ')}`] : [])].join('; ') }
  }
  if (!row) return { action: 'keep', reason: FOUND }
  return { action: 'keep', reason: seen.is === 'pending' ? `${seen.note ?? 'pending'}; waited for` : 'as wanted' }
}

/** The key of what the prop refers to, if that will be another one by then. */
const followed = <C>(node: Node<C>, prop: string, renewed: ReadonlySet<string>): string | undefined =>
  [...refsIn(node.props[prop])].find((key) => renewed.has(key))

const describe = <C>(
  of: { key: string; step: string; name: string },
  kind: AnyKind<C>,
  verdict: Pick<Action, 'action' | 'reason'>,
  usd: number,
): Action => ({
  action: verdict.action,
  key: of.key,
  type: kind.type,
  title: kind.facts.title,
  step: of.step,
  name: of.name,
  monthlyUsd: round(usd),
  minutes: {
    create: kind.facts.minutes,
    update: kind.facts.updateMinutes ?? 0,
    delete: kind.facts.deleteMinutes ?? 0,
    keep: 0,
  }[verdict.action],
  reason: verdict.reason,
})

/** To the cent; floating point must not show. */
export const round = (value: number): number => Math.round(value * 100) / 100
