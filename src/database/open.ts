import type { Aws } from '../aws/clients.ts'
import type { Check } from '../aws/guard.ts'
import type { Inside, Login, PasswordAt, Server, SqlOperations, SqlSend, Via } from '../aws/sql.ts'
import type { Address } from './client-channel.ts'
import { type Credentials, credentialsFrom } from './credentials.ts'
import { isBarred, isFull, isNoDatabase, isWrongPassword, SqlError } from './errors.ts'
import type { Channel, Dialect, Job } from './job.ts'

/** A way into database servers. One of the two: an address that drivers can connect to, or a channel of its own. */
export interface WayIn {
  readonly via: Via
  address?(server: Server): Promise<Address>
  channel?(server: Server, credentials: Credentials, dialect: Dialect): Promise<Channel>
  close(): Promise<void>
}

export interface OpenSql {
  readonly send: SqlSend
  /** Closes connections, and what the way in has opened. */
  close(): Promise<void>
}

export interface SqlOptions {
  readonly aws: Pick<Aws, 'secretsManager'>
  readonly way: WayIn
  readonly caFile?: string | undefined
  /** Hears each operation: for --verbose. */
  readonly onCall?: ((operation: string, ms: number, error?: Error) => void) | undefined
  /** Hears what a person should know. */
  readonly onNote?: ((line: string) => void) | undefined
}

type Handlers = {
  readonly [Op in keyof SqlOperations]: (
    c: Channel,
    d: Dialect,
    input: SqlOperations[Op]['input'],
  ) => Promise<SqlOperations[Op]['output']>
}

/** What does no harm when it is done twice. For the others the engine looks first. */
const AGAIN: ReadonlySet<string> = new Set(['Look', 'Login', 'Sessions', 'AlterRole', 'AlterDatabase'])

/** What can be done inside database servers, over one way in. Nothing is opened before the first operation. */
export const openSql = ({ aws, way, caFile, onCall, onNote }: SqlOptions): OpenSql => {
  const credentials = credentialsFrom(aws)
  const channels = new Map<string, Promise<Channel>>()
  const open = async (server: Server): Promise<Channel> => {
    if (way.channel) return way.channel(server, credentials, await dialectOf(server))
    const [{ clientChannel }, { tlsFor }, connect, address] = await Promise.all([
      import('./client-channel.ts'),
      import('./tls.ts'),
      server.engine === 'mysql'
        ? import('./mysql-client.ts').then((m) => m.connectMysql)
        : import('./pg-client.ts').then((m) => m.connectPg),
      way.address ? way.address(server) : server,
    ])
    return clientChannel(server, address, await tlsFor(server, caFile), credentials, connect, onNote)
  }
  const channelOf = async (server: Server): Promise<Channel> => {
    const id = idOf(server)
    const known = channels.get(id) ?? open(server)
    channels.set(id, known)
    known.catch(() => channels.delete(id))
    return known
  }
  const handlers = handlersOf(way.via)
  const send = async (operation: keyof SqlOperations, input: { server: Server }, before?: Check): Promise<unknown> => {
    const began = performance.now()
    try {
      const [open, dialect] = await Promise.all([channelOf(input.server), dialectOf(input.server)])
      const channel: Channel = before ? { ...open, run: (job, next) => open.run({ ...job, before }, next) } : open
      const carryOut = (): Promise<unknown> => handlers[operation](channel, dialect, input as never)
      // A connection that nobody used for minutes may be dead without a sign of it.
      const answer = await carryOut().catch((error: Error) => {
        if (error.name !== 'ConnectionLost' || !AGAIN.has(operation)) throw error
        return carryOut()
      })
      onCall?.(operation, performance.now() - began)
      return answer
    } catch (error) {
      // A tunnel that has ended: the next operation opens another.
      if (way.address && error instanceof SqlError && error.name === 'DatabaseAway') channels.delete(idOf(input.server))
      onCall?.(operation, performance.now() - began, error as Error)
      throw error
    }
  }
  return {
    send: send as SqlSend,
    async close() {
      await Promise.all([...channels.values()].map((c) => c.then((x) => x.close()).catch(() => undefined)))
      await way.close()
    },
  }
}

const idOf = (server: Server): string => `${server.id} ${server.host}:${server.port}`

const dialectOf = async ({ engine }: Server): Promise<Dialect> =>
  engine === 'mysql' ? (await import('./mysql.ts')).mysql : (await import('./postgres.ts')).postgres

const list = async (answer: Promise<string | undefined>): Promise<string[]> => JSON.parse((await answer) ?? '[]') as string[]

const handlersOf = (via: Via): Handlers => ({
  Look: async (c, d, { server }) => {
    const answer = await c.run(d.look())
    if (answer === undefined) throw new SqlError('SqlError', `The database server ${server.host} does not say what is inside it`)
    return { is: 'open', via, inside: JSON.parse(answer) as Inside }
  },
  Login: (c, _, { role, password, database }) => tryLogin(c, role, password, database),
  // After each change somebody looks whether it has come about.
  CreateRole: async (c, d, { name, password }) => void (await c.run(d.createRole(name, password), seen(d, name, password))),
  AlterRole: async (c, d, { name, password }) => void (await c.run(d.alterRole(name, password), seen(d, name, password))),
  DropRole: async (c, d, { name }) => void (await c.run(d.dropRole(name))),
  CreateDatabase: async (c, d, of) => {
    await c.run(d.createDatabase(of), [d.look()])
    await expel(c, d, of.name, false, of.owner)
  },
  AlterDatabase: async (c, d, of) => {
    await c.run(d.alterDatabase(of), [d.look()])
    await expel(c, d, of.name, true, of.owner)
  },
  DropDatabase: async (c, d, { server, name, force }) => {
    // MySQL drops it under whoever uses it.
    if (server.engine === 'mysql' && !force) {
      const others = await list(c.run(d.sessions(name)))
      if (others.length > 0) throw new SqlError('DatabaseInUse', `The database ${name} is in use by ${others.join(', ')}`)
    }
    await c.run(d.dropDatabase(name, force))
    await expel(c, d, name, false)
  },
  Sessions: (c, d, { database }) => list(c.run(d.sessions(database))),
})

const seen = (d: Dialect, role: string, password: PasswordAt): Job[] => [d.look(), loginJob(role, password, d.home)]

const loginJob = (role: string, password: PasswordAt, database: string): Job => ({
  database,
  as: { role, password },
  statements: ['SELECT 1 AS one'],
  reads: true,
})

/** Takes their rights from all but the owner, where the engine leaves that to us. */
const expel = async (c: Channel, d: Dialect, database: string, full: boolean, owner?: string): Promise<void> => {
  if (!d.holders || !d.expel) return
  const pairs = JSON.parse((await c.run(d.holders(database, full))) ?? '[]') as (readonly [from: string, role: string])[]
  for (const [from, role] of pairs) if (role !== owner) await c.run(d.expel(from, role))
}

const tryLogin = async (c: Channel, role: string, password: PasswordAt, database: string): Promise<Login> => {
  try {
    await c.run(loginJob(role, password, database))
    return 'ok'
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
    if (isWrongPassword(cause)) return 'wrong-password'
    if (isBarred(cause)) return 'barred'
    if (isNoDatabase(cause)) return 'no-database'
    if (isFull(cause)) return 'closed'
    throw error
  }
}

/** The server answers at its own address: the same network, a VPN, or a tunnel that somebody has opened. */
export const direct: WayIn = { via: 'direct', close: async () => {} }
