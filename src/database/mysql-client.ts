import { connect } from 'node:net'
import { createConnection } from 'mysql2/promise'
import { refuse } from '../core/errors.ts'
import { type Connect, goodbye } from './client-channel.ts'

const CONNECT_MS = 5000
/** After so long without a word the network is asked whether it still leads there. */
const KEEP_ALIVE_MS = 10_000

/** A connection of mysql2. */
export const connectMysql: Connect = async ({ host, port, user, password, database, tls }) => {
  const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS })
  const client = await createConnection({
    // The certificate is checked against this, also where the connection goes through the near end of a tunnel.
    host: tls?.servername ?? host,
    stream: socket,
    user,
    password,
    database,
    connectTimeout: CONNECT_MS,
    // Without verifyIdentity the certificate of any other server of RDS would do.
    ...(tls ? { ssl: { ca: tls.ca, rejectUnauthorized: true, verifyIdentity: true } } : {}),
  }).catch((error: unknown) => {
    // The driver leaves that to the server.
    socket.destroy()
    throw error
  })
  let ended = false
  const over = (): void => {
    ended = true
  }
  client.on('error', over)
  client.on('end', over)
  return {
    async query(text) {
      const [rows] = await client.query(text)
      const first = Array.isArray(rows) ? (rows[0] as { answer?: unknown } | undefined) : undefined
      const answer = first?.answer
      // A JSON column comes parsed.
      return answer === undefined || typeof answer === 'string' ? answer : JSON.stringify(answer)
    },
    literal: quoted,
    async close() {
      await goodbye(client.end())
      client.destroy()
    },
    get ended() {
      return ended
    },
  }
}

/** Two quotes are one in every mode of the server. What a backslash is depends on the mode, and a wrong guess ends the string early. */
const quoted = (plain: string): string => {
  if (/[\\\0]/.test(plain))
    throw refuse(
      'The password in the secret cannot be set',
      'it holds a backslash, which MySQL reads in two ways',
      'Put one of letters, digits and other signs into the secret, then run the same command again',
    )
  return `'${plain.replaceAll("'", "''")}'`
}
