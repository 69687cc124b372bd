import type { Config } from '../config/config.ts'
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

  const inside = l.scheme === 'internal'
  const subnetIds = inside ? net.privateSubnetIds : net.publicSubnetIds
  const { idleTimeoutSeconds, deletionProtection, scheme } = l
  const alb = add(
    LoadBalancer,
    'load-balancer',
    { scheme, subnetIds, securityGroupIds: [group], idleTimeoutSeconds, deletionProtection, zones: subnetIds.length },
    // ELB refuses a network without an attached internet gateway, and the gateway is not detached before its addresses are gone.
    { name: l.name, after: inside ? [] : net.publicWay },
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
          deregistrationDelaySeconds: s.deregistrationDelaySeconds,
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

  const https =
    certificateArn === undefined
      ? undefined
      : add(
          Listener,
          'https-listener',
          { loadBalancerArn: alb.arn, port: 443, protocol: 'HTTPS', action: forward, certificateArn, sslPolicy: l.sslPolicy },
          { name: `${c.namePrefix}-https-listener` },
        )
  const http = add(
    Listener,
    'http-listener',
    { loadBalancerArn: alb.arn, port: 80, protocol: 'HTTP', action: secure ? { redirectHttps: true } : forward },
    // Nobody is sent on to where nobody listens yet.
    { name: `${c.namePrefix}-http-listener`, after: https ? [https.arn] : [] },
  )
  const front = https ?? http
  const listening: Record<string, Balancer['listening'][string]> = {}
  const priorities = prioritiesOf(services)
  for (const [key, s] of services) {
    const own = targets[key]
    if (!own) continue
    const { hosts, paths } = s
    const priority = priorities.get(key)
    const rule = { listenerArn: front.arn, hosts, paths, targetGroupArn: own }
    listening[key] = [priority === undefined ? front.arn : add(ListenerRule, `${key}-listener-rule`, { ...rule, priority }).arn]
  }
  return { arn: alb.arn, dnsName: alb.dnsName, suffix: alb.suffix, group, targets, listening, secure }
}

type Service = Config['ecs']['services'][string]

/** 99 levels of 500 places each: ELB takes 1 to 50000. */
const PLACES = 500
const LONGEST = 32

/**
 * The narrower rule is asked first: a host before a wildcard before any host, then the longer path. Within a level the place comes
 * from the service's name, so that no other service has to move when one comes or goes: two rules never stand at one priority.
 */
const prioritiesOf = (services: readonly (readonly [key: string, of: Service])[]): ReadonlyMap<string, number> => {
  const found = new Map<string, number>()
  const taken = new Set<number>()
  for (const [key, s] of services.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (s.hosts.length + s.paths.length === 0) continue
    const begin = levelOf(s) * PLACES
    let place = hashOf(key) % PLACES
    while (taken.has(begin + place)) place = (place + 1) % PLACES
    taken.add(begin + place)
    found.set(key, begin + place + 1)
  }
  return found
}

const levelOf = ({ hosts, paths }: Service): number => {
  const host = hosts.length === 0 ? 2 : hosts.some((h) => h.startsWith('*')) ? 1 : 0
  const longest = Math.max(0, ...paths.map((p) => p.length))
  return host * (LONGEST + 1) + LONGEST - Math.min(longest, LONGEST)
}

/** FNV-1a. */
const hashOf = (text: string): number =>
  [...text].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16_777_619) >>> 0, 2_166_136_261)
