import { randomBytes } from 'node:crypto'
import { lstat, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import pg from 'pg'
import type { PasswordAt } from '../aws/sql.ts'
import { InfraError, refuse } from '../core/errors.ts'
import type { Job } from './job.ts'
import { postgres } from './postgres.ts'
import { RESULT } from './result.ts'
import { bundleUrl } from './roots.ts'
import { verifierSql } from './scram-sql.ts'

export { parseResult } from './result.ts'

export interface Wanted {
  readonly roles: readonly { readonly name: string; readonly password: PasswordAt }[]
  readonly databases: readonly {
    readonly name: string
    readonly owner: string
    readonly encoding: string
    readonly collation: string
  }[]
}

/** The environment variable for the password of role number `n`, from 1. */
const variable = (n: number): string => `APP_PASSWORD_${n}`
const text = pg.escapeLiteral

const textOf = (job: Job, at: number, literal = 'NULL'): string => {
  const statement = job.statements[at]
  if (statement === undefined) throw new Error(`there is no statement ${at}`)
  return typeof statement === 'string' ? statement : statement.text(literal)
}
/** Carried out unless the name is there. psql sends what the query answers as it is, so nothing in a name is taken for a variable. */
const unlessThere = (statement: string, catalogue: string, column: string, name: string): string =>
  `SELECT ${text(statement)} WHERE NOT EXISTS (SELECT FROM ${catalogue} WHERE ${column} = ${text(name)})\n\\gexec`

/**
 * A file for psql 13 or newer that makes what is wanted, and can be run as often as one likes. There is no secret in it: passwords
 * come from the environment. Its last line is what `infra db verify --result` reads.
 */
export const sqlFile = ({ roles, databases }: Wanted): string =>
  [
    '-- Written by infra: roles and databases, each made unless it is there. It can be run again at any time.',
    '-- It holds no secret. Run it with psql 13 or newer as the master user:  psql -X -f <this file>',
    ...roles.map((r, n) => `-- ${variable(n + 1)}: the password of the role ${JSON.stringify(r.name)}`),
    '',
    '\\set ON_ERROR_STOP on',
    '\\set AUTOCOMMIT on',
    '\\set QUIET on',
    '\\set ECHO none',
    '\\set ECHO_HIDDEN off',
    '-- More words than the error itself could quote the statement.',
    '\\set VERBOSITY terse',
    '\\encoding UTF8',
    'SET client_min_messages = warning;',
    '',
    ...roles.map((_, n) => check(n + 1)),
    ...roles.flatMap((r, n) => roleText(r, n + 1)),
    ...databases.flatMap(databaseText),
    ...resultText(),
    '',
  ].join('\n')

/** All passwords before the first change. */
const check = (n: number): string => {
  const name = variable(n)
  const failing = (what: string): string => `DO ${text(`BEGIN RAISE EXCEPTION ${text(what)}; END`)};`
  return `\\set empty \`[ -n "$${name}" ] && echo false || echo true\`
\\set odd \`[ "$(printf %s "$${name}" | LC_ALL=C tr -d ' -~' | wc -c)" -eq 0 ] && echo false || echo true\`
\\if :empty
${failing(`The environment variable ${name} is empty: see the head of this file`)}
\\elif :odd
${failing(`${name} holds a character outside of ASCII, which not every driver sends in the same way`)}
\\endif
`
}

const roleText = ({ name, password }: Wanted['roles'][number], n: number): string[] => {
  const alter = postgres.alterRole(name, password)
  return [
    unlessThere(textOf(postgres.createRole(name, password), 0), 'pg_roles', 'rolname', name),
    `\\set plain \`printenv ${variable(n)}\``,
    `${verifierSql('plain', 'verifier')}\n\\gset`,
    '\\unset plain',
    'BEGIN;',
    `${textOf(alter, 0, `:'verifier'`)};`,
    `${textOf(alter, 1)};`,
    'COMMIT;',
    '\\unset verifier',
    '',
  ]
}

const databaseText = (of: Wanted['databases'][number]): string[] => {
  const alter = postgres.alterDatabase(of)
  return [
    unlessThere(textOf(postgres.createDatabase(of), 0), 'pg_database', 'datname', of.name),
    ...alter.statements.map((_, n) => `${textOf(alter, n)};`),
    '',
  ]
}

const resultText = (): string[] => [
  '-- One line: what is there now. infra db verify --result takes it.',
  `${textOf(postgres.look(), 0)}\n\\gset`,
  `\\echo ${RESULT} :answer`,
]

/** Writes it so that nobody else can read it at any instant, whole or not at all. */
export const writeSqlFile = async (path: string, content: string): Promise<void> => {
  const there = await lstat(path).catch(() => undefined)
  if (there && !there.isFile())
    throw refuse(
      `${path} is not a file`,
      there.isSymbolicLink() ? 'it is a link, and what it leads to is not ours to write' : undefined,
      'Move it away, then run the same command again',
    )
  const half = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`)
  try {
    // Fails when it is there: nobody can put a link in its place beforehand.
    const file = await open(half, 'wx', 0o600)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(half, path)
  } catch (error) {
    await rm(half, { force: true })
    throw new InfraError(`${path} could not be written`, {
      why: (error as Error).message,
      next: 'Fix that, then run the same command again',
      cause: error,
    })
  }
}

export interface Handed {
  readonly file: string
  readonly region: string
  /** With the master user's credentials. */
  readonly secret: string
  readonly roles: Wanted['roles']
  readonly host?: string
  readonly port?: number
  /** Id of an instance in the network of the database. */
  readonly bastion?: string
  /** The step that makes one is among steps. */
  readonly hasBastion?: boolean
}

const shell = (words: string): string => (/^[\w./:@-]+$/.test(words) ? words : `'${words.replaceAll("'", `'\\''`)}'`)

/** What a person does to run the file, line by line. Values of secrets go from AWS into variables, never onto the screen. */
export const instructions = (handed: Handed): string[] => {
  const { file, region, secret, roles, host, port = 5432, bastion, hasBastion } = handed
  const name = shell(basename(file))
  const value = (from: PasswordAt): string => {
    const key = /^[A-Za-z_]\w*$/.test(from.key) ? `.${from.key}` : `.[${JSON.stringify(from.key)}]`
    return `"$(aws secretsmanager get-secret-value --region ${region} --secret-id ${shell(from.secret)} --query SecretString --output text | jq -r ${shell(key)})"`
  }
  return [
    bastion
      ? `aws ssm start-session --region ${region} --target ${bastion}`
      : `# on a machine that reaches the database; to have one: ${hasBastion ? '' : 'add bastion to steps in infra.yaml, then '}infra create bastion`,
    'cd && sudo dnf install -y postgresql16 jq    # Debian, Ubuntu: apt-get install postgresql-client jq',
    `cat > ${name}    # paste the file ${file}, then Ctrl-D`,
    bundleUrl(region)
      ? `curl -fsSLO ${bundleUrl(region)}`
      : `# download ${region}-bundle.pem: docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html`,
    `export PGHOST=${host ?? '<endpoint>'} PGPORT=${port} PGDATABASE=postgres PGSSLMODE=verify-full PGSSLROOTCERT=${region}-bundle.pem`,
    `export PGUSER=${value({ secret, key: 'master_username' })}`,
    `export PGPASSWORD=${value({ secret, key: 'master_password' })}`,
    ...roles.map((r, n) => `export ${variable(n + 1)}=${value(r.password)}`),
    '# where this machine may not read the secret: read -rs PGPASSWORD && export PGPASSWORD, and the others likewise',
    `psql -X -f ${name}    # its last line, ${RESULT} {...}, is what infra db verify --result takes`,
  ]
}
