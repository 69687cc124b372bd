import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import type { Aws } from '../../src/aws/clients.ts'
import type { PasswordAt, Server } from '../../src/aws/sql.ts'
import type { Address } from '../../src/database/client-channel.ts'
import { type OpenSql, openSql } from '../../src/database/open.ts'
import { findPostgres } from '../../src/sandbox/postgres.ts'
import { fakeAws } from '../support/models/fake.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

export interface Programs {
  readonly version: string
  readonly bin: string
}

/** The PostgreSQL of this machine and the one that comes as a package; INFRA_TEST_POSTGRES_BINS names others, with `:` between. */
const findAll = async (): Promise<Programs[]> => {
  const named = process.env.INFRA_TEST_POSTGRES_BINS?.split(':')
  const found = named
    ? await Promise.all(named.map((bin) => findPostgres({ env: { ...process.env, INFRA_SANDBOX_POSTGRES_BIN: bin } })))
    : [await findPostgres(), await findPostgres({ places: [], env: { ...process.env, PATH: '' } })]
  return found.filter(({ bin }, i) => found.findIndex((f) => f.bin === bin) === i)
}
export const programs = await findAll()
/** For what is the same with every version. */
export const newest: Programs = programs.at(-1) ?? { version: '', bin: '' }

/** Secrets in memory. What a test puts in counts from then on. */
export class Secrets {
  readonly values: Record<string, Record<string, string>> = {}
  readonly aws: Pick<Aws, 'secretsManager'> = fakeAws({
    secretsManager: async (operation: string, { SecretId }: { SecretId: string }) => {
      const value = this.values[SecretId]
      if (operation !== 'GetSecretValue' || !value)
        throw Object.assign(new Error(`${operation} ${SecretId}`), { name: 'ResourceNotFoundException' })
      return { SecretString: JSON.stringify(value) }
    },
  })

  /** A password under the key `password` of a secret with this name. */
  give(secret: string, password: string): PasswordAt {
    this.values[secret] = { password }
    return { secret, key: 'password' }
  }
}

export interface Place {
  readonly pg: TestPostgres
  readonly server: Server
  readonly secrets: Secrets
  readonly sql: OpenSql
  readonly send: OpenSql['send']
  /** Another client of the same server. @param address where it goes instead */
  open(options?: { address?: Address; caFile?: string; server?: Partial<Server> }): OpenSql
  /** Rows of a query, past the code under test. The master user asks when nobody is named. */
  ask(text: string, as?: { user?: string; password?: string; database?: string }): Promise<Record<string, unknown>[]>
  /** What the server has written into its log. */
  log(): Promise<string>
  close(): Promise<void>
}

export const placeOn = async (
  options: NonNullable<Parameters<typeof startPostgres>[0]> & { version?: string },
): Promise<Place> => {
  const { version: _, ...rest } = options
  const pgServer = await startPostgres(rest)
  const secrets = new Secrets()
  secrets.values.master = { master_username: pgServer.master.user, master_password: pgServer.master.password }
  const server: Server = { id: 'shop-db', engine: 'postgres', host: pgServer.host, port: pgServer.port, secret: 'master' }
  const opened: OpenSql[] = []
  const open: Place['open'] = ({ address, caFile } = {}) => {
    const made = openSql({
      aws: secrets.aws,
      way: { via: 'direct', ...(address ? { address: async () => address } : {}), close: async () => {} },
      caFile,
    })
    opened.push(made)
    return made
  }
  const sql = open()
  return {
    pg: pgServer,
    server,
    secrets,
    sql,
    send: sql.send,
    open,
    async ask(text, { user = pgServer.master.user, password = pgServer.master.password, database = 'postgres' } = {}) {
      const client = new pg.Client({ host: pgServer.host, port: pgServer.port, user, password, database })
      await client.connect()
      try {
        return (await client.query<Record<string, unknown>>(text)).rows
      } finally {
        await client.end()
      }
    },
    log: () => readFile(join(pgServer.dir, 'log'), 'utf8'),
    async close() {
      await Promise.all(opened.map((o) => o.close()))
      await pgServer.stop()
    },
  }
}

/** Lets the server write each statement into its log. */
export const logAll = async ({ pg: { dir } }: Place): Promise<void> => {
  const { appendFile } = await import('node:fs/promises')
  await appendFile(join(dir, 'postgresql.auto.conf'), "log_statement = 'all'\nlog_min_error_statement = 'debug5'\n")
  const [pid] = (await readFile(join(dir, 'postmaster.pid'), 'utf8')).split('\n')
  process.kill(Number(pid), 'SIGHUP')
}

/** The error of something that must fail. */
export const failure = async (work: Promise<unknown>): Promise<Error & { what?: string; why?: string; next?: string }> =>
  work.then(
    () => {
      throw new Error('it should have failed')
    },
    (error: Error) => error,
  )
