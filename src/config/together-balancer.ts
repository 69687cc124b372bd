import type { No, On } from './rule.ts'
import type { ConfigFile } from './schema.ts'
import { isPublic, namesOf } from './settle-ecs.ts'

/** Rules about the load balancer and what stands behind it. */
export const balancer = (c: ConfigFile, on: On, no: No): void => {
  certificate(c, no)
  if (!on('load-balancer')) return
  names(c, no)
  subnets(c, no)
  traffic(c, no)
}

const certificate = ({ loadBalancer: l, region }: ConfigFile, no: No): void => {
  if (l.certificateArn !== undefined && l.domain !== undefined)
    no(
      ['loadBalancer', 'domain'],
      l.domain,
      'a certificate is either there (certificateArn) or requested (domain), not both, for example domain: example.com',
    )
  if (l.certificateArn !== undefined && l.certificateArn.split(':')[3] !== region)
    no(
      ['loadBalancer', 'certificateArn'],
      l.certificateArn,
      `a load balancer takes certificates of its own region only, for example arn:aws:acm:${region}:123456789012:certificate/12345678-1234-1234-1234-123456789012`,
    )
  if (l.domain === undefined && l.alternativeNames.length > 0)
    no(
      ['loadBalancer', 'alternativeNames'],
      l.alternativeNames,
      'they count only with loadBalancer.domain, for example domain: example.com',
    )
  for (const [i, name] of l.alternativeNames.entries())
    if (name === l.domain || l.alternativeNames.indexOf(name) < i)
      no(['loadBalancer', 'alternativeNames', i], name, 'the certificate has this name already, for example www.example.com')
}

/** AWS would refuse them in the middle of a run. */
const names = (c: ConfigFile, no: No): void => {
  const limit = 32
  const { prefix, loadBalancer, targetGroups } = namesOf(c)
  const short = (rest: string): string => `${prefix.slice(0, limit - 1 - rest.length).replace(/-$/, '')}-${rest}`
  if (loadBalancer.length > limit)
    no(
      ['loadBalancer', 'name'],
      loadBalancer,
      `a load balancer's name has at most ${limit} characters; set loadBalancer.name, for example ${short('alb')}`,
    )
  else if (loadBalancer.startsWith('internal-'))
    no(
      ['loadBalancer', 'name'],
      loadBalancer,
      'ELB keeps names that begin with internal- for itself; set loadBalancer.name, for example intern-alb',
    )
  const used = new Map<string, string>()
  for (const [key, name] of Object.entries(targetGroups)) {
    const path = ['ecs', 'services', key, 'targetGroup']
    const other = used.get(name)
    if (name.length > limit)
      no(
        path,
        name,
        `a target group's name has at most ${limit} characters; set ecs.services.${key}.targetGroup, for example ${short(key)}`,
      )
    else if (other !== undefined) no(path, name, `ecs.services.${other} has this name already, for example ${short(key)}`)
    used.set(name, key)
  }
}

/** In a VPC that infra makes there are two of each kind, in the default one all are public. */
const subnets = ({ vpc, loadBalancer: { scheme } }: ConfigFile, no: No): void => {
  if (vpc.mode === 'existing' && scheme === 'internet-facing' && (vpc.publicSubnetIds ?? []).length < 2)
    no(
      ['vpc', 'publicSubnetIds'],
      vpc.publicSubnetIds,
      'a load balancer needs public subnets in at least two zones; set them, or loadBalancer.scheme to internal, for example [subnet-0123456789abcdef0, subnet-0fedcba9876543210]',
    )
}

/** Quotas that AWS does not raise. docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html */
const TARGET_GROUPS = 100
const VALUES = 5
const WILDCARDS = 6

/** Each service must get some of the requests: ECS refuses one whose target group no listener uses. */
const traffic = ({ ecs }: ConfigFile, no: No): void => {
  const behind = Object.entries(ecs.services).filter(([, s]) => isPublic(s))
  if (behind.length > TARGET_GROUPS)
    no(
      ['ecs', 'services'],
      behind.length,
      `a load balancer takes ${TARGET_GROUPS} target groups, one for each service behind it, for example public: false for some`,
    )
  const used = new Map<string, string>()
  for (const [key, s] of behind) {
    const path = ['ecs', 'services', key]
    const values = [...s.hosts, ...s.paths]
    const wanted = JSON.stringify([s.hosts.toSorted(), s.paths.toSorted()])
    const other = used.get(wanted)
    if (other !== undefined)
      no(
        [...path, s.hosts.length > 0 && s.paths.length === 0 ? 'hosts' : 'paths'],
        s.hosts.length > 0 && s.paths.length === 0 ? s.hosts : s.paths,
        values.length === 0
          ? `${other} gets all requests already, so ${key} would get none; tell them apart by hosts or paths, for example [/${key}/*]`
          : `${other} gets the same requests already, so ${key} would get none, for example [/${key}/*]`,
      )
    else used.set(wanted, key)
    const wildcards = values.join('').match(/[*?]/g)?.length ?? 0
    if (values.length > VALUES)
      no(
        [...path, s.paths.length > 0 ? 'paths' : 'hosts'],
        s.paths.length > 0 ? s.paths : s.hosts,
        `a rule of the load balancer takes ${VALUES} hosts and paths together (these are ${values.length}), for example [/${key}/*]`,
      )
    else if (wildcards > WILDCARDS)
      no(
        [...path, s.paths.length > 0 ? 'paths' : 'hosts'],
        s.paths.length > 0 ? s.paths : s.hosts,
        `a rule of the load balancer takes ${WILDCARDS} wildcards (these are ${wildcards}), for example [/${key}/*]`,
      )
  }
}
