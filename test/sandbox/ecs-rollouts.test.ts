import * as ECS from '@aws-sdk/client-ecs'
import { CreateSecretCommand, DeleteSecretCommand, UpdateSecretCommand } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { startMoto, type TestServer } from '../support/moto.ts'
import { type Harbour, harbour, told } from './ecs.ts'
import { given } from './support.ts'

const breaker = (enable: boolean, rollback: boolean) => ({
  deploymentConfiguration: {
    minimumHealthyPercent: 100,
    maximumPercent: 200,
    deploymentCircuitBreaker: { enable, rollback },
  },
})

describe.skipIf(!inject('motoUrl'))('rollouts of ECS services', () => {
  let server: TestServer
  let h: Harbour
  let first: string
  beforeAll(async () => {
    server = await startMoto('0,ecs=100')
  })
  beforeEach(async () => {
    h = await harbour(server.url)
    first = await h.revision()
  })
  afterAll(async () => await server.stop())

  const completed = () => h.until(h.look, (s) => s.deployments?.length === 1 && s.deployments[0]?.rolloutState === 'COMPLETED')

  it('replace tasks one after the other, with never too few that serve', async () => {
    await h.create()
    await completed()
    await h.push('v2')
    const second = await h.revision('v2')
    const { deployments } = await h.update({ taskDefinition: second })
    expect(deployments).toMatchObject([
      { status: 'PRIMARY', taskDefinition: second, rolloutState: 'IN_PROGRESS', desiredCount: 2 },
      { status: 'ACTIVE', taskDefinition: first, rolloutState: 'COMPLETED', runningCount: 2 },
    ])
    const seen: number[] = []
    const done = await h.until(
      async () => {
        const service = await h.look()
        seen.push(given(service.runningCount))
        return service
      },
      (s) => s.deployments?.length === 1,
    )
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(2)
    expect(Math.max(...seen)).toBeLessThanOrEqual(4)
    expect(done).toMatchObject({
      taskDefinition: second,
      deployments: [
        { id: deployments?.[0]?.id, rolloutState: 'COMPLETED', rolloutStateReason: expect.stringContaining('completed.') },
      ],
    })
    expect((await h.tasks()).map((t) => t.taskDefinitionArn)).toEqual([second, second])
  })

  it('stop a task before they start one where no more are allowed', async () => {
    const within = (minimumHealthyPercent: number) => ({
      deploymentConfiguration: { minimumHealthyPercent, maximumPercent: 100 },
    })
    // Rebalancing of zones is on where nothing is said, and needs more than 100 %.
    await h.create({ ...within(50), availabilityZoneRebalancing: 'DISABLED' })
    await completed()
    await h.update({ forceNewDeployment: true })
    expect(await h.look()).toMatchObject({ runningCount: 1, pendingCount: 1 })
    expect(await completed()).toMatchObject({ runningCount: 2 })
    await h.update({ forceNewDeployment: true, ...within(0) })
    expect(await h.look()).toMatchObject({ runningCount: 0, pendingCount: 2 })
    expect(await completed()).toMatchObject({ runningCount: 2 })
  })

  it('only begin where something of the tasks changes', async () => {
    const { deployments } = await h.create()
    const id = deployments?.[0]?.id
    const ids = async (more: Parameters<Harbour['update']>[0]) => (await h.update(more)).deployments?.map((d) => d.id)
    expect(await ids({ taskDefinition: 'web', healthCheckGracePeriodSeconds: 5 })).toEqual([id])
    expect(await ids({ enableExecuteCommand: true, propagateTags: 'SERVICE', ...breaker(true, false) })).toEqual([id])
    const awsvpcConfiguration = { subnets: h.net.subnets, assignPublicIp: 'ENABLED' as const }
    expect((await ids({ networkConfiguration: { awsvpcConfiguration } }))?.[0]).not.toBe(id)
  })

  it('fail where the image is not in the registry, and go back to what ran before', async () => {
    await h.create()
    await completed()
    await h.update({ taskDefinition: await h.revision('v9') })
    const back = await h.until(h.look, (s) => s.taskDefinition === first)
    expect(back.deployments).toMatchObject([
      { status: 'PRIMARY', rolloutState: 'IN_PROGRESS', taskDefinition: first },
      { status: 'ACTIVE', rolloutState: 'FAILED', failedTasks: 3, runningCount: 0 },
      { status: 'ACTIVE', rolloutState: 'COMPLETED', runningCount: 2 },
    ])
    const [primary, failed] = given(back.deployments)
    expect(primary?.rolloutStateReason).toBe(`ECS deployment circuit breaker: rolling back to deploymentId ${primary?.id}.`)
    expect(told(back).join('\n')).toContain(
      [
        '(service web) (deployment ecs-svc/N) deployment failed: tasks failed to start.',
        '(service web) rolling back to deployment ecs-svc/N.',
      ].join('\n'),
    )
    const image = `${h.repositoryUri}:v9`
    const stopped = (await h.tasks('STOPPED')).find((t) => t.startedBy === failed?.id)
    expect(stopped).toMatchObject({
      stopCode: 'TaskFailedToStart',
      stoppedReason: `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${image}: ${image}: not found`,
    })
    expect(stopped?.startedAt).toBeUndefined()
    expect(await completed()).toMatchObject({ taskDefinition: first, runningCount: 2 })

    // AWS keeps what was deployed, and how it ended. What the circuit breaker brings back is part of the deployment that failed.
    const list = async (...status: ECS.ServiceDeploymentStatus[]) =>
      (await h.aws.ecs.send(new ECS.ListServiceDeploymentsCommand({ cluster: 'shop', service: 'web', status })))
        .serviceDeployments
    const all = given(await list())
    expect(all.map((d) => d.status)).toEqual(['ROLLBACK_SUCCESSFUL', 'SUCCESSFUL'])
    expect(await list('SUCCESSFUL')).toEqual(all.slice(1))
    expect(all[1]?.finishedAt).toBeInstanceOf(Date)
    const serviceRevisionArns = all.map((d) => d.targetServiceRevisionArn ?? '')
    const described = await h.aws.ecs.send(new ECS.DescribeServiceRevisionsCommand({ serviceRevisionArns }))
    expect(described.serviceRevisions?.map((r) => r.taskDefinition)).toEqual([expect.stringMatching(/web:2$/), first])
    const none = await h.aws.ecs.send(new ECS.DescribeServiceRevisionsCommand({ serviceRevisionArns: ['arn:x'] }))
    expect(none).toMatchObject({ serviceRevisions: [], failures: [{ arn: 'arn:x', reason: 'MISSING' }] })
    const many = Array.from({ length: 21 }, (_, i) => `arn:${i}`)
    const asked = h.aws.ecs.send(new ECS.DescribeServiceRevisionsCommand({ serviceRevisionArns: many }))
    await expect(asked).rejects.toThrow('cannot be more than 20')
  })

  it('stay failed where nothing was ever completed, and where nobody wants to go back', async () => {
    await h.create({ desiredCount: 1, taskDefinition: await h.revision('v9') })
    const failed = await h.until(h.look, (s) => s.deployments?.[0]?.rolloutState === 'FAILED')
    expect(failed.deployments).toMatchObject([
      { failedTasks: 3, rolloutStateReason: 'ECS deployment circuit breaker: tasks failed to start.', runningCount: 0 },
    ])
    await h.pass(1000)
    expect([await h.tasks(), await h.tasks('STOPPED')]).toMatchObject([[], [{}, {}, {}]])
    await h.update({ ...breaker(true, false), taskDefinition: first })
    await completed()
    await h.push('crash-1')
    await h.update({ taskDefinition: await h.revision('crash-1') })
    const kept = await h.until(h.look, (s) => s.deployments?.[0]?.rolloutState === 'FAILED')
    expect(kept.deployments).toMatchObject([{ status: 'PRIMARY' }, { status: 'ACTIVE', taskDefinition: first, runningCount: 1 }])
    const crashed = (await h.tasks('STOPPED')).find((t) => t.stopCode !== 'TaskFailedToStart')
    expect(crashed).toMatchObject({
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      startedAt: expect.any(Date),
      containers: [{ name: 'web', exitCode: 1 }, {}],
    })
    expect(await h.log(crashed)).toEqual(['starting', expect.stringContaining('exit code 1')])
  })

  it('go on for ever without a circuit breaker', async () => {
    await h.create({ desiredCount: 1, ...breaker(false, false), taskDefinition: await h.revision('v9') })
    const many = await h.until(h.look, (s) => given(s.deployments?.[0]?.failedTasks) > 4)
    expect(many.deployments).toMatchObject([{ rolloutState: 'IN_PROGRESS' }])
  })

  it('fail where the load balancer gets no good answer', async () => {
    await h.push('unhealthy')
    await h.create({ desiredCount: 1, taskDefinition: await h.revision('unhealthy') })
    const target = async () => (await h.targets())[0]?.TargetHealth
    expect(await h.until(target, (t) => t?.State === 'unhealthy')).toEqual({
      State: 'unhealthy',
      Reason: 'Target.ResponseCodeMismatch',
      Description: 'Health checks failed with these codes: [500]',
    })
    const [stopped] = await h.until(
      () => h.tasks('STOPPED'),
      (t) => t.length > 0,
    )
    expect(stopped?.stoppedReason).toBe(`Task failed ELB health checks in (target-group ${h.targetGroupArn})`)
    const failed = await h.until(h.look, (s) => s.deployments?.[0]?.rolloutState === 'FAILED')
    expect(told(failed)).toContain(
      '(service web) (port 8000) is unhealthy in (target-group ARN) due to (reason Health checks failed with these codes: [500])',
    )
  })

  it.each<[string, (arn: string) => string, string]>([
    ['has no such key', (arn) => `${arn}:NONE::`, 'did not contain json key NONE'],
    ['is not named by its whole ARN', (arn) => `${arn.slice(0, -7)}:KEY::`, "can't find the specified secret."],
    ['is written in another way', (arn) => `${arn}:KEY`, 'unexpected ARN format'],
    ['has no such version', (arn) => `${arn}:KEY:AWSNONE:`, 'for staging label: AWSNONE'],
    ['is a parameter that is not there', () => '/shop/none', 'invalid ssm parameters: /shop/none'],
  ])('a task does not start where a secret %s', async (_, valueFrom, why) => {
    const wish = new CreateSecretCommand({ Name: 'shop', SecretString: '{"KEY":"v"}' })
    const { ARN } = await h.aws.secrets.send(wish)
    const secrets = (from: string) => ({ secrets: [{ name: 'KEY', valueFrom: from }] })
    await h.revision('v1', secrets(valueFrom(given(ARN))))
    await h.create({ desiredCount: 1 })
    const [stopped] = await h.until(
      () => h.tasks('STOPPED'),
      (t) => t.length > 0,
    )
    expect(stopped?.stoppedReason).toMatch(/^ResourceInitializationError: unable to pull secrets or registry auth: /)
    expect(stopped?.stoppedReason).toContain(why)
    await h.update({ taskDefinition: await h.revision('v1', secrets(`${ARN}:KEY::`)) })
    expect(await completed()).toMatchObject({ runningCount: 1 })
  })

  it('a task does not start where a secret is no JSON, or is on its way out, or the log group is missing', async () => {
    const { ARN } = await h.aws.secrets.send(new CreateSecretCommand({ Name: 'shop', SecretString: 'plain' }))
    const failing = async (revision: string) => {
      const service = await h.update({ taskDefinition: revision, forceNewDeployment: true })
      const id = service.deployments?.[0]?.id
      const mine = async () => (await h.tasks('STOPPED')).find((t) => t.startedBy === id)
      return (await h.until(mine, (t) => t !== undefined))?.stoppedReason
    }
    await h.create({ desiredCount: 1, ...breaker(false, false) })
    const keyed = await h.revision('v1', { secrets: [{ name: 'KEY', valueFrom: `${ARN}:KEY::` }] })
    expect(await failing(keyed)).toContain("invalid character 'p' looking for beginning of value")
    await h.aws.secrets.send(new UpdateSecretCommand({ SecretId: ARN, SecretString: '{}' }))
    await h.aws.secrets.send(new DeleteSecretCommand({ SecretId: ARN }))
    expect(await failing(keyed)).toContain('marked for deletion')
    const options = { 'awslogs-group': '/none', 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'web' }
    const logless = await h.revision('v1', { logConfiguration: { logDriver: 'awslogs', options } })
    expect(await failing(logless)).toContain('The specified log group does not exist.')
  })
})
