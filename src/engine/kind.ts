import type { JsonObject } from '../core/json.ts'
import type { Scheduled } from '../state/schema.ts'
import type { DeleteHow, Facts } from './facts.ts'
import type { GaveUp } from './gave-up.ts'

export type { Change, CostItem, Impact } from './facts.ts'
export type { DeleteHow, Facts, Scheduled }

export type Tags = Readonly<Record<string, string>>

/** Whose a resource is by its tags. */
export interface Owner {
  /** `project/environment` */
  readonly stack: string
  readonly key: string | undefined
}

/** What the engine stamps on a resource: how it is named, tagged and found again. */
export interface Stamp {
  readonly key: string
  /** Deterministic: the same on every run. */
  readonly name: string
  readonly tags: Tags
  /** What the stack's names begin with. */
  readonly prefix: string
  /** `project/environment`: the value by which the stack's resources are listed. */
  readonly stack: string
  /** Client token of this generation, for the APIs that take one. */
  readonly token: string
}

/**
 * How much a look has to show: all (`props`, the default); whether it is there, in which state, and its tags (`owner`: what a delete has
 * to know); or only whether a recorded one is still there, and in which state (`presence`: what a wait for its end has to know).
 */
export type Depth = 'props' | 'owner' | 'presence'

/** A resource as AWS shows it. `props` holds what could be read back: a prop that is missing is unknown, not different. */
export type Seen<P, A> =
  | {
      readonly is: 'absent'
      readonly note?: string
      /** Ids of what carries this resource's tags and yet cannot be told to be it: several, or another one than is recorded. */
      readonly rivals?: readonly string[]
    }
  | {
      readonly is: 'pending' | 'ready' | 'failed' | 'deleting'
      readonly attrs: A
      readonly props?: Partial<P>
      /** Changes that AWS has accepted and makes later: `props` holds what is now. */
      readonly scheduled?: readonly Scheduled[]
      /** Where more is paid for than what was asked for, and that is as wanted: storage that has grown without being told to. */
      readonly charged?: Partial<P>
      readonly tags?: Tags
      /** AWS's own status word, for the screen. */
      readonly note?: string
      /** What a person should know of it although nothing is to be done now: told in the plan and in the status. */
      readonly warnings?: readonly string[]
      /** What a person can do about its state, where AWS does not get on without one. */
      readonly remedy?: string
      /** Set when it is something that this stack did not make: says what. */
      readonly foreign?: string
      /** Whose the foreign one is, as far as its tags tell. The engine sets it. */
      readonly owner?: Owner
      /** Nobody could look now, for this reason: it is told from the record. */
      readonly unseen?: string
      /** True while AWS would refuse the delete (deletion protection). */
      readonly guarded?: boolean
      /** Set when AWS has given up on it (a rollout that failed): a wait ends at once, and says why. Only an update fixes it. */
      readonly over?: boolean
      /** The last time that AWS gave up a change of `facts.givesUp` that is wanted still. It is asked for again only when a person says so. */
      readonly gaveUp?: GaveUp
      /** AWS is at nothing: what is wanted is neither there nor under way nor scheduled. */
      readonly idle?: true
      /**
       * It still serves the old generation of what it refers to and knows the new one already: what depends on it may go on. `due`: the
       * new one can take over, so `update` has to be called again.
       */
      readonly switching?: 'waiting' | 'due'
      /** Set by the engine: it was found, without a record, as this generation; `old` is the one before, which is still there. */
      readonly generation?: string
      readonly old?: Present
      /** Set while it is switched off, so that AWS refuses to change it and takes no last snapshot: the command that switches it on. */
      readonly asleep?: string
    }

/** The answer to a create. `ready`: the answer itself says that it can be used, no look is needed. */
export interface Made<P, A> {
  readonly attrs: Partial<A>
  readonly ready?: boolean
  /** Where the new resource is known to differ from what is wanted: the engine then calls `update`. */
  readonly props?: Partial<P>
  /** The tags that it has, where they are not those that were asked for: what was restored has its old ones. The engine then writes them. */
  readonly tags?: Tags
}

/** Not deleted, and that is right: because AWS lets it go by itself, or for the reason given. */
export type Left = 'left' | { readonly stays: string }

/** What keeps something from being deleted. */
export interface Blocker {
  /** In words: `2 public addresses of the load balancer shop-alb`. */
  readonly what: string
  /** AWS frees it some minutes after its owner is gone. */
  readonly freedLate?: boolean
  /** Set when it never goes by itself, so that nobody needs to wait for it: the command that removes it. */
  readonly remedy?: string | undefined
}

/** Why something does not become ready. */
export interface Stuck {
  /** In words, the most telling one first. */
  readonly reasons: readonly string[]
  /** What shows more, a line each: the end of a log. */
  readonly details?: readonly string[]
  /** What fixes it, as far as that is known: a sentence without a full stop. */
  readonly fix?: string | undefined
}

/**
 * One type of AWS resource. `C` is how it reaches AWS; the engine hands it through and never looks inside.
 *
 * - `observe` reads only. It serves find, wait, gone, drift, adopt and crash recovery: it looks by recorded id (`last`) and by that
 *   alone; without one by name, else by tag. `want` holds the props as far as they are known (natural keys need them). `depth` says
 *   how much of the answer is used; more than that may be left out where it costs a call of its own.
 * - `create` asks once and returns the id at once; it never waits and never looks first.
 * - `update` changes the named props in place; `pending` when AWS works on it after the answer.
 * - `delete` asks; the engine waits until it is absent. `left`: AWS offers no way to delete it now and it goes by itself.
 */
export interface Kind<P, A, C> {
  readonly type: string
  observe(aws: C, stamp: Stamp, want: Partial<P>, last?: Partial<A>, depth?: Depth): Promise<Seen<P, A>>
  create(aws: C, want: P, stamp: Stamp): Promise<Made<P, A>>
  update?(aws: C, attrs: A, want: P, changed: readonly (keyof P & string)[]): Promise<'done' | 'pending'>
  tag?(aws: C, attrs: A, tags: Tags): Promise<void>
  unguard?(aws: C, attrs: A): Promise<void>
  delete(aws: C, attrs: A, how: DeleteHow): Promise<undefined | Left>
  /** What else in the account keeps it from being deleted. */
  blockers?(aws: C, attrs: A): Promise<readonly Blocker[]>
  /** Why it may not become ready, in words: asked when a wait is given up. */
  stuck?(aws: C, attrs: A): Promise<readonly string[] | Stuck>
  readonly facts: Facts<P>
}

/** A kind as the engine sees it, whatever its props are. Methods are bivariant, so every kind fits. */
export type AnyKind<C> = Kind<JsonObject, JsonObject, C>
export type AnySeen = Seen<JsonObject, JsonObject>

/** What was seen, by key. */
export type Survey = ReadonlyMap<string, AnySeen>
export type Present = Exclude<AnySeen, { is: 'absent' }>
