import type { Aws } from '../../aws/clients.ts'
import { pages } from '../../aws/pages.ts'

/** Where a health check is asked from outside, as a client of the application would. */
export interface Endpoint {
  readonly url: URL
  /** The connection goes there, whatever the name in the address leads to; undefined: where it leads. */
  readonly connect?: string | undefined
  /** HTTP codes that count as healthy: `200`, `200-299`, `200,301`. */
  readonly codes: string
  /** The address is the load balancer's own name, which no certificate is made out to. */
  readonly anyCertificate: boolean
  /** Asked for by a person: every redirect is followed, not only the one to https. */
  readonly follow: boolean
}

export type Sought =
  | Endpoint
  | { readonly skip: string; readonly next?: string }
  | { readonly fail: string; readonly next: string }

export const TWO_HUNDREDS = '200-299'

/** What a person has named: a whole address, or only a path at the load balancer. */
export const endpointOf = (url: URL): Endpoint => ({ url, codes: TWO_HUNDREDS, anyCertificate: false, follow: true })

/** What of a listener and its rules counts here. */
interface Listener {
  readonly Port?: number | undefined
  readonly Protocol?: string | undefined
}
interface Values {
  readonly Values?: readonly string[] | undefined
}
interface Rule {
  readonly Actions?:
    | readonly {
        readonly TargetGroupArn?: string | undefined
        readonly ForwardConfig?:
          | {
              readonly TargetGroups?:
                | readonly { readonly TargetGroupArn?: string | undefined; readonly Weight?: number | undefined }[]
                | undefined
            }
          | undefined
      }[]
    | undefined
  readonly Conditions?:
    | readonly (Values & {
        readonly Field?: string | undefined
        readonly HostHeaderConfig?: Values | undefined
        readonly PathPatternConfig?: Values | undefined
      })[]
    | undefined
}

interface Wish {
  readonly aws: Pick<Aws, 'elb'>
  readonly group: string
  /** The domain of the config, where a rule wants no other. */
  readonly domain: string | undefined
  /** Instead of the path that the target group checks. */
  readonly path: string | undefined
  readonly ours: boolean
}

/** The way a request takes to a target group: listener, host and path as its rules want them. HTTPS where there is a choice. */
export const findEndpoint = async ({ aws, group, domain, path, ours }: Wish): Promise<Sought> => {
  const { TargetGroups = [] } = await aws.elb('DescribeTargetGroups', { TargetGroupArns: [group] })
  const [target] = TargetGroups
  if (!/^HTTPS?$/.test(target?.Protocol ?? '') || target?.ProtocolVersion === 'GRPC')
    return {
      skip: `the target group speaks ${target?.ProtocolVersion === 'GRPC' ? 'gRPC' : target?.Protocol}, not HTTP`,
      next: URL_NEXT,
    }
  const [LoadBalancerArn] = target?.LoadBalancerArns ?? []
  const create = ours ? 'infra create load-balancer' : 'Give a listener of the load balancer a rule that forwards to it'
  if (!LoadBalancerArn) return { fail: 'no load balancer sends requests to the target group', next: create }
  const [{ LoadBalancers = [] }, listeners] = await Promise.all([
    aws.elb('DescribeLoadBalancers', { LoadBalancerArns: [LoadBalancerArn] }),
    pages(async (Marker) => {
      const page = await aws.elb('DescribeListeners', { LoadBalancerArn, ...(Marker ? { Marker } : {}) })
      return [page.Listeners, page.NextMarker]
    }),
  ])
  const [balancer] = LoadBalancers
  const dns = balancer?.DNSName ?? ''
  if (balancer?.Type !== 'application') return { skip: `the load balancer is of the type ${balancer?.Type}`, next: URL_NEXT }
  if (balancer.Scheme === 'internal')
    return { skip: 'the load balancer is internal: only its own network reaches it', next: URL_NEXT }
  const secureFirst = listeners.toSorted((a, b) => Number(b.Protocol === 'HTTPS') - Number(a.Protocol === 'HTTPS'))
  for (const listener of secureFirst) {
    const rules = await pages(async (Marker) => {
      const page = await aws.elb('DescribeRules', { ListenerArn: listener.ListenerArn, ...(Marker ? { Marker } : {}) })
      return [page.Rules, page.NextMarker]
    })
    const rule = rules.find((r) => leadsTo(r, group))
    if (rule)
      return through(
        listener,
        rule,
        dns,
        domain,
        path ?? target?.HealthCheckPath ?? '/',
        path ? TWO_HUNDREDS : (target?.Matcher?.HttpCode ?? '200'),
      )
  }
  return { fail: 'no listener of the load balancer sends requests to the target group', next: create }
}

const URL_NEXT = 'Name what shall be asked: --url <address>'

const leadsTo = (rule: Rule, group: string): boolean =>
  (rule.Actions ?? []).some(
    (a) => a.TargetGroupArn === group || a.ForwardConfig?.TargetGroups?.some((t) => t.TargetGroupArn === group && t.Weight !== 0),
  )

const through = (
  listener: Listener,
  rule: Rule,
  dns: string,
  domain: string | undefined,
  path: string,
  codes: string,
): Sought => {
  const wanted = (field: string): string[] =>
    (rule.Conditions ?? [])
      .filter((c) => c.Field === field)
      .flatMap((c) => c.HostHeaderConfig?.Values ?? c.PathPatternConfig?.Values ?? c.Values ?? [])
  const other = rule.Conditions?.find((c) => c.Field !== 'host-header' && c.Field !== 'path-pattern')
  if (other) return { skip: `the rule that leads to it wants more than host and path (${other.Field})`, next: URL_NEXT }
  const [hosts, paths] = [wanted('host-header'), wanted('path-pattern')]
  if (paths.length > 0 && !paths.some((p) => patternOf(p).test(path)))
    return {
      skip: `the rule that leads to it takes ${paths.join(', ')}, and the health check asks ${path}`,
      next: `Name a path that it takes: --url </path>`,
    }
  const plain = (name: string | undefined): string | undefined => (name === undefined || /[*?]/.test(name) ? undefined : name)
  const host = hosts.map(plain).find((h) => h !== undefined) ?? (hosts.length > 0 ? undefined : (plain(domain) ?? dns))
  if (host === undefined)
    return { skip: `the rule that leads to it takes ${hosts.join(', ')}, which names no one host`, next: URL_NEXT }
  const secure = listener.Protocol === 'HTTPS'
  const port = listener.Port === (secure ? 443 : 80) ? '' : `:${listener.Port}`
  const url = new URL(`${secure ? 'https' : 'http'}://${host}${port}${path}`)
  return { url, connect: dns, codes, anyCertificate: host === dns, follow: false }
}

/** As a listener rule has it: * for any characters, ? for one. */
const patternOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  )
