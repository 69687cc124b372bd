import { InvalidRequestException, ResourceExistsException } from '@aws-sdk/client-secrets-manager'
import { describe, expect, it } from 'vitest'
import { isAbout } from '../../../src/aws/secrets.ts'
import { HOST_PLACEHOLDER, placeholdersLeft, SecretKind } from '../../../src/kinds/secretsmanager/secret.ts'
import { aws, awsError, cloud, stamp, TAG_LIST } from '../support/cloud.ts'
import { Run } from '../support/run.ts'

const ARN = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:shop-dev-thing-AbCdEf'
const want = {
  description: 'The database',
  keys: { username: { value: 'app' }, port: { value: 5432 }, password: { generate: 32 } },
  recoveryDays: 30,
}
const attrs = { arn: ARN, name: 'shop-dev-thing', recoveryDays: 30 }
const DeletedDate = new Date('2026-11-01')

const valueSent = (input: object | undefined) =>
  JSON.parse((input as { SecretString: string }).SecretString) as Record<string, unknown>

describe('create', () => {
  it('generates letters and digits of the wanted length, different ones each time, and hands none on', async () => {
    const seen = new Set<unknown>()
    for (let i = 0; i < 20; i++) {
      const account = cloud({ CreateSecret: { ARN } })
      const made = await SecretKind.create(aws, want, stamp)
      const value = valueSent(account.sent[0]?.[1])
      expect(value).toEqual({ username: 'app', port: 5432, password: expect.stringMatching(/^[A-Za-z0-9]{32}$/) })
      expect(JSON.stringify(made)).not.toContain(value.password)
      expect(made).toEqual({ attrs, ready: true })
      seen.add(value.password)
    }
    expect(seen.size).toBe(20)
  })

  it('sends the key that encrypts', async () => {
    const account = cloud({ CreateSecret: { ARN } })
    await SecretKind.create(aws, { ...want, kmsKey: 'alias/shop' }, stamp)
    expect(account.sent[0]?.[1].KmsKeyId).toBe('alias/shop')
  })

  const scheduled = "You can't create this secret because a secret with this name is already scheduled for deletion."
  it.each([
    ['of AWS', new InvalidRequestException({ message: scheduled, $metadata: {} })],
    ['of moto', new ResourceExistsException({ message: 'A resource with the ID you requested already exists.', $metadata: {} })],
  ])('restores what is scheduled for deletion (error %s), keeps its old values and adds missing keys', async (_, error) => {
    const account = cloud({
      CreateSecret: error,
      DescribeSecret: { ARN, DeletedDate, Description: 'as it was', Tags: [{ Key: 'Team', Value: 'old' }] },
      RestoreSecret: {},
      GetSecretValue: { SecretString: '{"password":"the-old-one","username":"old","extra":"theirs"}' },
      PutSecretValue: {},
    })
    const made = await SecretKind.create(aws, want, stamp)
    // The engine compares these with what is wanted, and writes what differs.
    expect(made).toEqual({ attrs, ready: true, props: { description: 'as it was' }, tags: { Team: 'old' } })
    expect(account.sent.map(([operation]) => operation)).toEqual([
      'CreateSecret',
      'DescribeSecret',
      'RestoreSecret',
      'GetSecretValue',
      'PutSecretValue',
    ])
    expect(valueSent(account.sent.at(-1)?.[1])).toEqual({ password: 'the-old-one', username: 'old', extra: 'theirs', port: 5432 })
    expect(SecretKind.facts.iam.create).toEqual(expect.arrayContaining([...account.actions]))
  })

  it('what was restored gets the tags and the description that are wanted in the same run', async () => {
    const Tags = TAG_LIST.filter((t) => t.Key !== 'Project')
    let restored = false
    const account = cloud({
      CreateSecret: new InvalidRequestException({ message: scheduled, $metadata: {} }),
      DescribeSecret: () => ({ ARN, Name: 'shop-dev-thing', Description: 'old', Tags, ...(restored ? {} : { DeletedDate }) }),
      RestoreSecret: () => {
        restored = true
        return {}
      },
      GetSecretValue: { SecretString: '{"password":"p","username":"u","port":1}' },
      PutSecretValue: {},
      UpdateSecret: {},
      TagResource: {},
    })
    const run = new Run(SecretKind)
    await run.create(want)
    expect(account.writes.slice(2).filter(([operation]) => operation !== 'PutSecretValue')).toEqual([
      ['UpdateSecret', { SecretId: 'shop-dev-thing', Description: 'The database' }],
      ['TagResource', { SecretId: 'shop-dev-thing', Tags: [{ Key: 'Project', Value: 'shop' }] }],
    ])
    expect(run.row).toMatchObject({ is: 'ready', tags: stamp.tags })
  })

  it('does not touch a secret of the same name that lives', async () => {
    const error = new ResourceExistsException({ message: 'exists', $metadata: {} })
    const account = cloud({ CreateSecret: error, DescribeSecret: { ARN } })
    await expect(SecretKind.create(aws, want, stamp)).rejects.toBe(error)
    expect(account.writes.map(([operation]) => operation)).toEqual(['CreateSecret'])
  })

  it('passes any other error on without a look', async () => {
    const account = cloud({ CreateSecret: awsError('AccessDeniedException') })
    await expect(SecretKind.create(aws, want, stamp)).rejects.toMatchObject({ name: 'AccessDeniedException' })
    expect(account.sent).toHaveLength(1)
  })
})

describe('observe', () => {
  const read = { SecretString: '{"username":"app","port":5432}' }
  it('names the keys that still hold their placeholder, but for the host that RDS brings, and none of their values', async () => {
    const keys = {
      stripe: { placeholder: 'sk_xyz' },
      mail: { placeholder: 'CHANGE_ME' },
      host: { placeholder: HOST_PLACEHOLDER },
      salt: { generate: 32 },
    }
    const look = async (value: object) => {
      cloud({ DescribeSecret: { ARN, Name: attrs.name }, GetSecretValue: { SecretString: JSON.stringify(value) } })
      const seen = await SecretKind.observe(aws, stamp, { ...want, keys }, attrs)
      return seen.is === 'absent' ? undefined : seen.note
    }
    const note = await look({ stripe: 'sk_xyz', mail: 'CHANGE_ME', host: HOST_PLACEHOLDER, salt: 'x' })
    expect(note).toBe('placeholders left: stripe, mail')
    expect(placeholdersLeft(note)).toEqual(['stripe', 'mail'])
    expect(await look({ stripe: 'real', mail: 'real', host: 'db', salt: 'x' })).toBeUndefined()
    expect(placeholdersLeft(undefined)).toEqual([])
  })

  it('misses a key that is wanted and not there, and minds no key of others', async () => {
    cloud({
      DescribeSecret: { ARN, Name: 'shop-dev-thing', Description: 'The database', Tags: TAG_LIST },
      GetSecretValue: { SecretString: '{"username":"app","port":5432,"theirs":1}' },
    })
    const seen = await SecretKind.observe(aws, stamp, want, attrs)
    expect(seen.is !== 'absent' && seen.props?.keys).toEqual({ username: { value: 'app' }, port: { value: 5432 } })
  })

  it('never shows a value', async () => {
    cloud({
      DescribeSecret: { ARN, Name: 'shop-dev-thing', Tags: TAG_LIST },
      GetSecretValue: { SecretString: '{"username":"app","port":5432,"password":"Geheim123"}' },
    })
    expect(JSON.stringify(await SecretKind.observe(aws, stamp, want, attrs))).not.toContain('Geheim123')
  })

  it.each([
    ['recorded', attrs, []],
    ['not recorded, with our tags', undefined, TAG_LIST],
  ])('scheduled for deletion and %s, is absent, and says that it comes back with its old values', async (_, last, Tags) => {
    cloud({
      DescribeSecret: { ARN, Name: 'shop-dev-thing', DeletedDate, Tags },
      GetSecretValue: awsError('InvalidRequestException'),
    })
    expect(await SecretKind.observe(aws, stamp, want, last)).toEqual({
      is: 'absent',
      note: expect.stringContaining('old values'),
    })
  })

  it('scheduled for deletion by somebody else, is not ours to restore', async () => {
    cloud({ DescribeSecret: { ARN, Name: 'shop-dev-thing', DeletedDate, Tags: [] }, GetSecretValue: read })
    expect(await SecretKind.observe(aws, stamp, want)).toMatchObject({ foreign: expect.stringContaining('did not make') })
  })
})

describe('update and delete', () => {
  it('adds a new key with a first value, and keeps every other', async () => {
    const account = cloud({ GetSecretValue: { SecretString: '{"username":"old","password":"keep"}' }, PutSecretValue: {} })
    await SecretKind.update?.(aws, attrs, { ...want, keys: { ...want.keys, token: { generate: 12 } } }, ['keys'])
    expect(valueSent(account.sent.at(-1)?.[1])).toEqual({
      username: 'old',
      password: 'keep',
      port: 5432,
      token: expect.stringMatching(/^[A-Za-z0-9]{12}$/),
    })
  })

  it('with no days to restore it in, deletes at once and leaves nothing', async () => {
    const account = cloud({ DeleteSecret: {} })
    await SecretKind.delete(aws, { ...attrs, recoveryDays: 0 }, {})
    expect(account.sent).toEqual([['DeleteSecret', { SecretId: 'shop-dev-thing', ForceDeleteWithoutRecovery: true }]])
    expect(SecretKind.facts.leaves?.({ ...attrs, recoveryDays: 0 }, {}, {})).toBeUndefined()
    expect(SecretKind.facts.leaves?.(attrs, {}, {})).toContain('30 days')
  })

  it('takes the days from what is wanted now, not from what was recorded', async () => {
    cloud({ DescribeSecret: { ARN, Name: 'shop-dev-thing', Tags: TAG_LIST }, GetSecretValue: { SecretString: '{}' } })
    const seen = await SecretKind.observe(aws, stamp, { ...want, recoveryDays: 7 }, attrs)
    expect(seen).toMatchObject({ attrs: { recoveryDays: 7 } })
  })
})

describe('a secret that was deleted at once', () => {
  const scheduled = awsError(
    'InvalidRequestException',
    "You can't create this secret because a secret with this name is already scheduled for deletion.",
  )
  const gone = awsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.")

  it('keeps its name for a while: the create is asked again until the name is free', async () => {
    const run = new Run(SecretKind)
    let asked = 0
    cloud({
      CreateSecret: () => (++asked <= 20 ? scheduled : { ARN }),
      DescribeSecret: () => (asked > 20 ? { ARN, Name: 'shop-dev-thing', Tags: TAG_LIST } : gone),
      GetSecretValue: () => (asked > 20 ? { SecretString: '{"username":"app","port":5432,"password":"x"}' } : gone),
    })
    await run.create(want)
    expect(run.row).toMatchObject({ is: 'ready', attrs: { arn: ARN } })
    expect(run.waited()).toContain('AWS is not ready for it yet; asked again')
  })

  it('is not waited for longer than two minutes', async () => {
    const run = new Run(SecretKind)
    cloud({ CreateSecret: scheduled, DescribeSecret: gone, GetSecretValue: gone })
    const began = run.clock.now()
    await expect(run.create(want)).rejects.toBe(scheduled)
    expect(run.clock.now() - began).toBeGreaterThan(115_000)
    expect(run.clock.now() - began).toBeLessThan(130_000)
  })
})

it('a secret that was just restored, whose value is not to be had yet, is taken when it is', async () => {
  const run = new Run(SecretKind)
  let restored = false
  let reads = 0
  cloud({
    CreateSecret: () =>
      restored ? awsError('ResourceExistsException', 'it exists') : awsError('InvalidRequestException', 'scheduled for deletion'),
    DescribeSecret: () => ({ ARN, Name: 'shop-dev-thing', Tags: TAG_LIST, ...(restored ? {} : { DeletedDate }) }),
    RestoreSecret: () => {
      restored = true
      return {}
    },
    GetSecretValue: () =>
      restored && ++reads > 1
        ? { SecretString: '{"username":"app","port":5432,"password":"the-old-one"}' }
        : awsError(
            'InvalidRequestException',
            "You can't perform this operation on the secret because it was marked for deletion.",
          ),
    UpdateSecret: {},
  })
  await run.create(want)
  expect(run.row).toMatchObject({ is: 'ready', attrs: { arn: ARN } })
})

describe('an answer is about the secret that was asked for', () => {
  const of = { ARN, Name: 'shop-dev-thing' }
  it.each(['shop-dev-thing', ARN, ARN.replace(/-\w{6}$/, '')])('%s', (asked) => {
    expect(isAbout(of, asked)).toBe(true)
  })
  it.each(['shop-dev-other', 'shop-dev', 'arn:aws:secretsmanager:us-east-1:111122223333:secret:other-AbCdEf'])(
    'not %s',
    (asked) => {
      expect(isAbout(of, asked)).toBe(false)
    },
  )
})
