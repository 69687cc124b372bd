import type { Clock } from './clock.ts'

export interface Polling<T> {
  /** One look. @returns undefined as long as there is nothing to tell: it is looked again after a pause */
  look(elapsedMs: number): Promise<T | undefined>
  /** Milliseconds until the next look. */
  pace(elapsedMs: number): number
  readonly clock: Clock
  /** Told to stop: a pause ends at once, and the next look says what to make of it. */
  signal(): AbortSignal
}

/** Looks until there is something to tell. */
export const poll = async <T>({ look, pace, clock, signal }: Polling<T>): Promise<T> => {
  const began = clock.now()
  for (;;) {
    const found = await look(clock.now() - began)
    if (found !== undefined) return found
    await clock.sleep(pace(clock.now() - began), signal())
  }
}
