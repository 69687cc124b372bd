import { monthlyPrice } from '../../aws/prices.ts'
import { firstValue, HOST_PLACEHOLDER, isAbout, jsonIn, type KeySource, mergeSecret } from '../../aws/secrets.ts'
import { foreignTo, tagList, tagMap } from '../../aws/tags.ts'
import { codeOf, unlessGone } from '../../aws/trouble.ts'
import type { AwsKind } from '../kind.ts'
import { keyProp } from '../kms.ts'

export { HOST_PLACEHOLDER }

export type SecretProps = {
  description: string
  kmsKey?: string
  /** Keys of the JSON object, each with where its first value comes from. Keys that are there are never overwritten. */
  keys: Readonly<Record<string, KeySource>>
  /** Days in which a deleted secret can be restored: 7 to 30, or 0 for none. */
  recoveryDays: number
}
export type SecretAttrs = { arn: string; name: string; recoveryDays: number }

/** How a look names keys that still hold placeholders: their names follow. */
const LEFT = 'placeholders left: '

/** The keys of a secret that still hold the placeholder of infra.yaml. @param note what the look of its kind says */
export const placeholdersLeft = (note: string | undefined): string[] =>
  note?.startsWith(LEFT) ? note.slice(LEFT.length).split(', ') : []

const leftIn = (
  keys: SecretProps['keys'] | undefined,
  there: Readonly<Record<string, unknown>> | undefined,
): { note?: string } => {
  const left = Object.entries(keys ?? {}).filter(
    ([k, of]) => 'placeholder' in of && of.placeholder !== HOST_PLACEHOLDER && there?.[k] === of.placeholder,
  )
  return left.length > 0 ? { note: `${LEFT}${left.map(([k]) => k).join(', ')}` } : {}
}

/**
 * A secret with a JSON object. Values are generated in the create call and live in Secrets Manager only. A name that is
 * scheduled for deletion cannot be created again: it is restored, with its old values.
 */
export const SecretKind: AwsKind<SecretProps, SecretAttrs> = {
  type: 'secretsmanager.secret',
  async observe(aws, stamp, want, last, depth = 'props') {
    const SecretId = last?.name ?? stamp.name
    const value = depth === 'props' ? aws.secretsManager('GetSecretValue', { SecretId }).catch(() => undefined) : undefined
    const found = await unlessGone(aws.secretsManager('DescribeSecret', { SecretId }))
    if (!found?.ARN || !isAbout(found, SecretId)) return { is: 'absent' }
    const tags = tagMap(found.Tags)
    // One that was deleted and made anew under the same name has another ARN: then its tags say whose it is.
    const recorded = last !== undefined && (!last.arn?.startsWith('arn:') || last.arn === found.ARN)
    const owner = recorded ? undefined : foreignTo(stamp, tags, `the secret ${SecretId}`)
    if (found.DeletedDate && !owner?.foreign)
      return { is: 'absent', note: 'was scheduled for deletion; restored with its old values' }
    // A person may have put something else into it: then its keys are not known, and only writing to it is an error.
    const there = jsonIn((await value)?.SecretString)
    return {
      is: 'ready',
      attrs: { arn: found.ARN, name: found.Name ?? SecretId, recoveryDays: want.recoveryDays ?? last?.recoveryDays ?? 30 },
      props: {
        ...(found.Description !== undefined ? { description: found.Description } : {}),
        ...keyProp(found.KmsKeyId, want.kmsKey),
        ...(there && want.keys ? { keys: Object.fromEntries(Object.entries(want.keys).filter(([k]) => k in there)) } : {}),
      },
      tags,
      ...leftIn(want.keys, there),
      ...owner,
    }
  },
  async create(aws, want, stamp) {
    const first = Object.fromEntries(Object.entries(want.keys).map(([k, source]) => [k, firstValue(source)]))
    try {
      const made = await aws.secretsManager('CreateSecret', {
        Name: stamp.name,
        Description: want.description,
        SecretString: JSON.stringify(first),
        ClientRequestToken: stamp.token,
        ...(want.kmsKey !== undefined ? { KmsKeyId: want.kmsKey } : {}),
        Tags: tagList(stamp.tags),
      })
      return { attrs: { arn: made.ARN ?? '', name: stamp.name, recoveryDays: want.recoveryDays }, ready: true }
    } catch (error) {
      if (!/^(InvalidRequest|ResourceExists)$/.test(codeOf(error))) throw error
      const found = await unlessGone(aws.secretsManager('DescribeSecret', { SecretId: stamp.name }))
      if (!found?.DeletedDate) throw error
      await aws.secretsManager('RestoreSecret', { SecretId: stamp.name })
      await mergeSecret(aws, stamp.name, (now) => ({ ...first, ...now }))
      return {
        attrs: { arn: found.ARN ?? '', name: stamp.name, recoveryDays: want.recoveryDays },
        ready: true,
        props: { description: found.Description ?? '' },
        tags: tagMap(found.Tags),
      }
    }
  },
  async update(aws, attrs, want, changed) {
    if (changed.includes('keys'))
      await mergeSecret(aws, attrs.name, (now) => ({
        ...Object.fromEntries(Object.entries(want.keys).flatMap(([k, source]) => (k in now ? [] : [[k, firstValue(source)]]))),
        ...now,
      }))
    if (changed.includes('description'))
      await aws.secretsManager('UpdateSecret', { SecretId: attrs.name, Description: want.description })
    return 'done'
  },
  async tag(aws, attrs, tags) {
    await aws.secretsManager('TagResource', { SecretId: attrs.name, Tags: tagList(tags) })
  },
  async delete(aws, attrs) {
    await aws.secretsManager('DeleteSecret', {
      SecretId: attrs.name,
      ...(attrs.recoveryDays === 0 ? { ForceDeleteWithoutRecovery: true } : { RecoveryWindowInDays: attrs.recoveryDays }),
    })
  },
  facts: {
    title: 'secret',
    minutes: 0.1,
    monthly: (_want, region) => [monthlyPrice('secretsmanager.secret', region)],
    iam: {
      observe: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
      create: [
        'secretsmanager:CreateSecret',
        'secretsmanager:TagResource',
        'secretsmanager:DescribeSecret',
        'secretsmanager:RestoreSecret',
        'secretsmanager:GetSecretValue',
        'secretsmanager:PutSecretValue',
      ],
      update: [
        'secretsmanager:GetSecretValue',
        'secretsmanager:PutSecretValue',
        'secretsmanager:UpdateSecret',
        'secretsmanager:TagResource',
      ],
      delete: ['secretsmanager:DeleteSecret'],
    },
    immutable: ['kmsKey'],
    found: 'name',
    data: true,
    removedBy: (attrs) => `aws secretsmanager delete-secret --secret-id ${attrs.name}, then the same command again`,
    leaves: (attrs) =>
      attrs.recoveryDays === 0
        ? undefined
        : `the secret ${attrs.name}: for ${attrs.recoveryDays} days it can be restored, the next create does so (free meanwhile)`,
  },
}
