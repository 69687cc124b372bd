import type { Kit } from '../kit.ts'
import { prefixOf, type StepName } from '../names.ts'
import type { No } from '../rule.ts'
import { type Answers, type Own, of, section } from '../section.ts'
import type { Vpc } from './vpc.ts'

const schema = ({ z, domain, flag, oneOf, seconds, text }: Kit) => {
  /** ELB keeps `internal-` for the names that it makes itself. */
  const balancerName = text(
    /^(?!internal-)[A-Za-z0-9](?!.*--)[A-Za-z0-9-]{0,31}(?<!-)$/,
    'it must have 1 to 32 letters, digits and single hyphens and not begin with internal- or end with a hyphen, for example shop-alb',
  )
  return z
    .strictObject({
      name: balancerName.optional(),
      scheme: oneOf(['internet-facing', 'internal']).default('internet-facing'),
      certificateArn: text(
        /^arn:[\w-]+:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/,
        'it must be the ARN of a certificate, for example arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012',
      ).optional(),
      domain: domain(64).optional(),
      alternativeNames: z
        .array(domain(253))
        .max(99, { error: 'a certificate has at most 100 names, for example [example.com]' })
        .default([]),
      sslPolicy: text(
        /^ELBSecurityPolicy-[\w-]{1,100}$/,
        'it must be the name of a security policy of ELB, for example ELBSecurityPolicy-TLS13-1-2-2021-06',
      ).default('ELBSecurityPolicy-TLS13-1-2-2021-06'),
      idleTimeoutSeconds: seconds(1, 4000, 60).default(60),
      deletionProtection: flag('loadBalancer.deletionProtection').default(false),
    })
    .prefault({})
}
export type LoadBalancer = Own<typeof schema>

interface All {
  readonly project: string
  readonly environment: string
  readonly namePrefix?: string | undefined
  readonly region: string
  readonly steps?: readonly StepName[] | undefined
  readonly vpc: Vpc
}
const on = ({ steps }: All): boolean => steps?.includes('load-balancer') ?? false

const nameOf = ({ name }: LoadBalancer, prefix: string): string => name ?? `${prefix}-alb`

/** What ELB takes as the name of a load balancer or a target group. */
export const NAME_LIMIT = 32
/** A name with that prefix that is not too long. */
export const shortName = (prefix: string, rest: string): string =>
  `${prefix.slice(0, NAME_LIMIT - 1 - rest.length).replace(/-$/, '')}-${rest}`

/**
 * Where browsers find it: the domain of the certificate, else the load balancer's own name. Undefined where there is a certificate
 * and nobody says for which name: at its own the load balancer would show the wrong one.
 */
export const hostOf = (
  l: { readonly domain?: string | undefined; readonly certificateArn?: string | undefined },
  dnsName: string,
): string | undefined => {
  if (l.domain !== undefined) return l.domain.startsWith('*') ? undefined : l.domain
  return l.certificateArn === undefined ? dnsName : undefined
}
export const isSecure = (l: { readonly domain?: string | undefined; readonly certificateArn?: string | undefined }): boolean =>
  l.domain !== undefined || l.certificateArn !== undefined

const certificate = (l: LoadBalancer, { region }: All, no: No): void => {
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
const names = (l: LoadBalancer, c: All, no: No): void => {
  if (!on(c)) return
  const prefix = prefixOf(c)
  const loadBalancer = nameOf(l, prefix)
  if (loadBalancer.length > NAME_LIMIT)
    no(
      ['loadBalancer', 'name'],
      loadBalancer,
      `a load balancer's name has at most ${NAME_LIMIT} characters; set loadBalancer.name, for example ${shortName(prefix, 'alb')}`,
    )
  else if (loadBalancer.startsWith('internal-'))
    no(
      ['loadBalancer', 'name'],
      loadBalancer,
      'ELB keeps names that begin with internal- for itself; set loadBalancer.name, for example intern-alb',
    )
}

/** In a VPC that infra makes there are two of each kind, in the default one all are public. */
const subnets = ({ scheme }: LoadBalancer, c: All, no: No): void => {
  if (!on(c)) return
  const { vpc } = c
  if (vpc.mode === 'existing' && scheme === 'internet-facing' && (vpc.publicSubnetIds ?? []).length < 2)
    no(
      ['vpc', 'publicSubnetIds'],
      vpc.publicSubnetIds,
      'a load balancer needs public subnets in at least two zones; set them, or loadBalancer.scheme to internal, for example [subnet-0123456789abcdef0, subnet-0fedcba9876543210]',
    )
}

/** By its own domain where there is one: a certificate is not made out to the load balancer's name. */
const url = <V>(
  c: { readonly loadBalancer: Pick<LoadBalancer, 'domain' | 'certificateArn'> },
  dnsName: V,
): readonly (string | V)[] => {
  const l = c.loadBalancer
  const scheme = isSecure(l) ? 'https://' : 'http://'
  return l.domain !== undefined && !l.domain.startsWith('*') ? [scheme + l.domain] : [scheme, dnsName]
}

const DOMAIN = `# loadBalancer:
#   domain: shop.example.com  # HTTPS: a certificate is requested, and the DNS record that proves it is printed
`
const sample = (a: Answers): string => {
  if (a.preset) return a.databaseOnly ? '' : DOMAIN
  return `# What runs in containers: name the steps, and what shall run.
# steps: [vpc, security-groups, secrets, rds, databases, registry, load-balancer, ecs, autoscaling, monitoring]
${DOMAIN}`
}

/** The way in from the internet. */
export const loadBalancer = section('loadBalancer', {
  step: 'load-balancer',
  schema,
  defaults: (own: LoadBalancer, { namePrefix }: { readonly namePrefix: string }) => ({ ...own, name: nameOf(own, namePrefix) }),
  rules: [certificate, names, subnets],
  sample,
  outputs: {
    'loadBalancer.dnsName': of('load-balancer', 'dnsName'),
    'loadBalancer.url': of('load-balancer', 'dnsName', { variable: 'APP_URL', write: url }),
  },
})
