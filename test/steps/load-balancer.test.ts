import { describe, expect, it } from 'vitest'
import { CERTIFICATE, container, keys, type Stack, shop, web } from './support/containers.ts'
import { props } from './support/declare.ts'

describe('HTTPS', () => {
  it('by the CERTIFICATE of a certificate that is there: none is requested, and port 80 leads to 443', () => {
    const graph = shop({ services: { web }, more: { loadBalancer: { certificateArn: CERTIFICATE } } })
    expect(graph.get('certificate')).toBeUndefined()
    expect(props(graph, 'http-listener')).toMatchObject({ action: { redirectHttps: true } })
    expect(props(graph, 'https-listener')).toMatchObject({
      certificateArn: CERTIFICATE,
      action: { forward: '<web-target-group.arn>' },
    })
    expect(graph.get('web-service')?.deps).toContain('https-listener')
  })

  it('by a domain: the certificate comes first, and its own name is the address', () => {
    const environment = { URL: '${loadBalancer.url}/x', HOST: '${loadBalancer.dnsName}' }
    const graph = shop({ services: { web: { ...web, environment } }, more: { loadBalancer: { domain: 'shop.example.com' } } })
    expect(props(graph, 'certificate')).toEqual({ domain: 'shop.example.com', alternativeNames: [] })
    expect(graph.get('https-listener')?.deps).toContain('certificate')
    // Before that a redirect would lead into nothing, also of a site that served HTTP until now.
    expect(graph.get('http-listener')?.deps).toContain('https-listener')
    expect(container(graph, 'web').environment).toEqual({
      URL: 'https://shop.example.com/x',
      HOST: { parts: ['<load-balancer.dnsName>'] },
    })
  })

  it('without either: HTTP, and the address says so', () => {
    const graph = shop({ services: { web: { ...web, environment: { URL: '${loadBalancer.url}' } } } })
    expect(graph.get('https-listener')).toBeUndefined()
    expect(props(graph, 'http-listener')).toMatchObject({ action: { forward: '<web-target-group.arn>' } })
    expect(container(graph, 'web').environment).toEqual({ URL: { parts: ['http://', '<load-balancer.dnsName>'] } })
  })
})

describe('the load balancer', () => {
  it('internal: in the private subnets', () => {
    expect(props(shop({ services: { web }, more: { loadBalancer: { scheme: 'internal' } } }), 'load-balancer')).toMatchObject({
      scheme: 'internal',
      subnetIds: ['<private-subnet-1.id>', '<private-subnet-2.id>'],
    })
  })

  it('whom nobody wants gets a 404', () => {
    const graph = shop({ services: { api: { ...web, paths: ['/api/*'] } } })
    expect(props(graph, 'http-listener')).toMatchObject({ action: { fixed: { status: 404, body: 'not found' } } })
    expect(graph.get('api-service')?.deps).toContain('api-listener-rule')
  })

  const three = (order: string[]): Stack => {
    const all: Record<string, unknown> = {
      web,
      api: { port: 8001, paths: ['/api/*'] },
      admin: { port: 8002, hosts: ['admin.example.com'], paths: ['/api/*', '/x'] },
    }
    return shop({
      services: Object.fromEntries(order.map((key) => [key, all[key]])),
      more: { loadBalancer: { certificateArn: CERTIFICATE } },
    })
  }
  const priority = (graph: Stack, key: string): number => (props(graph, `${key}-listener-rule`) as { priority: number }).priority

  it('one service for the rest, rules by path and by host for the others, on the listener that is used', () => {
    const graph = three(['web', 'api', 'admin'])
    expect(keys(graph, 'load-balancer').filter((k) => k.endsWith('-listener-rule'))).toEqual([
      'api-listener-rule',
      'admin-listener-rule',
    ])
    expect(props(graph, 'https-listener')).toMatchObject({ action: { forward: '<web-target-group.arn>' } })
    expect(props(graph, 'api-listener-rule')).toMatchObject({
      listenerArn: '<https-listener.arn>',
      hosts: [],
      paths: ['/api/*'],
      targetGroupArn: '<api-target-group.arn>',
    })
    expect(props(graph, 'admin-listener-rule')).toMatchObject({ hosts: ['admin.example.com'], paths: ['/api/*', '/x'] })
    for (const key of ['api', 'admin']) expect(graph.get(`${key}-service`)?.deps).toContain(`${key}-listener-rule`)
    expect(graph.get('web-service')?.deps).toContain('https-listener')
  })

  it('the narrower rule is asked first, in whatever order they stand in the file', () => {
    for (const order of [
      ['web', 'api', 'admin'],
      ['admin', 'api', 'web'],
    ])
      expect(priority(three(order), 'admin')).toBeLessThan(priority(three(order), 'api'))
    const graph = shop({
      services: {
        any: { port: 1, paths: ['/*'] },
        deep: { port: 2, paths: ['/api/v2/*'] },
        api: { port: 3, paths: ['/api/*'] },
        all: { port: 4, hosts: ['*.example.com'] },
        one: { port: 5, hosts: ['a.example.com'] },
        part: { port: 6, hosts: ['a.example.com'], paths: ['/api/*'] },
        star: { port: 7, hosts: ['*.example.com'], paths: ['/api/*'] },
      },
    })
    const order = ['part', 'one', 'star', 'all', 'deep', 'api', 'any'].map((key) => priority(graph, key))
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    expect(new Set(order).size).toBe(7)
  })

  it('no rule moves when another one comes or goes: two would want one priority at a time', () => {
    const some = (count: number, from = 0): Record<string, unknown> =>
      Object.fromEntries(
        Array.from({ length: count }, (_, i) => [
          `s${i + from}`,
          { port: 80, paths: [`/${'abcdef'[(i + from) % 6]}${i + from}/*`] },
        ]),
      )
    const [few, more] = [shop({ services: some(4, 3) }), shop({ services: some(12) })]
    for (const key of Object.keys(some(4, 3))) expect(priority(more, key)).toBe(priority(few, key))
  })

  it('a hundred of them have a priority each that ELB takes', () => {
    const services = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`service-${i}`, { port: 80, paths: [`/${String(i).padStart(2, '0')}/*`] }]),
    )
    const graph = shop({ services })
    const all = Object.keys(services).map((key) => priority(graph, key))
    expect(new Set(all).size).toBe(100)
    expect(Math.min(...all)).toBeGreaterThanOrEqual(1)
    expect(Math.max(...all)).toBeLessThanOrEqual(50_000)
  })

  it('one rule opens a port for all services of it, since EC2 refuses two equal ones', () => {
    const graph = shop({
      services: {
        web,
        api: { port: 8000, paths: ['/api/*'] },
        admin: { port: 9000, paths: ['/admin/*'] },
        cache: { port: 6379, public: false },
      },
    })
    expect(keys(graph, 'ecs').filter((k) => k.endsWith('-rule'))).toEqual([
      'backend-from-alb-8000-rule',
      'backend-from-alb-9000-rule',
    ])
    expect(graph.get('api-service')?.deps).toContain('backend-from-alb-8000-rule')
    expect(graph.get('admin-service')?.deps).toContain('backend-from-alb-9000-rule')
    expect(graph.get('cache-service')?.deps).not.toContain('backend-from-alb-8000-rule')
  })
})
