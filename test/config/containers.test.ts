import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { STEPS } from '../../src/config/names.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { read, refusal } from './support/read.ts'

const shop = (more: JsonObject): string => JSON.stringify({ project: 'shop', region: 'us-east-1', ...more })
const services = (all: JsonObject, ecs: JsonObject = {}): string => shop({ steps: [...STEPS], ecs: { ...ecs, services: all } })
const behind = (count: number): JsonObject =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`s${i}`, { port: 8000, paths: [`/s${i}/*`] }]))

/** docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html, "Task CPU and memory", in GB. */
const TABLE: Readonly<Record<number, readonly number[]>> = {
  256: [0.5, 1, 2],
  512: [1, 2, 3, 4],
  1024: [2, 3, 4, 5, 6, 7, 8],
  2048: Array.from({ length: 13 }, (_, i) => 4 + i),
  4096: Array.from({ length: 23 }, (_, i) => 8 + i),
  8192: [16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60],
  16384: [32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120],
}

describe('what Fargate offers', () => {
  const takes = (cpu: number, memory: number): boolean => {
    try {
      read(shop({ steps: ['vpc'], ecs: { tasks: { once: { cpu, memory } } } }))
      return true
    } catch {
      return false
    }
  }

  it('each pair of its table is taken', () => {
    for (const [cpu, gb] of Object.entries(TABLE))
      for (const n of gb) expect([cpu, n, takes(Number(cpu), n * 1024)]).toEqual([cpu, n, true])
  })

  it('any other is refused', () => {
    const cpu = fc.oneof(fc.constantFrom(...Object.keys(TABLE).map(Number)), fc.integer({ min: 0, max: 40_000 }))
    const memory = fc.oneof(
      fc.integer({ min: 0, max: 130 }).map((n) => n * 1024),
      fc.integer({ min: 0, max: 260 }).map((n) => n * 512),
      fc.integer({ min: 0, max: 140_000 }),
    )
    fc.assert(
      fc.property(cpu, memory, (c, m) => {
        expect(takes(c, m)).toBe(TABLE[c]?.includes(m / 1024) ?? false)
      }),
      { numRuns: 250 },
    )
  })
})

describe('names that are made of others and come out too long for ELB', () => {
  // 28 and -alb are 32 characters.
  const prefix = 'a'.repeat(28)
  const of = (namePrefix: string, more: JsonObject = {}): string =>
    shop({ namePrefix, steps: [...STEPS], ecs: { services: { web: { port: 8000, ...more } } } })

  it('32 characters are taken', () => {
    expect(read(of(prefix)).loadBalancer.name).toBe(`${prefix}-alb`)
    expect(read(of(prefix)).ecs.services.web?.targetGroup).toBe(`${prefix}-web`)
  })

  it('one more is refused with what to set; nothing is cut behind the back', () => {
    const { why } = refusal(of(`${prefix}b`))
    expect(why?.split('\n').map((l) => l.trim())).toEqual([
      '',
      `loadBalancer.name is ${prefix}b-alb (the default): a load balancer's name has at most 32 characters; set loadBalancer.name, for example ${'a'.repeat(28)}-alb`,
      `ecs.services.web.targetGroup is ${prefix}b-web (the default): a target group's name has at most 32 characters; set ecs.services.web.targetGroup, for example ${'a'.repeat(28)}-web`,
    ])
  })

  it('the example is a name that is taken', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z]([a-z0-9]|-[a-z0-9]){13,15}$/),
        fc.stringMatching(/^[a-z][a-z0-9]{0,19}$/),
        (long, key) => {
          fc.pre(long.length <= 33 && long.length + key.length > 31 && !key.startsWith('database') && !long.startsWith('sg-'))
          const file = (more: JsonObject): string =>
            shop({
              namePrefix: long,
              steps: [...STEPS],
              loadBalancer: { name: 'x' },
              ecs: { services: { [key]: { port: 80, ...more } } },
            })
          const example = / for example (.*)$/.exec(refusal(file({})).what)?.[1] ?? ''
          expect(read(file({ targetGroup: example })).ecs.services[key]?.targetGroup).toBe(example)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('a service that is not behind the load balancer needs no target group, and without the step nobody cares', () => {
    const file = (more: JsonObject, steps: string[]): string =>
      shop({ namePrefix: `${prefix}bc`, steps, loadBalancer: { name: 'x' }, ecs: { services: { web: more } } })
    expect(() => read(file({}, [...STEPS]))).not.toThrow()
    expect(() => read(file({ port: 80, public: false }, [...STEPS]))).not.toThrow()
    expect(() => read(file({ port: 80 }, ['vpc']))).not.toThrow()
  })

  it('the longest project in the longest environment: the default names are told to be too long', () => {
    const yaml = `project: ${'p'.repeat(20)}\nenvironment: ${'e'.repeat(12)}\nsteps: [vpc, load-balancer]`
    expect(refusal(yaml).what).toContain('set loadBalancer.name, for example pppppppppppppppppppp-eeeeeee-alb')
  })
})

describe('one sentence for each mistake between several keys', () => {
  it.each<[string, string, string]>([
    [
      'no image',
      shop({ steps: ['vpc', 'security-groups', 'ecs'], ecs: { services: { web: {} } } }),
      'ecs.services.web.image is missing: without the step registry the image must be named, for example nginx:1.27',
    ],
    [
      'public without a port',
      services({ web: { public: true } }),
      'ecs.services.web.port is missing: what stands behind the load balancer needs a port, for example 8000',
    ],
    [
      'autoscaling without a target',
      services({ web: { autoscaling: { min: 1 } } }),
      'ecs.services.web.autoscaling.cpuPercent is missing: autoscaling needs a target: cpuPercent or memoryPercent, for example 70',
    ],
    [
      'a load balancer in a VPC of which no public subnets are named',
      shop({
        steps: ['vpc', 'load-balancer'],
        vpc: { mode: 'existing', id: 'vpc-12345678', privateSubnetIds: ['subnet-12345678', 'subnet-12345679'] },
      }),
      'vpc.publicSubnetIds is missing: a load balancer needs public subnets in at least two zones; set them, or loadBalancer.scheme to internal, for example [subnet-0123456789abcdef0, subnet-0fedcba9876543210]',
    ],
    [
      'a prefix that ELB keeps for itself',
      shop({ namePrefix: 'internal-shop', steps: ['vpc', 'load-balancer'] }),
      'loadBalancer.name is internal-shop-alb (the default): ELB keeps names that begin with internal- for itself; set loadBalancer.name, for example intern-alb',
    ],
    [
      'a name twice in the certificate',
      shop({ loadBalancer: { domain: 'a.example.com', alternativeNames: ['b.example.com', 'b.example.com'] } }),
      'loadBalancer.alternativeNames.1 is b.example.com: the certificate has this name already, for example www.example.com',
    ],
    [
      'the first name of the certificate among the others',
      shop({ loadBalancer: { domain: 'a.example.com', alternativeNames: ['a.example.com'] } }),
      'loadBalancer.alternativeNames.0 is a.example.com: the certificate has this name already, for example www.example.com',
    ],
    [
      'a second service for all requests, in the words of one that says nothing',
      services({ web: { port: 8000 }, api: { port: 8001 } }),
      'ecs.services.api.paths is [] (the default): web gets all requests already, so api would get none; tell them apart by hosts or paths, for example [/api/*]',
    ],
    [
      'more services behind it than a load balancer takes',
      services(behind(101)),
      'ecs.services is 101: a load balancer takes 100 target groups, one for each service behind it, for example public: false for some',
    ],
    [
      'six hosts',
      services({ web: { port: 80, hosts: ['a', 'b', 'c', 'd', 'e', 'f'].map((h) => `${h}.example.com`) } }),
      'ecs.services.web.hosts is ["a.example.com","b.example.com","c.example.com","d.example.com","e.example.com","f.example.com"]: a rule of the load balancer takes 5 hosts and paths together (these are 6), for example [/web/*]',
    ],
    [
      'a task with the key of a service: their resources have the same keys',
      services({ web: { image: 'secret-looking' } }, { tasks: { web: { family: 'other', logGroup: 'other' } } }),
      'ecs.tasks.web is web: ecs.services has web too, and both would have the same names; call one of them otherwise, for example web-once',
    ],
    [
      'a key that infra uses itself',
      services({ database: {} }),
      'ecs.services.database is database: infra keeps this name for itself, for example db-api',
    ],
    [
      'a key that infra uses itself, as a task',
      services({}, { tasks: { 'database-task': {} } }),
      'ecs.tasks.database-task is database-task: infra keeps this name for itself, for example db-api',
    ],
  ])('%s', (_, yaml, sentence) => {
    expect(refusal(yaml).what).toBe(sentence)
  })

  it.each(['Web', '1web', 'web_api', 'web-', 'w--b', 'a'.repeat(21), ''])('%s cannot be the key of a service', (key) => {
    expect(refusal(services({ [key]: {} })).what).toContain(
      '1 to 20 lower-case letters, digits and single hyphens, for example web',
    )
  })

  it.each(['1A', 'A-B', 'A B', ''])('%s cannot be the name of a variable', (name) => {
    for (const section of ['environment', 'secrets'])
      expect(refusal(services({ web: { [section]: { [name]: 'database:password' } } })).what).toContain(
        'for example DATABASE_URL',
      )
  })
})

describe('what is taken', () => {
  it('a hundred services behind one load balancer, each with its own path', () => {
    expect(Object.keys(read(services(behind(100))).ecs.services)).toHaveLength(100)
  })

  it('services of one port, an internal one, one behind by host, one by path, one for the rest', () => {
    const { ecs } = read(
      services({
        web: { port: 8000 },
        api: { port: 8000, paths: ['/api/*'] },
        admin: { port: 8000, hosts: ['admin.example.com'] },
        cache: { port: 6379, public: false },
        worker: {},
      }),
    )
    expect(Object.entries(ecs.services).map(([key, s]) => [key, s.public, s.targetGroup])).toEqual([
      ['web', true, 'shop-dev-web'],
      ['api', true, 'shop-dev-api'],
      ['admin', true, 'shop-dev-admin'],
      ['cache', false, undefined],
      ['worker', false, undefined],
    ])
  })

  it('what runs in containers is made only where the steps for it are named', () => {
    const ecs = { services: { web: { image: 'nginx:1' } } }
    expect(refusal(shop({ ecs })).what).toBe(
      'steps is missing: ecs has web, and steps must name the steps that make it, for example [vpc, security-groups, secrets, registry, load-balancer, ecs]',
    )
    // Another environment may well do without.
    expect(() => read(shop({ steps: ['vpc'], ecs }))).not.toThrow()
  })

  it('in the default VPC tasks are in public subnets by themselves, elsewhere in private ones', () => {
    const subnets = (mode: string): unknown =>
      read(
        shop({
          vpc: {
            mode,
            ...(mode === 'existing' ? { id: 'vpc-12345678', privateSubnetIds: ['subnet-12345678', 'subnet-12345679'] } : {}),
          },
          steps: ['vpc'],
          ecs: { services: { web: {} }, tasks: { once: {} } },
        }),
      ).ecs
    expect(subnets('new')).toMatchObject({ services: { web: { subnets: 'private' } }, tasks: { once: { subnets: 'private' } } })
    expect(subnets('existing')).toMatchObject({ services: { web: { subnets: 'private' } } })
    expect(subnets('default')).toMatchObject({ services: { web: { subnets: 'public' } }, tasks: { once: { subnets: 'public' } } })
  })

  it('names are made of the prefix and the key, unless they are given', () => {
    const { registry, loadBalancer, ecs } = read(services({ web: { port: 80 } }, { tasks: { once: {} } }))
    expect([registry.name, loadBalancer.name, ecs.cluster, ecs.executionRole, ecs.taskRole]).toEqual([
      'shop-dev-app',
      'shop-dev-alb',
      'shop-dev-cluster',
      'shop-dev-task-execution',
      'shop-dev-task',
    ])
    expect(ecs.services.web).toMatchObject({
      name: 'shop-dev-web',
      family: 'shop-dev-web',
      logGroup: '/ecs/shop-dev-web',
      container: 'web',
    })
    expect(ecs.tasks.once).toMatchObject({ family: 'shop-dev-once', logGroup: '/ecs/shop-dev-once', container: 'once' })
  })

  it('numbers and truth values in an environment become texts, which is all that ECS knows', () => {
    expect(read(services({ web: { environment: { PORT: 8000, DEBUG: false } } })).ecs.services.web?.environment).toEqual({
      PORT: '8000',
      DEBUG: 'false',
    })
  })
})

describe('the preset and its steps', () => {
  it('without autoscaling it has no limits that would not count', () => {
    const of = (steps: string): unknown => read(`preset: startupwebapp\n${steps}`).ecs.services.web?.autoscaling
    expect(of('')).toMatchObject({ min: 1, max: 4, cpuPercent: 70, memoryPercent: 80 })
    expect(of('steps: [vpc, security-groups, secrets, rds, databases, registry, load-balancer, ecs]')).toBeUndefined()
    expect(of('steps: [vpc, security-groups, secrets, rds, databases, registry, load-balancer, ecs, autoscaling]')).toBeDefined()
  })

  it('without the load balancer, or with a certificate for unknown names, the address of the application must be written', () => {
    const domain = 'ecs.services.web.environment.ENVIRONMENT_DOMAIN is ${loadBalancer.url}: '
    const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012'
    const off = 'steps: [vpc, security-groups, secrets, rds, databases, registry, ecs]'
    for (const more of [
      off,
      `loadBalancer: { certificateArn: "${certificateArn}" }`,
      'loadBalancer: { domain: "*.example.com" }',
    ]) {
      expect(refusal(`preset: startupwebapp\nregion: us-east-1\n${more}`).what).toContain(domain)
      const written = 'ecs: { services: { web: { environment: { ENVIRONMENT_DOMAIN: "https://shop.example.com" } } } }'
      expect(() => read(`preset: startupwebapp\nregion: us-east-1\n${more}\n${written}`)).not.toThrow()
    }
    expect(() => read('preset: startupwebapp\nloadBalancer: { domain: shop.example.com }')).not.toThrow()
  })
})
