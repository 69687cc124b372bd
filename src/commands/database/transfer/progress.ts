import { elapsed } from '../../../ui/format.ts'
import type { Io } from '../../../ui/io.ts'

export interface Progress {
  add(bytes: number): void
  bytes(): number
  end(): void
}

/** Between two lines in a log. */
const LINE_MS = 10_000

export const bytesOf = (n: number): string => {
  const units = ['KB', 'MB', 'GB', 'TB']
  let value = n
  let unit = 'bytes'
  for (const next of units) {
    if (value < 1000) break
    value /= 1000
    unit = next
  }
  return unit === 'bytes' ? `${n} bytes` : `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

/** How much has gone through: one line that moves in a terminal, a line now and then in a log, on stderr. */
export const progress = (io: Io, what: string, total?: number): Progress => {
  const began = Date.now()
  let sum = 0
  const text = (): string => `  ${what}  ${bytesOf(sum)}${total ? ` of ${bytesOf(total)}` : ''}  ${elapsed(Date.now() - began)}`
  const draw = (): void => {
    if (io.live) process.stderr.write(`\r\x1b[K${io.c.dim(text())}`)
    else io.note(text())
  }
  const timer = io.json ? undefined : setInterval(draw, io.live ? 200 : LINE_MS)
  return {
    add: (bytes) => {
      sum += bytes
    },
    bytes: () => sum,
    end: () => {
      clearInterval(timer)
      if (io.live) process.stderr.write('\r\x1b[K')
    },
  }
}
