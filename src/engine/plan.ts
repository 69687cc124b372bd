import { type InfraError, refuse } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Row } from '../state/schema.ts'
import { insideAsleep } from './asleep.ts'
import { addUp, type Bill, billFor, type Remarks } from './bill.ts'
import { type Decision, decide } from './decide.ts'
import { earlierLike, identityOf, staysFor } from './generation.ts'
import { type Graph, type Node, remaining } from './graph.ts'
import type { AnyKind, Impact, Scheduled, Stamp, Survey, Tags } from './kind.ts'
import { doublesOf, foundFor, notToDelete } from './ownership.ts'
import { knownProps, refsIn, resolve } from './ref.ts'
import { impactOf, paidFor, scheduledOf } from './scheduled.ts'
import { minutesOf } from './times.ts'

export interface Action {
  readonly action: 'create' | 'replace' | 'update' | 'keep' | 'delete'
  readonly key: string
  readonly type: string
  readonly title: string
  readonly step: string
  readonly name: string
  readonly monthlyUsd: number
  /** What of it has no known price, and so is not in that sum. */
  readonly unpriced: readonly string[]
  readonly minutes: number
  readonly reason: string
  /** Of an update or a replace: what differs, each in words. `reason` is all of it in one line. */
  readonly changes: readonly string[]
  /** What the change does to those who use it, where the kind tells. */
  readonly impact?: Impact
  /** What AWS makes later, without being asked again. */
  readonly scheduled: readonly Scheduled[]
}

export interface Plan {
  readonly actions: readonly Action[]
  /** A month of everything in the plan once it is done, and how that differs from now. */
  readonly monthlyUsd: number
  readonly monthlyChangeUsd: number
  /** What these two figures leave out or take from elsewhere. */
  readonly remarks: Remarks
  /** The longest chain of what is to be done. */
  readonly minutes: number
  /** What makes the run impossible; empty when it may start. */
  readonly problems: readonly InfraError[]
}

export interface PlanInput<C> {
  readonly graph: Graph<C>
  readonly survey: Survey
  readonly rows: ReadonlyMap<string, Row>
  readonly steps: readonly string[]
  /** What AWS gave up before is asked for again. */
  readonly again?: boolean
  readonly region: string
  readonly kindOf: (type: string) => AnyKind<C>
  readonly stamp: (of: { readonly key: string; readonly name: string; readonly tags?: Tags }) => Stamp
}

/** What create would do to the given steps, told from the survey alone. Changes nothing. */
export const plan = <C>(input: PlanInput<C>): Plan => {
  const { graph, survey, rows, region } = input
  const nodes = graph.nodes().filter((n) => input.steps.includes(n.step))
  const problems: InfraError[] = []
  /** Earlier generations that are taken back, by key. */
  const back = new Map<string, string>()
  const attrsOf = (key: string): JsonObject | undefined => {
    const seen = survey.get(back.get(key) ?? key)
    return seen && seen.is !== 'absent' ? seen.attrs : undefined
  }
  /** What it costs as it is now. */
  const before = new Map<string, number>()
  const bills: Bill[] = []
  const priced = (bill: Bill): Bill => {
    bills.push(bill)
    return bill
  }
  /** What will have another id. */
  const renewed = new Set<string>()
  const actions = nodes.map((node) => {
    const want = resolve(node.props, attrsOf) as Record<string, unknown>
    const seen = survey.get(node.key) ?? { is: 'absent' as const }
    const row = rows.get(node.key)
    const stamp = input.stamp(identityOf(node, row, row?.generation ?? (seen.is === 'absent' ? undefined : seen.generation)))
    const following = new Map(
      Object.keys(node.props).flatMap((p) =>
        [...refsIn(node.props[p])].flatMap((key) =>
          renewed.has(key) && (seen.is === 'absent' || seen.props?.[p] !== undefined) ? [[p, key] as const] : [],
        ),
      ),
    )
    const earlier = earlierLike(node.key, node.kind, want, rows)
    if (earlier !== undefined) back.set(node.key, earlier)
    const again = input.again && seen.is !== 'absent' ? seen.gaveUp?.at : undefined
    const decision = decide({ node, row, seen, want, stamp, following, earlier, again })
    const verdict = verdictOf(decision)
    if (decision.do === 'refuse') problems.push(decision.error)
    if (isAnother(decision, node, row, earlier !== undefined)) renewed.add(node.key)
    if (decision.do === 'replace') problems.push(...leftOut(node, input))
    const { inside } = node.kind.facts
    const around = inside === undefined ? undefined : node.deps.find((d) => graph.get(d)?.kind.type === inside)
    const box = around === undefined ? undefined : survey.get(around)
    if (around !== undefined && box && box.is !== 'absent' && box.asleep && verdict.action !== 'keep')
      problems.push(insideAsleep(node.key, verdict.action === 'create' ? 'create' : 'update', around, box))
    const known = knownProps(want) as JsonObject
    if (seen.is !== 'absent' && verdict.action !== 'create')
      before.set(node.key, billFor(node.kind, paidFor(known, seen), region).usd)
    const then = seen.is === 'absent' || verdict.action === 'create' ? known : { ...known, ...seen.charged }
    const impact =
      decision.do === 'create'
        ? impactOf(node.kind, seen, known, [])
        : decision.do === 'update'
          ? impactOf(node.kind, seen, known, decision.props)
          : undefined
    const action = describe({ ...node, want: known }, node.kind, verdict, priced(billFor(node.kind, then, region)))
    // The kind knows best how long the change takes.
    const minutes = impact && decision.do === 'update' ? { minutes: impact.minutes } : {}
    return { ...action, ...minutes, ...(impact ? { impact } : {}), scheduled: scheduledOf(seen) }
  })
  const obsolete = [...rows].filter(
    ([key, row]) => !graph.get(key) && ![...back.values()].includes(key) && input.steps.includes(row.step),
  )
  const going = obsolete.map(([key]) => key)
  const doubles = doublesOf(going, rows, foundFor(graph.nodes(), survey, rows))
  problems.push(...notToDelete(going, survey, rows, input.kindOf, doubles))
  const laterOf = (key: string): string[] => scheduledOf(survey.get(key)).map((s) => s.prop)
  const users = { nodes: graph.nodes(), rows, steps: input.steps, laterOf }
  for (const [key, row] of obsolete) {
    const kind = input.kindOf(row.type)
    const gone = survey.get(key)?.is === 'absent'
    const double = doubles.get(key)
    if (kind.facts.data && !gone && !row.adopted && !double)
      problems.push(
        refuse(
          `${key} is no longer in the config, but it holds data`,
          'create never deletes data',
          `Put it back into infra.yaml, or remove it with its own yes: ${kind.facts.removedBy?.(row.attrs ?? {}) ?? `infra destroy ${row.step}`}`,
        ),
      )
    const stays = double ? `the same as ${double.key}` : staysFor(row, users)
    if (stays) {
      const bill = priced(billFor(kind, row.want, region))
      actions.push(describe({ key, ...row }, kind, { action: 'keep', reason: stays }, bill))
      continue
    }
    const reason = row.replaced
      ? `replaced by another ${row.replaced}`
      : row.adopted
        ? 'no longer in the config; it was adopted, so it stays'
        : gone
          ? 'already gone'
          : 'no longer in the config'
    actions.push(describe({ key, ...row }, kind, { action: 'delete', reason }, billFor(kind, row.want, region)))
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
    remarks: addUp(bills),
    minutes: round(Math.max(0, ...chains.values()) + deletes),
  }
}

interface Verdict {
  readonly action: Exclude<Action['action'], 'delete'>
  readonly reason: string
  readonly changes: readonly string[]
}

const ACTION = {
  create: 'create',
  clear: 'create',
  replace: 'replace',
  update: 'update',
  wait: 'keep',
  use: 'keep',
  keep: 'keep',
  refuse: 'keep',
} as const

const verdictOf = (decision: Decision): Verdict => ({
  action: ACTION[decision.do],
  reason: decision.why,
  changes: decision.do === 'update' || decision.do === 'replace' ? decision.changes : [],
})

/** Whether it has another id after the run than the one that others refer to now. */
const isAnother = <C>(decision: Decision, { kind }: Node<C>, row: Row | undefined, takenBack: boolean): boolean => {
  if (decision.do === 'replace') return !takenBack
  if (decision.do === 'update') return kind.facts.renewed === true
  // One that was deleted outside and has a name may get its id back with it: that shows only then.
  return (decision.do === 'create' || decision.do === 'clear') && (row?.attrs === undefined || kind.facts.found !== 'name')
}

/** What refers to the replaced one and is there, but not part of this run: it would go on with the old one, which is to be deleted. */
const leftOut = <C>(node: Node<C>, { graph, survey, rows, steps }: PlanInput<C>): InfraError[] => {
  // Other steps may not have been looked at.
  const isThere = (key: string): boolean => (survey.get(key)?.is ?? (rows.get(key)?.attrs ? 'ready' : 'absent')) !== 'absent'
  const others = graph.nodes().filter((n) => refsIn(n.props).has(node.key) && !steps.includes(n.step) && isThere(n.key))
  if (others.length === 0) return []
  const all = graph.steps.filter((s) => steps.includes(s) || others.some((n) => n.step === s))
  return [
    refuse(
      `${node.key} is to be replaced, and ${others.map((n) => n.key).join(', ')} would go on with the old one`,
      'what refers to it has to change in the same run',
      `infra create ${all.join(' ')}`,
    ),
  ]
}

const describe = <C>(
  of: { key: string; step: string; name: string; want: JsonObject },
  kind: AnyKind<C>,
  verdict: Pick<Action, 'action' | 'reason'> & Partial<Pick<Action, 'changes'>>,
  bill: Bill,
): Action => ({
  action: verdict.action,
  key: of.key,
  type: kind.type,
  title: kind.facts.title,
  step: of.step,
  name: of.name,
  monthlyUsd: round(bill.usd),
  unpriced: bill.unpriced,
  minutes: minutesOf(kind, verdict.action, of.want),
  reason: verdict.reason,
  changes: verdict.changes ?? [],
  scheduled: [],
})

/** To the cent; floating point must not show. */
export const round = (value: number): number => Math.round(value * 100) / 100
