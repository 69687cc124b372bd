import type { Server } from '../aws/sql.ts'
import { InfraError } from '../engine/errors.ts'

/** An error of the database server in the words of this house; `name` is what src/aws/trouble.ts sorts by. */
export class SqlError extends InfraError {
  constructor(name: string, what: string, more: { why?: string; next?: string; cause?: unknown } = {}) {
    super(what, more)
    this.name = name
  }
}

/** SQLSTATE, or MySQL's number: the name by which the engine sorts it. PostgreSQL: www.postgresql.org/docs/current/errcodes-appendix.html */
const NAMES: Readonly<Record<string, string>> = {
  '42710': 'RoleAlreadyExists',
  '42P04': 'DatabaseAlreadyExists',
  '42704': 'RoleNotFound',
  '3D000': 'DatabaseNotFound',
  '55006': 'DatabaseInUse',
  '2BP01': 'RoleInUse',
  ER_CANNOT_USER: 'RoleAlreadyExists',
  ER_DB_CREATE_EXISTS: 'DatabaseAlreadyExists',
  ER_DB_DROP_EXISTS: 'DatabaseNotFound',
  ER_BAD_DB_ERROR: 'DatabaseNotFound',
}
const WRONG_PASSWORD = new Set(['28P01', 'ER_ACCESS_DENIED_ERROR'])
const BARRED = new Set(['42501', 'ER_DBACCESS_DENIED_ERROR'])
const LOST = /^(ECONNRESET|EPIPE|PROTOCOL_CONNECTION_LOST|57P01|57P02|08006|08003)$|terminated unexpectedly|Connection ended/i
const AWAY = /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)$/

export const codeOfSql = (error: unknown): string => {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  return typeof code === 'string' && code !== '' ? code : /timeout expired|ETIMEDOUT/.test(String(message)) ? 'ETIMEDOUT' : ''
}
export const isWrongPassword = (error: unknown): boolean => WRONG_PASSWORD.has(codeOfSql(error))
/** Logged in, but not let into this database. */
export const isBarred = (error: unknown): boolean => BARRED.has(codeOfSql(error))
export const isNoDatabase = (error: unknown): boolean => NAMES[codeOfSql(error)] === 'DatabaseNotFound'
/** Broke off after the connection stood: what was sent may have been carried out. */
export const isLost = (error: unknown): boolean =>
  LOST.test(codeOfSql(error)) || LOST.test(error instanceof Error ? error.message : '')

/** Puts an error of the driver into words. Statements are not quoted: one may hold what a password is checked by. */
export const explainSql = (error: unknown, server: Server, user: string): Error => {
  if (error instanceof InfraError) return error
  const code = codeOfSql(error)
  const message = (error instanceof Error ? error.message : String(error)).replace(/SCRAM-SHA-256\$\S+/g, '...')
  const at = `${server.host}:${server.port}`
  const name = NAMES[code] ?? 'SqlError'
  if (WRONG_PASSWORD.has(code))
    return new SqlError(name, `The database server refuses ${user}`, {
      why: `the password in the secret ${server.secret} is not the one that it knows`,
      next: 'Put the right one into the secret, or set a new one: infra db rotate-password',
      cause: error,
    })
  if (AWAY.test(code))
    return new SqlError('DatabaseAway', `The database server ${at} cannot be reached from here`, {
      why: code === 'ECONNREFUSED' ? 'nobody answers at that address' : 'it is in a private network, and nothing leads there from this machine',
      next: 'Set databases.via in infra.yaml to ssm (through a running instance) or task (a container for a minute), or connect to that network (VPN) and try again',
      cause: error,
    })
  if (/no pg_hba\.conf entry.*(no encryption|SSL off)|require_secure_transport/i.test(message))
    return new SqlError(name, `The database server ${at} takes encrypted connections only`, { cause: error })
  if (/self-signed|unable to verify|unable to get (local )?issuer|altnames|certificate/i.test(message))
    return new SqlError('TlsRefused', `The certificate of ${at} is not one of Amazon RDS: ${message}`, {
      why: 'somebody else may be answering in its place, so no password was sent',
      next: 'Look at what answers there; databases.caFile names another certificate bundle',
      cause: error,
    })
  if (/does not support SSL/i.test(message))
    return new SqlError('TlsRefused', `The database server ${at} offers no encryption`, { why: 'no password was sent', cause: error })
  if (/invalid (LC_COLLATE |LC_CTYPE )?locale name/i.test(message))
    return new SqlError(name, `The database server does not know this collation: ${message}`, {
      next: 'Set databases.collation in infra.yaml to one that it knows (SELECT collname FROM pg_collation)',
      cause: error,
    })
  if (isLost(error)) return new SqlError('ConnectionLost', `The connection to ${at} broke off`, { why: message, cause: error })
  return new SqlError(name, `The database server refused: ${message}`, { cause: error })
}
