import ora from 'ora'
import { safeScreen } from '../core/safe.ts'
import type { Event } from '../engine/events.ts'
import { elapsed } from './format.ts'
import type { Io } from './io.ts'
import { line, type Reporter, usually } from './reporters.ts'

/** Copilot's rule: a screen is 24 lines. */
const MOST = 20

interface Running {
  readonly since: number
  status: string
  minutes: number
}

/** Finished things stay above as lines; below them one line for each that runs, with AWS's own status word. */
export const liveReporter = (io: Io): Reporter => {
  const running = new Map<string, Running>()
  const spinner = ora({ stream: process.stderr, discardStdin: false, hideCursor: true })
  const draw = (): void => {
    const now = Date.now()
    const rows = [...running].sort(([, a], [, b]) => a.since - b.since)
    const shown = rows.slice(0, MOST).map(([key, r]) => {
      return `${key} ${io.c.dim(`${r.status}  ${elapsed(now - r.since)}${usually(r.minutes)}`)}`
    })
    if (rows.length > MOST) shown.push(io.c.dim(`and ${rows.length - MOST} more`))
    spinner.text = safeScreen(shown.join('\n  '), io.c.isColorSupported)
  }
  const timer = setInterval(draw, 200)
  const begin = (event: Extract<Event, { name: string }>): void => {
    running.set(event.key, { since: Date.now(), status: event.type.replace('resource.', ''), minutes: 0 })
  }
  return {
    report(event) {
      if (event.type === 'resource.creating' || event.type === 'resource.updating' || event.type === 'resource.deleting')
        begin(event)
      else if (event.type === 'resource.waiting') {
        const now = running.get(event.key) ?? { since: Date.now() - event.elapsedMs, status: '', minutes: 0 }
        running.set(event.key, { since: now.since, status: event.status, minutes: event.minutes })
      } else {
        if ('key' in event) running.delete(event.key)
        const text = line(event, io)
        if (text) {
          spinner.stop()
          io.note(text)
        }
      }
      draw()
      if (running.size === 0) spinner.stop()
      else if (!spinner.isSpinning) spinner.start()
    },
    end() {
      clearInterval(timer)
      spinner.stop()
    },
  }
}
