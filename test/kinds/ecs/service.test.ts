import { describe, expect, it } from 'vitest'
import { STACK_TAG } from '../../../src/aws/tags.ts'
import { Service } from '../../../src/kinds/ecs/service.ts'
import { tagsAs } from '../fixtures/ecs.ts'
import { attrs, revisionOf, shown, want } from '../fixtures/ecs-service.ts'
import { aws, awsError, cloud, stamp } from '../support/cloud.ts'

/** @param last null: nothing is recorded */
const look = (part: object, wanted: Parameters<typeof Service.observe>[2] = want, last: typeof attrs | null = attrs) => {
  cloud({ DescribeServices: { services: [{ ...shown, tags: tagsAs(stamp.tags), ...part }] } })
  return Service.observe(aws, stamp, wanted, last ?? undefined)
}
const rollout = (rolloutState: string, more: object = {}) => ({
  deployments: [{ id: 'ecs-svc/1', status: 'PRIMARY', rolloutState, ...more }],
})
const old = { id: 'ecs-svc/0', status: 'ACTIVE', rolloutState: 'COMPLETED', taskDefinition: revisionOf(6) }

describe('observe', () => {
  it.each<[string, object, string]>([
    ['steady', {}, 'ready'],
    ['rolled out by someone else than ECS', { deployments: [{ status: 'PRIMARY' }] }, 'ready'],
    ['being rolled out', rollout('IN_PROGRESS'), 'pending'],
    ['rolled out while the old tasks still go', { deployments: [shown.deployments[0], old] }, 'pending'],
    ['short of a task', { runningCount: 1 }, 'pending'],
    ['with a task too many', { runningCount: 3 }, 'pending'],
    ['with a task that starts', { pendingCount: 1 }, 'pending'],
    ['given up', rollout('FAILED'), 'ready'],
    ['draining', { status: 'DRAINING', runningCount: 1 }, 'deleting'],
    ['draining after it failed', { status: 'DRAINING', ...rollout('FAILED') }, 'deleting'],
    ['inactive', { status: 'INACTIVE' }, 'absent'],
  ])('%s: %s', async (_, part, is) => {
    expect((await look(part)).is).toBe(is)
  })

  it.each<[string, object, string]>([
    ['steady', {}, '2 of 2 tasks running'],
    [
      'on the way',
      { ...rollout('IN_PROGRESS'), runningCount: 1, events: [{ message: '(service web) has started 1 tasks: (task 0123).' }] },
      '1 of 2 tasks running; has started 1 tasks: (task 0123)',
    ],
    ['with failures', { ...rollout('IN_PROGRESS', { failedTasks: 4 }), events: [] }, '2 of 2 tasks running, 4 failed'],
    ['draining', { status: 'DRAINING', runningCount: 1 }, 'draining, 1 tasks left'],
    ['given up', rollout('FAILED'), 'its rollout failed: ECS has given it up'],
  ])('says how it stands: %s', async (_, part, note) => {
    expect(await look(part)).toMatchObject({ note })
  })

  it('a rollout that was given up is a difference, so that the next run rolls out anew, and no wait goes on', async () => {
    expect(await look(rollout('FAILED'))).toMatchObject({
      is: 'ready',
      over: true,
      props: { taskDefinition: `${revisionOf(7)} (its rollout failed)` },
    })
    expect(await look({ status: 'DRAINING', ...rollout('FAILED') })).not.toHaveProperty('over')
    expect(await look({})).not.toHaveProperty('over')
  })

  it.each<[string, object]>([
    [
      'the failed one in the list',
      {
        deployments: [
          { id: 'ecs-svc/2', status: 'PRIMARY', rolloutState: 'IN_PROGRESS' },
          { ...old, rolloutState: 'FAILED' },
        ],
      },
    ],
    ['its last event', { events: [{}, { message: '(service web) rolling back to deployment ecs-svc/1.' }] }],
  ])('that ECS rolls back is told by %s, and only while another revision is wanted', async (_, part) => {
    expect(await look(part, { ...want, taskDefinition: revisionOf(8) })).toMatchObject({
      is: 'ready',
      over: true,
      note: expect.stringContaining('it is rolled back'),
      props: { taskDefinition: revisionOf(7) },
    })
    expect(await look(part)).not.toHaveProperty('over')
  })

  it('where something else is wanted, it is not waited for: the update brings it', async () => {
    expect(await look(rollout('IN_PROGRESS'), { ...want, taskDefinition: revisionOf(8) })).toMatchObject({ is: 'ready' })
    expect(await look(rollout('IN_PROGRESS'), { ...want, exec: false })).toMatchObject({ is: 'ready' })
    expect(await look(rollout('IN_PROGRESS'))).toMatchObject({ is: 'pending' })
  })

  it.each<[string, number, number | undefined, number | undefined, number | undefined, number]>([
    // what it is about, there, wanted, set last: shown, kept as set last
    ['as wanted', 2, 2, 2, 2, 2],
    ['changed by others', 5, 2, 2, 2, 2],
    ['wanted anew', 2, 4, 2, 2, 2],
    ['wanted anew, and changed by others', 5, 4, 2, 5, 2],
    ['wanted anew, and set', 4, 4, 2, 4, 4],
    ['of a lost state: nobody knows whose it is', 5, 2, undefined, 2, 2],
    ['not wanted any more', 5, undefined, 2, 5, 2],
  ])('number of tasks %s', async (_, desiredCount, wanted, set, seen, kept) => {
    const { desired: _d, ...rest } = want
    const last = set === undefined ? null : { ...attrs, desired: set }
    const found = await look(
      { desiredCount, runningCount: desiredCount },
      wanted === undefined ? rest : { ...rest, desired: wanted },
      last,
    )
    expect(found).toMatchObject({ is: 'ready', props: { desired: seen }, attrs: { desired: kept } })
  })

  it('asks by the name of an adopted one in the cluster that is wanted', async () => {
    const account = cloud({ DescribeServices: { services: [] } })
    const adopted = { id: 'legacy', arn: 'legacy' }
    expect(await Service.observe(aws, stamp, want, adopted)).toEqual({ is: 'absent' })
    expect(account.sent).toEqual([['DescribeServices', { cluster: 'shop', services: ['legacy'], include: ['TAGS'] }]])
  })

  it('a cluster by its ARN is the same as by its name', async () => {
    expect(await look({}, { ...want, cluster: shown.clusterArn })).toMatchObject({ props: { cluster: shown.clusterArn } })
  })

  it('without its cluster it is absent; a failure that is not "missing" is no answer about existence', async () => {
    cloud({ DescribeServices: awsError('ClusterNotFoundException') })
    expect(await Service.observe(aws, stamp, want, attrs)).toEqual({ is: 'absent' })
    cloud({ DescribeServices: { services: [], failures: [{ reason: 'ACCESS_DENIED', detail: 'no' }] } })
    await expect(Service.observe(aws, stamp, want, attrs)).rejects.toThrow('ACCESS_DENIED no')
  })

  it('one of another stack is foreign', async () => {
    cloud({ DescribeServices: { services: [{ ...shown, tags: tagsAs({ [STACK_TAG]: 'shop/prod' }) }] } })
    expect(await Service.observe(aws, stamp, want)).toMatchObject({
      foreign: 'the ECS service shop-dev-thing of the stack shop/prod',
    })
  })

  it.each<[string, object, Partial<typeof want>]>([
    [
      'a circuit breaker that does not roll back',
      { deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: false } } },
      { circuitBreaker: false },
    ],
    [
      'another weight',
      { capacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: 2, base: 1 }] },
      { capacity: [{ provider: 'FARGATE', weight: 2, base: 1 }] },
    ],
    ['a launch type', { capacityProviderStrategy: undefined, launchType: 'FARGATE' }, { capacity: [] }],
    [
      'another port',
      { loadBalancers: [{ targetGroupArn: 'arn:tg', containerName: 'web', containerPort: 80 }] },
      { loadBalancer: { targetGroupArn: 'arn:tg', container: 'web', port: 80 } },
    ],
    ['no load balancer', { loadBalancers: [] }, { loadBalancer: null }],
  ])('a difference: %s', async (_, part, props) => {
    expect(await look(part)).toMatchObject({ is: 'ready', props })
  })

  it('behind two load balancers the one that is wanted counts; behind none there is no grace', async () => {
    const other = { targetGroupArn: 'arn:other', containerName: 'web', containerPort: 9000 }
    expect(await look({ loadBalancers: [other, ...shown.loadBalancers] })).toMatchObject({
      props: { loadBalancer: want.loadBalancer },
    })
    const seen = await look({ loadBalancers: [] }, { ...want, loadBalancer: null })
    expect(seen.is !== 'absent' && seen.props).not.toHaveProperty('healthGraceSeconds')
  })
})

describe('create', () => {
  it('leaves out what is not wanted', async () => {
    const account = cloud({ CreateService: { service: { serviceArn: attrs.arn } } })
    const { loadBalancer: _l, propagateTags: _p, ...rest } = want
    const made = await Service.create(
      aws,
      { ...rest, cluster: shown.clusterArn, publicAddress: true },
      { ...stamp, token: 'x'.repeat(50) },
    )
    const input = account.writes[0]?.[1] ?? {}
    for (const name of ['loadBalancers', 'healthCheckGracePeriodSeconds', 'launchType']) expect(input).not.toHaveProperty(name)
    expect(input).toMatchObject({ propagateTags: 'SERVICE', clientToken: 'x'.repeat(36) })
    expect(made).toEqual({ attrs })
  })
})

describe('update', () => {
  it('sends all that changed in one call, and is waited for', async () => {
    const account = cloud({ UpdateService: {} })
    const wanted = { ...want, desired: 4, maxPercent: 150, subnetIds: ['subnet-c'] }
    expect(await Service.update?.(aws, attrs, wanted, ['desired', 'maxPercent', 'subnetIds'])).toBe('pending')
    expect(account.sent).toHaveLength(1)
    expect(account.sent[0]?.[1]).toMatchObject({
      desiredCount: 4,
      deploymentConfiguration: { maximumPercent: 150 },
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-c'] } },
    })
    expect(account.sent[0]?.[1]).not.toHaveProperty('forceNewDeployment')
  })

  it('behind a load balancer comes the grace, too', async () => {
    const account = cloud({ UpdateService: {} })
    await Service.update?.(aws, attrs, want, ['loadBalancer'])
    expect(account.sent[0]?.[1]).toMatchObject({ loadBalancers: shown.loadBalancers, healthCheckGracePeriodSeconds: 120 })
  })
})

describe('delete', () => {
  it('one that is on its way out already is deleted all the same', async () => {
    const account = cloud({ UpdateService: awsError('ServiceNotActiveException'), DeleteService: {} })
    await Service.delete(aws, attrs, {})
    expect(account.sent.map(([name]) => name)).toEqual(['UpdateService', 'DeleteService'])
  })

  it('any other refusal is one', async () => {
    const account = cloud({ UpdateService: awsError('AccessDeniedException'), DeleteService: {} })
    await expect(Service.delete(aws, attrs, {})).rejects.toThrow('AccessDenied')
    expect(account.sent).toHaveLength(1)
  })
})

describe('cost', () => {
  const cost = (part: Partial<typeof want>, region = 'us-east-1') => Service.facts.monthly?.({ ...want, ...part }, region) ?? []

  it('counts the tasks by their size', () => {
    const [tasks, ...more] = cost({ capacity: [{ provider: 'FARGATE', weight: 1 }], desired: 1, size: { cpu: 256, memory: 512 } })
    expect(tasks?.what).toBe('1 task of 0.25 vCPU and 0.5 GB')
    expect(tasks?.usd).toBeCloseTo(9.01, 2)
    expect(more).toEqual([])
    expect(cost({})[0]?.usd).toBeCloseTo(2 * 18.02, 1)
    expect(cost({ desired: 1, size: { cpu: 512, memory: 1024, architecture: 'ARM64' } })[0]?.usd).toBeCloseTo(14.42, 2)
  })

  it('says that Spot costs less, and that the price is another region’s', () => {
    expect(cost({}, 'eu-central-1')[0]?.what).toBe('2 tasks of 0.5 vCPU and 1 GB, up to 70 % less on Spot')
    expect(cost({}, 'eu-central-1')[0]?.pricesOf).toBe('us-east-1')
  })

  it('counts an address for each task that has one', () => {
    expect(cost({ publicAddress: true })[1]).toEqual({ what: '2 public IPv4 addresses', usd: 2 * 3.65 })
    expect(cost({ publicAddress: true, desired: 1 })[1]?.what).toBe('1 public IPv4 address')
    expect(cost({ publicAddress: true, desired: 0 })).toHaveLength(1)
  })

  it('is not known without a size', () => {
    const { size: _s, ...rest } = want
    expect(Service.facts.monthly?.(rest, 'us-east-1')).toEqual([])
    expect(Service.facts.monthly?.({ size: { cpu: 256, memory: 512 } }, 'us-east-1')).toMatchObject([{ usd: 0 }])
  })
})
