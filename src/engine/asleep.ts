import { InfraError } from '../core/errors.ts'
import type { AnyKind, AnySeen, Present } from './kind.ts'

/** The refusal of a wanted change of something that is switched off. */
export const asleep = (key: string, changed: readonly string[], seen: Present): InfraError =>
  new InfraError(`${key} is to be changed (${changed.join(', ')}), but it is ${seen.note ?? 'switched off'}`, {
    why: 'AWS changes nothing of what is switched off',
    next: `${seen.asleep}, then the same command again`,
    exitCode: 2,
  })

/** The refusal of a wanted change inside of something that is switched off. */
export const insideAsleep = (key: string, action: 'create' | 'update', around: string, seen: Present): InfraError =>
  new InfraError(`${key} is to be ${action}d, but ${around} is ${seen.note ?? 'switched off'}`, {
    why: 'it lives inside of that',
    next: `${seen.asleep}, then the same command again`,
    exitCode: 2,
  })

/**
 * The refusal to delete what is switched off, when its protection must come off first or a last snapshot is wanted; undefined when
 * it can go.
 */
export const mustWake = <C>(
  key: string,
  seen: AnySeen | undefined,
  kind: AnyKind<C>,
  snapshots: boolean,
): InfraError | undefined => {
  if (seen?.is !== 'ready' || !seen.asleep) return undefined
  const guarded = seen.guarded === true && kind.unguard !== undefined
  if (!guarded && !(snapshots && kind.facts.snapshotName)) return undefined
  return new InfraError(`${key} is ${seen.note ?? 'switched off'}`, {
    why: `AWS ${guarded ? 'takes off its deletion protection' : 'takes a final snapshot'} only while it runs`,
    next: `${seen.asleep}, then the same destroy again`,
    exitCode: 2,
  })
}
