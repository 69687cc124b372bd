import { monthlyPrice } from '../aws/prices.ts'
import { KEY_TAG, STACK_TAG } from '../aws/tags.ts'
import { refuse } from '../core/errors.ts'
import type { Tags } from '../engine/kind.ts'
import { round } from '../engine/plan.ts'
import { allSnapshots, type Snapshot } from '../rds/snapshots.ts'
import type { Session } from './types.ts'

/**
 * The snapshots of this stack's servers, newest first: also those of servers that are gone, by their tag or by the identifier that the
 * config has. AWS lists all of the account; only the marks tell whose they are.
 */
export const snapshotsOf = async (s: Session): Promise<Snapshot[]> => {
  const servers = new Set([s.config.rds.identifier])
  for (const row of s.state.all().values())
    if (row.type === 'rds.db-instance') servers.add(typeof row.attrs?.id === 'string' ? row.attrs.id : row.name)
  const all = await allSnapshots(s.aws)
  const last = Number.POSITIVE_INFINITY
  return (
    all
      // A server's name may be the same in another environment: what carries that one's tag is not ours to show, restore or delete.
      .filter((x) => isOfStack(s, x) || (servers.has(x.server) && x.tags[STACK_TAG] === undefined))
      .sort((a, b) => (b.createdAt?.getTime() ?? last) - (a.createdAt?.getTime() ?? last) || (a.name < b.name ? -1 : 1))
  )
}

const stackOf = (s: Session): string => `${s.config.project}/${s.config.environment}`
export const isOfStack = (s: Session, { tags }: Snapshot): boolean => tags[STACK_TAG] === stackOf(s)

/** The stack's tags. Without a key: a snapshot is no resource of a step, and recover must not take it for one. */
export const snapshotTags = (s: Session, name: string): Tags => {
  const { [KEY_TAG]: _, ...tags } = s.stamp({ key: '', name }, '').tags
  return tags
}

/** What it costs at most: AWS bills what all of them hold together above the storage of the servers that run. */
export const snapshotUsd = (s: Session, sizeGb: number): number =>
  round(monthlyPrice('rds.snapshot', s.config.region, sizeGb).usd)

/** What of them is billed. */
export const billed = (s: Session): string => {
  const { usd, pricesOf } = monthlyPrice('rds.snapshot', s.config.region)
  return `$${usd} per GB and month${pricesOf === undefined ? '' : ` (price of ${pricesOf})`}, of what all backups hold above the storage of the servers that run`
}

const NAME = /^(?!.*--)[a-z][a-z0-9-]{0,254}$/

/** A name for a new snapshot. AWS keeps names in lower case. @throws InfraError (exit 2) */
export const snapshotName = (name: string): string => {
  const low = name.toLowerCase()
  if (NAME.test(low) && !low.endsWith('-')) return low
  throw refuse(
    `The name of the snapshot is ${name}`,
    'it must have 1 to 255 letters, digits and single hyphens, begin with a letter and not end with a hyphen',
    'for example infra db snapshot before-upgrade',
  )
}

const EXISTING = /^(rds:|awsbackup:)?[a-z][a-z0-9-]{0,254}$/

/** The name of a snapshot that is there, automated ones included. @throws InfraError (exit 2) */
export const existingSnapshot = (name: string): string => {
  const low = name.toLowerCase()
  if (EXISTING.test(low)) return low
  throw refuse(`The snapshot is ${name}`, 'that is not the name of a snapshot', 'infra db snapshots lists them')
}
