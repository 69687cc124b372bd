import { ClientRequest } from 'node:http'
import { judgeInput, judgeWire, MARK, note } from './judge.ts'
import type { Wire } from './request.ts'
import { serviceOf } from './wire.ts'

const WATCHED = Symbol.for('infra.models.watched')

/** Where a process that watches finds the models, and what it writes in. */
interface Where {
  readonly root: string
  readonly book: string
}
const prototype = ClientRequest.prototype as ClientRequest & { [WATCHED]?: Where }

/** Notes what a request says to the models. In a process that does not watch, nothing. */
export const checkWire = (wire: Wire): void => {
  const where = prototype[WATCHED]
  const verdict = where && judgeWire(where.root, wire)
  if (where && verdict) note(where.book, verdict)
}

/** The same of a request that never leaves the process, because something in memory answers it. @param service as it would be signed for */
export const checkInput = (service: string, operation: string, input: unknown): void => {
  const where = prototype[WATCHED]
  if (where) note(where.book, judgeInput(where.root, service, operation, input))
}

type Chunk = string | Uint8Array
/** What is told of a request until it is sent. */
interface Open {
  readonly parts: Buffer[]
  readonly marked: boolean
}

/**
 * From here on every request to AWS that this process sends over HTTP is checked before it leaves, whichever client made it,
 * and noted in the book.
 */
export const watch = (root: string, book: string): void => {
  const first = prototype[WATCHED] === undefined
  prototype[WATCHED] = { root, book }
  if (!first) return
  const open = new WeakMap<ClientRequest, Open>()
  const begin = (request: ClientRequest): Open => {
    const known = open.get(request)
    if (known) return known
    const marked = request.getHeader(MARK) !== undefined
    const aws = serviceOf({ headers: request.getHeaders() as never, path: request.path }) !== undefined
    const fresh = { parts: [], marked: marked || !aws }
    if (aws && !marked && !request.headersSent) request.setHeader(MARK, '1')
    open.set(request, fresh)
    return fresh
  }
  const keep = (request: ClientRequest, chunk: unknown, encoding: unknown): void => {
    const { parts, marked } = begin(request)
    if (marked || chunk === undefined || chunk === null || typeof chunk === 'function') return
    const coding = typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'
    parts.push(typeof chunk === 'string' ? Buffer.from(chunk, coding) : Buffer.from(chunk as Uint8Array))
  }
  const { write, end } = prototype
  prototype.write = function (this: ClientRequest, chunk: Chunk, ...rest: unknown[]) {
    keep(this, chunk, rest[0])
    return (write as (...a: unknown[]) => boolean).call(this, chunk, ...rest)
  } as typeof write
  prototype.end = function (this: ClientRequest, ...args: unknown[]) {
    keep(this, args[0], args[1])
    const told = open.get(this)
    if (told && !told.marked) {
      const { method, path } = this
      const headers = this.getHeaders() as Record<string, string>
      checkWire({ method, path, headers, body: Buffer.concat(told.parts) })
    }
    return (end as (...a: unknown[]) => ClientRequest).apply(this, args)
  } as typeof end
}
