import type { Aws } from '../aws/clients.ts'
import type { Service, Task, TaskDefinition } from '../aws/services/ecs-types.ts'
import { codeOf, unlessGone } from '../aws/trouble.ts'
import type { Clock } from '../core/clock.ts'
import { type Reason, reasonOf } from './reasons/reasons.ts'
import { primaryOf } from './rollout.ts'
import { checkSecrets, type SecretCheck } from './secret-check.ts'

/** A task that ended, with all that can be told of it. */
export interface Failure {
  /** Its id; undefined where no task got as far as that. */
  readonly task: string | undefined
  readonly stopCode: string | undefined
  readonly stoppedReason: string
  readonly containers: readonly {
    readonly name: string
    readonly exitCode: number | undefined
    readonly reason: string | undefined
  }[]
  /** The last lines of the container that failed. */
  readonly log: readonly string[]
  /** Where they are from, or why there are none. */
  readonly logFrom: string
  readonly meaning: Reason | undefined
  /** One by one, where a secret could not be fetched. */
  readonly secrets: readonly SecretCheck[]
}

const LINES = 20
/** The last lines come a moment after the end. */
const LATE_MS = 3000

interface Asked {
  readonly aws: Pick<Aws, 'logs' | 'secretsManager'>
  readonly definition: TaskDefinition
  readonly region: string
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Whether infra made the service. */
  readonly ours: boolean
  /** What else AWS says of this task. */
  readonly said: readonly string[]
}

/** What is known of a failed task: AWS's words, its last lines, and what they mean. */
export const failureOf = async (task: Task | undefined, why: string, of: Asked): Promise<Failure> => {
  const containers = (task?.containers ?? []).map(({ name = '', exitCode, reason }) => ({ name, exitCode, reason }))
  const failed =
    containers.find((c) => c.exitCode !== undefined && c.exitCode !== 0) ?? containers.find((c) => c.reason) ?? containers[0]
  const { lines, from } = task?.taskArn ? await lastLines(task, failed?.name, of) : { lines: [], from: 'no task was started' }
  const stoppedReason = task?.stoppedReason ?? why
  const aboutSecrets = /ResourceInitializationError[\s\S]*(secret|asm\b)/i.test(stoppedReason)
  return {
    task: idOf(task),
    stopCode: task?.stopCode,
    stoppedReason,
    containers,
    log: lines,
    logFrom: from,
    meaning: reasonOf({ ...task, stoppedReason, said: of.said, log: lines }, of.ours),
    secrets: aboutSecrets ? await checkSecrets(of.aws, of.definition, of.region) : [],
  }
}

export const idOf = (task: Task | undefined): string | undefined => task?.taskArn?.split('/').at(-1)

/** Where the awslogs driver writes: prefix/container/task. */
const lastLines = async (task: Task, name: string | undefined, of: Asked): Promise<{ lines: string[]; from: string }> => {
  const container = of.definition.containerDefinitions?.find((c) => c.name === name) ?? of.definition.containerDefinitions?.[0]
  const { logDriver, options } = container?.logConfiguration ?? {}
  if (logDriver !== 'awslogs') return { lines: [], from: `its log goes to ${logDriver ?? 'nowhere'}, which is not read here` }
  const logGroupName = options?.['awslogs-group'] ?? ''
  const region = options?.['awslogs-region'] ?? of.region
  const logStreamName = `${options?.['awslogs-stream-prefix']}/${container?.name}/${idOf(task)}`
  const from = `${logGroupName} ${logStreamName}`
  if (region !== of.region) return { lines: [], from: `${from}, in ${region}` }
  for (let waited = 0; ; waited += 1000) {
    const input = { logGroupName, logStreamName, limit: LINES, startFromHead: false }
    const page = await unlessGone(of.aws.logs('GetLogEvents', input)).catch((error: unknown) => {
      if (/^AccessDenied/.test(codeOf(error))) return 'barred' as const
      throw error
    })
    if (page === 'barred') return { lines: [], from: `${from}, which this identity may not read (logs:GetLogEvents)` }
    const lines = (page?.events ?? []).flatMap((e) => (e.message ?? '').trimEnd().split('\n'))
    if (lines.length > 0) return { lines: lines.slice(-LINES), from }
    // One that never began has written nothing.
    if (waited >= LATE_MS || !task.startedAt || of.signal.aborted) return { lines: [], from: `${from} is empty` }
    await of.clock.sleep(1000, of.signal)
  }
}

/** What ECS does now by itself, in a sentence. */
export const whatNow = (service: Service, before: string): string => {
  const { deploymentCircuitBreaker: breaker, alarms } = service.deploymentConfiguration ?? {}
  const old = (service.deployments ?? []).filter((d) => d !== primaryOf(service) && d.status !== 'INACTIVE')
  const running = old.reduce((sum, d) => sum + (d.runningCount ?? 0), 0)
  const serving =
    running > 0 ? `${running} ${running === 1 ? 'task' : 'tasks'} of ${before} still ${running === 1 ? 'runs' : 'run'}. ` : ''
  const rollsBack = (breaker?.enable && breaker.rollback) || (alarms?.enable && alarms.rollback)
  if (rollsBack) return `${serving}ECS tries some more times, then gives up and brings ${before} back by itself.`
  if (breaker?.enable) return `${serving}ECS tries some more times, then gives up; it does not bring ${before} back.`
  return `${serving}ECS goes on trying: the service has no circuit breaker.`
}
