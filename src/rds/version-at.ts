import { majorOf } from '../aws/engine-versions.ts'
import type { Snapshot } from './snapshots.ts'

type Taken = Pick<Snapshot, 'name' | 'createdAt' | 'version'>

/** What a server ran at a moment; `during`: it was being upgraded, and these are the last and the first moment before and after. */
export type VersionAt =
  | { readonly version: string; readonly during?: undefined }
  | { readonly during: { readonly before: Date; readonly after: Date | undefined } }

/**
 * The version that a restore to a point in time brings back: that of the last snapshot before it, since AWS replays the log of
 * changes on that one. AWS takes a snapshot right before an upgrade (`preupgrade`) and one after it, and restores to no moment between:
 * docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.PostgreSQL.MajorVersion.Process.html
 * @param snapshots those of the server
 * @param now the version that it runs
 */
export const versionAt = (snapshots: readonly Taken[], engine: string, now: string, at: Date): VersionAt => {
  const taken = snapshots
    .flatMap((s) => (s.createdAt && s.version ? [{ ...s, createdAt: s.createdAt }] : []))
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
  const before = taken.filter((s) => s.createdAt <= at).at(-1)
  const after = taken.find((s) => s.createdAt > at)
  const then = after?.version ?? now
  if (!before) return { version: then }
  const upgraded = majorOf(engine, before.version) !== majorOf(engine, then)
  if (upgraded && /\bpreupgrade\b/.test(before.name)) return { during: { before: before.createdAt, after: after?.createdAt } }
  return { version: before.version }
}
