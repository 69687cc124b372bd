import { closest } from '../../config/closest.ts'
import type { Config } from '../../config/config.ts'
import type { StepName } from '../../config/names.ts'
import { OUTPUTS, type StackOutput } from '../../config/outputs.ts'
import { REFERENCE } from '../../config/references.ts'
import { refuse } from '../../core/errors.ts'
import type { Row } from '../../state/schema.ts'
import { list } from '../../ui/format.ts'

/** What `infra env` knows of the stack, without asking AWS. */
export interface Known {
  readonly config: Config
  readonly rows: ReadonlyMap<string, Row>
  /** Undefined before the first run. */
  readonly account: string | undefined
  /** The database that is meant; undefined where there are several and none was named. */
  readonly database: string | undefined
}

/** A piece of a variable. `absent`: the step makes it. */
export type Part =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'secret'; readonly arn: string; readonly key: string | undefined }
  | { readonly is: 'absent'; readonly step: StepName }

/** Why a variable has no value, and what gives it one: a step, or a command. */
export interface Lack {
  readonly why: string
  readonly step?: StepName
  readonly next?: string
}
/** How a secret is written: as its place, or (with --reveal) as what is in it. */
export type Secrets = (arn: string, key: string | undefined, alone: boolean) => string | Lack

const text = (value: string): Part => ({ is: 'text', text: value })
const absent = (step: StepName): Part => ({ is: 'absent', step })

/** A resource that is ready: half of one is not there yet. */
const ready = (row: Row | undefined): Row | undefined => (row?.is === 'ready' ? row : undefined)

/** An attribute, or the step that makes it. */
const attr = ({ rows }: Known, step: StepName, key: string, name: string, known?: string): Part => {
  const row = ready(rows.get(key))
  const value = row && (known ?? row.attrs?.[name])
  return typeof value === 'string' || typeof value === 'number' ? text(String(value)) : absent(step)
}

/** What a section hands out, or what every stack has. */
const stackOutput = ({ of, text: told, step = 'vpc' }: StackOutput, known: Known): Part => {
  const { config, account } = known
  if (!of) {
    const value = told?.(config, account)
    return value === undefined ? absent(step) : text(value)
  }
  const part = attr(known, step, of.key, of.attr)
  const value = part.is === 'text' ? part : attr(known, step, of.key, of.attr, of.known?.(config))
  return value.is === 'text' && of.write ? text(of.write(config, value.text).join('')) : value
}

/** The role that the application logs in with: one for all databases, or that of the database. */
const roleOf = ({ config, rows, database }: Known): Row | undefined => {
  const user = config.databases.roles === 'shared' ? config.databases.appUser : database
  return ready([...rows.values()].find((row) => row.type === 'sql.role' && row.name === user))
}

const databaseName = ({ config, rows, database = '' }: Known): Part => {
  if (!config.databases.names.includes(database)) return ready(rows.get('db-instance')) ? text(database) : absent('rds')
  const made = [...rows.values()].some((row) => row.type === 'sql.database' && row.name === database && ready(row))
  return made ? text(database) : absent('databases')
}

const password = (of: Known): Part => {
  const { passwordSecret, passwordKey } = roleOf(of)?.want ?? {}
  if (typeof passwordSecret !== 'string') return absent('databases')
  return { is: 'secret', arn: passwordSecret, key: typeof passwordKey === 'string' ? passwordKey : 'password' }
}

const databaseSecret = (of: Known): Part => {
  if (of.config.databases.roles === 'shared') return attr(of, 'secrets', 'database-secret', 'arn')
  const secret = password(of)
  return secret.is === 'secret' ? text(secret.arn) : secret
}

/** What the database that is meant has, by names that only `infra env` knows: a container is told which one it has. */
const DATABASE: ReadonlyMap<string, (of: Known) => Part> = new Map([
  ['database.name', databaseName],
  [
    'database.user',
    (of) => {
      const role = roleOf(of)
      return role ? text(role.name) : absent('databases')
    },
  ],
  ['database.password', password],
  ['database.secretArn', databaseSecret],
])
/** Every name that may stand in `${...}`. */
const NAMES: readonly string[] = [...OUTPUTS.keys(), ...DATABASE.keys()]

/**
 * A text of the mapping in its pieces.
 * @throws InfraError (exit 2) for a `${...}` that nobody knows
 */
export const partsOf = (variable: string, value: string, of: Known): Part[] => {
  const parts: Part[] = []
  let at = 0
  for (const m of value.matchAll(REFERENCE)) {
    parts.push(text(value.slice(at, m.index)), behind(variable, m[1] ?? '', of))
    at = m.index + m[0].length
  }
  parts.push(text(value.slice(at)))
  return parts.filter((p) => p.is !== 'text' || p.text !== '')
}

const behind = (variable: string, name: string, of: Known): Part => {
  const { config, database } = of
  const [, what, rest = ''] = /^(secret|secretArn):(.*)$/.exec(name) ?? []
  if (what) {
    const found = secret(variable, rest, of)
    return what === 'secretArn' && found.is === 'secret' ? text(found.arn) : found
  }
  const output = OUTPUTS.get(name)
  if (output) return stackOutput(output, of)
  const ofDatabase = DATABASE.get(name)
  if (!ofDatabase) throw unknown(variable, name, NAMES, '${rds.endpoint}, ${database.password} or ${secret:database:password}')
  const perDatabase = name === 'database.name' || config.databases.roles === 'perDatabase'
  if (perDatabase && database === undefined) throw whichDatabase(variable, config)
  return ofDatabase(of)
}

const ARN = /^(arn:[\w-]+:secretsmanager:[\w-]*:\d*:secret:[\w/+=.@-]+)(?::([^:]*))?:{0,2}$/
const PLACE = /^([^:]+)(?::([^:]*))?$/

/** `name:key`, `name`, or the same with an ARN. */
const secret = (variable: string, place: string, of: Known): Part => {
  const [, id = '', key = ''] = (place.startsWith('arn:') ? ARN : PLACE).exec(place) ?? []
  const no = (why: string) =>
    refuse(`env.${variable} takes secret:${place}`, why, 'Fix env in infra.yaml, for example ${secret:database:password}')
  if (id === '' || /\s/.test(key)) throw no('it must be a secret of the config or its ARN, a colon, and a key without blanks')
  if (id.startsWith('arn:')) {
    // ECS finds no key without them.
    if (!/-[A-Za-z0-9]{6}$/.test(id)) throw no('the ARN must be whole, with a hyphen and six characters at its end')
    return { is: 'secret', arn: id, key: key || undefined }
  }
  const names = ['database', ...of.config.secrets.others.map((o) => o.key)]
  if (!names.includes(id)) throw unknown(variable, id, names, '${secret:database:password}', 'secret')
  const found = attr(of, 'secrets', `${id}-secret`, 'arn')
  return found.is === 'text' ? { is: 'secret', arn: found.text, key: key || undefined } : found
}

const unknown = (variable: string, name: string, names: readonly string[], example: string, what = 'output') => {
  const meant = closest(name, names)
  return refuse(
    `env.${variable} takes ${name}, and infra knows no ${what} of this name`,
    meant ? `did you mean ${meant}?` : `there are ${list(names)}`,
    `Fix env in infra.yaml, for example ${example}`,
  )
}

const whichDatabase = (variable: string, { databases: { names } }: Config) =>
  refuse(
    'Which database is meant?',
    names.length > 0 ? `env.${variable} hangs on it, and infra.yaml has ${list(names)}` : 'infra.yaml has none',
    names.length > 0 ? `infra env --database ${names[0]}` : 'infra db add <name>',
  )
