import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Aws } from '../aws/clients.ts'
import type { PasswordAt, Server } from '../aws/sql.ts'
import { type Clock, realClock } from '../core/clock.ts'
import { InfraError, Interrupted, refuse } from '../core/errors.ts'
import { fits as isShort } from '../ecs/task.ts'
import { SqlError, sqlErrorOf } from './errors.ts'
import type { Channel, Job } from './job.ts'
import type { WayIn } from './open.ts'
import { isComplete, type Outcome, outcomeOf, passwordVariable, scriptOf, word } from './script.ts'
import { runContainer, type TaskNeeds, type TaskPlace, untilGone } from './task-run.ts'

export type { TaskPlace } from './task-run.ts'

export interface TaskWayOptions {
  readonly aws: Pick<Aws, 'ecs' | 'logs'>
  /** Makes what a container needs: called when the first job is there, and again when one needs a password that was not known then. */
  place(): Promise<TaskPlace>
  /** Removes it again. */
  gone(): Promise<void>
  /** A new client token. */
  token(): string
  /** Of all roles that are known by now: those that `place` puts into the environment of the task definition. */
  passwords(): readonly PasswordAt[]
  readonly tags?: Readonly<Record<string, string>>
  report?(line: string): void
  readonly clock?: Clock
  readonly signal?: AbortSignal
}

/** Jobs that are asked for within this many milliseconds go together: a container takes half a minute to start. */
const GATHER = 100

/** Milliseconds for which what a container saw after the last change counts: nobody else is let in meanwhile by this run. */
const FRESH = 60_000

interface Asked {
  readonly job: Job
  /** Done in the same container after all jobs, where there is room: it will be asked for next. */
  readonly next: readonly Job[]
  done(answer: string | undefined): void
  failed(error: unknown): void
}

/** A container in the database's network for as long as it takes: psql, no machine that stays, no open port, some cents. */
export const taskWay = (options: TaskWayOptions): WayIn => {
  const signal = options.signal ?? new AbortController().signal
  const needs: TaskNeeds = {
    aws: options.aws,
    token: options.token,
    report: options.report ?? (() => {}),
    clock: options.clock ?? realClock,
    signal,
    ...(options.tags ? { tags: options.tags } : {}),
  }
  let known = new Set<string>()
  /** The password that no container gets. A secret that this run has made meanwhile is known now. */
  const missingIn = (job: Job): PasswordAt | undefined => {
    const missing = () => passwordsOf(job).find((at) => !known.has(passwordVariable(at)))
    if (!missing()) return undefined
    known = new Set(options.passwords().map(passwordVariable))
    stale = true
    return missing()
  }
  const arns: string[] = []
  let made: Promise<TaskPlace> | undefined
  let stale = false
  let only: Server | undefined
  let asked: Asked[] = []
  /** What was done ahead of being asked for, since the last change. */
  const ahead = new Map<string, { readonly outcome: Outcome; readonly at: number }>()
  let working: Promise<void> | undefined

  const place = (): Promise<TaskPlace> => {
    if (stale || !made) made = options.place()
    stale = false
    return made
  }
  const work = async (server: Server): Promise<void> => {
    while (asked.length > 0) {
      await needs.clock.sleep(GATHER, signal)
      const now = asked
      asked = []
      try {
        if (signal.aborted) throw new Interrupted()
        const at = await place()
        for (const some of inRuns(now, at.container)) await carryOut(some, at, server)
      } catch (error) {
        for (const { failed } of now) failed(error)
      }
    }
    // In the same breath as the look: what is asked for after it must start its own.
    working = undefined
  }
  const carryOut = async (some: readonly Asked[], at: TaskPlace, server: Server): Promise<void> => {
    if (signal.aborted) throw new Interrupted()
    if (some.some(({ job }) => !job.reads)) ahead.clear()
    const mark = newMark()
    const next = nextOf(some, at.container, mark)
    const jobs = [...some.map(({ job }) => job), ...next]
    needs.report(`A container starts in the network of the database (half a minute to a minute); its log: ${at.logGroup}`)
    const command = commandOf(jobs, mark, at.container)
    const isWhole = (lines: readonly string[]): boolean => isComplete(lines, mark, jobs.length)
    const lines = await runContainer({ needs, place: at, command, isWhole, started: (arn) => arns.push(arn) })
    for (const [n, job] of next.entries()) {
      const outcome = outcomeOf(lines, mark, some.length + n)
      if (outcome) ahead.set(keyOf(job), { outcome, at: Date.now() })
    }
    for (const [n, one] of some.entries()) tell(one, outcomeOf(lines, mark, n), server)
  }
  const tell = ({ job, done, failed }: Pick<Asked, 'job' | 'done' | 'failed'>, outcome: Outcome | undefined, server: Server) => {
    if (outcome?.is === 'done') done(outcome.answer)
    else failed(outcome ? errorOf(outcome, server, job) : new Error('the container said nothing of a job'))
  }

  return {
    via: 'task',
    async channel(server): Promise<Channel> {
      if (server.engine !== 'postgres')
        throw refuse(
          'A container carries out SQL for PostgreSQL only',
          'it brings psql along',
          'Set databases.via: ssm or print in infra.yaml',
        )
      only ??= server
      // Its credentials are in the environment that the task definition gives.
      if (only.id !== server.id) throw new Error(`this way leads to ${only.id}, not to ${server.id}`)
      return {
        run: (job, next = []) =>
          new Promise((done, failed) => {
            const seen = job.reads ? ahead.get(keyOf(job)) : undefined
            if (seen && Date.now() - seen.at < FRESH) return tell({ job, done, failed }, seen.outcome, server)
            const missing = missingIn(job)
            if (missing) return failed(new Error(`the container gets no password ${missing.key} of ${missing.secret}`))
            asked.push({ job, next, done, failed })
            working ??= work(server)
          }),
        close: async () => {},
      }
    },
    async close() {
      await working?.catch(() => undefined)
      if (!made) return
      const at = await made.catch(() => undefined)
      try {
        // Whoever has interrupted wants to leave: then the container, which was told to stop, is not waited for.
        if (at && !signal.aborted) await untilGone(needs, at, arns)
      } finally {
        await options.gone()
      }
    },
  }
}

const passwordsOf = (job: Job): PasswordAt[] => [
  ...(job.as ? [job.as.password] : []),
  ...job.statements.flatMap((s) => (typeof s === 'string' ? [] : [s.password])),
]

/** The same job, whatever its objects: a secret may be known by its name or its ARN. */
const keyOf = ({ database, as, statements }: Job): string =>
  JSON.stringify([database, as && [as.role, passwordVariable(as.password)], statements])

/** What will be asked for next, each once, as far as there is room for it. */
const nextOf = (some: readonly Asked[], container: string, mark: string): readonly Job[] => {
  const next = [...new Map(some.flatMap((a) => a.next).map((job) => [keyOf(job), job])).values()]
  const jobs = [...some.map((a) => a.job), ...next]
  return fits(container, commandOf(jobs, mark, container)) ? next : []
}

/** Readable where there is room for it: ECS and CloudTrail show what ran. */
const commandOf = (jobs: readonly Job[], mark: string, container: string): string[] => {
  const script = scriptOf(jobs, mark)
  const plain = ['sh', '-c', script]
  if (fits(container, plain)) return plain
  const packed = gzipSync(script, { level: 9 }).toString('base64')
  return ['sh', '-c', `printf %s ${word(packed)} | base64 -d | gunzip >/tmp/infra.sh && exec sh /tmp/infra.sh`]
}

const fits = (container: string, command: readonly string[]): boolean => isShort({ container, command, environment: {} })

const newMark = (): string => `@${randomBytes(6).toString('hex')}`

/** As few runs as there is room for. */
const inRuns = (all: readonly Asked[], container: string): (readonly Asked[])[] => {
  const jobs = all.map((a) => a.job)
  if (fits(container, commandOf(jobs, newMark(), container))) return [all]
  if (all.length === 1)
    throw new InfraError('A statement is too long for a container', { next: 'Set databases.via in infra.yaml to ssm or direct' })
  const half = Math.ceil(all.length / 2)
  return [...inRuns(all.slice(0, half), container), ...inRuns(all.slice(half), container)]
}

const errorOf = ({ code, message }: { code: string; message: string }, server: Server, job: Job): Error => {
  const at = `${server.host}:${server.port}`
  if (/^E[A-Z]+$/.test(code))
    return new SqlError('DatabaseAway', `The container cannot reach the database server ${at}`, {
      why: message,
      next: 'Have the security group of the database let in the one of the container, then run the same command again',
    })
  return sqlErrorOf(code, message, server, job.as?.role)
}
