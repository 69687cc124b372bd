import { describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { DEFAULT_STEPS, STEPS } from '../../src/config/names.ts'
import { merge } from '../../src/config/read.ts'
import { read, refusal } from './support/read.ts'

/** Every name that AWS gets from the config itself; the steps put namePrefix before all others. */
const names = (c: Config): string[] => [
  c.namePrefix,
  c.secrets.database.name,
  c.rds.identifier,
  c.rds.monitoringRoleName,
  c.monitoring.dashboardName,
]

describe('the preset startupwebapp', () => {
  it('needs nothing but its own name, and then is the stack of the scripts', () => {
    const c = read('preset: startupwebapp')
    expect(names(c)).toEqual([
      'startupwebapp',
      'rds/startupwebapp/multi-tenant/master',
      'startupwebapp-multi-tenant-prod',
      'rds-monitoring-role',
      'StartupWebApp-RDS-MultiTenant',
    ])
    expect(c).toMatchObject({ project: 'startupwebapp', environment: 'production', application: 'StartupWebApp' })
    expect(c.tags).toEqual({ Environment: 'production', Application: 'StartupWebApp', ManagedBy: 'InfrastructureAsCode' })
    expect(c.vpc).toMatchObject({
      cidr: '10.0.0.0/16',
      publicCidrs: ['10.0.1.0/24', '10.0.2.0/24'],
      privateCidrs: ['10.0.10.0/24', '10.0.11.0/24'],
    })
    expect(c.rds).toMatchObject({ version: '16', instanceClass: 'db.t4g.small', port: 5432, deletionProtection: true })
    expect(c.rds).toMatchObject({ masterUsername: 'postgres', logExports: ['postgresql'], performanceInsights: true })
    expect(c.databases.appUser).toBe('django_app')
    expect(Object.keys(c.secrets.database.keys)).toHaveLength(10)
    expect(c.bastion).toEqual({ instanceType: 't3.micro' })
    expect(c.monitoring.alarms).toMatchObject({ cpu: { threshold: 70 }, storage: { threshold: 2_147_483_648 } })
  })

  it('has one NAT gateway, which its tasks need; without them the question is open', () => {
    const nat = (more: string) => read(`preset: startupwebapp\n${more}`).vpc.nat
    expect(nat('')).toBe('single')
    expect(nat('vpc: { nat: perAz }')).toBe('perAz')
    expect(nat('steps: [vpc, rds]')).toBeUndefined()
    expect(nat('vpc: { mode: default }')).toBeUndefined()
  })

  it.each([['staging'], ['dev'], ['prod'], ['master']])('names of %s and production have nothing in common', (environment) => {
    const production = read('preset: startupwebapp')
    const other = read('preset: startupwebapp', { environment })
    for (const name of names(other)) expect(names(production)).not.toContain(name)
    expect(other.namePrefix).toBe(`startupwebapp-${environment}`)
  })

  it('the prefix of production begins no name of another environment of another project', () => {
    // "shop" and "shop-dev" may both be projects: then production of the second and dev of the first would share a prefix.
    const [a, b] = [
      read('preset: startupwebapp\nproject: shop', { environment: 'dev' }),
      read('preset: startupwebapp\nproject: shop-dev'),
    ]
    expect(a.namePrefix).toBe(b.namePrefix)
    expect(a.rds.identifier).not.toBe(b.rds.identifier)
  })

  it('another project of the preset has its own names', () => {
    const c = read('preset: startupwebapp\nproject: shop\nmonitoring: { email: a@b.co }')
    expect(names(c)).toEqual([
      'shop',
      'rds/shop/multi-tenant/master',
      'shop-multi-tenant-prod',
      'rds-monitoring-role',
      'shop-RDS-MultiTenant',
    ])
    expect(c.secrets.database.keys.superuser_email).toEqual({ value: 'a@b.co' })
  })

  it.each(['toString', 'constructor', 'startup'])('%s is no preset', (name) => {
    expect(refusal(`preset: ${name}\nproject: shop`).what).toBe(
      `preset is ${name}: it must be one of startupwebapp, for example startupwebapp`,
    )
  })

  it.each(['project: 123', 'environment: 5', 'region: 7'])('%s is refused, not replaced by what the preset proposes', (line) => {
    expect(refusal(`preset: startupwebapp\n${line}`).what).toContain(line.replace(': ', ' is '))
  })
})

describe('without a preset', () => {
  it('names begin with project and environment', () => {
    expect(names(read('project: shop'))).toEqual([
      'shop-dev',
      'shop/dev/database',
      'shop-dev-db',
      'shop-dev-rds-monitoring',
      'shop-dev-rds',
    ])
  })

  it('what depends on other keys is settled', () => {
    const c = read('project: my-shop\nenvironment: prod\nrds: { engine: mysql, instanceClass: db.t4g.micro, identifier: MyShop }')
    expect(c.rds).toMatchObject({ version: '8.4', port: 3306, masterUsername: 'admin', logExports: ['error'] })
    expect(c.rds).toMatchObject({ identifier: 'myshop', deletionProtection: true, performanceInsights: false })
    expect(c.databases.appUser).toBe('my_shop_app')
    expect(read('project: shop\nenvironment: dev').rds.deletionProtection).toBe(false)
    expect(read('project: shop\nrds: { maintenanceWindow: "Sun:04:00-Sun:05:00" }').rds.maintenanceWindow).toBe(
      'sun:04:00-sun:05:00',
    )
    expect(read('project: shop\nvpc: { azs: [us-east-1a, us-east-1b, us-east-1d] }').vpc).toMatchObject({
      azCount: 3,
      publicCidrs: ['10.0.1.0/24', '10.0.2.0/24', '10.0.3.0/24'],
    })
    expect(read('project: shop\nsteps: [rds, vpc]').steps).toEqual(['vpc', 'rds'])
    expect(read('project: shop\nmonitoring: { email: a@b.co, emails: [A@b.co, c@d.co, c@d.co] }').monitoring.emails).toEqual([
      'a@b.co',
      'c@d.co',
    ])
  })

  it.each([
    ['secrets: { app-secret: {} }', 'shop/dev/app-secret'],
    ['secrets: { namePattern: "a b {name}" }', 'a b database'],
  ])('%s: a name that is put together is checked like a written one', (yaml, name) => {
    expect(refusal(`project: shop\n${yaml}`).what).toContain(name)
  })

  it('two secrets, e-mails or tags that AWS could not tell apart', () => {
    expect(refusal('project: shop\nsecrets: { a: { name: x }, b: { name: x } }').what).toContain(
      'secrets.a has this name already',
    )
    expect(refusal('project: shop\nmonitoring: { emails: [a.b@c.co, a-b@c.co] }').what).toContain(
      'differs from a.b@c.co only in punctuation',
    )
    expect(refusal('project: shop\ntags: { team: x, Team: y }').what).toContain(
      'differs from the tag team only in upper and lower case',
    )
  })
})

describe('the step bastion', () => {
  it('is off unless it is named', () => {
    expect(read('project: shop').steps).toEqual(DEFAULT_STEPS)
    expect(DEFAULT_STEPS).toEqual(['vpc', 'security-groups', 'secrets', 'rds', 'databases', 'monitoring'])
    expect(read('preset: startupwebapp').steps).toEqual(STEPS.filter((s) => s !== 'bastion'))
    expect(read('project: shop\nsteps: [bastion, vpc, rds]').steps).toEqual(['vpc', 'rds', 'bastion'])
    expect(read('project: shop').bastion.instanceType).toBeUndefined()
  })
})

describe('the alarm for little memory', () => {
  const below = (more: string) => read(`project: shop\n${more}`).monitoring.alarms.memory.threshold / 1024 ** 2
  it('goes by the class: with 1 GiB, PostgreSQL at rest leaves less than 500 MiB', () => {
    expect(below('')).toBe(100)
    expect(below('rds: { instanceClass: db.t4g.small }')).toBe(500)
    expect(below('rds: { instanceClass: db.r6g.large }')).toBe(500)
    expect(below('monitoring: { alarms: { memory: { threshold: 262144000 } } }')).toBe(250)
  })
})

describe('environments', () => {
  const yaml = `project: shop
environment: dev
rds: { instanceClass: db.t4g.micro, allocatedGb: 30 }
vpc: { nat: none }
environments:
  production:
    rds: { instanceClass: db.t4g.large }
    vpc: { nat: perAz }
    region: eu-west-1
    monitoring: { emails: [a@b.co] }
  staging:`

  it('lay over the rest key by key, in the one that is asked for only', () => {
    expect(read(yaml)).toMatchObject({ environment: 'dev', rds: { instanceClass: 'db.t4g.micro', allocatedGb: 30 } })
    expect(read(yaml, { environment: 'production' })).toMatchObject({
      environment: 'production',
      region: 'eu-west-1',
      namePrefix: 'shop-production',
      rds: { instanceClass: 'db.t4g.large', allocatedGb: 30 },
      vpc: { nat: 'perAz', cidr: '10.0.0.0/16' },
    })
    expect(read(yaml, { environment: 'staging' }).rds.instanceClass).toBe('db.t4g.micro')
  })

  it('later ones win: default, preset, file, overlay, flag', () => {
    const all = (more: string, options = {}) => read(`preset: startupwebapp\n${more}`, options).rds.instanceClass
    expect(read('project: shop').rds.instanceClass).toBe('db.t4g.micro')
    expect(all('')).toBe('db.t4g.small')
    expect(all('rds: { instanceClass: db.t4g.medium }')).toBe('db.t4g.medium')
    const overlaid = 'rds: { instanceClass: db.t4g.medium }\nenvironments: { qa: { rds: { instanceClass: db.t4g.large } } }'
    expect(all(overlaid, { environment: 'qa' })).toBe('db.t4g.large')
    expect(read(yaml, { environment: 'production', region: 'us-west-2' }).region).toBe('us-west-2')
  })

  it('a preset for one environment only', () => {
    const c = read('project: shop\nenvironments: { production: { preset: startupwebapp } }', { environment: 'production' })
    expect(c.rds.identifier).toBe('shop-multi-tenant-prod')
  })

  it.each([
    ['environments: 5', 'environments is 5'],
    ['environments: [staging]', 'environments is ["staging"]'],
    ['environments: { dev: 5 }', 'environments.dev is 5'],
  ])('%s is refused, not passed over', (line, what) => {
    expect(refusal(`project: shop\n${line}`).what).toContain(`${what}: it must hold what differs there, for example {`)
  })
})

describe('merge', () => {
  it('goes into objects, replaces the rest, and nothing replaces something', () => {
    expect(merge({ a: { b: 1, c: [1, 2] }, d: 4 }, { a: { c: [3], e: 5 }, d: null })).toEqual({ a: { b: 1, c: [3], e: 5 }, d: 4 })
    expect(merge({ a: 1 }, { a: { b: 2 } })).toEqual({ a: { b: 2 } })
    expect(merge({ a: { b: 2 } }, { a: 1 })).toEqual({ a: 1 })
  })

  it('leaves what it is given as it was', () => {
    const below = { a: { b: 1 } }
    merge(below, { a: { b: 2 } })
    expect(below).toEqual({ a: { b: 1 } })
  })
})

describe('the region', () => {
  it('flag, file, AWS_REGION, AWS_DEFAULT_REGION, us-east-1; an empty variable is none', () => {
    const { AWS_REGION, AWS_DEFAULT_REGION } = process.env
    const region = (now: Record<string, string>, yaml = 'project: shop', options = {}) => {
      process.env.AWS_REGION = now.a ?? ''
      process.env.AWS_DEFAULT_REGION = now.b ?? ''
      return read(yaml, options).region
    }
    try {
      expect(region({})).toBe('us-east-1')
      expect(region({ b: 'eu-west-2' })).toBe('eu-west-2')
      expect(region({ a: 'eu-west-1', b: 'eu-west-2' })).toBe('eu-west-1')
      expect(region({ a: 'eu-west-1' }, 'project: shop\nregion: eu-west-3')).toBe('eu-west-3')
      expect(region({ a: 'eu-west-1' }, 'project: shop\nregion: eu-west-3', { region: 'us-west-1' })).toBe('us-west-1')
    } finally {
      for (const [k, v] of Object.entries({ AWS_REGION, AWS_DEFAULT_REGION }))
        if (v === undefined) delete process.env[k]
        else process.env[k] = v
    }
  })
})
