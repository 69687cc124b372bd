import { canonical, type JsonObject } from '../../src/core/json.ts'
import { VirtualClock } from '../engine/support/clock.ts'
import type { InFlight } from '../engine/support/session.ts'
import { type Entry, Fault, type Hook, type Late, type Order, type Shown, type Thing } from '../engine/support/things.ts'

export * from '../engine/support/things.ts'

/**
 * A small cloud in memory with the traits where engines go wrong: tags that show late, states that take time, refusals while
 * something is in use, tokens that are remembered for ever. It outlives the processes that use it.
 */
export class Cloud {
  readonly clock: VirtualClock
  readonly log: Entry[] = []
  readonly snapshots: string[] = []
  hook: Hook = () => {}
  /** How long a new thing is not listed by its tags. */
  tagLagMs = 0
  /** How long no look at all shows a new thing, not even one by its name or id (ECS). */
  readLagMs = 0
  /** Each way, of every call. */
  latencyMs = 0
  /** How long a thing that is gone still counts as a user of others (network interfaces). */
  lingerMs = 0
  /** Of each of these calls the first request gets lost before it takes effect, or its answer after that. */
  faults: { readonly lost: 'request' | 'answer'; readonly of: RegExp } | undefined
  /** What becomes of calls that are under way when the process is killed: the network may still deliver them. */
  inFlight: InFlight = 'lost'
  /** Deletes that were asked for while something still used it. */
  refused = 0
  /** Whether all that has something inside is destroyed as a whole: then nothing inside may be deleted on its own. */
  whole = false
  /** What no engine may ever do. */
  readonly sins: string[] = []
  points = 0
  /** In the order of `at`. */
  late: Late[] = []
  readonly #things: Thing[] = []
  readonly #lost = new Set<string>()
  #landing: number | undefined

  constructor(clock = new VirtualClock()) {
    this.clock = clock
  }
  /** The same cloud for itself: as it would go on if nobody used it meanwhile. Without hook and log. */
  fork(): Cloud {
    const to = new Cloud(new VirtualClock(this.clock.now()))
    const { tagLagMs, readLagMs, latencyMs, lingerMs, faults, inFlight, refused, whole } = this
    Object.assign(to, { tagLagMs, readLagMs, latencyMs, lingerMs, faults, inFlight, refused, whole, late: [...this.late] })
    to.snapshots.push(...this.snapshots)
    to.sins.push(...this.sins)
    for (const t of this.#things) to.#things.push({ ...t })
    for (const text of this.#lost) to.#lost.add(text)
    return to
  }
  /** The time, for what takes effect now. */
  get now(): number {
    return this.#landing ?? this.clock.now()
  }
  /** Whether this is the one call of its sort that gets lost. */
  loses(what: 'request' | 'answer', text: string): boolean {
    if (this.faults?.lost !== what) return false
    const call = text.replaceAll(ID, '')
    if (this.#lost.has(call) || !this.faults.of.test(call)) return false
    this.#lost.add(call)
    return true
  }

  /** The calls that got lost already. */
  lostOnce(): string[] {
    return [...this.#lost].sort()
  }

  /** What is there now. */
  things(): Thing[] {
    this.#landLate()
    const { now } = this
    for (const t of this.#things)
      if (t.next && t.next.at <= now) {
        t.props = { ...t.props, ...t.next.props }
        delete t.next
      }
    return this.#things.filter((t) => t.goneAt === undefined || t.goneAt > now)
  }
  /** All that ever was, what is gone included. */
  ever(): readonly Thing[] {
    return this.#things
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
    // Whether it is the first of its generations or another is no difference.
    const called = (text: string): string =>
      all.reduce((s, t) => s.replaceAll(t.id, `<${t.tags.key ?? t.type}>`), text).replaceAll(/[@-][0-9a-f]{8}\b/g, '')
    return all.map((t) => called(canonical({ type: t.type, name: t.name, tags: t.tags, props: t.props }))).sort()
  }
  /** Someone deletes it outside of the engine. */
  vanish(ref: string): void {
    this.thing(ref).goneAt = this.clock.now()
  }

  make(order: Order): string {
    const asked = JSON.stringify(order)
    const old = order.token && this.#things.find((t) => t.token === order.token && t.type === order.type)
    if (old && old.asked === asked) return old.id
    if (old) {
      this.sins.push(`the token of ${old.id} was used for other inputs`)
      throw new Fault('fatal', 'IdempotentParameterMismatch')
    }
    if (order.name && this.things().some((t) => t.type === order.type && t.name === order.name))
      throw new Fault('exists', `${order.name} exists`)
    for (const id of idsIn(order.props))
      if (!this.things().some((t) => t.id === id)) throw new Fault('fatal', `there is no ${id}`)
    const { now } = this
    const { looks = 0, guarded = false, tags, ...rest } = order
    const id = `id-${order.type}-${this.#things.length + 1};`
    const shownAt = now + this.readLagMs
    const timing = {
      tagsAt: Math.max(shownAt, now + this.tagLagMs),
      shownAt,
      readyAt: now + (order.readyMs ?? 0),
      looks,
      guarded,
    }
    this.#things.push({ ...rest, ...timing, asked, id, tags: { ...tags } })
    return id
  }
  remove(id: string, snapshot?: string): void {
    const thing = this.things().find((t) => t.id === id)
    if (!thing) throw new Fault('gone', `there is no ${id}`)
    if (thing.goneAt !== undefined) throw new Fault('in-use', `${id} is being deleted`)
    if (thing.guarded) throw new Fault('fatal', `${id} is guarded`)
    const { now } = this
    const stays = (t: Thing): boolean => t.goneAt === undefined || t.goneAt + this.lingerMs > now
    const user = this.#things.find((t) => stays(t) && t.inside !== id && idsIn(t.props).includes(id))
    if (user) {
      this.refused++
      throw new Fault('in-use', `${id} is used by ${user.id}`)
    }
    if (snapshot) this.snapshots.push(snapshot)
    if (this.whole && thing.inside) this.sins.push(`${thing.name} was deleted on its own, though what it is in goes too`)
    thing.goneAt = now + (thing.goneMs ?? 0)
    // It is gone from sight as soon as its server begins to go.
    for (const t of this.#things) if (t.inside === id && t.goneAt === undefined) t.goneAt = now
  }
  #landLate(): void {
    for (let next = this.late[0]; next && next.at <= this.now; next = this.late[0]) {
      this.late.shift()
      const before = this.#landing
      this.#landing = next.at
      try {
        next.land(this)
      } catch {} // It was refused; nobody is there to hear it.
      this.#landing = before
    }
  }
  show(thing: Thing): Shown {
    const { id, name, tags, props, guarded, failed } = thing
    const pending = this.clock.now() < thing.readyAt || thing.looks > 0
    if (thing.looks > 0) thing.looks--
    const is = thing.goneAt !== undefined ? 'deleting' : failed ? 'failed' : pending ? 'pending' : 'ready'
    return { id, is, tags: { ...tags }, props, guarded, ...(name ? { name } : {}), ...(failed ? { failed } : {}) }
  }
}

const ID = /id-[a-z.]+-\d+;/g
/** Ids in props are the uses: what is used cannot be deleted. */
const idsIn = (props: JsonObject): string[] => JSON.stringify(props).match(ID) ?? []
