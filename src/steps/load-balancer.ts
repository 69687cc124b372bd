import type { Config } from '../config/settle.ts'
import { Certificate } from '../kinds/acm/certificate.ts'
import { SecurityGroup } from '../kinds/ec2/security-group.ts'
import { SecurityGroupRule } from '../kinds/ec2/security-group-rule.ts'
import { Listener } from '../kinds/elb/listener.ts'
import { ListenerRule } from '../kinds/elb/listener-rule.ts'
import { LoadBalancer } from '../kinds/elb/load-balancer.ts'
import { TargetGroup } from '../kinds/elb/target-group.ts'
import type { Add, Balancer, Network } from './types.ts'

const ANYWHERE = '0.0.0.0/0'

/** The way in: a load balancer, a target group for each service behind it, HTTPS where there is a certificate. */
export const loadBalancer = (add: Add, c: Config, net: Network): Balancer => {
  const { loadBalancer: l } = c
  const { vpcId } = net
  const group = add(
    SecurityGroup,
    'alb-security-group',
    { vpcId, description: `Load balancer of ${c.application}` },
    { name: `${c.namePrefix}-alb-sg`, tags: { Purpose: 'ALB' } },
  ).id
  const secure = l.certificateArn !== undefined || l.domain !== undefined
  // Port 443 is open in any case, so that a certificate which comes later needs no other rule.
  for (const port of [80, 443])
    add(SecurityGroupRule, `alb-port-${port}-rule`, {
      groupId: group,
      port,
      cidr: ANYWHERE,
      description: `Port ${port} for everybody`,
    })

  const subnetIds = l.scheme === 'internal' ? net.privateSubnetIds : net.publicSubnetIds
  const { idleTimeoutSeconds, deletionProtection, scheme } = l
  const alb = add(
    LoadBalancer,
    'load-balancer',
    { scheme, subnetIds, securityGroupIds: [group], idleTimeoutSeconds, deletionProtection },
    { name: l.name },
  )

  const services = Object.entries(c.ecs.services).filter(([, s]) => s.public)
  const targets = Object.fromEntries(
    services.map(([key, s]) => {
      const target = add(
        TargetGroup,
        `${key}-target-group`,
        {
          vpcId,
          port: s.port ?? 80,
          protocol: 'HTTP',
          targetType: 'ip',
          healthPath: s.health.path,
          healthIntervalSeconds: s.health.intervalSeconds,
          healthTimeoutSeconds: s.health.timeoutSeconds,
          healthyThreshold: s.health.healthyThreshold,
          unhealthyThreshold: s.health.unhealthyThreshold,
          matcher: s.health.matcher,
          deregistrationDelaySeconds: 300,
        },
        { name: s.targetGroup ?? `${c.namePrefix}-${key}` },
      )
      return [key, target.arn]
    }),
  )
  // Who says neither host nor path gets all that nobody else wants.
  const [main] = services.filter(([, s]) => s.hosts.length + s.paths.length === 0)
  const target = main && targets[main[0]]
  const forward = target ? { forward: target } : { fixed: { status: 404, body: 'not found' } }
  const certificateArn =
    l.certificateArn ??
    (l.domain === undefined
      ? undefined
      : add(
          Certificate,
          'certificate',
          { domain: l.domain, alternativeNames: l.alternativeNames },
          { name: `${c.namePrefix}-certificate` },
        ).arn)

  const http = add(
    Listener,
    'http-listener',
    { loadBalancerArn: alb.arn, port: 80, protocol: 'HTTP', action: secure ? { redirectHttps: true } : forward },
    { name: `${c.namePrefix}-http-listener` },
  )
  const https =
    certificateArn === undefined
      ? undefined
      : add(
          Listener,
          'https-listener',
          { loadBalancerArn: alb.arn, port: 443, protocol: 'HTTPS', action: forward, certificateArn, sslPolicy: l.sslPolicy },
          { name: `${c.namePrefix}-https-listener` },
        )
  const front = https ?? http
  const listening: Record<string, Balancer['listening'][string]> = {}
  for (const [i, [key, s]] of services.entries()) {
    const own = targets[key]
    if (!own) continue
    listening[key] =
      main?.[0] === key || s.hosts.length + s.paths.length === 0 ? [front.arn] : [ruleOf(add, key, s, i, front.arn, own)]
  }
  return { arn: alb.arn, dnsName: alb.dnsName, suffix: alb.suffix, group, targets, listening, secure }
}

type Service = Config['ecs']['services'][string]

const ruleOf = (add: Add, key: string, s: Service, i: number, listenerArn: Balancer['arn'], targetGroupArn: Balancer['arn']) =>
  add(ListenerRule, `${key}-listener-rule`, {
    listenerArn,
    // In the order of the config, with room between.
    priority: (i + 1) * 10,
    hosts: s.hosts,
    paths: s.paths,
    targetGroupArn,
  }).arn
