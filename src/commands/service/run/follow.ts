import { randomUUID } from 'node:crypto'
import type { Task } from '../../../aws/services/ecs-types.ts'
import type { Clock } from '../../../core/clock.ts'
import { InfraError } from '../../../core/errors.ts'
import { safeText } from '../../../core/safe.ts'
import { explainTask, idOf } from '../../../ecs/failure.ts'
import { type Reason, reasonOf } from '../../../ecs/reasons/reasons.ts'
import { type OneOff, runTask } from '../../../ecs/task.ts'
import { followTask, type TaskEnd, type TaskNews } from '../../../ecs/task-follow.ts'
import { failureScreen } from '../../../session/rollout/screen.ts'
import type { ServicePlace } from '../../../session/service.ts'
import { elapsed } from '../../../ui/format.ts'

/** Ctrl-C: the first one stops the task, the second leaves at once. */
export interface Stopping {
  readonly signal: AbortSignal
  /** From now on this is the task that is stopped. */
  task(arn: string): void
  end(): void
}

export const stopLine = (p: ServicePlace, arn: string): string =>
  `aws ecs stop-task --cluster ${p.named.cluster} --task ${arn.split('/').at(-1)} --region ${p.region}`

/** From here on Ctrl-C is about the task. */
export const stopping = (p: ServicePlace): Stopping => {
  p.ownSignals()
  const controller = new AbortController()
  let arn: string | undefined
  const handler = (): void => {
    if (controller.signal.aborted) {
      p.io.note(
        arn === undefined
          ? '\nLeft: whether the task starts is not known.'
          : `\nLeft: it may still run. To stop it: ${stopLine(p, arn)}`,
      )
      process.exit(130)
    }
    controller.abort()
    p.io.note('\nThe task is told to stop, and its end is waited for. Press Ctrl-C again to leave at once.')
  }
  process.on('SIGINT', handler)
  process.on('SIGTERM', handler)
  return {
    signal: controller.signal,
    task(started) {
      arn = started
    },
    end() {
      process.off('SIGINT', handler)
      process.off('SIGTERM', handler)
    },
  }
}

const WORDS: Readonly<Record<string, string>> = {
  PROVISIONING: 'gets its network',
  PENDING: 'its image is fetched',
  ACTIVATING: 'is made ready',
  RUNNING: 'runs',
  DEPROVISIONING: 'has ended',
}

/**
 * Runs a one-off task, or follows one that runs already, to its end: its states on stderr, what it writes on stdout.
 * @param arn of the one that runs already
 * @returns the exit code of its container; 1 where it has none, 130 when Ctrl-C has stopped it
 */
export const followRun = async (
  p: ServicePlace,
  o: OneOff,
  arn: string | undefined,
  stop: Stopping,
  clock: Clock,
): Promise<number> => {
  const { io } = p
  let task = idOf({ taskArn: arn })
  const terminal = process.stdout.isTTY === true
  const hear = (news: TaskNews): void => {
    if (news.type === 'started') {
      task = idOf(news.task)
      stop.task(news.task.taskArn ?? '')
      io.note(`Task ${task}`)
    } else if (news.type === 'note') io.note(io.c.dim(`  ${news.text}`))
    else if (news.type === 'log') {
      const { at, message, stream } = news
      if (io.json) io.event({ type: 'log', at: new Date(at).toISOString(), task, container: o.container, message, stream })
      for (const line of message.replace(/\r?\n$/, '').split('\n'))
        io.log(terminal ? safeText(line, io.c.isColorSupported) : line)
    } else if (io.json) io.event({ ...news, task })
    else {
      const words = WORDS[news.status]
      io.note(io.c.dim(`  ${elapsed(news.elapsedMs)}  ${news.status}${words ? `: ${words}` : ''}`))
    }
  }
  const how = { clock, signal: stop.signal, hear, reason: `infra run: Ctrl-C by ${p.caller.arn}`.slice(0, 255) }
  let end: TaskEnd
  try {
    end = await (arn === undefined ? runTask(p.aws, o, { ...how, token: randomUUID() }) : followTask(p.aws, o, arn, how))
  } catch (error) {
    const known = p.explain(error)
    if (task === undefined) throw known
    const { what, why, next, exitCode } = known
    io.note(`\nThe task ${task} goes on. The same command again follows it; to stop it: ${stopLine(p, task)}`)
    throw new InfraError(what, { why, next, exitCode, cause: error })
  }
  return concluded(p, o, end.arn, end, clock)
}

const concluded = async (p: ServicePlace, o: OneOff, arn: string, end: TaskEnd, clock: Clock): Promise<number> => {
  const { io } = p
  const { c } = io
  const { exitCode, task, elapsedMs } = end
  const id = idOf({ taskArn: arn }) ?? ''
  const ours = p.named.key !== undefined
  const result = (outcome: string, more: object = {}): void => {
    if (io.json) io.event({ type: 'result', outcome, ...p.named, task: id, exitCode: exitCode ?? null, elapsedMs, ...more })
  }
  const log = c.cyan(p.line('logs', `--task ${id.slice(0, 8)} --since 1d`))
  if (end.told) {
    const sure = task?.lastStatus === 'STOPPED' || exitCode !== undefined
    result(sure ? 'stopped' : 'unknown')
    io.note(
      sure
        ? `\nStopped after ${elapsed(elapsedMs)}${exitCode === undefined ? '' : `; ${o.container} ended with ${exitCode}`}.`
        : `\nECS does not say what became of the task ${id}. To be sure: ${stopLine(p, arn)}`,
    )
    return 130
  }
  if (!task) {
    result('gone')
    throw new InfraError(`ECS does not know the task ${id} any more`, {
      why: 'it forgets tasks about an hour after their end, so what it ended with is not known',
      next: p.line('logs', `--task ${id.slice(0, 8)} --since 1d`),
    })
  }
  if (exitCode === undefined) {
    const asked = { aws: p.aws, definition: o.definition, region: p.region, clock, ours }
    const failure = await explainTask(task, task.stoppedReason ?? 'AWS gave no reason', { ...asked, said: [] }).catch(
      (error: unknown) => {
        throw p.explain(error)
      },
    )
    failureScreen(p, failure)
    const meaning = failure.meaning && onceOnly(p, failure.meaning)
    result('failed', { why: failure.stoppedReason, meaning: meaning?.what ?? null, next: meaning?.next ?? null })
    io.note(`\n${c.red('✗')} The command did not run to its end: ${meaning?.what ?? failure.stoppedReason}`)
    if (meaning) io.note(`  fix:  ${meaning.next}`)
    return 1
  }
  if (exitCode === 0) {
    result('ended')
    io.note(`${c.green('✓')} ${o.container} ended with 0 after ${elapsed(elapsedMs)}.`)
    return 0
  }
  const meaning = meaningOf(p, task, end)
  result('ended', { meaning: meaning?.what ?? null, next: meaning?.next ?? null })
  io.note(`${c.red('✗')} ${o.container} ended with ${exitCode} after ${elapsed(elapsedMs)}${meaning ? `: ${meaning.what}` : ''}`)
  if (meaning) io.note(`  fix:  ${meaning.next}`)
  io.note(`  log:  ${log}`)
  return exitCode > 0 && exitCode < 256 ? exitCode : 1
}

/** What its own lines, or AWS, say of the end; that it ended with a code is said anyway. */
const meaningOf = (p: ServicePlace, task: Task, end: TaskEnd): Reason | undefined => {
  const found = reasonOf({ ...task, log: end.lines }, p.named.key !== undefined)
  return found && !/^its command ended with/.test(found.what) ? onceOnly(p, found) : undefined
}

/** Nobody starts it again by itself, as with the tasks of a service. */
const onceOnly = (p: ServicePlace, { what, next }: Reason): Reason => ({
  what,
  next: p.spoken(
    next
      .replace(/^ECS (?:tries again|starts another)(?: by itself)?/, 'Run the same command again')
      .replace(/; if it goes on: infra deploy --force$/, ''),
  ),
})
