import { connect } from 'node:net'
import type { Server } from '../aws/sql.ts'

/** Milliseconds until an address that does not answer is given up. Behind a VPN a server answers within a few hundredths of a second. */
const PATIENCE_MS = 3000
/** PostgreSQL's SSLRequest, which every server answers with one byte before any login. MySQL speaks first. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|::1)$/

/**
 * Whether a network leads from here to a database server. Nothing is logged in. An address in a private network swallows what is
 * sent to it; some networks accept every connection and then say nothing, so the server itself must speak.
 * @param ms how long it is waited for
 * @param here the address is on this machine: a tunnel of the user's. That there is one is enough; what is wrong at its far end is
 * told when somebody goes in
 */
export const answers = (
  { host, port, engine }: Pick<Server, 'host' | 'port' | 'engine'>,
  ms = PATIENCE_MS,
  here = LOOPBACK.test(host),
): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (does: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(does)
    }
    const timer = setTimeout(() => end(false), ms)
    socket.once('connect', () => {
      if (here) end(true)
      else if (engine === 'postgres') socket.write(SSL_REQUEST)
    })
    socket.once('data', () => end(true))
    socket.once('close', () => end(false))
    socket.once('error', (error: NodeJS.ErrnoException) => end(here && error.code === 'ECONNREFUSED'))
  })
