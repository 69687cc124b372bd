import { spawn } from 'node:child_process'
import { exitOf } from '../../session/stoppable.ts'

/** Whether a person sits on both ends. */
export const isTerminal = (): boolean => Boolean(process.stdin.isTTY && process.stdout.isTTY)

export interface Attached {
  readonly code: number
  /** It was ended by a signal, so it has not said goodbye. */
  readonly cut: boolean
  /** Its own words when the session did not come to be: its exit code is 0 all the same. */
  readonly refused: string | undefined
}

/** What a terminal sends at a key press goes on to the other side: the program hears it by itself, since it is in the same group. */
const KEYS = ['SIGINT', 'SIGQUIT', 'SIGTSTP'] as const
const ENDINGS = ['SIGTERM', 'SIGHUP'] as const
const REFUSED = /^Cannot perform start session: .*/m

/**
 * Gives the terminal to the plugin until it ends. (One that is killed cannot put the terminal back as it was: Node does, when it
 * ends itself.) Where the input is no terminal, the plugin gets one that says nothing and never ends: at the end of its input it
 * would give up the session.
 */
export const attach = async (file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Attached> => {
  const typed = process.stdin.isTTY === true
  const shown = process.stdout.isTTY === true
  const child = spawn(file, args, { env, stdio: [typed ? 'inherit' : 'pipe', shown ? 'inherit' : 'pipe', 'inherit'] })
  let said = ''
  child.stdout?.on('data', (part: Buffer) => {
    // What it says of itself stands at the beginning.
    if (said.length < 4000) said += part.toString()
    process.stdout.write(part)
  })
  child.stdin?.on('error', () => undefined)
  const pass = (signal: NodeJS.Signals): void => {
    if (!typed) child.kill(signal)
  }
  const end = (signal: NodeJS.Signals): void => {
    child.kill(signal)
  }
  for (const name of KEYS) process.on(name, pass)
  for (const name of ENDINGS) process.on(name, end)
  try {
    const code = await exitOf(child)
    return { code, cut: child.signalCode !== null, refused: REFUSED.exec(said)?.[0] }
  } finally {
    for (const name of KEYS) process.off(name, pass)
    for (const name of ENDINGS) process.off(name, end)
  }
}
