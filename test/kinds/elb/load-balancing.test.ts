import { describe, expect, it } from 'vitest'
import { STACK_TAG } from '../../../src/aws/tags.ts'
import { LoadBalancer } from '../../../src/kinds/elb/load-balancer.ts'
import { TargetGroup } from '../../../src/kinds/elb/target-group.ts'
import { attributes, balancerArn, groupArn, shownBalancer, shownGroup } from '../fixtures/elb.ts'
import { fixtureOf } from '../fixtures/index.ts'
import { type Answers, aws, awsError, cloud, stamp } from '../support/cloud.ts'
import { toTags } from '../support/fixture.ts'
import { Run } from '../support/run.ts'

const group = fixtureOf('elb.target-group')
const groupWant = group.want as unknown as Parameters<typeof TargetGroup.create>[1]
const groupAttrs = { id: 'shop-dev-thing', arn: groupArn, suffix: 'targetgroup/shop-dev-thing/6d0e' }
const balancer = fixtureOf('elb.load-balancer')
const want = balancer.want as unknown as Parameters<typeof LoadBalancer.create>[1]
const attrs = balancer.attrs as { id: string; arn: string; dnsName: string; zoneId: string; suffix: string }
const shown = (part: object, more: readonly object[] = []) =>
  cloud({
    DescribeLoadBalancers: { LoadBalancers: [{ ...shownBalancer, ...part }] },
    DescribeLoadBalancerAttributes: { Attributes: [...attributes, ...more] },
  })

describe('both', () => {
  it.each([
    ['elb.target-group', 'DescribeTargetGroups', 'TargetGroupArns', groupArn],
    ['elb.load-balancer', 'DescribeLoadBalancers', 'LoadBalancerArns', balancerArn],
  ])('%s is asked for by its ARN once that is recorded, else by its name', async (type, operation, field, arn) => {
    const { kind, there } = fixtureOf(type)
    const asks = async (last: { id: string; arn: string } | undefined, name = 'shop-dev-thing') => {
      const account = cloud(JSON.parse(JSON.stringify(there(stamp.tags)).replaceAll('"shop-dev-thing"', `"${name}"`)) as Answers)
      const seen = await kind.observe(aws, stamp, {}, last)
      expect(seen.is).toBe('ready')
      return account
    }
    expect((await asks({ id: 'old-name', arn })).sent[0]).toEqual([operation, { [field]: [arn] }])
    // What is to be taken in: a person gave its name, or its ARN.
    expect((await asks({ id: 'web', arn: 'web' }, 'web')).sent[0]).toEqual([operation, { Names: ['web'] }])
    expect((await asks({ id: arn, arn })).sent[0]).toEqual([operation, { [field]: [arn] }])
    const unknown = await asks(undefined)
    expect(unknown.sent[0]).toEqual([operation, { Names: ['shop-dev-thing'] }])
    expect(unknown.sent.at(-1)).toEqual(['DescribeTags', { ResourceArns: [arn] }])
  })

  it.each(['elb.target-group', 'elb.load-balancer'])(
    '%s: a recorded one needs no look at its tags, and both looks go at once',
    async (type) => {
      const { kind, there, attrs: recorded } = fixtureOf(type)
      const account = cloud(there(stamp.tags))
      const looking = kind.observe(aws, stamp, {}, recorded)
      await looking
      expect(account.sent.map(([name]) => name)).toEqual(expect.not.arrayContaining(['DescribeTags']))
      expect(account.sent).toHaveLength(2)
    },
  )

  it.each(['elb.target-group', 'elb.load-balancer'])('%s that goes between the two looks is absent', async (type) => {
    const { kind, there, attrs: recorded } = fixtureOf(type)
    for (const last of [recorded, undefined]) {
      const gone = Object.fromEntries(
        Object.keys(there({})).flatMap((name) => (name.endsWith('Attributes') ? [[name, awsError('ThingNotFound')]] : [])),
      )
      cloud({ ...there(stamp.tags), ...gone })
      expect(await kind.observe(aws, stamp, {}, last)).toEqual({ is: 'absent' })
    }
  })
})

it('where neither may be looked at, the first refusal is the one that counts', async () => {
  cloud({
    DescribeLoadBalancers: awsError('AccessDenied', 'the list'),
    DescribeLoadBalancerAttributes: awsError('AccessDenied', 'the attributes'),
  })
  await expect(LoadBalancer.observe(aws, stamp, want, attrs)).rejects.toThrow('the list')
})

describe('a target group', () => {
  it('starts with the delay of AWS: another one is set once it is recorded', async () => {
    const account = cloud({
      ...group.writes,
      DescribeTargetGroups: ({ Names }: { Names?: string[] }) =>
        Names ? awsError('TargetGroupNotFoundException') : { TargetGroups: [shownGroup] },
    })
    const run = new Run(TargetGroup)
    await run.create({ ...groupWant, deregistrationDelaySeconds: 30 })
    expect(account.writes.map(([name]) => name)).toEqual(['CreateTargetGroup', 'ModifyTargetGroupAttributes'])
    expect(run.row).toMatchObject({ is: 'ready', attrs: groupAttrs })
  })

  it('of this name with other settings, that is not ours, is left alone', async () => {
    // AWS refuses the create; before that it is seen by its name.
    cloud({ ...group.there({ [STACK_TAG]: 'shop/prod' }), CreateTargetGroup: awsError('DuplicateTargetGroupNameException') })
    await expect(new Run(TargetGroup).create({ ...groupWant, healthPath: '/' })).rejects.toMatchObject({
      what: expect.stringContaining('the target group shop-dev-thing of the stack shop/prod'),
    })
  })

  it('changes health and delay with a call for each', async () => {
    const account = cloud(group.writes)
    await TargetGroup.update?.(aws, groupAttrs, groupWant, ['matcher', 'healthPath', 'deregistrationDelaySeconds'])
    expect(account.sent.map(([name]) => name)).toEqual(['ModifyTargetGroup', 'ModifyTargetGroupAttributes'])
  })

  it('names what keeps it from being deleted', async () => {
    const account = cloud({ DescribeTargetGroups: { TargetGroups: [{ ...shownGroup, LoadBalancerArns: [balancerArn] }] } })
    expect(await TargetGroup.blockers?.(aws, groupAttrs)).toEqual([{ what: 'load balancer app/shop-dev-thing/50dc' }])
    expect(TargetGroup.facts.iam.delete).toEqual(expect.arrayContaining([...account.actions]))
  })
})

describe('a load balancer', () => {
  it.each([
    ['active', 'ready'],
    ['active_impaired', 'ready'],
    ['provisioning', 'pending'],
    ['failed', 'failed'],
    ['something new', 'pending'],
  ])('%s is %s', async (Code, is) => {
    shown({ State: { Code, Reason: 'because' } })
    expect(await LoadBalancer.observe(aws, stamp, want, attrs)).toMatchObject({ is, note: `${Code}: because` })
  })

  it.each([true, false])('deletion protection %s: guarded', async (on) => {
    shown({}, [{ Key: 'deletion_protection.enabled', Value: String(on) }])
    expect(await LoadBalancer.observe(aws, stamp, want, attrs)).toMatchObject({ guarded: on, props: { deletionProtection: on } })
  })

  it('an attribute that is not listed has the default of AWS', async () => {
    cloud({ DescribeLoadBalancers: { LoadBalancers: [shownBalancer] }, DescribeLoadBalancerAttributes: {} })
    expect(await LoadBalancer.observe(aws, stamp, want, attrs)).toMatchObject({
      guarded: false,
      props: { idleTimeoutSeconds: 60, deletionProtection: false },
    })
    cloud({ DescribeTargetGroups: { TargetGroups: [shownGroup] }, DescribeTargetGroupAttributes: {} })
    expect(await TargetGroup.observe(aws, stamp, groupWant, groupAttrs)).toMatchObject({
      props: { deregistrationDelaySeconds: 300 },
    })
  })

  it('is unguarded before it is deleted', async () => {
    const account = cloud({ ModifyLoadBalancerAttributes: {} })
    await LoadBalancer.unguard?.(aws, attrs)
    expect(account.sent).toEqual([
      [
        'ModifyLoadBalancerAttributes',
        { LoadBalancerArn: balancerArn, Attributes: [{ Key: 'deletion_protection.enabled', Value: 'false' }] },
      ],
    ])
    expect(LoadBalancer.facts.iam.delete).toEqual(expect.arrayContaining([...account.actions]))
  })

  it('whose change is waited for', async () => {
    cloud(balancer.writes)
    expect(await LoadBalancer.update?.(aws, attrs, want, ['subnetIds'])).toBe('pending')
  })

  it('is waited for, and then gets what the create cannot say, in one call', async () => {
    let State = 'provisioning'
    const set = new Map(attributes.map((a) => [a.Key, a.Value]))
    let made = false
    const account = cloud({
      CreateLoadBalancer: () => {
        made = true
        return { LoadBalancers: [{ LoadBalancerArn: balancerArn, DNSName: attrs.dnsName, CanonicalHostedZoneId: attrs.zoneId }] }
      },
      DescribeLoadBalancers: () => {
        if (!made) return awsError('LoadBalancerNotFoundException')
        const answer = { LoadBalancers: [{ ...shownBalancer, State: { Code: State } }] }
        State = 'active'
        return answer
      },
      DescribeLoadBalancerAttributes: () => ({ Attributes: [...set].map(([Key, Value]) => ({ Key, Value })) }),
      ModifyLoadBalancerAttributes: (input: { Attributes: { Key: string; Value: string }[] }) => {
        for (const { Key, Value } of input.Attributes) set.set(Key, Value)
        return {}
      },
      DescribeTags: { TagDescriptions: [{ ResourceArn: balancerArn, Tags: toTags(stamp.tags) }] },
    })
    const run = new Run(LoadBalancer)
    expect(await run.create({ ...want, idleTimeoutSeconds: 120, deletionProtection: true })).toEqual(attrs)
    expect(run.waited()).toEqual(['provisioning'])
    expect(account.writes.map(([name]) => name)).toEqual(['CreateLoadBalancer', 'ModifyLoadBalancerAttributes'])
  })

  it('costs its hours and an address in each zone, if it is open to the internet', () => {
    const cost = (scheme: 'internal' | 'internet-facing') => LoadBalancer.facts.monthly?.({ ...want, scheme }, 'us-east-1')
    expect(cost('internet-facing')).toEqual([
      { what: 'application load balancer', usd: 0.0225 * 730, plusUsage: '$0.008 per LCU and hour' },
      { what: '2 public IPv4 addresses', usd: 2 * 0.005 * 730 },
    ])
    expect(cost('internal')).toHaveLength(1)
    // Before the subnets are made nobody knows their ids, but how many there will be.
    const { subnetIds: _, ...before } = want
    const address = (of: object) => LoadBalancer.facts.monthly?.({ ...before, ...of }, 'us-east-1')[1]
    expect(address({ zones: 3 })).toEqual({ what: '3 public IPv4 addresses', usd: 3 * 0.005 * 730 })
    expect(address({})).toEqual({ what: '2 public IPv4 addresses', usd: 2 * 0.005 * 730 })
    expect(address({ scheme: 'internal', zones: 3 })).toBeUndefined()
  })
})
