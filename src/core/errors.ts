/** How an error of a call is to be handled. Only the caller's own room (src/aws) knows AWS's error names. */
export type Trouble =
  | 'unknown-outcome' // the call may have taken effect: 5xx, timeout, lost connection
  | 'unreachable' // the call did not leave: no network, no name, nobody listens. Nothing happened, the same call works later
  | 'propagating' // refused for now: what it names is not known everywhere yet, or another change is under way. The same call will work soon
  | 'throttled' // too many calls a second: nothing happened, the same call works later
  | 'exists' // the name is taken
  | 'in-use' // something still depends on it
  | 'gone' // it is not there
  | 'fatal'

/** How long the network may be away before a wait gives up: a laptop that changes networks, a proxy that restarts. */
export const AWAY_MS = 10 * 60_000

/** What a person is told meanwhile. */
export const AWAY = 'AWS cannot be reached (is there a network?); asked again'

/** The silence that a wait bears. A look changes nothing, so it may be asked again without an answer. */
export interface Silence {
  /** An answer came. */
  broken(): void
  /** @returns false when the error is of another kind, or has lasted longer than {@link AWAY_MS} */
  bears(trouble: Trouble): boolean
}

/** @param now milliseconds on a clock */
export const silence = (now: () => number): Silence => {
  let since: number | undefined
  return {
    broken: () => {
      since = undefined
    },
    bears: (trouble) => {
      if (trouble !== 'unknown-outcome' && trouble !== 'unreachable') return false
      since ??= now()
      return now() - since <= AWAY_MS
    },
  }
}

/** What a person is told while the same call is asked again for `propagating`. */
export const EARLY = 'AWS is not ready for it yet; asked again'

/** The same for `throttled`. */
export const SLOWER = 'AWS asks for fewer calls a second'

/**
 * What a program can go by, where a sentence is for people: printed with `--json`. `refused` and `failed` are those that have no name
 * of their own: nothing was changed, and something may have been.
 */
export type ErrorCode =
  | 'usage' // the command line itself
  | 'config.missing'
  | 'config.invalid'
  | 'credentials' // none, expired, or not accepted
  | 'lock.held' // by another run
  | 'lock.lost' // to another run
  | 'yes.needed' // a question, and nobody who could answer it
  | 'waiting' // for a person; what could be done is done
  | 'interrupted'
  | 'refused'
  | 'failed'

const codeFor = (exitCode: number): ErrorCode => (exitCode === 130 ? 'interrupted' : exitCode === 2 ? 'refused' : 'failed')

/** What happened, why, and what to do next: one sentence each. Every error that a person sees is one of these. */
export class InfraError extends Error {
  readonly what: string
  readonly why: string | undefined
  readonly next: string | undefined
  /** What shows more, a line each: the end of a log. */
  readonly details: readonly string[]
  /** 1: something failed. 2: refused, nothing was changed. 130: interrupted. */
  readonly exitCode: number
  readonly code: ErrorCode

  constructor(
    what: string,
    more: {
      why?: string | undefined
      next?: string | undefined
      details?: readonly string[] | undefined
      exitCode?: number
      code?: ErrorCode
      cause?: unknown
    } = {},
  ) {
    super([what, more.why].filter(Boolean).join(': '), { cause: more.cause })
    this.what = what
    this.why = more.why
    this.next = more.next
    this.details = more.details ?? []
    this.exitCode = more.exitCode ?? 1
    this.code = more.code ?? codeFor(this.exitCode)
  }
}

/** Refused: bad input, or a question that may not be asked. Nothing was changed. */
export const refuse = (what: string, why?: string, next?: string, code: ErrorCode = 'refused'): InfraError =>
  new InfraError(what, { why, next, exitCode: 2, code })

/** Refused: there is a question, and nobody to answer it. @param next the command, flag or key that answers it */
export const needsYes = (what: string, next: string): InfraError =>
  refuse(`${what}, and nobody can be asked here`, 'there is no terminal', next, 'yes.needed')

/** The same error under another code. */
export const coded = ({ what, why, next, exitCode, cause }: InfraError, code: ErrorCode): InfraError =>
  new InfraError(what, { why, next, exitCode, code, cause })

/** The run was told to stop; what was begun is recorded. */
export class Interrupted extends InfraError {
  constructor(what = 'Interrupted', more: ConstructorParameters<typeof InfraError>[1] = { exitCode: 130 }) {
    super(what, more)
  }
}

/**
 * The lock is another run's, or nobody's: this run changes nothing more, neither in the account nor in the state. Without a `cause`:
 * the SDK's retry loop looks there, too, and would send the call again.
 */
export class LockLost extends Interrupted {
  constructor(what: string) {
    super(what, {
      why: 'this run stopped before its next change; nothing that the other one has written was overwritten',
      next: 'Wait until the other run is done, then run the same command again: it goes on from what is there',
      exitCode: 1,
      code: 'lock.lost',
    })
  }
}

/** Begun, and left for a later run: a person has to do something outside of AWS first. */
export class Deferred extends InfraError {
  constructor(why: string) {
    super('it waits for you', { why, next: 'Do that; then the same command goes on', exitCode: 0, code: 'waiting' })
  }
}

/** Before each call that changes something: a run that was told to stop begins nothing new. */
export const checkStop = (signal: AbortSignal): void => {
  if (signal.aborted) throw signal.reason instanceof Interrupted ? signal.reason : new Interrupted()
}
