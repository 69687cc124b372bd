import { setMaxListeners } from 'node:events'

/** Time as a run knows it: the machine's, or one that a test moves. */
export interface Clock {
  now(): number
  /** Resolves after `ms`, or at once when the signal says stop. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const done = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      // Each resource that waits listens: more than ten is normal, and Node would warn of a leak on the screen.
      setMaxListeners(0, signal)
      signal.addEventListener('abort', done)
    }),
}
