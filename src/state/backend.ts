import { InfraError } from '../engine/errors.ts'
import type { Lock } from './lock.ts'

/** Where a state is kept. Every write replaces exactly what was last read or written through this object. */
export interface Backend {
  /** For a person. */
  readonly place: string
  read(): Promise<string | undefined>
  /** Resolves when it is durable. @throws Conflict when someone else has written meanwhile */
  write(text: string): Promise<void>
  /** One run at a time. `lost` is called when the lock turns out to be someone else's. @throws InfraError (exit 2) */
  lock(command: string, note: (line: string) => void, lost: () => void): Promise<Lock>
  /** Who holds the lock, in words; undefined: nobody. */
  holder(): Promise<string | undefined>
  /** Takes the lock away from whoever has it. */
  unlock(): Promise<void>
}

/** Objects with versions: S3, or what a test puts in its place. */
export interface ObjectStore {
  place(key: string): string
  get(key: string): Promise<{ readonly text: string; readonly tag: string } | undefined>
  /** Writes only where `replaces` is what is there now (undefined: nothing). @returns the new tag @throws Conflict */
  put(key: string, text: string, replaces: string | undefined): Promise<string>
  remove(key: string): Promise<void>
}

/** Someone else has written what we were about to replace: nothing of theirs is overwritten. */
export class Conflict extends InfraError {
  constructor(place: string) {
    super(`${place} was changed by another run`, {
      why: 'this run has lost the lock, so it stops before the next change; nothing of the other one was overwritten',
      next: 'Wait until the other run is done, then run the same command again: it goes on from what is there',
    })
  }
}
