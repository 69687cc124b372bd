import { type JsonObject, same } from '../core/json.ts'
import type { Row } from '../state/schema.ts'
import type { Context } from './context.ts'
import { identityOf } from './generation.ts'
import type { Node } from './graph.ts'
import type { AnySeen, Stamp } from './kind.ts'
import { record } from './record.ts'
import type { Progress } from './run.ts'
import { observe } from './survey.ts'
import { deadlineOf } from './times.ts'
import type { Limit } from './wait.ts'

/** One resource on its way to what is wanted: what is known of it, and how its row is written. */
export class Work<C> {
  readonly node: Node<C>
  /** Its props, resolved. */
  readonly want: JsonObject
  readonly cx: Context<C>
  readonly progress: Progress
  readonly limit: Limit<AnySeen>
  readonly began: number
  did: 'created' | 'updated' | 'found' | 'kept'
  /** What was recorded of it before this run; undefined once this run has made another one. */
  before: Row | undefined
  /** Set where it is one that was made beside another. */
  generation: string | undefined
  /** When it was made or seen last (ms). Reads lag behind writes: for a while after it, not shown does not mean gone. */
  shownAt: number
  #token: string | undefined

  constructor(node: Node<C>, want: JsonObject, cx: Context<C>, progress: Progress) {
    const { facts } = node.kind
    this.node = node
    this.want = want
    this.cx = cx
    this.progress = progress
    this.began = cx.clock.now()
    this.shownAt = this.began
    this.before = this.row
    this.generation = this.row?.generation
    this.did = this.row?.is === 'ready' ? 'kept' : 'found'
    this.limit = {
      deadline: deadlineOf(node.kind, want),
      minutes: facts.minutes,
      leave: cx.noWait === true && facts.needsPerson === true,
      stuck: async (s) => (s.is === 'absent' ? [] : ((await node.kind.stuck?.(cx.aws, s.attrs)) ?? [])),
    }
  }

  get row(): Row | undefined {
    return this.cx.rows.row(this.node.key)
  }
  /** The token of its generation in AWS. */
  get token(): string {
    this.#token ??= this.before?.token ?? this.cx.token()
    return this.#token
  }
  get stamp(): Stamp {
    return this.cx.stamp(identityOf(this.node, this.row, this.generation), this.token)
  }
  /** The same without a token: to be compared with. */
  get unstamped(): Stamp {
    return this.cx.stamp(identityOf(this.node, this.row, this.generation), '')
  }

  /** This run makes another one, from a request that has this token. */
  renew(token: string): void {
    this.did = 'created'
    this.before = undefined
    this.#token = token
  }

  /** It is this one from now on. */
  become(row: Row): void {
    this.did = 'found'
    this.before = row
    this.generation = row.generation
    this.#token = row.token
  }

  look = async (): Promise<AnySeen> => {
    const seen = await observe(this.node, this.cx.look(), this.cx, this.want)
    if (seen.is !== 'absent') this.shownAt = this.cx.clock.now()
    return seen
  }

  late = (seen: AnySeen): boolean => seen.is === 'absent' && this.cx.clock.now() < this.shownAt + this.cx.graceMs

  /** @returns the whole row, for what is known of it now */
  rowOf({ attrs, ...now }: Pick<Row, 'is' | 'attrs' | 'tags' | 'took' | 'scheduled'>): Row {
    const { before, generation } = this
    return record(this.node, attrs && { attrs }, {
      name: this.stamp.name,
      want: this.want,
      token: this.token,
      at: this.cx.clock.now(),
      ...(before?.adopted ? { adopted: true } : {}),
      ...(generation === undefined ? {} : { generation }),
      ...now,
    })
  }

  save(now: Pick<Row, 'is' | 'attrs' | 'tags' | 'took'>): Promise<void> {
    return this.cx.rows.put(this.node.key, this.rowOf(now))
  }

  /** The id is durable before a wait; where it is already, the row stays as it is. */
  async saveBegun(attrs: JsonObject): Promise<void> {
    if (this.did === 'created' || !same(this.before?.attrs, attrs)) await this.save({ is: 'creating', attrs })
  }
}
