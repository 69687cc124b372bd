import { describe, expect, it } from 'vitest'
import { InfraError } from '../../../src/core/errors.ts'
import type { Survey } from '../../../src/engine/kind.ts'
import { placeholdersOf, sayUnfilled, secretNotes, unfilledIn, unfilledNotes } from '../../../src/session/placeholders.ts'
import type { ServicePlace } from '../../../src/session/service.ts'
import type { Io } from '../../../src/ui/io.ts'
import { read } from '../../config/support/read.ts'
import { account, awsError } from '../../ecs/support.ts'

const ARN = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:shop/dev/stripe-AbCdEf'
const config = read(`project: shop
environment: dev
region: us-east-1
secrets:
  stripe: { name: shop/dev/stripe, keys: { key: { placeholder: sk_live_xyz }, hook: { placeholder: CHANGE_ME }, salt: { generate: 32 } } }
`)
const definition = (...secrets: string[]) => ({
  containerDefinitions: [{ secrets: secrets.map((key) => ({ name: key.toUpperCase(), valueFrom: `${ARN}:${key}::` })) }],
})
const place = (answers: object, known = true): ServicePlace =>
  ({
    aws: account({ DescribeSecret: { ARN, Name: 'shop/dev/stripe' }, ...answers }),
    region: 'us-east-1',
    stack: known ? { config } : undefined,
    line: (verb: string, more: string) => `infra ${verb} web ${more}`,
    explain: (error: unknown) => error as InfraError,
  }) as unknown as ServicePlace
const holds = (values: object) => ({ GetSecretValue: { SecretString: JSON.stringify(values) } })

describe('a deploy looks at the secrets of what it rolls out', () => {
  it('each is there, with its key: nothing to say', async () => {
    expect(await secretNotes(place(holds({ key: 'sk_live_1', hook: 'h' })), definition('key', 'hook'))).toEqual([])
  })

  it.each<[string, object, RegExp]>([
    ['is gone', { DescribeSecret: awsError('ResourceNotFoundException') }, /There is no secret .*No new task would start$/],
    ['is about to be deleted', { DescribeSecret: { ARN, Name: 'x', DeletedDate: new Date(0) } }, /is about to be deleted/],
    ['has no value', { GetSecretValue: awsError('ResourceNotFoundException') }, /has no value yet/],
    ['lost its key', holds({ other: 'x' }), /has no key key: it has other/],
    ['is no JSON', { GetSecretValue: { SecretString: 'plain' } }, /has no keys/],
  ])('one that %s stops it before it begins', async (_, answers, why) => {
    const error = await secretNotes(place(answers), definition('key')).catch((e: InfraError) => e)
    expect(error).toBeInstanceOf(InfraError)
    expect(error).toMatchObject({
      exitCode: 2,
      what: 'The secret of KEY cannot be read',
      why: expect.stringMatching(why),
      next: expect.stringContaining('infra deploy web --set-secret KEY=<secret:KEY>'),
    })
    // What is being replaced in this very call was looked at already.
    expect(await secretNotes(place(answers), definition('key'), ['KEY'])).toEqual([])
  })

  it('who may not look is not kept from deploying', async () => {
    expect(await secretNotes(place({ DescribeSecret: awsError('AccessDeniedException') }), definition('key'))).toEqual([])
  })

  it('placeholders are named, those of infra.yaml and those that say so themselves; never a value', async () => {
    const p = place(holds({ key: 'sk_live_xyz', hook: 'CHANGE_ME' }))
    expect(await secretNotes(p, definition('key', 'hook'))).toEqual([
      'KEY and HOOK: the secret holds a placeholder, not the real value',
    ])
    const theirs = place(holds({ key: 'sk_live_xyz', hook: 'CHANGE_ME' }), false)
    expect(await secretNotes(theirs, definition('key', 'hook'))).toEqual([
      'HOOK: the secret holds a placeholder, not the real value',
    ])
  })
})

describe('secrets that a person still has to fill in', () => {
  const seen = (note?: string) => new Map([['stripe-secret', { is: 'ready', attrs: {}, note }]]) as unknown as Survey

  it('by the look of the secret; one that was made just now holds all of its placeholders', () => {
    expect([...placeholdersOf(config)]).toEqual(['sk_live_xyz', 'CHANGE_ME'])
    expect(unfilledIn(config, seen('placeholders left: hook'))).toEqual([{ name: 'shop/dev/stripe', keys: ['hook'] }])
    expect(unfilledIn(config, seen())).toEqual([])
    expect(unfilledIn(config, undefined, ['stripe-secret'])).toEqual([{ name: 'shop/dev/stripe', keys: ['key', 'hook'] }])
  })

  it('are told with a line that shows nothing', () => {
    const said: string[] = []
    const io = { say: (text = '') => said.push(text), c: { yellow: String, cyan: String } } as unknown as Io
    const s = { io, config, g: { profile: 'shop' }, sandbox: false }
    const all = unfilledIn(config, undefined, ['stripe-secret'])
    sayUnfilled(s, all)
    expect(said[0]).toBe('  ! shop/dev/stripe still holds placeholders: key and hook.')
    expect(said[2]).toContain('read -rs VALUE && export VALUE')
    const of = '--secret-id shop/dev/stripe --region us-east-1 --profile shop'
    expect(said[3]?.trim()).toBe(
      `aws secretsmanager get-secret-value ${of} --query SecretString --output text | jq '."key" = env.VALUE' | aws secretsmanager put-secret-value ${of} --secret-string file:///dev/stdin`,
    )
    expect(said.join()).not.toContain('sk_live')
    sayUnfilled(s, [])
    expect(said).toHaveLength(4)
    expect(unfilledNotes(all)).toEqual(['shop/dev/stripe still holds placeholders: key and hook'])
  })
})
