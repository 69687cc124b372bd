import { ClientRequest } from 'node:http'
import { MARK, serviceOf, type Wire } from './request.ts'

type Chunk = string | Uint8Array
/** What is told of a request until it is sent. */
interface Open {
  readonly parts: Buffer[]
  readonly marked: boolean
}

/**
 * From here on every request to AWS that this process sends over HTTP is told before it leaves, whichever client made it. Those that
 * bear the mark already are somebody else's.
 */
export const hearRequests = (hear: (wire: Wire) => void): void => {
  const prototype = ClientRequest.prototype
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
      hear({ method, path, headers, body: Buffer.concat(told.parts) })
    }
    return (end as (...a: unknown[]) => ClientRequest).apply(this, args)
  } as typeof end
}
