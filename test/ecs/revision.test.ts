import { describe, expect, it } from 'vitest'
import type { TaskDefinition } from '../../src/aws/services/ecs-types.ts'
import { differencesOf, shortSecret, shown } from '../../src/ecs/difference.ts'
import { type Changes, changed, containerOf, inputOf, isSame } from '../../src/ecs/revision.ts'
import { arnOf, at } from './support.ts'

const ARN = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:shop/db-AbCdEf'
const web = {
  name: 'web',
  image: 'nginx:1.26',
  essential: true,
  cpu: 0,
  portMappings: [{ containerPort: 8000, hostPort: 8000, protocol: 'tcp' as const }],
  environment: [
    { name: 'B', value: '2' },
    { name: 'A', value: '1' },
  ],
  secrets: [{ name: 'S', valueFrom: `${ARN}:s::` }],
  mountPoints: [],
}
const router = { name: 'router', image: 'fluent-bit', essential: true, environment: [{ name: 'A', value: 'x' }] }
const definition: TaskDefinition = {
  taskDefinitionArn: arnOf('web:7'),
  family: 'web',
  revision: 7,
  status: 'ACTIVE',
  cpu: '256',
  memory: '512',
  networkMode: 'awsvpc',
  requiresCompatibilities: ['FARGATE'],
  compatibilities: ['EC2', 'FARGATE'],
  requiresAttributes: [{ name: 'x' }],
  registeredAt: at(0),
  registeredBy: 'somebody',
  volumes: [],
  ephemeralStorage: { sizeInGiB: 30 },
  containerDefinitions: [router, web],
}
const none: Changes = { environment: {}, secrets: {}, unset: [] }
const made = (changes: Partial<Changes>) => changed(definition, { ...none, ...changes })
const webOf = (changes: Partial<Changes>) => made(changes).containerDefinitions?.[1]

describe('a new revision', () => {
  it('without a change is the same, without what only AWS says of it', () => {
    const input = made({})
    expect(input).toEqual({
      family: 'web',
      cpu: '256',
      memory: '512',
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      volumes: [],
      ephemeralStorage: { sizeInGiB: 30 },
      containerDefinitions: [router, web],
    })
    expect(isSame(input, definition)).toBe(true)
    expect(inputOf({ ...definition, deregisteredAt: at(1), deleteRequestedAt: at(2) })).toEqual(input)
  })

  it.each<[string, Partial<Changes>, object]>([
    ['an image', { image: 'nginx:1.27' }, { ...web, image: 'nginx:1.27' }],
    [
      'a variable, where it stands',
      { environment: { B: '3' } },
      {
        ...web,
        environment: [
          { name: 'B', value: '3' },
          { name: 'A', value: '1' },
        ],
      },
    ],
    [
      'a new one, behind the others',
      { environment: { C: '' } },
      { ...web, environment: [...web.environment, { name: 'C', value: '' }] },
    ],
    ['a secret', { secrets: { S: `${ARN}:t::` } }, { ...web, secrets: [{ name: 'S', valueFrom: `${ARN}:t::` }] }],
    [
      'a variable that becomes a secret',
      { secrets: { A: `${ARN}:a::` } },
      { ...web, environment: [{ name: 'B', value: '2' }], secrets: [...web.secrets, { name: 'A', valueFrom: `${ARN}:a::` }] },
    ],
    [
      'a secret that becomes a variable',
      { environment: { S: 'x' } },
      { ...web, environment: [...web.environment, { name: 'S', value: 'x' }], secrets: [] },
    ],
    ['what is taken away', { unset: ['A', 'S', 'NOT_THERE'] }, { ...web, environment: [{ name: 'B', value: '2' }], secrets: [] }],
    [
      'a name that every object has',
      { environment: { constructor: 'x' } },
      { ...web, environment: [...web.environment, { name: 'constructor', value: 'x' }] },
    ],
  ])('%s', (_, changes, expected) => {
    expect(webOf(changes)).toEqual(expected)
    expect(made(changes).containerDefinitions?.[0]).toBe(router)
  })

  it('leaves out what neither was there nor is set', () => {
    const bare = { ...definition, containerDefinitions: [{ name: 'web', image: 'x' }] }
    expect(changed(bare, { ...none, image: 'y' }).containerDefinitions).toEqual([{ name: 'web', image: 'y' }])
  })

  it('in the container that is named', () => {
    expect(made({ container: 'router', image: 'fluent-bit:3' }).containerDefinitions).toEqual([
      { ...router, image: 'fluent-bit:3' },
      web,
    ])
  })
})

describe('the container of the application', () => {
  const of = (...containers: object[]): TaskDefinition => ({ ...definition, containerDefinitions: containers as never })
  it('is the only one, the only essential one, or the only one with a port', () => {
    expect(containerOf(of(web)).name).toBe('web')
    expect(containerOf(of({ ...router, essential: false }, web)).name).toBe('web')
    expect(containerOf(definition).name).toBe('web')
    expect(containerOf(definition, 'router').name).toBe('router')
  })
  it('is the one that the load balancer sends requests to, whatever else has a port or is essential', () => {
    const two = of(web, { ...web, name: 'proxy' })
    const behind = (...names: string[]) => ({ loadBalancers: names.map((containerName) => ({ containerName })) })
    expect(containerOf(two, undefined, behind('proxy')).name).toBe('proxy')
    expect(containerOf(definition, undefined, behind('router', 'router')).name).toBe('router')
    // A person's word counts for more; one that is not in this revision, for nothing.
    expect(containerOf(two, 'web', behind('proxy')).name).toBe('web')
    expect(containerOf(definition, undefined, behind('gone')).name).toBe('web')
    expect(() => containerOf(two, undefined, behind('web', 'proxy'))).toThrow(/cannot be told: web, proxy/)
    expect(() => containerOf(two, undefined, behind())).toThrow(/Name it with --container|cannot be told/)
  })
  it.each([
    ['two with ports', of(web, { ...web, name: 'api' }), undefined, /which one is the application cannot be told: web, api/],
    ['none at all', of(), undefined, /has 0 containers/],
    ['one that is not there', definition, 'api', /has no container api: it has router, web/],
  ])('cannot be told: %s', (_, d, name, words) => {
    expect(() => containerOf(d, name)).toThrow(words)
  })
})

describe('two definitions', () => {
  it('mean the same in whatever order the variables stand, and with what is empty written out', () => {
    const sorted = { ...web, environment: [...web.environment].reverse(), dnsServers: [], dockerLabels: {} }
    expect(
      isSame(
        { ...definition, revision: 9, taskDefinitionArn: 'x', containerDefinitions: [router, sorted], placementConstraints: [] },
        made({}),
      ),
    ).toBe(true)
  })
  it.each<[string, TaskDefinition]>([
    ['another value', { ...definition, containerDefinitions: [router, { ...web, environment: [{ name: 'A', value: '1' }] }] }],
    ['another order of the containers', { ...definition, containerDefinitions: [web, router] }],
    ['more memory', { ...definition, memory: '1024' }],
    ['another command', { ...definition, containerDefinitions: [router, { ...web, command: ['a'] }] }],
  ])('differ by %s', (_, other) => {
    expect(isSame(other, definition)).toBe(false)
  })
})

describe('what differs', () => {
  it('of a deploy: the image first, then variables and secrets by name', () => {
    const to = made({
      image: 'nginx:1.27',
      environment: { Z: 'new', B: '3' },
      secrets: { S: `${ARN}:t::`, T: `${ARN}` },
      unset: ['A'],
    })
    expect(differencesOf(definition, to, 'web')).toEqual([
      { what: 'image', from: 'nginx:1.26', to: 'nginx:1.27' },
      { what: 'env A', from: '1', to: undefined },
      { what: 'env B', from: '2', to: '3' },
      { what: 'env Z', from: undefined, to: 'new' },
      { what: 'secret S', from: 'shop/db-AbCdEf:s', to: 'shop/db-AbCdEf:t' },
      { what: 'secret T', from: undefined, to: 'shop/db-AbCdEf' },
    ])
  })

  it('of a rollback: everything else too, in the words of AWS', () => {
    const to: TaskDefinition = {
      ...definition,
      memory: '1024',
      volumes: [{ name: 'v' }],
      containerDefinitions: [
        { ...web, command: ['a', 'b'] },
        { ...router, image: 'fluent-bit:3' },
      ],
    }
    expect(differencesOf(definition, to, 'web')).toEqual([
      { what: 'command', from: undefined, to: '["a","b"]' },
      { what: 'router: image', from: 'fluent-bit', to: 'fluent-bit:3' },
      { what: 'memory', from: '512', to: '1024' },
      { what: 'volumes', from: undefined, to: '[{"name":"v"}]' },
    ])
    expect(differencesOf(definition, { ...definition, containerDefinitions: [web] }, 'web')).toEqual([
      { what: 'router: container', from: 'fluent-bit', to: undefined },
    ])
    expect(differencesOf(definition, definition, 'web')).toEqual([])
  })

  it.each([
    'DB_PASSWORD',
    'API_KEY',
    'stripe_secret',
    'AUTH_TOKEN',
    'AWS_SECRET_ACCESS_KEY',
    'S3_PUBLIC_ACCESS_KEY_ID',
    'PWD_SALT',
  ])('%s is never shown', (name) => {
    expect(shown(name, 'hunter2')).toBe('(not shown)')
    expect(shown(name, undefined)).toBeUndefined()
  })

  it('nor is a password in an address, wherever it stands', () => {
    expect(shown('URL', 'postgres://me:hunter2@db:5432/x and redis://:hunter2@r')).toBe(
      'postgres://me:***@db:5432/x and redis://:***@r',
    )
    const to = { ...definition, containerDefinitions: [router, { ...web, command: ['run', 'postgres://me:hunter2@db/x'] }] }
    expect(JSON.stringify(differencesOf(definition, to, 'web'))).not.toContain('hunter2')
  })

  it.each([
    [`${ARN}:password::`, 'shop/db-AbCdEf:password'],
    [ARN, 'shop/db-AbCdEf'],
    ['arn:aws:ssm:us-east-1:1:parameter/shop/x', '/shop/x'],
    ['plain', 'plain'],
    [undefined, undefined],
  ])('the place of a secret in short: %s', (from, short) => {
    expect(shortSecret(from)).toBe(short)
  })
})
