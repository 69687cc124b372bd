import { listTasks } from '../../aws/ecs-lists.ts'
import { withoutService } from '../../aws/ecs-words.ts'
import { realClock } from '../../core/clock.ts'
import { canonical } from '../../core/json.ts'
import { idOf } from '../../ecs/failure.ts'
import { reasonOf } from '../../ecs/reasons/reasons.ts'
import type { Scene } from '../../ecs/rollout.ts'
import { aimOf, type CountAim, countLine, countStanding, judgeCount } from '../../ecs/scaling.ts'
import type { Found } from '../../ecs/service.ts'
import { type News, type Watched, watch } from '../../ecs/watch.ts'
import { count as counted, elapsed } from '../../ui/format.ts'
import { plainTicker, type Ticker } from '../../ui/ticker-plain.ts'
import type { ServicePlace } from '../service.ts'
import { told, untilInterrupted } from './follow.ts'
import { failureScreen } from './screen.ts'

export interface Counting {
  readonly found: Found
  readonly aim: CountAim
  /** To wait on after this was left. */
  readonly again: string
  /** Autoscaling may change the number as well. */
  readonly scales: boolean
}

export interface Counted {
  /** Exit code. */
  readonly code: number
  readonly outcome: 'healthy' | 'failed' | 'changed' | 'gone' | 'stuck' | 'interrupted'
  readonly running: number
  readonly elapsedMs: number
}

/** What was there before a number is set: whatever of it fails later has nothing to do with it. */
export const knownNow = async (p: ServicePlace, { service, cluster, name }: Found) => {
  const events = new Set((service.events ?? []).flatMap((e) => e.id ?? []))
  // Only to judge better: who may not list tasks can still set a number.
  const stopped = await listTasks(p.aws, { cluster, serviceName: name, desiredStatus: 'STOPPED' }).catch(() => [])
  return { events, tasks: new Set(stopped) }
}

/** Follows until so many tasks run and are well, or says why they do not. The number stays set in any case. */
export const followCount = async (p: ServicePlace, of: Counting): Promise<Counted> => {
  const { found, aim: count } = of
  const aim = aimOf(found.service)
  const leaving = untilInterrupted(p)
  let scene: Scene | undefined
  const judgeOne = judgeCount(aim, count)
  const heard = await listener(p, of, () => scene)
  let seen: Watched
  try {
    seen = await watch({
      aws: p.aws,
      cluster: found.cluster,
      name: found.name,
      aim,
      known: count.events,
      clock: realClock,
      signal: leaving.signal,
      judge(now) {
        scene = now
        return judgeOne(now)
      },
      hear: heard.hear,
    })
  } catch (error) {
    throw p.explain(error)
  } finally {
    heard.end()
    leaving.stop()
  }
  return concluded(p, of, seen)
}

const listener = async (
  p: ServicePlace,
  of: Counting,
  now: () => Scene | undefined,
): Promise<{ hear(news: News): void; end(): void }> => {
  const { io } = p
  const { aim: count, found } = of
  const aim = aimOf(found.service)
  const ours = p.named.key !== undefined
  const ticker: Ticker | undefined = io.json
    ? undefined
    : io.live
      ? (await import('../../ui/ticker.ts')).liveTicker(io)
      : plainTicker(io)
  let last = ''
  return {
    end: () => ticker?.end(),
    hear(news) {
      if (news.type === 'rollout') {
        const scene = now()
        if (!scene) return
        const standing = countStanding(aim, count, scene)
        if (ticker) ticker.show(`${found.name}: ${countLine(standing)}${io.live ? `  ${elapsed(news.elapsedMs)}` : ''}`)
        else if (canonical(standing) !== last)
          io.event({ type: 'tasks', name: found.name, ...standing, elapsedMs: news.elapsedMs })
        last = canonical(standing)
      } else if (news.type === 'task.retried') {
        if (count.tasks.has(news.task.taskArn ?? '')) return
        const { stoppedReason } = news.task
        const what = reasonOf(news.task, ours)?.what ?? stoppedReason
        if (ticker) ticker.line(`  ${io.c.yellow('!')} task ${idOf(news.task)} ended: ${what}; ECS starts another`)
        else io.event({ type: news.type, task: idOf(news.task), stoppedReason: stoppedReason ?? null })
      } else if (!ticker) io.event(news)
      else if (news.type === 'event') ticker.line(io.c.dim(`  ${withoutService(news.message)}`))
      else ticker.line(`  ${io.c.yellow('!')} ${news.text}`)
    },
  }
}

const concluded = async (p: ServicePlace, of: Counting, seen: Watched): Promise<Counted> => {
  const { io } = p
  const { ending, scene, elapsedMs } = seen
  const { found, aim: count } = of
  const running = scene?.service.runningCount ?? 0
  const done = (code: number, outcome: Counted['outcome']): Counted => ({ code, outcome, running, elapsedMs })
  const say = (what: string, lines: readonly (readonly [label: string, text: string])[]): void => {
    const wide = Math.max(...lines.map(([label]) => label.length))
    io.note(`\n${io.c.red('✗')} ${what}`)
    for (const [label, text] of lines) io.note(`  ${label.padEnd(wide)}  ${text}`)
  }
  const back = p.line('scale', String(count.from))
  switch (ending.is) {
    case 'steady':
      return done(0, 'healthy')
    case 'failed':
    case 'rolled-back': {
      const failure = await told(p, found, seen, ending.task, ending.why)
      failureScreen(p, failure)
      const next = failure.meaning && p.spoken(failure.meaning.next)
      say(`${found.name} does not get to ${counted(count.count, 'task')}: ${failure.meaning?.what ?? failure.stoppedReason}`, [
        ['now:', `${counted(running, 'task')} ${running === 1 ? 'runs' : 'run'}; ECS goes on trying to start more.`],
        ...(next ? [['fix:', next] as const] : []),
        ['log:', p.line('logs')],
        ...(count.from === count.count ? [] : [['back:', back] as const]),
      ])
      return done(1, 'failed')
    }
    case 'superseded': {
      const now = `${found.name} shall run ${counted(Number(ending.by), 'task')} now`
      if (of.scales) {
        io.note(`  ${io.c.yellow('!')} ${now}: autoscaling has changed the number.`)
        return done(0, 'changed')
      }
      say(`Somebody has set another number meanwhile: ${now}`, [['next:', p.line('scale', String(count.count))]])
      return done(1, 'changed')
    }
    case 'gone':
      say(`The service ${found.name} is gone: it was deleted meanwhile`, [['next:', p.spoken('infra status')]])
      return done(1, 'gone')
    case 'stuck': {
      const standing = scene ? countLine(countStanding(aimOf(found.service), count, scene)) : 'nothing was seen'
      say(`${found.name}: nothing has moved for ${ending.minutes} minutes`, [
        ['why:', `${standing}. ECS goes on trying by itself.`],
        ['log:', p.line('logs')],
        ['next:', `${of.again} follows it on`],
      ])
      return done(1, 'stuck')
    }
    case 'interrupted':
      io.note(`\nNo longer followed: ECS goes on with ${found.name} by itself.`)
      io.note(`  To follow it: ${io.c.cyan(of.again)}`)
      return done(130, 'interrupted')
  }
}
