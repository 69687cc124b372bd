import { parseSecret, textOfSecret } from '../../aws/secrets.ts'
import { closest } from '../../config/closest.ts'
import { refuse } from '../../core/errors.ts'
import { orRefuse, recordedDatabase } from '../../session/database.ts'
import { awsFlags, commandLine, inSandbox } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { openSession, type Session } from '../../session/session.ts'
import { columns, list } from '../../ui/format.ts'
import type { CredentialsFlags } from './definitions.ts'

/** Where the credentials are and how to get one. The values themselves only with --reveal, on stdout and nowhere else. */
export const credentialsCommand = async (flags: CredentialsFlags): Promise<number> => {
  const s = await openSession(flags)
  try {
    const { name, arn } = secretOf(s, flags)
    const text = await orRefuse(s, textOfSecret(s.aws, arn))
    const values = await orRefuse(s, (async () => parseSecret(name, text))())
    const keys = Object.keys(values)
    const { key } = flags
    if (key !== undefined && !Object.hasOwn(values, key)) {
      const meant = closest(key, keys)
      throw refuse(
        `The secret ${name} has no key ${key}`,
        `${meant ? `did you mean ${meant}? ` : ''}It has ${list(keys)}`,
        line(flags, `--reveal --key ${meant ?? 'password'}`),
      )
    }
    if (flags.reveal) reveal(s, key === undefined ? values : values[key], key !== undefined)
    else screen(s, { name, arn, keys }, flags)
    return 0
  } finally {
    await s.close()
  }
}

const line = (flags: CredentialsFlags, words: string): string =>
  commandLine(flags, `db credentials ${words}${flags.database === undefined ? '' : ` --database ${flags.database}`}`)

/** @throws InfraError (exit 2) when it is not recorded */
const secretOf = (s: Session, { database }: CredentialsFlags): { name: string; arn: string } => {
  const { names, roles } = s.config.databases
  if (database === undefined) {
    const row = s.state.row('database-secret')
    if (row && typeof row.attrs?.arn === 'string') return { name: row.name, arn: row.attrs.arn }
    throw refuse('There are no credentials yet', 'no secret is recorded as made', commandLine(s.g, 'create secrets'))
  }
  const recorded = recordedDatabase(s, database)
  const arn = recorded?.role?.row.want.passwordSecret
  if (typeof arn === 'string') {
    const row = [...s.state.all().values()].find((r) => r.attrs?.arn === arn)
    return { name: row?.name ?? arn, arn }
  }
  if (!names.includes(database)) {
    const meant = closest(database, names)
    const why = meant ? `did you mean ${meant}?` : names.length > 0 ? `it has ${list(names)}` : undefined
    throw refuse(`There is no database ${database} in infra.yaml`, why, commandLine(s.g, 'db list'))
  }
  throw refuse(
    `The database ${database} is not made yet`,
    roles === 'shared' ? 'until then the credentials of all are in one secret' : 'its secret comes with it',
    commandLine(s.g, 'create databases'),
  )
}

/** One value bare, so that $(...) takes it as it is. */
const reveal = (s: Session, value: unknown, one: boolean): void => {
  if (s.io.json || !one) s.io.data(value)
  else process.stdout.write(`${typeof value === 'string' ? value : JSON.stringify(value)}\n`)
}

const screen = (s: Session, secret: { name: string; arn: string; keys: readonly string[] }, flags: CredentialsFlags): void => {
  const { io } = s
  const { name, arn, keys } = secret
  const example = flags.key ?? (keys.includes('password') ? 'password' : (keys[0] ?? 'password'))
  const plain = `aws secretsmanager get-secret-value --secret-id ${arn} --query SecretString --output text ${awsFlags(s)}`
  const aws = s.sandbox ? inSandbox(plain) : plain
  if (io.json) io.data({ name, arn, keys, command: aws })
  if (io.json) return
  header({ ...s, account: s.caller.account }, 'Credentials')
  io.say(
    columns([
      ['secret', io.c.bold(name)],
      ['ARN', arn],
      ['keys', keys.join(', ')],
      ['AWS CLI', io.c.cyan(aws)],
    ]),
  )
  const apart = s.config.databases.roles === 'perDatabase' && flags.database === undefined
  if (apart)
    io.say(`\n  Each database has a role and a secret of its own: ${commandLine(flags, 'db credentials --database <name>')}`)
  io.say(`\n  The values are shown only on demand. Next: ${io.c.cyan(line(flags, `--reveal --key ${example}`))}`)
}
