import type { Trouble } from '../../../src/core/errors.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import type { Cloud } from '../../support/cloud.ts'

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
  /** Id of what it lives in: that does not count as a use, and takes it along when it goes. */
  readonly inside?: string
}
export interface Thing extends Omit<Order, 'props' | 'tags' | 'looks' | 'guarded'> {
  readonly id: string
  props: JsonObject
  tags: Record<string, string>
  tagsAt: number
  /** No look shows it before. */
  shownAt: number
  readyAt: number
  looks: number
  guarded: boolean
  failed?: string
  goneAt?: number
  /** The whole request, to tell a repeated one from another. */
  readonly asked: string
  next?: { readonly at: number; readonly props: JsonObject }
}
export interface Shown extends Readonly<Pick<Thing, 'id' | 'name' | 'tags' | 'props' | 'guarded' | 'failed'>> {
  readonly is: 'pending' | 'ready' | 'failed' | 'deleting'
}

/** A call that was under way when its process died, and takes effect only now. */
export interface Late {
  readonly at: number
  readonly what: string
  /** Processes that have begun since. */
  readonly begun: number
  land(cloud: Cloud): void
}
