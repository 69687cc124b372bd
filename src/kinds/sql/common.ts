import type { Aws } from '../../aws/clients.ts'
import type { Looked, Server } from '../../aws/sql.ts'
import { unlessGone } from '../../aws/trouble.ts'
import { InfraError } from '../../core/errors.ts'
import type { Seen } from '../../engine/kind.ts'
import { isNamed } from '../rds/common.ts'

/** Where something inside a database server lives. */
export type InServer = {
  /** The identifier of the DB instance. */
  server: string
  /** The secret with the master user's credentials. */
  secret: string
}
/** By which way, and on which day, somebody last looked in and saw it as it is recorded. */
export type Verified = { verified?: string }

export type Named = { name: string }

/** Name and server are what it is found by, so what is recorded counts; how one gets in there can change. */
export const placeIn = (
  want: Partial<InServer & Named>,
  last: Partial<InServer & Named> | undefined,
): (InServer & Named) | undefined => {
  const { name, server, secret } = { ...want, ...last, ...(want.secret !== undefined ? { secret: want.secret } : {}) }
  return name !== undefined && server !== undefined && secret !== undefined ? { name, server, secret } : undefined
}

/** What a look from here gives: `gone` is the whole server. */
export type LookIn = { readonly is: 'gone' } | Looked

/** The server by its identifier, asked of RDS; undefined when it is gone or being deleted. */
const find = async (aws: Aws, { server: id, secret }: InServer): Promise<{ server: Server; status: string } | undefined> => {
  const found = await unlessGone(aws.rds('DescribeDBInstances', { DBInstanceIdentifier: id }))
  const db = found?.DBInstances?.find((d) => isNamed(d.DBInstanceIdentifier, id))
  if (!db || db.DBInstanceStatus === 'deleting') return undefined
  const engine = /^(mysql|mariadb)/.test(db.Engine ?? '') ? 'mysql' : 'postgres'
  const { Address: host = '', Port: port = 0 } = db.Endpoint ?? {}
  return { server: { id, engine, host, port, secret }, status: db.DBInstanceStatus ?? 'unknown' }
}

const SHUT = /^(creating|stopp|starting|rebooting|upgrading|failed|inaccessible|incompatible|restore)/

/** One look at all that is inside. Kinds that look in the same pass share it. */
export const lookInside = async (aws: Aws, at: InServer): Promise<LookIn> => {
  const found = await find(aws, at)
  if (!found) return { is: 'gone' }
  if (!found.server.host || SHUT.test(found.status)) return { is: 'closed', why: `the server is ${found.status}` }
  return aws.sql('Look', { server: found.server })
}

/** The server, for a change. @throws InfraError when it is not there or does not run */
export const serverOf = async (aws: Aws, at: InServer): Promise<Server> => {
  const found = await find(aws, at)
  if (!found) throw new InfraError(`The database server ${at.server} is not there`, { next: 'Create it first: infra create rds' })
  if (!found.server.host || SHUT.test(found.status))
    throw new InfraError(`The database server ${at.server} is ${found.status}`, {
      why: 'nobody can be let in meanwhile',
      next: /^stopp/.test(found.status) ? 'infra db start' : 'Run the same command again in some minutes',
    })
  return found.server
}

/** What can be said without looking in: what is recorded, or nothing. */
export const byRecord = <P, A extends InServer & Verified & { name: string }>(
  last: Partial<A> | undefined,
  why: string,
): Seen<P, A> => {
  if (last?.name === undefined || last.server === undefined) return { is: 'absent', note: `not looked at: ${why}` }
  const note = last.verified ? `verified ${last.verified}` : why
  return { is: last.verified ? 'ready' : 'pending', attrs: last as A, note, unseen: why }
}

/** `direct 2026-11-22`. To the day, so that a state in git does not change with each look. */
export const verifiedNow = (via: string): string => `${via} ${new Date().toISOString().slice(0, 10)}`
