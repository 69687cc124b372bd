import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { regexOf, violationsOf } from '../support/models/check.ts'
import { judgeInput, judgeWire } from '../support/models/judge.ts'
import { FOLDERS, type Model, serviceModel } from '../support/models/model.ts'
import { summary } from '../support/models/summary.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const refused = (service: string, operation: string, input: unknown): readonly string[] =>
  judgeInput(root, service, operation, input).refused

/** A model that has each rule once. */
const model: Model = {
  metadata: { protocol: 'json', endpointPrefix: 'toy', serviceId: 'Toy', apiVersion: '2026-01-01' },
  operations: { Make: { http: { method: 'POST', requestUri: '/' }, input: 'In', errors: [] } },
  errors: {},
  shapes: {
    In: {
      type: 'structure',
      required: ['name'],
      members: {
        name: { shape: 'Name' },
        token: { shape: 'Name', idempotencyToken: true },
        color: { shape: 'Color' },
        count: { shape: 'Count' },
        share: { shape: 'Share' },
        list: { shape: 'List' },
        map: { shape: 'Map' },
        on: { shape: 'Bool' },
        at: { shape: 'Time' },
        bytes: { shape: 'Bytes' },
        either: { shape: 'Either' },
        word: { shape: 'Word' },
      },
    },
    Name: { type: 'string', min: 2, max: 5 },
    Color: { type: 'string', enum: ['red', 'blue'] },
    Count: { type: 'integer', min: 1, max: 10 },
    Share: { type: 'double', max: 1 },
    List: { type: 'list', member: { shape: 'Inner' }, min: 1, max: 2 },
    Inner: { type: 'structure', required: ['id'], members: { id: { shape: 'Name' } } },
    Map: { type: 'map', key: { shape: 'Color' }, value: { shape: 'Name' } },
    Bool: { type: 'boolean' },
    Time: { type: 'timestamp' },
    Bytes: { type: 'blob', max: 3 },
    Either: { type: 'structure', union: true, members: { a: { shape: 'Name' }, b: { shape: 'Name' } } },
    Word: { type: 'string', pattern: '[a-z]+', sensitive: true },
  },
}
const good = {
  name: 'abc',
  color: 'red',
  count: 3,
  share: 0.5,
  list: [{ id: 'ab' }],
  map: { red: 'abc' },
  on: false,
  at: new Date(0),
  bytes: new Uint8Array(3),
  either: { a: 'abc' },
  word: 'secret',
}

describe('the check of a request against a model', () => {
  it('finds nothing where nothing is wrong, and does not ask for what is left out', () => {
    expect(violationsOf(model, 'Make', good)).toEqual([])
    expect(violationsOf(model, 'Make', { name: 'abc', color: undefined, list: null })).toEqual([])
  })

  it.each([
    ['required', { name: undefined }, 'name is required'],
    ['required, deep', { list: [{}] }, 'list[0].id is required'],
    ['unknown', { colour: 'red' }, 'colour is unknown'],
    ['unknown, deep', { list: [{ id: 'ab' }, { id: 'ab', x: 1 }] }, 'list[1].x is unknown'],
    ['enum', { color: 'green' }, 'color "green" is none of red, blue'],
    ['enum of a key', { map: { green: 'abc' } }, 'map: key green "green" is none of red, blue'],
    ['minimum', { count: 0 }, 'count is 0, below the minimum 1'],
    ['maximum', { count: 11 }, 'count is 11, above the maximum 10'],
    ['maximum of a fraction', { share: 1.5 }, 'share is 1.5, above the maximum 1'],
    ['shortest text', { name: 'a' }, 'name has 1 characters, at least 2 are needed'],
    ['longest text', { name: 'abcdef' }, 'name has 6 characters, at most 5 are allowed'],
    ['longest text, deep', { map: { red: 'abcdef' } }, 'map.red has 6 characters, at most 5 are allowed'],
    ['shortest list', { list: [] }, 'list has 0 entries, at least 1 are needed'],
    ['longest list', { list: [{ id: 'ab' }, { id: 'ab' }, { id: 'ab' }] }, 'list has 3 entries, at most 2 are allowed'],
    ['most bytes', { bytes: new Uint8Array(4) }, 'bytes has 4 bytes, at most 3 are allowed'],
    ['pattern, and what is sensitive is not shown', { word: 'Secret1' }, 'word its value does not match [a-z]+'],
    ['two of a union', { either: { a: 'abc', b: 'abc' } }, 'either has 2 members, but is one of a, b'],
    ['none of a union', { either: {} }, 'either has 0 members, but is one of a, b'],
    ['type: text', { name: 3 }, 'name is number 3, not text'],
    ['type: number', { count: '3' }, 'count is string 3, not a whole number of 32 bits'],
    ['type: whole number', { count: 2.5 }, 'count is number 2.5, not a whole number of 32 bits'],
    ['type: 32 bits', { count: 2 ** 40 }, 'count is number 1099511627776, not a whole number of 32 bits'],
    ['type: fraction', { share: 'half' }, 'share is string half, not a number'],
    ['type: boolean', { on: 'true' }, 'on is string true, not true or false'],
    ['type: list', { list: 'ab' }, 'list is string ab, not a list'],
    ['type: map', { map: [] }, 'map is a list, not a map'],
    ['type: structure', { either: 'a' }, 'either is string a, not a structure'],
    ['type: time', { at: 'tomorrow' }, 'at is string tomorrow, not a time'],
    ['type: a time that is none', { at: new Date(Number.NaN) }, 'at is object Invalid Date, not a time'],
    ['type: bytes', { bytes: 3 }, 'bytes is number 3, not bytes'],
  ])('%s', (_, wrong, said) => {
    expect(violationsOf(model, 'Make', { ...good, ...wrong }).map(({ member, rule }) => `${member} ${rule}`)).toEqual([said])
  })

  it('an operation that does not exist', () => {
    expect(violationsOf(model, 'Take', {})).toEqual([{ member: '', rule: 'Toy has no operation Take' }])
  })

  it('a required client token may come from the SDK', () => {
    const shapes = { ...model.shapes, In: { ...model.shapes.In, type: 'structure', required: ['token'] } }
    const strict = { ...model, shapes }
    expect(violationsOf(strict, 'Make', {})).toHaveLength(1)
    expect(violationsOf(strict, 'Make', {}, { tokensToCome: true })).toEqual([])
  })
})

describe("AWS's own models", () => {
  it('say so of each service', () => {
    expect(refused('ecs', 'CreateService', { serviceName: 'web', loadBalancers: [{ containerPort: 'x' }] })).toEqual([
      'ecs.CreateService: loadBalancers[0].containerPort is string x, not a whole number of 32 bits',
    ])
    expect(refused('ec2', 'CreateVpc', { CidrBlocks: '10.0.0.0/16' })).toEqual(['ec2.CreateVpc: CidrBlocks is unknown'])
    expect(refused('iam', 'CreateRole', { RoleName: 'a b', AssumeRolePolicyDocument: '{}' })).toEqual([
      'iam.CreateRole: RoleName "a b" does not match [\\w+=,.@-]+',
    ])
    expect(refused('logs', 'PutRetentionPolicy', { logGroupName: 'x' })).toEqual([
      'logs.PutRetentionPolicy: retentionInDays is required',
    ])
    expect(refused('nosuch', 'Make', {})).toEqual(['nosuch.Make: there is no model of this service'])
  })

  it('are there for every service that is named, and their patterns can be read', () => {
    const unreadable = Object.keys(FOLDERS).flatMap((service) =>
      Object.entries(serviceModel(root, service)?.shapes ?? {}).flatMap(([name, { pattern }]) =>
        pattern !== undefined && !regexOf(pattern) ? [`${service} ${name}: ${pattern}`] : [],
      ),
    )
    expect(unreadable).toEqual([])
  })
})

describe('what cannot be read', () => {
  const wire = (over: object) => ({
    method: 'POST',
    path: '/',
    headers: { authorization: 'AWS4-HMAC-SHA256 Credential=AKID/20261130/us-east-1/ecs/aws4_request, SignedHeaders=host' },
    body: Buffer.from('{}'),
    ...over,
  })
  const signed = (service: string, more: object = {}) => ({
    headers: { authorization: `AWS4-HMAC-SHA256 Credential=AKID/20261130/us-east-1/${service}/aws4_request`, ...more },
  })

  it('is refused, not passed over', () => {
    expect(judgeWire(root, wire(signed('qldb')))?.refused).toEqual([
      'qldb: a service without a model: name it in test/support/models/model.ts',
    ])
    expect(judgeWire(root, wire(signed('ecs', { 'x-amz-target': 'X.Make' })))?.refused).toEqual([
      'ecs.Make: ECS has no operation Make',
    ])
    const target = { 'x-amz-target': 'X.ListTasks' }
    expect(judgeWire(root, wire({ ...signed('ecs', target), body: Buffer.from('{') }))?.refused[0]).toContain('cannot be read')
    expect(judgeWire(root, wire({ ...signed('s3'), method: 'PATCH', path: '/b/k' }))?.refused[0]).toContain('no operation of S3')
  })

  it('what is no request to AWS is none', () => {
    expect(judgeWire(root, wire({ headers: { 'user-agent': 'node' }, path: '/infra-sandbox' }))).toBeUndefined()
  })
})

it('the sum of a run counts requests, operations, services and what would be refused', () => {
  expect(summary(['ec2.CreateVpc\necs.ListTasks\n', 'ec2.CreateVpc\n!a.test.ts > makes\tec2.CreateVpc: x is unknown\n'])).toEqual(
    {
      requests: 3,
      operations: 2,
      services: 2,
      refused: 1,
      refusals: ['ec2.CreateVpc: x is unknown (sent by a.test.ts > makes)'],
      text: "AWS's models: 3 requests (2 operations of 2 services) checked, 1 would be refused",
    },
  )
})
