import type { JsonObject } from '../core/json.ts'
import type { Row, Scheduled } from '../state/schema.ts'
import { addUp, type Bill, billFor, type Remarks } from './bill.ts'
import { standingOf } from './decide.ts'
import { staysFor } from './generation.ts'
import { type Graph, type Node, remaining } from './graph.ts'
import type { Survey } from './kind.ts'
import { round } from './plan.ts'
import { knownProps, resolve } from './ref.ts'
import { paidFor, scheduledOf } from './scheduled.ts'

export type StepState = 'done' | 'in progress' | 'partial' | 'blocked' | 'not started'
export type Condition = 'ready' | 'pending' | 'failed' | 'absent'

export interface StepView {
  readonly name: string
  readonly state: StepState
  readonly ready: number
  readonly total: number
  /** USD a month of what exists of it. */
  readonly monthlyUsd: number
  /** What of that has no known price, and so is not in the sum. */
  readonly unpriced: readonly string[]
  readonly blockedBy: readonly string[]
  /** What AWS has accepted and makes later. */
  readonly scheduled: readonly (Scheduled & { readonly key: string })[]
}

export interface Overview {
  readonly steps: readonly StepView[]
  readonly progress: { readonly done: number; readonly total: number }
  /** The step to go on with: its minutes and what it adds to the month. */
  readonly next: { readonly step: string; readonly minutes: number; readonly monthlyUsd: number } | undefined
  readonly monthlyUsd: number
  /** What that figure leaves out or takes from elsewhere. */
  readonly remarks: Remarks
}

/** How a resource stands, from the survey, or from its row alone when there is none. */
export const conditionOf = (row: Row | undefined, survey: Survey | undefined, key: string): Condition => {
  if (!survey) return row?.is === 'ready' ? 'ready' : row?.attrs ? 'pending' : 'absent'
  const seen = survey.get(key)
  const stands = seen ? standingOf(row, seen) : 'absent'
  // Something of that name which is neither ours nor in use by us does not count.
  return stands === 'deleting' || stands === 'stranger' ? 'absent' : stands
}

/** Each enabled step: how far it is, what keeps it, what it costs; and which one is next. */
export const overview = <C>(
  graph: Graph<C>,
  enabled: readonly string[],
  rows: ReadonlyMap<string, Row>,
  survey: Survey | undefined,
  region: string,
): Overview => {
  const condition = (node: Node<C>): Condition => conditionOf(rows.get(node.key), survey, node.key)
  const bill = (node: Node<C>): Bill => {
    const want = knownProps(resolve(node.props, () => undefined) as Record<string, unknown>) as JsonObject
    return billFor(node.kind, paidFor(want, survey?.get(node.key)), region)
  }
  const scheduled = (key: string): readonly Scheduled[] =>
    survey ? scheduledOf(survey.get(key)) : (rows.get(key)?.scheduled ?? [])
  const ofStep = (step: string): Node<C>[] => graph.nodes().filter((n) => n.step === step)
  // An old one that was replaced is still there: its run did not come to its end, unless something goes on using it.
  const users = { nodes: graph.nodes(), rows, steps: enabled, laterOf: (key: string) => scheduled(key).map((s) => s.prop) }
  const open = [...rows.values()].filter((row) => row.replaced !== undefined && staysFor(row, users) === undefined)
  const switching = new Set(open.map((row) => row.step))
  const done = new Set(enabled.filter((s) => !switching.has(s) && ofStep(s).every((n) => condition(n) === 'ready')))
  const bills: Bill[] = []
  const steps = enabled.map((name): StepView => {
    const nodes = ofStep(name)
    const by = (c: Condition): Node<C>[] => nodes.filter((n) => condition(n) === c)
    const blockedBy = graph.needs(name).filter((s) => !done.has(s))
    const begun = nodes.length - by('absent').length
    const state: StepState = done.has(name)
      ? 'done'
      : by('pending').length > 0 || switching.has(name)
        ? 'in progress'
        : begun > 0
          ? 'partial'
          : blockedBy.length > 0
            ? 'blocked'
            : 'not started'
    const existing = addUp(nodes.filter((n) => condition(n) !== 'absent').map(bill))
    bills.push(existing)
    return {
      name,
      state,
      ready: by('ready').length,
      total: nodes.length,
      monthlyUsd: round(existing.usd),
      unpriced: existing.unpriced,
      blockedBy,
      scheduled: nodes.flatMap((n) => scheduled(n.key).map((s) => ({ key: n.key, ...s }))),
    }
  })
  const next = steps.find((s) => s.state !== 'done' && s.blockedBy.length === 0) ?? steps.find((s) => s.state !== 'done')
  const missing = next ? ofStep(next.name).filter((n) => condition(n) !== 'ready') : []
  const chains = remaining(missing, (n) => n.kind.facts.minutes)
  return {
    steps,
    progress: { done: done.size, total: enabled.length },
    next: next && {
      step: next.name,
      minutes: round(Math.max(0, ...chains.values())),
      monthlyUsd: round(addUp(missing.filter((n) => condition(n) === 'absent').map(bill)).usd),
    },
    monthlyUsd: round(steps.reduce((sum, s) => sum + s.monthlyUsd, 0)),
    remarks: addUp(bills),
  }
}
