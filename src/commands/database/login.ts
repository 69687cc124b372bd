import { readSecret } from '../../aws/secrets.ts'
import type { Server } from '../../aws/sql.ts'
import { closest } from '../../config/closest.ts'
import { refuse } from '../../core/errors.ts'
import type { Secret } from '../../core/json.ts'
import { orRefuse, recordedDatabase } from '../../session/database.ts'
import { commandLine } from '../../session/globals.ts'
import type { Session } from '../../session/session.ts'
import { asker } from '../../ui/ask.ts'
import { list } from '../../ui/format.ts'

/** `app`: the owner of the database. */
export type As = 'app' | 'master'

/** Who logs in where. The password goes into the environment of a program and nowhere else. */
export interface Login {
  readonly user: string
  readonly password: Secret
  readonly database: string
}

/** Where a login's password is, without reading it. */
export interface LoginAt {
  readonly user: string
  readonly secret: string
  readonly key: string
  /** The words of the command that prints it. */
  readonly reveal: string
}

/** @throws InfraError (exit 2) */
export const roleFlag = (role: string | undefined): As => {
  if (role === undefined || role === 'app' || role === 'master') return role ?? 'app'
  throw refuse(`--role is ${role}`, 'it must be app or master', 'for example --role master')
}

/** The database that a command is about: the one that was named, else the only one, else a person is asked. @throws InfraError (exit 2) */
export const databaseFor = async (s: Session, name: string | undefined, as: As, command: string): Promise<string> => {
  const { names } = s.config.databases
  const [first, ...more] = names
  if (name === undefined) {
    if (first === undefined) {
      if (as === 'master') return s.config.rds.engine === 'mysql' ? 'mysql' : 'postgres'
      throw refuse('There is no database in infra.yaml', 'databases.names is empty', commandLine(s.g, 'db add <name>'))
    }
    if (more.length === 0) return first
    if (!s.io.interactive)
      throw refuse(`Which database? There are ${list(names)}`, undefined, commandLine(s.g, `db ${command} ${first}`))
    const choices = names.map((value) => ({ value, name: value }))
    return asker(s.io).choose('Which database?', choices, `infra db ${command} ${first}`)
  }
  if (names.includes(name) || as === 'master') return name
  const meant = closest(name, names)
  throw refuse(
    `There is no database ${name} in infra.yaml`,
    meant ? `did you mean ${meant}?` : names.length > 0 ? `it has ${list(names)}` : 'databases.names is empty',
    commandLine(s.g, meant ? `db ${command} ${meant}` : 'db list'),
  )
}

/** @throws InfraError (exit 2) when the owner of the database is not made yet */
export const loginAt = async (s: Session, server: Server, as: As, database: string): Promise<LoginAt> => {
  if (as === 'master') {
    const user = (await orRefuse(s, readSecret(s.aws, server.secret, 'master_username'))).reveal()
    return { user, secret: server.secret, key: 'master_password', reveal: 'db credentials --reveal --key master_password' }
  }
  const { name: user, passwordSecret: secret, passwordKey: key } = recordedDatabase(s, database)?.role?.row.want ?? {}
  if (typeof user !== 'string' || typeof secret !== 'string' || typeof key !== 'string')
    throw refuse(`The database ${database} is not made yet`, 'it is not recorded', commandLine(s.g, 'create databases'))
  const own = secret === server.secret ? '' : ` --database ${database}`
  return { user, secret, key, reveal: `db credentials --reveal --key ${key}${own}` }
}

/** @throws InfraError (exit 2) when the secret does not hold it */
export const loginFor = async (s: Session, server: Server, as: As, database: string): Promise<Login> => {
  const { user, secret, key } = await loginAt(s, server, as, database)
  return { user, password: await orRefuse(s, readSecret(s.aws, secret, key)), database }
}
