import type { TaskDefinition } from '../aws/services/ecs-types.ts'
import type { Config } from '../config/config.ts'
import { InfraError } from '../core/errors.ts'
import { checkSecrets } from '../ecs/secret-check.ts'
import type { Survey } from '../engine/kind.ts'
import { placeholdersLeft } from '../kinds/index.ts'
import { list } from '../ui/format.ts'
import { awsFlags, inSandbox } from './globals.ts'
import { orRefuse, type ServicePlace } from './service.ts'
import type { Session } from './types.ts'

/** The placeholders that infra.yaml gives in place of values that only a person has. */
export const placeholdersOf = (config: Config | undefined): ReadonlySet<string> =>
  new Set(
    config
      ? [config.secrets.database, ...config.secrets.others].flatMap((s) =>
          Object.values(s.keys).flatMap((of) => ('placeholder' in of ? [of.placeholder] : [])),
        )
      : [],
  )

/** A secret whose keys still hold placeholders. */
export interface Unfilled {
  /** In Secrets Manager. */
  readonly name: string
  readonly keys: readonly string[]
}

/**
 * Secrets that a person still has to fill in.
 * @param fresh keys of resources that were made after the look: they hold all their placeholders
 */
export const unfilledIn = (config: Config, survey: Survey | undefined, fresh: readonly string[] = []): Unfilled[] =>
  [config.secrets.database, ...config.secrets.others].flatMap((secret) => {
    const key = `${secret.key}-secret`
    const seen = survey?.get(key)
    const all = Object.entries(secret.keys).flatMap(([k, of]) => ('placeholder' in of ? [k] : []))
    const keys = fresh.includes(key) ? all : seen && seen.is !== 'absent' ? placeholdersLeft(seen.note) : []
    return keys.length > 0 ? [{ name: secret.name, keys }] : []
  })

/** One sentence each, and how to fill one in: its value is on no screen, in no history and in no list of processes. */
export const sayUnfilled = (s: Pick<Session, 'config' | 'g' | 'io' | 'sandbox'>, all: readonly Unfilled[]): void => {
  const [first] = all
  if (!first) return
  const { io, sandbox } = s
  for (const { name, keys } of all)
    io.say(`  ${io.c.yellow('!')} ${name} still holds ${keys.length === 1 ? 'a placeholder' : 'placeholders'}: ${list(keys)}.`)
  const { name, keys } = first
  const of = `--secret-id ${name} ${awsFlags(s)}`
  const line = [
    `aws secretsmanager get-secret-value ${of} --query SecretString --output text`,
    `jq '."${keys[0]}" = env.VALUE'`,
    `aws secretsmanager put-secret-value ${of} --secret-string file:///dev/stdin`,
  ].join(' | ')
  io.say('    To fill one in (type the value and press Enter after the first line; it is not shown):')
  io.say(`      ${io.c.cyan('read -rs VALUE && export VALUE')}`)
  io.say(`      ${io.c.cyan(sandbox ? inSandbox(line) : line)}`)
}

/** The same for a program. */
export const unfilledNotes = (all: readonly Unfilled[]): string[] =>
  all.map(({ name, keys }) => `${name} still holds ${keys.length === 1 ? 'a placeholder' : 'placeholders'}: ${list(keys)}`)

/**
 * A rollout whose tasks cannot read a secret never comes to be healthy, and without a circuit breaker ECS tries for ever: it is refused
 * before it begins, also where only new tasks of the same revision are asked for.
 * @param known variables whose secrets were looked at already
 * @returns what to know before saying yes
 * @throws InfraError (exit 2)
 */
export const secretNotes = async (
  p: ServicePlace,
  definition: Pick<TaskDefinition, 'containerDefinitions'>,
  known: readonly string[] = [],
): Promise<string[]> => {
  const all = await orRefuse(p, checkSecrets(p.aws, definition, p.region, placeholdersOf(p.stack?.config)))
  const wrong = all.filter((s) => s.wrong && !known.includes(s.variable))
  const [first] = wrong
  if (first)
    throw new InfraError(
      wrong.length === 1 ? `The secret of ${first.variable} cannot be read` : `${wrong.length} secrets cannot be read`,
      {
        why: `${wrong.map((s) => (wrong.length === 1 ? s.wrong : `${s.variable}: ${s.wrong}`)).join('; ')}. No new task would start`,
        next: `Bring ${wrong.length === 1 ? 'it' : 'them'} back (aws secretsmanager restore-secret), or name another: ${p.line('deploy', wrong.map((s) => `--set-secret ${s.variable}=<secret:KEY>`).join(' '))}`,
        exitCode: 2,
      },
    )
  const empty = all.filter((s) => s.placeholder).map((s) => s.variable)
  return empty.length > 0 ? [`${list(empty)}: the secret holds a placeholder, not the real value`] : []
}
