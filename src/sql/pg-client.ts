import pg from 'pg'
import type { Connect } from './client-channel.ts'
import { scramVerifier } from './scram.ts'

/** Milliseconds until an address that does not answer is given up. */
const CONNECT_MS = 5000

/** A connection of node-postgres. */
export const connectPg: Connect = async ({ host, port, user, password, database, tls }) => {
  const client = new pg.Client({
    host,
    port,
    user,
    password,
    database,
    ssl: tls ?? false,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'infra',
    keepAlive: true,
  })
  let ended = false
  const over = (): void => {
    ended = true
  }
  // Without a listener a server that goes away between two statements would end this process.
  client.on('error', over)
  client.on('end', over)
  await client.connect()
  return {
    async query(text) {
      const result = await client.query<{ answer?: string }>(text)
      // Several statements in one text answer with a list.
      const last = Array.isArray(result) ? result.at(-1) : result
      return last?.rows[0]?.answer
    },
    literal: (plain) => pg.escapeLiteral(scramVerifier(plain)),
    close: () => client.end(),
    get ended() {
      return ended
    },
  }
}
