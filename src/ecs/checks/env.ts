import type { Aws } from '../../aws/clients.ts'
import type { TaskDefinition } from '../../aws/services/ecs-types.ts'
import type { Overlay } from '../../state/memory.ts'
import { type Declared, stillDeployed } from '../record.ts'
import { containerOf, revisionOf } from '../revision.ts'
import { checkSecrets } from '../secret-check.ts'
import type { Check, Line } from './check.ts'
import { many } from './check.ts'

type Kind = 'env' | 'secret'

/** The variables of one container, each as a plain text or from a secret. Values are not looked at: they may be secrets. */
export const variablesIn = (d: TaskDefinition, container?: string): ReadonlyMap<string, { kind: Kind; empty: boolean }> => {
  const { environment = [], secrets = [] } = containerOf(d, container)
  return new Map([
    ...environment.map(({ name = '', value = '' }) => [name, { kind: 'env' as Kind, empty: value === '' }] as const),
    ...secrets.map(({ name = '' }) => [name, { kind: 'secret' as Kind, empty: false }] as const),
  ])
}

/** A variable that must be there, in every revision that a task runs. */
export const checkExpected = (name: string, running: readonly TaskDefinition[], container: string, line: Line): Check => {
  const seen = running.map((d) => ({ d, variable: variablesIn(d, container).get(name) }))
  const without = seen.filter((s) => !s.variable).map((s) => revisionOf(s.d.taskDefinitionArn))
  if (without.length > 0)
    return {
      name: `env ${name}`,
      outcome: 'fail',
      detail: `not in ${without.join(' and ')}, which runs`,
      next: `${line('deploy', `--set-env ${name}=<value>`)} (or --set-secret ${name}=<secret>:<key>)`,
    }
  const [first] = seen
  const where = revisionOf(first?.d.taskDefinitionArn)
  if (first?.variable?.empty)
    return {
      name: `env ${name}`,
      outcome: 'warn',
      detail: `in ${where}, but empty`,
      next: line('deploy', `--set-env ${name}=<value>`),
    }
  return {
    name: `env ${name}`,
    outcome: 'pass',
    detail: `in ${where} as ${first?.variable?.kind === 'secret' ? 'a secret' : 'a text'}`,
  }
}

/**
 * Whether what runs has the variables that infra.yaml and the deploys since then say.
 * @param adopted the service was there before: `create` never changes it, a deploy does
 */
export const checkDeclared = (
  declared: Declared,
  overlay: Overlay | undefined,
  running: TaskDefinition,
  container: string,
  line: Line,
  adopted = false,
): Check => {
  const name = 'env of infra.yaml'
  const { environment = {}, secrets = {}, unset = [] } = stillDeployed(overlay, declared) ?? {}
  const want = new Map<string, Kind>()
  for (const k of Object.keys(declared.environment)) want.set(k, 'env')
  for (const k of Object.keys(declared.secrets)) want.set(k, 'secret')
  for (const k of unset) want.delete(k)
  for (const k of Object.keys(environment)) want.set(k, 'env')
  for (const k of Object.keys(secrets)) want.set(k, 'secret')
  const has = variablesIn(running, container)
  const revision = revisionOf(running.taskDefinitionArn)
  const missing = [...want.keys()].filter((k) => !has.has(k))
  const other = [...want].filter(([k, kind]) => has.has(k) && has.get(k)?.kind !== kind)
  const strange = [...has.keys()].filter((k) => !want.has(k))
  if (missing.length + other.length > 0) {
    const parts = [
      ...(missing.length > 0 ? [`${missing.join(', ')} not in ${revision}`] : []),
      ...other.map(
        ([k, kind]) =>
          `${k} is ${kind === 'secret' ? 'a text there and should be a secret' : 'a secret there and should be a text'}`,
      ),
    ]
    const flags = [...missing, ...other.map(([k]) => k)].map((k) =>
      want.get(k) === 'secret' ? `--set-secret ${k}=<secret>:<key>` : `--set-env ${k}=<value>`,
    )
    return {
      name,
      outcome: 'fail',
      detail: parts.join('; '),
      next: adopted ? line('deploy', flags.join(' ')) : 'infra create ecs',
    }
  }
  if (strange.length > 0)
    return {
      name,
      outcome: 'warn',
      detail: `${strange.join(', ')} in ${revision}, and infra.yaml does not have ${strange.length === 1 ? 'it' : 'them'}`,
      next: `Write ${strange.length === 1 ? 'it' : 'them'} into infra.yaml, or: ${line('deploy', strange.map((k) => `--unset ${k}`).join(' '))}`,
    }
  return { name, outcome: 'pass', detail: want.size === 0 ? 'it has none' : `${many(want.size, 'variable')}, all in ${revision}` }
}

/** Every secret is there, with its key; a running task has read them when it started, and the next one must be able to. */
export const checkSecretsOf = async (
  aws: Pick<Aws, 'secretsManager'>,
  running: TaskDefinition,
  region: string,
  line: Line,
  placeholders?: ReadonlySet<string>,
): Promise<Check> => {
  const name = 'secrets'
  const all = await checkSecrets(aws, running, region, placeholders)
  const wrong = all.filter((s) => s.wrong)
  const unknown = all.filter((s) => !s.wrong && s.unknown)
  const [first] = wrong
  if (all.length === 0) return { name, outcome: 'skip', detail: `${revisionOf(running.taskDefinitionArn)} takes none` }
  if (first)
    return {
      name,
      outcome: 'fail',
      detail: `${wrong.length} of ${all.length} cannot be read at the next start; ${first.variable}: ${first.wrong}`,
      next: line('deploy', `--set-secret ${first.variable}=<secret>:<key>`),
      examples: wrong.map((s) => `${s.variable}: ${s.wrong}`),
    }
  const empty = all.filter((s) => s.placeholder).map((s) => s.variable)
  if (empty.length > 0)
    return {
      name,
      outcome: 'warn',
      detail: `${empty.join(', ')} ${empty.length === 1 ? 'holds a placeholder' : 'hold placeholders'}, not the real ${empty.length === 1 ? 'value' : 'values'}`,
      next: `Put the real ones into the secret, then: ${line('deploy', '--force')}`,
    }
  const seen = all.length - unknown.length
  const unsure = unknown.map((s) => `${s.variable}: ${s.unknown}`)
  if (seen === 0) return { name, outcome: 'skip', detail: unsure.join('; ') }
  return unknown.length > 0
    ? { name, outcome: 'warn', detail: `${seen} of ${all.length} are there; not looked at: ${unsure.join('; ')}` }
    : { name, outcome: 'pass', detail: `${many(all.length, 'secret')}, each with its key` }
}
