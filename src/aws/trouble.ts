import type { Trouble } from '../core/errors.ts'
import { FAMILIES, REST } from './answer-families.ts'
import { OF_CALLS, TOO_MANY_RUN, VAGUE, WORDS } from './answer-words.ts'
import { type Answer, CODES } from './answers.ts'
import { callOf } from './call-of.ts'

/** The error's code without what differs between services and SDK versions: the suffix, and EC2's old prefix. */
export const codeOf = (error: unknown): string => {
  const e = error as { name?: unknown; Code?: unknown; code?: unknown } | undefined
  const code = [e?.name, e?.Code, e?.code].find((c) => typeof c === 'string' && c !== '' && c !== 'Error')
  return String(code ?? '')
    .replace(/^.*#|:.*$/g, '')
    .replace(/^(AWS\.SimpleQueueService|Client|Server)\./, '')
    .replace(/(Exception|Fault)$/, '')
}

const BY_CODE: ReadonlyMap<string, Answer> = new Map(
  (Object.keys(CODES) as Answer[]).flatMap((answer) => (CODES[answer] ?? []).map((code) => [code, answer] as const)),
)

const fits = (of: readonly (readonly [RegExp, Answer])[], text: string): Answer | undefined =>
  of.find(([pattern]) => pattern.test(text))?.[1]

/** What decided: for the test that compares the table with AWS's models. */
export interface Decision {
  readonly answer: Answer
  readonly by: 'connection' | 'call' | 'words' | 'code' | 'family' | 'rest' | 'status'
}

const statusOf = (error: unknown): number | undefined => {
  const e = (error ?? {}) as { $metadata?: { httpStatusCode?: number }; $response?: { statusCode?: number } }
  return e.$metadata?.httpStatusCode ?? e.$response?.statusCode
}

const BY_STATUS: Readonly<Record<number, Answer>> = {
  401: 'credentials',
  403: 'denied',
  404: 'gone',
  409: 'in-use',
}

/**
 * What AWS said, by the call, the code, the words and the status, in this order.
 * @param call our name of the call that was answered with it: `ecs.RunTask`
 * @returns undefined for an error that is none of AWS's, or that nothing is known of
 */
export const decide = (error: unknown, call = callOf(error)): Decision | undefined => {
  const code = codeOf(error).replace(/^WAF(?=[A-Z])/, '')
  const message = error instanceof Error ? error.message : ''
  const family = fits(FAMILIES, code)
  const slower = family === 'throttled' ? 'family' : statusOf(error) === 429 ? 'status' : undefined
  if (slower) return { answer: TOO_MANY_RUN.test(message) ? 'quota' : 'throttled', by: slower }
  // EC2 says by 500 that it has no machine left: nothing was done, and it is no fault.
  if (family === 'capacity') return { answer: 'capacity', by: 'family' }
  if (isUnsent(error)) return { answer: 'unreachable', by: 'connection' }
  if (isLost(error)) return { answer: 'unknown-outcome', by: 'connection' }
  const own = OF_CALLS.find(([of, c, , says]) => call && of.test(call) && c.test(code) && (says?.test(message) ?? true))
  if (own) return { answer: own[2], by: 'call' }
  const listed = BY_CODE.get(code)
  if (VAGUE.has(code) || (!listed && !family)) {
    const words = fits(WORDS, message)
    if (words) return { answer: words, by: 'words' }
  }
  if (listed) return { answer: listed, by: 'code' }
  if (family) return { answer: family, by: 'family' }
  const rest = fits(REST, code)
  if (rest) return { answer: rest, by: 'rest' }
  const status = BY_STATUS[statusOf(error) ?? 0]
  return status && { answer: status, by: 'status' }
}

export const answerOf = (error: unknown): Answer | undefined => decide(error)?.answer

export const isThrottling = (error: unknown): boolean => answerOf(error) === 'throttled'

/** The call did not leave this machine. */
const isUnsent = (error: unknown): boolean =>
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/.test((error as { code?: string } | undefined)?.code ?? '')

/** No answer, or one that says nothing about what was done. */
const isLost = (error: unknown): boolean => {
  const e = (error ?? {}) as { name?: string; code?: string }
  if (/^(UnknownOutcome|ConnectionLost|ChangedMeanwhile|NoAnswer)$/.test(codeOf(error))) return true
  const status = statusOf(error)
  // An error in spite of a 200: it was done, and the answer broke off or could not be read.
  if (status !== undefined) return status < 300 || (status >= 500 && status !== 501)
  return e.name === 'TimeoutError' || /^(ECONNRESET|EPIPE|ETIMEDOUT)$/.test(e.code ?? '') || /socket hang up/.test(String(error))
}

/** True when the call may have been carried out although no answer says so. */
export const outcomeUnknown = (error: unknown): boolean => answerOf(error) === 'unknown-outcome'

const TROUBLE: Readonly<Record<Answer, Trouble>> = {
  gone: 'gone',
  exists: 'exists',
  'in-use': 'in-use',
  busy: 'propagating',
  propagating: 'propagating',
  throttled: 'throttled',
  'unknown-outcome': 'unknown-outcome',
  unreachable: 'unreachable',
  capacity: 'fatal',
  quota: 'fatal',
  denied: 'fatal',
  credentials: 'fatal',
  refused: 'fatal',
}

/** How an SDK error is to be handled. @param call our name of the call, where it is known otherwise than by the error */
export const classify = (error: unknown, call?: string): Trouble => {
  const answer = decide(error, call ?? callOf(error))?.answer
  return answer === undefined ? 'fatal' : TROUBLE[answer]
}

/** Runs a read and answers undefined when AWS says that the thing does not exist. Any other error is an error. */
export const unlessGone = async <T>(read: Promise<T>): Promise<T | undefined> => {
  try {
    return await read
  } catch (error) {
    if (classify(error) === 'gone') return undefined
    throw error
  }
}
