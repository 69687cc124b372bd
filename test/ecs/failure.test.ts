import { describe, expect, it } from 'vitest'
import type { TaskDefinition } from '../../src/aws/services/ecs-types.ts'
import { explainTask, whatNow } from '../../src/ecs/failure.ts'
import { progressLine, progressOf } from '../../src/ecs/progress.ts'
import { account, arnOf, at, awsError, deployment, ended, quickClock, REGION, SINCE, service, task } from './support.ts'

const logs = (region = REGION) => ({
  logDriver: 'awslogs' as const,
  options: { 'awslogs-group': '/ecs/web', 'awslogs-region': region, 'awslogs-stream-prefix': 'p' },
})
const definition = (logConfiguration: object = logs()): TaskDefinition => ({
  containerDefinitions: [
    { name: 'side', logConfiguration: logs() },
    { name: 'web', logConfiguration: logConfiguration as never },
  ],
})
const crashed = ended('web:8', 'Essential container in task exited', {
  stopCode: 'EssentialContainerExited',
  startedAt: at(102),
  containers: [
    { name: 'side', exitCode: 0 },
    { name: 'web', exitCode: 1, reason: 'bad' },
  ],
})
const ask = (answers: Record<string, unknown>, more: Partial<Parameters<typeof explainTask>[2]> = {}, of = crashed) => {
  const aws = account(answers)
  const clock = quickClock()
  const failure = explainTask(of, 'why', {
    aws,
    definition: definition(),
    region: REGION,
    clock,
    ours: true,
    said: [],
    ...more,
  })
  return failure.then((f) => ({ ...f, aws, clock }))
}

describe('a task that failed', () => {
  it('with the last twenty lines of the container that did', async () => {
    const lines = Array.from({ length: 25 }, (_, i) => ({ message: `line ${i}\n` }))
    const { aws, ...f } = await ask({ GetLogEvents: { events: lines } })
    expect(f).toMatchObject({
      task: 'abc123',
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      containers: [
        { name: 'side', exitCode: 0 },
        { name: 'web', exitCode: 1, reason: 'bad' },
      ],
      logFrom: '/ecs/web p/web/abc123',
      meaning: { what: 'its command ended with 1' },
      secrets: [],
    })
    expect(f.log).toEqual(lines.slice(5).map((l) => l.message.trim()))
    expect(aws.sent[0]).toEqual([
      'GetLogEvents',
      { logGroupName: '/ecs/web', logStreamName: 'p/web/abc123', limit: 20, startFromHead: false },
    ])
  })

  it('whose last lines come a moment late is waited for; one that wrote nothing is not waited for long', async () => {
    let n = 0
    const late = await ask({
      GetLogEvents: () => (++n < 3 ? awsError('ResourceNotFoundException') : { events: [{ message: 'one\ntwo\n' }] }),
    })
    expect(late.log).toEqual(['one', 'two'])
    const silent = await ask({ GetLogEvents: { events: [] } })
    expect([silent.log, silent.logFrom, silent.clock.slept]).toEqual([[], '/ecs/web p/web/abc123 is empty', [1000, 1000, 1000]])
    const never = await ask({ GetLogEvents: awsError('ResourceNotFoundException') }, {}, { ...crashed, startedAt: undefined })
    expect(never.clock.slept).toEqual([])
  })

  it.each<[string, Record<string, unknown>, TaskDefinition, RegExp]>([
    ['another place', {}, definition({ logDriver: 'awsfirelens' }), /goes to awsfirelens/],
    ['nowhere', {}, { containerDefinitions: [{ name: 'web' }] }, /goes to nowhere/],
    ['another region', {}, definition(logs('eu-west-1')), /in eu-west-1/],
    [
      'where this identity may not read',
      { GetLogEvents: awsError('AccessDeniedException') },
      definition(),
      /may not read \(logs:GetLogEvents\)/,
    ],
  ])('whose log is %s says so', async (_, answers, d, words) => {
    expect((await ask(answers, { definition: d })).logFrom).toMatch(words)
  })

  it('is no task at all: only AWS has words for it', async () => {
    const f = await explainTask(undefined, 'was unable to place a task. Reason: Capacity is unavailable at this time', {
      aws: account({}),
      definition: definition(),
      region: REGION,
      clock: quickClock(),
      ours: false,
      said: [],
    })
    expect(f).toMatchObject({ task: undefined, log: [], meaning: { what: 'AWS has no room for it now' } })
  })

  it('for want of a secret: each is looked up', async () => {
    const d: TaskDefinition = {
      containerDefinitions: [
        { name: 'web', secrets: [{ name: 'K', valueFrom: 'arn:aws:secretsmanager:us-east-1:1:secret:x-AbCdEf:k::' }] },
      ],
    }
    const stopped = ended(
      'web:8',
      'ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secret from asm: did not contain json key k',
    )
    const f = await ask(
      {
        DescribeSecret: { ARN: 'arn:aws:secretsmanager:us-east-1:1:secret:x-AbCdEf', Name: 'x' },
        GetSecretValue: { SecretString: '{"other":"hunter2"}' },
      },
      { definition: d },
      stopped,
    )
    expect(f.secrets).toEqual([{ variable: 'K', wrong: 'The secret x has no key k: it has other', unknown: undefined }])
    expect(JSON.stringify(f)).not.toContain('hunter2')
  })
})

describe('what ECS does now', () => {
  const old = deployment('web:7', { status: 'ACTIVE', runningCount: 2 })
  const of = (deploymentConfiguration: object) => service([deployment('web:8'), old], { deploymentConfiguration })
  it.each([
    [{ deploymentCircuitBreaker: { enable: true, rollback: true } }, 'then gives up and brings web:7 back by itself'],
    [{ alarms: { alarmNames: ['a'], enable: true, rollback: true } }, 'brings web:7 back by itself'],
    [{ deploymentCircuitBreaker: { enable: true, rollback: false } }, 'it does not bring web:7 back'],
    [{}, 'goes on trying: the service has no circuit breaker'],
  ])('%j', (settings, words) => {
    expect(whatNow(of(settings), 'web:7')).toContain(words)
    expect(whatNow(of(settings), 'web:7')).toMatch(/^2 tasks of web:7 still run\. ECS /)
    expect(whatNow(service([deployment('web:8')]), 'web:7')).not.toContain('still')
  })
})

describe('how far it is, in a line', () => {
  const aim = { revision: arnOf('web:8'), deployment: 'ecs-svc/web:8', since: SINCE }
  it('what runs, what starts, what the load balancer thinks, what is left of the old', () => {
    const s = service([
      deployment('web:8', { desiredCount: 3, runningCount: 1, failedTasks: 2 }),
      deployment('web:7', { status: 'ACTIVE', runningCount: 3 }),
    ])
    const tasks = [
      task('web:8', { lastStatus: 'PENDING' }),
      task('web:8', { lastStatus: 'PROVISIONING' }),
      task('web:8'),
      task('web:7', { lastStatus: 'PENDING' }),
    ]
    const target = (id: string, state: string, code?: string) => ({ id, port: 80, state, code, description: undefined })
    const targets = [
      target('a', 'healthy'),
      target('b', 'initial', 'Elb.InitialHealthChecking'),
      target('c', 'unhealthy', 'Target.Timeout'),
    ]
    expect(progressLine(progressOf(aim, { service: s, tasks, targets }))).toBe(
      '1 of 3 new tasks running, 1 pending, 1 provisioning, 2 failed, 1 healthy behind the load balancer, 1 waiting for the health check, c unhealthy: the health check got no answer in time: the port is closed to the load balancer, or the application is slow, 3 old tasks still there',
    )
  })
  it('of one that something else has taken the place of', () => {
    expect(progressLine(progressOf(aim, { service: service([deployment('web:9')]), tasks: [], targets: [] }))).toBe(
      '0 of 1 new task running, 1 old task still there',
    )
  })
})
