import { Deferred, Interrupted, LockLost } from '../core/errors.ts'
import type { Report } from '../engine/events.ts'
import type { Outcome } from '../engine/run.ts'
import { count } from '../ui/format.ts'
import { ndjsonReporter, plainReporter, type Reporter } from '../ui/reporters.ts'
import { spoken } from './globals.ts'
import type { Session } from './types.ts'

export const reporterFor = async (s: Session): Promise<Reporter> => {
  if (s.io.json) return ndjsonReporter()
  if (!s.io.live) return plainReporter(s.io)
  const { liveReporter } = await import('../ui/live.ts')
  return liveReporter(s.io)
}

/** Runs the engine with a reporter that is always ended, also by an error. */
export const withReporter = async <T>(s: Session, work: (report: Report) => Promise<T>): Promise<T> => {
  const reporter = await reporterFor(s)
  s.begin()
  try {
    return await work(reporter.report)
  } finally {
    reporter.end()
  }
}

/**
 * Says what went wrong, each failure once with its reason and remedy, and how to go on.
 * @returns the exit code
 */
export const conclude = (s: Session, outcome: Outcome, again: string): number => {
  const { io } = s
  const told = [...outcome.failed].map(([key, error]) => ({ key, error, ...s.explain(error) }))
  // What has the same reason and the same remedy is told together.
  const alike = new Map<string, typeof told>()
  for (const one of told) {
    const as = one.next === undefined ? one.key : `${one.why}\n${one.next}`
    alike.set(as, [...(alike.get(as) ?? []), one])
  }
  for (const all of alike.values()) {
    const lines = all.map(({ key, error, what }) => {
      const mark = error instanceof Deferred ? io.c.yellow('…') : io.c.red('✗')
      return `\n${mark} ${/^[ :]/.test(what.slice(key.length)) && what.startsWith(key) ? what : `${key}: ${what}`}`
    })
    const [{ why, next, details = [] } = {}] = all
    const shown = details.map((text) => `\n        ${io.c.dim(text)}`).join('')
    io.note(`${lines.join('')}${why ? `\n  why:  ${why}` : ''}${shown}${next ? `\n  next: ${spoken(s.g, next)}` : ''}`)
    if (io.verbose) for (const { error } of all) if (error.stack) io.note(io.c.dim(error.stack))
  }
  if (outcome.failed.size === 0 && !outcome.interrupted) return 0
  // The session says so when it is closed, and what comes next.
  if (s.signal.reason instanceof LockLost) return s.signal.reason.exitCode
  const left = [...outcome.failed.values()].filter((error) => error instanceof Deferred).length
  const failed = outcome.failed.size - left
  if (outcome.blocked.size > 0)
    io.note(`\n${count(outcome.blocked.size, 'resource')} not tried, because they need what ${failed > 0 ? 'failed' : 'waits'}.`)
  io.note(`\n${outcome.interrupted ? 'Interrupted. ' : ''}What is done stays done and is recorded. To go on: ${io.c.cyan(again)}`)
  return failed > 0 ? 1 : outcome.interrupted ? new Interrupted().exitCode : 0
}
