import { execFile } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import type { Aws } from '../../../src/aws/clients.ts'
import type { Clock } from '../../../src/core/clock.ts'
import type { TaskPlace } from '../../../src/database/task.ts'
import type { TaskEnvironment } from '../../../src/database/task-environment.ts'
import { fakeAws } from '../../support/models/fake.ts'
import type { Secrets } from '../support.ts'

/** What a call may hold, by AWS's own documents (API_RunTask, API_DescribeTasks, API_StopTask, API_GetLogEvents). */
const SHAPES: Readonly<Record<string, readonly string[]>> = {
  RunTask: [
    'cluster',
    'taskDefinition',
    'launchType',
    'count',
    'clientToken',
    'startedBy',
    'networkConfiguration',
    'overrides',
    'tags',
    'propagateTags',
  ],
  DescribeTasks: ['cluster', 'tasks', 'include'],
  StopTask: ['cluster', 'task', 'reason'],
  GetLogEvents: ['logGroupName', 'logStreamName', 'startFromHead', 'nextToken', 'limit'],
}
const error = (name: string, message = name, more: object = {}): Error => Object.assign(new Error(message), { name, ...more })

interface RunTaskInput {
  cluster: string
  taskDefinition: string
  launchType: string
  count: number
  clientToken: string
  startedBy: string
  networkConfiguration: { awsvpcConfiguration: { subnets: string[]; securityGroups: string[]; assignPublicIp: string } }
  overrides: { containerOverrides: { name: string; command: string[] }[] }
}

interface Container {
  arn: string
  input: RunTaskInput
  looks: number
  done: boolean
  stopped: boolean
  exitCode?: number
  lines: string[]
}

/** How the next container goes; anything that is not given goes well. */
export interface Fate {
  /** RunTask answers with this error, or with this failure. */
  refused?: Error
  failure?: { reason: string; detail?: string }
  /** RunTask starts it, and this error comes instead of the answer. */
  lost?: Error
  /** It never starts: `stoppedReason`, and the container's own. */
  noStart?: readonly [reason: string, containerReason?: string]
  /** It runs this instead of its command. */
  command?: readonly string[]
  /** Looks at its log that still find only a part of it. */
  lag?: number
  /** Looks at it that find it still running although it has written all. */
  lingers?: number
  /** It runs until it is told to stop. */
  endless?: boolean
}

/** Time that passes so many times faster than here. */
export const fastClock = (times: number): Clock => {
  let now = 0
  return {
    now: () => now,
    async sleep(ms) {
      now += ms
      await wait(ms / times)
    },
  }
}

export const PLACE: TaskPlace = {
  cluster: 'shop-sql',
  taskDefinition: 'arn:aws:ecs:us-east-1:123456789012:task-definition/shop-sql:3',
  container: 'psql',
  logGroup: '/ecs/shop-sql',
  streamPrefix: 'psql',
  subnets: ['subnet-1', 'subnet-2'],
  securityGroups: ['sg-1'],
  publicAddress: true,
}

/** An account in which containers really run their command, on this machine. */
export class Containers {
  readonly started: Container[] = []
  readonly calls: string[] = []
  fates: Fate[] = []
  readonly #of = new Map<string, Fate>()
  /** As the task definition gives it, with secrets. */
  #env: () => Promise<Record<string, string>>

  /** @param bin a folder whose programs come before those of this machine */
  constructor(environment: TaskEnvironment | undefined, secrets: Secrets, bin?: string) {
    this.#env = async () => ({
      PATH: [...(bin ? [bin] : []), process.env.PATH ?? ''].join(':'),
      ...environment?.environment,
      ...Object.fromEntries(Object.entries(environment?.secrets ?? {}).map(([k, from]) => [k, secretAt(secrets, from)])),
    })
  }

  readonly aws: Pick<Aws, 'ecs' | 'logs'> = fakeAws({
    ecs: (operation: string, input: object) => this.#answer(operation, input),
    logs: (operation: string, input: object) => this.#answer(operation, input),
  })

  async #answer(operation: string, input: object): Promise<unknown> {
    this.calls.push(operation)
    const unknown = Object.keys(input).filter((k) => !SHAPES[operation]?.includes(k))
    if (unknown.length > 0) throw new Error(`${operation} knows no ${unknown.join(', ')}`)
    await wait(1)
    if (operation === 'RunTask') return this.#runTask(input as RunTaskInput)
    if (operation === 'DescribeTasks') return this.#describe(input as { cluster: string; tasks: string[] })
    if (operation === 'StopTask') return this.#stop(input as { task: string })
    if (operation === 'GetLogEvents')
      return this.#log(input as { logGroupName: string; logStreamName: string; nextToken?: string; startFromHead?: boolean })
    throw new Error(`${operation} is not known here`)
  }

  #runTask(input: RunTaskInput): unknown {
    const { clientToken, overrides, networkConfiguration, cluster, launchType, count } = input
    const { subnets, securityGroups, assignPublicIp } = networkConfiguration.awsvpcConfiguration
    if (JSON.stringify(overrides).length > 8192)
      throw error('InvalidParameterException', 'Container Overrides length must be at most 8192')
    if (!/^[\x21-\x7e]{1,64}$/.test(clientToken)) throw error('InvalidParameterException', 'clientToken')
    if (subnets.length === 0 || securityGroups.length === 0 || !/^(EN|DIS)ABLED$/.test(assignPublicIp))
      throw error('InvalidParameterException', 'networkConfiguration')
    if (cluster !== PLACE.cluster) throw error('ClusterNotFoundException')
    if (launchType !== 'FARGATE' || count !== 1) throw error('InvalidParameterException')
    const known = this.started.find((c) => c.input.clientToken === clientToken)
    if (known && JSON.stringify(known.input) !== JSON.stringify(input)) throw error('ConflictException')
    if (known) return { tasks: [{ taskArn: known.arn }], failures: [] }
    const fate = this.fates.shift() ?? {}
    if (fate.refused) throw fate.refused
    if (fate.failure) return { tasks: [], failures: [fate.failure] }
    const arn = `arn:aws:ecs:us-east-1:123456789012:task/${cluster}/${String(this.started.length + 1).padStart(32, '0')}`
    const container: Container = { arn, input, looks: 0, done: false, stopped: false, lines: [] }
    this.started.push(container)
    this.#of.set(arn, fate)
    if (!fate.noStart && !fate.endless) this.#run(container, fate)
    if (fate.lost) throw fate.lost
    return { tasks: [{ taskArn: arn, lastStatus: 'PROVISIONING' }], failures: [] }
  }

  async #run(container: Container, { command }: Fate): Promise<void> {
    const [file = '', ...args] = command ?? container.input.overrides.containerOverrides[0]?.command ?? []
    execFile(file, args, { env: await this.#env(), maxBuffer: 1 << 26, cwd: '/' }, (failed, stdout, stderr) => {
      container.lines = `${stdout}${stderr}`.split('\n').slice(0, -1)
      container.exitCode = failed ? (typeof failed.code === 'number' ? failed.code : 137) : 0
      container.done = true
    })
  }

  #describe({ cluster, tasks }: { cluster: string; tasks: string[] }): unknown {
    if (cluster !== PLACE.cluster) throw error('ClusterNotFoundException')
    const known = this.started.filter((c) => tasks.includes(c.arn))
    return {
      tasks: known.map((c) => {
        const fate = this.#of.get(c.arn) ?? {}
        const looks = c.looks++
        const about = { taskArn: c.arn, clusterArn: cluster }
        const noStart = fate.noStart
        if (noStart && looks > 1) {
          c.stopped = true
          const [stoppedReason, reason] = noStart
          const containers = [{ name: PLACE.container, lastStatus: 'STOPPED', ...(reason ? { reason } : {}) }]
          return { ...about, lastStatus: 'STOPPED', stopCode: 'TaskFailedToStart', stoppedReason, containers }
        }
        if (looks < 2 || noStart) return { ...about, lastStatus: looks === 0 ? 'PROVISIONING' : 'PENDING' }
        if (!c.done || (fate.lingers ?? 0) > 0) {
          if (c.done && fate.lingers) fate.lingers--
          return { ...about, lastStatus: 'RUNNING', containers: [{ name: PLACE.container }] }
        }
        c.stopped = true
        const containers = [{ name: PLACE.container, lastStatus: 'STOPPED', exitCode: c.exitCode }]
        return {
          ...about,
          lastStatus: 'STOPPED',
          stopCode: 'EssentialContainerExited',
          stoppedReason: 'Essential container in task exited',
          containers,
        }
      }),
      failures: tasks.filter((t) => !known.some((c) => c.arn === t)).map((arn) => ({ arn, reason: 'MISSING' })),
    }
  }

  #stop({ task }: { task: string }): unknown {
    const container = this.started.find((c) => c.arn === task)
    if (container) Object.assign(container, { done: true, exitCode: container.exitCode ?? 143 })
    return { task: { taskArn: task } }
  }

  /** Pages of seven lines. The last token comes again at the end. */
  #log({
    logGroupName,
    logStreamName,
    nextToken,
    startFromHead,
  }: {
    logGroupName: string
    logStreamName: string
    nextToken?: string
    startFromHead?: boolean
  }): unknown {
    const [prefix, name, id] = logStreamName.split('/')
    const container = this.started.find((c) => c.arn.endsWith(`/${id}`))
    if (
      logGroupName !== PLACE.logGroup ||
      prefix !== PLACE.streamPrefix ||
      name !== PLACE.container ||
      !container ||
      container.lines.length === 0
    )
      throw error('ResourceNotFoundException', 'The specified log stream does not exist.')
    if (!startFromHead) throw error('InvalidParameterException', 'startFromHead')
    const fate = this.#of.get(container.arn) ?? {}
    const visible = (fate.lag ?? 0) > 0 ? container.lines.slice(0, -3) : container.lines
    const from = Number(nextToken?.slice(2) ?? 0)
    const events = visible.slice(from, from + 7).map((message, n) => ({ message, timestamp: 1_700_000_000_000 + from + n }))
    if (events.length === 0 && fate.lag) fate.lag--
    return { events, nextForwardToken: `f/${from + events.length}`, nextBackwardToken: 'b/0' }
  }
}

/** What ECS reads for `valueFrom` with a JSON key: whole ARNs only. */
const secretAt = (secrets: Secrets, valueFrom: string): string => {
  const found = /^arn:aws:secretsmanager:us-east-1:123456789012:secret:([^:]+)-\w{6}:([^:]+)::$/.exec(valueFrom)
  const value = found ? secrets.values[found[1] ?? '']?.[found[2] ?? ''] : undefined
  if (value === undefined) throw new Error(`ResourceInitializationError: ${valueFrom}`)
  return value
}

export const arnOf = (secret: string): string => `arn:aws:secretsmanager:us-east-1:123456789012:secret:${secret}-AbCdEf`
