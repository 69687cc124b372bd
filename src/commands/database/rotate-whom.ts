import type { Rotation } from '../../aws/rotation.ts'
import { closest } from '../../config/closest.ts'
import { type InfraError, refuse } from '../../core/errors.ts'
import { commandLine } from '../../session/globals.ts'
import { refuseAdopted } from '../../session/rds-server.ts'
import type { Session } from '../../session/session.ts'
import type { Row } from '../../state/schema.ts'
import { list } from '../../ui/format.ts'

/** Whose password is exchanged. */
export interface Whom extends Rotation {
  /** The name in the server. */
  readonly user: string
}

/** @param role `app`, `master`, or a database that has a role of its own. @throws InfraError (exit 2) when there is no such role */
export const whomOf = (s: Session, role: string): Whom => {
  const whom = role === 'master' ? master(s) : owner(s, role)
  const secret = rowsOf(s, 'secretsmanager.secret').find((r) => [r.attrs?.arn, r.name].includes(whom.secret))
  if (secret) refuseAdopted(secret, 'Change the password where that secret is looked after')
  return whom
}

/**
 * The other one whose password is in the same secret: with one role for all databases, the master user and that role. Undefined where
 * that one is not there, or not infra's to change.
 */
export const otherOf = (s: Session, role: string): Whom | undefined => {
  if (s.config.databases.roles !== 'shared') return undefined
  try {
    return whomOf(s, role === 'master' ? 'app' : 'master')
  } catch {
    return undefined
  }
}

const rowsOf = (s: Session, type: string): Row[] => [...s.state.all().values()].filter((r) => r.type === type)

const master = (s: Session): Whom => {
  const row = s.state.row('db-instance')
  const { passwordSecret: secret, passwordKey: key, masterUsername: user } = row?.want ?? {}
  if (!row || typeof secret !== 'string' || typeof key !== 'string' || typeof user !== 'string')
    throw refuse('There is no database server yet', 'none is recorded as made', commandLine(s.g, 'create rds'))
  refuseAdopted(row, 'Change the password where that server is looked after')
  return { secret, key, of: 'master', user }
}

/** The role that owns a database, or all of them. */
const owner = (s: Session, role: string): Whom => {
  const { roles, names, appUser } = s.config.databases
  const shared = roles === 'shared'
  if (shared ? role !== 'app' : !names.includes(role)) throw noRole(s, role)
  const user = shared ? appUser : role
  const row = rowsOf(s, 'sql.role').find((r) => r.name === user)
  const { passwordSecret: secret, passwordKey: key } = row?.want ?? {}
  if (!row || typeof secret !== 'string' || typeof key !== 'string')
    throw refuse(`The role ${user} is not made yet`, 'none is recorded', commandLine(s.g, 'create databases'))
  refuseAdopted(row, 'Change the password where that role is looked after')
  return { secret, key, of: 'app', user }
}

const noRole = (s: Session, role: string): InfraError => {
  const { roles, names } = s.config.databases
  const line = (to: string): string => commandLine(s.g, `db rotate-password --role ${to}`)
  if (roles === 'shared')
    return refuse(
      `--role is ${role}`,
      'all databases have one role (databases.roles: shared), so it must be app or master',
      line('app'),
    )
  return refuse(
    `--role is ${role}`,
    `each database has a role of its own (databases.roles: perDatabase), so it must be one of ${list([...names, 'master'])}`,
    line(closest(role, names) ?? names[0] ?? 'master'),
  )
}
