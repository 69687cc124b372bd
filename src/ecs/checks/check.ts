import { callOf } from '../../aws/call-of.ts'
import { codeOf } from '../../aws/trouble.ts'
import { InfraError } from '../../core/errors.ts'

/** `warn`: to be looked at, but nothing that must be fixed. `skip`: nobody looked, and why. */
export type Outcome = 'pass' | 'fail' | 'warn' | 'skip'

/** One line of the checklist. */
export interface Check {
  /** Stable, for programs: `tasks`, `env LOG_LEVEL`. */
  readonly name: string
  readonly outcome: Outcome
  readonly detail: string
  /** The command that fixes it, or shows more. */
  readonly next?: string | undefined
  /** Lines of the log, or reasons, as they are. */
  readonly examples?: readonly string[]
}

/** A command about this service as it would be typed here. */
export type Line = (verb: string, more?: string) => string

const SERVICES: Readonly<Record<string, string>> = {
  autoScaling: 'application-autoscaling',
  cloudWatch: 'cloudwatch',
  elb: 'elasticloadbalancing',
  secretsManager: 'secretsmanager',
}

/** The permission that a refused call needs: `logs:FilterLogEvents`. Undefined for any other error. */
export const missingAction = (error: unknown): string | undefined => {
  if (!/^(AccessDenied|UnauthorizedOperation$|AuthorizationError$)/.test(codeOf(error))) return undefined
  const said = /is not authorized to perform: ([\w-]+:\w+)/.exec(error instanceof Error ? error.message : '')?.[1]
  const [service = '', operation = ''] = (callOf(error) ?? '').split('.')
  return said ?? (operation ? `${SERVICES[service] ?? service}:${operation}` : 'one of its actions')
}

/** For want of a permission. */
export const skipped = (action: string): Pick<Check, 'outcome' | 'detail' | 'next'> => ({
  outcome: 'skip',
  detail: `this identity may not look: ${action}`,
  next: `Have ${action} allowed for it`,
})

/** Makes a check that always has an answer: without the permission it is skipped, and any other error is a failure of its own. */
export const guarded = async (name: string, work: () => Promise<Check | readonly Check[]>): Promise<readonly Check[]> => {
  try {
    const made = await work()
    return 'name' in made ? [made] : made
  } catch (error) {
    const action = missingAction(error)
    if (action) return [{ name, ...skipped(action) }]
    const { message } = error as Error
    const next = (error instanceof InfraError ? error.next : undefined) ?? 'Run the same command again'
    return [{ name, outcome: 'fail', detail: `could not be looked at: ${message || codeOf(error)}`, next }]
  }
}

/** `1 task`, `2 tasks`. */
export const many = (n: number, one: string): string => `${n} ${n === 1 ? one : `${one}s`}`

/** 0.034 as `3.4 %`. */
export const percent = (share: number): string => `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)} %`

/** From this share of errors on it is a failure and not only something to look at. */
export const TOO_MANY = 0.01
