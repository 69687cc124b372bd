import { randomInt } from 'node:crypto'
import { InfraError } from '../core/errors.ts'
import { Secret } from '../core/json.ts'
import type { Aws } from './clients.ts'
import type { PasswordAt } from './sql.ts'
import { unlessGone } from './trouble.ts'

/** How the first value of one key comes about. */
export type KeySource =
  | { readonly value: string | number }
  | { readonly placeholder: string }
  | { readonly generate: number; readonly exclude?: string }

/** What host holds until the database exists. */
export const HOST_PLACEHOLDER = 'PLACEHOLDER_WILL_BE_UPDATED_AFTER_RDS_CREATION'

/** Values that say of themselves that they are placeholders. */
const SAYS_SO = /change[_ -]?me|placeholder|^<[^<>]+>$|^(todo|tbd|x{3,})$/i

/** Whether a value is only a placeholder. @param declared the placeholders of infra.yaml */
export const isPlaceholder = (value: unknown, declared?: ReadonlySet<string>): boolean =>
  typeof value === 'string' && (SAYS_SO.test(value) || declared?.has(value) === true)

/** Letters and digits: fits every engine's rules (RDS refuses / " @ and space) and needs no escape in a URL. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** @param length characters, 8 to 128 */
export const randomPassword = (length: number, exclude = ''): string => {
  const letters = [...ALPHABET].filter((c) => !exclude.includes(c))
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('')
}

export const firstValue = (source: KeySource): string | number =>
  'value' in source
    ? source.value
    : 'placeholder' in source
      ? source.placeholder
      : randomPassword(source.generate, source.exclude)

/** Whether an answer is about the secret that was asked for, by its name, its ARN, or its ARN without the six last characters. */
export const isAbout = (
  { ARN, Name }: { readonly ARN?: string | undefined; readonly Name?: string | undefined },
  asked: string,
): boolean =>
  (ARN === undefined && Name === undefined) ||
  Name === asked ||
  (ARN !== undefined && asked.startsWith('arn:') && ARN.startsWith(asked))

/** The JSON object in a secret; undefined when it holds something else. */
export const jsonIn = (text: string | undefined): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** The JSON object in a secret. @throws InfraError when it is not one */
export const parseSecret = (name: string, text: string | undefined): Record<string, unknown> => {
  const value = jsonIn(text)
  if (!value)
    throw new InfraError(`The secret ${name} does not hold a JSON object`, {
      why: 'its keys cannot be read or changed one by one',
      next: 'Put a JSON object into it (aws secretsmanager put-secret-value), then run the same command again',
    })
  return value
}

/** Several keys of a secret, in one call. @throws InfraError when one is missing */
export const readSecrets = async (
  aws: Pick<Aws, 'secretsManager'>,
  id: string,
  keys: readonly string[],
  stage?: PasswordAt['stage'],
): Promise<Secret[]> => {
  const { SecretString } = await aws.secretsManager('GetSecretValue', { SecretId: id, ...(stage ? { VersionStage: stage } : {}) })
  const values = parseSecret(id, SecretString)
  return keys.map((key) => {
    const value = values[key]
    if (typeof value !== 'string' || value === '')
      throw new InfraError(`The secret ${id} has no ${key}`, {
        why: 'it is read from there',
        next: 'Put it into the secret, then run the same command again',
      })
    return new Secret(value)
  })
}

/** One key of a secret. @param stage another version than the one that counts */
export const readSecret = async (
  aws: Pick<Aws, 'secretsManager'>,
  id: string,
  key: string,
  stage?: PasswordAt['stage'],
): Promise<Secret> => {
  const [value] = await readSecrets(aws, id, [key], stage)
  return value as Secret
}

/**
 * Writes some keys of a secret: read, change, write. Never fewer keys than before: an overwritten secret once cost the authors of
 * the scripts that are ported here all their credentials.
 */
export const mergeSecret = async (
  aws: Pick<Aws, 'secretsManager'>,
  id: string,
  change: (now: Readonly<Record<string, unknown>>) => Record<string, unknown>,
): Promise<void> => {
  const { SecretString } = await aws.secretsManager('GetSecretValue', { SecretId: id })
  const before = parseSecret(id, SecretString)
  const after = change(before)
  const lost = Object.keys(before).filter((k) => !(k in after))
  if (lost.length > 0)
    throw new InfraError(`Writing the secret ${id} would drop ${lost.join(', ')}`, { why: 'a key is never dropped' })
  await aws.secretsManager('PutSecretValue', { SecretId: id, SecretString: JSON.stringify(after) })
}

/** The text of a secret; undefined when it holds none. @param id its name or ARN. @throws what AWS answers where it is gone */
export const textOfSecret = async (aws: Pick<Aws, 'secretsManager'>, id: string): Promise<string | undefined> =>
  (await aws.secretsManager('GetSecretValue', { SecretId: id })).SecretString

/** The ARN of a secret as it is now; undefined when there is none. @param id its name or ARN */
export const arnOfSecret = async (aws: Pick<Aws, 'secretsManager'>, id: string): Promise<string | undefined> =>
  (await unlessGone(aws.secretsManager('DescribeSecret', { SecretId: id })))?.ARN
