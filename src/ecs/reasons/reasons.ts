import { LOG_RULES } from './log.ts'
import { START_RULES } from './start.ts'
import { type Cause, RULES, type Rule } from './table.ts'

export { reasonOfTarget } from './target.ts'

/** Why a task or a target is not well, and the command or change that fixes it. */
export interface Reason {
  readonly what: string
  readonly next: string
  /** So many tasks may end like this before it counts: ECS starts another by itself, which usually succeeds. */
  readonly retries?: number
  readonly cause?: Cause
}

/** What is known of a task that ended. */
export interface Ended {
  readonly stopCode?: string | undefined
  readonly stoppedReason?: string | undefined
  readonly containers?:
    | readonly {
        readonly name?: string | undefined
        readonly image?: string | undefined
        readonly exitCode?: number | undefined
        readonly reason?: string | undefined
      }[]
    | undefined
  /** What else AWS says of it: events, the answer of the health check. */
  readonly said?: readonly string[]
  /** Its own last lines. */
  readonly log?: readonly string[]
}

/**
 * What the end of a task means. Undefined where only its own log can tell.
 * @param ours whether infra made the service: then infra.yaml is the place to fix it
 */
export const reasonOf = (task: Ended, ours = true): Reason | undefined => {
  const { stopCode, stoppedReason, containers = [], said = [], log = [] } = task
  const text = [stopCode, stoppedReason, ...containers.map((c) => c.reason), ...said].filter(Boolean).join('\n')
  return byRules([...RULES, ...START_RULES], text, ours) ?? byRules(LOG_RULES, log.join('\n'), ours) ?? byExit(task, ours)
}

const byRules = (rules: readonly Rule[], text: string, ours: boolean): Reason | undefined => {
  for (const { when, what, next, elsewhere, retries, cause } of rules) {
    const m = when.exec(text)
    if (!m) continue
    const said = typeof what === 'string' ? what : what(m)
    return {
      what: said,
      next: ours ? next : elsewhere,
      ...(retries === undefined ? {} : { retries }),
      ...(cause ? { cause } : {}),
    }
  }
  return undefined
}

const byExit = ({ containers = [], stoppedReason = '' }: Ended, ours: boolean): Reason | undefined => {
  const failed = containers.find((c) => c.exitCode !== undefined && c.exitCode !== 0)
  if (failed?.exitCode !== undefined) return ofExit(failed.exitCode, ours)
  if (/Essential container/i.test(stoppedReason) && containers.some((c) => c.exitCode === 0))
    return {
      what: 'its command came to an end (0): what a service runs must go on running',
      next: `Fix command in ${ours ? 'infra.yaml' : 'the task definition'}, or the image; what runs once is a task: infra run`,
    }
  return undefined
}

const ofExit = (code: number, ours: boolean): Reason => {
  const log = 'Its last lines say why: infra logs'
  const place = ours ? 'infra.yaml' : 'the task definition'
  switch (code) {
    case 137:
      return {
        what: 'it was killed (137): it needed more memory than it has, or did not end when asked to',
        next: `${log}; or set more memory in ${place}`,
      }
    case 139:
      return { what: 'it crashed (139, a segmentation fault)', next: log }
    case 143:
      return { what: 'it was asked to end (143) and did', next: log }
    case 126:
    case 127:
      return { what: `its command cannot be run (${code})`, next: `Fix command in ${place}, or the image` }
    default:
      return { what: `its command ended with ${code}`, next: log }
  }
}
