import type { LockLost } from '../core/errors.ts'
import type { Lock } from './lock.ts'

/** Where a state is kept. Every write replaces exactly what was last read or written through this object. */
export interface Backend {
  /** For a person. */
  readonly place: string
  read(): Promise<string | undefined>
  /**
   * Resolves when it is durable.
   * @param keep what is replaced stays for good, under this name beside it: it is of a format that is no longer written
   * @throws LockLost when someone else has written meanwhile, or the lock is no longer this run's
   */
  write(text: string, keep?: string): Promise<void>
  /**
   * Marks the state as moved, once it is whole elsewhere: what was here stays under another name.
   * @param mark what is found here from now on, where others may still look
   */
  leave(mark: string): Promise<void>
  /** One run at a time. `lost` is called once, when the lock turns out to be no longer this run's. @throws InfraError (exit 2) */
  lock(command: string, note: (line: string) => void, lost: (why: LockLost) => void): Promise<Lock>
  /** Who holds the lock, in words; undefined: nobody. */
  holder(): Promise<string | undefined>
  /** Takes the lock away from whoever has it. */
  unlock(): Promise<void>
}

/** Objects with versions: S3, or what a test puts in its place. */
export interface ObjectStore {
  place(key: string): string
  get(key: string): Promise<{ readonly text: string; readonly tag: string } | undefined>
  /**
   * Writes only where `replaces` is what is there now (undefined: nothing).
   * @returns the new tag
   * @throws Conflict when something else is there, or nothing where something was to be replaced
   */
  put(key: string, text: string, replaces: string | undefined): Promise<string>
  /** @param only the tag that it must have; what has another one stays */
  remove(key: string, only?: string): Promise<void>
}

/** What was to be replaced is no longer there: nothing of anyone else's is overwritten. */
export class Conflict extends Error {
  constructor(place: string) {
    super(`${place} was changed by another run`)
    this.name = 'Conflict'
  }
}
