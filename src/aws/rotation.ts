import { randomUUID } from 'node:crypto'
import { InfraError, refuse } from '../core/errors.ts'
import { type Json, same } from '../core/json.ts'
import type { Aws } from './clients.ts'
import { parseSecret, randomPassword, readSecret } from './secrets.ts'

/** A password that is exchanged: which key of which secret, and the word by which a rotation that was begun is known again. */
export interface Rotation {
  /** Name or ARN. */
  readonly secret: string
  readonly key: string
  readonly of: RotationOf
}
export type RotationOf = 'app' | 'master'

/**
 * How far it is. `none`: nothing was begun. `pending`: the new password is in the version AWSPENDING. `current`: that version counts,
 * only the label is left on it. `other`: the rotation of the other password in this secret was begun.
 */
export type Progress = 'none' | 'pending' | 'current' | 'other'

type Client = Pick<Aws, 'secretsManager'>
type Values = Readonly<Record<string, unknown>>

/** The id of a version says whose work it is: what is in it need not be guessed. 32 to 64 characters, as AWS wants them. */
const tokenOf = (of: RotationOf): string => `infra-rotate-${of}-${randomUUID()}`
const TOKEN = /^infra-rotate-(app|master)-/

const LENGTH = 32
/** How often a secret that others write to meanwhile is merged again. */
const ATTEMPTS = 5

const stagesOf = async (aws: Client, id: string) => {
  const { VersionIdsToStages = {}, RotationEnabled: byAws = false } = await aws.secretsManager('DescribeSecret', { SecretId: id })
  const at = (stage: string): string | undefined =>
    Object.entries(VersionIdsToStages).find(([, stages]) => stages?.includes(stage))?.[0]
  return { current: at('AWSCURRENT'), pending: at('AWSPENDING'), byAws }
}

const valuesOf = async (aws: Client, id: string, version: string): Promise<Values> =>
  parseSecret(id, (await aws.secretsManager('GetSecretValue', { SecretId: id, VersionId: version })).SecretString)

/**
 * How far a rotation is that was begun.
 * @throws InfraError (exit 2) when somebody else is at work on the secret
 */
export const progressOf = async (aws: Client, { secret, key, of }: Rotation): Promise<Progress> => {
  const { current, pending, byAws } = await stagesOf(aws, secret)
  if (byAws)
    throw refuse(
      `AWS rotates the secret ${secret} by itself`,
      'two that change the same password would lock the application out',
      `aws secretsmanager rotate-secret --secret-id ${secret}; or switch that off: aws secretsmanager cancel-rotate-secret --secret-id ${secret}`,
    )
  if (!current || typeof (await valuesOf(aws, secret, current))[key] !== 'string')
    throw refuse(
      `The secret ${secret} has no ${key}`,
      'there is nothing to exchange',
      `Put the password that is in use into it (aws secretsmanager put-secret-value), then run the same command again`,
    )
  if (!pending) return 'none'
  const whose = TOKEN.exec(pending)?.[1]
  // A label that somebody left on the version that counts is in nobody's way.
  if (pending === current) return whose === of ? 'current' : 'none'
  if (whose === of) return 'pending'
  if (whose) return 'other'
  throw refuse(
    `The secret ${secret} has a version AWSPENDING that infra did not write`,
    'somebody else may be rotating it',
    `If nobody is: aws secretsmanager update-secret-version-stage --secret-id ${secret} --version-stage AWSPENDING --remove-from-version-id ${pending}`,
  )
}

const put = async (aws: Client, { secret, of }: Rotation, before: Values, after: Values): Promise<void> => {
  const lost = Object.keys(before).filter((k) => !(k in after))
  if (lost.length > 0)
    throw new InfraError(`Writing the secret ${secret} would drop ${lost.join(', ')}`, { why: 'a key is never dropped' })
  await aws.secretsManager('PutSecretValue', {
    SecretId: secret,
    SecretString: JSON.stringify(after),
    VersionStages: ['AWSPENDING'],
    ClientRequestToken: tokenOf(of),
  })
}

/** A new password, in a version that does not count yet: all else in it is as it is. */
export const beginRotation = async (aws: Client, rotation: Rotation): Promise<void> => {
  const { current = '' } = await stagesOf(aws, rotation.secret)
  const now = await valuesOf(aws, rotation.secret, current)
  await put(aws, rotation, now, { ...now, [rotation.key]: randomPassword(LENGTH) })
}

/** Tells RDS the new password of the master user. Only this function sees it. */
export const setMasterPassword = async (
  aws: Pick<Aws, 'secretsManager' | 'rds'>,
  { secret, key }: Rotation,
  id: string,
): Promise<void> => {
  const password = await readSecret(aws, secret, key, 'AWSPENDING')
  await aws.rds('ModifyDBInstance', {
    DBInstanceIdentifier: id,
    MasterUserPassword: password.reveal(),
    ApplyImmediately: true,
  })
}

/**
 * The new password counts from now on: for when the server knows it. What others have changed in the secret since then is kept:
 * AWS moves the label only from the version that was read.
 */
export const finishRotation = async (aws: Client, rotation: Rotation): Promise<void> => {
  const { secret, key } = rotation
  const without = (values: Values): Json => ({ ...values, [key]: null }) as Json
  for (let attempt = 1; ; attempt++) {
    const { current = '', pending } = await stagesOf(aws, secret)
    if (!pending)
      throw new InfraError(`The version AWSPENDING of the secret ${secret} has vanished`, {
        why: 'somebody took its label away',
        next: 'Run the same command again: it makes another password',
      })
    if (pending === current) return dropLabel(aws, secret, pending)
    const [now, next] = await Promise.all([valuesOf(aws, secret, current), valuesOf(aws, secret, pending)])
    if (!same(without(now), without(next))) {
      if (attempt >= ATTEMPTS)
        throw new InfraError(`The secret ${secret} is being changed all the time`, {
          why: 'what others write into it would be lost',
          next: 'Run the same command again when that is over: it goes on',
        })
      await put(aws, rotation, now, { ...now, [key]: next[key] })
      continue
    }
    try {
      await aws.secretsManager('UpdateSecretVersionStage', {
        SecretId: secret,
        VersionStage: 'AWSCURRENT',
        RemoveFromVersionId: current,
        MoveToVersionId: pending,
      })
      return dropLabel(aws, secret, pending)
    } catch (error) {
      // Refused because the label has moved: by somebody who wrote to the secret, or by this very call, whose answer was lost.
      if (attempt >= ATTEMPTS || (await stagesOf(aws, secret)).current === current) throw error
    }
  }
}

const dropLabel = async (aws: Client, secret: string, version: string): Promise<void> => {
  try {
    await aws.secretsManager('UpdateSecretVersionStage', {
      SecretId: secret,
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId: version,
    })
  } catch (error) {
    if ((await stagesOf(aws, secret)).pending === version) throw error
  }
}
