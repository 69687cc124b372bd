import {
  DescribeListenersCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeRulesCommand,
  DescribeTagsCommand,
  DescribeTargetGroupsCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { type Account, clientConfig } from '../support/account.ts'
import { labelOf, type Thing, tagsOf } from './thing.ts'

/** Load balancers with their listeners and rules, and target groups. Which targets are in them is the tasks' affair. */
export const listElb = async (account: Account): Promise<Thing[]> => {
  const elb = new ElasticLoadBalancingV2Client(clientConfig(account))
  const tags = async (arn = '') =>
    tagsOf((await elb.send(new DescribeTagsCommand({ ResourceArns: [arn] }))).TagDescriptions?.[0]?.Tags)
  const [{ LoadBalancers = [] }, { TargetGroups = [] }] = await Promise.all([
    elb.send(new DescribeLoadBalancersCommand({})),
    elb.send(new DescribeTargetGroupsCommand({})),
  ])
  const balancers = LoadBalancers.map(async (b): Promise<Thing[]> => {
    const LoadBalancerArn = b.LoadBalancerArn
    const [{ Attributes = [] }, { Listeners = [] }] = await Promise.all([
      elb.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn })),
      elb.send(new DescribeListenersCommand({ LoadBalancerArn })),
    ])
    const set = Attributes.filter((a) => /^(idle_timeout|deletion_protection)/.test(a.Key ?? '')).map(
      (a) => `${a.Key}=${a.Value}`,
    )
    const view = { scheme: b.Scheme, subnets: b.AvailabilityZones?.map((z) => z.SubnetId), groups: b.SecurityGroups, set }
    const own: Thing = {
      type: 'load-balancer',
      label: b.LoadBalancerName ?? '',
      ids: [LoadBalancerArn ?? '', b.LoadBalancerName ?? '', LoadBalancerArn?.split(':loadbalancer/').at(-1) ?? ''],
      view: { ...view, tags: await tags(LoadBalancerArn) },
    }
    const listeners = Listeners.map(async (l): Promise<Thing[]> => {
      const own = await tags(l.ListenerArn)
      const { Rules = [] } = await elb.send(new DescribeRulesCommand({ ListenerArn: l.ListenerArn }))
      const rules = Rules.filter((r) => !r.IsDefault).map(async (r) => {
        const its = await tags(r.RuleArn)
        const view = { priority: r.Priority, when: r.Conditions, does: r.Actions?.map((a) => a.TargetGroupArn), tags: its }
        return { type: 'listener-rule', label: labelOf(its), ids: [r.RuleArn ?? ''], view }
      })
      const does = l.DefaultActions?.map((a) => [a.Type, a.TargetGroupArn, a.RedirectConfig?.Protocol].join(' '))
      const view = { port: l.Port, protocol: l.Protocol, does, tags: own }
      return [{ type: 'listener', label: labelOf(own), ids: [l.ListenerArn ?? ''], view }, ...(await Promise.all(rules))]
    })
    return [own, ...(await Promise.all(listeners)).flat()]
  })
  const groups = TargetGroups.map(async (g): Promise<Thing> => {
    const view = {
      check: [g.HealthCheckPath, g.HealthCheckIntervalSeconds, g.HealthCheckTimeoutSeconds, g.Matcher?.HttpCode].join(' '),
      to: [g.Protocol, g.Port, g.TargetType].join(' '),
      vpc: g.VpcId,
      tags: await tags(g.TargetGroupArn),
    }
    return {
      type: 'target-group',
      label: g.TargetGroupName ?? '',
      ids: [g.TargetGroupArn ?? '', g.TargetGroupName ?? '', g.TargetGroupArn?.split(':').at(-1) ?? ''],
      view,
    }
  })
  return [...(await Promise.all(balancers)).flat(), ...(await Promise.all(groups))]
}
