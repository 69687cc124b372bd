import { DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds'
import pg from 'pg'
import { type Account, clientConfig } from '../support/account.ts'
import { secretTexts } from './list-services.ts'
import type { Thing } from './thing.ts'

/** What one needs to log in. */
export interface Login {
  readonly user: string
  readonly password: string
}

interface Server {
  readonly host: string
  readonly port: number
  readonly master: Login
  /** Everybody else whose password is in a secret. */
  readonly others: readonly Login[]
}

/** The server of a stack, by what AWS says, without any proxy between; undefined: there is none that can be logged in to. */
const serverOf = async (account: Account): Promise<Server | undefined> => {
  const { DBInstances = [] } = await new RDSClient(clientConfig(account)).send(new DescribeDBInstancesCommand({}))
  const { Address: host = '', Port: port = 0 } = DBInstances.find((d) => d.DBInstanceStatus === 'available')?.Endpoint ?? {}
  if (host !== '127.0.0.1') return undefined
  const secrets = (await secretTexts(account)).map((text) => JSON.parse(text) as Record<string, string>)
  const master = secrets.find((s) => s.master_username)
  if (!master) return undefined
  const others = secrets.map(({ username: user = '', password = '' }) => ({ user, password }))
  return { host, port, master: { user: master.master_username ?? '', password: master.master_password ?? '' }, others }
}

const ask = async <R extends object>(server: Server, who: Login, text: string): Promise<R[]> => {
  const client = new pg.Client({ host: server.host, port: server.port, ...who, database: 'postgres' })
  client.on('error', () => {})
  await client.connect()
  return client
    .query<R>(text)
    .then(({ rows }) => rows)
    .finally(() => client.end())
}

const ROLES = `SELECT r.rolname AS name, json_build_object('super', rolsuper, 'createdb', rolcreatedb, 'createrole', rolcreaterole,
    'login', rolcanlogin, 'inherit', rolinherit, 'limit', rolconnlimit, 'until', rolvaliduntil, 'settings', rolconfig, 'members', ARRAY(
      SELECT concat_ws(' ', pg_get_userbyid(m.member), 'by', pg_get_userbyid(m.grantor), to_jsonb(m) - '{oid,roleid,member,grantor}'::text[])
      FROM pg_auth_members m WHERE m.roleid = r.oid ORDER BY 1)) AS view
  FROM pg_roles r ORDER BY 1`

const DATABASES = `SELECT datname AS name, json_build_object('owner', pg_get_userbyid(datdba), 'acl', datacl::text,
    'encoding', pg_encoding_to_char(encoding), 'collation', datcollate, 'characters', datctype, 'limit', datconnlimit) AS view
  FROM pg_database ORDER BY 1`

/** What RDS itself puts into each server, and the master user. */
const GIVEN = /^(pg_|rds|postgres$|template[01]$)/

/** Roles with their memberships, and databases with owners and rights, by the server's own catalogue. */
export const listInside = async (account: Account): Promise<Thing[]> => {
  const server = await serverOf(account)
  if (!server) return []
  const list = async (type: string, text: string): Promise<Thing[]> =>
    (await ask<{ name: string; view: object }>(server, server.master, text)).map(({ name, view }) => ({
      type,
      label: name,
      ids: [name],
      view,
      ...(GIVEN.test(name) ? { implied: true } : {}),
    }))
  return [...(await list('database-role', ROLES)), ...(await list('database', DATABASES))]
}

/** Each role that somebody made must know the password that is in a secret, or its application could never log in. */
export const loginTroubles = async (account: Account, things: readonly Thing[]): Promise<string[]> => {
  const names = things.flatMap((t) => (t.type === 'database-role' && !t.implied ? t.label : []))
  const server = names.length > 0 ? await serverOf(account) : undefined
  const troubles = names.map(async (name): Promise<string[]> => {
    const who = server?.others.find((o) => o.user === name)
    if (!server || !who) return [`no secret has a password for the role ${name}`]
    return ask(server, who, 'SELECT 1').then(
      () => [],
      (error: Error) => [`the role ${name} cannot log in with the password in its secret: ${error.message}`],
    )
  })
  return (await Promise.all(troubles)).flat()
}
