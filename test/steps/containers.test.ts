import { describe, expect, it } from 'vitest'
import type { Lookups } from '../../src/steps/types.ts'
import { container, keys, shop, type Wish, web } from './support/containers.ts'
import { props, table } from './support/declare.ts'

describe('a service', () => {
  it('without a port stands behind nothing', () => {
    const graph = shop({ services: { worker: { health: { graceSeconds: 60, command: 'true' } } } })
    expect(keys(graph, 'load-balancer')).not.toContain('worker-target-group')
    expect(props(graph, 'worker-service')).not.toHaveProperty('loadBalancer')
    expect(props(graph, 'worker-service')).toMatchObject({ healthGraceSeconds: 0 })
    expect(container(graph, 'worker')).not.toHaveProperty('portMappings')
    expect(container(graph, 'worker').healthCheck).toMatchObject({ command: ['CMD-SHELL', 'true'] })
  })

  it('with a port that is not for the public, or without the step load-balancer: the port is there, and nobody leads to it', () => {
    for (const graph of [
      shop({ services: { web: { ...web, public: false } } }),
      shop({ services: { web }, off: ['load-balancer'] }),
    ]) {
      expect(container(graph, 'web').portMappings).toEqual([{ containerPort: 8000 }])
      expect(props(graph, 'web-service')).not.toHaveProperty('loadBalancer')
      expect(table(graph).filter((l) => l.includes('from-alb'))).toEqual([])
    }
  })

  it('in public subnets has an address of its own, since nothing else leads out', () => {
    const graph = shop({ services: { web: { ...web, subnets: 'public' } }, more: { vpc: { nat: 'none' } } })
    expect(props(graph, 'web-service')).toMatchObject({
      publicAddress: true,
      subnetIds: ['<public-subnet-1.id>', '<public-subnet-2.id>'],
    })
    expect(graph.get('nat-gateway')).toBeUndefined()
  })

  it('in private ones has a NAT gateway without a question', () => {
    const graph = shop({ services: { web } })
    expect(props(graph, 'web-service')).toMatchObject({ publicAddress: false })
    expect(graph.get('nat-gateway')).toBeDefined()
    expect(shop({ services: { web: { ...web, subnets: 'public' } } }).get('nat-gateway')).toBeUndefined()
  })

  it('takes what the config says of it', () => {
    const graph = shop({
      services: {
        web: {
          ...web,
          cpu: 1024,
          memory: 4096,
          architecture: 'ARM64',
          capacity: 'FARGATE_SPOT',
          desired: 4,
          minHealthyPercent: 50,
          maxPercent: 150,
          image: 'nginx:1.27',
          container: 'app',
          health: { matcher: '200-299', intervalSeconds: 10, timeoutSeconds: 3 },
        },
      },
    })
    expect(props(graph, 'web-service')).toMatchObject({
      desired: 4,
      capacity: [{ provider: 'FARGATE_SPOT', weight: 1 }],
      minHealthyPercent: 50,
      maxPercent: 150,
      loadBalancer: { container: 'app' },
    })
    expect(props(graph, 'web-task-definition')).toMatchObject({
      cpu: 1024,
      memory: 4096,
      cpuArchitecture: 'ARM64',
      containers: [{ name: 'app', image: 'nginx:1.27', streamPrefix: 'app' }],
    })
    expect(props(graph, 'web-target-group')).toMatchObject({
      matcher: '200-299',
      healthIntervalSeconds: 10,
      healthTimeoutSeconds: 3,
    })
    expect(graph.get('web-task-definition')?.deps).not.toContain('registry')
  })

  it('waits for a database that it uses: the address in the secret, and what is inside', () => {
    const waits = (of: Record<string, unknown>, more: Omit<Wish, 'services'> = {}): string[] =>
      (shop({ services: { web: of }, ...more }).get('web-service')?.deps ?? []).filter((d) =>
        /^(sql-|database-secret-host)/.test(d),
      )
    const inside = ['database-secret-host', 'sql-database-shop']
    expect(waits({ secrets: { P: 'database:password' } })).toEqual(inside)
    expect(waits({ environment: { H: '${rds.endpoint}' } })).toEqual(inside)
    expect(waits({ environment: { S: '${secret.name}' } })).toEqual(inside)
    expect(waits({})).toEqual([])
    expect(waits({ secrets: { P: 'database:password' } }, { off: ['databases'] })).toEqual(['database-secret-host'])
    // A person carries the SQL out, and nobody knows when.
    expect(waits({ secrets: { P: 'database:password' } }, { more: { databases: { via: 'print' } } })).toEqual([
      'database-secret-host',
    ])
    expect(waits({ secrets: { P: 'database:password' } }, { off: ['rds', 'databases'] })).toEqual([])
  })
})

describe('how many', () => {
  const scaled = { ...web, desired: 3, autoscaling: { min: 2, max: 6, cpuPercent: 60 } }
  const of = (at: Partial<Lookups>): unknown[] => {
    const graph = shop({ services: { web: scaled, api: { port: 8001, paths: ['/api/*'], desired: 2 } }, at })
    const desired = (key: string): number => (props(graph, `${key}-service`) as { desired: number }).desired
    return [desired('web'), desired('api'), props(graph, 'web-scaling-target')]
  }
  const target = (min: number) => ({ resourceId: 'service/shop-dev-cluster/shop-dev-web', min, max: 6 })

  it('as the config says; none where the image is not there yet, and autoscaling does not lift it', () => {
    expect(of({})).toEqual([3, 2, target(2)])
    expect(of({ images: { web: true } })).toEqual([3, 2, target(2)])
    expect(of({ images: { web: false } })).toEqual([0, 2, target(0)])
  })

  it('as a person has set it since; a service whose autoscaling is paused stays where it is', () => {
    expect(of({ counts: { web: { desired: 5 }, api: { desired: 0 } } })).toEqual([5, 0, target(2)])
    expect(of({ counts: { web: { desired: 0, paused: true } } })).toEqual([0, 2, target(0)])
    expect(of({ counts: { web: { desired: 5 } }, images: { web: false } })).toEqual([0, 2, target(0)])
  })

  it('autoscaling: for those that want it, by the metrics that they name', () => {
    const graph = shop({
      services: {
        web: scaled,
        api: { port: 8001, paths: ['/api/*'], autoscaling: { memoryPercent: 80, scaleOutCooldownSeconds: 10 } },
        worker: {},
      },
    })
    expect(keys(graph, 'autoscaling')).toEqual([
      'web-scaling-target',
      'web-cpu-scaling',
      'api-scaling-target',
      'api-memory-scaling',
    ])
    expect(props(graph, 'api-memory-scaling')).toMatchObject({ target: 80, scaleOutCooldown: 10, scaleInCooldown: 300 })
    // A policy belongs to its target, so it keeps its name when another service comes.
    expect(graph.get('web-cpu-scaling')?.name).toBe(shop({ services: { web: scaled } }).get('web-cpu-scaling')?.name)
  })
})

describe('one-off tasks and the cluster', () => {
  it('a task has a definition and a log, and nothing that runs', () => {
    const graph = shop({ tasks: { migrate: { image: 'x:1', command: ['migrate'] } } })
    expect(keys(graph, 'ecs')).toEqual([
      'ecs-cluster',
      'task-execution-role',
      'task-role',
      'migrate-log',
      'migrate-task-definition',
    ])
    expect(keys(graph, 'autoscaling')).toEqual([])
  })

  it('insights and the days of the logs', () => {
    const graph = shop({ services: { web }, ecs: { containerInsights: true, logRetentionDays: 30 } })
    expect(props(graph, 'ecs-cluster')).toMatchObject({ containerInsights: true })
    expect(props(graph, 'web-log')).toEqual({ retentionDays: 30 })
    expect(props(shop({ services: { web } }), 'ecs-cluster')).not.toHaveProperty('containerInsights')
  })

  it('the registry and what it keeps', () => {
    const graph = shop({ more: { registry: { keepImages: 3, scanOnPush: false, mutability: 'IMMUTABLE' } } })
    expect(props(graph, 'registry')).toEqual({ scanOnPush: false, encryption: 'AES256', mutability: 'IMMUTABLE', keepImages: 3 })
  })
})
