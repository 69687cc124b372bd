import type { Aws } from '../aws/clients.ts'
import { isPlaceholder, jsonIn } from '../aws/secrets.ts'
import { tagMap } from '../aws/tags.ts'
import { classify, codeOf } from '../aws/trouble.ts'
import { type InfraError, refuse } from '../core/errors.ts'

/** `secret:KEY` as it was typed. */
export interface SecretWish {
  /** A name, or an ARN with or without the six characters at its end. */
  readonly id: string
  readonly key: string | undefined
}

const ARN = /^arn:[\w-]+:secretsmanager:/
const KEY = /^[^\s:]{1,256}$/
/** Of an ARN: a hyphen and six characters. */
const WHOLE = /-[A-Za-z0-9]{6}$/

/** @throws InfraError (exit 2) */
export const parseSecret = (variable: string, text: string): SecretWish => {
  const no = (why: string): InfraError =>
    refuse(`--set-secret ${variable}=${text} names no secret`, why, `for example --set-secret ${variable}=database:password`)
  if (/^arn:/.test(text) && !ARN.test(text)) throw no('it must be one of Secrets Manager')
  const parts = text.split(':')
  const at = ARN.test(text) ? 7 : parts.length > 1 ? parts.length - 1 : 1
  const id = parts.slice(0, at).join(':')
  // As AWS writes it, an empty version stage and version id stand behind the key.
  const [key = '', ...version] = parts.slice(at)
  if (!id || parts.length > at + 3) throw no('it must be a secret, a colon and a key in it')
  if (version.some((part) => part !== '')) throw no('the version that counts is taken, never another one')
  if (key !== '' && !KEY.test(key)) throw no('a key has no blanks')
  return { id, key: key || undefined }
}

export interface SecretFound {
  readonly arn: string
  /** Undefined where nobody could look. */
  readonly name: string | undefined
  /** As ECS takes it: ARN, key, version stage and version id. */
  readonly valueFrom: string
  /** Empty where nobody could look. */
  readonly tags: Readonly<Record<string, string>>
  /** What could not be checked, and why. */
  readonly note?: string
  /** Its value is only a placeholder. */
  readonly placeholder?: boolean
}

/** Where a secret is looked for. */
interface Here {
  readonly region: string
  /** Those that the config knows, for the sentence. */
  readonly names: readonly string[]
  readonly ours?: boolean
  /** The placeholders of infra.yaml. */
  readonly placeholders?: ReadonlySet<string> | undefined
}

/**
 * The whole ARN, with the six characters that Secrets Manager adds to it: without them ECS does not find a key.
 * docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
 * @throws InfraError (exit 2) when there is no such secret or key, or it is about to be deleted
 */
export const findSecret = async (aws: Pick<Aws, 'secretsManager'>, wish: SecretWish, here: Here): Promise<SecretFound> => {
  const elsewhere = ARN.test(wish.id) && wish.id.split(':')[3] !== here.region
  if (elsewhere) return unseen(wish, `${wish.id} is in another region, so nobody looked whether it is there`)
  const known = here.names.length > 0 ? `the config knows ${here.names.join(', ')}` : undefined
  const secret = await aws.secretsManager('DescribeSecret', { SecretId: wish.id }).catch((error: unknown) => {
    if (/^AccessDenied/.test(codeOf(error)) && WHOLE.test(wish.id) && ARN.test(wish.id)) return undefined
    if (classify(error) !== 'gone') throw error
    throw here.ours
      ? refuse(`There is no secret ${wish.id} yet`, 'the config has it, and it was not made', 'infra create secrets')
      : refuse(`There is no secret ${wish.id}`, known, 'Name one of the config, one of Secrets Manager, or a whole ARN')
  })
  if (!secret) return unseen(wish, `this identity may not look at ${wish.id} (secretsmanager:DescribeSecret)`)
  const { ARN: arn = '', DeletedDate: gone, Name: name = wish.id } = secret
  const tags = tagMap(secret.Tags)
  if (gone)
    throw refuse(
      `The secret ${name} is about to be deleted`,
      `somebody asked for it on ${gone.toISOString().slice(0, 10)}; nothing can read it`,
      `aws secretsmanager restore-secret --secret-id ${name}`,
    )
  const inside = await lookInside(aws, arn, name, wish, here.placeholders)
  return { arn, name, valueFrom: valueFrom(arn, wish), tags, ...inside }
}

/** After the ARN come the key, the version's stage and its id, with their colons also where they are empty. */
const valueFrom = (arn: string, { key }: SecretWish): string => (key === undefined ? arn : `${arn}:${key}::`)

/** Only a whole ARN can be trusted without a look. */
const unseen = (wish: SecretWish, note: string): SecretFound => {
  if (!WHOLE.test(wish.id))
    throw refuse(
      `${wish.id} is not the whole ARN`,
      'it must end with a hyphen and six characters',
      'aws secretsmanager describe-secret shows it',
    )
  return { arn: wish.id, name: undefined, valueFrom: valueFrom(wish.id, wish), tags: {}, note }
}

/** Looks whether the key is there, without a word of what is in it. */
const lookInside = async (
  aws: Pick<Aws, 'secretsManager'>,
  arn: string,
  name: string,
  { key }: SecretWish,
  placeholders: Here['placeholders'],
): Promise<Pick<SecretFound, 'note' | 'placeholder'>> => {
  if (key === undefined) return {}
  const read = aws.secretsManager('GetSecretValue', { SecretId: arn })
  const { SecretString: text } = await read.catch((error: unknown) => {
    if (classify(error) === 'gone')
      throw refuse(
        `The secret ${name} has no value yet`,
        'nothing can start with it',
        'Put one in: aws secretsmanager put-secret-value',
      )
    if (!/^(AccessDenied|DecryptionFailure)/.test(codeOf(error))) throw error
    return { SecretString: null }
  })
  if (text === null) return { note: `whether ${name} has the key ${key} was not checked: this identity may not read it` }
  const values = jsonIn(text)
  if (!values)
    throw refuse(`The secret ${name} has no keys`, 'it is not a JSON object', `Take all of it: --set-secret <variable>=${name}`)
  if (!Object.hasOwn(values, key))
    throw refuse(
      `The secret ${name} has no key ${key}`,
      `it has ${Object.keys(values).join(', ') || 'none at all'}`,
      'Name one of them, or put the key into the secret: aws secretsmanager put-secret-value',
    )
  return isPlaceholder(values[key], placeholders) ? { placeholder: true } : {}
}
