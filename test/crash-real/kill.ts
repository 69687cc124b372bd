import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Call } from '../support/proxy.ts'
import type { Home } from './home.ts'

/**
 * A call of a run, by operation and how many of it came before: calls run side by side, so that the n-th of all is another one
 * each time, and a count alone could miss some of them for ever.
 */
export interface Point {
  readonly op: string
  readonly nth: number
}

/** The instant of the kill: the server has not heard of the call, or has carried it out and nobody knows. */
export type Phase = 'before' | 'after'
/** What becomes of the other calls that are under way at this instant: the network may still deliver them, or not. */
export type World = 'lost' | 'lands'

export const pointsOf = (log: readonly Call[]): Point[] => {
  const count = new Map<string, number>()
  return log.map(({ op }) => {
    const nth = (count.get(op) ?? 0) + 1
    count.set(op, nth)
    return { op, nth }
  })
}

/** So long each call is on its way, so that those which are sent together are under way together. */
const ON_THE_WAY_MS = 10

/** What was under way lands before the next run begins: a kernel delivers within milliseconds what was sent. */
export const landed = async (log: () => readonly Call[]): Promise<void> => {
  while (log().some((call) => call.end === undefined)) await sleep(5)
}

/**
 * Runs a command and kills it (SIGKILL) at the given call. From that call's arrival on nothing is answered any more, so the
 * process learns nothing of what happens after the instant of its death.
 * @returns false when there was no such call, and the command ended by itself
 */
export const runAndKill = async (home: Home, args: string[], at: Point, phase: Phase, world: World): Promise<boolean> => {
  const proxies = [home.proxy, home.sql]
  home.clear()
  const { child, ended } = home.start(args)
  const dead = once(child, 'exit')
  let seen = 0
  let hit: Call | undefined
  const kill = async (): Promise<'drop'> => {
    child.kill('SIGKILL')
    await dead
    return 'drop'
  }
  const withTheProcess = async (): Promise<'drop'> => {
    await dead
    return 'drop'
  }
  const before = async (call: Call): Promise<undefined | 'drop'> => {
    if (call.op === at.op && ++seen === at.nth) hit = call
    await sleep(ON_THE_WAY_MS)
    if (call === hit) return phase === 'before' ? kill() : undefined
    return hit && world === 'lost' ? withTheProcess() : undefined
  }
  const after = async (call: Call): Promise<undefined | 'drop'> => (call === hit ? kill() : hit ? withTheProcess() : undefined)
  for (const proxy of proxies) Object.assign(proxy, { before, after })
  await ended
  await landed(() => home.log)
  for (const proxy of proxies) Object.assign(proxy, { before: undefined, after: undefined })
  return hit !== undefined
}
