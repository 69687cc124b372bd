import type { Aws } from '../aws/clients.ts'
import type { Task, TaskDefinition } from '../aws/services/ecs-types.ts'
import { classify, codeOf, unlessGone } from '../aws/trouble.ts'
import type { Clock } from '../core/clock.ts'
import { poll } from '../core/poll.ts'
import { streamOf } from './logs/log.ts'
import { readAgain } from './logs/read.ts'

export type TaskNews =
  | { readonly type: 'started'; readonly task: Task }
  | { readonly type: 'task'; readonly status: string; readonly elapsedMs: number }
  | { readonly type: 'log'; readonly at: number; readonly message: string; readonly stream: string }
  | { readonly type: 'note'; readonly text: string }

export interface Follow {
  readonly clock: Clock
  /** Told to stop: the task is stopped, and its end is waited for, unless `leaves`. */
  readonly signal: AbortSignal
  /** Why it is stopped, for those who look at the task. */
  readonly reason: string
  /** Once it has been told to stop, its end is not waited for. */
  readonly leaves?: boolean
  /** What it has written says all: its end is not waited for, and after an end with 0 more is waited for. Gets the whole log. */
  readonly isWhole?: (lines: readonly string[]) => boolean
  /** After so many minutes it is told to stop, and left. */
  readonly minutes?: number
  hear(news: TaskNews): void
}

/** Which task: the container's exit code is the one that counts, and its log the one that is read. */
export interface Followed {
  readonly cluster: string
  readonly definition: TaskDefinition
  readonly container: string
}

export interface TaskEnd {
  readonly arn: string
  /** As it was seen last; undefined: ECS does not know it any more. */
  readonly task: Task | undefined
  readonly exitCode: number | undefined
  /** The last lines; all of them where it was asked whether they are whole. */
  readonly lines: readonly string[]
  /** Until its end, without the wait for the last lines. */
  readonly elapsedMs: number
  /** It was told to stop by the signal. */
  readonly told: boolean
  /** It was told to stop after its minutes. */
  readonly late: boolean
}

/** Just after its start a task is not visible everywhere. */
const INVISIBLE = 60_000
/** So long nothing more has come: then the log is whole. The log driver sends what it has every few seconds. */
const QUIET = 5000
/** One that never began has usually written nothing; and a person who has stopped it wants to leave. */
const QUIET_SHORT = 2000
/** Longer its last lines are not waited for. */
const LAG = 60_000
const LINES = 60

/** Close together at first, and while the last lines come. */
const pause = (elapsedMs: number, ended: boolean): number => (ended ? 1000 : Math.min(5000, Math.max(1000, elapsedMs / 40)))

/** Follows a task to its end, and its log to the last line. A network that is away for a while ends nothing. */
export const followTask = async (aws: Pick<Aws, 'ecs' | 'logs'>, of: Followed, arn: string, how: Follow): Promise<TaskEnd> => {
  const { cluster, container } = of
  const { clock, signal, hear, isWhole, minutes = Number.POSITIVE_INFINITY } = how
  const began = clock.now()
  const never = new AbortController().signal
  const patience = {
    clock,
    signal: never,
    patient: true,
    slow: (text: string): void => hear({ type: 'note', text: `${text}; asked again` }),
  }
  const log = logOf(aws, of, arn, how)
  let task: Task | undefined
  let status = ''
  let seenAt = began
  let told = false
  let endedAt: number | undefined
  const stop = (elapsedMs: number): Promise<boolean> =>
    tellToStop(aws, { cluster, task: arn, reason: how.reason }, how, elapsedMs, patience)
  const end = (late = false): TaskEnd => ({
    arn,
    task,
    exitCode: exitOf(task, container),
    lines: log.lines,
    elapsedMs: (endedAt ?? clock.now()) - began,
    told: signal.aborted,
    late,
  })
  const look = async (elapsedMs: number): Promise<TaskEnd | undefined> => {
    if (signal.aborted && !told) told = await stop(elapsedMs)
    if (told && how.leaves) return end()
    const { tasks } = (await readAgain(patience, () => aws.ecs('DescribeTasks', { cluster, tasks: [arn] }))) ?? {}
    const now = clock.now()
    task = tasks?.[0] ?? task
    if (tasks?.[0]) seenAt = now
    else if (now - seenAt > INVISIBLE) {
      task = undefined
      return end()
    }
    if (task?.lastStatus && task.lastStatus !== status) {
      status = task.lastStatus
      hear({ type: 'task', status, elapsedMs: now - began })
    }
    const ended = hasEnded(task, container)
    if (ended) endedAt ??= now
    if (ended || task?.startedAt || /^(RUNNING|DEACTIVATING|STOPPING|DEPROVISIONING)$/.test(status)) await log.read()
    if (isWhole?.(log.lines)) return end()
    if (endedAt !== undefined) {
      const exitCode = exitOf(task, container)
      const wait = signal.aborted || exitCode === undefined ? QUIET_SHORT : isWhole && exitCode === 0 ? LAG : QUIET
      const quiet = !log.readable || clock.now() - Math.max(endedAt, log.movedAt) >= wait
      // Its reason may still be missing while the network is taken down, but the end is the end.
      if (quiet || clock.now() - endedAt >= LAG) {
        if (!quiet && !isWhole) hear({ type: 'note', text: 'The log still moves; more of it may come' })
        return end()
      }
    }
    if (elapsedMs > minutes * 60_000) {
      await stop(elapsedMs)
      return end(true)
    }
    return undefined
  }
  return poll({
    look,
    clock,
    pace: (elapsedMs) => pause(elapsedMs, endedAt !== undefined),
    signal: () => (signal.aborted ? never : signal),
  })
}

/** @returns false where ECS does not know the task yet */
const tellToStop = async (
  aws: Pick<Aws, 'ecs'>,
  input: { readonly cluster: string; readonly task: string; readonly reason: string },
  { hear, leaves }: Follow,
  elapsedMs: number,
  patience: Parameters<typeof readAgain>[0],
): Promise<boolean> => {
  try {
    await readAgain(patience, () => aws.ecs('StopTask', input))
  } catch (error) {
    if (elapsedMs < INVISIBLE && /^InvalidParameter/.test(codeOf(error))) return false
    const then = leaves ? 'it ends on its own' : 'it is followed until it ends'
    hear({ type: 'note', text: `The task could not be told to stop (${(error as Error).message}); ${then}` })
  }
  return true
}

const partOf = (task: Task | undefined, name: string) => task?.containers?.find((c) => c.name === name)
const exitOf = (task: Task | undefined, name: string): number | undefined => partOf(task, name)?.exitCode ?? undefined

/** The network of a task is taken down for half a minute after its container has ended: nobody waits for that. */
const hasEnded = (task: Task | undefined, name: string): boolean =>
  task?.lastStatus === 'STOPPED' || (partOf(task, name)?.lastStatus === 'STOPPED' && exitOf(task, name) !== undefined)

/** The log of one container from its head, each line once: AWS's token says how far it was read. */
const logOf = (aws: Pick<Aws, 'logs'>, { definition, container }: Followed, arn: string, { clock, hear, isWhole }: Follow) => {
  const place = streamOf(definition, container, { taskArn: arn }, arn.split(':')[3] ?? '')
  const log = 'stream' in place ? place : undefined
  if (!('stream' in place))
    hear({ type: 'note', text: `Without what it writes: ${place.why}${place.next ? ` (${place.next})` : ''}.` })
  const lines: string[] = []
  let token: string | undefined
  let readable = log !== undefined
  let movedAt = clock.now()
  const once = async (): Promise<boolean> => {
    if (!log) return false
    const page = await unlessGone(
      aws.logs('GetLogEvents', {
        logGroupName: log.group,
        logStreamName: log.stream,
        startFromHead: true,
        ...(token ? { nextToken: token } : {}),
      }),
    )
    for (const { message = '', timestamp = 0 } of page?.events ?? []) {
      hear({ type: 'log', at: timestamp, message, stream: log.stream })
      lines.push(...message.trimEnd().split('\n'))
    }
    if (!isWhole && lines.length > LINES) lines.splice(0, lines.length - LINES)
    if ((page?.events?.length ?? 0) > 0) movedAt = clock.now()
    const next = page?.nextForwardToken
    // At the end AWS gives the same token again.
    const more = next !== undefined && next !== token
    token = next ?? token
    return more
  }
  return {
    lines,
    get readable() {
      return readable
    },
    get movedAt() {
      return movedAt
    },
    async read(): Promise<void> {
      if (!readable) return
      try {
        while (await once());
      } catch (error) {
        if (/^AccessDenied/.test(codeOf(error))) {
          readable = false
          hear({ type: 'note', text: 'This identity may not read the log (logs:GetLogEvents); the task is followed without it' })
          return
        }
        if (!/^(throttled|unknown-outcome|unreachable)$/.test(classify(error))) throw error
        // Not read now: then nobody can say that nothing has come.
        movedAt = clock.now()
      }
    },
  }
}
