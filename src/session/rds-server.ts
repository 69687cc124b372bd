import { tagMap } from '../aws/tags.ts'
import { InfraError, Interrupted, refuse } from '../core/errors.ts'
import { describeInstance } from '../rds/instance.ts'
import type { Row } from '../state/schema.ts'
import { commandLine } from './globals.ts'
import { refuseOthers } from './owner.ts'
import { orRefuse } from './service.ts'
import type { Session } from './types.ts'

/** A database server as AWS shows it now. */
export interface RdsServer {
  readonly id: string
  readonly status: string
  readonly engine: string
  readonly version: string
  readonly instanceClass: string
  readonly multiAz: boolean
  /** The availability zone that it serves from. */
  readonly zone: string
  /** The one of its standby; empty where there is none, or AWS does not say yet. */
  readonly standbyZone: string
  readonly storageType: string
  readonly allocatedGb: number
  /** Read replicas of it, and the one that it is a replica of. */
  readonly replicas: readonly string[]
  /** When AWS starts a stopped one by itself. */
  readonly restartsAt: Date | undefined
  readonly passwordPending: boolean
  /** Static parameters, or another group of them, wait for a restart. */
  readonly restartPending: boolean
  readonly tags: Readonly<Record<string, string>>
}

/** One look; undefined when it is not there. */
export const lookAtServer = async (s: Pick<Session, 'aws'>, id: string): Promise<RdsServer | undefined> => {
  const db = await describeInstance(s.aws, id)
  if (!db) return undefined
  return {
    id,
    status: db.DBInstanceStatus ?? 'unknown',
    engine: db.Engine ?? '',
    version: db.EngineVersion ?? '',
    instanceClass: db.DBInstanceClass ?? '',
    multiAz: db.MultiAZ ?? false,
    zone: db.AvailabilityZone ?? '',
    standbyZone: db.SecondaryAvailabilityZone ?? '',
    storageType: db.StorageType ?? '',
    allocatedGb: db.AllocatedStorage ?? 0,
    replicas: [...(db.ReadReplicaDBInstanceIdentifiers ?? []), db.ReadReplicaSourceDBInstanceIdentifier ?? ''].filter(Boolean),
    restartsAt: db.AutomaticRestartTime,
    passwordPending: db.PendingModifiedValues?.MasterUserPassword !== undefined,
    restartPending: db.DBParameterGroups?.some((g) => g.ParameterApplyStatus === 'pending-reboot') ?? false,
    tags: tagMap(db.TagList),
  }
}

/** The stack's server as it is recorded. @throws InfraError (exit 2) when there is none */
export const recordedServer = (s: Session): { id: string; row: Row } => {
  const row = s.state.row('db-instance')
  const id = row?.attrs?.id
  if (!row || typeof id !== 'string')
    throw refuse('There is no database server yet', 'none is recorded as made', commandLine(s.g, 'create rds'))
  return { id, row }
}

/**
 * The stack's server, recorded and there.
 * @param words the command that was typed, for the sentence about a server of another stack
 * @throws InfraError (exit 2)
 */
export const stackServer = async (s: Session, words: string): Promise<RdsServer & { row: Row }> => {
  const { id, row } = recordedServer(s)
  const seen = await orRefuse(s, lookAtServer(s, id))
  if (!seen || seen.status === 'deleting')
    throw refuse(
      `The database server ${id} is ${seen ? 'being deleted' : 'gone'}`,
      seen ? 'somebody has asked AWS for that' : 'it was deleted outside of infra',
      commandLine(s.g, seen ? 'status' : 'create rds'),
    )
  if (!row.adopted) refuseOthers(s.config, s.g, { what: `The database server ${id}`, tags: seen.tags, words })
  return { ...seen, row }
}

/** What was there before infra is used as it is. @throws InfraError (exit 2) */
export const refuseAdopted = ({ name, adopted }: Row, remedy: string): void => {
  if (adopted) throw refuse(`${name} was there before infra`, 'what was taken in is never changed', remedy)
}

/** The refusal while AWS is at work on it. */
export const busy = (s: Session, { id, status }: RdsServer, words: string): InfraError =>
  refuse(
    `The database server ${id} is ${status}`,
    'this can be done only while it is available',
    /^stopp/.test(status) ? commandLine(s.g, 'db start') : `${commandLine(s.g, words)} again in some minutes`,
  )

/** Ctrl-C while AWS works: it goes on without us. @param doing for example `AWS goes on stopping shop-db` */
export const orGoesOn = async <T>(work: Promise<T>, doing: string, next: string): Promise<T> => {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    throw new InfraError('Interrupted', { why: doing, next, exitCode: error.exitCode })
  }
}

/** `2026-11-29 14:05 UTC` */
export const utc = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
