import { HOST_PLACEHOLDER, jsonIn, textOfSecret } from '../../aws/secrets.ts'
import { unlessGone } from '../../aws/trouble.ts'
import { STEPS } from '../../config/names.ts'
import { orRefuse } from '../../session/database.ts'
import type { Session } from '../../session/session.ts'
import type { Lack, Secrets } from './outputs.ts'

/** What is in the secrets, each read once. @throws InfraError (exit 2) where one may not be read */
export const valuesOf = async (s: Pick<Session, 'aws' | 'explain' | 'state'>, arns: readonly string[]): Promise<Secrets> => {
  const texts = new Map<string, string | undefined>()
  await orRefuse(
    s,
    Promise.all(
      arns.map(async (SecretId) => {
        texts.set(SecretId, await unlessGone(textOfSecret(s.aws, SecretId)))
      }),
    ),
  )
  return (arn, key) => {
    const text = texts.get(arn)
    if (text === undefined) return none(s, arn)
    return key === undefined ? text : valueIn(arn, text, key)
  }
}

const none = (s: Pick<Session, 'state'>, arn: string): Lack => {
  const row = [...s.state.all().values()].find((r) => r.attrs?.arn === arn)
  const step = STEPS.find((name) => name === row?.step)
  return {
    why: `the secret ${nameIn(arn)} is gone, or holds no text`,
    ...(step ? { step } : { next: 'Fix its ARN under env in infra.yaml' }),
  }
}

/** As ECS hands it to a container: a text as it is, anything else as JSON. */
const valueIn = (arn: string, text: string, key: string): string | Lack => {
  const put = 'Put it into the secret: aws secretsmanager put-secret-value'
  const values = jsonIn(text)
  if (!values) return { why: `the secret ${nameIn(arn)} holds no JSON object`, next: put }
  const value = Object.hasOwn(values, key) ? values[key] : undefined
  if (value === undefined) return { why: `the secret ${nameIn(arn)} has no key ${key}`, next: put }
  // What stands there until the database is made.
  if (value === HOST_PLACEHOLDER) return { why: 'rds is not made yet', step: 'rds' }
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Without the six characters that Secrets Manager adds. */
export const nameIn = (arn: string): string => (arn.split(':')[6] ?? arn).replace(/-[A-Za-z0-9]{6}$/, '')
