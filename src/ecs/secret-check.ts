import type { Aws } from '../aws/clients.ts'
import type { TaskDefinition } from '../aws/services/ecs-types.ts'
import { InfraError } from '../core/errors.ts'
import { findSecret, parseSecret } from './secret.ts'

/** What is wrong with one secret of a task definition; undefined: nothing that can be seen from here. */
export interface SecretCheck {
  readonly variable: string
  readonly wrong: string | undefined
  /** Why nobody could look. */
  readonly unknown: string | undefined
  /** It is there, and its value is only a placeholder. */
  readonly placeholder?: boolean
}

/**
 * Every secret of every container, looked up one by one: a task that cannot fetch one of them says only the first.
 * @param placeholders those of infra.yaml
 */
export const checkSecrets = async (
  aws: Pick<Aws, 'secretsManager'>,
  d: Pick<TaskDefinition, 'containerDefinitions'>,
  region: string,
  placeholders?: ReadonlySet<string>,
): Promise<SecretCheck[]> => {
  const all = (d.containerDefinitions ?? []).flatMap((c) => c.secrets ?? [])
  return Promise.all(all.map(({ name = '', valueFrom = '' }) => check(aws, name, valueFrom, region, placeholders)))
}

const check = async (
  aws: Pick<Aws, 'secretsManager'>,
  variable: string,
  valueFrom: string,
  region: string,
  placeholders: ReadonlySet<string> | undefined,
): Promise<SecretCheck> => {
  if (!valueFrom.includes(':secretsmanager:')) return { variable, wrong: undefined, unknown: 'it is none of Secrets Manager' }
  try {
    const wish = parseSecret(variable, valueFrom)
    const { arn, note, placeholder } = await findSecret(aws, wish, { region, names: [], placeholders })
    const short = arn !== wish.id && wish.id.startsWith('arn:')
    return {
      variable,
      wrong: short ? `its ARN is not whole: ${arn}${wish.key === undefined ? '' : `:${wish.key}::`}` : undefined,
      unknown: note,
      ...(placeholder ? { placeholder } : {}),
    }
  } catch (error) {
    if (error instanceof InfraError)
      return { variable, wrong: [error.what, error.why].filter(Boolean).join(': '), unknown: undefined }
    return { variable, wrong: undefined, unknown: (error as Error).message }
  }
}
