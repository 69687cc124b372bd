import type { Server } from '../aws/sql.ts'
import type { Credentials } from './credentials.ts'
import { explainSql } from './errors.ts'
import type { Channel, Job, Statement } from './job.ts'
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
  close(): Promise<void>
  /** Set once the server or the network has closed it. */
  readonly ended: boolean
}

export type Connect = (to: LoginData) => Promise<Connection>

/** A channel over a driver's connections: one for each user and database, opened when first needed and kept until the end. */
export const clientChannel = (
  server: Server,
  address: Address,
  tls: Tls | undefined,
  credentials: Credentials,
  connect: Connect,
): Channel => {
  const open = new Map<string, Promise<Connection>>()

  const connection = async (job: Job, fresh: boolean): Promise<Connection> => {
    const id = JSON.stringify([job.as?.role ?? '', job.database])
    const kept = await open.get(id)?.catch(() => undefined)
    if (kept && !kept.ended && !fresh) return kept
    const made = (async () => {
      const { user, password } = job.as
        ? { user: job.as.role, password: await credentials.password(job.as.password) }
        : await credentials.master(server)
      return connect({ ...address, user, password: password.reveal(), database: job.database, tls }).catch((error: unknown) => {
        throw explainSql(error, server, user)
      })
    })()
    if (!fresh) open.set(id, made)
    return made
  }
  const written = async (c: Connection, statement: Statement): Promise<string> =>
    typeof statement === 'string'
      ? statement
      : statement.text(c.literal((await credentials.password(statement.password)).reveal()))

  return {
    async run(job) {
      // Whoever logs in as somebody else wants to know whether that works now: never over a connection that stands already.
      const c = await connection(job, job.as !== undefined)
      try {
        const texts = await Promise.all(job.statements.map((s) => written(c, s)))
        let answer: string | undefined
        for (const text of job.atomic ? [texts.join(';\n')] : texts) answer = await c.query(text)
        return answer
      } catch (error) {
        throw explainSql(error, server, job.as?.role ?? 'the master user')
      } finally {
        if (job.as) await c.close()
      }
    },
    async close() {
      const all = [...open.values()]
      open.clear()
      await Promise.all(all.map((c) => c.then((x) => x.close()).catch(() => undefined)))
    },
  }
}
