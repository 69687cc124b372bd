import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  EC2Client,
} from '@aws-sdk/client-ec2'
import type * as ECS from '@aws-sdk/client-ecs'
import * as ELB from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import type { Check } from '../../../src/ecs/checks/check.ts'
import { clientConfig } from '../../support/account.ts'
import { owned, serviceOf, type Theatre, theatre, wrote } from '../deploy/support/service.ts'

const url = inject('motoUrl')
const WHERE = ['--cluster', 'shop-dev-cluster', '--service', 'shop-dev-web'] as const

describe.skipIf(!url)('infra verify', () => {
  let t: Theatre
  let app: Server
  let port = 0
  let status = 200
  beforeEach(async () => {
    t = await theatre(url ?? '')
    status = 200
    app = createServer((_, a) => a.writeHead(status).end())
    await new Promise<void>((r) => app.listen(0, '127.0.0.1', r))
    port = (app.address() as AddressInfo).port
  })
  afterEach(async () => {
    app.closeAllConnections()
    await new Promise((r) => app.close(r))
    await t.close()
  })
  const checks = (stdout: string): Map<string, Check> =>
    new Map(
      stdout
        .split('\n')
        .filter(Boolean)
        .map((l) => JSON.parse(l) as Check & { type: string })
        .filter((e) => e.type === 'check')
        .map((e) => [e.name, e]),
    )
  /** A load balancer with a listener that leads to the application of the test. */
  const behind = async (): Promise<ECS.LoadBalancer> => {
    const config = { ...clientConfig(t.account), endpoint: t.proxy.url }
    const [ec2, elb] = [new EC2Client(config), new ELB.ElasticLoadBalancingV2Client(config)]
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))
    const Subnets: string[] = []
    for (const [i, AvailabilityZone] of ['us-east-1a', 'us-east-1b'].entries()) {
      const made = await ec2.send(new CreateSubnetCommand({ VpcId: Vpc?.VpcId, CidrBlock: `10.0.${i}.0/24`, AvailabilityZone }))
      Subnets.push(made.Subnet?.SubnetId ?? '')
    }
    const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}))
    const { InternetGatewayId } = InternetGateway ?? {}
    await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId: Vpc?.VpcId }))
    const { LoadBalancers } = await elb.send(new ELB.CreateLoadBalancerCommand({ Name: 'shop', Subnets }))
    const group = {
      Name: 'web',
      Protocol: 'HTTP',
      Port: 8000,
      VpcId: Vpc?.VpcId,
      TargetType: 'ip',
      HealthCheckPath: '/health',
    } as const
    const { TargetGroups } = await elb.send(new ELB.CreateTargetGroupCommand(group))
    const TargetGroupArn = TargetGroups?.[0]?.TargetGroupArn
    await elb.send(
      new ELB.CreateListenerCommand({
        LoadBalancerArn: LoadBalancers?.[0]?.LoadBalancerArn,
        Protocol: 'HTTP',
        Port: port,
        DefaultActions: [{ Type: 'forward', TargetGroupArn }],
      }),
    )
    ec2.destroy()
    elb.destroy()
    t.proxy.rules = [{ match: /DescribeLoadBalancers$/, replace: [/<DNSName>[^<]*</, '<DNSName>127.0.0.1<'] }]
    return { targetGroupArn: TargetGroupArn, containerName: 'web', containerPort: 8000 }
  }
  const target = (state: string, reason?: string): void => {
    for (const task of t.stage.tasks) task.target = { state, ...(reason ? { reason } : {}) }
  }

  it('a service of somebody else that is well: everything is looked at, nothing is changed', async () => {
    await serviceOf(t, { loadBalancers: [await behind()] })
    target('healthy')
    await wrote(t, t.stage.tasks[0]?.arn ?? '', ['booting', 'ready'])
    t.proxy.clear()
    const ran = await t.p.run('verify', ...WHERE, '--expect', 'REGION', '--log', 'ready', '--log', '!Traceback', '--since', '1h')
    expect(ran.code, ran.all).toBe(0)
    expect(ran.stdout).toContain('Verify  shop-dev-cluster / shop-dev-web')
    for (const line of [
      /✓ tasks +1 of 1 run$/m,
      /✓ deployment +shop-dev-web:1 is all that runs, since /,
      /✓ restarts +no task of this revision ended by itself/,
      /✓ targets web +1 of 1 healthy$/m,
      new RegExp(`✓ health +http://127\\.0\\.0\\.1:${port}/health answers 200$`, 'm'),
      /✓ env REGION +in shop-dev-web:1 as a text$/m,
      /- secrets +skipped: shop-dev-web:1 takes none$/m,
      /✓ log ready +"ready" once since /,
      /✓ log !Traceback +no "Traceback" in 2 lines since /,
      /✓ errors +none in 2 lines since /,
      /! 5xx +the load balancer has counted no request/,
    ])
      expect(ran.stdout).toMatch(line)
    expect(ran.stdout).toContain('✓ 9 passed, 1 to be looked at, 1 skipped, so not known.')
    expect(t.proxy.changing().filter((c) => c.op !== 'logs.FilterLogEvents')).toEqual([])
  })

  it('what is not well: each with the command that goes on from there, as events, and exit code 1', async () => {
    await serviceOf(t, { loadBalancers: [await behind()] })
    target('unhealthy', 'Target.ResponseCodeMismatch')
    await wrote(t, t.stage.tasks[0]?.arn ?? '', ['booting', 'ERROR no database'])
    status = 503
    const ran = await t.p.run('verify', ...WHERE, '--expect', 'NOPE', '--log', 'ready', '--since', '1h', '--json')
    expect(ran.code, ran.all).toBe(1)
    const seen = checks(ran.stdout)
    const failed = [...seen.values()].filter((c) => c.outcome === 'fail')
    expect(failed.map((c) => c.name)).toEqual(['targets web', 'health', 'env NOPE', 'log ready', 'errors'])
    for (const c of failed) expect(c.next, c.name).toMatch(/\S/)
    expect(seen.get('health')).toMatchObject({
      detail: expect.stringContaining('answers 503 (the load balancer has no healthy target)'),
    })
    expect(seen.get('errors')).toMatchObject({ examples: ['ERROR no database'], detail: expect.stringContaining('1 of 2 lines') })
    expect(seen.get('env NOPE')?.next).toContain(
      'infra deploy --cluster shop-dev-cluster --service shop-dev-web --set-env NOPE=<value>',
    )
    expect(JSON.parse(ran.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
      type: 'result',
      outcome: 'fail',
      cluster: 'shop-dev-cluster',
      revision: 'shop-dev-web:1',
      passed: 3,
      failed: 5,
      warned: 1,
      skipped: 1,
    })
  })

  it('who may see the service alone is told what was not looked at; that is no failure', async () => {
    await serviceOf(t, { loadBalancers: [await behind()] })
    t.proxy.rules = [
      {
        match: /\.(ListTasks|DescribeTarget\w+|FilterLogEvents|GetMetricData)$/,
        error: 'AccessDeniedException',
        status: 403,
        message: (call) => `User: me is not authorized to perform: ${call.op.replace('monitoring', 'cloudwatch')} on resource: x`,
      },
    ]
    const ran = await t.p.run('verify', ...WHERE, '--json')
    expect(ran.code, ran.all).toBe(0)
    const skipped = [...checks(ran.stdout).values()].filter((c) => c.outcome === 'skip').map((c) => `${c.name}: ${c.detail}`)
    expect(skipped).toEqual([
      'restarts: this identity may not look: ecs:ListTasks',
      'targets web: this identity may not look: elasticloadbalancing:DescribeTargetHealth',
      'health: this identity may not look: elasticloadbalancing:DescribeTargetGroups',
      'secrets: shop-dev-web:1 takes none',
      'errors: this identity may not look: logs:FilterLogEvents',
      '5xx: this identity may not look: elasticloadbalancing:DescribeTargetGroups',
    ])
  })

  it('one of the config: what infra.yaml says of it, by its key; --url asks whatever is named', async () => {
    await serviceOf(
      t,
      {},
      { containerDefinitions: [{ name: 'web', image: 'nginx:1.26', environment: [{ name: 'REGION', value: 'x' }] }] },
    )
    await owned(t)
    const ran = await t.p.run('verify', 'web', '--url', `http://127.0.0.1:${port}/`, '--json')
    expect(ran.code, ran.all).toBe(1)
    const seen = checks(ran.stdout)
    expect(seen.get('env of infra.yaml')).toMatchObject({
      outcome: 'fail',
      detail: 'LOG_LEVEL not in shop-dev-web:1',
      next: 'infra create ecs',
    })
    expect(seen.get('health')).toMatchObject({ outcome: 'pass', detail: `http://127.0.0.1:${port}/ answers 200` })
    expect(seen.get('targets')).toMatchObject({ outcome: 'skip', detail: 'the service stands behind no load balancer' })
    expect(seen.get('errors')).toMatchObject({ outcome: 'skip', detail: expect.stringContaining('no log configuration') })
  })

  it('a rollout under way: its tasks and the old ones', async () => {
    await serviceOf(t)
    t.stage.begin(`${t.stage.primary?.taskDefinition.replace(/:1$/, '')}:1`, () => undefined)
    const ran = await t.p.run('verify', ...WHERE)
    expect(ran.code, ran.all).toBe(1)
    expect(ran.stdout).toMatch(/✗ deployment +a rollout to shop-dev-web:1 is under way, beside older tasks of it$/m)
    expect(ran.stdout).toContain('next: infra deploy --cluster shop-dev-cluster --service shop-dev-web follows it to its end')
    expect(ran.stdout).toMatch(/\n✗ 2 of 8 failed, 4 skipped, so not known\.\n$/)
  })

  it.each([
    [['--url', 'shop.example.com'], '--url shop.example.com is no address'],
    [['--url', '//evil'], '--url //evil is no address'],
    [['--expect', 'A=1'], '--expect A=1 names no variable'],
    [['--log', '!'], '--log has no phrase'],
    [['--since', 'soon'], '--since soon is no time'],
  ])('refuses %j, and asks nobody', async (flags, words) => {
    t.proxy.clear()
    const ran = await t.p.run('verify', ...WHERE, ...flags)
    expect(ran.code, ran.all).toBe(2)
    expect(ran.stderr).toContain(words)
    expect(t.proxy.log).toEqual([])
  })

  it('refuses a container or a service that is not there', async () => {
    await serviceOf(t)
    const container = await t.p.run('verify', ...WHERE, '--container', 'nope')
    expect(container.code, container.all).toBe(2)
    expect(container.stderr).toContain('has no container nope: it has web, router')
    const service = await t.p.run('verify', '--cluster', 'shop-dev-cluster', '--service', 'nope')
    expect(service.code).toBe(2)
    expect(service.stderr).toContain('There is no service nope in the cluster shop-dev-cluster')
  })
})
