import { describe, expect, it } from 'vitest'
import type { Service, Task } from '../../src/aws/services/ecs-types.ts'
import { type News, watch } from '../../src/ecs/watch.ts'
import { account, arnOf, awsError, deployment, ended, event, quickClock, SINCE, service, task } from './support.ts'

const aim = { revision: arnOf('web:8'), deployment: 'ecs-svc/web:8', since: SINCE }
const going = service([deployment('web:8', { runningCount: 0 })])
const done = service([deployment('web:8', { rolloutState: 'COMPLETED' })])
const lost = Object.assign(new Error('socket hang up'), { name: 'TimeoutError' })

/** What AWS shows, look by look; the last one stays. */
const looks = <T>(...all: T[]) => {
  const rest = [...all]
  return (): T => (rest.length > 1 ? rest.shift() : rest[0]) as T
}
const asAnswer = (s: Service | Error): unknown => (s instanceof Error ? s : { services: [s] })

interface Played {
  readonly services: (Service | Error)[]
  readonly tasks?: Task[][]
  readonly more?: Record<string, unknown>
  readonly signal?: AbortSignal
}
const play = async ({ services, tasks = [[]], more = {}, signal = new AbortController().signal }: Played) => {
  const heard: News[] = []
  const clock = quickClock()
  const next = looks(...services)
  const nextTasks = looks(...tasks)
  let now: Task[] = []
  const aws = account({
    DescribeServices: () => asAnswer(next()),
    ListTasks: ({ desiredStatus }: { desiredStatus: string }) => {
      if (desiredStatus === 'RUNNING') now = nextTasks()
      return { taskArns: desiredStatus === 'RUNNING' ? now.map((t) => t.taskArn) : [] }
    },
    DescribeTasks: () => ({ tasks: now }),
    ...more,
  })
  const seen = await watch({
    aws,
    cluster: 'shop',
    name: 'web',
    aim,
    known: new Set(['90-1']),
    clock,
    signal,
    hear: (n) => heard.push(n),
  })
  return { ...seen, heard, clock, aws }
}
const events = (heard: News[]): string[] => heard.flatMap((n) => (n.type === 'event' ? [n.message] : []))

describe('following a rollout', () => {
  it('to its end, and tells each event once, oldest first, and none from before', async () => {
    const started = event(101, 'has started 1 tasks')
    const steady = event(120, 'has reached a steady state.')
    const before = event(50, 'has reached a steady state.')
    const { ending, heard, clock } = await play({
      services: [
        { ...going, events: [started, before] },
        { ...going, events: [started, before] },
        { ...done, events: [steady, started, before] },
      ],
    })
    expect(ending).toEqual({ is: 'steady' })
    expect(events(heard)).toEqual([started.message, steady.message])
    expect(clock.slept).toEqual([500, 500])
    expect(heard.filter((n) => n.type === 'rollout')).toHaveLength(3)
  })

  it('a network that is away for a moment does not end it; one that stays away does', async () => {
    expect((await play({ services: [lost, lost, lost, done] })).ending).toEqual({ is: 'steady' })
    await expect(play({ services: [lost] })).rejects.toThrow('socket hang up')
    await expect(play({ services: [awsError('AccessDeniedException')] })).rejects.toThrow('AccessDenied')
  })

  it('that ECS does not show it for a moment is not its end', async () => {
    const missing = { ...going, status: 'INACTIVE' }
    const { ending } = await play({ services: [going, missing, missing, going, missing, done] })
    expect(ending).toEqual({ is: 'steady' })
    const gone = await play({ services: [going, missing] })
    expect(gone.ending).toEqual({ is: 'gone' })
    expect(gone.clock.now()).toBeGreaterThanOrEqual(5000)
  })

  it('a hundred tasks are one page: all are listed, and described a hundred at once', async () => {
    const all = Array.from({ length: 230 }, (_, i) => task('web:8', { taskArn: `arn:task/${i}` }))
    const last = ended('web:8', 'Essential container in task exited', { taskArn: 'arn:task/229' })
    const asked: number[] = []
    const { ending } = await play({
      services: [going],
      more: {
        ListTasks: ({ desiredStatus, nextToken = '0' }: { desiredStatus: string; nextToken?: string }) => {
          const from = Number(nextToken)
          if (desiredStatus === 'STOPPED') return { taskArns: [] }
          const taskArns = all.slice(from, from + 100).map((t) => t.taskArn)
          return { taskArns, ...(from + 100 < all.length ? { nextToken: String(from + 100) } : {}) }
        },
        DescribeTasks: ({ tasks }: { tasks: string[] }) => {
          asked.push(tasks.length)
          return { tasks: tasks.map((arn) => (arn === last.taskArn ? last : all.find((t) => t.taskArn === arn))) }
        },
      },
    })
    expect(ending).toMatchObject({ is: 'failed', task: { taskArn: 'arn:task/229' } })
    expect(asked.slice(0, 3)).toEqual([100, 100, 30])
  })

  it('old tasks that are still draining are waited for: their delay comes on top of the ten minutes', async () => {
    const slow = { ...going, loadBalancers: [{ targetGroupArn: 'arn:tg' }] }
    const Attributes = [{ Key: 'deregistration_delay.timeout_seconds', Value: '3600' }]
    const { ending, clock } = await play({
      services: [slow],
      more: { DescribeTargetGroupAttributes: { Attributes }, DescribeTargetHealth: {} },
    })
    expect(ending).toEqual({ is: 'stuck', minutes: 70 })
    expect(clock.now()).toBeGreaterThan(4_200_000)
    const denied = await play({
      services: [slow],
      more: { DescribeTargetGroupAttributes: awsError('AccessDeniedException'), DescribeTargetHealth: {} },
    })
    expect(denied.ending).toEqual({ is: 'stuck', minutes: 10 })
  })

  it('where nothing moves for ten minutes it is given up, and as long as something moves it is not', async () => {
    const { ending, clock } = await play({ services: [going] })
    expect(ending).toEqual({ is: 'stuck', minutes: 10 })
    expect(clock.now()).toBeGreaterThan(600_000)
    expect(clock.now()).toBeLessThan(615_000)
    expect(Math.max(...clock.slept)).toBe(10_000)
    let n = 100
    const busy = await play({
      services: [going],
      more: { DescribeServices: () => ({ services: [n++ > 400 ? done : { ...going, events: [event(n, `tries ${n}`)] }] }) },
    })
    expect(busy.ending).toEqual({ is: 'steady' })
    expect(busy.clock.now()).toBeGreaterThan(1_200_000)
  })

  it('Ctrl-C ends it after the look that is under way', async () => {
    const controller = new AbortController()
    controller.abort()
    const { ending, scene } = await play({ services: [going], signal: controller.signal })
    expect(ending).toEqual({ is: 'interrupted' })
    expect(scene?.service.serviceName).toBe('web')
  })

  it('a rollout that ECS has given up is looked at twice: its task may be listed a moment later', async () => {
    const given = service([deployment('web:8', { rolloutState: 'FAILED' })])
    const failed = ended('web:8', 'OutOfMemoryError: x')
    const { ending, clock } = await play({ services: [given], tasks: [[], [failed]] })
    expect(ending).toMatchObject({ is: 'failed', task: failed })
    expect(clock.slept).toHaveLength(1)
    const nameless = await play({ services: [given] })
    expect([nameless.ending.is, nameless.clock.slept.length]).toEqual(['failed', 1])
  })

  it('a service that was deleted meanwhile', async () => {
    expect((await play({ services: [{ ...going, status: 'INACTIVE' }] })).ending).toEqual({ is: 'gone' })
  })

  it('a task that AWS was slow with is told, once, and its successor is waited for', async () => {
    const slow = ended('web:8', 'Timeout waiting for network interface provisioning to complete.')
    const { ending, heard } = await play({ services: [going, going, done], tasks: [[slow]] })
    expect(ending).toEqual({ is: 'steady' })
    expect(heard.filter((n) => n.type === 'task.retried')).toEqual([{ type: 'task.retried', task: slow }])
  })

  it('who may not look at tasks and targets follows by what the service says', async () => {
    const barred = awsError('AccessDeniedException', 'not allowed')
    const { ending, heard, aws } = await play({ services: [going, going, done], more: { ListTasks: barred } })
    expect(ending).toEqual({ is: 'steady' })
    expect(heard.filter((n) => n.type === 'note')).toEqual([{ type: 'note', text: 'not looked at: the tasks (not allowed)' }])
    expect(aws.sent.filter(([op]) => op === 'ListTasks')).toHaveLength(2)
  })

  it('the targets of the new tasks, and what the load balancer last said of them', async () => {
    const at = (address: string) => [{ type: 'eni', details: [{ name: 'privateIPv4Address', value: address }] }]
    const own = task('web:8', { attachments: at('10.0.0.8') })
    const other = task('web:7', { attachments: at('10.0.0.7') })
    const balanced = {
      ...going,
      loadBalancers: [{ targetGroupArn: 'a', advancedConfiguration: { alternateTargetGroupArn: 'b' } }, { targetGroupArn: 'a' }],
    }
    const health = (Id: string, State: string, Reason?: string) => ({
      Target: { Id, Port: 80 },
      TargetHealth: { State, Reason, Description: Reason },
    })
    const { said, heard, aws } = await play({
      services: [balanced, done],
      tasks: [[own, other]],
      more: {
        DescribeTargetHealth: ({ TargetGroupArn }: { TargetGroupArn: string }) => ({
          TargetHealthDescriptions:
            TargetGroupArn === 'a' ? [health('10.0.0.8', 'unhealthy', 'Target.Timeout'), health('10.0.0.7', 'healthy')] : [],
        }),
      },
    })
    expect(aws.sent.filter(([op]) => op === 'DescribeTargetHealth').map(([, input]) => input)).toEqual([
      { TargetGroupArn: 'a' },
      { TargetGroupArn: 'b' },
    ])
    expect(heard[0]).toMatchObject({
      type: 'rollout',
      progress: { targets: [{ id: '10.0.0.8', state: 'unhealthy', reason: expect.stringContaining('no answer in time') }] },
    })
    expect([...said]).toEqual([['10.0.0.8', 'Target.Timeout']])
  })

  it('more than a hundred tasks are asked for in parts', async () => {
    const many = Array.from({ length: 150 }, (_, i) => task('web:8', { taskArn: `t${i}` }))
    const { aws } = await play({ services: [done], tasks: [many] })
    expect(
      aws.sent.filter(([op]) => op === 'DescribeTasks').map(([, input]) => (input as { tasks: string[] }).tasks.length),
    ).toEqual([100, 50])
  })
})
