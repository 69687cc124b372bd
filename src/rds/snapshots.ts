import type { Aws } from '../aws/clients.ts'
import { tagList, tagMap } from '../aws/tags.ts'
import { unlessGone } from '../aws/trouble.ts'
import type { Tags } from '../engine/kind.ts'

/** A snapshot of a database server as AWS shows it. */
export interface Snapshot {
  readonly name: string
  /** `automated`: AWS made it, and it goes with its server. */
  readonly kind: string
  readonly server: string
  /** Undefined while it is being made. */
  readonly createdAt: Date | undefined
  readonly sizeGb: number
  readonly status: string
  readonly encrypted: boolean
  readonly engine: string
  readonly version: string
  readonly user: string
  readonly port: number
  readonly storageType: string
  readonly iops: number | undefined
  readonly tags: Tags
}

type Raw = NonNullable<Awaited<ReturnType<typeof page>>['DBSnapshots']>[number]
/** One page of the snapshots of the account and region. @param Marker where the page before ended @param server only of this one */
const page = (aws: Aws, Marker: string | undefined, server?: string) =>
  aws.rds('DescribeDBSnapshots', {
    MaxRecords: 100,
    ...(server === undefined ? {} : { DBInstanceIdentifier: server }),
    ...(Marker ? { Marker } : {}),
  })

const snapshotFrom = (raw: Raw): Snapshot => ({
  name: raw.DBSnapshotIdentifier ?? '',
  kind: raw.SnapshotType ?? 'manual',
  server: raw.DBInstanceIdentifier ?? '',
  createdAt: raw.SnapshotCreateTime,
  sizeGb: raw.AllocatedStorage ?? 0,
  status: raw.Status ?? 'unknown',
  encrypted: raw.Encrypted ?? false,
  engine: raw.Engine ?? '',
  version: raw.EngineVersion ?? '',
  user: raw.MasterUsername ?? '',
  port: raw.Port ?? 0,
  storageType: raw.StorageType ?? '',
  iops: raw.Iops,
  tags: tagMap(raw.TagList),
})

/** One look at one snapshot; undefined when there is none of that name. */
export const findSnapshot = async (aws: Aws, name: string): Promise<Snapshot | undefined> => {
  const found = await unlessGone(aws.rds('DescribeDBSnapshots', { DBSnapshotIdentifier: name }))
  const raw = found?.DBSnapshots?.[0]
  return raw && snapshotFrom(raw)
}

/** All snapshots of the account and region, whoever's they are. @param server only those of this server */
export const allSnapshots = async (aws: Aws, server?: string): Promise<Snapshot[]> => {
  const all: Snapshot[] = []
  let marker: string | undefined
  do {
    const { DBSnapshots = [], Marker } = await page(aws, marker, server)
    all.push(...DBSnapshots.map(snapshotFrom))
    marker = Marker
  } while (marker)
  return all
}

/** Asks RDS for a snapshot of a DB instance. */
export const createSnapshot = async (aws: Aws, server: string, name: string, tags: Tags): Promise<void> => {
  await aws.rds('CreateDBSnapshot', { DBInstanceIdentifier: server, DBSnapshotIdentifier: name, Tags: tagList(tags) })
}

/** Asks RDS to delete a snapshot; one that is gone already is no error. */
export const deleteSnapshot = async (aws: Aws, name: string): Promise<void> => {
  await unlessGone(aws.rds('DeleteDBSnapshot', { DBSnapshotIdentifier: name }))
}
