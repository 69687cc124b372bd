import pLimit from 'p-limit'
import { outcomeUnknown } from './trouble.ts'

/** Resolves while the run still holds its lock. @throws LockLost */
export type Check = () => Promise<void>

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

/**
 * AWS was silent for {@link SILENCE_MS}, over several attempts: the call is over. The SDK does not send it again, since it does not know
 * the name.
 */
class NoAnswer extends Error {
  constructor(cause: Error, seconds: number) {
    super(`no answer in ${seconds} s (${cause.message.replace(/^@smithy\/node-http-handler - (\[ERROR\] )?/, '')})`)
    this.name = 'NoAnswer'
  }
}

/** How long all attempts of one call may wait for answers, taken together. Pauses between them and the queue do not count. */
const SILENCE_MS = 80_000

export interface Guarded {
  readonly middlewareStack: {
    addRelativeTo(middleware: never, options: never): void
  }
}

/** Asks before each attempt, after its turn has come: between the call and the attempt may lie minutes of waiting, or a suspend. */
export const checkEachAttempt = (command: Guarded, check: Check): void => {
  const middleware =
    (next: Next): Next =>
    async (args) => {
      await check()
      return next(args)
    }
  command.middlewareStack.addRelativeTo(
    middleware as never,
    { relation: 'after', toMiddleware: 'infraGuard', name: 'infraFence' } as never,
  )
}

type Next = (args: { input: unknown }) => Promise<unknown>

/**
 * Limits the calls in flight, and takes the SDK's retries of creates with an unknown outcome away. Sits inside the retry loop.
 * RunInstances, RunTask and RequestCertificate may be sent again, since their client token goes with them; so may
 * RegisterTaskDefinition: the one revision too many is equal, so whichever is the newest is the right one, and its tags make a
 * destroy remove it as well. RegisterScalableTarget and PutScalingPolicy make or replace.
 */
export const guard = (client: Guarded, inFlight: number): void => {
  const limit = pLimit(inFlight)
  const middleware = (next: Next, context: { commandName?: string }): Next => {
    let silent = 0
    return (args) =>
      limit(async () => {
        const began = performance.now()
        try {
          return await next(args)
        } catch (error) {
          const operation = (context.commandName ?? '').replace(/Command$/, '')
          if (/^(Create|Allocate)/.test(operation) && outcomeUnknown(error)) throw new UnknownOutcome(operation, error)
          if (error instanceof Error && error.name === 'TimeoutError') silent += performance.now() - began
          if (silent >= SILENCE_MS) throw new NoAnswer(error as Error, Math.round(silent / 1000))
          throw error
        }
      })
  }
  client.middlewareStack.addRelativeTo(
    middleware as never,
    { relation: 'after', toMiddleware: 'retryMiddleware', name: 'infraGuard' } as never,
  )
}
