import { describe, expect, it } from 'vitest'
import { container, MAIL, policies, shop, type Wish, web } from './support/containers.ts'
import { props } from './support/declare.ts'

describe('the roles', () => {
  it('without a secret may read none', () => {
    const graph = shop({ services: { web } })
    expect(policies(graph, 'task-execution-role')).toEqual({})
    expect(Object.keys(policies(graph, 'task-role'))).toEqual(['ExecuteCommand'])
    expect(graph.get('task-role')?.deps).toEqual([])
  })

  it('without exec have no way for it', () => {
    const graph = shop({ services: { web: { ...web, runtimeSecrets: ['database'] } }, ecs: { exec: false } })
    expect(Object.keys(policies(graph, 'task-role'))).toEqual(['ApplicationRuntimeAccess'])
    expect(JSON.stringify(policies(graph, 'task-role'))).not.toContain('ssmmessages')
    expect(props(graph, 'web-service')).toMatchObject({ exec: false })
  })

  it('read exactly the secrets that are used, each once, of services and tasks', () => {
    const graph = shop({
      services: { web: { ...web, secrets: { A: 'database:password', B: 'database:host', C: `${MAIL}:key` } } },
      tasks: { once: { secrets: { D: 'stripe:token' } } },
      more: { secrets: { stripe: { keys: { token: { generate: 32 } } }, unused: {} } },
    })
    expect(policies(graph, 'task-execution-role').SecretsManagerAccess?.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
        Resource: [MAIL, '<database-secret.arn>', '<stripe-secret.arn>'],
      },
    ])
    // What ECS hands over in variables needs no right of the application's own.
    expect(Object.keys(policies(graph, 'task-role'))).toEqual(['ExecuteCommand'])
    expect(container(graph, 'web').secrets).toEqual({
      A: { arn: '<database-secret.arn>', key: 'password' },
      B: { arn: '<database-secret.arn>', key: 'host' },
      C: { arn: MAIL, key: 'key' },
    })
    expect(container(graph, 'once').secrets).toEqual({ D: { arn: '<stripe-secret.arn>', key: 'token' } })
  })

  it('of the application reads only what it is said to read itself, and the database’s secret where it is told its name', () => {
    const secrets = { stripe: { keys: { token: { generate: 32 } } } }
    const resources = (more: object) =>
      policies(
        shop({ services: { web: { ...web, secrets: { A: 'database:password' }, ...more } }, more: { secrets } }),
        'task-role',
      ).ApplicationRuntimeAccess?.Statement[0]?.Resource
    expect(resources({})).toBeUndefined()
    expect(resources({ runtimeSecrets: ['stripe', MAIL, 'stripe'] })).toEqual([MAIL, '<stripe-secret.arn>'])
    expect(resources({ environment: { NAME: 'a ${secret.name}' } })).toEqual(['<database-secret.arn>'])
    expect(resources({ environment: { ARN: '${secret.arn}', HOST: '${rds.endpoint}' } })).toEqual(['<database-secret.arn>'])
  })

  it('may use a key of one’s own for those secrets, and for nothing else', () => {
    const graph = shop({
      services: { web: { ...web, secrets: { A: 'database:password' } } },
      more: { secrets: { kmsKey: 'alias/shop' } },
    })
    expect(policies(graph, 'task-execution-role').SecretsManagerAccess?.Statement[1]).toEqual({
      Effect: 'Allow',
      Action: ['kms:Decrypt'],
      Resource: '*',
      Condition: { StringEquals: { 'kms:EncryptionContext:SecretARN': ['<database-secret.arn>'] } },
    })
  })

  it('carry the managed policies of all services, each once', () => {
    const policy = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
    const graph = shop({ services: { a: { managedPolicies: [policy] }, b: { managedPolicies: [policy] } } })
    expect(props(graph, 'task-role')).toMatchObject({ managedPolicies: [policy] })
  })

  it('in another partition name that one', () => {
    const graph = shop({ services: { web }, at: { partition: 'aws-cn' } })
    expect(props(graph, 'task-execution-role')).toMatchObject({
      managedPolicies: ['arn:aws-cn:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy'],
    })
  })
})

describe('the cluster', () => {
  const providers = (partition: string, more: object = {}) =>
    (props(shop({ services: { web: { ...web, ...more } }, at: { partition } }), 'ecs-cluster') as { capacityProviders: string[] })
      .capacityProviders

  it('offers Spot where every account has it, or a service asks for it', () => {
    for (const partition of ['aws', 'aws-cn', 'aws-us-gov']) expect(providers(partition)).toEqual(['FARGATE', 'FARGATE_SPOT'])
    expect(providers('aws-eusc')).toEqual(['FARGATE'])
    expect(providers('aws-eusc', { capacity: 'FARGATE_SPOT' })).toEqual(['FARGATE', 'FARGATE_SPOT'])
  })
})

describe('what was deployed since', () => {
  const own = {
    ...web,
    image: 'nginx:1',
    environment: { LOG: 'info', OLD: '1', DB: 'plain' },
    secrets: { P: 'database:password' },
  }

  it('stands above the config, word for word; a name is either a text or a secret', () => {
    const deployed = {
      web: {
        image: 'nginx:2',
        environment: { LOG: 'debug', NEW: '${region}', P: 'now a text' },
        secrets: { DB: 'database:host', M: `${MAIL}:key` },
        unset: ['OLD'],
      },
    }
    const graph = shop({ services: { web: own }, at: { deployed } })
    expect(container(graph, 'web')).toMatchObject({ image: 'nginx:2' })
    expect(container(graph, 'web').environment).toEqual({ LOG: 'debug', NEW: '${region}', P: 'now a text' })
    expect(container(graph, 'web').secrets).toEqual({
      DB: { arn: '<database-secret.arn>', key: 'host' },
      M: { arn: MAIL, key: 'key' },
    })
    expect(policies(graph, 'task-execution-role').SecretsManagerAccess?.Statement[0]?.Resource).toEqual([
      MAIL,
      '<database-secret.arn>',
    ])
  })

  it('a secret that was taken out of the config does not count any more: its CERTIFICATE would be nobody’s', () => {
    const deployed = { web: { secrets: { LOG: 'gone:key', M: `${MAIL}:key` } } }
    const graph = shop({ services: { web: own }, at: { deployed } })
    expect(container(graph, 'web').environment).toMatchObject({ LOG: 'info' })
    expect(Object.keys(container(graph, 'web').secrets as object)).toEqual(['P', 'M'])
    expect(policies(graph, 'task-execution-role').SecretsManagerAccess?.Statement[0]?.Resource).toEqual([
      MAIL,
      '<database-secret.arn>',
    ])
  })
})

describe('outputs in texts', () => {
  const filled = (text: string, more: Omit<Wish, 'services'> = {}): unknown =>
    (
      container(shop({ services: { web: { image: 'x:1', environment: { V: text } } }, ...more }), 'web').environment as {
        V: unknown
      }
    ).V

  it.each<[string, unknown]>([
    ['plain', 'plain'],
    ['${project}-${environment}', 'shop-dev'],
    ['${region}/${account}', 'us-east-1/123456789012'],
    ['${vpc.id}', { parts: ['<vpc.id>'] }],
    [
      'postgresql://${rds.endpoint}:${rds.port}/shop',
      { parts: ['postgresql://', '<db-instance.endpoint>', ':', '5432', '/shop'] },
    ],
    ['${secret.name}', 'shop/dev/database'],
    ['${secret.arn}', { parts: ['<database-secret.arn>'] }],
    ['${registry.uri}:v1', { parts: ['<registry.uri>', ':v1'] }],
    ['${cluster.name}', 'shop-dev-cluster'],
    ['a $ { } ${region', 'a $ { } ${region'],
  ])('%s', (text, value) => {
    expect(filled(text)).toEqual(value)
  })
})
