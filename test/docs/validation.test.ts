import { expect, test } from 'vitest'
import { readConfig } from '../../src/config/read.ts'
import { InfraError } from '../../src/engine/errors.ts'
import type { JsonObject } from '../../src/state/json.ts'
import { read, spans } from './markdown.ts'

const text = read('docs/validation.md')

/** What is wrong in each of these files is what docs/validation.md shows. */
const wrong: readonly JsonObject[] = [
  { project: 'Shop_1' },
  { environment: 'Production' },
  { region: 'narnia' },
  { namePrefix: '-x' },
  { tags: { 'aws:Team': 'x' } },
  { tags: { Team: 'a;b' } },
  { vpc: { cidr: '10.0.0.1/16' } },
  { vpc: { cidr: '10.0.0.0/27' } },
  { vpc: { publicCidrs: ['10.1.1.0/24', '10.0.2.0/24'] } },
  { vpc: { publicCidrs: ['10.0.1.0/24', '10.0.1.128/25'] } },
  { vpc: { publicCidrs: ['10.0.1.0/24'] } },
  { vpc: { azs: ['us-east-1a'] } },
  { vpc: { azCount: 1 } },
  { vpc: { nat: 'yes' } },
  { securityGroups: { bastionCidr: 'me' } },
  { securityGroups: { bastionCidr: '0.0.0.0/0' } },
  { secrets: { database: { name: 'rds/shop-master' } } },
  { secrets: { recoveryWindowDays: 3 } },
  { secrets: { namePattern: '{project}/x' } },
  { secrets: { database: { keys: { api_key: { generate: 4 } } } } },
  { secrets: { database: { keys: { api_key: { value: 'abc' } } } } },
  { rds: { version: 'newest' } },
  { rds: { identifier: '1db' } },
  { rds: { instanceClass: 't4g.micro' } },
  { rds: { allocatedGb: 10 } },
  { rds: { allocatedGb: 100, maxAllocatedGb: 105 } },
  { rds: { databaseName: 'my-db' } },
  { rds: { databaseName: 'postgres' } },
  { rds: { masterUsername: '1abc' } },
  { rds: { masterUsername: 'admin' } },
  { rds: { backupWindow: '03:00-03:10' } },
  { rds: { maintenanceWindow: 'sunday' } },
  { rds: { backupWindow: '03:30-04:30' } },
  { rds: { parameters: { x: [1] } } },
  { bastion: { instanceType: 'db.t4g.micro' } },
  { databases: { appUser: 'App-User' } },
  { databases: { appUser: 'postgres' } },
  { databases: { names: 'shop' } },
  { databases: { names: ['Shop'] } },
  { databases: { names: ['postgres'] } },
  { databases: { names: ['shop', 'shop'] } },
  { rds: { databaseName: 'shop' }, databases: { names: ['shop'] } },
  { databases: { roles: 'each' } },
  { databases: { roles: 'perDatabase', names: ['pg_shop'] } },
  { databases: { roles: 'perDatabase', names: ['a'.repeat(33)] }, rds: { engine: 'mysql' } },
  { databases: { appUser: 'rdsadmin' } },
  { databases: { encoding: 'UTF-8' } },
  { databases: { collation: 'en US' } },
  { databases: { via: 'vpn' } },
  { databases: { via: 'print' }, rds: { engine: 'mysql' } },
  { databases: { target: 'bastion' } },
  { databases: { target: 'ecs:shop/web', via: 'task' } },
  { databases: { caFile: 5 } },
  { rds: { backupRetentionDays: 40 } },
  { rds: { port: 80 } },
  { rds: { monitoringInterval: 20 } },
  { rds: { performanceInsightsRetentionDays: 30 } },
  { rds: { logExports: ['slowquery'] } },
  { monitoring: { email: 'ops' } },
  { monitoring: { alarms: { cpu: { periodSeconds: 45 } } } },
  { monitoring: { alarms: { cpu: { periodSeconds: 3600, evaluationPeriods: 200 } } } },
  { monitoring: { alarms: { cpu: { threshold: 'high' } } } },
  { monitoring: { dashboard: { name: 'My board' } } },
  { secrets: { 'app-secret': { keys: {} } } },
  { tags: { team: 'a', Team: 'b' } },
  { namePrefix: 'sg-x' },
  { vpc: { id: 'vpc-12345678' } },
  { drift: { ignore: ['A'] } },
  { vcp: {} },
]

const said = (more: JsonObject): string => {
  try {
    readConfig(
      { project: 'shop', ...more },
      { region: 'us-east-1', ...(more.region ? { region: String(more.region) } : {}) },
      'infra.yaml',
    )
  } catch (error) {
    if (error instanceof InfraError) return `${error.what}${/[.!?]$/.test(error.what) ? '' : '.'}`
    throw error
  }
  return 'nothing'
}

test.each(wrong.map((w) => [JSON.stringify(w), w] as const))('docs/validation.md shows what %s gets', (_, more) => {
  const sentence = said(more)
  expect(sentence).not.toBe('nothing')
  expect(spans(text)).toContain(sentence)
})
