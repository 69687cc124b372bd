import { expect, test } from 'vitest'
import { STEPS as ALL_STEPS } from '../../src/config/names.ts'
import { readConfig } from '../../src/config/read.ts'
import { InfraError } from '../../src/core/errors.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { read, spans } from './markdown.ts'

const text = read('docs/validation.md')

const STEPS: string[] = ALL_STEPS.filter((s) => s !== 'bastion' && s !== 'monitoring')
const on = (ecs: JsonObject, more: JsonObject = {}): JsonObject => ({ steps: STEPS, ...more, ecs })
const web = (of: JsonObject, more: JsonObject = {}): JsonObject => on({ services: { web: of } }, more)
const steps = (...off: string[]): JsonObject => ({ steps: STEPS.filter((s) => !off.includes(s)) })
const CERTIFICATE = 'arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012'
const EXISTING = { mode: 'existing', id: 'vpc-12345678', privateSubnetIds: ['subnet-12345678', 'subnet-12345679'] }

/** What is wrong in each of these files is what docs/validation.md shows. */
const wrong: readonly JsonObject[] = [
  { project: 'Shop_1' },
  { environment: 'Production' },
  { region: 'narnia' },
  { namePrefix: '-x' },
  { bucketOwner: 'shop' },
  web({ runtimeSecrets: ['mailer'] }),
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
  // Containers.
  { registry: { name: 'Shop' } },
  { registry: { keepImages: 0 } },
  { loadBalancer: { name: 'my_alb' } },
  { loadBalancer: { name: 'internal-shop' } },
  { namePrefix: 'a'.repeat(29), steps: ['vpc', 'load-balancer'] },
  web({ port: 8000 }, { namePrefix: 'a'.repeat(29), loadBalancer: { name: 'shop-alb' } }),
  web({ port: 8000, targetGroup: 'web_tg' }),
  { loadBalancer: { idleTimeoutSeconds: 5000 } },
  { loadBalancer: { sslPolicy: 'TLSv1.2' } },
  { loadBalancer: { certificateArn: 'my-cert' } },
  { loadBalancer: { certificateArn: CERTIFICATE } },
  { loadBalancer: { domain: 'Example' } },
  { loadBalancer: { domain: 'example.com', certificateArn: CERTIFICATE.replace('eu-west-1', 'us-east-1') } },
  { loadBalancer: { alternativeNames: ['www.example.com'] } },
  { loadBalancer: { domain: 'example.com', alternativeNames: ['example.com'] } },
  { steps: ['vpc', 'load-balancer'], vpc: EXISTING },
  on({ services: { web: { port: 8000 }, api: { port: 8001 } } }),
  on({ services: { web: { port: 8000, paths: ['/api/*'] }, api: { port: 8001, paths: ['/api/*'] } } }),
  web({ port: 8000, paths: ['/a', '/b', '/c', '/d', '/e', '/f'] }),
  web({ port: 8000, paths: ['/*/*/*/*/*/*/*'] }),
  web({ port: 8000, paths: ['api/*'] }),
  web({ port: 8000, hosts: ['shop'] }),
  web({ paths: ['/api/*'] }),
  web({ port: 8000, paths: ['/api/*'] }, steps('load-balancer')),
  web({ port: 8000, public: true }, steps('load-balancer')),
  web({ public: true }),
  web({ port: 0 }),
  on({ cluster: 'my cluster' }),
  on({ services: { Web: {} } }),
  on({ services: { database: {} } }),
  on({ services: { web: {} }, tasks: { web: {} } }),
  on({ services: { web: {} }, tasks: { migrate: { family: 'shop-dev-web' } } }),
  on({ executionRole: 'shop-ecs', taskRole: 'shop-ecs' }),
  on({ logRetentionDays: 10 }),
  web({ cpu: 300 }),
  web({ cpu: 512, memory: 512 }),
  web({ memory: 1536 }),
  web({ architecture: 'arm' }),
  web({ image: 'nginx latest' }),
  web({}, steps('registry')),
  web({ command: 'npm start' }),
  web({ subnets: 'private' }, { vpc: { nat: 'none' } }),
  web({ subnets: 'private' }, { vpc: { mode: 'default' } }),
  web({ subnets: 'public' }, { vpc: EXISTING, ...steps('load-balancer') }),
  web({ environment: { 'MY-VAR': 'x' } }),
  web({ environment: { DB: '${rds.endpont}' } }),
  web({ environment: { URL: '${loadBalancer.url}' } }, steps('load-balancer')),
  web({ environment: { URL: '${loadBalancer.url}' } }, { loadBalancer: { domain: '*.example.com' } }),
  web({ secrets: { PASSWORD: 'password' } }),
  web({ secrets: { KEY: 'mailer:api_key' } }),
  web({ secrets: { KEY: 'database:session' } }),
  web({ secrets: { KEY: 'mailer:api_key' } }, { secrets: { mailer: {} } }),
  web({ secrets: { KEY: 'database:password' } }, steps('secrets', 'rds', 'databases')),
  web({ secrets: { KEY: 'database:password' }, environment: { KEY: 'x' } }),
  web({ health: { path: 'health' } }),
  web({ health: { matcher: '500' } }),
  web({ deregistrationDelaySeconds: 4000 }),
  web({ capacity: 'FARGATE_SPOT', deregistrationDelaySeconds: 300 }),
  web({ health: { timeoutSeconds: 30 } }),
  web({ health: { intervalSeconds: 120, timeoutSeconds: 90, command: 'curl -f http://localhost/' } }),
  web({ desired: -1 }),
  web({ capacity: 'SPOT' }),
  web({ maxPercent: 100 }),
  web({ maxPercent: 50 }),
  web({ desired: 5, autoscaling: { min: 1, max: 4, cpuPercent: 70 } }),
  web({ autoscaling: { min: 5, max: 4, cpuPercent: 70 } }),
  web({ autoscaling: { min: 1 } }),
  web({ autoscaling: { cpuPercent: 70 } }, steps('autoscaling')),
  web({ managedPolicies: ['AmazonS3ReadOnlyAccess'] }),
  { env: { 'MY-VAR': 'x' } },
  { env: { PORT: 8000 } },
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
