import type { Readable } from 'node:stream'

/** One attempt of a call, from the request to the last byte of the answer. The headers alone: {@link HEADERS_MS}. */
export const ATTEMPT_MS = 45_000
export const HEADERS_MS = 30_000
/** No list or document that is asked for is nearly as large; parsed, it takes ten times as much memory. */
export const LARGEST_ANSWER = 64 * 1024 ** 2
/** Slower than this is taken for a line that is dead. */
const SLOWEST = { bytes: 1024, ms: 30_000 }

/** The answer did not come to its end in time. Named as the SDK names it, so that it sends a read again. */
class AnswerStalled extends Error {
  readonly code = 'ETIMEDOUT'
  constructor(bytes: number, seconds: number) {
    super(`the answer stopped in the middle: ${bytes} bytes in ${seconds} s`)
    this.name = 'TimeoutError'
  }
}

/**
 * Something came back, and it is not from AWS: a captive portal, a proxy that opens TLS. After a 2xx the call may have been carried
 * out, so the status stays on it: a create is looked for first, a read is sent again.
 */
export class NotAws extends Error {
  readonly $metadata: { readonly httpStatusCode: number }
  readonly $retryable: object | undefined
  constructor(status: number, what: string) {
    super(`the answer (HTTP ${status}) is not from AWS: ${what}`)
    this.name = 'NotAws'
    this.$metadata = { httpStatusCode: status }
    this.$retryable = status < 300 ? {} : undefined
  }
}

interface Response {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  body: unknown
}
interface Handled {
  readonly response: Response
}
type Next = (args: { input: unknown; request?: { method?: string } }) => Promise<Handled>
/** What the SDK knows of the operation: `[9, namespace, name, traits, input, output]`. */
interface Context {
  readonly __smithy_context?: { readonly operationSchema?: readonly unknown[] }
}
interface Stack {
  readonly middlewareStack: { add(middleware: never, options: never): void }
}

/**
 * Reads each answer to its end within {@link ATTEMPT_MS} and hands it on only when it is one. A body that is a stream (an object of
 * S3) is handed on as it is, and ends with an error when nothing comes for {@link SLOWEST}.
 */
export const wholeAnswers = (client: Stack): void => {
  const middleware =
    (next: Next, context: Context): Next =>
    async (args) => {
      const until = performance.now() + ATTEMPT_MS
      const handled = await next(args)
      const { response } = handled
      const body = response.body
      if (!isStream(body)) return handled
      const shape = outputOf(context)
      if (shape.streams && response.statusCode < 300) {
        if (!requestId(response.headers)) {
          body.destroy()
          throw new NotAws(response.statusCode, 'it has no request id')
        }
        if (args.request?.method !== 'HEAD') watch(body)
        return handled
      }
      const bytes = await readAll(body, until)
      check(response, bytes, shape.bodyExpected, args.request?.method)
      // S3's own check for an error in spite of a 200 looks at streams only.
      response.body = shape.isS3 ? (await import('node:stream')).Readable.from([bytes], { objectMode: false }) : bytes
      return handled
    }
  client.middlewareStack.add(middleware as never, { step: 'deserialize', priority: 'low', name: 'infraWholeAnswers' } as never)
}

const isStream = (body: unknown): body is Readable =>
  body !== null && typeof body === 'object' && typeof (body as { pipe?: unknown }).pipe === 'function'

const requestId = (headers: Readonly<Record<string, string>>): string | undefined =>
  headers['x-amzn-requestid'] ?? headers['x-amzn-request-id'] ?? headers['x-amz-request-id']

interface Shape {
  readonly isS3: boolean
  /** The body is a member of the output that the caller reads as it comes. */
  readonly streams: boolean
  /** AWS's answer has members, and they are in the body. */
  readonly bodyExpected: boolean
}

/** Of what the SDK's schema says of the answer. S3 answers in headers. */
export const outputOf = (context: Context): Shape => {
  const [, namespace, name, , , output] = context.__smithy_context?.operationSchema ?? []
  const isS3 = namespace === 'com.amazonaws.s3'
  const schema: unknown = typeof output === 'function' ? output() : output
  const members: unknown = Array.isArray(schema) ? schema[4] : undefined
  return {
    isS3,
    streams: isS3 && name === 'GetObject',
    bodyExpected: !isS3 && Array.isArray(members) && members.length > 0,
  }
}

/** @throws NotAws for a success without AWS's request id, or without the body that it must have; and for a page in place of a refusal */
const check = (response: Response, bytes: Buffer, bodyExpected: boolean, method: string | undefined): void => {
  const { statusCode, headers } = response
  const known = requestId(headers) !== undefined || /<request-?id>/i.test(bytes.toString('latin1'))
  if (statusCode < 300) {
    if (!known) throw new NotAws(statusCode, bytes.length === 0 ? 'it is empty' : `it begins with ${beginning(bytes)}`)
    if (bodyExpected && bytes.length === 0 && method !== 'HEAD') throw new NotAws(statusCode, 'it is empty')
    return
  }
  if (known || statusCode >= 500) return
  if (statusCode < 400 || statusCode === 407 || /^\s*<(!doctype|html)/i.test(bytes.toString('latin1', 0, 200)))
    throw new NotAws(statusCode, bytes.length === 0 ? 'it is empty' : `it begins with ${beginning(bytes)}`)
}

const beginning = (bytes: Buffer): string =>
  JSON.stringify(bytes.toString('utf8', 0, 200).replace(/\s+/g, ' ').trim().slice(0, 60))

/** @throws TimeoutError when it has not ended in time; the stream is closed then */
const readAll = (body: Readable, until: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let size = 0
    const late = (): void => {
      body.destroy(new AnswerStalled(size, ATTEMPT_MS / 1000))
    }
    const timer = setTimeout(late, Math.max(0, until - performance.now()))
    body.on('data', (part: Buffer) => {
      parts.push(part)
      size += part.length
      if (size > LARGEST_ANSWER) body.destroy(new Error(`the answer is larger than ${LARGEST_ANSWER / 1024 ** 2} MB`))
    })
    body.once('end', () => resolve(Buffer.concat(parts)))
    body.once('error', reject)
    body.once('close', () => {
      clearTimeout(timer)
      reject(Object.assign(new Error('the connection was closed in the middle of the answer'), { code: 'ECONNRESET' }))
    })
  })

/** Ends a stream on which hardly anything comes although it is being read: what waits in it is the reader's own pause. */
const watch = (body: Readable): void => {
  const socket = (body as { socket?: { bytesRead: number } }).socket
  let before = socket?.bytesRead ?? 0
  const timer = setInterval(() => {
    const now = socket?.bytesRead ?? 0
    const came = now - before
    before = now
    if (came < SLOWEST.bytes && body.readableLength === 0) body.destroy(new AnswerStalled(came, SLOWEST.ms / 1000))
  }, SLOWEST.ms)
  timer.unref()
  body.once('close', () => clearInterval(timer))
}
