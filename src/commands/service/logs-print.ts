import { safeText } from '../../core/safe.ts'
import type { LogSource } from '../../ecs/logs/log.ts'
import type { LogEvent } from '../../ecs/logs/read.ts'
import type { Colors, Io } from '../../ui/io.ts'

export interface Printer {
  event(event: LogEvent): void
  /** Which containers there are: one alone is not named in each line. */
  expect(sources: readonly LogSource[]): void
  readonly count: number
  /** Whoever read along is gone (`infra logs | head`). */
  readonly closed: AbortSignal
  end(): void
}

const PAINTS = ['cyan', 'yellow', 'green', 'magenta', 'blue', 'red'] as const satisfies readonly (keyof Colors)[]
/** As many letters of an id tell tasks apart. */
const SHORT = 8

/** Writes events: for a person time, task and message in a line, each task in a colour of its own; for programs an object each. */
export const printer = (io: Io, sources: readonly LogSource[], out: NodeJS.WriteStream = process.stdout): Printer => {
  const gone = new AbortController()
  const hear = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') gone.abort()
  }
  out.on('error', hear)
  const terminal = out.isTTY === true
  const paints = new Map<string, (typeof PAINTS)[number]>()
  const containers = new Set(sources.map((s) => s.container))
  let count = 0
  const painted = (task: string): string => {
    const paint = paints.get(task) ?? PAINTS[paints.size % PAINTS.length] ?? 'cyan'
    paints.set(task, paint)
    return io.c[paint](safeText(task.slice(0, SHORT), false))
  }
  return {
    event({ at, task, container, message, stream }) {
      count++
      const time = new Date(at).toISOString()
      if (io.json) {
        io.event({ type: 'log', at: time, task, container, message, stream })
        return
      }
      const lines = message.replace(/\r?\n$/, '').split('\n')
      const whose = containers.size > 1 ? ` ${container}` : ''
      // With all of it before every line: so grep works.
      for (const line of lines)
        io.log(`${io.c.dim(time)} ${painted(task)}${whose} ${terminal ? safeText(line, io.c.isColorSupported) : line}`)
    },
    expect(now) {
      for (const s of now) containers.add(s.container)
    },
    get count() {
      return count
    },
    closed: gone.signal,
    end: () => {
      out.off('error', hear)
    },
  }
}
