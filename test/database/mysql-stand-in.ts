import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer as listen, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type Connection, createServer } from 'mysql2'

/** What becomes of a statement: a text in the column `answer`, nothing to say, an error, or the end of the connection. */
export type Reply = { readonly answer: string } | { readonly code: number; readonly message: string } | 'done' | 'cut'

export interface StandIn {
  readonly port: number
  /** Who came, in order: `user@database`. */
  readonly logins: string[]
  readonly statements: string[]
  reply: (statement: string) => Reply
  /** Breaks all connections. */
  drop(): void
  close(): Promise<void>
}

const sha1 = (...parts: Buffer[]): Buffer => parts.reduce((hash, part) => hash.update(part), createHash('sha1')).digest()
/** dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_authentication_methods_native_password_authentication.html */
const tokenOf = (password: string, ...scramble: Buffer[]): Buffer => {
  const once = sha1(Buffer.from(password))
  const twice = sha1(...scramble, sha1(once))
  return Buffer.from(once.map((byte, i) => byte ^ (twice[i] ?? 0)))
}

interface Told {
  readonly stream: Socket
  sequenceId: number
  on(event: string, hear: (...args: unknown[]) => void): void
}

interface Hello {
  readonly user: string
  readonly database?: string
  readonly authPluginData1: Buffer
  readonly authPluginData2: Buffer
  readonly authToken: Buffer
}

/** Type 0xf5: JSON, as MySQL answers JSON_OBJECT. */
const ANSWER = {
  ...{ catalog: 'def', schema: '', table: '', orgTable: '', name: 'answer', orgName: '' },
  ...{ characterSet: 45, columnLength: 0xffffff, columnType: 0xf5, flags: 0, decimals: 0 },
}
/** CLIENT_LONG_PASSWORD, CLIENT_CONNECT_WITH_DB, CLIENT_PROTOCOL_41, CLIENT_SECURE_CONNECTION, CLIENT_PLUGIN_AUTH: no TLS. */
const CAPABILITIES = 0x1 | 0x8 | 0x200 | 0x8000 | 0x80000

/**
 * Speaks MySQL's protocol as far as these tests need it, and remembers. It knows nothing of SQL.
 * @param passwords of the users; `barred` is a database that nobody is let into
 */
export const startStandIn = async (passwords: Readonly<Record<string, string>>): Promise<StandIn> => {
  const sockets = new Set<Socket>()
  const logins: string[] = []
  const statements: string[] = []
  const serve = (connection: Connection): void => {
    const told = connection as unknown as Told
    /** Each command begins to count anew; the driver's server leaves that to us. */
    const counted = (from: number, answer: () => void): void => {
      told.sequenceId = from
      answer()
      told.sequenceId = 0
    }
    sockets.add(told.stream)
    told.stream.on('close', () => sockets.delete(told.stream))
    connection.on('error', () => {})
    connection.serverHandshake({
      ...{ protocolVersion: 10, serverVersion: '8.0.46', connectionId: 1, statusFlags: 2, characterSet: 45 },
      capabilityFlags: CAPABILITIES,
      authCallback: (hello: Hello, done: (error: null, refusal?: { code: number; message: string }) => void) => {
        const { user, database = '' } = hello
        logins.push(`${user}@${database}`)
        const token = tokenOf(passwords[user] ?? '', hello.authPluginData1, hello.authPluginData2)
        if (!token.equals(hello.authToken)) done(null, { code: 1045, message: `Access denied for user '${user}'` })
        else if (database === 'barred')
          done(null, { code: 1044, message: `Access denied for user '${user}' to database 'barred'` })
        else if (database === 'missing') done(null, { code: 1049, message: "Unknown database 'missing'" })
        else done(null)
        told.sequenceId = 0
      },
    })
    const hear = (statement: string): void => {
      statements.push(statement)
      const reply = standIn.reply(statement)
      counted(1, () => {
        if (reply === 'cut') told.stream.destroy()
        else if (reply === 'done') connection.writeOk()
        else if ('code' in reply) connection.writeError(reply)
        else connection.writeTextResult([reply], [ANSWER])
      })
    }
    told.on('query', (statement) => hear(String(statement)))
    told.on('stmt_prepare', (statement) => hear(String(statement))) // The driver's server takes SET and PREPARE for something of its own.
    told.on('stmt_execute', (...args: unknown[]) => hear(String(args[4])))
  }
  const server = createServer(() => {})
  server.on('connection', serve)
  const listener = listen((socket) => (server as unknown as { _handleConnection(s: Socket): void })._handleConnection(socket))
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const standIn: StandIn = {
    port: (listener.address() as AddressInfo).port,
    logins,
    statements,
    reply: () => 'done',
    drop: () => {
      for (const socket of sockets) socket.destroy()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
  return standIn
}

/** dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html */
const greeting = (): Buffer => {
  const capabilities = CAPABILITIES | 0x800 // CLIENT_SSL
  const body = Buffer.concat([
    Buffer.from('\x0a8.0.46\0\x01\0\0\0abcdefgh\0', 'latin1'),
    Buffer.from([capabilities & 0xff, (capabilities >> 8) & 0xff, 45, 2, 0, (capabilities >> 16) & 0xff, 0, 21]),
    Buffer.alloc(10),
    Buffer.from('ijklmnopqrst\0mysql_native_password\0', 'latin1'),
  ])
  return Buffer.concat([Buffer.from([body.length, 0, 0, 0]), body])
}

/** Speaks as far as an encrypted connection, with this certificate. `heard` is what came over it. */
export const startEncrypted = async (
  cert: string,
  key: string,
): Promise<{ port: number; heard(): string; close(): Promise<void> }> => {
  const heard: Buffer[] = []
  const listener = listen((socket) => {
    socket.on('error', () => {}).write(greeting())
    socket.once('readable', () => {
      socket.read(36) // The wish for TLS; what comes with it is TLS already.
      const secure = new TLSSocket(socket, { isServer: true, cert, key }).on('error', () => {})
      secure.on('data', (part: Buffer) => {
        heard.push(part)
        const refusal = Buffer.from('\xff\x15\x04#28000Access denied', 'latin1')
        secure.write(Buffer.concat([Buffer.from([refusal.length, 0, 0, 3]), refusal]))
      })
    })
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    port: (listener.address() as AddressInfo).port,
    heard: () => Buffer.concat(heard).toString('latin1'),
    async close() {
      listener.close()
      await once(listener, 'close')
    },
  }
}
