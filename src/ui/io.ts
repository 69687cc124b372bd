import pc from 'picocolors'
import { safeJson, safeScreen } from '../core/safe.ts'

export interface IoOptions {
  readonly color: boolean
  readonly json: boolean
  readonly yes: boolean
  readonly verbose: boolean
}

export type Colors = ReturnType<typeof pc.createColors>

/** Where words go. Data goes to stdout; progress, notes and errors go to stderr, so that a pipe gets only data. */
export interface Io {
  readonly json: boolean
  readonly verbose: boolean
  /** True when a person can answer: prompts may be shown. */
  readonly interactive: boolean
  /** True when one live line for each running resource may be drawn. */
  readonly live: boolean
  readonly c: Colors
  /** Columns of the terminal that `say` writes to; undefined where there is none. */
  readonly width?: number | undefined
  /** A part of the result for a person. Silent with --json. What could do something to a terminal is left out of it. */
  say(text?: string): void
  /** The same for a line of somebody's log: as it is. Where it goes to a terminal, it has been made safe before. */
  log(line: string): void
  /** The result for a program. */
  data(value: unknown): void
  /** One of several results, as one line: events, and at the end of them the result. */
  event(value: unknown): void
  /** Progress and remarks. */
  note(text: string): void
}

/**
 * A terminal that nobody has told its size has 0 columns (docker run -t, ssh -tt, script, CI): taken at its word, a spinner computes
 * endless lines and clears them one by one, and no signal gets through.
 */
export const withSize = (stream: { isTTY?: boolean; columns?: number; rows?: number }): void => {
  if (!stream.isTTY) return
  for (const [name, usual] of [
    ['columns', 80],
    ['rows', 24],
  ] as const) {
    let told = stream[name]
    // Node writes it anew when the window changes.
    const set = (value: number | undefined): void => {
      told = value
    }
    Object.defineProperty(stream, name, { configurable: true, enumerable: true, get: () => told || usual, set })
  }
}

export const terminalIo = (options: IoOptions): Io => {
  const { env, stdin, stdout, stderr } = process
  for (const stream of [stdout, stderr]) withSize(stream)
  const quiet = !options.color || Boolean(env.NO_COLOR) || env.TERM === 'dumb'
  const terminal = Boolean(stdin.isTTY && stderr.isTTY)
  const c = pc.createColors(!quiet && Boolean(stdout.isTTY) && Boolean(stderr.isTTY))
  const safe = (text: string): string => safeScreen(text, c.isColorSupported)
  return {
    json: options.json,
    verbose: options.verbose,
    interactive: terminal && !options.yes && !options.json,
    live: Boolean(stderr.isTTY) && !options.json && !options.verbose && env.TERM !== 'dumb' && env.CI === undefined,
    c,
    get width() {
      return stdout.isTTY ? stdout.columns : undefined
    },
    say: (text = '') => {
      if (!options.json) stdout.write(`${safe(text)}\n`)
    },
    log: (line) => {
      if (!options.json) stdout.write(`${line}\n`)
    },
    data: (value) => {
      stdout.write(`${safeJson(value, 2)}\n`)
    },
    event: (value) => {
      stdout.write(`${safeJson(value)}\n`)
    },
    note: (text) => {
      stderr.write(`${safe(text)}\n`)
    },
  }
}
