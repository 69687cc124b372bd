import { describe, expect, it } from 'vitest'
import { findEndpoint } from '../../../src/ecs/checks/endpoint.ts'
import { checkHealth } from '../../../src/ecs/checks/health.ts'
import { account } from '../../ecs/support.ts'

const line = (verb: string, more = ''): string => `infra ${verb} web${more ? ` ${more}` : ''}`
const GROUP = 'arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/web/1'
const DNS = 'shop-1.us-east-1.elb.amazonaws.com'

describe('where it is asked', () => {
  const forward = { Actions: [{ Type: 'forward', TargetGroupArn: GROUP }] }
  const listener = (Protocol: string, Port: number) => ({ ListenerArn: Protocol, Protocol, Port })
  const sought = (
    rules: Record<string, object[]>,
    {
      listeners = [listener('HTTP', 80), listener('HTTPS', 443)],
      target = {},
      balancer = {},
      wish = {},
    }: Record<string, object> & { listeners?: object[] } = {},
  ) =>
    findEndpoint({
      aws: account({
        DescribeTargetGroups: {
          TargetGroups: [
            {
              Protocol: 'HTTP',
              HealthCheckPath: '/health',
              Matcher: { HttpCode: '200,204' },
              LoadBalancerArns: ['lb'],
              ...target,
            },
          ],
        },
        DescribeLoadBalancers: { LoadBalancers: [{ DNSName: DNS, Type: 'application', Scheme: 'internet-facing', ...balancer }] },
        DescribeListeners: { Listeners: listeners },
        DescribeRules: ({ ListenerArn }: { ListenerArn: string }) => ({ Rules: rules[ListenerArn] ?? [] }),
      }),
      group: GROUP,
      domain: undefined,
      path: undefined,
      ours: true,
      ...wish,
    })
  const hosts = (...Values: string[]) => ({ Field: 'host-header', HostHeaderConfig: { Values } })
  const paths = (...Values: string[]) => ({ Field: 'path-pattern', PathPatternConfig: { Values } })

  it('https before http, the path and the codes of the target group, by the domain of the config, at the load balancer', async () => {
    const found = await sought({ HTTP: [forward], HTTPS: [forward] }, { wish: { domain: 'shop.example.com' } })
    expect(found).toEqual({
      url: new URL('https://shop.example.com/health'),
      connect: DNS,
      codes: '200,204',
      anyCertificate: false,
      follow: false,
    })
  })

  it("without a domain the load balancer's own name, which no certificate has", async () => {
    expect(await sought({ HTTPS: [forward] })).toMatchObject({ url: new URL(`https://${DNS}/health`), anyCertificate: true })
    expect(await sought({ HTTPS: [forward] }, { wish: { domain: '*.example.com' } })).toMatchObject({ anyCertificate: true })
  })

  it('http on another port, where only that one leads to it; a path of ones own counts any 2xx', async () => {
    const found = await sought({ HTTP: [forward] }, { listeners: [listener('HTTP', 8080)], wish: { path: '/api/health' } })
    expect(found).toMatchObject({ url: new URL(`http://${DNS}:8080/api/health`), codes: '200-299' })
  })

  it('the host that a rule wants, not one with a *', async () => {
    const rule = { ...forward, Conditions: [hosts('*.example.com', 'api.example.com'), paths('/heal*')] }
    expect(await sought({ HTTPS: [rule] })).toMatchObject({
      url: new URL('https://api.example.com/health'),
      anyCertificate: false,
    })
  })

  it('a rule that sends a share of the requests to it; one with the weight 0 does not', async () => {
    const shared = (Weight: number) => ({
      Actions: [{ Type: 'forward', ForwardConfig: { TargetGroups: [{ TargetGroupArn: GROUP, Weight }] } }],
    })
    expect(await sought({ HTTP: [shared(1)] })).toMatchObject({ connect: DNS })
    expect(await sought({ HTTP: [shared(0)] })).toHaveProperty('fail')
  })

  it.each<[string, Parameters<typeof sought>, RegExp]>([
    ['a network load balancer', [{}, { balancer: { Type: 'network' } }], /of the type network/],
    ['TCP', [{}, { target: { Protocol: 'TCP' } }], /speaks TCP, not HTTP/],
    ['gRPC', [{}, { target: { ProtocolVersion: 'GRPC' } }], /speaks gRPC, not HTTP/],
    ['an internal one', [{}, { balancer: { Scheme: 'internal' } }], /only its own network reaches it/],
    [
      'hosts with a * alone',
      [{ HTTP: [{ ...forward, Conditions: [hosts('*.a.com')] }] }],
      /takes \*\.a\.com, which names no one host/,
    ],
    [
      'a path that leads elsewhere',
      [{ HTTP: [{ ...forward, Conditions: [paths('/api/*')] }] }],
      /takes \/api\/\*, and the health check asks \/health/,
    ],
    [
      'more than host and path',
      [{ HTTP: [{ ...forward, Conditions: [{ Field: 'http-header' }] }] }],
      /wants more than host and path/,
    ],
  ])('is skipped, and says why: %s', async (_, given, why) => {
    const found = await sought(...given)
    expect(found).toEqual({ skip: expect.stringMatching(why), next: expect.stringContaining('--url') })
    expect(await checkHealth('health', found, true, line)).toMatchObject({ outcome: 'skip' })
  })

  it('no way to it is a failure', async () => {
    for (const found of [await sought({}), await sought({}, { target: { LoadBalancerArns: [] } })])
      expect(await checkHealth('health', found, true, line)).toMatchObject({
        outcome: 'fail',
        next: 'infra create load-balancer',
      })
  })
})
