import { CloudWatchLogsClient, CreateLogGroupCommand, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { AttachInternetGatewayCommand, CreateInternetGatewayCommand } from '@aws-sdk/client-ec2'
import { CreateRepositoryCommand, ECRClient, PutImageCommand } from '@aws-sdk/client-ecr'
import * as ECS from '@aws-sdk/client-ecs'
import * as ELB from '@aws-sdk/client-elastic-load-balancing-v2'
import { page } from '../support/credentials.ts'
import { clients, given, vpcWithSubnets } from './support.ts'

export const cluster = 'shop'
export const name = 'web'
const logGroupName = '/ecs/web'

/** Everything that takes time goes on by so many seconds. */
export const pass = async (url: string, seconds: number): Promise<number> =>
  (await page(url, '/infra-sandbox/pass', JSON.stringify({ seconds }))).status

/** An account with a network, a cluster, a repository with the image v1, and a load balancer with a target group. */
export async function harbour(url: string) {
  const aws = await clients(url)
  const { config } = aws
  const elb = new ELB.ElasticLoadBalancingV2Client(config)
  const ecr = new ECRClient(config)
  const logs = new CloudWatchLogsClient(config)
  const net = await vpcWithSubnets(aws)
  const { InternetGateway } = await aws.ec2.send(new CreateInternetGatewayCommand({}))
  const InternetGatewayId = given(InternetGateway?.InternetGatewayId)
  await aws.ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId: net.VpcId }))
  await aws.ecs.send(new ECS.CreateClusterCommand({ clusterName: cluster }))
  await logs.send(new CreateLogGroupCommand({ logGroupName }))
  const { repository } = await ecr.send(new CreateRepositoryCommand({ repositoryName: 'shop-web' }))
  const group = { Protocol: 'HTTP', Port: 8000, VpcId: net.VpcId, TargetType: 'ip', HealthCheckPath: '/up' } as const
  const made = await elb.send(new ELB.CreateTargetGroupCommand({ ...group, Name: 'web' }))
  const targetGroupArn = given(made.TargetGroups?.[0]?.TargetGroupArn)
  const balancer = await elb.send(new ELB.CreateLoadBalancerCommand({ Name: 'web', Subnets: net.subnets }))
  const balancerArn = given(balancer.LoadBalancers?.[0]?.LoadBalancerArn)
  const listener = await elb.send(
    new ELB.CreateListenerCommand({
      LoadBalancerArn: balancerArn,
      Protocol: 'HTTP',
      Port: 80,
      DefaultActions: [{ Type: 'forward', TargetGroupArn: targetGroupArn }],
    }),
  )
  const repositoryUri = given(repository?.repositoryUri)
  const push = async (imageTag: string) => {
    const digest = `sha256:${imageTag.padEnd(64, '0')}`
    const mediaType = 'application/vnd.docker.distribution.manifest.v2+json'
    const imageManifest = JSON.stringify({ schemaVersion: 2, mediaType, config: { size: 1 }, layers: [{ digest }] })
    await ecr.send(new PutImageCommand({ repositoryName: 'shop-web', imageTag, imageManifest }))
  }
  await push('v1')

  /** The ARN of a new revision of the one family, with this tag of the repository. */
  const revision = async (tag = 'v1', more: Partial<ECS.ContainerDefinition> = {}) => {
    const { taskDefinition } = await aws.ecs.send(
      new ECS.RegisterTaskDefinitionCommand({
        family: name,
        requiresCompatibilities: ['FARGATE'],
        networkMode: 'awsvpc',
        cpu: '256',
        memory: '512',
        executionRoleArn: `arn:aws:iam::${aws.accountId}:role/execution`,
        taskRoleArn: `arn:aws:iam::${aws.accountId}:role/task`,
        containerDefinitions: [
          {
            name,
            image: `${repositoryUri}:${tag}`,
            portMappings: [{ containerPort: 8000 }],
            logConfiguration: {
              logDriver: 'awslogs',
              options: { 'awslogs-group': logGroupName, 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': name },
            },
            ...more,
          },
          { name: 'router', image: 'fluent-bit:2', essential: false },
        ],
        tags: [{ key: 'of', value: 'definition' }],
      }),
    )
    return given(taskDefinition?.taskDefinitionArn)
  }
  const loadBalancers = [{ targetGroupArn, containerName: name, containerPort: 8000 }]
  const wish: ECS.CreateServiceCommandInput = {
    cluster,
    serviceName: name,
    taskDefinition: name,
    desiredCount: 2,
    loadBalancers,
    networkConfiguration: { awsvpcConfiguration: { subnets: net.subnets } },
    capacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: 1 }],
    deploymentConfiguration: {
      minimumHealthyPercent: 100,
      maximumPercent: 200,
      deploymentCircuitBreaker: { enable: true, rollback: true },
    },
    healthCheckGracePeriodSeconds: 60,
    tags: [{ key: 'of', value: 'service' }],
  }
  const create = async (more: Partial<ECS.CreateServiceCommandInput> = {}) =>
    given((await aws.ecs.send(new ECS.CreateServiceCommand({ ...wish, ...more }))).service)
  const update = async (more: Partial<ECS.UpdateServiceCommandInput>) =>
    given((await aws.ecs.send(new ECS.UpdateServiceCommand({ cluster, service: name, ...more }))).service)
  const look = async () =>
    given((await aws.ecs.send(new ECS.DescribeServicesCommand({ cluster, services: [name], include: ['TAGS'] }))).services?.[0])
  const tasks = async (desiredStatus: ECS.DesiredStatus = 'RUNNING') => {
    const { taskArns = [] } = await aws.ecs.send(new ECS.ListTasksCommand({ cluster, serviceName: name, desiredStatus }))
    if (taskArns.length === 0) return []
    return given((await aws.ecs.send(new ECS.DescribeTasksCommand({ cluster, tasks: taskArns, include: ['TAGS'] }))).tasks)
  }
  const targets = async () =>
    (await elb.send(new ELB.DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn }))).TargetHealthDescriptions ?? []
  const log = async (task: ECS.Task | undefined, container = name) => {
    const logStreamName = `${name}/${container}/${task?.taskArn?.split('/').at(-1)}`
    const { events } = await logs.send(new GetLogEventsCommand({ logGroupName, logStreamName, startFromHead: true }))
    return (events ?? []).map((e) => e.message)
  }
  /** Lets time go by, a quarter of `ecs=100` at once, until the answer is as wished; the last answer otherwise. */
  const until = async <T>(ask: () => Promise<T>, wished: (answer: T) => boolean): Promise<T> => {
    for (let round = 0; ; round++) {
      const answer = await ask()
      if (wished(answer) || round > 60) return answer
      await pass(url, 25)
    }
  }
  const arns = { targetGroupArn, balancerArn, listenerArn: given(listener.Listeners?.[0]?.ListenerArn) }
  return {
    aws,
    elb,
    ecr,
    logs,
    net,
    group,
    ...arns,
    repositoryUri,
    loadBalancers,
    wish,
    push,
    revision,
    create,
    update,
    look,
    tasks,
    targets,
    log,
    until,
    pass: (seconds: number) => pass(url, seconds),
  }
}

export type Harbour = Awaited<ReturnType<typeof harbour>>

/** What happened, oldest first, with ids left out. */
export const told = (service: ECS.Service): string[] =>
  (service.events ?? [])
    .map((e) =>
      given(e.message)
        .replace(/task [0-9a-f]{32}/g, 'task ID')
        .replace(/ecs-svc\/\d+/g, 'ecs-svc/N'),
    )
    .map((text) => text.replace(/arn:aws:elasticloadbalancing:\S+[^).\s]/, 'ARN'))
    .reverse()
