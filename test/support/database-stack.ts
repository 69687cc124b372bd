import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GetSecretValueCommand, ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import pg from 'pg'
import { expect } from 'vitest'
import { type Account, clientConfig, freshAccount } from './account.ts'
import { INIT, type Place, place, type Ran } from './cli.ts'
import { type FaultProxy, startProxy } from './proxy.ts'
import { leadThrough, type SqlProxy, startSqlProxy } from './sql-proxy.ts'

export const MASTER_SECRET = 'rds/startupwebapp/multi-tenant/master'
export const SERVER = 'startupwebapp-multi-tenant-prod'

/** Keys whose values nobody may see but who asks Secrets Manager. */
const HUSHED = /password|secret_key|publishable_key/

/** Which database to log in to, and as whom: the master user in `postgres` when nothing is said. */
export interface As {
  readonly user?: string
  readonly password?: string
  readonly database?: string
  /** Of another server. */
  readonly port?: number
}

/** A stack with databases in an account of its own: the CLI is led through a proxy on its way to AWS and to the database server. */
export interface DatabaseStack {
  readonly account: Account
  readonly place: Place
  readonly aws: FaultProxy
  readonly sql: SqlProxy
  /** What it prints is looked through by `leaks`. */
  run(...args: string[]): Promise<Ran>
  /** It must end with this code. */
  ends(code: number, ...args: string[]): Promise<Ran>
  set(...pairs: string[]): Promise<Ran>
  /** Forgets what was asked so far. */
  clear(): void
  /** Calls and statements that can have changed something. */
  changes(): string[]
  secret(name?: string): Promise<Readonly<Record<string, string>>>
  /** Rows, straight from the server. */
  query<R extends object>(text: string, as?: As): Promise<R[]>
  /** Where a generated value stands that should not: in what was printed, in a file of the folder, in a statement. */
  leaks(): Promise<string[]>
  close(): Promise<void>
}

/** All default steps of the preset, with more settings. */
export const initDatabases = (...settings: string[]): string[] => [
  ...INIT,
  ...['steps=[vpc, security-groups, secrets, rds, databases, monitoring]', ...settings].flatMap((s) => ['--set', s]),
]

/** @param init the arguments that write infra.yaml */
export const databaseStack = async (server: string, init: readonly string[] = initDatabases()): Promise<DatabaseStack> => {
  const account = await freshAccount(server)
  const [aws, sql] = await Promise.all([startProxy(server), startSqlProxy()])
  leadThrough(aws, sql)
  const p = await place({ ...account.env, AWS_ENDPOINT_URL: aws.url })
  const client = new SecretsManagerClient(clientConfig(account))
  const printed: (readonly [where: string, text: string])[] = []
  const hushed = new Set<string>()

  const secret = async (SecretId = MASTER_SECRET): Promise<Record<string, string>> =>
    JSON.parse((await client.send(new GetSecretValueCommand({ SecretId }))).SecretString ?? '{}')
  const remember = async (): Promise<void> => {
    const { SecretList = [] } = await client.send(new ListSecretsCommand({}))
    for (const { Name } of SecretList)
      for (const [key, value] of Object.entries(await secret(Name))) if (HUSHED.test(key)) hushed.add(value)
  }
  const run = async (...args: string[]): Promise<Ran> => {
    const r = await p.run(...args)
    printed.push([`what infra ${args.join(' ')} printed`, r.all])
    await remember()
    return r
  }
  /** What the server heard is looked through, too. */
  const statements = (): void => {
    for (const call of sql.log) printed.push([call.op, call.body])
  }
  const ends = async (code: number, ...args: string[]): Promise<Ran> => {
    const r = await run(...args)
    expect(r.code, `infra ${args.join(' ')}\n${r.all}`).toBe(code)
    return r
  }
  const query = async <R extends object>(text: string, as: As = {}): Promise<R[]> => {
    const { master_username: user, master_password: password } = as.user ? {} : await secret()
    const to = { host: '127.0.0.1', port: sql.target ?? 0, user, password, database: 'postgres', ...as }
    const connection = new pg.Client(to)
    connection.on('error', () => {})
    try {
      await connection.connect()
      return (await connection.query<R>(text)).rows
    } finally {
      await connection.end().catch(() => undefined)
    }
  }
  const stack: DatabaseStack = {
    account,
    place: p,
    aws,
    sql,
    run,
    ends,
    set: (...pairs) => ends(0, 'init', ...pairs.flatMap((x) => ['--set', x])),
    clear() {
      statements()
      aws.clear()
      sql.clear()
    },
    changes: () => [...aws.changing(), ...sql.changing()].map((call) => call.op),
    secret,
    query,
    async leaks() {
      const names = (await readdir(p.dir, { recursive: true, withFileTypes: true })).filter((f) => f.isFile())
      const files = await Promise.all(
        names.map(async (f) => [f.name, await readFile(join(f.parentPath, f.name), 'utf8')] as const),
      )
      statements()
      const values = [...hushed].filter((v) => !v.includes('PLACEHOLDER'))
      expect(values.length).toBeGreaterThan(3)
      return [...printed, ...files].filter(([, text]) => values.some((v) => holds(text, v))).map(([where]) => where)
    },
    async close() {
      client.destroy()
      await p.remove()
      await Promise.all([aws.close(), sql.close()])
    },
  }
  await ends(0, ...init)
  return stack
}

/** In any form, or its beginning. */
const holds = (text: string, value: string): boolean =>
  [value.slice(0, 8), encodeURIComponent(value), Buffer.from(value).toString('base64').slice(0, -4)].some((form) =>
    text.includes(form),
  )
