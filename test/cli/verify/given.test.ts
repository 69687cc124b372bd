import { describe, expect, it } from 'vitest'
import type { Check } from '../../../src/ecs/checks/check.ts'
import { checkDeclared, checkExpected, checkSecretsOf } from '../../../src/ecs/checks/env.ts'
import { account, arnOf, awsError, deployment, service } from '../../ecs/support.ts'

const line = (verb: string, more = ''): string => `infra ${verb} web${more ? ` ${more}` : ''}`
const done = deployment('web:7', { rolloutState: 'COMPLETED' })
const _steady = service([done])
const REGION = 'us-east-1'

describe('what it was given', () => {
  const definition = (environment: Record<string, string>, secrets: Record<string, string> = {}, revision = 'web:7') => ({
    taskDefinitionArn: arnOf(revision),
    family: 'web',
    containerDefinitions: [
      {
        name: 'web',
        image: 'x',
        environment: Object.entries(environment).map(([name, value]) => ({ name, value })),
        secrets: Object.entries(secrets).map(([name, valueFrom]) => ({ name, valueFrom })),
      },
      { name: 'router', essential: false, environment: [{ name: 'ONLY_THERE', value: 'x' }] },
    ],
  })

  it.each([
    ['A', 'pass', 'in web:7 as a text'],
    ['S', 'pass', 'in web:7 as a secret'],
    ['EMPTY', 'warn', 'in web:7, but empty'],
    ['NONE', 'fail', 'not in web:7, which runs'],
    ['ONLY_THERE', 'fail', 'not in web:7, which runs'],
  ])('--expect %s: %s', (name, outcome, detail) => {
    const made = checkExpected(name, [definition({ A: 'not-to-be-seen', EMPTY: '' }, { S: 'arn' })], 'web', line)
    expect(made).toMatchObject({ name: `env ${name}`, outcome, detail })
    if (outcome === 'fail') expect(made.next).toContain(`infra deploy web --set-env ${name}=<value>`)
    expect(JSON.stringify(made)).not.toContain('not-to-be-seen')
  })

  it('beside a rollout it must be in all that runs', () => {
    const made = checkExpected('A', [definition({ A: '1' }), definition({}, {}, 'web:6')], 'web', line)
    expect(made).toMatchObject({ outcome: 'fail', detail: 'not in web:6, which runs' })
  })

  it('infra.yaml and the deploys since then against what runs', () => {
    const declared = { image: 'x', environment: { A: '1', B: '2' }, secrets: { S: 'database:password' } }
    const check = (d: ReturnType<typeof definition>, overlay?: Parameters<typeof checkDeclared>[1]) =>
      checkDeclared(declared, overlay, d, 'web', line)
    expect(check(definition({ A: 'other', B: '2' }, { S: 'arn' }))).toMatchObject({
      outcome: 'pass',
      detail: '3 variables, all in web:7',
    })
    expect(check(definition({ A: '1', S: 'plain' }))).toMatchObject({
      outcome: 'fail',
      detail: 'B not in web:7; S is a text there and should be a secret',
      next: 'infra create ecs',
    })
    // What was adopted is never changed by a create.
    expect(checkDeclared(declared, undefined, definition({ A: '1', S: 'plain' }), 'web', line, true)).toMatchObject({
      outcome: 'fail',
      next: 'infra deploy web --set-env B=<value> --set-secret S=<secret>:<key>',
    })
    expect(check(definition({ A: '1', B: '2', X: '3' }, { S: 'arn' }))).toMatchObject({
      outcome: 'warn',
      detail: 'X in web:7, and infra.yaml does not have it',
      next: expect.stringContaining('infra deploy web --unset X'),
    })
    const overlay = { environment: { X: '3' }, unset: ['B'], since: { variables: { X: null, B: 'env:2' } } }
    expect(check(definition({ A: '1', X: '3' }, { S: 'arn' }), overlay)).toMatchObject({ outcome: 'pass' })
    expect(check(definition({ A: '1', B: '2' }, { S: 'arn' }), overlay)).toMatchObject({
      outcome: 'fail',
      detail: 'X not in web:7',
    })
  })

  const ARN = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:shop/db-AbCdEf'
  it.each<[string, Record<string, string>, Record<string, unknown>, Partial<Check>]>([
    ['none is taken', {}, {}, { outcome: 'skip', detail: 'web:7 takes none' }],
    ['all are there', { P: `${ARN}:password::` }, {}, { outcome: 'pass', detail: '1 secret, each with its key' }],
    [
      'a key is missing',
      { P: `${ARN}:nope::` },
      {},
      {
        outcome: 'fail',
        detail: expect.stringContaining('P: The secret shop/db has no key nope') as string,
        next: 'infra deploy web --set-secret P=<secret>:<key>',
      },
    ],
    ['nobody may look', { P: `${ARN}:password::` }, { GetSecretValue: awsError('AccessDeniedException') }, { outcome: 'skip' }],
    [
      'one of two is somewhere else',
      { P: `${ARN}:password::`, Q: 'arn:aws:ssm:us-east-1:1:parameter/x' },
      {},
      { outcome: 'warn', detail: expect.stringContaining('1 of 2 are there') as string },
    ],
  ])('secrets: %s', async (_, secrets, more, expected) => {
    const aws = account({
      DescribeSecret: { ARN, Name: 'shop/db' },
      GetSecretValue: { SecretString: '{"password":"not-to-be-seen"}' },
      ...more,
    })
    const made = await checkSecretsOf(aws, definition({}, secrets), REGION, line)
    expect(made).toMatchObject({ name: 'secrets', ...expected })
    expect(JSON.stringify(made)).not.toContain('not-to-be-seen')
  })
})
