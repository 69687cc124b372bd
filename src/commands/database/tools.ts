import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { Server } from '../../aws/sql.ts'
import { InfraError, refuse } from '../../core/errors.ts'
import { orRefuse } from '../../session/database.ts'
import type { Session } from '../../session/session.ts'
import type { Place } from './address.ts'
import type { Login } from './login.ts'

/** A program of the database, on this machine. */
export interface Tool {
  readonly file: string
  /** Of PostgreSQL; 0 where it is another's or does not say. */
  readonly major: number
  /** psql knows \restrict, after which it carries out no commands of its own. */
  readonly restricts: boolean
  readonly mariadb: boolean
}

/** The first minor version of psql with \restrict: https://www.postgresql.org/support/security/CVE-2025-8714/ Later ones all have it. */
const RESTRICTS_SINCE: Readonly<Record<number, number>> = { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 }

/** Undefined when it is not on the PATH, or does not run. */
export const findTool = async (name: string): Promise<Tool | undefined> => {
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    const file = join(folder, name)
    const there = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (!there) continue
    const said = await new Promise<string | undefined>((resolve) =>
      execFile(file, ['--version'], { timeout: 10_000 }, (error, stdout) => resolve(error ? undefined : stdout)),
    )
    if (said === undefined) continue
    const [, major, minor] = /\(PostgreSQL\) (\d+)(?:\.(\d+))?/.exec(said) ?? []
    const restricts =
      Number(minor ?? -1) >= (RESTRICTS_SINCE[Number(major)] ?? (Number(major) >= 18 ? 0 : Number.POSITIVE_INFINITY))
    return { file, major: Number(major ?? 0), restricts, mariadb: /mariadb/i.test(said) }
  }
  return undefined
}

/** How to get the programs of an engine here; they come in one package. @param major of PostgreSQL */
export const howToInstall = (engine: Server['engine'], major?: number): string => {
  const mac = process.platform === 'darwin'
  if (engine === 'mysql') return mac ? 'brew install mysql-client' : 'apt-get install mysql-client (Debian: default-mysql-client)'
  if (mac) return major ? `brew install postgresql@${major}` : 'brew install libpq && brew link --force libpq'
  return major
    ? `apt-get install postgresql-client-${major} (older systems: from apt.postgresql.org)`
    : 'apt-get install postgresql-client (Red Hat: dnf install postgresql)'
}

/** @throws InfraError (exit 2) with the lines that install it */
export const toolOrRefuse = async (name: string, engine: Server['engine'], again: string): Promise<Tool> => {
  const found = await findTool(name)
  if (found) return found
  throw refuse(`There is no ${name} on this machine`, 'it is not on the PATH', `${howToInstall(engine)}, then ${again}`)
}

/** pg_dump refuses a server that is newer than itself, after it has connected: said before anything is opened for it. */
export const newEnough = (
  tool: Tool,
  name: string,
  server: { readonly major: number; readonly text: string },
  again: string,
): void => {
  if (tool.major >= server.major || tool.major === 0) return
  throw refuse(
    `${name} here is version ${tool.major}, and the server is PostgreSQL ${server.text}`,
    'it cannot read a server that is newer than itself',
    `${howToInstall('postgres', server.major)}, then ${again}`,
  )
}

/** The certificates as a file, where the server is to be checked. */
const caFor = async (s: Session, server: Server): Promise<string | undefined> => {
  const [{ certificatesFile }, { cacheDir }] = await Promise.all([
    import('../../database/tls.ts'),
    import('../../sandbox/index.ts'),
  ])
  return orRefuse(s, certificatesFile(server, cacheDir(), s.config.databases.caFile))
}

/** How libpq is told where to go, without the password: names of its environment variables. */
export const libpq = async (
  s: Session,
  server: Server,
  place: Place,
  login: Omit<Login, 'password'>,
): Promise<Record<string, string>> => {
  const ca = await caFor(s, server)
  return {
    // The certificate is checked against PGHOST; PGHOSTADDR says where the server is reached.
    PGHOST: server.host,
    ...(place.tunnelled ? { PGHOSTADDR: place.host } : {}),
    PGPORT: String(place.port),
    PGUSER: login.user,
    PGDATABASE: login.database,
    ...(ca === undefined ? {} : { PGSSLMODE: 'verify-full', PGSSLROOTCERT: ca }),
  }
}

/** The arguments of MySQL's programs, without the password. */
export const mysqlArgs = async (
  s: Session,
  server: Server,
  place: Place,
  login: Omit<Login, 'password'>,
  mariadb = false,
): Promise<string[]> => {
  const ca = await caFor(s, server)
  // Through a tunnel it knows the near end's name only, so it checks who has signed the certificate.
  const mode = place.tunnelled ? 'VERIFY_CA' : 'VERIFY_IDENTITY'
  const tls = mariadb
    ? ['--ssl', `--ssl-ca=${ca}`, ...(place.tunnelled ? [] : ['--ssl-verify-server-cert'])]
    : [`--ssl-mode=${mode}`, `--ssl-ca=${ca}`]
  return [`--host=${place.host}`, `--port=${place.port}`, `--user=${login.user}`, ...(ca === undefined ? [] : tls)]
}

/** What a program needs to run at all. Credentials of AWS are not among it, nor variables that lead to another server. */
const NEEDED =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TERM|TZ|TMPDIR|TEMP|TMP|LANG|LANGUAGE|LC_[A-Z]+|LD_LIBRARY_PATH|DYLD_[A-Z_]+|SystemRoot|APPDATA)$/
/** What a person may have set for the prompt besides. */
const PROMPT = /^(PAGER|PSQL_\w+|LESS\w*|EDITOR|VISUAL|INPUTRC|XDG_\w+|COLUMNS|LINES|COLORTERM|MYSQL_(HISTFILE|HISTIGNORE|PS1))$/

/** The environment of a program that reads or writes dumps, without a password. */
export const programEnv = (...more: RegExp[]): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => [NEEDED, ...more].some((known) => known.test(name))))

/** The environment of a program of the database: the password is in there and nowhere else. @param prompt a person works in it */
export const toolEnv = async (
  s: Session,
  server: Server,
  place: Place,
  login: Login,
  { prompt = false } = {},
): Promise<NodeJS.ProcessEnv> => {
  const own = programEnv(...(prompt ? [PROMPT] : []))
  if (server.engine === 'mysql') return { ...own, MYSQL_PWD: login.password.reveal() }
  return { ...own, ...(await libpq(s, server, place, login)), PGPASSWORD: login.password.reveal(), PGCONNECT_TIMEOUT: '10' }
}

/** What a program has said that sounds like the reason of its failure, else its last lines. */
export const failedTool = (name: string, of: string, said: string, code: number | null, next: string): InfraError => {
  const lines = said.trim().split('\n').filter(Boolean)
  const reason = lines.find((line) => /\b(error|fatal)\b/i.test(line)) ?? lines.slice(-3).join(' / ')
  return new InfraError(`${name} of ${of} failed`, { why: reason || `it ended with ${code ?? 'a signal'}`, next })
}
