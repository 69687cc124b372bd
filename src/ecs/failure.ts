import type { Aws } from '../aws/clients.ts'
import { describeTasks, listTasks } from '../aws/ecs-lists.ts'
import { withoutService } from '../aws/ecs-words.ts'
import type { Service, Task, TaskDefinition } from '../aws/services/ecs-types.ts'
import { codeOf, unlessGone } from '../aws/trouble.ts'
import type { Clock } from '../core/clock.ts'
import { type Reason, reasonOf } from './reasons/reasons.ts'
import { revisionAt } from './revision.ts'
import { hasFailed, judgeRollout, primaryOf } from './rollout.ts'
import { checkSecrets, type SecretCheck } from './secret-check.ts'
import { serviceOf } from './service.ts'

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
  /** To wait for the last lines. Left out: what is there must do. */
  readonly clock?: Clock
  /** Whether infra made the service. */
  readonly ours: boolean
  /** What else AWS says of this task. */
  readonly said: readonly string[]
}

/** What is known of a failed task: AWS's words, its last lines, and what they mean. */
export const explainTask = async (task: Task | undefined, why: string, of: Asked): Promise<Failure> => {
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
    if (waited >= LATE_MS || !task.startedAt || !of.clock) return { lines: [], from: `${from} is empty` }
    await of.clock.sleep(1000, new AbortController().signal)
  }
}

/** Why a service does not come up, with what shows it and what fixes it. */
export interface NotUp {
  /** What it means, then AWS's own words: of the tasks that failed last, and of the service. */
  readonly reasons: readonly string[]
  /** Secrets that are wrong, and the last lines of a task. */
  readonly details: readonly string[]
  readonly fix: string | undefined
}

/** How many tasks and events are told. */
const TOLD = 3
const NO_REASON = /has (started|reached a steady state|registered|begun draining)|deployment completed/

/**
 * Looks at a service that does not come up, and says why: what a deploy says of the task that failed.
 * What this identity may not look at is left out, and keeps no other reason from being told.
 */
export const explainService = async (
  aws: Pick<Aws, 'ecs' | 'logs' | 'secretsManager'>,
  { cluster, name, region }: { readonly cluster: string; readonly name: string; readonly region: string },
): Promise<NotUp> => {
  const stopped = async (): Promise<Task[]> =>
    describeTasks(aws, cluster, await listTasks(aws, { cluster, serviceName: name, desiredStatus: 'STOPPED' }))
  const [service, tasks] = await Promise.all([
    serviceOf(aws, cluster, name).catch(() => undefined),
    stopped().catch((): Task[] => []),
  ])
  const last = (t: Task): number => t.stoppedAt?.getTime() ?? 0
  const failed = tasks.filter((t) => !service || hasFailed(t, service)).sort((a, b) => last(b) - last(a))
  const events = (service?.events ?? []).flatMap((e) => (e.message && !NO_REASON.test(e.message) ? [e.message] : []))
  const standing = service && judgeRollout({ service, tasks })
  const task = (standing?.is === 'failed' ? standing.task : undefined) ?? failed[0]
  const why = task?.stoppedReason ?? events[0] ?? ''
  // ECS also shows those of rollouts before.
  const alike = failed.filter((t) => t.taskDefinitionArn === task?.taskDefinitionArn)
  const told = [...new Set(alike.map(inWords))].slice(0, TOLD)
  const said = [...new Set(events.map(withoutService))].slice(0, TOLD)
  const definition = await revisionAt(aws, task?.taskDefinitionArn ?? service?.taskDefinition ?? '').catch(() => undefined)
  const about = {
    aws,
    definition: definition?.definition ?? {},
    region,
    ours: true,
    said: events.filter((text) => text.includes(idOf(task) ?? '?')),
  }
  const failure = await explainTask(task, why, about).catch(() => undefined)
  const meaning = failure?.meaning ?? reasonOf({ ...task, stoppedReason: why })
  return {
    reasons: [...(meaning ? [meaning.what] : []), ...told, ...said],
    details: failure && definition ? detailsOf(failure) : [],
    fix: meaning?.next,
  }
}

/** AWS's own words. */
const inWords = (t: Task): string => {
  const containers = (t.containers ?? []).flatMap((c) => {
    const said = [c.exitCode === undefined ? undefined : `exit code ${c.exitCode}`, c.reason].filter(Boolean).join(', ')
    return said ? [`${c.name}: ${said}`] : []
  })
  return [`a task stopped: ${t.stoppedReason ?? 'no reason given'}`, ...containers].join('; ')
}

const detailsOf = ({ task, log, logFrom, secrets }: Failure): string[] => [
  ...secrets.flatMap(({ variable, wrong }) => (wrong ? [`secret ${variable}: ${wrong}`] : [])),
  ...(log.length > 0 ? [`its last lines (${logFrom}):`, ...log.map((text) => `  ${text}`)] : []),
  ...(log.length === 0 && task ? [`no lines of it: ${logFrom}`] : []),
]

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
