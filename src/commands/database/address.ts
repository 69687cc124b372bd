import { connect } from 'node:net'
import type { Server } from '../../aws/sql.ts'
import type { InfraError } from '../../core/errors.ts'
import { orRefuse } from '../../session/database.ts'
import { tunnelTarget } from '../../session/database-access/open.ts'
import type { Session } from '../../session/session.ts'

/** Where a program of the database connects to: the server itself, or the near end of a tunnel. */
export interface Place {
  readonly host: string
  readonly port: number
  /** It is the near end: what answers there is the server all the same, and its certificate bears the server's name. */
  readonly tunnelled: boolean
  /** What the tunnel goes through. */
  readonly through?: string
  /** When a tunnel is over: what has ended it, or nothing after a close. */
  readonly ended?: Promise<InfraError | undefined>
  close(): Promise<void>
}

interface Wanted {
  readonly signal: AbortSignal
  /** The port on this machine; a free one otherwise. */
  readonly localPort?: number | undefined
}

/** An address for psql, pg_dump and the like. @throws InfraError (exit 2) when nothing leads there */
export const addressFor = async (s: Session, server: Server, { signal, localPort }: Wanted): Promise<Place> => {
  const { host, port } = server
  if ((await orRefuse(s, s.inside.find(server))) !== 'ssm') {
    await orRefuse(s, reachable(server))
    return { host, port, tunnelled: false, close: async () => {} }
  }
  const { openTunnel } = await import('../../database/ssm.ts')
  const tunnel = await orRefuse(
    s,
    openTunnel(server, {
      aws: s.aws,
      region: s.config.region,
      profile: s.g.profile ?? s.config.profile,
      ...tunnelTarget(s),
      ...(localPort === undefined ? {} : { localPort }),
      report: (line: string) => s.io.note(s.io.c.dim(`  ${line}`)),
      signal,
    }),
  )
  return {
    host: tunnel.host,
    port: tunnel.port,
    tunnelled: true,
    through: tunnel.target,
    ended: tunnel.ended,
    close: () => tunnel.close(),
  }
}

/** Milliseconds until an address that does not answer is given up. */
const PATIENCE_MS = 5000

/** Programs of the database wait for minutes where nobody answers, and then say little. */
const reachable = (server: Server): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: server.host, port: server.port, timeout: PATIENCE_MS })
    const away = async (error: Error): Promise<void> => {
      socket.destroy()
      const { explainSql } = await import('../../database/errors.ts')
      reject(explainSql(error, server, ''))
    }
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
    socket.once('timeout', () => away(Object.assign(new Error('nobody answers'), { code: 'ETIMEDOUT' })))
    socket.once('error', away)
  })
