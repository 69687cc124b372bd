import { Deferred, InfraError } from '../core/errors.ts'
import { safeJson } from '../core/safe.ts'
import type { Event, Report } from '../engine/events.ts'
import { about, elapsed, shortId } from './format.ts'
import type { Io } from './io.ts'

/** Hears the engine's events and shows them; `end` leaves the screen tidy. */
export interface Reporter {
  readonly report: Report
  end(): void
}

const DONE = { created: 'created', updated: 'updated', found: 'found', kept: 'as wanted' } as const

/** The line that stays on the screen for an event; undefined for those that only move. */
export const line = (event: Event, io: Io): string | undefined => {
  const { c } = io
  switch (event.type) {
    case 'resource.ready':
      if (event.did === 'kept') return undefined
      return [
        `${c.green('✓')} ${event.key} ${DONE[event.did]} ${c.dim(`${shortId(event.id)}  ${elapsed(event.tookMs)}`)}`,
        ...(event.scheduled ?? []).map((words) => `  ${c.yellow('scheduled:')} ${words}`),
      ].join('\n')
    case 'resource.gone':
      return `${c.green('✓')} ${event.key} deleted ${c.dim(elapsed(event.tookMs))}${event.leaves ? `\n  ${c.yellow('stays:')} ${event.leaves}` : ''}`
    case 'resource.failed':
      if (event.error instanceof Deferred) return `${c.yellow('…')} ${event.key} is begun and waits for you`
      return `${c.red('✗')} ${event.key} failed: ${event.error instanceof InfraError ? event.error.what : event.error.message}`
    case 'resource.blocked':
      return `${c.yellow('-')} ${event.key} not done: it needs ${event.by}`
    case 'note':
      return event.text
    default:
      return undefined
  }
}

const verb = { 'resource.creating': 'creating', 'resource.updating': 'updating', 'resource.deleting': 'deleting' } as const

/** What is known of how long a wait usually takes; nothing for what takes less than a minute. */
export const usually = (minutes: number): string => (minutes >= 1 ? `, usually ${about(minutes)}` : '')

/** A status that does not change is said again after so long: a log that stands still for an hour looks like a hang. */
const AGAIN_MS = 5 * 60_000

/** One line for each thing that happens: for pipes, CI and --verbose. */
export const plainReporter = (io: Io): Reporter => {
  const said = new Map<string, { readonly status: string; readonly elapsedMs: number }>()
  return {
    report(event) {
      if (event.type in verb) {
        const e = event as Extract<Event, { name: string }>
        // What is done in a blink needs one line, when it is done; a reason for an unexpected step is worth one before.
        if (io.verbose || e.why) io.note(`  ${e.key}: ${verb[e.type]} ${e.title} ${e.name}${e.why ? ` (${e.why})` : ''}`)
      } else if (event.type === 'resource.waiting') {
        // Each status once, a long one now and then: a log is no place for a spinner.
        const { key, status, elapsedMs, minutes } = event
        const last = said.get(key)
        const isOld = last?.status === status && elapsedMs >= last.elapsedMs && elapsedMs < last.elapsedMs + AGAIN_MS
        if (isOld) return
        said.set(key, { status, elapsedMs })
        io.note(`  ${key}: ${status}${elapsedMs >= 60_000 ? `, ${elapsed(elapsedMs)} so far` : ''}${usually(minutes)}`)
      } else {
        const text = line(event, io)
        if (text) io.note(text)
      }
    },
    end: () => undefined,
  }
}

/** Events as they are, one JSON object a line on stdout: for programs. */
export const ndjsonReporter = (): Reporter => ({
  report(event) {
    const { error, ...rest } = event as Event & { error?: Error }
    process.stdout.write(`${safeJson({ ...rest, ...(error ? { error: error.message } : {}) })}\n`)
  },
  end: () => undefined,
})
