import type { Trouble } from '../../src/engine/errors.ts'
import { canonical, type JsonObject } from '../../src/state/json.ts'
import { VirtualClock } from '../engine/support/clock.ts'

/** An error of a call, already classified. */
export class Fault extends Error {
  readonly trouble: Trouble
  constructor(trouble: Trouble, message: string = trouble) {
    super(message)
    this.trouble = trouble
  }
}
/** Thrown by a hook: the process dies at this very point, like under SIGKILL. No line of it runs any more. */
export class Crash extends Error {}

/** One instant at which a process can be killed or a call can fail. Numbered through the whole life of a cloud. */
export interface Point {
  readonly n: number
  readonly what: 'read' | 'change' | 'write'
  readonly phase: 'before' | 'after'
  /** `make net`, `put net creating`, `list t.net`. */
  readonly text: string
}
/** May throw a Fault (before: no effect; after: the effect is there and the answer is lost) or a Crash. */
export type Hook = (point: Point) => void

export interface Entry {
  readonly at: number
  readonly what: Point['what']
  readonly text: string
}

/** What a create call asks for. Times are in ms of the virtual clock. */
export interface Order {
  readonly type: string
  /** Unique within the type, where the type has names or natural keys. */
  readonly name?: string
  readonly tags: Readonly<Record<string, string>>
  readonly props: JsonObject
  readonly token?: string
  readonly readyMs?: number
  /** Pending for so many looks. */
  readonly looks?: number
  readonly goneMs?: number
  readonly guarded?: boolean
}
export interface Thing extends Omit<Order, 'props' | 'tags' | 'looks' | 'guarded'> {
  readonly id: string
  props: JsonObject
  tags: Record<string, string>
  tagsAt: number
  readyAt: number
  looks: number
  guarded: boolean
  failed?: string
  goneAt?: number
  next?: { readonly at: number; readonly props: JsonObject }
}
export interface Shown extends Readonly<Pick<Thing, 'id' | 'name' | 'tags' | 'props' | 'guarded' | 'failed'>> {
  readonly is: 'pending' | 'ready' | 'failed' | 'deleting'
}

/**
 * A small cloud in memory with the traits where engines go wrong: tags that show late, states that take time, refusals while
 * something is in use, tokens that are remembered for ever. It outlives the processes that use it.
 */
export class Cloud {
  readonly clock = new VirtualClock()
  readonly log: Entry[] = []
  readonly snapshots: string[] = []
  hook: Hook = () => {}
  /** How long a new thing is not listed by its tags. */
  tagLagMs = 0
  /** Each way, of every call. */
  latencyMs = 0
  /** What becomes of calls that are under way when the process is killed: the network may still deliver them. */
  inFlight: 'lost' | 'lands' = 'lost'
  points = 0
  readonly #things: Thing[] = []

  /** What is there now. */
  things(): Thing[] {
    const now = this.clock.now()
    for (const t of this.#things)
      if (t.next && t.next.at <= now) {
        t.props = { ...t.props, ...t.next.props }
        delete t.next
      }
    return this.#things.filter((t) => t.goneAt === undefined || t.goneAt > now)
  }
  /** The one thing of this name, id, or tag `key`. */
  thing(ref: string): Thing {
    const found = this.things().filter((t) => t.id === ref || t.name === ref || t.tags.key === ref)
    if (found.length !== 1 || !found[0]) throw new Error(`${found.length} things are ${ref}`)
    return found[0]
  }
  /** Everything that is there, with ids replaced by what they stand for: equal for runs that led to the same. */
  picture(): string[] {
    const all = this.things()
    const called = (text: string): string => all.reduce((s, t) => s.replaceAll(t.id, `<${t.tags.key ?? t.type}>`), text)
    return all.map((t) => called(canonical({ type: t.type, name: t.name, tags: t.tags, props: t.props }))).sort()
  }
  /** Someone deletes it outside of the engine. */
  vanish(ref: string): void {
    this.thing(ref).goneAt = this.clock.now()
  }

  make(order: Order): string {
    const old = order.token && this.#things.find((t) => t.token === order.token && t.type === order.type)
    if (old) return old.id
    if (order.name && this.things().some((t) => t.type === order.type && t.name === order.name))
      throw new Fault('exists', `${order.name} exists`)
    for (const id of idsIn(order.props))
      if (!this.things().some((t) => t.id === id)) throw new Fault('fatal', `there is no ${id}`)
    const now = this.clock.now()
    const { looks = 0, guarded = false, tags, ...rest } = order
    const id = `id-${order.type}-${this.#things.length + 1};`
    const timing = { tagsAt: now + this.tagLagMs, readyAt: now + (order.readyMs ?? 0), looks, guarded }
    this.#things.push({ ...rest, ...timing, id, tags: { ...tags } })
    return id
  }
  remove(id: string, snapshot?: string): void {
    const thing = this.things().find((t) => t.id === id)
    if (!thing) throw new Fault('gone', `there is no ${id}`)
    if (thing.goneAt !== undefined) throw new Fault('in-use', `${id} is being deleted`)
    if (thing.guarded) throw new Fault('fatal', `${id} is guarded`)
    const user = this.things().find((t) => idsIn(t.props).includes(id))
    if (user) throw new Fault('in-use', `${id} is used by ${user.id}`)
    if (snapshot) this.snapshots.push(snapshot)
    thing.goneAt = this.clock.now() + (thing.goneMs ?? 0)
  }
  show(thing: Thing): Shown {
    const { id, name, tags, props, guarded, failed } = thing
    const pending = this.clock.now() < thing.readyAt || thing.looks > 0
    if (thing.looks > 0) thing.looks--
    const is = thing.goneAt !== undefined ? 'deleting' : failed ? 'failed' : pending ? 'pending' : 'ready'
    return { id, is, tags: { ...tags }, props, guarded, ...(name ? { name } : {}), ...(failed ? { failed } : {}) }
  }
}

/** Ids in props are the uses: what is used cannot be deleted. */
const idsIn = (props: JsonObject): string[] => canonical(props).match(/id-[a-z.]+-\d+;/g) ?? []
