import { describe, expect, it } from 'vitest'
import { Listener, type ListenerProps } from '../../../src/kinds/elb/listener.ts'
import { ListenerRule, type ListenerRuleProps } from '../../../src/kinds/elb/listener-rule.ts'
import { groupArn, listenerArn, ruleArn, shownListener, shownRule } from '../fixtures/elb.ts'
import { fixtureOf } from '../fixtures/index.ts'
import { aws, awsError, cloud, type Input, stamp } from '../support/cloud.ts'

const next = `${groupArn}-2`
const both = (from: string, to: string) => [
  {
    Type: 'forward',
    ForwardConfig: {
      TargetGroups: [
        { TargetGroupArn: from, Weight: 1 },
        { TargetGroupArn: to, Weight: 0 },
      ],
    },
  },
]
const only = (to: string) => [{ Type: 'forward', TargetGroupArn: to }]
type State = 'healthy' | 'unhealthy' | 'initial' | 'draining'

/** A rule and a listener with these actions, and the targets of the two groups. */
const account = (actions: object[], old: State[], fresh: State[]) =>
  cloud({
    DescribeRules: { Rules: [{ ...shownRule, Actions: actions }] },
    DescribeListeners: { Listeners: [{ ...shownListener, DefaultActions: actions }] },
    DescribeTargetHealth: ({ TargetGroupArn }: Input) => ({
      TargetHealthDescriptions: (TargetGroupArn === groupArn ? old : fresh).map((State) => ({ TargetHealth: { State } })),
    }),
    ModifyRule: {},
    ModifyListener: {},
  })
const rule = { ...(fixtureOf('elb.listener-rule').want as unknown as ListenerRuleProps), targetGroupArn: next }
const listener = { ...(fixtureOf('elb.listener').want as unknown as ListenerProps), action: { forward: next } }

const kinds = [
  ['a rule', () => ListenerRule.update?.(aws, { arn: ruleArn }, rule, ['targetGroupArn']), 'ModifyRule', 'Actions'],
  ['a listener', () => Listener.update?.(aws, { arn: listenerArn }, listener, ['action']), 'ModifyListener', 'DefaultActions'],
] as const

describe.each(kinds)('%s', (_, update, operation, actions) => {
  it.each<[string, object[], State[], State[], 'done' | 'pending', object[]]>([
    ['knows the new group first, without a request', only(groupArn), ['healthy', 'healthy'], [], 'pending', both(groupArn, next)],
    [
      'stays there while fewer are healthy',
      both(groupArn, next),
      ['healthy', 'healthy'],
      ['healthy', 'initial'],
      'pending',
      both(groupArn, next),
    ],
    ['goes over when as many are healthy', both(groupArn, next), ['healthy'], ['healthy'], 'done', only(next)],
    ['does not count what drains', both(groupArn, next), ['draining', 'draining'], [], 'done', only(next)],
    [
      'keeps the unhealthy ones rather than nothing',
      both(groupArn, next),
      ['unhealthy'],
      ['initial'],
      'pending',
      both(groupArn, next),
    ],
    ['goes over at once where nothing is registered', only(groupArn), [], [], 'done', only(next)],
    ['goes back at once', both(next, groupArn), ['healthy'], ['healthy'], 'done', only(next)],
    ['turns to a third one', both(groupArn, 'arn:3'), ['healthy'], [], 'pending', both(groupArn, next)],
  ])('%s', async (_, now, old, fresh, answer, sent) => {
    const sentTo = account(now, old, fresh)
    expect(await update()).toBe(answer)
    expect(sentTo.writes.map(([name, input]) => [name, input[actions]])).toEqual([[operation, sent]])
  })
})

describe('seen between two groups', () => {
  it('differs, says why, and says when it is due', async () => {
    account(both(groupArn, next), ['healthy', 'healthy'], ['healthy'])
    expect(await ListenerRule.observe(aws, stamp, rule, { arn: ruleArn })).toMatchObject({
      is: 'pending',
      switching: 'waiting',
      note: 'requests go to the old target group until the new one has 2 healthy targets; it has 1',
      props: { targetGroupArn: `${groupArn}, ${next}` },
    })
    account(both(groupArn, next), ['healthy'], ['healthy'])
    expect(await Listener.observe(aws, stamp, listener, { arn: listenerArn })).toMatchObject({
      is: 'pending',
      switching: 'due',
      props: { action: { from: groupArn, to: next } },
    })
  })

  it('a group that is gone has no targets', async () => {
    const sentTo = cloud({
      DescribeRules: { Rules: [{ ...shownRule, Actions: both(groupArn, next) }] },
      DescribeTargetHealth: awsError('TargetGroupNotFoundException'),
      ModifyRule: {},
    })
    expect(await ListenerRule.update?.(aws, { arn: ruleArn }, rule, ['targetGroupArn'])).toBe('done')
    expect(sentTo.writes).toHaveLength(1)
  })
})
