import { isIP } from 'node:net'
import { checkServerIdentity } from 'node:tls'
import pg from 'pg'
import { type Connect, goodbye } from './client-channel.ts'
import { scramVerifier } from './scram.ts'
import type { Tls } from './tls.ts'

/** Milliseconds until an address that does not answer is given up. */
const CONNECT_MS = 5000
/** A server on this machine (the sandbox's) may be starting just now; where none is, the refusal comes at once. */
const CONNECT_HERE_MS = 30_000
/** After so long without a word the network is asked whether it still leads there. */
const KEEP_ALIVE_MS = 10_000
/** REVOKE and GRANT without the right to do so only warn. */
const NOT_DONE = new Set(['01006', '01007'])

/** A connection of node-postgres. */
export const connectPg: Connect = async ({ host, port, user, password, database, tls }) => {
  const client = new pg.Client({
    host,
    port,
    user,
    password,
    database,
    ssl: tls ? checking(tls) : false,
    connectionTimeoutMillis: !tls && host === '127.0.0.1' ? CONNECT_HERE_MS : CONNECT_MS,
    application_name: 'infra',
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  })
  let ended = false
  let warned: Error | undefined
  const over = (): void => {
    ended = true
  }
  // Without a listener a server that goes away between two statements would end this process.
  client.on('error', over)
  client.on('end', over)
  client.on('notice', (notice) => {
    if (NOT_DONE.has(notice.code ?? '')) warned = Object.assign(new Error(notice.message ?? ''), { code: notice.code })
  })
  const close = async (): Promise<void> => {
    const closed = client.end()
    // What does not end in time must not hold this process up.
    ;(client as unknown as { unref(): void }).unref()
    await goodbye(closed)
  }
  await client.connect().catch((error: unknown) => {
    void close()
    throw error
  })
  return {
    async query(text) {
      warned = undefined
      const result = await client.query<{ answer?: string }>(text)
      if (warned) throw warned
      // Several statements in one text answer with a list.
      const last = Array.isArray(result) ? result.at(-1) : result
      return last?.rows[0]?.answer
    },
    literal: (plain) => pg.escapeLiteral(scramVerifier(plain)),
    close,
    get ended() {
      return ended
    },
  }
}

/** node-postgres checks the certificate against the address that it connects to, which is the near end where there is a tunnel. */
export const checking = ({ servername, ca, rejectUnauthorized }: Tls) => ({
  ca,
  rejectUnauthorized,
  ...(isIP(servername) ? {} : { servername }),
  checkServerIdentity: (_: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
    checkServerIdentity(servername, certificate),
})
