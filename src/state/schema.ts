import type { Json, JsonObject } from '../core/json.ts'
import type { Memory } from './memory.ts'

/** The format that this version writes. A lower one is read and written anew (migrate.ts), a higher one refused: nothing is overwritten. */
export const FORMAT = 2

/** A change that AWS has accepted and makes later. Until then the old value holds, and is what is paid for. */
export interface Scheduled {
  readonly prop: string
  /** As it is now and as it will be; left out where AWS does not tell them. */
  readonly from?: Json
  readonly to?: Json
  /** When, as a person says it: `in the maintenance window on Sun 2026-12-06 at 04:00 UTC`. */
  readonly when: string
  /** ISO time of it; undefined: it waits for somebody (a restart). */
  readonly at?: string
}

/** One resource as the state knows it. `creating` without attrs is the intent: the create call may or may not have happened. */
export interface Row {
  readonly type: string
  readonly step: string
  readonly name: string
  readonly is: 'creating' | 'ready' | 'deleting'
  /** The inputs, resolved: what was (or was about to be) asked of AWS. Never a secret. */
  readonly want: JsonObject
  /** What AWS answered: ids, ARNs, endpoints. Absent until the first answer. */
  readonly attrs?: JsonObject
  /** Keys of the resources that this one refers to: destroy needs no config. */
  readonly deps: readonly string[]
  /** Client token of this generation: the same for every attempt of one create, new for the next generation. */
  readonly token: string
  /** ISO time of the last change of `is`. */
  readonly at: string
  /** Tags as last written: tells a changed config where AWS's own answer does not show them. */
  readonly tags?: Readonly<Record<string, string>>
  /** Milliseconds that the create took, until ready. */
  readonly took?: number
  /** What AWS had only scheduled when this was written. */
  readonly scheduled?: readonly Scheduled[]
  /** True for what was there before `infra`: used, never changed, never deleted. */
  readonly adopted?: boolean
  /** Set where it was made beside another one: what its name and its key tag end in. */
  readonly generation?: string
  /** The key of which this is an earlier generation: replaced, and to be deleted. */
  readonly replaced?: string
}

export interface StateFile extends Memory {
  /** That of the file that it was read from: what is written has {@link FORMAT}. */
  readonly format: number
  readonly project: string
  readonly environment: string
  readonly account: string
  readonly region: string
  readonly sandbox: boolean
  /** Which line of history this file belongs to, and how often it was written: tells a stale copy from the current one. */
  readonly lineage: string
  readonly serial: number
  readonly resources: Readonly<Record<string, Row>>
}

/** What the engine needs of a state: every promise resolves when the change is durable. */
export interface Rows {
  row(key: string): Row | undefined
  all(): ReadonlyMap<string, Row>
  put(key: string, row: Row): Promise<void>
  drop(key: string): Promise<void>
  /** Several changes at once, all or none of them durable. undefined: the row goes. */
  write(changes: Readonly<Record<string, Row | undefined>>): Promise<void>
}
