import type { Aws } from '../aws/clients.ts'
import type { Task } from '../aws/services/ecs-types.ts'
import { classify, codeOf, unlessGone } from '../aws/trouble.ts'
import type { Clock } from '../core/clock.ts'
import { readAgain } from './logs/read.ts'

export type OneOffNews =
  | { readonly type: 'task'; readonly status: string; readonly elapsedMs: number }
  | { readonly type: 'log'; readonly at: number; readonly message: string }
  | { readonly type: 'note'; readonly text: string }

export interface FollowOneOff {
  readonly aws: Pick<Aws, 'ecs' | 'logs'>
  readonly cluster: string
  readonly arn: string
  /** Its exit code is the one that counts. */
  readonly container: string
  /** Where that one writes; undefined: elsewhere. */
  readonly log: { readonly group: string; readonly stream: string } | undefined
  readonly clock: Clock
  /** Told to stop: the task is stopped, and its end is waited for. */
  readonly signal: AbortSignal
  readonly reason: string
  hear(news: OneOffNews): void
}

export interface OneOffEnd {
  /** As it was seen last; undefined: ECS does not know it any more. */
  readonly task: Task | undefined
  readonly exitCode: number | undefined
  /** The last lines. */
  readonly lines: readonly string[]
  /** Until its end, without the wait for the last lines. */
  readonly elapsedMs: number
  /** It was told to stop by the signal. */
  readonly told: boolean
}

/** Just after its start a task is not visible everywhere. */
const INVISIBLE = 60_000
/** So long nothing more has come: then the log is whole. The log driver sends what it has every few seconds. */
const QUIET = 5000
/** One that never began has written nothing, as a rule; and whoever has stopped it wants to leave. */
const QUIET_SHORT = 2000
/** Longer its last lines are not waited for. */
const LAG = 60_000
const LINES = 60

/** Close together at first, and while the last lines come. */
const pause = (elapsedMs: number, ended: boolean): number => (ended ? 1000 : Math.min(5000, Math.max(1000, elapsedMs / 40)))

/** Follows a task to its end, and its log to the last line. A network that is away for a while ends nothing. */
export const followOneOff = async (of: FollowOneOff): Promise<OneOffEnd> => {
  const { aws, cluster, arn, clock, signal, hear } = of
  const began = clock.now()
  const never = new AbortController().signal
  const patience = {
    clock,
    signal: never,
    patient: true,
    slow: (text: string): void => hear({ type: 'note', text: `${text}; asked again` }),
  }
  const log = logOf(of)
  let task: Task | undefined
  let status = ''
  let seenAt = began
  let told = false
  let endedAt: number | undefined
  for (;;) {
    if (signal.aborted && !told) told = await tellToStop(of, clock.now() - began, patience)
    const { tasks } = (await readAgain(patience, () => aws.ecs('DescribeTasks', { cluster, tasks: [arn] }))) ?? {}
    const now = clock.now()
    const end = (): OneOffEnd => ({
      task,
      exitCode: exitOf(task, of.container),
      lines: log.lines,
      elapsedMs: (endedAt ?? clock.now()) - began,
      told: signal.aborted,
    })
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
    const ended = hasEnded(task, of.container)
    if (ended) endedAt ??= now
    if (ended || task?.startedAt || /^(RUNNING|DEACTIVATING|STOPPING|DEPROVISIONING)$/.test(status)) await log.read()
    if (endedAt !== undefined) {
      const wait = signal.aborted || exitOf(task, of.container) === undefined ? QUIET_SHORT : QUIET
      const quiet = !log.readable || clock.now() - Math.max(endedAt, log.movedAt) >= wait
      // Its reason may still be missing while the network is taken down, but the end is the end.
      if (quiet || clock.now() - endedAt >= LAG) {
        if (!quiet) hear({ type: 'note', text: 'The log still moves; more of it may come' })
        return end()
      }
    }
    await clock.sleep(pause(clock.now() - began, endedAt !== undefined), signal.aborted ? never : signal)
  }
}

/** @returns false where ECS does not know the task yet */
const tellToStop = async (of: FollowOneOff, elapsedMs: number, patience: Parameters<typeof readAgain>[0]): Promise<boolean> => {
  try {
    await readAgain(patience, () => of.aws.ecs('StopTask', { cluster: of.cluster, task: of.arn, reason: of.reason }))
  } catch (error) {
    if (elapsedMs < INVISIBLE && /^InvalidParameter/.test(codeOf(error))) return false
    of.hear({
      type: 'note',
      text: `The task could not be told to stop (${(error as Error).message}); it is followed until it ends`,
    })
  }
  return true
}

const partOf = (task: Task | undefined, name: string) => task?.containers?.find((c) => c.name === name)
const exitOf = (task: Task | undefined, name: string): number | undefined => partOf(task, name)?.exitCode ?? undefined

/** The network of a task is taken down for half a minute after its container has ended: nobody waits for that. */
const hasEnded = (task: Task | undefined, name: string): boolean =>
  task?.lastStatus === 'STOPPED' || (partOf(task, name)?.lastStatus === 'STOPPED' && exitOf(task, name) !== undefined)

/** The log of one container from its head, each line once: AWS's token says how far it was read. */
const logOf = ({ aws, log, clock, hear }: FollowOneOff) => {
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
      hear({ type: 'log', at: timestamp, message })
      lines.push(...message.trimEnd().split('\n'))
    }
    if (lines.length > LINES) lines.splice(0, lines.length - LINES)
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
        if (!/^(throttled|unknown-outcome)$/.test(classify(error))) throw error
        // Not read now: then nobody can say that nothing has come.
        movedAt = clock.now()
      }
    },
  }
}
