import type { Server } from '../aws/sql.ts'
import { InfraError } from '../core/errors.ts'

/** An error of the database server in the words of this house; `name` is what src/aws/trouble.ts sorts by. */
export class SqlError extends InfraError {
  constructor(name: string, what: string, more: { why?: string | undefined; next?: string; cause?: unknown } = {}) {
    super(what, more)
    this.name = name
  }
}

/** SQLSTATE, or MySQL's number: the name by which the engine sorts it. PostgreSQL: www.postgresql.org/docs/current/errcodes-appendix.html */
const NAMES: Readonly<Record<string, string>> = {
  '42710': 'RoleAlreadyExists',
  '42P04': 'DatabaseAlreadyExists',
  // Somebody else was faster by less than a statement takes: then the catalogue's own index refuses.
  '23505': 'NameAlreadyExists',
  '42704': 'RoleNotFound',
  '3D000': 'DatabaseNotFound',
  '55006': 'DatabaseInUse',
  '2BP01': 'RoleInUse',
  ER_DB_CREATE_EXISTS: 'DatabaseAlreadyExists',
  ER_DB_DROP_EXISTS: 'DatabaseNotFound',
  ER_BAD_DB_ERROR: 'DatabaseNotFound',
  // A grant to nobody: MySQL takes it for the attempt to make a user by the way.
  ER_CANT_CREATE_USER_WITH_GRANT: 'RoleNotFound',
}
const WRONG_PASSWORD = new Set(['28P01', 'ER_ACCESS_DENIED_ERROR'])
const BARRED = new Set(['42501', 'ER_DBACCESS_DENIED_ERROR'])
const FULL = new Set(['53300', 'ER_CON_COUNT_ERROR', 'ER_TOO_MANY_USER_CONNECTIONS', 'ER_USER_LIMIT_REACHED'])
const LOST =
  /^(ECONNRESET|EPIPE|PROTOCOL_CONNECTION_LOST|57P01|57P02|08006|08003)$|terminated unexpectedly|Connection (ended|terminated)|not queryable|in closed state/i
const AWAY = /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)$/
const REFUSED_TLS = /^(ERR_TLS_|ERR_SSL_|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HANDSHAKE_SSL_ERROR)/

export const codeOfSql = (error: unknown): string => {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  return typeof code === 'string' && code !== '' ? code : /timeout expired|ETIMEDOUT/.test(String(message)) ? 'ETIMEDOUT' : ''
}
/** MySQL has one number for a user who is there already and for one who is not. */
const nameOf = (code: string, message: string): string =>
  code === 'ER_CANNOT_USER'
    ? /CREATE USER/.test(message)
      ? 'RoleAlreadyExists'
      : 'RoleNotFound'
    : // The statement of a killed run, which the server still carried out, was faster: look again.
      /tuple concurrently (deleted|updated)/.test(message)
      ? 'ChangedMeanwhile'
      : (NAMES[code] ?? 'SqlError')

/** Also a password that has run out: a new one fixes it. */
export const isWrongPassword = (error: unknown): boolean =>
  WRONG_PASSWORD.has(codeOfSql(error)) || codeOfSql(error) === 'ER_MUST_CHANGE_PASSWORD_LOGIN'
/** Logged in, but not let into this database. */
export const isBarred = (error: unknown): boolean => BARRED.has(codeOfSql(error))
export const isNoDatabase = (error: unknown): boolean => NAMES[codeOfSql(error)] === 'DatabaseNotFound'
/** No connection is free now. */
export const isFull = (error: unknown): boolean => FULL.has(codeOfSql(error))
/** Broke off after the connection stood: what was sent may have been carried out. */
export const isLost = (error: unknown): boolean =>
  LOST.test(codeOfSql(error)) || LOST.test(error instanceof Error ? error.message : '')

/** What is kept of an error: drivers attach whole statements to theirs, and one may hold a password. */
const bare = (error: unknown, code: string, message: string): Error =>
  Object.assign(new Error(message), code ? { code } : {}, error instanceof Error ? { name: error.name } : {})

/** Who was refused, where it is the master user: its password has a rotation of its own. */
export type Of = 'master' | 'role'

/**
 * Puts an error of the driver into words. Statements are not quoted: one may hold a password, or what one is checked by.
 * @param secrets what must not be said, if the server quotes it
 */
export const explainSql = (
  error: unknown,
  server: Server,
  user: string,
  secrets: readonly string[] = [],
  of: Of = 'role',
): Error => {
  if (error instanceof InfraError) return error
  const code = codeOfSql(error)
  const hushed = (said: unknown): string =>
    [...secrets]
      .sort((a, b) => b.length - a.length)
      .reduce((said, secret) => (secret ? said.replaceAll(secret, '...') : said), String(said ?? ''))
      .replace(/SCRAM-SHA-256\$[^\s']+/g, '...')
  const message = hushed(error instanceof Error ? error.message : error)
  const detail = hushed((error as { detail?: unknown } | undefined)?.detail)
  const at = `${server.host}:${server.port}`
  const name = nameOf(code, message)
  const cause = bare(error, code, message)
  if (WRONG_PASSWORD.has(code))
    return new SqlError(name, `The database server refuses ${user}`, {
      why: `the password in the secret ${server.secret} is not the one that it knows`,
      next: `Put the right one into the secret, or set a new one: infra db rotate-password${of === 'master' ? ' --role master' : ''}`,
      cause,
    })
  if (FULL.has(code))
    return new SqlError(name, `The database server ${at} takes no more connections`, {
      why: message,
      next: 'Run the same command again when fewer are open, or take a larger rds.instanceClass',
      cause,
    })
  if (code === '57P03')
    return new SqlError('DatabaseAway', `The database server ${at} takes no connections now`, {
      why: message,
      next: 'Run the same command again in a minute',
      cause,
    })
  if (AWAY.test(code))
    return new SqlError('DatabaseAway', `The database server ${at} cannot be reached from here`, {
      why:
        code === 'ECONNREFUSED'
          ? 'nobody answers at that address'
          : 'it is in a private network, and nothing leads there from this machine',
      next: 'Set databases.via in infra.yaml to ssm (through a running instance) or task (a container for a minute), or connect to that network (VPN) and try again',
      cause,
    })
  if (/no pg_hba\.conf entry.*(no encryption|SSL off)|require_secure_transport/i.test(message))
    return new SqlError(name, `The database server ${at} takes encrypted connections only`, {
      why: 'a server on this machine is spoken to in clear',
      next: 'Set databases.caFile in infra.yaml to the certificate of the authority that signed its own',
      cause,
    })
  if (/does not support (SSL|secure connection)/i.test(message))
    return new SqlError('TlsRefused', `The database server ${at} offers no encryption`, { why: 'no password was sent', cause })
  if (REFUSED_TLS.test(code))
    return new SqlError('TlsRefused', `The certificate of the database server ${at} is not trusted: ${message}`, {
      why: 'somebody else may be answering in its place, so no password was sent',
      next: 'Look at what answers there. Trusted are the authorities of Amazon RDS, or those in the file that databases.caFile names',
      cause,
    })
  if (/invalid (LC_COLLATE |LC_CTYPE )?locale name/i.test(message))
    return new SqlError(name, `The database server does not know this collation: ${message}`, {
      next: 'Set databases.collation in infra.yaml to one that it knows (SELECT collname FROM pg_collation)',
      cause,
    })
  if (isLost(error)) return new SqlError('ConnectionLost', `The connection to ${at} broke off`, { why: message, cause })
  return new SqlError(name, `The database server refused: ${message}`, { why: detail || undefined, cause })
}

/** An error that psql has told: its SQLSTATE and its words. */
export const sqlErrorOf = (code: string, message: string, server: Server, role: string | undefined): Error =>
  explainSql(Object.assign(new Error(message), { code }), server, role ?? 'the master user', [], role ? 'role' : 'master')
