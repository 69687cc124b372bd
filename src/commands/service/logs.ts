import type { TaskDefinition } from '../../aws/services/ecs-types.ts'
import type { Clock } from '../../core/clock.ts'
import { realClock } from '../../core/clock.ts'
import { refuse } from '../../core/errors.ts'
import { type LogPlaces, type LogSource, logPlaces } from '../../ecs/logs/log.ts'
import { sinceOf } from '../../ecs/logs/since.ts'
import { tail } from '../../ecs/logs/tail.ts'
import { revisionAt } from '../../ecs/revision.ts'
import type { Found } from '../../ecs/service.ts'
import { orRefuse, type ServicePlace } from '../../session/service.ts'
import type { LogsFlags } from './definitions.ts'
import { printer } from './logs-print.ts'
import { openRunnable, type Runnable } from './run/place.ts'

/**
 * The log of all tasks of a service, or of a task of the config, in one.
 * @returns the exit code; Ctrl-C while it is followed leaves with 130, as everywhere
 */
export const logsCommand = async (key: string | undefined, f: LogsFlags): Promise<number> => {
  const since = sinceOf(f.since, Date.now())
  const task = f.task === undefined ? undefined : taskId(f.task)
  if (f.filter?.trim() === '') throw refuse('--filter is empty', 'it would let everything through', 'Leave it out')
  const r = await openRunnable(key, f, 'logs')
  try {
    return await readLogs(r, { ...f, task }, since, realClock)
  } finally {
    await r.p.close()
  }
}

interface Wish extends Partial<Pick<LogsFlags, 'follow' | 'filter' | 'since'>> {
  readonly task?: string | undefined
}

/** Apart from the command line, for tests. @param since milliseconds since 1970 */
export const readLogs = async ({ p, find }: Runnable, f: Wish, since: number, clock: Clock): Promise<number> => {
  const { io } = p
  const first = await orRefuse(p, placesOf(p, find))
  sayElsewhere(p, first)
  const out = printer(io, first.sources)
  const missing = new Set<string>()
  let told = ''
  let places: readonly LogSource[] | undefined = first.sources
  try {
    await tail({
      aws: p.aws,
      clock,
      signal: out.closed,
      since,
      filter: f.filter,
      task: f.task,
      follow: f.follow === true,
      patient: f.follow === true,
      hear: out.event,
      async places() {
        const now = places ?? (await placesOf(p, find)).sources
        places = undefined
        out.expect(now)
        return now
      },
      missing(group) {
        if (!missing.has(group)) io.note(`The log group ${group} does not exist yet: no task has written into it.`)
        missing.add(group)
      },
      slow(why) {
        if (why !== told) io.note(io.c.dim(`${why}; asked again`))
        told = why
      },
      caughtUp() {
        if (out.count > 0 || out.closed.aborted) return
        if (missing.size < first.sources.length) io.note(nothing(p, f, since))
        if (f.follow) io.note(io.c.dim('Waiting for what comes. Ctrl-C ends it.'))
        else if (missing.size > 0) io.note(`Next: ${io.c.cyan(p.spoken('infra status'))} says whether tasks start.`)
      },
    })
  } catch (error) {
    // A reader that has left wants no more, whatever AWS says.
    if (out.closed.aborted) return 0
    throw p.explain(error)
  } finally {
    out.end()
  }
  return 0
}

/** Of the revision in use, and of those whose tasks still run. */
const placesOf = async (p: ServicePlace, find: Runnable['find']): Promise<LogPlaces> => {
  const { definition, found } = await find()
  return logPlaces([definition, ...(await others(p, found))], p.region)
}

const others = async (p: ServicePlace, found: Found | undefined): Promise<TaskDefinition[]> => {
  const { taskDefinition, deployments = [] } = found?.service ?? {}
  const arns = new Set(
    deployments.flatMap((d) => (d.taskDefinition && d.taskDefinition !== taskDefinition ? [d.taskDefinition] : [])),
  )
  const all = await Promise.all([...arns].map((arn) => revisionAt(p.aws, arn)))
  return all.flatMap((r) => (r ? [r.definition] : []))
}

/** @throws InfraError (exit 2) when there is no log at all that could be read here */
const sayElsewhere = ({ io, named }: ServicePlace, { sources, elsewhere }: LogPlaces): void => {
  const [first] = elsewhere
  if (sources.length === 0)
    throw refuse(
      `${named.name} has no log that can be read here`,
      elsewhere.map((e) => `${e.container}: ${e.why}`).join('; ') || 'its task definition has no container',
      first?.next ?? 'The driver awslogs writes into CloudWatch Logs, where infra reads: logConfiguration in the task definition',
    )
  for (const e of elsewhere) io.note(io.c.dim(`Without ${e.container}: ${e.why}${e.next ? ` (${e.next})` : ''}.`))
}

const nothing = (p: ServicePlace, f: Wish, since: number): string => {
  const { io } = p
  const what = [
    `No events of ${p.named.name}`,
    f.task === undefined ? '' : ` in the task ${f.task}`,
    f.filter === undefined ? '' : ` that match ${f.filter}`,
  ].join('')
  const asked = f.since ?? '10m'
  const farther = /^\d+[smh]$/.test(asked) ? '1d' : '1w'
  const more = f.filter === undefined ? '' : ', or without --filter'
  const next = `Next: ${io.c.cyan(p.line('logs', `--since ${farther}`))}${more}`
  return `${what} since ${new Date(since).toISOString().replace(/\.\d+Z$/, 'Z')}.${f.follow ? '' : `\n${next}`}`
}

/** Its id, the beginning of it, or its ARN. */
const taskId = (text: string): string => {
  const id = text.split('/').at(-1) ?? ''
  if (/^[0-9a-f-]{4,36}$/.test(id)) return id
  throw refuse(
    `--task ${text} is no task`,
    'it is the id of a task, the beginning of it, or its ARN',
    'for example --task 35deca79',
  )
}
