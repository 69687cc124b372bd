import { InfraError } from '../core/errors.ts'

/** A change that AWS accepted, began and gave up by itself: all is as it was before. */
export interface GaveUp {
  /** When, as AWS says it: tells one time from another. */
  readonly at: string
  /** AWS's own words. */
  readonly says: string
  /** What a person can do. */
  readonly next: string
}

/** AWS gave up a change that is still wanted. `exitCode` 2: this run has changed nothing yet. */
export const givenUp = (key: string, { at, says, next }: GaveUp, exitCode?: 2): InfraError =>
  new InfraError(`${key}: AWS gave up the change on ${at.slice(0, 16).replace('T', ' ')} UTC, and it is as it was before`, {
    why: says,
    next,
    ...(exitCode ? { exitCode } : {}),
  })

/** The same where AWS gave it up since the first look. */
export const givenUpSince = (key: string, first: GaveUp | undefined, now: GaveUp | undefined): InfraError | undefined =>
  now && now.at !== first?.at ? givenUp(key, now) : undefined

/** AWS begins what it has accepted within a minute or two. */
export const IDLE_MS = 10 * 60_000

/** It has been at rest for so long without the change, and no reason is known. */
export const idled = (key: string, lacking: readonly string[]): InfraError =>
  new InfraError(`${key}: AWS has stopped without making the change (${lacking.join('; ')})`, {
    why: `it has been at rest for ${IDLE_MS / 60_000} minutes with nothing under way, and gave no reason`,
    next: 'Look at its events and logs in the AWS console, then run the same command again: the change is asked for anew',
  })
