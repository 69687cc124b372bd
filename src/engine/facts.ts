import type { InfraError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Scheduled } from '../state/schema.ts'

export interface CostItem {
  readonly what: string
  /** A month in USD; 0 where `unpriced` is set. */
  readonly usd: number
  /** Set when usage comes on top that nobody can know beforehand. */
  readonly plusUsage?: string
  /** Set when its price is not known: what it is, for `not priced: db.r6g.large`. */
  readonly unpriced?: string
  /** The region whose price stands in, where that of the stack's region is not known. */
  readonly pricesOf?: string
  /** The day (YYYY-MM-DD) on which AWS was asked for the price, where that is not the table's. */
  readonly asOf?: string
}

/** A change of what is there; of what is not there yet, `was` and `changed` are empty. */
export interface Change<P> {
  readonly was: Partial<P>
  readonly want: Partial<P>
  readonly changed: readonly string[]
  readonly scheduled: readonly Scheduled[]
  /** When the plan is made. */
  readonly at: Date
}

/** What a change does to those who use the resource. */
export interface Impact {
  /** When it happens and with which downtime: a sentence each. */
  readonly says: readonly string[]
  /** What is left to a person once it is made: told in the plan, and when the run ends. */
  readonly left?: readonly string[]
  /** Typical minutes that the run waits for it. */
  readonly minutes: number
  /**
   * Whether a snapshot is worth taking first. `later`: it is only scheduled, so one that is taken now is old by then. `offer`: a person
   * is asked, a script says so. `take`: it is taken unless somebody says no. `decide`: data goes with the change, so somebody has to say.
   */
  readonly snapshot?: 'later' | 'offer' | 'take' | 'decide'
}

export interface DeleteHow {
  /** Name of the last snapshot; undefined: none is wanted. Only for kinds that can make one. */
  readonly finalSnapshot?: string
  /** What was wanted of it when it was recorded last, so that what it was made with need not be looked for. */
  readonly want?: JsonObject
  /** The tags that were seen on it. */
  readonly tags?: Readonly<Record<string, string>>
}

/** Data about a kind, never code paths of the engine. */
export interface Facts<P> {
  /** What a person calls it: `NAT gateway`. */
  readonly title: string
  /** Typical minutes until it is ready, and until it is gone. */
  readonly minutes: number
  readonly deleteMinutes?: number
  /** Typical minutes until a change is carried out; default: under one. */
  readonly updateMinutes?: number
  /** What changing these props means (or making it, where it is not there), told in the plan before anyone says yes. */
  impact?(change: Change<P>): Impact
  /** Props whose change AWS may give up by itself after it has accepted it (a major upgrade that its own checks refuse). */
  readonly givesUp?: readonly (keyof P & string)[]
  /** A change that AWS never makes for its values (a database back to an older version): refused before anything is done. */
  refuses?(change: Change<P>): InfraError | undefined
  /** Minutes after which waiting is given up (AWS goes on; the next run resumes). Default 10. */
  readonly deadline?: number
  /**
   * Minutes that come on top of a delete's and of the deadline because of what is wanted. Of a row that was written before a prop was
   * known, that prop is missing.
   */
  moreMinutes?(want: Partial<P>): number
  /** USD a month at on-demand prices; kinds without it are free. */
  monthly?(want: Partial<P>, region: string): readonly CostItem[]
  /** IAM actions by verb: the least privilege that this kind needs. */
  readonly iam: {
    readonly observe: readonly string[]
    readonly create: readonly string[]
    readonly update?: readonly string[]
    readonly delete: readonly string[]
  }
  /** Props that AWS cannot change in place. */
  readonly immutable?: readonly (keyof P & string)[]
  /** An update makes a new one with an id of its own, and whoever refers to it is changed too (a revision of a task definition). */
  readonly renewed?: boolean
  /**
   * A change of what is immutable makes a new one beside the old one; whoever refers to it is switched over, then the old one is
   * deleted. Only for what holds no data and may exist twice. `name`: what the new one is called, where names are unique.
   */
  readonly replace?: { name(declared: string, generation: string): string }
  /** How it is found again without a recorded id: by a unique name, by what it connects (natural key), or only by its tags. */
  readonly found: 'name' | 'natural' | 'tag'
  /** Holds data that cannot be made again: deleted only with its own yes. */
  readonly data?: boolean
  /**
   * The type of what it lives inside of (a database: its server). When that is destroyed too, this one is not deleted on its own:
   * it goes with it, and is still whole in the last snapshot.
   */
  readonly inside?: string
  /**
   * What AWS deletes it together with, by its type and by the prop that names it. Where that is destroyed too, this one gets no delete of
   * its own, and is gone once that is. `holds`: what else it refers to cannot be deleted before.
   */
  readonly goesWith?: { readonly type: string; readonly by: keyof P & string; readonly holds?: boolean }
  /** The command that removes just this one; `infra destroy <step>` otherwise. */
  removedBy?(attrs: JsonObject): string
  /** What stays in the account on purpose after a delete. */
  leaves?(attrs: JsonObject, want: Partial<P>, how: DeleteHow): string | undefined
  /** Types of what must be gone first, whatever was recorded: AWS refuses the delete while one of them is there. */
  readonly outlives?: readonly string[]
  /** Typical minutes for which AWS still holds its network interfaces once it is gone. */
  readonly lingers?: number
  /** It can be deleted while it is not ready yet (an instance whose agent never came); others are waited for first. */
  readonly deletesPending?: boolean
  /** It gets ready only once a person has done what `stuck` says (a record in the DNS): a run may leave it at that. */
  readonly needsPerson?: boolean
  /** Name of the last snapshot that a delete makes by default. */
  snapshotName?(attrs: JsonObject, at: Date): string
}
