import { randomUUID } from 'node:crypto'
import type { Task } from '../../aws/services/ecs-types.ts'
import { codeOf } from '../../aws/trouble.ts'
import type { Clock } from '../../core/clock.ts'
import { realClock } from '../../core/clock.ts'
import { InfraError, refuse } from '../../core/errors.ts'
import { idOf } from '../../ecs/failure.ts'
import { containerOf, revisionOf } from '../../ecs/revision.ts'
import { checkOneOff, isSame, type OneOff, placeBeside, runningNow, startTask } from '../../ecs/task.ts'
import { agreed } from '../../session/confirm.ts'
import { orRefuse, type ServicePlace } from '../../session/service.ts'
import { asker } from '../../ui/ask.ts'
import type { RunFlags } from './definitions.ts'
import { imageNotes, pairs } from './rollout/request.ts'
import { followRun, stopLine, stopping } from './run/follow.ts'
import { openRunnable, placeOfStack, type Runnable, tagsOf } from './run/place.ts'
import { planOf, typedCommand } from './run/plan.ts'

/**
 * A one-off task with the network, environment and secrets of a service, or of a task of the config.
 * @param words the command before --
 * @param rest the command behind --
 * @returns the exit code of its container
 */
export const runCommand = async (
  of: string | undefined,
  words: readonly string[],
  rest: readonly string[],
  f: RunFlags,
): Promise<number> => {
  if (words.length > 0 && rest.length > 0)
    throw refuse(
      `There is a command before -- and one behind it: ${typedCommand(words)} and ${typedCommand(rest)}`,
      'only one can be meant',
      `infra run ${of ?? ''} -- ${typedCommand(rest)}`,
    )
  const environment = pairs('--set-env', f.setEnv)
  const r = await openRunnable(of, f, 'run')
  try {
    return await runOnce(r, rest.length > 0 ? rest : words, environment, f, realClock)
  } finally {
    await r.p.close()
  }
}

/** Apart from the command line, for tests. */
export const runOnce = async (
  { p, find }: Runnable,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  f: RunFlags,
  clock: Clock,
): Promise<number> => {
  const { io } = p
  // stdout is the task's own: whoever redirects it gets what it writes and nothing else.
  const aside = { io: { ...io, say: (text = '') => io.note(text) } }
  const { definition, found } = await orRefuse(p, find())
  const main = containerOf(definition, f.container, found?.service)
  const o: OneOff = {
    cluster: p.named.cluster,
    definition,
    container: main.name ?? '',
    command,
    environment,
    place: found ? placeBeside(found.service) : placeOfStack(p),
    tags: tagsOf(p),
  }
  checkOneOff(o)
  const before = f.force ? undefined : await earlier(p, o)
  if (before) {
    if (io.json) io.event({ type: 'following', ...p.named, task: idOf(before) })
    io.note(
      `It runs already: the task ${idOf(before)}, ${(before.lastStatus ?? '').toLowerCase()}${sinceText(before)}. No second one is started.`,
    )
    if (io.interactive && !(await asker(io).confirm('Follow it to its end?', true, '--yes'))) {
      io.note(`Nothing was changed. To start another one beside it: ${io.c.cyan(again(p, o, '--force'))}`)
      return 0
    }
    return follow(p, o, before.taskArn ?? '', clock)
  }
  const [service] = found ? [] : Object.keys(p.stack?.config.ecs.services ?? {})
  const instead =
    service && `with the image that ${service} runs: infra run ${service} -- ${typedCommand(command) || '<command>'}`
  const notes = main.image === undefined ? [] : await orRefuse(p, imageNotes(p, main.image, instead))
  planOf(p, o, found !== undefined, notes)
  if (!(await agreed({ io: aside.io }, f, 'Run it?', 'This would run a task, which may change data', again(p, o, '--yes'))))
    return 0
  // A person may have thought about it for long.
  if (io.interactive && !f.force && (await earlier(p, o)))
    throw refuse('Meanwhile somebody else has started the same command', undefined, again(p, o, ''))
  return begin(p, o, f, clock)
}

const begin = async (p: ServicePlace, o: OneOff, f: RunFlags, clock: Clock): Promise<number> => {
  const { io } = p
  const stop = stopping(p)
  try {
    if (f.wait !== false) return await followRun(p, o, undefined, stop, clock)
    const how = { token: randomUUID(), clock, signal: stop.signal }
    const task = await startTask(p.aws, o, how).catch((error: unknown) => {
      throw p.explain(error)
    })
    const arn = task.taskArn ?? ''
    stop.task(arn)
    // Ctrl-C while it was started: it is told to stop.
    if (stop.signal.aborted) return await followRun(p, o, arn, stop, clock)
    const id = idOf(task) ?? ''
    if (io.json) io.event({ type: 'result', outcome: 'started', ...p.named, task: id, exitCode: null })
    io.say(id)
    io.note(`${io.c.green('✓')} Started. Its log: ${io.c.cyan(p.line('logs', `--task ${id.slice(0, 8)} -f`))}`)
    io.note(`  Its exit code: ${io.c.cyan(again(p, o, '--yes'))} waits for it while it runs. To stop it: ${stopLine(p, arn)}`)
    return 0
  } finally {
    stop.end()
  }
}

const follow = async (p: ServicePlace, o: OneOff, arn: string, clock: Clock): Promise<number> => {
  const stop = stopping(p)
  stop.task(arn)
  try {
    return await followRun(p, o, arn, stop, clock)
  } finally {
    stop.end()
  }
}

/**
 * The same command that still runs, of a run that was killed or of somebody else: it is gone on with, not doubled.
 * @throws InfraError (exit 2) when what runs is another revision, or has other variables
 */
const earlier = async (p: ServicePlace, o: OneOff): Promise<Task | undefined> => {
  let running: Task[]
  try {
    running = await runningNow(p.aws, o)
  } catch (error) {
    if (/^AccessDenied/.test(codeOf(error))) {
      p.io.note('Whether it runs already was not looked at: this identity may not (ecs:ListTasks, ecs:DescribeTasks).')
      return undefined
    }
    const { what, why, next, cause } = p.explain(error)
    throw new InfraError(what, { why, next, exitCode: 2, cause })
  }
  const same = running.find((t) => isSame(t, o))
  const [other] = running
  if (same || !other) return same
  const differs =
    other.taskDefinitionArn === o.definition.taskDefinitionArn
      ? 'with other variables'
      : `of ${revisionOf(other.taskDefinitionArn)}`
  throw refuse(
    `The same command runs already, ${differs}: the task ${idOf(other)}${sinceText(other)}`,
    "two at a time may get in each other's way",
    `Wait for its end (${p.line('logs', `--task ${(idOf(other) ?? '').slice(0, 8)} -f`)}), or start this one beside it with --force`,
  )
}

const sinceText = (t: Task): string => {
  const at = t.startedAt ?? t.createdAt
  return at ? `, since ${at.toISOString().replace(/\.\d+Z$/, 'Z')}` : ''
}

/** The command again, with this flag. What a variable is set to may be a secret. */
const again = (p: ServicePlace, o: OneOff, flag: string): string => {
  const flags = [...Object.keys(o.environment).map((k) => `--set-env ${k}=...`), ...(flag ? [flag] : [])]
  return `${p.line('run', flags.join(' '))}${o.command.length > 0 ? ` -- ${typedCommand(o.command)}` : ''}`
}
