import type { Aws } from '../aws/clients.ts'
import type { Caller } from '../aws/identity.ts'
import type { PasswordAt, Server, SqlSend, Via } from '../aws/sql.ts'
import type { Config } from '../config/config.ts'
import type { Loaded } from '../config/load.ts'
import type { InfraError } from '../core/errors.ts'
import type { Context } from '../engine/context.ts'
import type { Report } from '../engine/events.ts'
import type { Backend } from '../state/backend.ts'
import type { StoredState } from '../state/store.ts'
import type { Io } from '../ui/io.ts'
import type { Globals } from './globals.ts'

/** Everything that a command which talks to AWS has at hand. */
export interface Session {
  readonly g: Globals
  readonly io: Io
  readonly config: Config
  readonly loaded: Loaded
  readonly sandbox: boolean
  /** The sandbox plays that its databases answer only from inside their network. */
  readonly privateDatabases: boolean
  readonly endpoint: string | undefined
  readonly aws: Aws
  readonly caller: Caller
  readonly state: StoredState
  readonly backend: Backend
  readonly signal: AbortSignal
  /** The way into the database server. */
  readonly inside: Inside
  /** From now on something is being changed: Ctrl-C waits for the calls in flight. */
  begin(): void
  /** From now on Ctrl-C is the command's own affair: it stops what it has started itself. */
  ownSignals(): void
  context(report: Report): Context<Aws>
  stamp: Context<Aws>['stamp']
  explain(error: unknown): InfraError
  close(): Promise<void>
}

/** `sql`: single statements. `stream`: a dump, a prompt; that no container can carry. */
export type Use = 'sql' | 'stream'

/**
 * How far a command goes into the database server. `record`: never, what is recorded must do. `look`: only where that costs nothing.
 * `change`: by the way that is set or found; a container is started only once the run has begun. `verify`: as `change`, and what
 * cannot be looked at is an error.
 */
export type Depth = 'record' | 'look' | 'change' | 'verify'

/** Passwords besides those of the roles in the config: a container gets what it needs when it starts, or not at all. */
export type Passwords = (s: Session) => readonly PasswordAt[]

export interface Inside {
  readonly send: SqlSend
  /** The way that was taken; until one has been found, the one that is set. */
  readonly via: Via | 'auto'
  /** What --via names. */
  readonly override?: Via | undefined
  /** Finds the way once, and keeps to it. @throws InfraError (exit 2) where there is none */
  find(server: Server): Promise<Via>
  /** The run has begun: from now on a way in may cost something. */
  begin(): void
  close(): Promise<void>
}

export interface How {
  /** Another way than the one in the config. */
  readonly via?: Via | undefined
  readonly use?: Use | undefined
  readonly passwords?: Passwords | undefined
}
