import { describe, expect, it } from 'vitest'
import type { Service } from '../../../src/aws/services/ecs-types.ts'
import type { Config } from '../../../src/config/config.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { memoryOf } from '../../../src/session/records/deployments.ts'
import { settle } from '../../../src/session/rollout/reconcile.ts'
import { namedService, type ServicePlace } from '../../../src/session/service.ts'
import type { Deployment, Overlay, PendingRollout, ServiceRecord } from '../../../src/state/memory.ts'
import type { Row } from '../../../src/state/schema.ts'
import { account, arnOf, at, deployment, service } from '../../ecs/support.ts'
import { memoryState } from '../../support/state.ts'

const config = {
  ecs: {
    cluster: 'shop-dev-cluster',
    services: {
      web: { name: 'shop-dev-web', image: 'nginx:1.26', environment: {}, secrets: {} },
      worker: { name: 'shop-dev-worker', environment: {}, secrets: {} },
    },
  },
} as unknown as Config
const one = { ecs: { ...config.ecs, services: { web: config.ecs.services.web } } } as unknown as Config

describe('which service is meant', () => {
  it.each<[string, Config | undefined, string | undefined, object, object]>([
    ['the only one', one, undefined, {}, { key: 'web', cluster: 'shop-dev-cluster', name: 'shop-dev-web' }],
    ['by its key', config, 'worker', {}, { key: 'worker', cluster: 'shop-dev-cluster', name: 'shop-dev-worker' }],
    [
      'by cluster and name, and it is one of the config',
      config,
      undefined,
      { cluster: 'shop-dev-cluster', service: 'shop-dev-worker' },
      { key: 'worker', cluster: 'shop-dev-cluster', name: 'shop-dev-worker' },
    ],
    [
      'by name in the cluster of the config',
      config,
      undefined,
      { service: 'other' },
      { key: undefined, cluster: 'shop-dev-cluster', name: 'other' },
    ],
    [
      'by cluster and name',
      config,
      undefined,
      { cluster: 'theirs', service: 'shop-dev-web' },
      { key: undefined, cluster: 'theirs', name: 'shop-dev-web' },
    ],
    [
      'by cluster, and the name in front',
      config,
      'api',
      { cluster: 'theirs' },
      { key: undefined, cluster: 'theirs', name: 'api' },
    ],
    [
      'without a config',
      undefined,
      undefined,
      { cluster: 'theirs', service: 'api' },
      { key: undefined, cluster: 'theirs', name: 'api' },
    ],
  ])('%s', (_, of, key, flags, expected) => {
    expect(namedService(of, key, flags, 'deploy')).toEqual(expected)
  })
  it.each<[string, Config | undefined, string | undefined, object, RegExp]>([
    ['none of several', config, undefined, {}, /Which service is meant\?: infra\.yaml has web and worker/],
    ['a typo', config, 'wbe', {}, /There is no service wbe in infra\.yaml: did you mean web\?/],
    ['two at once', config, 'web', { service: 'api', cluster: 'x' }, /Two services are named: web and api/],
    ['a cluster alone', config, undefined, { cluster: 'theirs' }, /only --cluster was given/],
    ['a name alone, without a config', undefined, undefined, { service: 'api' }, /only --service was given/],
    ['no config and nothing named', undefined, 'web', {}, /no service is named/],
    ['a config without services', { ecs: { cluster: 'c', services: {} } } as unknown as Config, undefined, {}, /has no service/],
  ])('is refused: %s', (_, of, key, flags, words) => {
    expect(() => namedService(of, key, flags, 'deploy')).toThrow(words)
  })
})

const overlay: Overlay = { image: 'nginx:1.27', since: { image: 'nginx:1.26', variables: {} } }
const intent: PendingRollout = {
  revision: 'web:8',
  from: 'web:7',
  at: at(50).toISOString(),
  by: 'me',
  how: 'deploy',
  changes: [],
  overlay,
  base: 'web:7',
}
const row = (type: string, want: JsonObject, attrs: JsonObject): Row => ({
  ...{ type, step: 'ecs', name: 'web', is: 'ready', want, attrs, deps: [], token: '', at: '2026-01-01T00:00:00.000Z' },
})

/** A state in memory, and the place that a command has. */
const place = async (web: ServiceRecord, id = 'web:8') => {
  const containers = [{ name: 'web', image: 'old', environment: {}, secrets: {} }]
  const { state } = await memoryState({
    services: { web },
    resources: {
      'web-task-definition': row('ecs.task-definition', { cpu: 256, memory: 512, containers }, { id, arn: arnOf(id) }),
      'web-service': row('ecs.service', { taskDefinition: arnOf(id) }, {}),
    },
  })
  const aws = account({
    DescribeTaskDefinition: ({ taskDefinition }: { taskDefinition: string }) => ({
      taskDefinition: {
        taskDefinitionArn: arnOf(taskDefinition),
        containerDefinitions: [{ name: 'web', image: `image of ${taskDefinition}` }],
      },
    }),
  })
  const p = {
    named: { key: 'web', cluster: 'c', name: 'web' },
    stack: { config, state },
    aws,
    explain: (e: unknown) => e,
  } as unknown as ServicePlace
  return { p, state, rows: state.all() }
}
const found = (s: Service) => {
  const revision = s.taskDefinition?.split('/').at(-1) ?? ''
  return {
    cluster: 'c',
    name: 'web',
    service: s,
    definition: { taskDefinitionArn: arnOf(revision), containerDefinitions: [{ name: 'web', image: `image of ${revision}` }] },
  }
}
const seven = deployment('web:7', { createdAt: at(0), rolloutState: 'COMPLETED' })
const eight = deployment('web:8', { createdAt: at(60) })
const imageOf = (rows: ReadonlyMap<string, Row>): unknown => {
  const want = rows.get('web-task-definition')?.want as { containers: { image: string }[] } | undefined
  return want?.containers[0]?.image
}

describe('what a run before has left open', () => {
  const closed = async (i: PendingRollout | undefined, s: Service, more: ServiceRecord = {}, id?: string) => {
    const { p, state, rows } = await place({ ...(i ? { pending: i } : {}), ...more }, id)
    const settled = await settle(p, memoryOf(p), found(s))
    const { history, pending, overlay: deployed } = state.services.web ?? {}
    return { settled, newest: history?.[0], open: pending, deployed, rows }
  }

  it('nothing', async () => {
    const { settled, newest } = await closed(undefined, service([seven]))
    expect(settled).toEqual({ under: undefined, intent: undefined, ended: undefined })
    expect(newest).toBeUndefined()
  })

  it('killed before ECS was told: it never was', async () => {
    const { settled, open, newest, deployed } = await closed(intent, service([seven]), {}, 'web:7')
    expect([settled.ended, open, newest, deployed]).toEqual([undefined, undefined, undefined, undefined])
  })

  it('killed after ECS was told, before that was written down: now it is, and it goes on', async () => {
    const { settled, open, deployed, rows } = await closed(intent, service([eight, { ...seven, status: 'ACTIVE' }]), {}, 'web:7')
    expect(settled.under?.id).toBe('ecs-svc/web:8')
    expect(settled.intent).toMatchObject({ deployment: 'ecs-svc/web:8' })
    expect(open).toMatchObject({ revision: 'web:8' })
    expect(deployed).toEqual(overlay)
    expect(rows.get('web-task-definition')).toMatchObject({ attrs: { id: 'web:8' } })
    expect(imageOf(rows)).toBe('image of web:8')
  })

  it.each<[string, Service, Partial<Deployment>]>([
    ['it came to be healthy', service([{ ...eight, rolloutState: 'COMPLETED' }]), { revision: 'web:8', healthy: true }],
    [
      'ECS has given it up',
      service([
        { ...eight, rolloutState: 'FAILED' },
        { ...seven, status: 'ACTIVE' },
      ]),
      { revision: 'web:8', healthy: false },
    ],
    ['ECS has gone back', service([{ ...seven, id: 'another' }]), { revision: 'web:8', healthy: false }],
    ['somebody else has deployed', service([deployment('web:9', { rolloutState: 'COMPLETED' })]), { revision: 'web:8' }],
  ])('left while it was under way: %s', async (_, s, expected) => {
    const { settled, newest, open, deployed, rows } = await closed({ ...intent, deployment: 'ecs-svc/web:8' }, s, {
      overlay,
    })
    expect(newest).toMatchObject(expected)
    expect(newest && 'healthy' in newest).toBe('healthy' in expected)
    expect(open).toBeUndefined()
    expect(settled.ended).toMatchObject({ intent: { revision: 'web:8' }, healthy: expected.healthy })
    // What failed counts no longer: the stack has what it had before.
    expect(deployed).toEqual(expected.healthy === false ? undefined : overlay)
    expect(imageOf(rows)).toBe(expected.healthy === false ? 'image of web:7' : 'old')
  })

  it('the same revision anew: only a deployment that is younger is the answer', async () => {
    const again: PendingRollout = { ...intent, revision: 'web:7', how: 'force' }
    expect((await closed(again, service([seven]), {}, 'web:7')).settled).toEqual({
      under: undefined,
      intent: undefined,
      ended: undefined,
    })
    expect(
      (await closed(again, service([deployment('web:7', { createdAt: at(60) })]), {}, 'web:7')).settled.intent,
    ).toMatchObject({ how: 'force' })
  })

  it('a rollout whose first task failed has come to be healthy after all', async () => {
    const failed: Deployment = {
      revision: 'web:8',
      from: 'web:7',
      at: '2026-11-22T00:00:00.000Z',
      by: 'me',
      how: 'deploy',
      healthy: false,
      changes: [],
      overlay,
    }
    const { newest, deployed, open, rows } = await closed(
      undefined,
      service([{ ...eight, rolloutState: 'COMPLETED' }]),
      { history: [failed] },
      'web:7',
    )
    expect(newest).toEqual({
      revision: 'web:8',
      from: 'web:7',
      at: '2026-11-22T00:00:00.000Z',
      by: 'me',
      how: 'deploy',
      healthy: true,
      changes: [],
    })
    expect([deployed, open]).toEqual([overlay, undefined])
    expect(imageOf(rows)).toBe('image of web:8')
    const still = await closed(undefined, service([eight]), { history: [failed] }, 'web:7')
    expect(still.newest).toMatchObject({ healthy: false })
  })

  it('what sounds like a secret does not come into the state', async () => {
    const { p, rows } = await place({}, 'web:7')
    const memory = memoryOf(p)
    await memory.began(intent, {
      taskDefinitionArn: arnOf('web:8'),
      cpu: '512',
      memory: '1024',
      containerDefinitions: [
        {
          name: 'web',
          image: 'x',
          environment: [
            { name: 'DB_PASSWORD', value: 'hunter2' },
            { name: 'LOG', value: 'debug' },
            { name: 'URL', value: 'postgres://me:hunter2@db/x' },
          ],
          secrets: [{ name: 'S', valueFrom: 'arn:aws:secretsmanager:us-east-1:1:secret:x-AbCdEf:k::' }],
        },
      ],
    })
    const want = rows.get('web-task-definition')?.want
    expect(want).toMatchObject({
      cpu: 512,
      memory: 1024,
      containers: [
        {
          image: 'x',
          environment: { LOG: 'debug' },
          secrets: { S: { arn: 'arn:aws:secretsmanager:us-east-1:1:secret:x-AbCdEf', key: 'k' } },
        },
      ],
    })
    expect(JSON.stringify([...rows])).not.toContain('hunter2')
  })
})
