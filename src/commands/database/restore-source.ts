import { InfraError, refuse } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { type Described, describeInstance } from '../../rds/instance.ts'
import { allSnapshots, findSnapshot } from '../../rds/snapshots.ts'
import { versionAt } from '../../rds/version-at.ts'
import { orRefuse } from '../../session/database.ts'
import { commandLine } from '../../session/globals.ts'
import { stackServer, utc } from '../../session/rds-server.ts'
import { type Brought, broughtBy, RESTORED, restoredKey } from '../../session/restored.ts'
import type { Session } from '../../session/session.ts'
import { isoOf, type Moment, refuseOutside, second, windowOf } from './restore-time.ts'

/** What a new server is restored from. */
export interface Source {
  /** The words of the command that mean exactly this, with an absolute time. */
  readonly words: string
  /** For the screen: all that is known of it. */
  readonly title: string
  /** For an error: `The snapshot before-upgrade`, `The server shop-db`. */
  readonly from: string
  /** The properties of the row that record it. */
  readonly want: { readonly fromSnapshot: string } | { readonly fromServer: string; readonly toTime: string }
  readonly has: Brought
  /** The moment whose roles and passwords are in the data. */
  readonly inside: string
}

/** What was asked for, before AWS was asked anything. `relative`: another moment each time it is typed. */
export type Asked = { readonly snapshot: string } | { readonly at: Moment; readonly relative: boolean }

/**
 * Looks the source up.
 * @param as the identifier of the new server; a restore that was begun under it goes on with its recorded time
 * @throws InfraError (exit 2) where nothing can be restored from it
 */
export const sourceOf = async (s: Session, asked: Asked, as: string): Promise<Source> => {
  const before = s.state.row(restoredKey(as))?.want
  const source = 'snapshot' in asked ? await fromSnapshot(s, asked.snapshot) : await fromBackups(s, asked, as, before)
  if (before && Object.entries(source.want).some(([key, value]) => before[key] !== value))
    throw refuse(
      `${as} was restored from ${recordedSource(before)}`,
      'a server is made from one source only',
      `another --as; or take that one down first: ${commandLine(s.g, `destroy ${RESTORED}`)}`,
    )
  return source
}

const recordedSource = ({ fromSnapshot, fromServer, toTime }: JsonObject): string => {
  if (typeof fromSnapshot === 'string') return `the snapshot ${fromSnapshot}`
  if (typeof fromServer !== 'string') return 'a source that is not recorded'
  return `${fromServer}, ${toTime === 'latest' ? 'to the latest moment' : `to ${String(toTime)}`}`
}

const fromSnapshot = async (s: Session, name: string): Promise<Source> => {
  const found = await orRefuse(s, findSnapshot(s.aws, name))
  if (!found) throw refuse(`There is no snapshot ${name}`, 'not in this account and region', commandLine(s.g, 'db snapshots'))
  if (found.status !== 'available')
    throw refuse(`The snapshot ${name} is ${found.status}`, 'it must be available', commandLine(s.g, 'db snapshots'))
  const at = found.createdAt ? `, of ${utc(found.createdAt)}` : ''
  return {
    words: name,
    from: `The snapshot ${name}`,
    title: `${name} (${found.engine} ${found.version}, ${found.sizeGb} GB${at})`,
    want: { fromSnapshot: name },
    has: found,
    inside: 'the time of the snapshot',
  }
}

const fromBackups = async (
  s: Session,
  { at, relative }: { readonly at: Moment; readonly relative: boolean },
  as: string,
  before: JsonObject | undefined,
): Promise<Source> => {
  const { id } = await stackServer(s, 'db restore')
  const recorded = before?.fromServer === id && typeof before.toTime === 'string' ? before.toTime : undefined
  // `2h` means another moment on each run: a restore that was begun goes on with the recorded one.
  const toTime = relative && recorded !== undefined && recorded !== 'latest' ? recorded : at === 'latest' ? 'latest' : isoOf(at)
  const [db, window] = await orRefuse(s, Promise.all([describeInstance(s.aws, id), windowOf(s, id)]))
  if (!db) throw new InfraError(`The database server ${id} is gone`, { exitCode: 2 })
  const kept = db.BackupRetentionPeriod ?? 0
  if (kept === 0)
    throw refuse(
      `${id} has no automated backups, so there is no point in time to restore it to`,
      'rds.backupRetentionDays is 0',
      `Set rds.backupRetentionDays in infra.yaml; from a snapshot: ${commandLine(s.g, 'db snapshots')}`,
    )
  if (!window)
    throw refuse(
      `${id} has no backup yet`,
      'AWS makes the first one right after it has made the server',
      'Run the same command again in a few minutes',
    )
  // The time of a restore that was begun may have left the window since: AWS decides.
  if (recorded === undefined && toTime !== 'latest') refuseOutside(s.g, id, new Date(toTime), window, as)
  const has = { ...broughtBy(db), version: await versionThen(s, db, toTime === 'latest' ? window.latest : new Date(toTime), as) }
  const older = has.version === db.EngineVersion ? '' : ' at that time'
  const when = toTime === 'latest' ? `at ${second(window.latest)}, the latest moment` : `at ${second(new Date(toTime))}`
  return {
    words: toTime === 'latest' ? '--latest' : `--to-time ${toTime}`,
    from: `The server ${id}${older}`,
    title: `${id} as it was ${when} (${has.engine} ${has.version}, ${has.sizeGb} GB; possible: ${second(window.earliest)} to ${second(window.latest)})`,
    want: { fromServer: id, toTime },
    has,
    inside: 'that moment',
  }
}

/** The version that the server ran then: an upgrade since does not come along. @throws InfraError (exit 2) for a time while it was upgraded */
const versionThen = async (s: Session, db: Described, at: Date, as: string): Promise<string> => {
  const id = db.DBInstanceIdentifier ?? ''
  const kept = (await orRefuse(s, allSnapshots(s.aws, id))).filter((snapshot) => snapshot.server === id)
  const then = versionAt(kept, db.Engine ?? '', db.EngineVersion ?? '', at)
  if (!then.during) return then.version
  const { before, after } = then.during
  const [first, last] = [new Date(before.getTime() - 1000), after && new Date(after.getTime() + 1000)]
  const to = (moment: Date): string => commandLine(s.g, `db restore --to-time ${isoOf(moment)} --as ${as}`)
  throw refuse(
    `${id} was being upgraded at ${second(at)}`,
    'AWS restores to no moment while an upgrade ran',
    `As it was before: ${to(first)}${last ? `; after it: ${to(last)}` : ''}`,
  )
}
