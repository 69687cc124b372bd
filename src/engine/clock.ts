import { setMaxListeners } from 'node:events'
import type { Clock } from './context.ts'

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
