import type { Aws } from '../../src/aws/clients.ts'
import type { Deployment, Service, Task } from '../../src/aws/services/ecs-types.ts'
import type { Clock } from '../../src/core/clock.ts'
import { fakeAws } from '../support/models/fake.ts'

export const REGION = 'us-east-1'
export const arnOf = (revision: string): string => `arn:aws:ecs:us-east-1:111122223333:task-definition/${revision}`
/** Seconds on AWS's clock. */
export const at = (s: number): Date => new Date(1_800_000_000_000 + s * 1000)
export const SINCE = at(100).getTime()

/** An account in which only these operations are answered: with an output, an error, or what a function of the input gives. */
export const account = (answers: Readonly<Record<string, unknown>>): Aws & { readonly sent: [string, unknown][] } => {
  const sent: [string, unknown][] = []
  const send = async (operation: string, input: unknown): Promise<unknown> => {
    sent.push([operation, input])
    if (!(operation in answers)) throw new Error(`unexpected call: ${operation}`)
    const given = answers[operation]
    const answer: unknown = typeof given === 'function' ? given(input) : given
    if (answer instanceof Error) throw answer
    return answer
  }
  const any = new Proxy(
    { sent },
    {
      get: (target, name) => (name === 'sent' ? target.sent : name === 'then' || name === 'toJSON' ? undefined : send),
    },
  )
  return fakeAws<{ readonly sent: [string, unknown][] }>(any)
}

export const awsError = (name: string, message = name): Error =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 400 } })

/** A clock that a test can wait on without waiting. */
export const quickClock = (): Clock & { readonly slept: number[] } => {
  let now = 0
  const slept: number[] = []
  return {
    slept,
    now: () => now,
    sleep: async (ms) => {
      slept.push(ms)
      now += ms
    },
  }
}

export const deployment = (revision: string, more: Partial<Deployment> = {}): Deployment => ({
  id: `ecs-svc/${revision}`,
  status: 'PRIMARY',
  taskDefinition: arnOf(revision),
  desiredCount: 1,
  runningCount: 1,
  pendingCount: 0,
  failedTasks: 0,
  createdAt: at(100),
  rolloutState: 'IN_PROGRESS',
  ...more,
})

export const service = (deployments: readonly Deployment[], more: Partial<Service> = {}): Service => ({
  serviceName: 'web',
  status: 'ACTIVE',
  desiredCount: 1,
  runningCount: 1,
  pendingCount: 0,
  taskDefinition: deployments.find((d) => d.status === 'PRIMARY')?.taskDefinition ?? '',
  deployments: [...deployments],
  events: [],
  ...more,
})

export const task = (revision: string, more: Partial<Task> = {}): Task => ({
  taskArn: 'arn:aws:ecs:us-east-1:111122223333:task/shop/abc123',
  taskDefinitionArn: arnOf(revision),
  startedBy: `ecs-svc/${revision}`,
  lastStatus: 'RUNNING',
  desiredStatus: 'RUNNING',
  createdAt: at(101),
  containers: [{ name: 'web', lastStatus: 'RUNNING' }],
  ...more,
})

export const ended = (revision: string, stoppedReason: string, more: Partial<Task> = {}): Task =>
  task(revision, {
    lastStatus: 'STOPPED',
    desiredStatus: 'STOPPED',
    stoppedAt: at(110),
    stopCode: 'TaskFailedToStart',
    stoppedReason,
    containers: [],
    ...more,
  })

export const event = (s: number, message: string) => ({
  id: `${s}-${message.length}`,
  createdAt: at(s),
  message: `(service web) ${message}`,
})
