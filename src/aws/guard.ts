import pLimit from 'p-limit'
import { isThrottling } from './trouble.ts'

/**
 * A create whose answer was lost may have taken effect. The SDK would send it again by itself and make a second one, so it must
 * not see the error as retryable; the engine looks at the world first.
 */
export class UnknownOutcome extends Error {
  /** What happened to the answer. Not `cause`: the SDK's retry loop looks there too, and would send the call again. */
  readonly lost: unknown
  constructor(operation: string, lost: unknown) {
    super(`the answer to ${operation} was lost (${lost instanceof Error ? lost.message : String(lost)})`)
    this.name = 'UnknownOutcome'
    this.lost = lost
  }
}

const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

/** True when the call may have been carried out although no answer says so. */
export const outcomeUnknown = (error: unknown): boolean => {
  const e = error as {
    name?: string
    code?: string
    $metadata?: { httpStatusCode?: number }
    $response?: { statusCode?: number }
  }
  const status = e.$metadata?.httpStatusCode ?? e.$response?.statusCode
  if (isThrottling(error) || (e.code !== undefined && NOT_SENT.has(e.code))) return false
  // An error in spite of a 200: it was done, and the answer broke off or could not be read.
  if (status !== undefined) return status < 300 || (status >= 500 && status !== 501)
  return (
    e.name === 'TimeoutError' ||
    e.code === 'ECONNRESET' ||
    e.code === 'EPIPE' ||
    e.code === 'ETIMEDOUT' ||
    /socket hang up/.test(String(error))
  )
}

interface Guarded {
  readonly middlewareStack: {
    addRelativeTo(middleware: never, options: never): void
  }
}

type Next = (args: { input: unknown }) => Promise<unknown>

/** Limits the calls in flight, and takes the SDK's retries of creates with an unknown outcome away. Sits inside the retry loop. */
export const guard = (client: Guarded, inFlight: number): void => {
  const limit = pLimit(inFlight)
  const middleware =
    (next: Next, context: { commandName?: string }): Next =>
    (args) =>
      limit(async () => {
        try {
          return await next(args)
        } catch (error) {
          const operation = (context.commandName ?? '').replace(/Command$/, '')
          if (/^(Create|Allocate)/.test(operation) && outcomeUnknown(error)) throw new UnknownOutcome(operation, error)
          throw error
        }
      })
  client.middlewareStack.addRelativeTo(
    middleware as never,
    { relation: 'after', toMiddleware: 'retryMiddleware', name: 'infraGuard' } as never,
  )
}
