import type { TaskDefinition } from '../../aws/services/ecs-types.ts'
import { realClock } from '../../core/clock.ts'
import { explainTask, type Failure, idOf, whatNow } from '../../ecs/failure.ts'
import { progressLine, progressOf } from '../../ecs/progress.ts'
import { revisionOf } from '../../ecs/revision.ts'
import type { Aim } from '../../ecs/rollout.ts'
import { addressesOf, type Watched, watch } from '../../ecs/watch.ts'
import type { PendingRollout } from '../../state/memory.ts'
import { elapsed } from '../../ui/format.ts'
import type { Memory } from '../records/deployments.ts'
import type { ServicePlace } from '../service.ts'
import { baseOf } from './reconcile.ts'
import { failureScreen, listener } from './screen.ts'
import { type WayBack, wayBack } from './way-back.ts'

export interface Following {
  readonly aim: Aim
  readonly definition: TaskDefinition
  readonly intent: PendingRollout
  /** Nobody here has begun it (ECS goes back by itself, a pipeline deploys): its end is not written down. */
  readonly strange?: boolean
  /** Events that were there before. */
  readonly known: ReadonlySet<string>
  /** The revision that ran healthy before; undefined where none was seen to. */
  readonly ran: string | undefined
}

/**
 * Follows a rollout until it is healthy or has failed, and writes down which.
 * @returns the exit code: 0 healthy, 1 failed, 130 when Ctrl-C ended the following
 */
export const follow = async (p: ServicePlace, memory: Memory, of: Following): Promise<number> => {
  const ours = p.named.key !== undefined
  const leaving = untilInterrupted(p)
  const heard = await listener(p, ours)
  let seen: Watched
  try {
    const { cluster, name } = p.named
    seen = await watch({
      aws: p.aws,
      cluster,
      name,
      aim: of.aim,
      known: of.known,
      clock: realClock,
      signal: leaving.signal,
      hear: heard.hear,
    })
  } catch (error) {
    throw p.explain(error)
  } finally {
    heard.end()
    leaving.stop()
  }
  return concluded(p, memory, of, seen)
}

/** From here on Ctrl-C only ends the following: the rollout goes on at AWS. */
export const untilInterrupted = (p: ServicePlace): { signal: AbortSignal; stop(): void } => {
  p.ownSignals()
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  const handler = (): void => {
    if (controller.signal.aborted) process.exit(130)
    stop()
  }
  // Ctrl-C while the service was told, or a lock that is another run's now.
  if (p.signal.aborted) stop()
  p.signal.addEventListener('abort', stop)
  process.on('SIGINT', handler)
  process.on('SIGTERM', handler)
  return {
    signal: controller.signal,
    stop() {
      process.off('SIGINT', handler)
      process.off('SIGTERM', handler)
      p.signal.removeEventListener('abort', stop)
    },
  }
}

const concluded = async (p: ServicePlace, memory: Memory, of: Following, seen: Watched): Promise<number> => {
  const { io } = p
  const { intent } = of
  const { ending, scene, elapsedMs } = seen
  const remember: Memory['ended'] = async (...how) => (of.strange ? undefined : memory.ended(...how))
  const result = (outcome: string, more: object = {}): void => {
    if (io.json) io.event({ type: 'result', outcome, ...p.named, from: intent.from, to: intent.revision, elapsedMs, ...more })
  }
  const say = (what: string, lines: readonly (readonly [label: string, text: string])[]): void => {
    const wide = Math.max(...lines.map(([label]) => label.length))
    io.note(`\n${io.c.red('✗')} ${what}`)
    for (const [label, text] of lines) io.note(`  ${label.padEnd(wide)}  ${text}`)
  }
  const way = (): Promise<WayBack | undefined> => wayBack(p, memory, intent.revision, of.ran)
  switch (ending.is) {
    case 'steady': {
      await remember(intent, true)
      const undo = intent.how === 'rollback' ? forward(p, memory, of) : (await way())?.line
      result('healthy', { back: undo ?? null })
      const n = scene?.service.runningCount ?? 0
      const tasks = n === 0 ? 'no task runs, so none was tried' : `${n} ${n === 1 ? 'task' : 'tasks'}, healthy`
      io.say(
        `\n${io.c.green('✓')} ${p.named.name} runs ${io.c.bold(intent.revision)} after ${elapsed(elapsedMs)}: ${tasks}. Before: ${intent.from}.`,
      )
      if (of.strange) return 0
      if (undo) io.say(`  To go ${intent.how === 'rollback' ? 'forward again' : 'back'}: ${io.c.cyan(undo)}`)
      else io.say(`  Next: ${io.c.cyan(p.line('verify'))}`)
      return 0
    }
    case 'failed':
    case 'rolled-back': {
      const failure = await told(p, of, seen, ending.task, ending.why)
      await remember(intent, false, of.strange ? undefined : await baseOf(p, intent))
      failureScreen(p, failure)
      const gone = ending.is === 'rolled-back'
      const now = gone
        ? `ECS has given it up and brings ${revisionOf(ending.to)} back by itself.`
        : scene
          ? whatNow(scene.service, intent.from)
          : ''
      const next = failure.meaning && p.spoken(failure.meaning.next)
      const back = gone ? undefined : await way()
      result(gone ? 'rolled-back' : 'failed', {
        why: failure.stoppedReason,
        meaning: failure.meaning?.what ?? null,
        next: next ?? null,
        now,
        back: back?.line ?? null,
      })
      say(`${intent.revision} did not come to be healthy: ${failure.meaning?.what ?? failure.stoppedReason}`, [
        ['now:', now],
        ...(next ? [['fix:', next] as const] : []),
        ['log:', p.line('logs')],
        ...(back ? [['next:', `${io.c.cyan(back.line)} goes back to ${back.to} at once`] as const] : []),
      ])
      return 1
    }
    case 'superseded':
      await remember(intent, undefined)
      result('superseded', { by: revisionOf(ending.by) })
      say(
        `Somebody has rolled out ${revisionOf(ending.by)} meanwhile: ${intent.revision} is no longer what ${p.named.name} shall run`,
        [['next:', io.c.cyan(p.line('deploy'))]],
      )
      return 1
    case 'gone':
      await remember(intent, undefined)
      result('gone')
      say(`The service ${p.named.name} is gone: it was deleted meanwhile`, [['next:', io.c.cyan(p.spoken('infra status'))]])
      return 1
    case 'stuck': {
      const back = await way()
      const standing = scene ? progressLine(progressOf(of.aim, scene)) : 'nothing was seen'
      result('stuck', { standing })
      say(`${intent.revision}: nothing has moved for ${ending.minutes} minutes`, [
        ['why:', `${standing}. ECS goes on trying by itself.`],
        ['log:', p.line('logs')],
        ['next:', `${io.c.cyan(p.line('deploy'))} follows it on${back ? `; ${io.c.cyan(back.line)} goes back` : ''}`],
      ])
      return 1
    }
    case 'interrupted': {
      const back = await way()
      result('interrupted')
      io.note(`\nNo longer followed: the rollout of ${intent.revision} goes on at AWS.`)
      io.note(`  To follow it: ${io.c.cyan(p.line('deploy'))}${back ? `   To go back: ${io.c.cyan(back.line)}` : ''}`)
      return 130
    }
  }
}

/** Back from a rollback is forward: to what was left, unless that was not healthy either. */
const forward = (p: ServicePlace, memory: Memory, { intent, ran }: Following): string | undefined => {
  const known = memory.entries.find((e) => e.revision === intent.from && e.healthy !== undefined)
  return (known ? known.healthy : ran === intent.from) ? p.line('rollback', `--to ${intent.from}`) : undefined
}

/** The task that failed, with what the load balancer and the events say of it. */
export const told = async (
  p: ServicePlace,
  of: Pick<Following, 'definition'>,
  { scene, said }: Watched,
  task: Parameters<typeof explainTask>[0],
  why: string,
): Promise<Failure> => {
  const id = idOf(task)
  const events = (scene?.service.events ?? []).flatMap((e) => (id && e.message?.includes(id) ? [e.message] : []))
  const health = (task ? addressesOf(task) : []).flatMap((a) => said.get(a) ?? [])
  try {
    return await explainTask(task, why, {
      aws: p.aws,
      definition: of.definition,
      region: p.region,
      clock: realClock,
      ours: p.named.key !== undefined,
      said: [...events, ...health],
    })
  } catch (error) {
    throw p.explain(error)
  }
}
