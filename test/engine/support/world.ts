import type { Context } from '../../../src/engine/context.ts'
import { create } from '../../../src/engine/create.ts'
import { destroy } from '../../../src/engine/destroy.ts'
import type { Event } from '../../../src/engine/events.ts'
import { type Add, Graph } from '../../../src/engine/graph.ts'
import type { AnyKind, Survey } from '../../../src/engine/kind.ts'
import type { DestroyOptions } from '../../../src/engine/order.ts'
import { type Plan, plan } from '../../../src/engine/plan.ts'
import type { Outcome } from '../../../src/engine/run.ts'
import { subjectOfRow, subjectsOf, survey } from '../../../src/engine/survey.ts'
import type { Row } from '../../../src/state/schema.ts'
import { Cloud, type Entry, Fault } from '../../support/cloud.ts'
import { Client } from './client.ts'
import { NEVER } from './clock.ts'
import { anyKind, type FakeKind, KINDS } from './kinds.ts'
import { MemoryRows } from './rows.ts'
import { type Ground, Session } from './session.ts'
import { ownerOf, stampOf } from './stamp.ts'

/** What is declared: one function for a stack of one step, or one for each step. */
export type Declare = (add: Add<Client>) => void

/** A cloud and a state that outlive the processes which work on them. */
export class World implements Ground {
  readonly cloud: Cloud
  /** The state as it is on the disk. */
  readonly rows = new Map<string, Row>()
  readonly events: Event[] = []
  graceMs = 5000
  signal: AbortSignal = NEVER
  /** Changes what the engine is given: takes one of its safety layers away. */
  adapt: (cx: Context<Client>) => Context<Client> = (cx) => cx
  /** The process that began last. */
  session: Session | undefined
  readonly #kinds: readonly FakeKind[]
  #tokens = 0

  constructor(...kinds: FakeKind[]) {
    this.#kinds = kinds
    this.cloud = new Cloud()
  }
  /** A world of its own that is as this one is now; the process at work in this one does not exist there. */
  fork(): World {
    const to = new World(...this.#kinds)
    Object.assign(to, { cloud: this.cloud.fork(), graceMs: this.graceMs, adapt: this.adapt })
    for (const [key, row] of this.rows) to.rows.set(key, row)
    to.#tokens = this.#tokens
    return to
  }
  readonly kindOf = (type: string): AnyKind<Client> => {
    const kind = this.#kinds.find((k) => k.type === type) ?? KINDS.find((k) => k.type === type)
    if (!kind) throw new Error(`no kind ${type}`)
    return anyKind(kind)
  }

  /** A new process. */
  begin(): { readonly session: Session; readonly cx: Context<Client> } {
    const session = new Session(this)
    this.session = session
    const aws = new Client(session)
    const cx: Context<Client> = {
      rows: new MemoryRows(session),
      aws,
      look: () => aws.pass(),
      stamp: stampOf,
      ownerOf,
      token: () => `token-${++this.#tokens}`,
      classify: (error) => (error instanceof Fault ? error.trouble : 'fatal'),
      graceMs: this.graceMs,
      clock: session.clock,
      report: (event) => void this.events.push(event),
      signal: this.signal,
    }
    return { session, cx: this.adapt(cx) }
  }
  /** Runs the command: a survey of all, then create. */
  create(declare: Declare | Graph<Client>, steps?: readonly string[]): Promise<Outcome> {
    const graph = this.#graphOf(declare)
    const { session, cx } = this.begin()
    return session.run(async () => {
      const seen = await survey(subjectsOf(graph, cx.rows.all(), this.kindOf), cx)
      return create(graph, steps ?? graph.steps, seen, cx, this.kindOf)
    })
  }
  /** Takes down the keys, or all that is recorded. */
  destroy(keys?: readonly string[], options: Partial<DestroyOptions> = {}): Promise<Outcome> {
    const { session, cx } = this.begin()
    return session.run(async () => {
      const rows = [...cx.rows.all()].filter(([key]) => keys?.includes(key) ?? true)
      const seen = await survey(
        rows.map(([key, row]) => subjectOfRow(key, row, this.kindOf)),
        cx,
      )
      const how = { snapshots: true, at: new Date(cx.clock.now()), ...options }
      return destroy(
        rows.map(([key]) => key),
        seen,
        cx,
        this.kindOf,
        how,
      )
    })
  }
  /** Declared with the kinds of this world, where it has its own of the same type. */
  #graphOf(declare: Declare | Graph<Client>): Graph<Client> {
    if (this.#kinds.length === 0 || declare instanceof Graph) return graphOf(declare)
    return graphOf((add) => declare((kind, ...rest) => add(this.kindOf(kind.type) as unknown as typeof kind, ...rest)))
  }
  survey(declare: Declare | Graph<Client>): Promise<Survey> {
    const { session, cx } = this.begin()
    return session.run(() => survey(subjectsOf(this.#graphOf(declare), cx.rows.all(), this.kindOf), cx))
  }
  async plan(declare: Declare | Graph<Client>, steps?: readonly string[]): Promise<Plan> {
    const graph = graphOf(declare)
    const seen = await this.survey(graph)
    const { rows, kindOf } = this
    return plan({ graph, survey: seen, rows, steps: steps ?? graph.steps, region: 'r', kindOf, stamp: (n) => stampOf(n) })
  }

  /** The log as text, of the given sorts. */
  said(...what: Entry['what'][]): string[] {
    return this.cloud.log.filter((e) => what.length === 0 || what.includes(e.what)).map((e) => e.text)
  }
  /** Forgets log and events, so that the next assertion is about the next run. */
  forget(): void {
    this.cloud.log.length = 0
    this.events.length = 0
  }
  /** Virtual minutes that the work takes. */
  async minutes(work: () => Promise<unknown>): Promise<number> {
    const began = this.cloud.clock.now()
    await work()
    return (this.cloud.clock.now() - began) / 60_000
  }
}

export const graphOf = (declare: Declare | Graph<Client>): Graph<Client> => {
  if (declare instanceof Graph) return declare
  const graph = new Graph<Client>('shop-dev')
  declare(graph.in('main'))
  return graph
}

/** Fails the next call or write whose text and phase match, once (or `times`). */
export const failOnce = (cloud: Cloud, text: string, phase: 'before' | 'after', error: () => Error, times = 1): void => {
  let left = times
  cloud.hook = (point) => {
    if (left > 0 && point.text === text && point.phase === phase) {
      left--
      throw error()
    }
  }
}
