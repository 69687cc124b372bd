import { connect } from 'node:net'
import { CloudWatchLogsClient, CreateLogGroupCommand, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import * as EC2 from '@aws-sdk/client-ec2'
import * as ECS from '@aws-sdk/client-ecs'
import * as RDS from '@aws-sdk/client-rds'
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { TestServer } from '../support/moto.ts'
import { hideDatabases, motoWithPostgres } from '../support/moto-postgres.ts'
import { type Clients, clients, database, given, until, vpcWithSubnets } from './support.ts'

const cluster = 'psql'
const { DBInstanceIdentifier, MasterUsername, MasterUserPassword } = database

// As on AWS: nobody outside reaches a database, and a container inside does when a security group lets it.
describe.skipIf(!inject('motoPostgresUrl'))('databases that answer only from inside their network', { timeout: 60_000 }, () => {
  let server: TestServer
  let aws: Clients
  let logs: CloudWatchLogsClient
  let subnets: string[]
  let routeTable: string
  let gateway: string
  let backend: string
  let stranger: string
  let secret: string
  let port: number

  beforeAll(async () => {
    server = await motoWithPostgres()
    aws = await clients(server.url)
    logs = new CloudWatchLogsClient(aws.config)
    await hideDatabases(server.url, aws.accountId)
    const net = await vpcWithSubnets(aws)
    subnets = net.subnets
    const group = async (GroupName: string) =>
      given((await aws.ec2.send(new EC2.CreateSecurityGroupCommand({ GroupName, Description: 'x', VpcId: net.VpcId }))).GroupId)
    const rds = await group('rds')
    backend = await group('backend')
    stranger = await group('stranger')
    const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, UserIdGroupPairs: [{ GroupId: backend }] }]
    await aws.ec2.send(new EC2.AuthorizeSecurityGroupIngressCommand({ GroupId: rds, IpPermissions }))
    const { InternetGateway } = await aws.ec2.send(new EC2.CreateInternetGatewayCommand({}))
    gateway = given(InternetGateway?.InternetGatewayId)
    await aws.ec2.send(new EC2.AttachInternetGatewayCommand({ InternetGatewayId: gateway, VpcId: net.VpcId }))
    const Filters = [{ Name: 'vpc-id', Values: [net.VpcId] }]
    const tables = await aws.ec2.send(new EC2.DescribeRouteTablesCommand({ Filters }))
    routeTable = given(tables.RouteTables?.[0]?.RouteTableId)
    const DBSubnetGroupName = 'inside'
    const wish = { DBSubnetGroupName, DBSubnetGroupDescription: 'x', SubnetIds: subnets }
    await aws.rds.send(new RDS.CreateDBSubnetGroupCommand(wish))
    await aws.rds.send(
      new RDS.CreateDBInstanceCommand({ ...database, Port: 5432, DBSubnetGroupName, VpcSecurityGroupIds: [rds] }),
    )
    port = given(await endpoint())
    const SecretString = JSON.stringify({ user: MasterUsername, password: MasterUserPassword })
    secret = given((await aws.secrets.send(new CreateSecretCommand({ Name: 'login', SecretString }))).ARN)
    await aws.ecs.send(new ECS.CreateClusterCommand({ clusterName: cluster }))
    await logs.send(new CreateLogGroupCommand({ logGroupName: '/psql' }))
  })
  afterAll(async () => {
    logs?.destroy()
    await server?.stop()
  })

  const endpoint = async () => {
    const { DBInstances } = await aws.rds.send(new RDS.DescribeDBInstancesCommand({ DBInstanceIdentifier }))
    return DBInstances?.[0]?.Endpoint?.Port
  }
  const connects = (ms: number): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port })
      const end = (does: boolean): void => {
        clearTimeout(timer)
        socket.destroy()
        resolve(does)
      }
      const timer = setTimeout(() => end(false), ms)
      socket.once('connect', () => end(true)).once('error', () => end(false))
    })
  const run = async (securityGroups: string[], command = ['sh', '-c', 'psql -XAtc "select current_user"; echo "$HOME" >&2']) => {
    const environment = { PGHOST: '127.0.0.1', PGPORT: String(port), PGDATABASE: 'postgres', PGCONNECT_TIMEOUT: '2' }
    const { taskDefinition } = await aws.ecs.send(
      new ECS.RegisterTaskDefinitionCommand({
        family: 'psql',
        requiresCompatibilities: ['FARGATE'],
        networkMode: 'awsvpc',
        executionRoleArn: `arn:aws:iam::${aws.accountId}:role/execution`,
        cpu: '256',
        memory: '512',
        containerDefinitions: [
          {
            name: 'psql',
            image: 'public.ecr.aws/docker/library/postgres:18-alpine',
            environment: Object.entries(environment).map(([name, value]) => ({ name, value })),
            secrets: [
              { name: 'PGUSER', valueFrom: `${secret}:user::` },
              { name: 'PGPASSWORD', valueFrom: `${secret}:password:AWSCURRENT:` },
            ],
            logConfiguration: {
              logDriver: 'awslogs',
              options: { 'awslogs-group': '/psql', 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'p' },
            },
          },
        ],
      }),
    )
    const { tasks } = await aws.ecs.send(
      new ECS.RunTaskCommand({
        cluster,
        taskDefinition: taskDefinition?.taskDefinitionArn,
        launchType: 'FARGATE',
        networkConfiguration: { awsvpcConfiguration: { subnets, securityGroups, assignPublicIp: 'ENABLED' } },
        overrides: { containerOverrides: [{ name: 'psql', command }] },
      }),
    )
    const arn = given(tasks?.[0]?.taskArn)
    const look = async () => given((await aws.ecs.send(new ECS.DescribeTasksCommand({ cluster, tasks: [arn] }))).tasks?.[0])
    await until(
      async () => (await look()).lastStatus,
      (s) => s === 'STOPPED',
      30,
    )
    const { stoppedReason, containers } = await look()
    const stream = { logGroupName: '/psql', logStreamName: `p/psql/${arn.split('/').at(-1)}` }
    const events = await logs.send(new GetLogEventsCommand(stream)).catch(() => undefined)
    return { stoppedReason, exitCode: containers?.[0]?.exitCode, said: events?.events?.map((e) => e.message) ?? [] }
  }
  const route = (add: boolean) =>
    add
      ? aws.ec2.send(
          new EC2.CreateRouteCommand({ RouteTableId: routeTable, DestinationCidrBlock: '0.0.0.0/0', GatewayId: gateway }),
        )
      : aws.ec2.send(new EC2.DeleteRouteCommand({ RouteTableId: routeTable, DestinationCidrBlock: '0.0.0.0/0' }))

  it('a caller outside gets no answer at all, until the databases are shown again', async () => {
    expect(await connects(300)).toBe(false)
    await hideDatabases(server.url, aws.accountId, false)
    await endpoint()
    expect(await connects(5000)).toBe(true)
    await hideDatabases(server.url, aws.accountId)
    await endpoint()
    expect(await connects(300)).toBe(false)
  })

  it('without a route to the internet the container gets neither its secrets nor its image', async () => {
    const { stoppedReason, exitCode } = await run([backend])
    expect(stoppedReason).toMatch(/^ResourceInitializationError: unable to pull secrets .* context deadline exceeded/)
    expect(exitCode).toBeUndefined()
  })

  it('psql runs for real, with what the task definition gives and nothing of this machine', async () => {
    await route(true)
    const { said, exitCode } = await run([backend])
    expect(said).toEqual([MasterUsername, expect.stringContaining('infra-databases-')])
    expect(exitCode).toBe(0)
    expect((await run([backend], ['sh', '-c', 'exit 7'])).exitCode).toBe(7)
  })

  it('a security group that the database does not let in waits in vain', async () => {
    const { said, exitCode } = await run([stranger], ['psql', '-XAtc', 'select 1'])
    expect(said.join('\n')).toMatch(/timeout expired/)
    expect(exitCode).toBe(2)
  })
})
