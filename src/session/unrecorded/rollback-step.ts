import type { TaskDefinition } from '../../aws/services/ecs-types.ts'
import type { Config } from '../../config/config.ts'
import { maybeSecret } from '../../ecs/difference.ts'
import type { Step } from '../../ecs/record.ts'

type Secrets = Config['secrets']
type Part = NonNullable<TaskDefinition['containerDefinitions']>[number]

/** What a rollback changes in the container of the application, in the words of the config: a create must not take it back. */
export const stepBack = (
  secretsOf: Secrets | undefined,
  from: TaskDefinition,
  to: TaskDefinition,
  name: string | undefined,
): Step => {
  const part = (d: TaskDefinition): Part | undefined => d.containerDefinitions?.find((c) => c.name === name)
  const [was, is] = [part(from), part(to)]
  const texts = (c: Part | undefined): Map<string, string> =>
    new Map((c?.environment ?? []).map((e) => [e.name ?? '', e.value ?? '']))
  const secrets = (c: Part | undefined): Map<string, string> =>
    new Map((c?.secrets ?? []).map((e) => [e.name ?? '', e.valueFrom ?? '']))
  const fresh = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): [string, string][] =>
    [...b].filter(([k, v]) => a.get(k) !== v)
  const after = new Set([...texts(is).keys(), ...secrets(is).keys()])
  return {
    image: was?.image === is?.image ? undefined : is?.image,
    environment: Object.fromEntries(fresh(texts(was), texts(is)).filter(([k, v]) => !maybeSecret(k, v))),
    secrets: Object.fromEntries(fresh(secrets(was), secrets(is)).map(([k, v]) => [k, inConfigWords(secretsOf, v)])),
    unset: [...texts(was).keys(), ...secrets(was).keys()].filter((k) => !after.has(k)),
  }
}

/** `database:password` where the config has a name for the secret. */
export const inConfigWords = (secrets: Secrets | undefined, valueFrom: string): string => {
  // Seven parts are the ARN, and behind them stands the key.
  const parts = valueFrom.split(':')
  const arn = parts.slice(0, 7).join(':')
  const key = parts.slice(7).join(':').replace(/:+$/, '')
  const named = secrets ? [secrets.database, ...secrets.others] : []
  // A hyphen and six characters stand behind the name.
  const own = named.find((s) => arn.slice(0, -7).endsWith(`:secret:${s.name}`))
  return `${own?.key ?? arn}:${key}`
}
