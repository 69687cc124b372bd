import { canonical, type JsonObject } from '../../../src/core/json.ts'
import { type Cloud, Fault, type Order, type Shown, type Thing } from '../../support/cloud.ts'
import type { Ground, Session } from './session.ts'
import { STACK } from './stamp.ts'

/** How fake kinds reach the cloud (`C`). One made by `pass()` sends identical reads once. */
export class Client {
  readonly #session: Session
  readonly #seen: Map<string, Promise<unknown>> | undefined

  constructor(session: Session, seen?: Map<string, Promise<unknown>>) {
    this.#session = session
    this.#seen = seen
  }
  pass(): Client {
    return new Client(this.#session, new Map())
  }

  /** All of the type that carry the stack's tag, as far as the tags are visible yet. */
  list(type: string): Promise<Shown[]> {
    const { cloud } = this.#session.ground
    const listed = (t: Thing): boolean => t.type === type && t.tags.stack === STACK && t.tagsAt <= cloud.clock.now()
    return this.#read(`list ${type}`, () =>
      cloud
        .things()
        .filter(listed)
        .map((t) => cloud.show(t)),
    )
  }
  /** By id or name. */
  get(type: string, ref: string): Promise<Shown | undefined> {
    const { cloud } = this.#session.ground
    return this.#read(`get ${type} ${ref}`, () => {
      const shown = (t: Thing): boolean => t.type === type && t.shownAt <= cloud.clock.now()
      const thing = cloud.things().find((t) => shown(t) && (t.id === ref || t.name === ref))
      return thing && cloud.show(thing)
    })
  }
  make(key: string, order: Order): Promise<string> {
    return this.#session.call('change', `make ${key}`, ({ cloud }) => cloud.make(order), canonical(order))
  }
  /** @param afterMs when the new props show; until then the old ones do, and it still looks ready */
  change(id: string, props: JsonObject, afterMs = 0): Promise<void> {
    const later = (thing: Thing, cloud: Cloud): void => {
      thing.next = { at: cloud.now + afterMs, props }
    }
    return this.#change('change', id, later, canonical(props))
  }
  tag(id: string, tags: Readonly<Record<string, string>>): Promise<void> {
    const add = (thing: Thing): void => {
      thing.tags = { ...thing.tags, ...tags }
    }
    return this.#change('tag', id, add, canonical(tags))
  }
  unguard(id: string): Promise<void> {
    return this.#change('unguard', id, (thing) => {
      thing.guarded = false
    })
  }
  remove(id: string, snapshot?: string): Promise<void> {
    return this.#change('remove', id, (_, cloud) => cloud.remove(id, snapshot))
  }

  #change(verb: string, id: string, effect: (thing: Thing, cloud: Cloud) => void, detail = ''): Promise<void> {
    const find = (cloud: Cloud): Thing | undefined => cloud.things().find((t) => t.id === id)
    const now = find(this.#session.ground.cloud)
    const act = ({ cloud }: Ground): void => {
      const thing = find(cloud)
      if (!thing) throw new Fault('gone', `there is no ${id}`)
      effect(thing, cloud)
    }
    return this.#session.call('change', `${verb} ${now?.tags.key ?? now?.name ?? id}`, act, `${id} ${detail}`)
  }
  #read<T>(text: string, answer: () => T): Promise<T> {
    const known = this.#seen?.get(text)
    if (known) return known as Promise<T>
    const asked = this.#session.call('read', text, answer)
    this.#seen?.set(text, asked)
    return asked
  }
}
