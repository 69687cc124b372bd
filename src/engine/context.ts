import type { Clock } from '../core/clock.ts'
import type { Trouble } from '../core/errors.ts'
import type { Rows } from '../state/schema.ts'
import type { Report } from './events.ts'
import type { AnyKind, Owner, Stamp, Tags } from './kind.ts'

/** What a run has at hand. `C` is how kinds reach AWS. */
export interface Context<C> {
  readonly rows: Rows
  /** For calls that change something. */
  readonly aws: C
  /** A fresh pass over the world: identical reads of one pass are sent once. */
  look(): C
  stamp(
    of: { readonly key: string; readonly name: string; readonly tags?: Readonly<Record<string, string>> },
    token: string,
  ): Stamp
  /** Whose something is by its tags; undefined: they do not tell. */
  ownerOf(tags: Tags): Owner | undefined
  /** A new client token. */
  token(): string
  classify(error: unknown): Trouble
  /** How long a create whose outcome is unknown may stay invisible, in ms. */
  readonly graceMs: number
  readonly clock: Clock
  readonly report: Report
  readonly signal: AbortSignal
  /** Ask again for a change that AWS gave up before this run. */
  readonly again?: boolean
  /** Leave what waits for a person, instead of waiting with it. */
  readonly noWait?: boolean
}

/** Finds the kind of a recorded row. */
export type KindOf<C> = (type: string) => AnyKind<C>

/** The first attribute that names a resource to a person. */
export const idOf = (attrs: Readonly<Record<string, unknown>> | undefined, name: string): string => {
  const id = attrs?.id ?? attrs?.arn
  return typeof id === 'string' ? id : name
}
