import * as EC2 from '@aws-sdk/client-ec2'
import * as ECS from '@aws-sdk/client-ecs'
import { StartSessionCommand } from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { page } from '../support/credentials.ts'
import { startMoto, type TestServer } from '../support/moto.ts'
import { type Clients, clients, given, refusal, until, vpcWithSubnets } from './support.ts'

const cluster = 'shop'
const family = 'shop-sql'
const definition: ECS.RegisterTaskDefinitionCommandInput = {
  family,
  requiresCompatibilities: ['FARGATE'],
  networkMode: 'awsvpc',
  cpu: '256',
  memory: '512',
  containerDefinitions: [
    { name: 'sql', image: 'public.ecr.aws/docker/library/postgres:17' },
    { name: 'side', image: 'busybox', essential: false },
  ],
}

describe.skipIf(!inject('motoUrl'))('ECS tasks', () => {
  let server: TestServer
  let aws: Clients
  let net: Awaited<ReturnType<typeof vpcWithSubnets>>
  beforeAll(async () => {
    server = await startMoto('0,ecs=0.8')
  })
  beforeEach(async () => {
    aws = await clients(server.url) // an account of its own
    net = await vpcWithSubnets(aws)
    await aws.ecs.send(new ECS.CreateClusterCommand({ clusterName: cluster }))
    await register()
  })
  afterAll(async () => await server.stop())

  const register = async (more: Partial<ECS.RegisterTaskDefinitionCommandInput> = {}) => {
    const { taskDefinition } = await aws.ecs.send(new ECS.RegisterTaskDefinitionCommand({ ...definition, ...more }))
    return given(taskDefinition?.taskDefinitionArn)
  }
  const run = async (more: Partial<ECS.RunTaskCommandInput> = {}) => {
    const networkConfiguration = { awsvpcConfiguration: { subnets: [net.first] } }
    const wish = { cluster, taskDefinition: family, launchType: 'FARGATE' as const, networkConfiguration, ...more }
    const { tasks } = await aws.ecs.send(new ECS.RunTaskCommand(wish))
    return given(tasks?.[0])
  }
  const described = async (arn: string | undefined) => {
    const wish = new ECS.DescribeTasksCommand({ cluster, tasks: [given(arn)], include: ['TAGS'] })
    return given((await aws.ecs.send(wish)).tasks?.[0])
  }
  const status = (arn: string | undefined) => async () => (await described(arn)).lastStatus
  const running = async (desiredStatus?: ECS.DesiredStatus) =>
    (await aws.ecs.send(new ECS.ListTasksCommand({ cluster, ...(desiredStatus ? { desiredStatus } : {}) }))).taskArns
  const stage = async (said?: object) => {
    const answer = await page(server.url, '/infra-sandbox/ecs-task', said && JSON.stringify(said))
    return [answer.status, JSON.parse(answer.body)]
  }
  const deleteCluster = () => refusal(aws.ecs.send(new ECS.DeleteClusterCommand({ cluster })))
  const deleteSubnet = () => refusal(aws.ec2.send(new EC2.DeleteSubnetCommand({ SubnetId: net.first })))

  it('go from PROVISIONING to RUNNING by themselves, and stop when they are told to', async () => {
    const tags = [{ key: 'infra:stack', value: 'shop/production' }]
    const overrides = { containerOverrides: [{ name: 'sql', command: ['true'] }] }
    const { taskArn, lastStatus } = await run({ tags, overrides, startedBy: 'infra', enableExecuteCommand: true })
    expect(lastStatus).toBe('PROVISIONING')
    expect((await described(taskArn)).containers).toMatchObject([
      { name: 'sql', lastStatus: 'PENDING' },
      { name: 'side', lastStatus: 'PENDING' },
    ])
    expect(await until(status(taskArn), (s) => s !== 'PROVISIONING' && s !== 'PENDING')).toBe('RUNNING')
    expect(await status(taskArn)()).toBe('RUNNING') // and stays so, however often one looks
    expect(await described(taskArn)).toMatchObject({
      desiredStatus: 'RUNNING',
      launchType: 'FARGATE',
      startedBy: 'infra',
      group: `family:${family}`,
      cpu: '256',
      overrides,
      tags,
      enableExecuteCommand: true,
      startedAt: expect.any(Date),
      containers: [
        { runtimeId: expect.any(String), managedAgents: [{ name: 'ExecuteCommandAgent', lastStatus: 'RUNNING' }] },
        {},
      ],
      attachments: [{ type: 'ElasticNetworkInterface', status: 'ATTACHED' }],
    })
    expect([await running(), await running('STOPPED'), await deleteSubnet()]).toEqual([
      [taskArn],
      [],
      expect.stringContaining('DependencyViolation'),
    ])
    const stop = await aws.ecs.send(new ECS.StopTaskCommand({ cluster, task: given(taskArn), reason: 'enough' }))
    expect(stop.task).toMatchObject({ desiredStatus: 'STOPPED', lastStatus: 'DEPROVISIONING' })
    expect(await until(status(taskArn), (s) => s !== 'DEPROVISIONING')).toBe('STOPPED')
    expect(await described(taskArn)).toMatchObject({
      stopCode: 'UserInitiated',
      stoppedReason: 'enough',
      stoppedAt: expect.any(Date),
      containers: [{ exitCode: 143 }, {}],
    })
    expect([await running(), await running('STOPPED'), await deleteSubnet()]).toEqual([[], [taskArn], 'no error'])
  })

  it('do what a stand-in for their containers says', async () => {
    const [one, two] = [await run({ startedBy: 'infra' }), await run()]
    const [, list] = await stage()
    const told = { taskArn: one.taskArn, account: aws.accountId, region: 'us-east-1', cluster, lastStatus: 'PROVISIONING' }
    expect(list).toEqual(expect.arrayContaining([expect.objectContaining(told)]))
    const play = (lastStatus: string, more: object = {}) => stage({ ...told, lastStatus, ...more })
    expect(await play('RUNNING')).toEqual([200, {}])
    expect(await described(one.taskArn)).toMatchObject({ lastStatus: 'RUNNING', startedAt: expect.any(Date) })
    const end = { stopCode: 'EssentialContainerExited', stoppedReason: 'Essential container in task exited', exitCode: 3 }
    expect(await play('STOPPED', end)).toEqual([200, {}])
    const { exitCode, ...shown } = end
    expect(await described(one.taskArn)).toMatchObject({
      ...shown,
      lastStatus: 'STOPPED',
      desiredStatus: 'STOPPED',
      containers: [{ name: 'sql', exitCode, lastStatus: 'STOPPED' }, {}],
    })
    const noStart = { stopCode: 'TaskFailedToStart', stoppedReason: 'CannotPullContainerError', reason: 'no such image' }
    await stage({ taskArn: two.taskArn, lastStatus: 'STOPPED', ...noStart }) // the ARN says account and region
    const failed = await described(two.taskArn)
    expect(failed).toMatchObject({ stopCode: 'TaskFailedToStart', containers: [{ reason: 'no such image' }, {}] })
    expect([failed.startedAt, failed.containers?.[0]?.exitCode]).toEqual([undefined, undefined])
    expect((await play('DANCING'))[0]).toBe(400)
    expect((await stage({ taskArn: 'arn:aws:ecs:us-east-1:1:task/x/y', lastStatus: 'RUNNING' }))[0]).toBe(400)
    expect((await stage([]))[0]).toBe(400)
  })

  it('take sessions where they run and were started for it', async () => {
    const [open, closed] = [await run({ enableExecuteCommand: true }), await run()]
    await until(status(closed.taskArn), (s) => s === 'RUNNING')
    const target = async ({ taskArn }: ECS.Task, runtime?: string) => {
      const runtimeId = runtime ?? (await described(taskArn)).containers?.[0]?.runtimeId
      return `ecs:${cluster}_${taskArn?.split('/').at(-1)}_${runtimeId}`
    }
    const start = (Target: string) => refusal(aws.ssm.send(new StartSessionCommand({ Target })))
    expect(await start(await target(open))).toBe('no error')
    expect(await start(await target(open, 'another-1'))).toContain('TargetNotConnected')
    expect(await start(await target(closed))).toContain('TargetNotConnected')
    expect(await start('ecs:none_none_none-1')).toContain('TargetNotConnected')
  })

  it('are one for one client token', async () => {
    const clientToken = 'token-1'
    const [one, two] = await Promise.all([run({ clientToken }), run({ clientToken })])
    expect(two.taskArn).toBe(one.taskArn)
    const conflict = await run({ clientToken, startedBy: 'another' }).catch((error: unknown) => error)
    expect(conflict).toMatchObject({ name: 'ConflictException', resourceIds: [one.taskArn] })
    expect((await run()).taskArn).not.toBe(one.taskArn)
    expect(await running()).toHaveLength(2)
  })

  it('keep their cluster, whose name can then be used again', async () => {
    const tags = [{ key: 'infra:stack', value: 'shop/production' }]
    const again = await aws.ecs.send(new ECS.CreateClusterCommand({ clusterName: cluster, tags }))
    expect(again.cluster?.tags ?? []).toEqual([]) // the one that was there, as it was
    const { taskArn: task } = await run()
    const shown = async () => (await aws.ecs.send(new ECS.DescribeClustersCommand({ clusters: [cluster] }))).clusters?.[0]
    expect(await shown()).toMatchObject({ clusterArn: again.cluster?.clusterArn, pendingTasksCount: 1, status: 'ACTIVE' })
    expect(await deleteCluster()).toContain('ClusterContainsTasksException')
    await aws.ecs.send(new ECS.StopTaskCommand({ cluster, task: given(task) }))
    expect(await until(deleteCluster, (r) => r === 'no error')).toBe('no error')
    expect(await shown()).toMatchObject({ status: 'INACTIVE' })
    expect(await refusal(run())).toContain('ClusterNotFoundException')
    await aws.ecs.send(new ECS.CreateClusterCommand({ clusterName: cluster }))
    expect([await running('STOPPED'), (await run()).lastStatus]).toEqual([[], 'PROVISIONING'])
  })

  it('are refused as on AWS', async () => {
    const code = async (more: Partial<ECS.RunTaskCommandInput>) => (await refusal(run(more))).slice(0, 90)
    const subnets = ['subnet-0123456789abcdef0']
    const net_ = (more: object) => ({ networkConfiguration: { awsvpcConfiguration: { subnets: [net.first], ...more } } })
    expect(await code({ cluster: 'none' })).toContain('ClusterNotFoundException')
    expect(await code({ taskDefinition: 'none' })).toContain('ClientException')
    expect(await code(net_({ subnets }))).toContain('InvalidParameterException: Error retrieving subnet')
    expect(await code(net_({ securityGroups: ['sg-0123456789abcdef0'] }))).toContain(
      'InvalidParameterException: Error retrieving',
    )
    expect(await code({ networkConfiguration: undefined })).toContain('InvalidParameterException: Network Configuration')
    expect(await code({ overrides: { containerOverrides: [{ name: 'none' }] } })).toContain('Override for container named none')
    expect(await code({ launchType: undefined })).toContain('No Container Instances')
    const capacityProviderStrategy = [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }]
    expect(await run({ launchType: undefined, capacityProviderStrategy })).toMatchObject({ capacityProviderName: 'FARGATE_SPOT' })
    const unknown = { cluster, tasks: ['0123456789abcdef'] }
    const { failures } = await aws.ecs.send(new ECS.DescribeTasksCommand(unknown))
    expect(failures).toMatchObject([{ arn: expect.stringMatching(/:task\/shop\/0123456789abcdef$/), reason: 'MISSING' }])
    const stop = new ECS.StopTaskCommand({ cluster, task: '0123456789abcdef' })
    expect(await refusal(aws.ecs.send(stop))).toContain('InvalidParameterException')
  })

  it('have definitions that are checked, retired and deleted', async () => {
    expect(await refusal(register({ memory: undefined }))).toContain("'memory' be defined")
    expect(await refusal(register({ networkMode: 'bridge' }))).toContain('awsvpc')
    const logConfiguration = { logDriver: 'awslogs' as const, options: {} }
    const logs = [{ name: 'sql', image: 'postgres', logConfiguration }]
    expect(await refusal(register({ containerDefinitions: logs }))).toContain('execution role ARN to support log driver awslogs')
    const second = await register()
    expect(second).toMatch(/:2$/)
    const remove = async () => await aws.ecs.send(new ECS.DeleteTaskDefinitionsCommand({ taskDefinitions: [second] }))
    expect((await remove()).failures).toMatchObject([{ arn: second }])
    await aws.ecs.send(new ECS.DeregisterTaskDefinitionCommand({ taskDefinition: second }))
    expect(await refusal(run({ taskDefinition: second }))).toContain('TaskDefinition is inactive')
    expect((await remove()).taskDefinitions).toMatchObject([{ status: 'DELETE_IN_PROGRESS' }])
    const { taskDefinitionArns } = await aws.ecs.send(new ECS.ListTaskDefinitionsCommand({ familyPrefix: family }))
    expect(taskDefinitionArns).toEqual([expect.stringMatching(/:1$/)])
  })
})
