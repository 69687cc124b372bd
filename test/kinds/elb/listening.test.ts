import { describe, expect, it } from 'vitest'
import { KEY_TAG, STACK_TAG } from '../../../src/aws/tags.ts'
import type { Tags } from '../../../src/engine/kind.ts'
import { Listener, type ListenerProps } from '../../../src/kinds/elb/listener.ts'
import { ListenerRule, type ListenerRuleProps } from '../../../src/kinds/elb/listener-rule.ts'
import { balancerArn, groupArn, listenerArn, ruleArn, shownListener, shownRule } from '../fixtures/elb.ts'
import { fixtureOf } from '../fixtures/index.ts'
import { aws, awsError, cloud, type Input, stamp } from '../support/cloud.ts'
import { toTags } from '../support/fixture.ts'
import { Run } from '../support/run.ts'

const listener = fixtureOf('elb.listener')
const want = listener.want as unknown as ListenerProps
const actionSeen = async (DefaultActions: object[]): Promise<unknown> => {
  cloud({ DescribeListeners: { Listeners: [{ ...shownListener, DefaultActions }] } })
  const seen = await Listener.observe(aws, stamp, want, { arn: listenerArn })
  return seen.is === 'absent' ? undefined : seen.props?.action
}

describe('a listener', () => {
  it('is found by its port in all pages of its load balancer’s list', async () => {
    const account = cloud({
      DescribeListeners: (input: Input) =>
        input.Marker === '2'
          ? { Listeners: [shownListener] }
          : { Listeners: [{ ListenerArn: 'arn:80', Port: 80 }], NextMarker: '2' },
      DescribeTags: { TagDescriptions: [{ ResourceArn: listenerArn, Tags: toTags(stamp.tags) }] },
    })
    expect(await Listener.observe(aws, stamp, want)).toMatchObject({ is: 'ready', attrs: { arn: listenerArn } })
    expect(account.sent.slice(0, 2)).toEqual([
      ['DescribeListeners', { LoadBalancerArn: balancerArn }],
      ['DescribeListeners', { LoadBalancerArn: balancerArn, Marker: '2' }],
    ])
  })

  it.each([
    ['somebody', {}, 'the listener of port 443 that infra did not make'],
    ['another stack', { [STACK_TAG]: 'shop/prod' }, 'the listener of port 443 of the stack shop/prod'],
  ])('of %s at the port is left alone', async (_, tags, foreign) => {
    cloud(listener.there(tags as Tags))
    expect(await Listener.observe(aws, stamp, want)).toMatchObject({ foreign })
  })

  it('goes with its load balancer', async () => {
    cloud({ DescribeListeners: awsError('LoadBalancerNotFoundException') })
    expect(await Listener.observe(aws, stamp, want)).toEqual({ is: 'absent' })
  })

  it.each<[string, object[], unknown]>([
    ['to one group, in short', [{ Type: 'forward', TargetGroupArn: groupArn }], { forward: groupArn }],
    [
      'to one group, at length',
      [{ Type: 'forward', ForwardConfig: { TargetGroups: [{ TargetGroupArn: groupArn }] } }],
      { forward: groupArn },
    ],
    [
      'to two groups',
      [{ Type: 'forward', ForwardConfig: { TargetGroups: [{ TargetGroupArn: groupArn }, { TargetGroupArn: 'arn:2' }] } }],
      { other: 'forward' },
    ],
    [
      'to HTTPS',
      [
        {
          Type: 'redirect',
          RedirectConfig: {
            Protocol: 'HTTPS',
            Port: '443',
            Host: '#{host}',
            Path: '/#{path}',
            Query: '#{query}',
            StatusCode: 'HTTP_301',
          },
        },
      ],
      { redirectHttps: true },
    ],
    [
      'to HTTPS, in short',
      [{ Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS', Port: '443', Host: undefined, StatusCode: 'HTTP_301' } }],
      { redirectHttps: true },
    ],
    [
      'to another host',
      [{ Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS', Port: '443', Host: 'example.com', StatusCode: 'HTTP_301' } }],
      { other: 'redirect' },
    ],
    [
      'nowhere',
      [
        {
          Type: 'fixed-response',
          FixedResponseConfig: { StatusCode: '404', ContentType: 'text/plain', MessageBody: 'not found' },
        },
      ],
      { fixed: { status: 404, body: 'not found' } },
    ],
    [
      'nowhere, without words',
      [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '503' } }],
      { fixed: { status: 503, body: '' } },
    ],
    [
      'after a sign-in',
      [
        { Type: 'authenticate-oidc', Order: 1 },
        { Type: 'forward', TargetGroupArn: groupArn, Order: 2 },
      ],
      { other: 'authenticate-oidc, forward' },
    ],
    ['at all', [], { other: '' }],
  ])('shows where it sends requests %s', async (_, actions, action) => {
    expect(await actionSeen(actions)).toEqual(action)
  })

  it('what it sends for a fixed answer is what it shows', async () => {
    const account = cloud({ CreateListener: { Listeners: [{ ListenerArn: listenerArn }] } })
    const plain: ListenerProps = {
      loadBalancerArn: balancerArn,
      port: 80,
      protocol: 'HTTP',
      action: { fixed: { status: 404, body: 'no' } },
    }
    await Listener.create(aws, plain, stamp)
    const input = account.writes[0]?.[1] ?? {}
    expect(await actionSeen(input.DefaultActions as object[])).toEqual(plain.action)
    expect(input).not.toHaveProperty('Certificates')
    expect(input).not.toHaveProperty('SslPolicy')
  })
})

const rule = fixtureOf('elb.listener-rule')
const wanted = rule.want as unknown as ListenerRuleProps

describe('a listener rule', () => {
  const listed = (rules: readonly [arn: string, priority: string, tags: Tags][]) =>
    cloud({
      DescribeRules: {
        Rules: [
          { RuleArn: 'arn:default', Priority: 'default', IsDefault: true },
          ...rules.map(([RuleArn, Priority]) => ({ ...shownRule, RuleArn, Priority })),
        ],
      },
      DescribeTags: (input: Input) => ({
        TagDescriptions: rules.flatMap(([ResourceArn, , tags]) =>
          (input.ResourceArns as string[]).includes(ResourceArn) ? [{ ResourceArn, Tags: toTags(tags) }] : [],
        ),
      }),
    })

  it('is found by its tags, whatever its priority has become', async () => {
    listed([
      [`${ruleArn}a`, '10', {}],
      [`${ruleArn}b`, '70', stamp.tags],
    ])
    expect(await ListenerRule.observe(aws, stamp, wanted)).toMatchObject({
      attrs: { arn: `${ruleArn}b` },
      props: { priority: 70 },
    })
  })

  it.each<[string, Tags]>([
    ['somebody', {}],
    ['another stack', { [STACK_TAG]: 'shop/prod', [KEY_TAG]: 'the-key' }],
  ])('of %s at the priority is left alone', async (_, tags) => {
    listed([[ruleArn, '10', tags]])
    expect(await ListenerRule.observe(aws, stamp, wanted)).toMatchObject({
      foreign: expect.stringContaining('the rule with the priority 10'),
    })
    await expect(new Run(ListenerRule).create(wanted)).rejects.toMatchObject({ exitCode: 2 })
  })

  it('at another priority is another one', async () => {
    listed([[ruleArn, '20', {}]])
    expect(await ListenerRule.observe(aws, stamp, wanted)).toEqual({ is: 'absent' })
  })

  it('asks for the tags of at most 20 at once, and never for those of the default rule', async () => {
    const account = listed(Array.from({ length: 45 }, (_, i) => [`${ruleArn}${i}`, String(i + 100), i === 44 ? stamp.tags : {}]))
    expect(await ListenerRule.observe(aws, stamp, wanted)).toMatchObject({ attrs: { arn: `${ruleArn}44` } })
    const asked = account.sent.filter(([name]) => name === 'DescribeTags').map(([, input]) => input.ResourceArns as string[])
    expect(asked.map((arns) => arns.length)).toEqual([20, 20, 5])
    expect(asked.flat()).not.toContain('arn:default')
  })

  it('goes with its listener', async () => {
    cloud({ DescribeRules: awsError('ListenerNotFoundException') })
    expect(await ListenerRule.observe(aws, stamp, wanted)).toEqual({ is: 'absent' })
  })

  it('sends only the conditions that it has', async () => {
    const account = cloud(rule.writes)
    const { hosts: _h, ...paths } = wanted
    await ListenerRule.create(aws, paths, stamp)
    expect(account.writes[0]?.[1].Conditions).toEqual([
      { Field: 'path-pattern', PathPatternConfig: { Values: ['/api/*', '/static/*'] } },
    ])
  })

  it('one that does more than forward to one group is a difference', async () => {
    cloud({ DescribeRules: { Rules: [{ ...shownRule, Actions: [{ Type: 'redirect' }], Conditions: undefined }] } })
    expect(await ListenerRule.observe(aws, stamp, wanted, { arn: ruleArn })).toMatchObject({
      props: { targetGroupArn: '', hosts: [], paths: [] },
    })
  })

  it('moves and changes with a call for each', async () => {
    const account = cloud(rule.writes)
    await ListenerRule.update?.(aws, { arn: ruleArn }, wanted, ['priority', 'paths'])
    expect(account.sent.map(([name]) => name)).toEqual(['SetRulePriorities', 'ModifyRule'])
  })
})
