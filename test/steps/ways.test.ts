import { describe, expect, it } from 'vitest'
import { shop, web } from './support/containers.ts'
import { depsOf, PRESET, props, stack } from './support/declare.ts'

const PUBLIC = ['public-default-route', 'public-subnet-1-association', 'public-subnet-2-association']
const PRIVATE = ['private-default-route', 'private-subnet-1-association', 'private-subnet-2-association']
const services = { web: { ...web, subnets: 'public' }, worker: { subnets: 'private' } }

describe('what is in a subnet comes after its way to the internet, and goes before it', () => {
  it('private tasks after the route to the NAT gateway, public ones after the route to the internet gateway', () => {
    const graph = shop({ services, more: { vpc: { nat: 'single' } } })
    expect(depsOf(graph, 'web-service')).toEqual(expect.arrayContaining(PUBLIC))
    expect(depsOf(graph, 'worker-service')).toEqual(expect.arrayContaining(PRIVATE))
    expect(depsOf(graph, 'worker-service')).not.toContain('public-default-route')
  })

  it('of NAT gateways in each zone all routes', () => {
    const graph = shop({ services, more: { vpc: { nat: 'perAz' } } })
    expect(depsOf(graph, 'worker-service')).toEqual(expect.arrayContaining(['private-default-route', 'private-default-route-2']))
  })

  it('a load balancer in the internet, which ELB refuses without the gateway; one inside needs none', () => {
    expect(depsOf(shop({ services }), 'load-balancer')).toEqual(expect.arrayContaining(PUBLIC))
    const inside = shop({ services, more: { loadBalancer: { scheme: 'internal' } } })
    expect(depsOf(inside, 'load-balancer')).not.toContain('public-default-route')
  })

  it('the bastion, whose first start installs packages', () => {
    const steps = 'steps: [vpc, security-groups, secrets, rds, bastion]\n'
    expect(depsOf(stack(PRESET + steps, {}, { bastionImage: 'ami-1' }), 'bastion')).toEqual(expect.arrayContaining(PUBLIC))
  })

  it('in a network that was there before, nothing is known of the ways', () => {
    const network = { vpcId: 'vpc-1', publicSubnetIds: ['subnet-1', 'subnet-2'], privateSubnetIds: ['subnet-3', 'subnet-4'] }
    const graph = shop({ services: { web: services.web }, more: { vpc: { mode: 'default' } }, at: { network } })
    expect(depsOf(graph, 'load-balancer')).toEqual(['alb-security-group', 'public-subnet-1', 'public-subnet-2'])
  })

  it('AZ rebalancing needs room for a task on top, and is switched off where there is none', () => {
    const graph = shop({ services: { web, worker: { subnets: 'public', maxPercent: 100, minHealthyPercent: 0 } } })
    expect(props(graph, 'web-service')).toMatchObject({ availabilityZoneRebalancing: 'ENABLED' })
    expect(props(graph, 'worker-service')).toMatchObject({ availabilityZoneRebalancing: 'DISABLED' })
  })

  it('the drain of a target group is what the config says, and the service knows it', () => {
    const graph = shop({ services: { web: { ...web, deregistrationDelaySeconds: 300 }, api: { port: 81, paths: ['/api/*'] } } })
    expect(props(graph, 'web-target-group')).toMatchObject({ deregistrationDelaySeconds: 300 })
    expect(props(graph, 'web-service')).toMatchObject({ drainSeconds: 300 })
    expect(props(graph, 'api-target-group')).toMatchObject({ deregistrationDelaySeconds: 30 })
  })
})
