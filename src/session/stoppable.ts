import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { InfraError } from '../core/errors.ts'
import type { Session } from './types.ts'

const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Work that Ctrl-C brings to an end in order: what it has started is ended, and what it has half done is taken away. The second
 * Ctrl-C leaves at once.
 * @param left what is left of it then
 * @throws InfraError (exit 130) when it was told to stop
 */
export const stoppable = async <T>(s: Session, work: (signal: AbortSignal) => Promise<T>, left?: string): Promise<T> => {
  s.ownSignals()
  const stop = new AbortController()
  const handler = (): void => {
    if (stop.signal.aborted) process.exit(130)
    stop.abort()
  }
  for (const name of ENDINGS) process.on(name, handler)
  try {
    return await work(stop.signal)
  } catch (error) {
    throw stop.signal.aborted ? new InfraError('Interrupted', { why: left, exitCode: 130 }) : error
  } finally {
    for (const name of ENDINGS) process.off(name, handler)
  }
}

/** Gives the terminal to a program until it ends. @returns its exit code */
export const giveTerminal = async (
  s: Session,
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<number> => {
  s.ownSignals()
  const child = spawn(file, args, { env, stdio: 'inherit' })
  // Ctrl-C in a terminal reaches the program by itself: it cancels a statement there. Others send it to this process only.
  const handler = (signal: NodeJS.Signals): void => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  for (const name of ENDINGS) process.on(name, handler)
  try {
    return await exitOf(child)
  } finally {
    for (const name of ENDINGS) process.off(name, handler)
  }
}

const SIGNALS: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }

/** As a shell has it: 128 and the signal's number. */
export const exitOf = async (child: ChildProcess): Promise<number> => {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return code ?? 128 + ((signal && SIGNALS[signal]) ?? 0)
}

/** What a program has said on stderr, its end only. */
export const listening = (child: ChildProcess): (() => string) => {
  let said = ''
  child.stderr?.on('data', (part) => {
    said = (said + part).slice(-4000)
  })
  return () => said
}
