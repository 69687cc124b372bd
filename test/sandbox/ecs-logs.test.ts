import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import * as ECS from '@aws-sdk/client-ecs'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { page } from '../support/credentials.ts'
import { startMoto, type TestServer } from '../support/moto.ts'
import { cluster, type Harbour, harbour } from './ecs.ts'
import { given } from './support.ts'

describe.skipIf(!inject('motoUrl'))('one-off ECS tasks and what they write', () => {
  let server: TestServer
  let h: Harbour
  beforeAll(async () => {
    server = await startMoto('0,ecs=100,task=50')
  })
  beforeEach(async () => {
    h = await harbour(server.url)
  })
  afterAll(async () => await server.stop())

  const run = async (taskDefinition: string, command?: string[]) => {
    const { tasks } = await h.aws.ecs.send(
      new ECS.RunTaskCommand({
        cluster,
        taskDefinition,
        launchType: 'FARGATE',
        networkConfiguration: { awsvpcConfiguration: { subnets: h.net.subnets } },
        ...(command ? { overrides: { containerOverrides: [{ name: 'web', command }] } } : {}),
      }),
    )
    return given(tasks?.[0]?.taskArn)
  }
  const task = async (arn: string) =>
    given((await h.aws.ecs.send(new ECS.DescribeTasksCommand({ cluster, tasks: [arn] }))).tasks?.[0])
  const ended = (arn: string) =>
    h.until(
      () => task(arn),
      (t) => t.lastStatus === 'STOPPED',
    )

  it('say what they were asked to run, and end well after a while', async () => {
    const arn = await run(await h.revision(), ['python', 'manage.py', 'migrate'])
    const done = await ended(arn)
    expect(done).toMatchObject({
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      containers: [{ name: 'web', exitCode: 0 }, {}],
    })
    expect(given(done.stoppingAt).getTime() - given(done.startedAt).getTime()).toBeGreaterThanOrEqual(49_000)
    expect(await h.log(done)).toEqual([expect.stringContaining('["python", "manage.py", "migrate"]'), 'done'])
  })

  it('end with 1 where the tag begins with crash, and do not start without their image', async () => {
    await h.push('crash')
    const [crash, none] = [await run(await h.revision('crash')), await run(await h.revision('none'))]
    expect(await ended(crash)).toMatchObject({ containers: [{ exitCode: 1 }, {}] })
    const { stopCode, stoppedReason, containers } = await ended(none)
    expect([stopCode, containers?.[0]?.exitCode]).toEqual(['TaskFailedToStart', undefined])
    expect(stoppedReason).toMatch(/^CannotPullContainerError/)
  })

  it('with psql they wait for whoever plays them; and what is played time does not end', async () => {
    const psql = await run(await h.revision('v1', { image: 'public.ecr.aws/docker/library/postgres:18-alpine' }))
    const played = await run(await h.revision())
    const said = JSON.stringify({ taskArn: played, account: h.aws.accountId, region: 'us-east-1', lastStatus: 'RUNNING' })
    expect((await page(server.url, '/infra-sandbox/ecs-task', said)).status).toBe(200)
    await ended(await run(await h.revision()))
    const still = { lastStatus: 'RUNNING', desiredStatus: 'RUNNING' }
    expect([await task(psql), await task(played)]).toMatchObject([still, still])
  })

  it('all streams of a group are read in one', async () => {
    await h.revision()
    await h.create({ desiredCount: 2 })
    const group = new FilterLogEventsCommand({ logGroupName: '/ecs/web' })
    const filter = async () => (await h.logs.send(group)).events ?? []
    const lines = await h.until(filter, (e) => e.length === 4)
    expect(new Set(lines.map((l) => l.logStreamName)).size).toBe(2)
    expect(lines.map((l) => l.message).sort()[0]).toContain('GET /up')
  })
})
