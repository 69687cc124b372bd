import { NoSuchEntityException } from '@aws-sdk/client-iam'
import { describe, expect, it } from 'vitest'
import { Role } from '../../../src/kinds/iam/role.ts'
import { PENDING_CONFIRMATION, Subscription } from '../../../src/kinds/sns/subscription.ts'
import { Topic } from '../../../src/kinds/sns/topic.ts'
import { aws, awsError, cloud, type Input, stamp } from '../support/cloud.ts'

const topicArn = 'arn:aws:sns:us-east-1:111122223333:alerts'
const want = { topicArn, protocol: 'email', endpoint: 'ops@example.com' }
const subscription = (SubscriptionArn: string, more: object = {}) => ({
  Protocol: 'email',
  Endpoint: 'ops@example.com',
  SubscriptionArn,
  ...more,
})

describe('subscription', () => {
  const look = (...Subscriptions: object[]) => {
    cloud({ ListSubscriptionsByTopic: { Subscriptions } })
    return Subscription.observe(aws, stamp, want)
  }

  it.each(['PendingConfirmation', 'pending confirmation', ''])(
    'that nobody confirmed (%j) is there, and says so',
    async (arn) => {
      expect(await look(subscription(arn))).toMatchObject({ is: 'ready', note: PENDING_CONFIRMATION })
    },
  )

  it('that was confirmed has its ARN', async () => {
    expect(await look(subscription(`${topicArn}:1`))).toMatchObject({
      is: 'ready',
      note: 'confirmed',
      attrs: { arn: `${topicArn}:1` },
    })
  })

  it('that was unsubscribed stays listed as Deleted for days, and is absent', async () => {
    expect((await look(subscription('Deleted'))).is).toBe('absent')
    expect(await look(subscription('Deleted'), subscription('PendingConfirmation'))).toMatchObject({ is: 'ready' })
  })

  it('of the same address by another protocol is another one', async () => {
    expect((await look(subscription(`${topicArn}:1`, { Protocol: 'email-json' }))).is).toBe('absent')
  })

  it('is found on a later page', async () => {
    const account = cloud({
      ListSubscriptionsByTopic: ({ NextToken }: Input) =>
        NextToken === undefined ? { Subscriptions: [], NextToken: 'more' } : { Subscriptions: [subscription(`${topicArn}:1`)] },
    })
    expect((await Subscription.observe(aws, stamp, want)).is).toBe('ready')
    expect(account.sent).toHaveLength(2)
  })

  it('that has no ARN yet cannot be deleted: it is left, and nothing is asked', async () => {
    const account = cloud({})
    expect(await Subscription.delete(aws, { arn: 'PendingConfirmation', topicArn, endpoint: 'x' }, {})).toBe('left')
    expect(account.sent).toEqual([])
  })

  it('recorded for one address is not taken for the one that is wanted now: both would get mail', async () => {
    cloud({ ListSubscriptionsByTopic: { Subscriptions: [subscription(`${topicArn}:1`)] } })
    const last = { arn: `${topicArn}:1`, topicArn, endpoint: 'ops@example.com' }
    const seen = await Subscription.observe(aws, stamp, { ...want, endpoint: 'new@example.com' }, last)
    expect(seen).toMatchObject({ is: 'ready', props: { endpoint: 'ops@example.com' } })
  })
})

it('a topic that is recorded is not asked for its tags: an ordinary run sends one request', async () => {
  const account = cloud({ ListSubscriptionsByTopic: { Subscriptions: [] } })
  await Topic.observe(aws, stamp, { arn: topicArn }, { arn: topicArn })
  expect(account.sent).toHaveLength(1)
})

describe('role', () => {
  const policy = (name: string): string => `arn:aws:iam::aws:policy/${name}`
  const attrs = { id: 'shop-dev-thing', arn: 'arn:role' }
  const wanted = { service: 'monitoring.rds.amazonaws.com', description: 'x', managedPolicies: [policy('A'), policy('B')] }
  const attached = (...names: string[]) => ({ AttachedPolicies: names.map((name) => ({ PolicyArn: policy(name) })) })
  const writes = { AttachRolePolicy: {}, DetachRolePolicy: {}, DeleteRole: {} }

  it.each([
    ['none attached', [], ['AttachRolePolicy A', 'AttachRolePolicy B']],
    ['one attached', ['B'], ['AttachRolePolicy A']],
    ['a strange one', ['A', 'B', 'Z'], ['DetachRolePolicy Z']],
    ['another one', ['A', 'Z'], ['AttachRolePolicy B', 'DetachRolePolicy Z']],
    ['all attached', ['B', 'A'], []],
  ])('update with %s', async (_, now, calls) => {
    const account = cloud({ ...writes, ListAttachedRolePolicies: attached(...now) })
    await Role.update?.(aws, attrs, wanted, ['managedPolicies'])
    expect(account.writes.map(([operation, input]) => `${operation} ${String(input.PolicyArn).split('/')[1]}`)).toEqual(calls)
  })

  it('delete detaches first: AWS refuses otherwise', async () => {
    const account = cloud({ ...writes, DescribeDBInstances: {}, ListAttachedRolePolicies: attached('A', 'Z') })
    await Role.delete(aws, attrs, {})
    expect(account.writes.map(([operation]) => operation)).toEqual(['DetachRolePolicy', 'DetachRolePolicy', 'DeleteRole'])
  })

  it('what it was made with is taken off without a look', async () => {
    const account = cloud({ ...writes, DeleteRolePolicy: {} })
    await Role.delete(aws, attrs, { want: { ...wanted, service: 'ecs-tasks.amazonaws.com', policies: { Own: {} } } })
    expect(account.sent.map(([operation]) => operation)).toEqual([
      ...wanted.managedPolicies.map(() => 'DetachRolePolicy'),
      'DeleteRolePolicy',
      'DeleteRole',
    ])
  })

  it('policies that nobody recorded are looked for once IAM says that there are some', async () => {
    let refused = 0
    const refuse = () => {
      if (refused++ === 0) throw awsError('DeleteConflict')
      return {}
    }
    const account = cloud({ ...writes, DeleteRole: refuse, ListAttachedRolePolicies: attached('Z') })
    await Role.delete(aws, attrs, { want: { ...wanted, service: 'ecs-tasks.amazonaws.com' } })
    expect(account.sent.map(([operation]) => operation).slice(wanted.managedPolicies.length)).toEqual([
      'DeleteRole',
      'ListAttachedRolePolicies',
      'DetachRolePolicy',
      'DeleteRole',
    ])
  })

  it('stays while a DB instance of anybody sends its monitoring through it', async () => {
    const users = [
      { DBInstanceIdentifier: 'theirs', MonitoringRoleArn: attrs.arn },
      { DBInstanceIdentifier: 'unrelated', MonitoringRoleArn: 'arn:other' },
    ]
    const account = cloud({ ...writes, DescribeDBInstances: { DBInstances: users }, ListAttachedRolePolicies: attached('A') })
    expect(await Role.delete(aws, attrs, {})).toEqual({ stays: `the IAM role ${attrs.id}: theirs uses it` })
    expect(account.writes).toEqual([])
  })

  it.each(['Role shop-dev-thing not found', 'The role with name shop-dev-thing cannot be found.'])(
    'is absent: "%s"',
    async (message) => {
      const error = new NoSuchEntityException({ message, $metadata: {} })
      cloud({ GetRole: error, ListAttachedRolePolicies: error })
      expect((await Role.observe(aws, stamp, wanted)).is).toBe('absent')
    },
  )

  it('is there although its policies were gone a moment later', async () => {
    const error = new NoSuchEntityException({ message: 'x', $metadata: {} })
    cloud({ GetRole: { Role: { RoleName: attrs.id, Arn: 'arn:role', Tags: [] } }, ListAttachedRolePolicies: error })
    expect(await Role.observe(aws, stamp, wanted, attrs)).toMatchObject({ is: 'ready', props: { managedPolicies: [] } })
  })
})
