import { describe, expect, it } from 'vitest'
import { findSecret, parseSecret } from '../../src/ecs/secret.ts'
import { checkSecrets } from '../../src/ecs/secret-check.ts'
import { account, awsError, REGION } from './support.ts'

const WHOLE = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:shop/db-AbCdEf'
const PART = WHOLE.slice(0, -7)
const here = { region: REGION, names: ['database', 'stripe'] }
const there = {
  DescribeSecret: { ARN: WHOLE, Name: 'shop/db' },
  GetSecretValue: { SecretString: '{"password":"hunter2","user":"me"}' },
}

describe('a secret as it is typed', () => {
  it.each([
    ['database:password', 'database', 'password'],
    ['shop/db:password', 'shop/db', 'password'],
    ['shop/db', 'shop/db', undefined],
    [`${WHOLE}:password`, WHOLE, 'password'],
    [`${WHOLE}:password::`, WHOLE, 'password'],
    [WHOLE, WHOLE, undefined],
    [`${PART}:password::`, PART, 'password'],
  ])('%s', (text, id, key) => {
    expect(parseSecret('K', text)).toEqual({ id, key })
  })
  it.each([
    ['', /it must be a secret, a colon and a key/],
    [':password', /it must be a secret/],
    ['arn:aws:ssm:us-east-1:1:parameter/x', /one of Secrets Manager/],
    [`${WHOLE}:password:AWSPREVIOUS:`, /the version that counts/],
    [`${WHOLE}:a:b:c:d`, /it must be a secret/],
    ['shop/db:pass word', /no blanks/],
  ])('%s is none', (text, words) => {
    expect(() => parseSecret('K', text)).toThrow(words)
  })
})

describe('finding it', () => {
  it.each(['shop/db:password', `${WHOLE}:password::`, `${PART}:password`])(
    '%s: the whole ARN comes out, with the key and its colons',
    async (text) => {
      const aws = account(there)
      expect(await findSecret(aws, parseSecret('K', text), here)).toEqual({
        arn: WHOLE,
        name: 'shop/db',
        tags: {},
        valueFrom: `${WHOLE}:password::`,
      })
      expect(aws.sent.map(([op]) => op)).toEqual(['DescribeSecret', 'GetSecretValue'])
    },
  )
  it('all of it, without a key: nobody reads it', async () => {
    const aws = account({ DescribeSecret: there.DescribeSecret })
    expect((await findSecret(aws, parseSecret('K', 'shop/db'), here)).valueFrom).toBe(WHOLE)
  })
  it.each<[string, Record<string, unknown>, string, RegExp]>([
    [
      'is not there',
      { DescribeSecret: awsError('ResourceNotFoundException') },
      'shop/no:x',
      /There is no secret shop\/no: the config knows database, stripe/,
    ],
    ['has no such key', there, 'shop/db:PASSWORD', /has no key PASSWORD: it has password, user/],
    [
      'is a plain text',
      { ...there, GetSecretValue: { SecretString: 'hunter2' } },
      'shop/db:password',
      /has no keys: it is not a JSON object/,
    ],
    ['is a list', { ...there, GetSecretValue: { SecretString: '["hunter2"]' } }, 'shop/db:password', /has no keys/],
    ['is binary', { ...there, GetSecretValue: { SecretBinary: new Uint8Array() } }, 'shop/db:password', /has no keys/],
    [
      'has no value yet',
      { ...there, GetSecretValue: awsError('ResourceNotFoundException') },
      'shop/db:password',
      /has no value yet/,
    ],
    [
      'is about to be deleted',
      { DescribeSecret: { ...there.DescribeSecret, DeletedDate: new Date('2026-11-01') } },
      'shop/db:password',
      /about to be deleted: somebody asked for it on 2026-11-01/,
    ],
  ])('one that %s is refused, without a word of what is in it', async (_, answers, text, words) => {
    const error = await findSecret(account(answers), parseSecret('K', text), here).catch((e: Error) => e)
    expect(error).toMatchObject({ message: expect.stringMatching(words), exitCode: 2 })
    expect(JSON.stringify(error)).not.toContain('hunter2')
  })
  it('one of the config that was not made yet: how to make it', async () => {
    const error = await findSecret(
      account({ DescribeSecret: awsError('ResourceNotFoundException') }),
      parseSecret('K', 'shop/db:x'),
      { ...here, ours: true },
    ).catch((e) => e)
    expect(error).toMatchObject({ what: 'There is no secret shop/db yet', next: 'infra create secrets' })
  })
  it.each(['AccessDeniedException', 'DecryptionFailure'])(
    'one that this identity may not read (%s) is taken, with a note',
    async (name) => {
      const found = await findSecret(
        account({ ...there, GetSecretValue: awsError(name) }),
        parseSecret('K', 'shop/db:password'),
        here,
      )
      expect(found).toMatchObject({ valueFrom: `${WHOLE}:password::`, note: expect.stringContaining('was not checked') })
    },
  )
  it('one that nobody may look at, or of another region, must be named by its whole ARN', async () => {
    const barred = account({ DescribeSecret: awsError('AccessDeniedException') })
    expect(await findSecret(barred, parseSecret('K', `${WHOLE}:password`), here)).toMatchObject({
      arn: WHOLE,
      name: undefined,
      note: expect.stringContaining('may not look'),
    })
    await expect(findSecret(barred, parseSecret('K', 'shop/db:password'), here)).rejects.toThrow('AccessDenied')
    const far = WHOLE.replace('us-east-1', 'eu-west-1')
    const silent = account({})
    expect(await findSecret(silent, parseSecret('K', `${far}:password`), here)).toMatchObject({
      valueFrom: `${far}:password::`,
      note: expect.stringContaining('another region'),
    })
    await expect(findSecret(silent, parseSecret('K', `${far.slice(0, -7)}:password`), here)).rejects.toThrow(/not the whole ARN/)
  })
})

describe('the secrets of a task that could not fetch them', () => {
  it('one by one: right, without the six characters, without the key, not asked', async () => {
    const definition = {
      containerDefinitions: [
        {
          secrets: [
            { name: 'GOOD', valueFrom: `${WHOLE}:password::` },
            { name: 'SHORT', valueFrom: `${PART}:password::` },
            { name: 'KEYLESS', valueFrom: `${WHOLE}:nope::` },
          ],
        },
        { secrets: [{ name: 'PARAMETER', valueFrom: 'arn:aws:ssm:us-east-1:1:parameter/x' }] },
      ],
    }
    expect(await checkSecrets(account(there), definition, REGION)).toEqual([
      { variable: 'GOOD', wrong: undefined, unknown: undefined },
      { variable: 'SHORT', wrong: `its ARN is not whole: ${WHOLE}:password::`, unknown: undefined },
      { variable: 'KEYLESS', wrong: 'The secret shop/db has no key nope: it has password, user', unknown: undefined },
      { variable: 'PARAMETER', wrong: undefined, unknown: 'it is none of Secrets Manager' },
    ])
  })
  it('what cannot be asked is no failure of its own', async () => {
    const definition = { containerDefinitions: [{ secrets: [{ name: 'K', valueFrom: `${WHOLE}:password::` }] }] }
    expect(await checkSecrets(account({ DescribeSecret: awsError('InternalServiceError', 'busy') }), definition, REGION)).toEqual(
      [{ variable: 'K', wrong: undefined, unknown: 'busy' }],
    )
  })
})
