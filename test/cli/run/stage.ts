import type { Task, TaskDefinition } from '../../../src/aws/services/ecs-types.ts'
import type { OneOff } from '../../../src/ecs/task.ts'
import { type Follow, followTask, type TaskEnd, type TaskNews } from '../../../src/ecs/task-follow.ts'
import { account, quickClock } from '../../ecs/support.ts'

export const ARN = 'arn:aws:ecs:us-east-1:111122223333:task/shop/0123456789abcdef0123456789abcdef'
export const DEFINITION: TaskDefinition = {
  family: 'shop-dev-web',
  revision: 7,
  taskDefinitionArn: 'arn:aws:ecs:us-east-1:111122223333:task-definition/shop-dev-web:7',
  cpu: '256',
  memory: '512',
  containerDefinitions: [
    {
      name: 'web',
      image: 'nginx:1',
      essential: true,
      secrets: [{ name: 'DB_PASSWORD', valueFrom: 'arn:aws:secretsmanager:us-east-1:1:secret:x-AbCdEf' }],
      logConfiguration: {
        logDriver: 'awslogs',
        options: { 'awslogs-group': '/ecs/shop', 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'web' },
      },
    },
  ],
}

export const oneOff = (more: Partial<OneOff> = {}): OneOff => ({
  cluster: 'shop',
  definition: DEFINITION,
  container: 'web',
  command: ['python', 'manage.py', 'migrate'],
  environment: {},
  place: { launchType: 'FARGATE' },
  tags: {},
  ...more,
})

/** How a task looks at one look. */
export interface Look {
  readonly task?: Partial<Task> | undefined
  /** Seconds that pass first. */
  readonly error?: Error
}
/** Lines that can be read from so many milliseconds after the begin. */
export type Line = readonly [from: number, message: string]

export const running: Look = {
  task: { lastStatus: 'RUNNING', startedAt: new Date(1), containers: [{ name: 'web', lastStatus: 'RUNNING' }] },
}
export const ended = (exitCode: number | undefined, more: Partial<Task> = {}): Look => ({
  task: {
    lastStatus: 'STOPPED',
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    startedAt: new Date(1),
    containers: [{ name: 'web', lastStatus: 'STOPPED', ...(exitCode === undefined ? {} : { exitCode }) }],
    ...more,
  },
})

export interface Played {
  readonly end: TaskEnd
  readonly news: readonly TaskNews[]
  readonly logged: readonly string[]
  readonly sent: readonly [string, unknown][]
  readonly elapsed: number
}

/** Follows a task that looks like this, one look after the other; the last one stays. */
export const play = async (
  looks: readonly Look[],
  lines: readonly Line[],
  {
    logErrors = [],
    stopAt,
    stop = {},
    definition = DEFINITION,
    ...more
  }: Partial<Follow> & {
    readonly definition?: TaskDefinition
    /** Of the first reads of the log. */
    readonly logErrors?: readonly (Error | undefined)[]
    /** Ctrl-C before this look, counted from 0. */
    readonly stopAt?: number
    readonly stop?: object | (() => object)
  } = {},
): Promise<Played> => {
  const clock = quickClock()
  const controller = new AbortController()
  const news: TaskNews[] = []
  let looked = 0
  let reads = 0
  const aws = account({
    DescribeTasks: () => {
      const look = looks[Math.min(looked, looks.length - 1)]
      looked++
      if (stopAt === looked) controller.abort()
      if (look?.error) throw look.error
      return { tasks: look?.task ? [{ taskArn: ARN, ...look.task }] : [], failures: [] }
    },
    StopTask: stop,
    // A page has one line; at the end the same token comes again.
    GetLogEvents: ({ nextToken = 'f/0' }: { nextToken?: string }) => {
      const error = logErrors[reads++]
      if (error) throw error
      const at = Number(nextToken.slice(2))
      const line = lines[at]
      if (!line || line[0] > clock.now()) return { events: [], nextForwardToken: nextToken }
      return { events: [{ timestamp: 1000 + at, message: line[1] }], nextForwardToken: `f/${at + 1}` }
    },
  })
  const end = await followTask(aws, { cluster: 'shop', definition, container: 'web' }, ARN, {
    clock,
    signal: controller.signal,
    reason: 'test',
    hear: (n) => news.push(n),
    ...more,
  })
  const logged = news.flatMap((n) => (n.type === 'log' ? [n.message] : []))
  return { end, news, logged, sent: aws.sent, elapsed: clock.now() }
}
