import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Call, FaultProxy, Hook } from './proxy.ts'

export interface SqlProxy {
  readonly port: number
  /** The port that AWS tells. */
  readonly told: number
  /** The server's own port. */
  target: number | undefined
  /** Before the server hears of the statement, or of the one who wants to log in. */
  before: Hook | undefined
  /** The server has carried it out; the caller does not know yet. */
  after: Hook | undefined
  /** `sql.CREATE DATABASE "shop" OWNER "app"`, `sql.login app@shop`. The body is the whole statement. */
  readonly log: readonly Call[]
  clear(): void
  /** Statements that can have changed something. */
  changing(): Call[]
  /** From now on nobody answers at the address that AWS tells, and whoever is connected is cut off. */
  shut(): void
  open(): void
  close(): Promise<void>
}

/** The port of a service that nobody runs. Our own one, once closed, could be somebody else's. */
const NOBODY = 1
const TLS_PLEASE = 80877103
const GSS_PLEASE = 80877104
const CANCEL = 80877102
const CHANGES = /^sql\.(ALTER|CREATE|DO|DROP|GRANT|REVOKE)\b/

/** What a statement is called: without what a password is checked by, which is another one each time. */
const nameOf = (statement: string): string =>
  `sql.${statement
    .replace(/SCRAM-SHA-256\$[^']*/g, '...')
    .replace(/\s+/g, ' ')
    .slice(0, 60)}`

/** A proxy on a free loopback port in front of a PostgreSQL server, in clear. Hooks are those of the proxy in front of AWS. */
export async function startSqlProxy(): Promise<SqlProxy> {
  let log: Call[] = []
  const sockets = new Set<Socket>()
  const note = (op: string, body: string): Call => {
    const call: Call = { n: log.length + 1, op, at: performance.now(), changing: CHANGES.test(op), body }
    log.push(call)
    return call
  }
  const server = createServer((client) => {
    const upstream = connect({ port: proxy.target ?? 0, host: '127.0.0.1' })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      socket.on('error', () => {})
    }
    serve(client, upstream, proxy, note).catch(() => {
      client.destroy()
      upstream.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  let away = false
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const proxy: SqlProxy = {
    port,
    get told() {
      return away ? NOBODY : port
    },
    target: undefined,
    before: undefined,
    after: undefined,
    get log() {
      return log
    },
    clear() {
      log = []
    },
    changing: () => log.filter((call) => call.changing),
    shut() {
      away = true
      cut()
    },
    open() {
      away = false
    },
    async close() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}

/** Whoever asks AWS for the database's address gets the proxy's. */
export const leadThrough = (aws: FaultProxy, sql: SqlProxy): void => {
  aws.edit = (call, text) =>
    call.op.startsWith('rds.')
      ? text.replace(/(<Endpoint>\s*<Address>127\.0\.0\.1<\/Address>\s*<Port>)(\d+)/g, (_, head: string, port: string) => {
          sql.target = Number(port)
          return `${head}${sql.told}`
        })
      : text
}

const serve = async (
  client: Socket,
  upstream: Socket,
  proxy: Pick<SqlProxy, 'before' | 'after'>,
  note: (op: string, body: string) => Call,
): Promise<void> => {
  let asked: { readonly call: Call; readonly answered: () => void } | undefined
  const ask = async (op: string, body: string, message: Buffer, wait: boolean): Promise<void> => {
    const call = note(op, body)
    if ((await proxy.before?.(call)) === 'drop') {
      call.fault = 'dropped'
      call.end = performance.now()
      throw new Error('dropped')
    }
    const answer = new Promise<void>((answered) => (asked = { call, answered }))
    // Also when the one who asked is gone: the network has it.
    upstream.write(message)
    if (wait) await answer
  }
  const questions = async (): Promise<void> => {
    let known = false
    for await (const message of messages(client, () => known)) {
      const number = known ? 0 : message.readInt32BE(4)
      if (number === TLS_PLEASE || number === GSS_PLEASE) client.write('N')
      else if (number === CANCEL) upstream.write(message)
      else if (!known) {
        known = true
        const { user, database } = parametersOf(message)
        await ask(`sql.login ${user}@${database ?? user}`, '', message, false)
      } else if (message[0] === Q) {
        const text = message.toString('utf8', 5, message.length - 1)
        await ask(nameOf(text), text, message, true)
      } else upstream.write(message)
    }
    upstream.end()
  }
  const answers = async (): Promise<void> => {
    let held: Buffer[] = []
    for await (const message of messages(upstream, () => true)) {
      const login = asked?.call.op.startsWith('sql.login ') === true
      held.push(message)
      if (asked && message[0] !== Z && !(login && message[0] === E)) {
        // A login is a conversation; of a statement all is held until it is done.
        if (login) client.write(Buffer.concat(held.splice(0)))
        continue
      }
      const { call, answered } = asked ?? {}
      asked = undefined
      const verdict = call && (await proxy.after?.(call))
      if (call) call.end = performance.now()
      if (call && verdict === 'drop') call.fault = 'dropped'
      answered?.()
      if (verdict === 'drop') throw new Error('dropped')
      client.write(Buffer.concat(held))
      held = []
    }
    client.end()
  }
  const over = (): void => {
    if (asked) asked.call.end ??= performance.now()
    asked?.answered()
    asked = undefined
  }
  await Promise.all([questions(), answers().finally(over)])
}

const [E, Q, Z] = ['E', 'Q', 'Z'].map((letter) => letter.charCodeAt(0))

/** The messages of one side. Only those before the login have no letter in front. */
async function* messages(socket: Socket, lettered: () => boolean): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0)
  for await (const part of socket) {
    rest = Buffer.concat([rest, part as Buffer])
    for (;;) {
      const start = lettered() ? 1 : 0
      if (rest.length < start + 4) break
      const end = start + rest.readInt32BE(start)
      if (rest.length < end) break
      yield rest.subarray(0, end)
      rest = rest.subarray(end)
    }
  }
}

/** `user\0app\0database\0shop\0\0` */
const parametersOf = (startup: Buffer): Record<string, string> => {
  const words = startup.toString('utf8', 8).split('\0')
  return Object.fromEntries(words.flatMap((word, i) => (i % 2 === 0 && word ? [[word, words[i + 1] ?? '']] : [])))
}
