import type { Aws } from '../../aws/clients.ts'
import { classify, codeOf, unlessGone } from '../../aws/trouble.ts'
import type { Clock } from '../../core/clock.ts'
import { refuse, SLOWER } from '../../core/errors.ts'
import { retry } from '../../core/retry.ts'
import type { LogSource } from './log.ts'

export interface LogEvent {
  /** AWS's id: one event has one. */
  readonly id: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly message: string
  readonly stream: string
  /** Its whole id, as far as the stream says it. */
  readonly task: string
  readonly container: string
}

export interface LogReading {
  readonly aws: Pick<Aws, 'logs'>
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Milliseconds since 1970. */
  readonly since: number
  readonly filter?: string | undefined
  /** The task, or the beginning of its id. */
  readonly task?: string | undefined
  /** Goes on as long as it takes when AWS asks for fewer calls, or the network is away for a while. */
  readonly patient: boolean
  /** There is no such log group: no task has written yet. */
  missing(group: string): void
  /** AWS does not answer, or wants fewer calls. */
  slow(why: string): void
}

/** Calls without an answer, one after another, until it is given up; for the patient after a quarter of an hour. */
const UNANSWERED = 5
const UNANSWERED_PATIENT = 40
const LONGEST = 30_000

/** A read, asked again while AWS wants fewer calls or the network is away: it changes nothing. Undefined when told to stop. */
export const readAgain = async <T>(
  of: Pick<LogReading, 'clock' | 'signal' | 'patient' | 'slow'>,
  read: () => Promise<T>,
): Promise<T | undefined> => {
  const { clock, signal } = of
  let tried = false
  return retry(async () => (tried && signal.aborted ? undefined : read()), {
    clock,
    signal,
    pause(error, attempt) {
      tried = true
      const trouble = classify(error)
      const throttled = trouble === 'throttled'
      const away = trouble === 'unknown-outcome' || trouble === 'unreachable'
      const most = !of.patient ? UNANSWERED : throttled ? Number.POSITIVE_INFINITY : UNANSWERED_PATIENT
      if (!(throttled || away) || attempt >= most) return undefined
      of.slow(throttled ? SLOWER : 'AWS does not answer')
      return Math.min(LONGEST, 1000 * attempt)
    },
  })
}

/**
 * The events of one place, page by page, oldest first. A page may be empty although more come.
 * docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
 * @throws InfraError (exit 2) when AWS does not take the filter pattern
 */
export async function* pagesOf(of: LogReading, source: LogSource, startTime: number): AsyncGenerator<LogEvent[]> {
  const prefix = source.streams === undefined ? undefined : `${source.streams}${of.task ?? ''}`
  const asked = {
    logGroupName: source.group,
    ...(prefix === undefined ? {} : { logStreamNamePrefix: prefix }),
    // A whole number for AWS. Clocks also tell fractions of a millisecond.
    startTime: Math.floor(startTime),
    ...(of.filter === undefined ? {} : { filterPattern: of.filter }),
  }
  let nextToken: string | undefined
  do {
    const input = { ...asked, ...(nextToken ? { nextToken } : {}) }
    const page = await readAgain(of, async () => (await unlessGone(of.aws.logs('FilterLogEvents', input))) ?? 'missing').catch(
      (error: unknown) => {
        throw of.filter !== undefined && codeOf(error) === 'InvalidParameter' ? badPattern(of.filter, error) : error
      },
    )
    if (page === 'missing') of.missing(source.group)
    if (page === undefined || page === 'missing') return
    // The sandbox gives all streams of the group.
    const own = (page.events ?? []).filter((e) => prefix === undefined || e.logStreamName?.startsWith(prefix))
    const events = own.map((e): LogEvent => {
      const stream = e.logStreamName ?? ''
      return {
        id: e.eventId ?? `${stream} ${e.timestamp} ${e.message}`,
        at: e.timestamp ?? 0,
        message: e.message ?? '',
        stream,
        task: source.streams === undefined ? stream : stream.slice(source.streams.length),
        container: source.container,
      }
    })
    // Usually they are in order.
    if (events.length > 0) yield events.sort((a, b) => a.at - b.at)
    nextToken = page.nextToken
  } while (nextToken && !of.signal.aborted)
}

const badPattern = (filter: string, error: unknown): Error =>
  refuse(
    `CloudWatch Logs does not take the filter pattern ${filter}`,
    error instanceof Error ? error.message : undefined,
    `A phrase with other characters than letters and digits stands in double quotes: --filter '"GET /health"'; any of several words: '?ERROR ?WARN'; in JSON: '{ $.level = "error" }'; an expression: '%5[0-9][0-9]%'`,
  )

/** Several that are each in order, as one. Only one page of each is held. */
export async function* merged(all: readonly AsyncGenerator<LogEvent[]>[]): AsyncGenerator<LogEvent> {
  const heads = await Promise.all(
    all.map(async (pages) => {
      const first = await pages.next()
      return { pages, page: first.done ? [] : first.value, n: 0 }
    }),
  )
  for (;;) {
    const [next] = heads.filter((h) => h.n < h.page.length).sort((a, b) => (a.page[a.n]?.at ?? 0) - (b.page[b.n]?.at ?? 0))
    const event = next?.page[next.n]
    if (!next || !event) return
    yield event
    next.n++
    if (next.n < next.page.length) continue
    const more = await next.pages.next()
    next.page = more.done ? [] : more.value
    next.n = 0
  }
}
