import { type Aws, pass } from '../../../src/aws/clients.ts'
import { ownerOf } from '../../../src/aws/tags.ts'
import { classify } from '../../../src/aws/trouble.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import type { Context } from '../../../src/engine/context.ts'
import { converge } from '../../../src/engine/converge.ts'
import { destroy } from '../../../src/engine/destroy.ts'
import type { Event } from '../../../src/engine/events.ts'
import { Graph } from '../../../src/engine/graph.ts'
import type { AnyKind, Kind } from '../../../src/engine/kind.ts'
import { survey } from '../../../src/engine/survey.ts'
import type { Row } from '../../../src/state/schema.ts'
import { VirtualClock } from '../../engine/support/clock.ts'
import { aws, stamp } from './cloud.ts'

/** The engine over one kind and the answers that `cloud` was given: a state in memory, and time that passes in no time. */
export class Run<P, A> {
  readonly clock = new VirtualClock()
  readonly events: Event[] = []
  readonly #rows = new Map<string, Row>()
  readonly #kind: Kind<P, A, Aws>

  constructor(kind: Kind<P, A, Aws>) {
    this.#kind = kind
  }
  get row(): Row | undefined {
    return this.#rows.get(stamp.key)
  }
  /** What the last wait said each time it looked. */
  waited(): string[] {
    return this.events.flatMap((e) => (e.type === 'resource.waiting' ? [e.status] : []))
  }
  async create(want: P): Promise<JsonObject> {
    const graph = new Graph<Aws>('shop-dev')
    graph.in('step')(this.#kind, stamp.key, want as never, { name: stamp.name })
    const node = graph.get(stamp.key)
    if (!node) throw new Error('it was just declared')
    const cx = this.#context()
    const seen = (await survey([node], cx)).get(stamp.key)
    return converge(node, seen ?? { is: 'absent' }, cx)
  }
  async destroy(): Promise<void> {
    const { failed } = await destroy([stamp.key], new Map(), this.#context(), () => this.#kind as unknown as AnyKind<Aws>, {
      snapshots: false,
      at: new Date(this.clock.now()),
    })
    for (const error of failed.values()) throw error
  }
  #context(): Context<Aws> {
    const rows = this.#rows
    return {
      rows: {
        row: (key) => rows.get(key),
        all: () => rows,
        put: async (key, row) => void rows.set(key, row),
        drop: async (key) => void rows.delete(key),
        write: async (changes) => {
          for (const [key, row] of Object.entries(changes)) row ? rows.set(key, row) : rows.delete(key)
        },
      },
      aws,
      look: () => pass(aws),
      stamp: () => stamp,
      token: () => stamp.token,
      classify,
      ownerOf,
      graceMs: 10_000,
      clock: this.clock,
      report: (event) => void this.events.push(event),
      signal: new AbortController().signal,
    }
  }
}
