import { describe, expect, it } from 'vitest'
import { closest } from '../../src/config/closest.ts'
import { referencesIn } from '../../src/config/references.ts'
import { read, refusal } from './support/read.ts'

const shop = (more: string): string => `project: shop\nregion: us-east-1\n${more}`
const lines = (yaml: string): string[] => (refusal(yaml).why ?? '').split('\n').flatMap((l) => l.trim() || [])

describe('a key that infra does not know', () => {
  it.each([
    ['vcp: {}', 'vcp is not a key that infra knows: did you mean vpc?'],
    ['rds: { instanceclass: db.t4g.micro }', 'did you mean rds.instanceClass?'],
    ['rds: { engin: mysql }', 'did you mean rds.engine?'],
    ['monitoring: { alarms: { cpuu: {} } }', 'did you mean monitoring.alarms.cpu?'],
    ['monitoring: { alarms: { cpu: { treshold: 1 } } }', 'did you mean monitoring.alarms.cpu.threshold?'],
    ['monitoring: { dashboard: { nmae: x } }', 'did you mean monitoring.dashboard.name?'],
    ['secrets: { database: { kyes: {} } }', 'did you mean secrets.database.keys?'],
    ['securityGroups: { bastioncidr: none }', 'did you mean securityGroups.bastionCidr?'],
  ])('%s', (yaml, says) => {
    expect(refusal(shop(yaml)).what).toContain(says)
  })

  it('that is like no other gets the list of those that there are', () => {
    expect(refusal(shop('databases: { color: red }')).what).toBe(
      'databases.color is not a key that infra knows (here it knows via, names, roles, appUser, encoding, collation, target, caFile)',
    )
  })

  it('of a service, which has a name of its own', () => {
    expect(lines(shop('ecs: { services: { web: { helth: {} } } }'))).toContainEqual(
      expect.stringContaining('did you mean ecs.services.web.health?'),
    )
    expect(lines(shop('ecs: { services: { web: { health: { paht: / } } } }'))).toContainEqual(
      expect.stringContaining('did you mean ecs.services.web.health.path?'),
    )
    expect(lines(shop('ecs: { services: { web: { blue: [] } } }'))).toContainEqual(
      expect.stringMatching(/\(here it knows .*managedPolicies/),
    )
  })

  it('a value where keys belong, and the other way round', () => {
    expect(refusal(shop('vpc: 5')).what).toBe('vpc is 5: it must hold keys, for example { key: value }')
    expect(refusal(shop('steps: vpc')).what).toBe('steps is "vpc": it must be a list, for example [a, b]')
    expect(refusal(shop('profile: 5')).what).toBe('profile is 5: it must be a text, for example "shop"')
    expect(refusal(shop('rds: { port: "5432" }')).what).toContain('rds.port is "5432": it must be 1150 to 65535')
  })
})

describe('closest', () => {
  it('finds what was meant, not what is merely short', () => {
    const steps = ['vpc', 'security-groups', 'secrets', 'rds', 'monitoring']
    expect(closest('VPC', steps)).toBe('vpc')
    expect(closest('db', steps)).toBe('rds')
    expect(closest('security-group', steps)).toBe('security-groups')
    expect(closest('secret', steps)).toBe('secrets')
    expect(closest('monitor', steps)).toBe('monitoring')
    expect(closest('kubernetes', steps)).toBeUndefined()
    expect(closest('x', steps)).toBeUndefined()
    expect(closest('x', [])).toBeUndefined()
  })
})

describe('several mistakes', () => {
  it('are all told at once, also those between keys', () => {
    const yaml = shop(`vpc: { nat: maybe, cidrr: x }
rds: { port: 80, backupWindow: 04:30-05:30, masterUsername: admin }
monitoring: { email: ops }
foo: 1`)
    expect(refusal(yaml).what).toBe('infra.yaml has 7 mistakes')
    expect(lines(yaml).map((l) => l.split(/ is |:/)[0])).toEqual(
      expect.arrayContaining([
        'vpc.nat',
        'vpc.cidrr',
        'rds.port',
        'rds.backupWindow',
        'rds.masterUsername',
        'monitoring.email',
        'foo',
      ]),
    )
  })

  it('a rule that a default breaks says that it is the default', () => {
    expect(refusal(shop('rds: { maintenanceWindow: "sun:03:00-sun:03:45" }')).what).toContain(
      'rds.backupWindow is 03:00-04:00 (the default): it overlaps rds.maintenanceWindow sun:03:00-sun:03:45',
    )
    expect(refusal(shop('rds: { allocatedGb: 200 }')).what).toContain('rds.maxAllocatedGb is 100 (the default)')
  })

  it('a missing project', () => {
    for (const yaml of ['', '# nothing yet\n', 'project:\n', 'project: ""\n'])
      expect(refusal(yaml).what).toContain('project is missing: it must have 2 to 20')
  })
})

describe('YAML', () => {
  it.each([
    ['a: b: c', 'Nested mappings'],
    ['a:\n\tb: c', 'Tabs are not allowed'],
    ['a: 1\na: 2', 'Map keys must be unique at line 2, column 1'],
    ['project: shop\ntags:\n  __proto__: { x: 1 }', '__proto__ cannot be a key at line 3, column 3'],
    ['ecs: { services: { web: { environment: { "__proto__": x } } } }', '__proto__ cannot be a key at line 1'],
    ['environments: { dev: { tags: { a: 1, b: 2, a: 3 } } }', 'Map keys must be unique at line 1, column 44'],
    ['a: *nobody', 'Unresolved alias'],
    ['a: [1', 'Flow sequence'],
  ])('%j is not', (yaml, why) => {
    const e = refusal(yaml)
    expect(e.what).toBe('infra.yaml is not valid YAML')
    expect(e.why).toContain(why)
    expect(e.why).not.toContain('\n')
  })

  it.each(['5', '[1]', 'text'])('%s holds no keys', (yaml) => {
    expect(refusal(yaml).what).toContain('does not hold keys and values')
  })

  it('with many keys, or endless, is refused at once', () => {
    const tags = Array.from({ length: 50_000 }, (_, i) => `  t${i}: v`).join('\n')
    expect(refusal(shop(`tags:\n${tags}`)).why).toBe('50,000 keys in one place, at most 3,000, at line 4, column 3')
    const endless = refusal(shop(`# ${'x'.repeat(3_000_000)}`))
    expect(endless.why).toContain('3,000,034 characters')
    expect(referencesIn('${a.'.repeat(50_000))).toEqual([])
  })

  it('a version is what was written, not the number that YAML makes of it', () => {
    expect(read(shop('rds: { version: 16.10 }')).rds.version).toBe('16.10')
    expect(read(shop('rds: { version: 16 }')).rds.version).toBe('16')
    expect(read(shop('rds: { engine: mysql, version: 8.0 }')).rds.version).toBe('8.0')
    expect(read(shop('environments: { dev: { rds: { version: 15.10 } } }')).rds.version).toBe('15.10')
  })
})

describe('what could be a secret', () => {
  const hidden = 'hunter2-Aa1'
  it.each([
    `secrets: { database: { keys: { api_key: { value: ${hidden} } } } }`,
    `secrets: { database: { keys: { smtp_password: { value: ${hidden} } } } }`,
    `secrets: { database: { keys: { TOKEN: { value: ${hidden} } } } }`,
    `secrets: { app: { keys: { db_pwd: { value: ${hidden} } } } }`,
    `secrets: { app: { keys: { signing_key: { value: ${hidden} } } } }`,
    `secrets: { database: { keys: { api_key: ${hidden} } } }`,
    `secrets: { database: { keys: { api_key: [${hidden}] } } }`,
    `secrets: { database: { keys: { api_key: { vlaue: ${hidden} } } } }`,
    `secrets: { database: { keys: ${hidden} } }`,
    `secrets: { database: ${hidden} }`,
    `secrets: { api_key: ${hidden} }`,
    `secrets: ${hidden}`,
    `rds: { masterPassword: ${hidden} }`,
    `rds: { password: ${hidden} }`,
  ])('%s is refused without its value', (yaml) => {
    const e = refusal(shop(yaml))
    expect(`${e.what} ${e.why} ${e.next} ${e.message}`).not.toContain(hidden)
  })

  it('values that are none may stand there', () => {
    const { keys } = read(shop('secrets: { database: { keys: { port: { value: 587 }, user: { value: mail } } } }')).secrets
      .database
    expect(keys).toEqual({ port: { value: 587 }, user: { value: 'mail' } })
  })
})
