import { LockLost } from '../core/errors.ts'

/** @param by who has it now, in words; undefined: nobody */
export const lockLost = (place: string, by: string | undefined): LockLost =>
  new LockLost(by === undefined ? `The lock ${place} was taken away from this run` : `The lock ${place} is now held by ${by}`)
