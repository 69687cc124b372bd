import type { Server } from '../aws/sql.ts'
import { LockLost } from '../core/errors.ts'
import type { Secret } from '../core/json.ts'
import type { Credentials } from './credentials.ts'
import { explainSql, isWrongPassword, type Of, SqlError } from './errors.ts'
import type { Channel, Job } from './job.ts'
import type { Tls } from './tls.ts'

/** Where the connection goes: the server itself, or the near end of a tunnel. */
export interface Address {
  readonly host: string
  readonly port: number
}

export interface LoginData extends Address {
  readonly user: string
  readonly password: string
  readonly database: string
  readonly tls: Tls | undefined
}

/** One open connection of a driver. */
export interface Connection {
  /** One text of one or more statements; several are carried out all or not at all, where the engine can. */
  query(text: string): Promise<string | undefined>
  /** How a password is written in a statement. */
  literal(password: string): string
  /** Never fails: whoever closes does not care any more. */
  close(): Promise<void>
  /** Set once the server or the network has closed it. */
  readonly ended: boolean
}

export type Connect = (to: LoginData) => Promise<Connection>

/** Milliseconds to say goodbye in. */
const CLOSE_MS = 500
/** Waits for the end of a connection, but not long: a network that is gone says no goodbye. */
export const goodbye = async (ended: Promise<unknown>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((done) => {
    timer = setTimeout(done, CLOSE_MS)
  })
  await Promise.race([ended.catch(() => undefined), late])
  clearTimeout(timer)
}

/** Logins at once: a server of the smallest class takes some eighty connections from everybody. */
const LOGINS = 4

const HALF_ROTATED =
  "A rotation of the master user's password was begun and is not finished: the server knows the new one already, which is used here. To finish it: infra db rotate-password --role master"

/** A channel over a driver's connections: one of the master user for each database, opened when first needed and kept until the end. */
export const clientChannel = (
  server: Server,
  address: Address,
  tls: Tls | undefined,
  credentials: Credentials,
  connect: Connect,
  onNote: (line: string) => void = () => {},
): Channel => {
  const kept = new Map<string, Connection>()
  const turns = new Map<string, Promise<unknown>>()
  let logins = 0
  let closed = false
  let told = false

  /** One after another: a connection carries one statement at a time, and two that find none must not open two. */
  const inTurn = <T>(line: string, work: () => Promise<T>): Promise<T> => {
    const mine = (turns.get(line) ?? Promise.resolve()).then(work, work)
    turns.set(line, mine)
    return mine
  }
  const open = async (user: string, password: string, database: string, of: Of = 'role'): Promise<Connection> => {
    const made = await connect({ ...address, user, password, database, tls }).catch((error: unknown) => {
      throw explainSql(error, server, user, [password], of)
    })
    if (!closed) return made
    await made.close()
    throw new SqlError('ConnectionLost', `The connection to ${server.host} was closed`)
  }
  const asMaster = async (database: string): Promise<Connection> => {
    const known = kept.get(database)
    if (known && !known.ended) return known
    const { user, password } = await credentials.master(server)
    const made = await open(user, password.reveal(), database, 'master').catch((error) => orNext(error, user, password, database))
    kept.set(database, made)
    return made
  }
  /** A rotation that was killed between server and secret: the server knows the new password, the secret still says the old one. */
  const orNext = async (error: unknown, user: string, password: Secret, database: string): Promise<Connection> => {
    if (!(error instanceof SqlError) || !isWrongPassword(error.cause)) throw error
    const next = await credentials.nextOfMaster(server)
    if (next === undefined || next.reveal() === password.reveal()) throw error
    const made = await open(user, next.reveal(), database, 'master').catch(() => {
      throw error
    })
    if (!told) onNote(HALF_ROTATED)
    told = true
    return made
  }
  const carryOut = async (c: Connection, job: Job): Promise<string | undefined> => {
    const secrets: string[] = []
    const texts: string[] = []
    for (const s of job.statements) {
      if (typeof s === 'string') texts.push(s)
      else {
        const plain = (await credentials.password(s.password)).reveal()
        const literal = c.literal(plain)
        secrets.push(literal, plain)
        texts.push(s.text(literal))
      }
    }
    try {
      let answer: string | undefined
      for (const text of job.atomic ? [texts.join(';\n')] : texts) {
        await job.before?.()
        answer = await c.query(text)
      }
      return answer
    } catch (error) {
      if (error instanceof LockLost) throw error
      throw explainSql(error, server, job.as?.role ?? 'the master user', secrets)
    }
  }

  return {
    run(job) {
      const { as } = job
      if (!as) return inTurn(job.database, async () => carryOut(await asMaster(job.database), job))
      // Whoever logs in as somebody else wants to know whether that works now: never over a connection that stands already.
      return inTurn(`\0${logins++ % LOGINS}`, async () => {
        const c = await open(as.role, (await credentials.password(as.password)).reveal(), job.database)
        return carryOut(c, job).finally(() => c.close())
      })
    },
    async close() {
      closed = true
      const all = [...kept.values()]
      kept.clear()
      await Promise.all(all.map((c) => c.close()))
    },
  }
}
