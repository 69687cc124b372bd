import { HOST_PLACEHOLDER, isAbout, jsonIn, mergeSecret } from '../../aws/secrets.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { AwsKind } from '../kind.ts'

export type SecretFieldProps = {
  /** The name of the secret that holds the field. */
  secret: string
  field: string
  value: string
}
export type SecretFieldAttrs = { secret: string; field: string }

/** One key of a secret that is known only later: the database's host. Read, change one key, write; all others stay. */
export const SecretField: AwsKind<SecretFieldProps, SecretFieldAttrs> = {
  type: 'secretsmanager.secret-field',
  async observe(aws, _stamp, want, last) {
    const secret = last?.secret ?? want.secret
    const field = last?.field ?? want.field
    if (!secret || !field) return { is: 'absent' }
    const found = await unlessGone(aws.secretsManager('GetSecretValue', { SecretId: secret }))
    if (!found || !isAbout(found, secret)) return { is: 'absent' }
    const value = jsonIn(found.SecretString)?.[field]
    if (typeof value !== 'string' || value === HOST_PLACEHOLDER) return { is: 'absent' }
    return { is: 'ready', attrs: { secret, field }, props: { secret, field, value } }
  },
  async create(aws, want) {
    await mergeSecret(aws, want.secret, (now) => ({ ...now, [want.field]: want.value }))
    return { attrs: { secret: want.secret, field: want.field }, ready: true }
  },
  async update(aws, attrs, want) {
    await mergeSecret(aws, attrs.secret, (now) => ({ ...now, [attrs.field]: want.value }))
    return 'done'
  },
  async delete(aws, attrs) {
    await mergeSecret(aws, attrs.secret, (now) => ({ ...now, [attrs.field]: HOST_PLACEHOLDER }))
  },
  facts: {
    title: 'field of the secret',
    minutes: 0.1,
    iam: {
      observe: ['secretsmanager:GetSecretValue'],
      create: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
      update: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
      delete: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
    },
    immutable: ['secret', 'field'],
    goesWith: { type: 'secretsmanager.secret', by: 'secret' },
    found: 'natural',
  },
}
