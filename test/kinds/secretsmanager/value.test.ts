import { describe, expect, it } from 'vitest'
import { firstValue, HOST_PLACEHOLDER, mergeSecret, randomPassword, readSecret } from '../../../src/aws/secrets.ts'
import { SecretField } from '../../../src/kinds/secretsmanager/secret-field.ts'
import { aws, awsError, cloud, stamp } from '../support/cloud.ts'

const holding = (SecretString: string | undefined) => cloud({ GetSecretValue: { SecretString }, PutSecretValue: {} })

describe('values', () => {
  it('are taken, kept as placeholder, or generated', () => {
    expect(firstValue({ value: 5432 })).toBe(5432)
    expect(firstValue({ placeholder: 'later' })).toBe('later')
    expect(firstValue({ generate: 12 })).toMatch(/^[A-Za-z0-9]{12}$/)
  })

  it.each([8, 32, 128])('%i generated characters use the whole alphabet and leave out what is excluded', (length) => {
    const text = Array.from({ length: 200 }, () => randomPassword(length, 'O0Il1')).join('')
    expect(text).toHaveLength(200 * length)
    expect(text).toMatch(/^[A-HJ-NP-Za-km-z2-9]+$/)
    expect(new Set(text).size).toBe(62 - 5)
  })
})

describe('mergeSecret', () => {
  it('writes what changes and keeps the rest', async () => {
    const account = holding('{"a":1,"b":{"deep":true}}')
    await mergeSecret(aws, 'rds/shop', (now) => ({ ...now, host: 'db' }))
    expect(account.writes).toEqual([
      ['PutSecretValue', { SecretId: 'rds/shop', SecretString: '{"a":1,"b":{"deep":true},"host":"db"}' }],
    ])
  })

  it('refuses to drop a key, and names it without its value', async () => {
    const account = holding('{"a":"Geheim1","b":"Geheim2"}')
    const error = await mergeSecret(aws, 'rds/shop', () => ({ a: 'x' })).catch((e: Error) => e)
    expect(String(error)).toContain('would drop b')
    expect(String(error)).not.toContain('Geheim')
    expect(account.writes).toEqual([])
  })

  it.each(['', 'just a password', '[1,2]', '"text"', 'null', '7', undefined])('refuses a secret that holds %j', async (text) => {
    const account = holding(text)
    const error = await mergeSecret(aws, 'rds/shop', (now) => now).catch((e: Error) => e)
    expect(String(error)).toContain('The secret rds/shop does not hold a JSON object')
    if (text) expect(String(error)).not.toContain(text)
    expect(account.writes).toEqual([])
  })
})

it('a secret that was read does not get out by accident', async () => {
  holding('{"password":"Geheim123"}')
  const secret = await readSecret(aws, 'rds/shop', 'password')
  expect(secret.reveal()).toBe('Geheim123')
  expect(`${secret}`).not.toContain('Geheim123')
  expect(() => JSON.stringify({ secret })).toThrow('secret')
})

describe('field of a secret', () => {
  const want = { secret: 'rds/shop', field: 'host', value: 'db.example.com' }
  it.each([
    ['the placeholder', JSON.stringify({ host: HOST_PLACEHOLDER })],
    ['nothing', '{}'],
    ['something that is no text', '{"host":7}'],
  ])('that holds %s is absent', async (_, SecretString) => {
    cloud({ GetSecretValue: { SecretString } })
    expect((await SecretField.observe(aws, stamp, want)).is).toBe('absent')
  })

  it.each([
    ['AWS', "You can't perform this operation on the secret because it was marked for deletion."],
    [
      'moto',
      "An error occurred (InvalidRequestException) when calling the GetSecretValue operation: You tried to perform the operation on a secret that's currently marked deleted.",
    ],
  ])('of a secret that is scheduled for deletion is absent (words of %s)', async (_, message) => {
    cloud({ GetSecretValue: awsError('InvalidRequestException', message) })
    expect((await SecretField.observe(aws, stamp, want)).is).toBe('absent')
  })

  it('of a secret that cannot be decrypted is an error, not absent', async () => {
    cloud({ GetSecretValue: awsError('DecryptionFailure') })
    await expect(SecretField.observe(aws, stamp, want)).rejects.toMatchObject({ name: 'DecryptionFailure' })
  })

  it('is absent after its delete, which puts the placeholder back and keeps every other key', async () => {
    const account = holding('{"host":"db.example.com","username":"app"}')
    await SecretField.delete(aws, { secret: 'rds/shop', field: 'host' }, {})
    const SecretString = account.writes[0]?.[1].SecretString as string
    expect(JSON.parse(SecretString)).toEqual({ host: HOST_PLACEHOLDER, username: 'app' })
    cloud({ GetSecretValue: { SecretString } })
    expect((await SecretField.observe(aws, stamp, want, { secret: 'rds/shop', field: 'host' })).is).toBe('absent')
  })
})
