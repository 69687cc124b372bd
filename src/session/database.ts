import type { Server, Via } from '../aws/sql.ts'
import { loadConfig } from '../config/load.ts'
import { InfraError, refuse } from '../core/errors.ts'
import type { Row } from '../state/schema.ts'
import { theServer } from './database-access/credentials.ts'
import { setWay } from './database-access/find.ts'
import { checkSandbox } from './database-access/open.ts'
import { viaFlag } from './database-access/via.ts'
import { commandLine, type Globals, wantsSandbox } from './globals.ts'
import { stackServer } from './rds-server.ts'
import { openSession, type Session } from './session.ts'
import type { Passwords, Use } from './types.ts'

export interface DbFlags extends Globals {
  /** Another way into the server than the one in the config. */
  readonly via?: string
}

interface Opening {
  /** What follows `infra db`, for the sentences that name the command again. */
  readonly words: string
  readonly use: Use
  /** Nobody else may change the stack meanwhile. */
  readonly exclusive?: boolean
  readonly passwords?: Passwords
}

/** The same command again, with the way in that was asked for. */
export const dbLine = (flags: DbFlags, words: string): string =>
  commandLine(flags, `db ${words}${flags.via ? ` --via ${flags.via}` : ''}`)

/** A session with a way into the server. @throws InfraError (exit 2) where the way cannot carry what is asked for */
export const openDb = async (flags: DbFlags, { words, use, exclusive, passwords }: Opening): Promise<Session> => {
  const via = viaFlag(flags)
  const loaded = await loadConfig({ file: flags.config, environment: flags.env, region: flags.region })
  const refuseUnfit = (set: Via | undefined): void => {
    const through = (other: string): string => commandLine(flags, `db ${words} --via ${other}`)
    if (set === 'print')
      throw refuse('databases.via is print, so no command gets into the server', 'a person runs the SQL there', through('ssm'))
    if (set === 'task' && use === 'stream')
      throw refuse(
        `infra db ${words.split(' ')[0]} cannot go by a container (task)`,
        'it carries SQL statements, but no stream',
        through('ssm'),
      )
    if (set === 'task' && loaded.config.rds.engine === 'mysql')
      throw refuse('For MySQL there is no way in by a container (task)', 'it speaks PostgreSQL only', through('ssm'))
  }
  // Whether the sandbox plays a private network is known only once it runs.
  if (!wantsSandbox(flags)) refuseUnfit(setWay({ config: loaded.config, sandbox: false, privateDatabases: false }, via))
  const s = await openSession(flags, exclusive ? `infra db ${words}` : undefined, loaded, {
    depth: 'change',
    via,
    use,
    passwords,
  })
  try {
    refuseUnfit(setWay(s, via))
    if (typeof s.state.row('db-instance')?.attrs?.id === 'string') await orRefuse(s, stackServer(s, `db ${words}`))
    return s
  } catch (error) {
    await s.close()
    throw error
  }
}

/** The stack's server, running. @throws InfraError (exit 2) */
export const serverAt = async (s: Session): Promise<Server> => {
  const server = await orRefuse(s, theServer(s))
  if (!server) throw refuse('There is no database server yet', 'none is recorded as made', commandLine(s.g, 'create rds'))
  await orRefuse(s, (async () => checkSandbox(s, server))())
  return server
}

/** Until something is changed, every error is a refusal. */
export const orRefuse = async <T>(s: Pick<Session, 'explain'>, work: Promise<T>): Promise<T> => {
  try {
    return await work
  } catch (error) {
    const e = s.explain(error)
    throw new InfraError(e.what, { why: e.why, next: e.next, exitCode: 2, cause: e.cause })
  }
}

export interface RecordedDatabase {
  readonly key: string
  readonly row: Row
  /** The role that owns it. */
  readonly role: { readonly key: string; readonly row: Row } | undefined
}

/** A database as the state knows it. */
export const recordedDatabase = (s: Pick<Session, 'state'>, name: string): RecordedDatabase | undefined => {
  const rows = s.state.all()
  const found = [...rows].find(([, row]) => row.type === 'sql.database' && row.name === name)
  if (!found) return undefined
  const [key, row] = found
  const roleKey = row.deps.find((dep) => rows.get(dep)?.type === 'sql.role')
  const role = roleKey === undefined ? undefined : rows.get(roleKey)
  return { key, row, role: roleKey !== undefined && role ? { key: roleKey, row: role } : undefined }
}
