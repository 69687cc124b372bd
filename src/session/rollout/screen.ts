import { minutesOfRollout } from '../../aws/ecs-times.ts'
import { withoutService } from '../../aws/ecs-words.ts'
import { canonical } from '../../core/json.ts'
import type { Difference } from '../../ecs/difference.ts'
import { type Failure, idOf } from '../../ecs/failure.ts'
import { progressLine } from '../../ecs/progress.ts'
import { reasonOf } from '../../ecs/reasons/reasons.ts'
import { revisionOf } from '../../ecs/revision.ts'
import type { Found } from '../../ecs/service.ts'
import type { News } from '../../ecs/watch.ts'
import { about, columns, count, elapsed } from '../../ui/format.ts'
import type { Io } from '../../ui/io.ts'
import { plainTicker, type Ticker } from '../../ui/ticker-plain.ts'
import { header } from '../header.ts'
import type { ServicePlace } from '../service.ts'

/** Which service, where: the first line. */
export const title = (p: ServicePlace, what: string): void => {
  const { io, sandbox, region, caller } = p
  if (p.stack && p.named.key !== undefined) {
    header({ ...p.stack, account: caller.account }, what)
    return
  }
  const where = sandbox
    ? io.c.yellow('SANDBOX (local AWS, nothing is real, nothing costs)')
    : `account ${caller.account}, ${region}`
  io.say(`${io.c.bold(what)}  ${p.named.cluster} / ${p.named.name}  ${where}`)
  io.say()
}

/** What changes, and that nothing else does. */
export const diffScreen = (
  io: Io,
  found: Found,
  to: string,
  differences: readonly Difference[],
  notes: readonly string[],
  drainSeconds: number | undefined,
  first = 0,
): void => {
  const { c } = io
  io.say(`  ${found.name} in ${found.cluster}: ${revisionOf(found.service.taskDefinition)} -> ${c.bold(to)}`)
  const sign = ({ from, to: is }: Difference): string =>
    from === undefined ? c.green('+') : is === undefined ? c.red('-') : c.yellow('~')
  const value = ({ from, to: is }: Difference): string =>
    from === undefined
      ? `${is}`
      : is === undefined
        ? c.dim(`was ${from}`)
        : from === is
          ? `changed ${c.dim(is)}`
          : `${c.dim(from)} -> ${is}`
  if (differences.length > 0)
    io.say(
      columns(
        differences.map((d) => [sign(d), d.what, value(d)]),
        '',
        '    ',
      ),
    )
  for (const note of notes) io.say(`  ${c.yellow('!')} ${note}`)
  io.say(
    `\n  ${differences.length > 0 ? 'All else stays as it runs. ' : ''}${exchange(found, first)}${takes(found, drainSeconds, first)}`,
  )
}

/** How long that usually takes, and how much of it is the drain. */
const takes = (found: Found, drainSeconds: number | undefined, first: number): string => {
  const minutes = rolloutMinutes(found, drainSeconds, first)
  if (minutes === 0) return ''
  const drain = drainSeconds && first === 0 ? `: old tasks have ${drainSeconds} s to finish their requests` : ''
  return ` Time: ${about(minutes)}${drain}.`
}

/**
 * @param drainSeconds undefined where that may not be looked at
 * @param first so many tasks start, and none has to go
 */
export const rolloutMinutes = ({ service }: Found, drainSeconds = 0, first = 0): number => {
  const { minimumHealthyPercent, maximumPercent } = service.deploymentConfiguration ?? {}
  return minutesOfRollout({
    desired: service.desiredCount || first,
    minHealthyPercent: minimumHealthyPercent,
    maxPercent: maximumPercent,
    drainSeconds: first > 0 ? 0 : drainSeconds,
  })
}

/** How the tasks are exchanged. */
const exchange = ({ service }: Found, first: number): string => {
  const n = service.desiredCount ?? 0
  if (n === 0 && first > 0)
    return `It runs no task yet: its first ${count(first, 'task')} start now, since there was no image before.`
  if (n === 0) return 'The service runs no task now, so nothing is tried out: it counts from the next task on.'
  const { minimumHealthyPercent: min, maximumPercent: max } = service.deploymentConfiguration ?? {}
  const how = min === undefined || max === undefined ? '' : ` (never fewer than ${min} % of them, never more than ${max} %)`
  return n === 1 ? `Its task is exchanged${how}.` : `Its ${n} tasks are exchanged${how}.`
}

/** Hears a rollout: live where there is a terminal, one line for each change elsewhere, events for programs. */
export const listener = async (p: ServicePlace, ours: boolean): Promise<{ hear(news: News): void; end(): void }> => {
  const { io } = p
  if (io.json) {
    let last = ''
    const hear = (news: News): void => {
      const event = eventOf(news)
      const moved = canonical({ ...event, elapsedMs: 0 })
      // A look that shows nothing new is no news.
      if (moved !== last) io.event(event)
      last = moved
    }
    return { hear, end: () => undefined }
  }
  const ticker: Ticker = io.live ? (await import('../../ui/ticker.ts')).liveTicker(io) : plainTicker(io)
  return {
    end: ticker.end,
    hear(news) {
      if (news.type === 'rollout')
        ticker.show(`${news.progress.revision}: ${progressLine(news.progress)}${io.live ? `  ${elapsed(news.elapsedMs)}` : ''}`)
      else if (news.type === 'event') ticker.line(io.c.dim(`  ${withoutService(news.message)}`))
      else if (news.type === 'note') ticker.line(`  ${io.c.yellow('!')} ${news.text}`)
      else {
        const reason = reasonOf(news.task, ours)
        ticker.line(
          `  ${io.c.yellow('!')} task ${idOf(news.task)} ended: ${reason?.what ?? news.task.stoppedReason}; ECS starts another`,
        )
      }
    },
  }
}

/** Stable words for programs. */
const eventOf = (news: News): object => {
  if (news.type === 'task.retried')
    return { type: news.type, task: idOf(news.task), stoppedReason: news.task.stoppedReason ?? null }
  if (news.type !== 'rollout') return news
  const { ended: _, ...progress } = news.progress
  return { type: news.type, ...progress, elapsedMs: news.elapsedMs }
}

/** A task that ended: AWS's words, its last lines, what they mean. */
export const failureScreen = ({ io, spoken }: Pick<ServicePlace, 'io' | 'spoken'>, f: Failure): void => {
  const { c } = io
  if (io.json) {
    io.event({ type: 'task.failed', ...f, meaning: f.meaning?.what ?? null, next: f.meaning ? spoken(f.meaning.next) : null })
    return
  }
  io.note(`\n${c.red('✗')} ${f.task ? `Task ${f.task} ended` : 'ECS says'}: ${f.stoppedReason}`)
  for (const { name, exitCode, reason } of f.containers)
    if (exitCode !== undefined || reason)
      io.note(`    ${name}: ${[exitCode === undefined ? undefined : `exit code ${exitCode}`, reason].filter(Boolean).join(', ')}`)
  for (const { variable, wrong, unknown } of f.secrets)
    io.note(
      `    ${wrong ? c.red('✗') : unknown ? '?' : c.green('✓')} secret ${variable}${wrong || unknown ? `: ${wrong ?? unknown}` : ' is there'}`,
    )
  if (f.log.length > 0) io.note(`    its last lines (${f.logFrom}):\n${f.log.map((line) => c.dim(`      ${line}`)).join('\n')}`)
  else if (f.task) io.note(c.dim(`    no lines of it: ${f.logFrom}`))
}
