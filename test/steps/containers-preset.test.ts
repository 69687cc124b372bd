import { describe, expect, it } from 'vitest'
import { PRESET, props, stack } from './support/declare.ts'

const preset = stack(PRESET)
const of = (key: string): unknown => props(preset, key)
const name = (key: string): string | undefined => preset.get(key)?.name

const TRUST = 'ecs-tasks.amazonaws.com'
const SETTINGS = {
  DJANGO_SETTINGS_MODULE: 'StartupWebApp.settings_production',
  AWS_REGION: 'us-east-1',
  DB_SECRET_NAME: 'rds/startupwebapp/multi-tenant/master',
  DATABASE_NAME: 'startupwebapp_prod',
}
const SECRETS = {
  DATABASE_PASSWORD: { arn: '<database-secret.arn>', key: 'password' },
  DATABASE_USER: { arn: '<database-secret.arn>', key: 'username' },
  DATABASE_HOST: { arn: '<database-secret.arn>', key: 'host' },
  DATABASE_PORT: { arn: '<database-secret.arn>', key: 'port' },
}
const READS = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
      Resource: ['<database-secret.arn>'],
    },
  ],
}

/** Parameters of the bash scripts, as they were studied; what differs on purpose is said beside, and why in docs/startupwebapp.md. */
describe('the preset ends as the scripts leave the account', () => {
  it('create-ecr.sh', () => {
    expect(name('registry')).toBe('startupwebapp-backend')
    expect(of('registry')).toEqual({ scanOnPush: true, encryption: 'AES256', mutability: 'MUTABLE', keepImages: 10 })
  })

  it('create-ecs-cluster.sh', () => {
    expect(name('ecs-cluster')).toBe('startupwebapp-cluster')
    expect(of('ecs-cluster')).toEqual({
      capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      defaultStrategy: [{ provider: 'FARGATE', weight: 1 }],
    })
    expect([name('migrate-log'), of('migrate-log')]).toEqual(['/ecs/startupwebapp-migrations', { retentionDays: 7 }])
  })

  it('create-ecs-task-role.sh; the role of the application may carry ECS Exec too, which the scripts switch on and do not permit', () => {
    expect(name('task-execution-role')).toBe('ecsTaskExecutionRole-startupwebapp')
    expect(of('task-execution-role')).toMatchObject({
      service: TRUST,
      managedPolicies: ['arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy'],
      policies: { SecretsManagerAccess: READS },
    })
    expect(name('task-role')).toBe('ecsTaskRole-startupwebapp')
    const { policies, ...role } = of('task-role') as { policies: Record<string, unknown> }
    expect(role).toMatchObject({ service: TRUST, managedPolicies: [] })
    expect(Object.keys(policies)).toEqual(['ApplicationRuntimeAccess', 'ExecuteCommand'])
    expect(policies.ApplicationRuntimeAccess).toEqual(READS)
    expect(policies.ExecuteCommand).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: [
            'ssmmessages:CreateControlChannel',
            'ssmmessages:CreateDataChannel',
            'ssmmessages:OpenControlChannel',
            'ssmmessages:OpenDataChannel',
          ],
          Resource: '*',
        },
      ],
    })
  })

  it('update-security-groups-ecs.sh: the database is open to the backend; its egress rules say what is so by default', () => {
    expect(of('rds-from-backend-rule')).toMatchObject({
      groupId: '<rds-security-group.id>',
      port: 5432,
      sourceGroupId: '<backend-security-group.id>',
    })
  })

  it('create-ecs-task-definition.sh; the database is named, which was forgotten once', () => {
    expect(name('migrate-task-definition')).toBe('startupwebapp-migration-task')
    expect(of('migrate-task-definition')).toEqual({
      cpu: 256,
      memory: 512,
      cpuArchitecture: 'X86_64',
      executionRoleArn: '<task-execution-role.arn>',
      taskRoleArn: '<task-role.arn>',
      region: 'us-east-1',
      containers: [
        {
          name: 'migration',
          image: { parts: ['<registry.uri>', ':latest'] },
          essential: true,
          command: ['python', 'manage.py', 'migrate'],
          environment: SETTINGS,
          secrets: SECRETS,
          logGroup: '<migrate-log.id>',
          streamPrefix: 'migration',
        },
      ],
    })
  })

  it('create-nat-gateway.sh, under the one name that create-vpc.sh has for it', () => {
    expect([name('nat-gateway'), name('nat-eip')]).toEqual(['startupwebapp-nat-gw', 'startupwebapp-nat-eip'])
    expect(of('nat-gateway')).toEqual({ subnetId: '<public-subnet-1.id>', allocationId: '<nat-eip.id>' })
    expect(of('private-default-route')).toMatchObject({ tableId: '<private-route-table.id>', destination: '0.0.0.0/0' })
  })

  it('create-alb.sh; without a certificate port 80 forwards, instead of a redirect into nothing', () => {
    expect(name('alb-security-group')).toBe('startupwebapp-alb-sg')
    for (const port of [80, 443])
      expect(of(`alb-port-${port}-rule`)).toMatchObject({ groupId: '<alb-security-group.id>', port, cidr: '0.0.0.0/0' })
    expect(of('backend-from-alb-8000-rule')).toEqual({
      groupId: '<backend-security-group.id>',
      port: 8000,
      sourceGroupId: '<alb-security-group.id>',
      description: 'Port 8000 from the load balancer',
    })
    expect(name('web-target-group')).toBe('startupwebapp-tg')
    expect(of('web-target-group')).toEqual({
      vpcId: '<vpc.id>',
      port: 8000,
      protocol: 'HTTP',
      targetType: 'ip',
      healthPath: '/order/products',
      healthIntervalSeconds: 30,
      healthTimeoutSeconds: 5,
      healthyThreshold: 2,
      unhealthyThreshold: 3,
      matcher: '200',
      // The scripts leave ELB's own 300 seconds: each rollout then waits five minutes for the old tasks.
      deregistrationDelaySeconds: 30,
    })
    expect(name('load-balancer')).toBe('startupwebapp-alb')
    expect(of('load-balancer')).toMatchObject({
      scheme: 'internet-facing',
      subnetIds: ['<public-subnet-1.id>', '<public-subnet-2.id>'],
      securityGroupIds: ['<alb-security-group.id>'],
      idleTimeoutSeconds: 60,
      deletionProtection: false,
    })
    expect(name('http-listener')).toBe('startupwebapp-http-listener')
    expect(of('http-listener')).toEqual({
      loadBalancerArn: '<load-balancer.arn>',
      port: 80,
      protocol: 'HTTP',
      action: { forward: '<web-target-group.arn>' },
    })
    expect(preset.get('https-listener')).toBeUndefined()
  })

  it('create-acm-certificate.sh and create-alb-https-listener.sh, with their domain in the config', () => {
    const domain = 'loadBalancer: { domain: "*.mosaicmeshai.com", alternativeNames: [mosaicmeshai.com] }\n'
    const address =
      'ecs: { services: { web: { environment: { ENVIRONMENT_DOMAIN: "https://startupwebapp.mosaicmeshai.com" } } } }\n'
    const graph = stack(PRESET + domain + address)
    expect(graph.get('certificate')?.name).toBe('startupwebapp-certificate')
    expect(props(graph, 'certificate')).toEqual({ domain: '*.mosaicmeshai.com', alternativeNames: ['mosaicmeshai.com'] })
    expect(props(graph, 'http-listener')).toMatchObject({ port: 80, protocol: 'HTTP', action: { redirectHttps: true } })
    expect(graph.get('https-listener')?.name).toBe('startupwebapp-https-listener')
    expect(props(graph, 'https-listener')).toEqual({
      loadBalancerArn: '<load-balancer.arn>',
      port: 443,
      protocol: 'HTTPS',
      sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
      certificateArn: '<certificate.arn>',
      action: { forward: '<web-target-group.arn>' },
    })
    expect(graph.get('web-service')?.deps).toContain('https-listener')
    expect(props(graph, 'web-task-definition')).toMatchObject({
      containers: [{ environment: { ENVIRONMENT_DOMAIN: 'https://startupwebapp.mosaicmeshai.com' } }],
    })
  })

  it('create-ecs-service-task-definition.sh; the address of the application is the one that there is', () => {
    expect([name('web-log'), of('web-log')]).toEqual(['/ecs/startupwebapp-service', { retentionDays: 7 }])
    expect(name('web-task-definition')).toBe('startupwebapp-service-task')
    expect(of('web-task-definition')).toEqual({
      cpu: 512,
      memory: 1024,
      cpuArchitecture: 'X86_64',
      executionRoleArn: '<task-execution-role.arn>',
      taskRoleArn: '<task-role.arn>',
      region: 'us-east-1',
      containers: [
        {
          name: 'web',
          image: { parts: ['<registry.uri>', ':latest'] },
          essential: true,
          command: [
            ...['gunicorn', 'StartupWebApp.wsgi:application', '--bind', '0.0.0.0:8000', '--workers', '3', '--timeout', '30'],
            ...['--access-logfile', '-', '--error-logfile', '-'],
          ],
          environment: { ...SETTINGS, ENVIRONMENT_DOMAIN: { parts: ['http://', '<load-balancer.dnsName>'] } },
          secrets: SECRETS,
          portMappings: [{ containerPort: 8000 }],
          logGroup: '<web-log.id>',
          streamPrefix: 'web',
          healthCheck: {
            command: ['CMD-SHELL', 'curl -f http://localhost:8000/order/products || exit 1'],
            interval: 30,
            timeout: 5,
            retries: 3,
            startPeriod: 60,
          },
        },
      ],
    })
  })

  it('create-ecs-service.sh; FARGATE as a capacity provider, so that Spot can come without a new service', () => {
    expect(name('web-service')).toBe('startupwebapp-service')
    expect(of('web-service')).toEqual({
      cluster: '<ecs-cluster.id>',
      taskDefinition: '<web-task-definition.arn>',
      desired: 2,
      subnetIds: ['<private-subnet-1.id>', '<private-subnet-2.id>'],
      securityGroupIds: ['<backend-security-group.id>'],
      publicAddress: false,
      capacity: [{ provider: 'FARGATE', weight: 1 }],
      loadBalancer: { targetGroupArn: '<web-target-group.arn>', container: 'web', port: 8000 },
      healthGraceSeconds: 120,
      drainSeconds: 30,
      minHealthyPercent: 100,
      maxPercent: 200,
      circuitBreaker: true,
      availabilityZoneRebalancing: 'ENABLED',
      exec: true,
      // Not sent: only to tell what it costs.
      size: { cpu: 512, memory: 1024, architecture: 'X86_64' },
    })
  })

  it('create-ecs-autoscaling.sh', () => {
    const resourceId = 'service/startupwebapp-cluster/startupwebapp-service'
    expect(of('web-scaling-target')).toEqual({ resourceId, min: 1, max: 4 })
    const policy = { resourceId: '<web-scaling-target.id>', scaleOutCooldown: 60, scaleInCooldown: 300 }
    expect([name('web-cpu-scaling'), of('web-cpu-scaling')]).toEqual([
      'startupwebapp-cpu-scaling',
      { ...policy, metric: 'ECSServiceAverageCPUUtilization', target: 70 },
    ])
    expect([name('web-memory-scaling'), of('web-memory-scaling')]).toEqual([
      'startupwebapp-memory-scaling',
      { ...policy, metric: 'ECSServiceAverageMemoryUtilization', target: 80 },
    ])
  })

  it('section 26: what the workflows look up by name is there under that name', () => {
    const names = preset.nodes().map((n) => n.name)
    for (const wanted of [
      ...['startupwebapp-cluster', 'startupwebapp-service', 'startupwebapp-service-task', 'startupwebapp-migration-task'],
      ...[
        'startupwebapp-backend',
        'startupwebapp-private-subnet-1',
        'startupwebapp-private-subnet-2',
        'startupwebapp-backend-sg',
      ],
      ...[
        'startupwebapp-tg',
        '/ecs/startupwebapp-service',
        '/ecs/startupwebapp-migrations',
        'rds/startupwebapp/multi-tenant/master',
      ],
    ])
      expect(names).toContain(wanted)
  })
})
