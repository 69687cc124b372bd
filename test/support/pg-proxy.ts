import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

type When = 'before' | 'after'

export interface PgProxy {
  readonly port: number
  /** The text of each statement, in the order in which they came, over all connections. The first one has the number 1. */
  readonly statements: string[]
  /**
   * Breaks the connection at the statement with this number: before the server hears of it, or when the server has carried it
   * out and the client has not heard so. `forGood`: from then on nobody gets through.
   */
  cut(at: number, when: When, forGood?: boolean): void
  /** Called and waited for before the server hears of a statement. */
  onStatement?: ((k: number) => Promise<void>) | undefined
  /** The server has carried it out; the client waits until this is over. */
  onDone?: ((k: number) => Promise<void>) | undefined
  /** Called when the connection has been cut. */
  onCut?: (() => void) | undefined
  /** Forgets the statements and a cut that was not reached, lets everybody through, and counts from 1 again. */
  clear(): void
  close(): Promise<void>
}

const SSL_REQUEST = 80877103
const GSS_REQUEST = 80877104

/** Messages of one direction, each whole (www.postgresql.org/docs/current/protocol-message-formats.html). */
class Framer {
  #rest = Buffer.alloc(0)
  /** The first message of a client has no letter. */
  #bare: boolean
  constructor(bare: boolean) {
    this.#bare = bare
  }
  *read(chunk: Buffer): Generator<{ letter: string; body: Buffer; whole: Buffer }> {
    this.#rest = Buffer.concat([this.#rest, chunk])
    for (;;) {
      const head = this.#bare ? 0 : 1
      if (this.#rest.length < head + 4) return
      const length = head + this.#rest.readInt32BE(head)
      if (this.#rest.length < length) return
      const whole = this.#rest.subarray(0, length)
      this.#rest = this.#rest.subarray(length)
      const letter = this.#bare ? '' : String.fromCharCode(whole[0] ?? 0)
      const body = whole.subarray(head + 4)
      const code = this.#bare && body.length >= 4 ? body.readInt32BE(0) : 0
      if (code !== SSL_REQUEST && code !== GSS_REQUEST) this.#bare = false
      yield { letter, body, whole }
    }
  }
}

const cString = (body: Buffer, from = 0): string => body.toString('utf8', from, body.indexOf(0, from))

/**
 * Stands between a client and a PostgreSQL server on this machine, and reads what is asked, without TLS. An encrypted connection
 * passes through unread.
 */
export const startPgProxy = async (serverPort: number): Promise<PgProxy> => {
  const sockets = new Set<Socket>()
  const statements: string[] = []
  let planned: { at: number; when: When; forGood: boolean } | undefined
  let down = false

  const breakOff = (both: readonly Socket[]): void => {
    const { forGood } = planned ?? { forGood: false }
    planned = undefined
    down = forGood
    for (const socket of forGood ? sockets : both) socket.destroy()
    proxy.onCut?.()
  }
  const serve = (client: Socket): void => {
    if (down) return void client.destroy()
    const server = connect(serverPort, '127.0.0.1')
    const both = [client, server]
    const asked = new Framer(true)
    const answered = new Framer(false)
    const prepared = new Map<string, string>()
    const portals = new Map<string, string>()
    /** The number of the statement that the server works on. */
    let running = 0
    /** One byte without a frame says whether the server speaks TLS. */
    let oneByte = false
    let raw = false
    const held: Buffer[] = []
    let turn: Promise<void> = Promise.resolve()
    const then = (work: () => Promise<void>): void => {
      turn = turn.then(work).catch(() => void client.destroy())
    }

    const textOf = (letter: string, body: Buffer): string | undefined => {
      const first = letter === 'P' || letter === 'B' || letter === 'E' ? cString(body) : ''
      if (letter === 'P') prepared.set(first, cString(body, Buffer.byteLength(first) + 1))
      if (letter === 'B') portals.set(first, prepared.get(cString(body, Buffer.byteLength(first) + 1)) ?? '')
      return letter === 'Q' ? cString(body) : letter === 'E' ? (portals.get(first) ?? '') : undefined
    }
    const forward = async (letter: string, body: Buffer, whole: Buffer): Promise<void> => {
      if (letter === '' && body.length === 4) oneByte = body.readInt32BE(0) === SSL_REQUEST || body.readInt32BE(0) === GSS_REQUEST
      const text = textOf(letter, body)
      if (text !== undefined) {
        running = statements.push(text)
        const k = running
        await proxy.onStatement?.(k)
        if (planned?.at === k && planned.when === 'before') return breakOff(both)
      }
      server.write(whole)
    }
    const backward = async (letter: string, whole: Buffer): Promise<void> => {
      if (letter === 'Z' && running > 0) {
        const k = running
        running = 0
        await proxy.onDone?.(k)
        if (planned?.at === k && planned.when === 'after') return breakOff(both)
      }
      // What a statement answers is held back to its end, so that a cut loses all of it.
      held.push(whole)
      if (running === 0) client.write(Buffer.concat(held.splice(0)))
    }
    client.on('data', (chunk: Buffer) => {
      if (raw) return void server.write(chunk)
      for (const { letter, body, whole } of asked.read(chunk)) then(() => forward(letter, body, whole))
    })
    server.on('data', (chunk: Buffer) => {
      if (raw) return void client.write(chunk)
      if (oneByte) {
        oneByte = false
        raw = chunk.toString('latin1', 0, 1) === 'S'
        return void client.write(chunk)
      }
      for (const { letter, whole } of answered.read(chunk)) then(() => backward(letter, whole))
    })
    // In turn: what one side has sent before it went away still reaches the other, as it would without us.
    for (const [socket, other] of [both, [server, client]] as [Socket, Socket][]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {}) // 'close' follows
      socket.on('end', () => then(async () => void other.end()))
      socket.on('close', () => {
        sockets.delete(socket)
        then(async () => void other.end())
      })
    }
  }

  const listener = createServer({ allowHalfOpen: true }, serve).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const proxy: PgProxy = {
    port: (listener.address() as AddressInfo).port,
    statements,
    cut: (at, when, forGood = false) => {
      planned = { at, when, forGood }
    },
    clear: () => {
      statements.length = 0
      planned = undefined
      down = false
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
  return proxy
}
