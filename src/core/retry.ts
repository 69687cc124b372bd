import type { Clock } from './clock.ts'

export interface Retrying {
  /**
   * @param attempt 1 after the first try
   * @returns milliseconds until the next try; undefined: the error is thrown
   */
  pause(error: unknown, attempt: number): number | undefined
  readonly clock: Clock
  /** Told to stop: a pause ends at once. */
  readonly signal: AbortSignal
}

/** A call that is made again as long as its error allows. */
export const retry = async <T>(call: () => Promise<T>, { pause, clock, signal }: Retrying): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      const ms = pause(error, attempt)
      if (ms === undefined) throw error
      await clock.sleep(ms, signal)
    }
  }
}
