import { describe, expect, it } from 'vitest'
import { checkOneOff, isSame, type OneOff, placeBeside, runningNow, startedBy, startTask } from '../../src/ecs/task.ts'
import { ARN, DEFINITION, oneOff } from '../cli/run/stage.ts'
import { account, awsError, quickClock } from './support.ts'

const network = { awsvpcConfiguration: { subnets: ['s-1'], securityGroups: ['g-1'], assignPublicIp: 'ENABLED' as const } }

const start = async (answers: (unknown | Error)[], o: OneOff = oneOff(), signal = new AbortController().signal) => {
  const clock = quickClock()
  const aws = account({
    RunTask: () => {
      const next = answers.length > 1 ? answers.shift() : answers[0]
      if (next instanceof Error) throw next
      return next
    },
  })
  const task = await startTask(aws, o, { token: 'tok', clock, signal }).catch((e: unknown) => e as Error)
  return { task, sent: aws.sent.map(([, input]) => input as Record<string, unknown>), slept: clock.slept }
}
const STARTED = { tasks: [{ taskArn: ARN }], failures: [] }
const lost = (): Error => Object.assign(new Error('socket hang up'), { name: 'TimeoutError' })

describe('where it runs', () => {
  it.each([
    ['a launch type', { launchType: 'FARGATE' }, { launchType: 'FARGATE' }],
    ['EC2', { launchType: 'EC2' }, { launchType: 'EC2' }],
    ['EXTERNAL', { launchType: 'EXTERNAL' }, { launchType: 'EXTERNAL' }],
    [
      'Spot is not for what runs once',
      { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] },
      { launchType: 'FARGATE' },
    ],
    [
      'capacity providers of its own',
      { capacityProviderStrategy: [{ capacityProvider: 'mine', weight: 1 }] },
      { capacityProviderStrategy: [{ capacityProvider: 'mine', weight: 1 }] },
    ],
    [
      'its network',
      { launchType: 'FARGATE', networkConfiguration: network },
      { launchType: 'FARGATE', networkConfiguration: network },
    ],
    [
      'its platform version',
      { launchType: 'FARGATE', platformVersion: '1.4.0' },
      { launchType: 'FARGATE', platformVersion: '1.4.0' },
    ],
    ['not the newest one by name', { launchType: 'FARGATE', platformVersion: 'LATEST' }, { launchType: 'FARGATE' }],
    ['a way in', { launchType: 'FARGATE', enableExecuteCommand: true }, { launchType: 'FARGATE', enableExecuteCommand: true }],
  ] as const)('%s', (_, service, place) => {
    expect(placeBeside(service as Parameters<typeof placeBeside>[0])).toEqual(place)
  })
})

describe('how it is found again', () => {
  it('by family and command, in the letters that ECS takes', () => {
    const by = startedBy(oneOff())
    expect(by).toMatch(/^infra-run\/shop-dev-web\/[0-9a-f]{12}$/)
    expect(startedBy(oneOff({ environment: { A: '1' }, cluster: 'other' }))).toBe(by)
    expect(startedBy(oneOff({ command: ['python', 'manage.py migrate'] }))).not.toBe(by)
    const family = `${'x'.repeat(254)}a`
    const long = startedBy(oneOff({ definition: { ...DEFINITION, family } }))
    expect(long.length).toBeLessThanOrEqual(128)
    expect(startedBy(oneOff({ definition: { ...DEFINITION, family: `${'x'.repeat(254)}b` } }))).not.toBe(long)
  })

  const task = (more: object = {}) => ({
    taskArn: ARN,
    taskDefinitionArn: DEFINITION.taskDefinitionArn,
    lastStatus: 'RUNNING',
    overrides: {
      containerOverrides: [
        { name: 'side' },
        {
          name: 'web',
          command: ['python', 'manage.py', 'migrate'],
          environment: [
            { name: 'B', value: '2' },
            { name: 'A', value: '1' },
          ],
        },
      ],
    },
    ...more,
  })

  it('is the same with revision, command and variables', () => {
    const o = oneOff({ environment: { A: '1', B: '2' } })
    expect(isSame(task(), o)).toBe(true)
    expect(isSame(task({ taskDefinitionArn: 'x:8' }), o)).toBe(false)
    expect(isSame(task(), oneOff({ environment: { A: '1' } }))).toBe(false)
    expect(isSame(task(), oneOff({ environment: { A: '1', B: '2' }, command: [] }))).toBe(false)
    expect(isSame({ taskArn: ARN, taskDefinitionArn: DEFINITION.taskDefinitionArn ?? '' }, oneOff({ command: [] }))).toBe(true)
  })

  it('lists all pages by startedBy alone, and leaves out what has ended', async () => {
    const aws = account({
      ListTasks: ({ nextToken }: { nextToken?: string }) =>
        nextToken ? { taskArns: ['c'] } : { taskArns: ['a', 'b'], nextToken: 't' },
      DescribeTasks: {
        tasks: [
          { taskArn: 'b', lastStatus: 'RUNNING', createdAt: new Date(2) },
          { taskArn: 'a', lastStatus: 'PENDING', createdAt: new Date(1) },
          { taskArn: 'c', lastStatus: 'STOPPED', createdAt: new Date(0) },
        ],
      },
    })
    expect((await runningNow(aws, oneOff())).map((t) => t.taskArn)).toEqual(['a', 'b'])
    expect(aws.sent.map(([, i]) => i)).toEqual([
      { cluster: 'shop', startedBy: startedBy(oneOff()) },
      { cluster: 'shop', startedBy: startedBy(oneOff()), nextToken: 't' },
      { cluster: 'shop', tasks: ['a', 'b', 'c'] },
    ])
    expect(await runningNow(account({ ListTasks: { taskArns: [] } }), oneOff())).toEqual([])
  })
})

describe('its start', () => {
  it('says all that ECS must know', async () => {
    const o = oneOff({
      environment: { A: '1' },
      tags: { 'infra:stack': 'shop/dev' },
      place: { launchType: 'FARGATE', networkConfiguration: network },
    })
    const { task, sent } = await start([STARTED], o)
    expect(task).toEqual({ taskArn: ARN })
    expect(sent).toEqual([
      {
        cluster: 'shop',
        taskDefinition: DEFINITION.taskDefinitionArn,
        count: 1,
        clientToken: 'tok',
        startedBy: startedBy(o),
        launchType: 'FARGATE',
        networkConfiguration: network,
        overrides: {
          containerOverrides: [
            { name: 'web', command: ['python', 'manage.py', 'migrate'], environment: [{ name: 'A', value: '1' }] },
          ],
        },
        tags: [{ key: 'infra:stack', value: 'shop/dev' }],
      },
    ])
  })

  it('without a command, what the definition says', async () => {
    const { sent } = await start([STARTED], oneOff({ command: [] }))
    expect(sent[0]).not.toHaveProperty('overrides')
    expect(sent[0]).not.toHaveProperty('tags')
  })

  it('a lost answer: once more with the same token, also when told to stop', async () => {
    const stopped = new AbortController()
    stopped.abort()
    for (const signal of [new AbortController().signal, stopped.signal]) {
      const { task, sent } = await start([lost(), lost(), STARTED], oneOff(), signal)
      expect(task).toEqual({ taskArn: ARN })
      expect(sent.map((s) => s.clientToken)).toEqual(['tok', 'tok', 'tok'])
    }
    const never = await start([lost()])
    expect(never.task).toMatchObject({ name: 'TimeoutError' })
    expect(never.sent).toHaveLength(4)
  })

  it('a role that is not known everywhere yet is waited for, a refusal is not', async () => {
    const early = awsError('ClientException', 'ECS was unable to assume the role that was provided for this task.')
    expect((await start([early, early, STARTED])).task).toEqual({ taskArn: ARN })
    expect((await start([early])).sent.length).toBeLessThan(8)
    expect((await start([awsError('AccessDeniedException')])).sent).toHaveLength(1)
  })

  it.each([
    ['RESOURCE:ENI', 'There is no network interface left for the task'],
    ['RESOURCE:MEMORY', 'No machine of the cluster has room for the task'],
    [
      'Capacity is unavailable at this time. Please try again later or in a different availability zone',
      'AWS has no room for the task in these zones now',
    ],
    ["You've reached the limit on the number of vCPUs you can run concurrently", 'An account limit of Fargate is reached'],
    ['AGENT', 'The cluster has no machine that can run the task'],
    ['EMPTY CAPACITY PROVIDER', 'The cluster has no machine that can run the task'],
    ['something new', 'AWS did not start the task'],
  ])('a failure %s is explained, and ends it', async (reason, what) => {
    const { task, sent } = await start([{ tasks: [], failures: [{ reason, detail: 'more' }] }])
    expect(task).toMatchObject({ what, why: `${reason}: more`, exitCode: 1, next: expect.any(String) })
    expect(sent).toHaveLength(1)
  })

  it('an answer with nothing in it', async () => {
    expect((await start([{}])).task).toMatchObject({ why: 'AWS gave no reason' })
  })
})

describe('what is refused before', () => {
  const refused = (o: OneOff): unknown => {
    try {
      checkOneOff(o)
    } catch (error) {
      return error
    }
    return undefined
  }
  it('a variable that is a secret', () => {
    expect(refused(oneOff({ environment: { DB_PASSWORD: 'x' } }))).toMatchObject({
      exitCode: 2,
      what: expect.stringContaining('DB_PASSWORD is a secret'),
    })
    expect(refused(oneOff({ environment: { OTHER: 'x' } }))).toBeUndefined()
  })
  it('more than ECS takes', () => {
    expect(refused(oneOff({ command: ['x'.repeat(8192)] }))).toMatchObject({
      exitCode: 2,
      what: 'The command and its variables are too long',
    })
    expect(refused(oneOff({ command: ['x'.repeat(8000)] }))).toBeUndefined()
  })
  it('a volume that nobody says how to make', () => {
    expect(refused(oneOff({ definition: { ...DEFINITION, volumes: [{ name: 'v', configuredAtLaunch: true }] } }))).toMatchObject({
      exitCode: 2,
    })
  })
})
