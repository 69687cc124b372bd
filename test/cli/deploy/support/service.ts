import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as LOGS from '@aws-sdk/client-cloudwatch-logs'
import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  EC2Client,
} from '@aws-sdk/client-ec2'
import * as ECS from '@aws-sdk/client-ecs'
import * as ELB from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Deployment, Services } from '../../../../src/state/memory.ts'
import { FORMAT } from '../../../../src/state/schema.ts'
import { type Account, clientConfig, freshAccount } from '../../../support/account.ts'
import { type Place, place } from '../../../support/cli.ts'
import { type FaultProxy, startProxy } from '../../../support/proxy.ts'
import { Stage } from './stage.ts'

export interface Theatre {
  readonly p: Place
  readonly proxy: FaultProxy
  readonly stage: Stage
  readonly account: Account
  readonly ecs: ECS.ECSClient
  close(): Promise<void>
}

/** An account of its own, a folder to run the command in, and a stage in between. */
export const theatre = async (url: string): Promise<Theatre> => {
  const account = await freshAccount(url)
  const proxy = await startProxy(url)
  const stage = new Stage(proxy)
  const p = await place({ ...account.env, AWS_ENDPOINT_URL: proxy.url })
  const ecs = new ECS.ECSClient({ ...clientConfig(account), endpoint: proxy.url })
  const close = async (): Promise<void> => {
    ecs.destroy()
    await proxy.close()
    await p.remove()
  }
  return { p, proxy, stage, account, ecs, close }
}

export const DEFINITION: ECS.RegisterTaskDefinitionCommandInput = {
  family: 'shop-dev-web',
  requiresCompatibilities: ['FARGATE'],
  networkMode: 'awsvpc',
  cpu: '256',
  memory: '512',
  executionRoleArn: 'arn:aws:iam::111122223333:role/shop-task-execution',
  taskRoleArn: 'arn:aws:iam::111122223333:role/shop-task',
  containerDefinitions: [
    {
      name: 'web',
      image: 'nginx:1.26',
      essential: true,
      command: ['serve', '--all'],
      portMappings: [{ containerPort: 8000, protocol: 'tcp' }],
      environment: [
        { name: 'LOG_LEVEL', value: 'info' },
        { name: 'REGION', value: 'us-east-1' },
      ],
      logConfiguration: {
        logDriver: 'awslogs',
        options: { 'awslogs-group': '/ecs/shop', 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'web' },
      },
      healthCheck: { command: ['CMD-SHELL', 'true'], interval: 30, timeout: 5, retries: 3 },
    },
    { name: 'router', image: 'fluent-bit:2', essential: false, environment: [{ name: 'LOG_LEVEL', value: 'warn' }] },
  ],
  tags: [{ key: 'team', value: 'blue' }],
}

/** A cluster with a service that somebody else has made. */
export const serviceOf = async (
  t: Theatre,
  more: Partial<ECS.CreateServiceCommandInput> = {},
  definition: Partial<ECS.RegisterTaskDefinitionCommandInput> = {},
): Promise<string> => {
  const cluster = 'shop-dev-cluster'
  await t.ecs.send(new ECS.CreateClusterCommand({ clusterName: cluster }))
  const { taskDefinition } = await t.ecs.send(new ECS.RegisterTaskDefinitionCommand({ ...DEFINITION, ...definition }))
  const networkConfiguration = more.networkConfiguration ?? {
    awsvpcConfiguration: { subnets: (await network(t)).subnets.slice(0, 1) },
  }
  await t.ecs.send(
    new ECS.CreateServiceCommand({
      cluster,
      serviceName: 'shop-dev-web',
      taskDefinition: taskDefinition?.taskDefinitionArn,
      desiredCount: 1,
      launchType: 'FARGATE',
      networkConfiguration,
      deploymentConfiguration: {
        minimumHealthyPercent: 100,
        maximumPercent: 200,
        deploymentCircuitBreaker: { enable: true, rollback: true },
      },
      ...(more.loadBalancers ? { healthCheckGracePeriodSeconds: 33 } : {}),
      enableExecuteCommand: true,
      ...more,
    }),
  )
  t.proxy.clear()
  return taskDefinition?.taskDefinitionArn ?? ''
}

export const revisions = async (t: Theatre, familyPrefix = 'shop-dev-web'): Promise<string[]> =>
  (await t.ecs.send(new ECS.ListTaskDefinitionsCommand({ familyPrefix }))).taskDefinitionArns?.map(
    (a) => a.split('/').at(-1) ?? '',
  ) ?? []

export const describe = async (t: Theatre, taskDefinition: string): Promise<ECS.TaskDefinition> =>
  (await t.ecs.send(new ECS.DescribeTaskDefinitionCommand({ taskDefinition }))).taskDefinition ?? {}

const CONFIG = `project: shop
environment: dev
region: us-east-1
steps: [vpc, security-groups, secrets, ecs]
securityGroups: { bastionCidr: none }
vpc: { nat: none }
ecs:
  services:
    web: { image: "nginx:1.26", subnets: public, environment: { LOG_LEVEL: info, REGION: us-east-1 } }
`

/**
 * A folder with a config of this service, and a state that knows it: as if infra had made it.
 * @param known numbers of the revisions that are recorded as deployed and healthy, the one that runs first
 */
export const owned = async (t: Theatre, config = CONFIG, known: readonly number[] = []): Promise<void> => {
  await writeFile(join(t.p.dir, 'infra.yaml'), config)
  await mkdir(join(t.p.dir, 'state'), { recursive: true })
  const running = known[0] ?? 1
  const arn = `arn:aws:ecs:us-east-1:${t.account.accountId}:task-definition/shop-dev-web:${running}`
  const at = '2026-11-22T00:00:00.000Z'
  const row = { step: 'ecs', is: 'ready', deps: [], token: 't', at, name: 'shop-dev-web' }
  const container = {
    name: 'web',
    image: 'nginx:1.26',
    essential: true,
    environment: { LOG_LEVEL: 'info', REGION: 'us-east-1' },
    secrets: {},
  }
  const definition = { ...row, type: 'ecs.task-definition', want: { cpu: 256, memory: 512, containers: [container] } }
  const resources = {
    'web-task-definition': { ...definition, attrs: { id: `shop-dev-web:${running}`, arn } },
    'web-service': {
      ...row,
      type: 'ecs.service',
      want: { taskDefinition: arn },
      attrs: { id: 'shop-dev-web', arn: 'x', cluster: 'shop-dev-cluster', desired: 1 },
    },
  }
  const entries = known.map((n) => ({ revision: `shop-dev-web:${n}`, at, by: 'me', how: 'deploy', healthy: true, changes: [] }))
  const services = entries.length > 0 ? { web: { history: entries } } : {}
  const head = {
    format: FORMAT,
    project: 'shop',
    environment: 'dev',
    account: t.account.accountId,
    region: 'us-east-1',
    sandbox: false,
  }
  await writeFile(
    join(t.p.dir, 'state', 'dev.json'),
    JSON.stringify({ ...head, lineage: 'l', serial: 1, facts: { zones: ['us-east-1a'] }, services, resources }),
  )
}

/** What the state has of the rollouts of this service, newest first. */
export const remembered = (services: unknown): readonly Deployment[] => (services as Services).web?.history ?? []

const network = async (t: Theatre): Promise<{ vpc: string | undefined; subnets: string[] }> => {
  const ec2 = new EC2Client({ ...clientConfig(t.account), endpoint: t.proxy.url })
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))
  const subnets: string[] = []
  for (const [i, AvailabilityZone] of ['us-east-1a', 'us-east-1b'].entries()) {
    const wish = { VpcId: Vpc?.VpcId, AvailabilityZone, CidrBlock: `10.0.${i}.0/24` }
    subnets.push((await ec2.send(new CreateSubnetCommand(wish))).Subnet?.SubnetId ?? '')
  }
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}))
  const { InternetGatewayId } = InternetGateway ?? {}
  await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId: Vpc?.VpcId }))
  ec2.destroy()
  return { vpc: Vpc?.VpcId, subnets }
}

/** A target group that is really there, behind a load balancer: the stage says how its targets do. */
export const balancerOf = async (t: Theatre): Promise<ECS.LoadBalancer> => {
  const elb = new ELB.ElasticLoadBalancingV2Client({ ...clientConfig(t.account), endpoint: t.proxy.url })
  const { vpc, subnets } = await network(t)
  const made = await elb.send(
    new ELB.CreateTargetGroupCommand({ Name: 'web', Protocol: 'HTTP', Port: 8000, VpcId: vpc, TargetType: 'ip' }),
  )
  const targetGroupArn = made.TargetGroups?.[0]?.TargetGroupArn
  const { LoadBalancers } = await elb.send(new ELB.CreateLoadBalancerCommand({ Name: 'web', Subnets: subnets }))
  await elb.send(
    new ELB.CreateListenerCommand({
      LoadBalancerArn: LoadBalancers?.[0]?.LoadBalancerArn,
      Protocol: 'HTTP',
      Port: 80,
      DefaultActions: [{ Type: 'forward', TargetGroupArn: targetGroupArn }],
    }),
  )
  elb.destroy()
  return { targetGroupArn, containerName: 'web', containerPort: 8000 }
}

/** Lines that the newest task has written. */
export const wrote = async (
  t: Theatre,
  task: string,
  lines: readonly string[],
  { logGroupName = '/ecs/shop', prefix = 'web' } = {},
): Promise<void> => {
  const logs = new LOGS.CloudWatchLogsClient({ ...clientConfig(t.account), endpoint: t.proxy.url })
  const logStreamName = `${prefix}/web/${task.split('/').at(-1)}`
  await logs.send(new LOGS.CreateLogGroupCommand({ logGroupName })).catch(() => undefined)
  await logs.send(new LOGS.CreateLogStreamCommand({ logGroupName, logStreamName }))
  const now = Date.now()
  const logEvents = lines.map((message, i) => ({ message, timestamp: now + i }))
  await logs.send(new LOGS.PutLogEventsCommand({ logGroupName, logStreamName, logEvents }))
  logs.destroy()
}
