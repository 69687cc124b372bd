import { createConnection, escape } from 'mysql2/promise'
import type { Connect } from './client-channel.ts'

const CONNECT_MS = 5000

/** A connection of mysql2. */
export const connectMysql: Connect = async ({ host, port, user, password, database, tls }) => {
  const client = await createConnection({
    host,
    port,
    user,
    password,
    database,
    connectTimeout: CONNECT_MS,
    // Its type wants a profile's name or options; the name to check against is not among them, though tls.connect gets it.
    ...(tls ? { ssl: { ca: tls.ca, rejectUnauthorized: true, servername: tls.servername } as object } : {}),
  })
  let ended = false
  client.on('error', () => {
    ended = true
  })
  client.on('end', () => {
    ended = true
  })
  return {
    async query(text) {
      const [rows] = await client.query(text)
      const first = Array.isArray(rows) ? (rows[0] as { answer?: unknown } | undefined) : undefined
      const answer = first?.answer
      // A JSON column comes parsed.
      return answer === undefined || typeof answer === 'string' ? answer : JSON.stringify(answer)
    },
    literal: (plain) => escape(plain),
    close: () => client.end(),
    get ended() {
      return ended
    },
  }
}
