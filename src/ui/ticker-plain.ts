import type { Io } from './io.ts'

/** One text that changes, with lines above it that stay. */
export interface Ticker {
  show(text: string): void
  /** Stays on the screen. */
  line(text: string): void
  /** Leaves the screen tidy. */
  end(): void
}

/** For pipes and CI: each text once, when it has changed. */
export const plainTicker = (io: Io): Ticker => {
  let last = ''
  return {
    show(text) {
      if (text !== last) io.note(`  ${text}`)
      last = text
    },
    line: (text) => io.note(text),
    end: () => undefined,
  }
}
