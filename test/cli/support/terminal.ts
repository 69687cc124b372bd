import { spawn } from '@lydell/node-pty'
import xterm from '@xterm/headless'
import { BIN, type Place } from '../../support/cli.ts'
import { judgedHere } from '../../support/models/here.ts'

export const KEYS = { enter: '\r', down: '\x1b[B', up: '\x1b[A', ctrlC: '\x03' } as const

/** The CLI in a terminal, as a person sees it. */
export interface Terminal {
  /** All lines of the screen and of what has scrolled away, without trailing blanks. */
  screen(): string
  /** What was written, with colours and movements. */
  raw(): string
  /** Resolves when the text is on the screen. */
  sees(text: string | RegExp): Promise<void>
  /** Waits for a question and answers it: keys are sent as they are. */
  answer(question: string | RegExp, keys: string): Promise<void>
  press(keys: string): void
  /** The exit code. */
  readonly done: Promise<number>
}

export const terminal = (p: Place, args: readonly string[], { rows = 60, cols = 130, patience = 15_000 } = {}): Terminal => {
  const { INFRA_CACHE_DIR: _, ...env } = p.env
  const pty = spawn(process.execPath, [BIN, ...args], {
    cwd: p.dir,
    env: judgedHere({ ...env, INFRA_CACHE_DIR: p.env.INFRA_CACHE_DIR ?? '', TERM: 'xterm-256color' }),
    cols,
    rows,
  })
  const display = new xterm.Terminal({ cols, rows, allowProposedApi: true, scrollback: 2000 })
  let raw = ''
  const listeners = new Set<() => void>()
  pty.onData((data) => {
    raw += data
    display.write(data, () => {
      for (const hear of [...listeners]) hear()
    })
  })
  let ended = false
  const done = new Promise<number>((resolve) => {
    // The end may be told before the last words have come through the terminal.
    pty.onExit(async ({ exitCode }) => {
      for (let before = -1; before !== raw.length; await new Promise((r) => setTimeout(r, 100))) before = raw.length
      ended = true
      display.write('', () => {
        for (const hear of [...listeners]) hear()
        resolve(exitCode)
      })
    })
  })
  const screen = (): string => {
    const buffer = display.buffer.active
    return Array.from({ length: buffer.length }, (_, i) => buffer.getLine(i)?.translateToString(true) ?? '')
      .join('\n')
      .trimEnd()
  }
  const sees = (text: string | RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const there = (): boolean => (typeof text === 'string' ? screen().includes(text) : text.test(screen()))
      const timer = setTimeout(() => end(() => reject(new Error(`${text} did not come up:\n${screen()}`))), patience)
      const end = (say: () => void): void => {
        clearTimeout(timer)
        listeners.delete(hear)
        say()
      }
      const hear = (): void => {
        if (there()) end(resolve)
        else if (ended) end(() => reject(new Error(`it ended without ${text}:\n${screen()}`)))
      }
      listeners.add(hear)
      hear()
    })
  const press = (keys: string): void => pty.write(keys)
  return {
    screen,
    raw: () => raw,
    sees,
    press,
    done,
    async answer(question, keys) {
      await sees(question)
      // A question is drawn before its keys are listened to.
      await new Promise((r) => setTimeout(r, 60))
      press(keys)
    },
  }
}
