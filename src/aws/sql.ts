import { InfraError } from '../core/errors.ts'

/** How one gets into the database server: see docs/databases.md. */
export const VIAS = ['direct', 'ssm', 'task', 'print'] as const
export type Via = (typeof VIAS)[number]

/** A database server that runs, and the secret with `master_username` and `master_password`. */
export interface Server {
  readonly id: string
  readonly engine: 'postgres' | 'mysql'
  readonly host: string
  readonly port: number
  /** Name or ARN. */
  readonly secret: string
}

/** Where a password lives: it is read when it is needed and never kept. */
export interface PasswordAt {
  readonly secret: string
  readonly key: string
  /** Which version of the secret: the one that counts, unless a rotation is under way. */
  readonly stage?: 'AWSPENDING'
}

export interface RoleSeen {
  readonly name: string
  readonly login: boolean
  /** The master user may act as it: without that, PostgreSQL lets nobody hand a database over to it. */
  readonly granted: boolean
}

export interface DatabaseSeen {
  readonly name: string
  /** PostgreSQL: the owner. MySQL: the user who has all privileges on it, or empty. */
  readonly owner: string
  /** MySQL: all of them. */
  readonly owners?: readonly string[]
  readonly encoding: string
  readonly collation: string
  /** Everybody who can log in may connect: PostgreSQL's default. */
  readonly publicConnect: boolean
  /** Open sessions. */
  readonly sessions: number
}

/** All that is inside a server. */
export interface Inside {
  readonly version: string
  readonly roles: readonly RoleSeen[]
  readonly databases: readonly DatabaseSeen[]
}

/** `closed`: nobody can look in now, for the reason given; what is recorded must do. */
export type Looked =
  | { readonly is: 'closed'; readonly why: string }
  | { readonly is: 'open'; readonly via: Via; readonly inside: Inside }

/** What an attempt to log in shows. `barred`: the password is right, the database is not open to this role. */
export type Login = 'ok' | 'wrong-password' | 'barred' | 'no-database' | 'closed'

/** What can be done inside a server. Names are quoted by the dialect. */
export interface SqlOperations {
  Look: { input: { server: Server }; output: Looked }
  Login: { input: { server: Server; role: string; password: PasswordAt; database: string }; output: Login }
  CreateRole: { input: { server: Server; name: string; password: PasswordAt }; output: undefined }
  /** Sets the password, lets it log in, and lets the master user act as it. */
  AlterRole: { input: { server: Server; name: string; password: PasswordAt }; output: undefined }
  DropRole: { input: { server: Server; name: string }; output: undefined }
  /** Only the owner may connect. An empty collation: the server's own. */
  CreateDatabase: {
    input: { server: Server; name: string; owner: string; encoding: string; collation: string }
    output: undefined
  }
  /** Hands it over to the owner and closes it to all others. */
  AlterDatabase: { input: { server: Server; name: string; owner: string }; output: undefined }
  /** Refused while somebody is connected, unless forced. */
  DropDatabase: { input: { server: Server; name: string; force: boolean }; output: undefined }
  /** Who is connected, in words. */
  Sessions: { input: { server: Server; database: string }; output: readonly string[] }
}

export type SqlSend = <Op extends keyof SqlOperations>(
  operation: Op,
  input: SqlOperations[Op]['input'],
  /** Asked before each statement goes out. */
  before?: () => Promise<void>,
) => Promise<SqlOperations[Op]['output']>

/** Nobody is let in: what is recorded must do. @param next what to do when something inside is to be changed */
export const closedSql =
  (why: string, next?: string): SqlSend =>
  async (operation) => {
    if (operation === 'Look') return { is: 'closed', why } as never
    if (operation === 'Login') return 'closed' as never
    throw new InfraError('Nothing can be changed inside the database server from here', { why, next })
  }
