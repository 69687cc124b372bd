import { describe, expect, it } from 'vitest'
import { changesOf } from '../../src/core/changes.ts'

const allow = (action: string | string[], resource: string | string[], more: Record<string, string | object> = {}) => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
  ...more,
})
const policy = (...Statement: object[]) => ({ Version: '2012-10-17', Statement }) as unknown as Parameters<typeof changesOf>[1]

describe('what differs within a prop', () => {
  it.each<[string, Parameters<typeof changesOf>[1], Parameters<typeof changesOf>[2], string[]]>([
    ['a text', 'a', 'b', ['p: a -> b']],
    ['nothing', { a: [1] }, { a: [1] }, []],
    ['a key of an object', { a: 1, b: 2 }, { a: 1, b: 3 }, ['p.b: 2 -> 3']],
    ['one that came and one that went', { a: 1 }, { b: 1 }, ['p.a: 1 -> none', 'p.b: none -> 1']],
    ['what came into a list and what went', ['a', 'b'], ['c', 'a'], ['p: + c, - b']],
    ['a list that was empty, or will be', [], ['a'], ['p: + a']],
    ['what is in it twice', ['a', 'a'], ['a'], ['p: - a']],
    ['another order', ['a', 'b'], ['b', 'a'], ['p: a, b -> b, a']],
    ['a list that was not there', undefined, ['a', 'b'], ['p: none -> a, b']],
    [
      'an item with a name, wherever it stands',
      [
        { name: 'x', n: 1 },
        { name: 'y', n: 1 },
      ],
      [
        { name: 'y', n: 2 },
        { name: 'x', n: 1 },
      ],
      ['p.y.n: 1 -> 2'],
    ],
    [
      'one item without a name: what differs in it',
      [
        { port: 80, to: 'a' },
        { port: 443, to: 'a' },
      ],
      [
        { port: 80, to: 'b' },
        { port: 443, to: 'a' },
      ],
      ['p.1.to: a -> b'],
    ],
    ['items without a name', [{ port: 80 }], [{ port: 81 }, { port: 82 }], ['p: + {port: 81}, + {port: 82}, - {port: 80}']],
    ['two items of one name', [{ name: 'x' }], [{ name: 'x' }, { name: 'x' }], ['p: + {name: x}']],
    ['an object in place of null', null, { a: 1, b: ['x'] }, ['p: none -> {a: 1, b: [x]}']],
    ['what was not there', undefined, 'a', ['p: none -> a']],
  ])('%s', (_, is, want, said) => {
    expect(changesOf('p', is, want)).toEqual(said)
  })

  it('of very many only some', () => {
    const of = (n: number) => Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, n]))
    const said = changesOf('p', of(1), of(2))
    expect(said).toHaveLength(9)
    expect(said.at(-1)).toBe('and 12 more in p')
    const items = Array.from({ length: 20 }, (_, i) => `subnet-${i}`)
    expect(changesOf('p', [], items)[0]).toMatch(/^p: \+ subnet-0, .*\+ subnet-7, and 12 more$/)
  })

  it('of two long texts the part that differs', () => {
    const text = (word: string) => `${'before '.repeat(30)}${word}${' after'.repeat(30)}`
    expect(changesOf('p', text('RED'), text('BLUE'))).toEqual([
      'p: …e before before RED after after after af… -> …e before before BLUE after after after a…',
    ])
    expect(changesOf('p', 'x'.repeat(500), undefined)[0]?.length).toBeLessThan(250)
    const arn = `arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/${'x'.repeat(40)}/`
    expect(changesOf('p', `${arn}1`, `${arn}2`)).toEqual([`p: ${arn}1 -> ${arn}2`])
  })
})

describe('what differs within a policy', () => {
  const one = policy(allow('secretsmanager:GetSecretValue', 'arn:app', { Sid: 'Read' }))

  it('is what it allows more and less, by action and resource', () => {
    const two = policy(allow(['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'], ['arn:app', 'arn:mail']))
    expect(changesOf('p.Access', one, two)).toEqual([
      'p.Access: + allow secretsmanager:GetSecretValue on arn:mail',
      'p.Access: + allow secretsmanager:DescribeSecret on arn:app, arn:mail',
    ])
    expect(changesOf('p.Access', two, one).map((s) => s.replace('- ', '+ '))).toEqual(changesOf('p.Access', one, two))
  })
  it('tells actions on the same resources together', () => {
    expect(changesOf('p', policy(), policy(allow('s3:PutObject', 'b/*'), allow('s3:GetObject', 'b/*')))).toEqual([
      'p: + allow s3:GetObject, s3:PutObject on b/*',
    ])
  })
  it('one that comes or goes as a whole, beside others by name', () => {
    expect(changesOf('policies', {}, { Read: one })).toEqual(['policies.Read: + allow secretsmanager:GetSecretValue on arn:app'])
    expect(changesOf('policies', { Read: one }, {})).toEqual(['policies.Read: - allow secretsmanager:GetSecretValue on arn:app'])
  })
  it('who may, under which condition, and what is denied', () => {
    const trust = policy({
      Effect: 'Deny',
      Principal: { Service: 'ecs.amazonaws.com', AWS: ['1', '2'] },
      NotAction: 'sts:AssumeRole',
      Condition: { StringEquals: { 'aws:SourceAccount': '1' } },
    })
    const condition = ' if {StringEquals: {aws:SourceAccount: 1}}'
    expect(changesOf('p', policy(), trust)).toEqual([
      `p: + deny all but sts:AssumeRole for ecs.amazonaws.com${condition}`,
      `p: + deny all but sts:AssumeRole for 1${condition}`,
      `p: + deny all but sts:AssumeRole for 2${condition}`,
    ])
  })
  it('a condition alone is a difference, also where it is too long to be told', () => {
    const of = (end: string) =>
      policy(allow('a:B', 'c', { Condition: { StringLike: { 'aws:PrincipalArn': `${'x'.repeat(100)}${end}` } } }))
    expect(changesOf('p', of('1'), of('2'))).toHaveLength(2)
  })
  it('how it is written does not count', () => {
    const other = policy(allow(['secretsmanager:GetSecretValue'], ['arn:app']))
    expect(changesOf('p', one, other)).toEqual(['p: written in another way, allows the same'])
  })
  it('of very many actions only some', () => {
    const many = Array.from({ length: 50 }, (_, i) => `s3:Do${String(i).padStart(2, '0')}`)
    expect(changesOf('p', policy(), policy(allow(many, '*')))).toEqual([
      'p: + allow s3:Do00, s3:Do01, s3:Do02, s3:Do03, s3:Do04, s3:Do05 and 44 more on *',
    ])
  })
})
