import type { PasswordAt } from '../aws/sql.ts'

/** One statement. Where it needs a password it is a function of how that is written: nobody but the channel sees the password. */
export type Statement = string | { readonly password: PasswordAt; readonly text: (literal: string) => string }

/** Statements for one session, carried out in order. */
export interface Job {
  readonly database: string
  /** Who logs in; the master user otherwise. */
  readonly as?: { readonly role: string; readonly password: PasswordAt }
  readonly statements: readonly Statement[]
  /** All or nothing. Not for CREATE and DROP DATABASE, which PostgreSQL takes outside of a transaction only. */
  readonly atomic?: boolean
  /** Asked before each statement goes out: a run that has lost its lock sends none. */
  readonly before?: (() => Promise<void>) | undefined
  /** It only looks, or logs in. */
  readonly reads?: true
}

/** A connection to one server, whatever way it goes. */
export interface Channel {
  /**
   * @param next what is usually asked after it: a channel for which each job is expensive does it in the same go
   * @returns the text in the column `answer` of the last statement's only row; undefined where it has none
   */
  run(job: Job, next?: readonly Job[]): Promise<string | undefined>
  close(): Promise<void>
}

/** How an engine writes things down. Names come as they are and are quoted here. */
export interface Dialect {
  /** The database that is always there. */
  readonly home: string
  look(): Job
  createRole(name: string, password: PasswordAt): Job
  alterRole(name: string, password: PasswordAt): Job
  dropRole(name: string): Job
  /** One job for what may stand together. */
  createDatabase(of: { name: string; owner: string; encoding: string; collation: string }): Job
  alterDatabase(of: { name: string; owner: string }): Job
  dropDatabase(name: string, force: boolean): Job
  /** Answers a JSON list of texts. */
  sessions(database: string): Job
  /**
   * For an engine that keeps rights apart from what they are for, also beyond its end. Answers a JSON list of pairs: what `expel`
   * wants, and the role that has all rights there (`full`), or any.
   */
  holders?(database: string, full: boolean): Job
  expel?(from: string, role: string): Job
}
