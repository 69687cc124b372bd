import { describe, expect, it } from 'vitest'
import { Cluster } from '../../../src/kinds/ecs/cluster.ts'
import { LogGroup } from '../../../src/kinds/logs/log-group.ts'
import { shownCluster, tagsAs } from '../fixtures/ecs.ts'
import { aws, cloud, stamp } from '../support/cloud.ts'

const attrs = { id: 'shop-dev-thing', arn: shownCluster.clusterArn }
const want = { capacityProviders: ['FARGATE'], defaultStrategy: [{ provider: 'FARGATE', weight: 1 }] }
const look = (part: object, wanted: Parameters<typeof Cluster.observe>[2] = want) => {
  cloud({ DescribeClusters: { clusters: [{ ...shownCluster, tags: tagsAs(stamp.tags), ...part }] } })
  return Cluster.observe(aws, stamp, wanted, attrs)
}

describe('a cluster', () => {
  it.each([
    ['ACTIVE', 'ready'],
    ['PROVISIONING', 'pending'],
    ['DEPROVISIONING', 'deleting'],
    ['FAILED', 'failed'],
    ['INACTIVE', 'absent'],
  ])('%s is %s', async (status, is) => {
    expect((await look({ status })).is).toBe(is)
  })

  it('is waited for while its capacity providers are being attached', async () => {
    expect((await look({ attachmentsStatus: 'UPDATE_IN_PROGRESS' })).is).toBe('pending')
    expect((await look({ attachmentsStatus: 'UPDATE_COMPLETE' })).is).toBe('ready')
  })

  it('a failure that is not "missing" is no answer about existence', async () => {
    cloud({ DescribeClusters: { clusters: [], failures: [{ reason: 'ACCESS_DENIED', detail: 'no' }] } })
    await expect(Cluster.observe(aws, stamp, want, attrs)).rejects.toThrow('ACCESS_DENIED no')
  })

  it('the order of the strategy means nothing', async () => {
    const both = [
      { provider: 'FARGATE_SPOT', weight: 3 },
      { provider: 'FARGATE', weight: 1 },
    ]
    const defaultCapacityProviderStrategy = [
      { capacityProvider: 'OWN', weight: 2 },
      { capacityProvider: 'FARGATE', weight: 1 },
      { capacityProvider: 'FARGATE_SPOT', weight: 3 },
    ]
    const seen = await look({ defaultCapacityProviderStrategy }, { ...want, defaultStrategy: both })
    expect(seen).toMatchObject({ props: { defaultStrategy: [...both, { provider: 'OWN', weight: 2 }] } })
  })

  it('insights that nobody mentions are left to the account', async () => {
    const account = cloud({ CreateCluster: {} })
    await Cluster.create(aws, want, stamp)
    expect(account.writes[0]?.[1]).not.toHaveProperty('settings')
    expect(Cluster.facts.monthly?.(want, 'us-east-1')).toEqual([])
    expect(Cluster.facts.monthly?.({ ...want, containerInsights: true }, 'us-east-1')).toEqual([
      { what: 'Container Insights', usd: 0, plusUsage: '$0.30 for each metric' },
    ])
    expect(await look({ settings: [{ name: 'containerInsights', value: 'enhanced' }] })).toMatchObject({
      props: { containerInsights: true },
    })
  })

  it('names what keeps it from being deleted', async () => {
    const account = cloud({
      // ECS answers ten services at once, and a hundred tasks.
      ListServices: ({ nextToken }: { nextToken?: string }) =>
        nextToken
          ? { serviceArns: ['arn:aws:ecs:us-east-1:1:service/shop/api'] }
          : { serviceArns: ['arn:aws:ecs:us-east-1:1:service/shop/web'], nextToken: 'b' },
      ListTasks: ({ nextToken }: { nextToken?: string }) =>
        nextToken
          ? { taskArns: ['arn:aws:ecs:us-east-1:1:task/shop/4567'] }
          : { taskArns: ['arn:aws:ecs:us-east-1:1:task/shop/0123'], nextToken: 'b' },
    })
    expect(await Cluster.blockers?.(aws, attrs)).toEqual([
      { what: 'the service web' },
      { what: 'the service api' },
      { what: 'the task 0123' },
      { what: 'the task 4567' },
    ])
    expect(Cluster.facts.iam.delete).toEqual(expect.arrayContaining([...account.actions]))
  })
})

describe('a log group', () => {
  it('without a retention keeps its logs for ever, which is a difference', async () => {
    cloud({ DescribeLogGroups: { logGroups: [{ logGroupName: 'shop-dev-thing', logGroupArn: 'arn:g' }] } })
    expect(await LogGroup.observe(aws, stamp, { retentionDays: 7 }, { id: 'shop-dev-thing' })).toMatchObject({
      is: 'ready',
      attrs: { id: 'shop-dev-thing', arn: 'arn:g' },
      props: { retentionDays: 0 },
    })
  })

  it('asks for its tags only while it is not recorded', async () => {
    const account = cloud({ DescribeLogGroups: { logGroups: [{ logGroupName: 'shop-dev-thing', arn: 'arn:g:*' }] } })
    await LogGroup.observe(aws, stamp, {}, { id: 'shop-dev-thing' })
    expect(account.actions).toEqual(new Set(['logs:DescribeLogGroups']))
  })

  it('is looked for among those of the stack, on whichever page, so that one look serves all of them', async () => {
    const name = '/ecs/shop-dev-web'
    const account = cloud({
      DescribeLogGroups: ({ nextToken }: { nextToken?: string }) =>
        nextToken ? { logGroups: [{ logGroupName: name, arn: 'arn:g:*' }] } : { logGroups: [], nextToken: '2' },
    })
    expect(await LogGroup.observe(aws, stamp, {}, { id: name })).toMatchObject({ is: 'ready' })
    expect(account.sent.map(([, input]) => input)).toEqual([
      { logGroupNamePrefix: '/ecs/shop-dev-' },
      { logGroupNamePrefix: '/ecs/shop-dev-', nextToken: '2' },
    ])
    await LogGroup.observe(aws, stamp, {}, { id: '/other' })
    expect(account.sent.at(-2)).toEqual(['DescribeLogGroups', { logGroupNamePrefix: '/other' }])
  })

  it('costs by what is written, and says so', () => {
    expect(LogGroup.facts.monthly?.({}, 'us-east-1')).toEqual([
      { what: 'log storage', usd: 0, plusUsage: '$0.50 per GB written' },
    ])
  })
})
