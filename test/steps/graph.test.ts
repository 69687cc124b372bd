import { setTimeout as later } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { kindOf } from '../../src/kinds/index.ts'
import { change, DATA, PRESET, props, stack, table } from './support/declare.ts'

const preset = (more = '') => stack(PRESET + more)
const data = (more = '') => stack(DATA + more)

describe('the declared stack', () => {
  it('of the preset', async () => {
    await expect(`${table(preset()).join('\n')}\n`).toMatchFileSnapshot('golden/preset.txt')
  })

  it('without a preset has the same shape under names of its own', async () => {
    const own = stack(
      'project: shop\nsecurityGroups: { bastionCidr: 203.0.113.7/32 }\nmonitoring: { email: ops@example.com }\ndatabases: { appUser: django_app, names: [startupwebapp_prod, healthtech_experiment, fintech_experiment] }',
    )
    const shape = (lines: string[]): string[] =>
      lines.map((l) =>
        l
          .split(' | ')
          .filter((_, i) => i !== 3)
          .join(' | '),
      )
    expect(shape(table(own))).toEqual(shape(table(data())))
    for (const line of table(own)) if (!line.startsWith('databases')) expect(line).not.toContain('startupwebapp')
  })

  it('has deps before dependants, and no key twice', () => {
    for (const graph of [preset(), preset('vpc: { nat: perAz, azCount: 6 }')]) {
      const seen = new Set<string>()
      for (const node of graph.nodes()) {
        for (const dep of [...node.deps, ...node.beside]) expect(seen).toContain(dep)
        expect(seen).not.toContain(node.key)
        seen.add(node.key)
      }
    }
  })

  it('each kind can be found again by its type, which is what the state records', () => {
    for (const node of preset('vpc: { nat: single }').nodes()) expect(kindOf(node.kind.type)).toBe(node.kind)
  })
})

describe('options', () => {
  it('one NAT gateway: an address, a gateway, a way', () => {
    expect(change(data(), data('vpc: { nat: single }'))).toEqual([
      '+ vpc | nat-eip | ec2.elastic-ip | startupwebapp-nat-eip | internet-gateway-attachment',
      '+ vpc | nat-gateway | ec2.nat-gateway | startupwebapp-nat-gw | internet-gateway-attachment, nat-eip, public-subnet-1',
      '+ vpc | private-default-route | ec2.route | startupwebapp-private-default-route | nat-gateway, private-route-table',
    ])
    expect(change(data(), data('vpc: { nat: none }'))).toEqual([])
    // Tasks in private subnets have no other way to their image.
    expect(change(preset(), preset('vpc: { nat: single }'))).toEqual([])
  })

  it('one in each zone: the second zone has a table of its own', () => {
    expect(change(data('vpc: { nat: single }'), data('vpc: { nat: perAz }'))).toEqual([
      '- vpc | private-subnet-2-association | ec2.route-table-association | startupwebapp-private-subnet-2-association | private-route-table, private-subnet-2',
      '+ vpc | private-route-table-2 | ec2.route-table | startupwebapp-private-rt-2 | vpc',
      '+ vpc | private-subnet-2-association | ec2.route-table-association | startupwebapp-private-subnet-2-association | private-route-table-2, private-subnet-2',
      '+ vpc | nat-eip-2 | ec2.elastic-ip | startupwebapp-nat-eip-2 | internet-gateway-attachment',
      '+ vpc | nat-gateway-2 | ec2.nat-gateway | startupwebapp-nat-gw-2 | internet-gateway-attachment, nat-eip-2, public-subnet-2',
      '+ vpc | private-default-route-2 | ec2.route | startupwebapp-private-default-route-2 | nat-gateway-2, private-route-table-2',
    ])
  })

  it('no SSH: the rule is left out, the bastion group stays', () => {
    const none = stack(PRESET.replace('203.0.113.7/32', 'none'))
    expect(change(preset(), none)).toEqual([
      '- security-groups | bastion-ssh-rule | ec2.security-group-rule | startupwebapp-bastion-ssh-rule | bastion-security-group',
    ])
  })

  it('three zones', () => {
    const three = stack(`${DATA}vpc: { azCount: 3 }`)
    expect(change(data(), three).map((l) => l.split(' | ').slice(0, 2).join(' '))).toEqual([
      '- vpc db-subnet-group',
      '+ vpc public-subnet-3',
      '+ vpc private-subnet-3',
      '+ vpc public-subnet-3-association',
      '+ vpc private-subnet-3-association',
      '+ vpc db-subnet-group',
    ])
    expect(props(three, 'db-subnet-group')).toMatchObject({
      subnetIds: ['<private-subnet-1.id>', '<private-subnet-2.id>', '<private-subnet-3.id>'],
    })
    expect(props(three, 'private-subnet-3')).toEqual({
      vpcId: '<vpc.id>',
      zone: 'us-east-1c',
      cidr: '10.0.12.0/24',
      publicIps: false,
    })
  })

  it('MySQL: port, family, TLS by its own parameter, its own words', () => {
    const mysql = stack(
      `${PRESET}rds: { engine: mysql, version: "8.4", masterUsername: admin, logExports: [error] }`,
      {},
      { engineVersion: '8.4.5' },
    )
    expect(change(preset(), mysql)).toEqual([])
    expect(props(mysql, 'db-parameter-group')).toMatchObject({
      family: 'mysql8.4',
      parameters: { require_secure_transport: '1' },
    })
    expect(props(mysql, 'db-instance')).toMatchObject({
      engine: 'mysql',
      version: '8.4.5',
      port: 3306,
      performanceInsights: false,
    })
    expect(props(mysql, 'rds-from-backend-rule')).toMatchObject({ port: 3306, description: 'MySQL from the backend' })
    expect(props(mysql, 'database-secret')).toMatchObject({ keys: { engine: { value: 'mysql' }, port: { value: 3306 } } })
    expect(props(preset(), 'db-parameter-group')).toMatchObject({ family: 'postgres16', parameters: { 'rds.force_ssl': '1' } })
  })

  it('no enhanced monitoring: no role', () => {
    expect(change(preset(), preset('rds: { monitoringInterval: 0 }')).map((l) => l.split(' | ')[1])).toEqual([
      'rds-monitoring-role',
      'db-instance',
      'db-instance',
    ])
  })

  it("secrets of one's own", () => {
    const graph = preset('secrets: { mail: { keys: { user: { value: x }, password: { generate: 20 } } } }')
    expect(change(preset(), graph)).toEqual([
      '+ secrets | mail-secret | secretsmanager.secret | startupwebapp/production/mail | ',
    ])
    expect(props(graph, 'mail-secret')).toMatchObject({ keys: { user: { value: 'x' }, password: { generate: 20 } } })
  })

  it('nobody who gets the alarms: the topic stays', () => {
    expect(change(preset(), stack(PRESET.replace(/^monitoring.*$/m, ''))).map((l) => l.split(' | ')[1])).toEqual([
      'alerts-email-ops-example-com',
    ])
  })
})

describe('environments of one project', () => {
  const names = (environment: string): string[] =>
    stack(PRESET, { environment })
      .nodes()
      // What is inside a server is named there: each environment has a server of its own.
      .filter((n) => n.kind.facts.inside === undefined)
      .map((n) => n.name)

  // Words that stand in the middle of names, where a prefix could end by accident.
  it.each(['staging', 'prod', 'master', 'rds', 'db', 'public', 'private', 'nat'])(
    '%s shares no name with production but that of the role',
    (environment) => {
      const production = new Set(names('production'))
      expect(names(environment).filter((n) => production.has(n) && !n.includes('@') && !n.includes('#'))).toEqual([])
    },
  )
})

describe('steps', () => {
  it('need what their resources refer to', () => {
    const graph = preset()
    expect(Object.fromEntries(graph.steps.map((s) => [s, graph.needs(s)]))).toEqual({
      vpc: [],
      'security-groups': ['vpc'],
      secrets: [],
      rds: ['vpc', 'security-groups', 'secrets'],
      databases: ['secrets', 'rds'],
      registry: [],
      'load-balancer': ['vpc'],
      ecs: ['vpc', 'security-groups', 'secrets', 'rds', 'databases', 'registry', 'load-balancer'],
      autoscaling: ['ecs'],
      monitoring: ['rds'],
    })
    expect(graph.withNeeds(['monitoring'])).toEqual(['vpc', 'security-groups', 'secrets', 'rds', 'monitoring'])
  })

  it('are pure: declared twice is the same, at once, with no clock, chance or call', async () => {
    const random = vi.spyOn(Math, 'random')
    const now = vi.spyOn(Date, 'now')
    const sent = vi.spyOn(globalThis, 'fetch')
    const [a, b] = [preset('vpc: { nat: perAz }'), preset('vpc: { nat: perAz }')]
    expect([random, now, sent].map((spy) => spy.mock.calls.length)).toEqual([0, 0, 0])
    vi.restoreAllMocks()
    const all = (graph: typeof a) => graph.nodes().map((n) => ({ ...n, kind: n.kind.type, props: props(graph, n.key) }))
    expect(all(a)).toEqual(all(b))
    const before = JSON.stringify(all(a))
    await later(5)
    expect(JSON.stringify(all(a))).toBe(before)
  })
})
