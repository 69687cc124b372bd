import type { Aws } from '../../../src/aws/clients.ts'
import type { LogSource } from '../../../src/ecs/logs/log.ts'
import type { LogEvent } from '../../../src/ecs/logs/read.ts'
import { type Tail, tail } from '../../../src/ecs/logs/tail.ts'
import { quickClock } from '../../ecs/support.ts'
import { fakeAws } from '../../support/models/fake.ts'

export const WEB: LogSource = { group: '/ecs/shop', container: 'web', streams: 'web/web/' }
export const SIDE: LogSource = { group: '/ecs/shop', container: 'side', streams: 'web/side/' }
/** Where the clock of a test begins. */
export const BEGIN = 1_800_000_000_000

interface Written {
  readonly id: string
  readonly at: number
  readonly stream: string
  readonly message: string
  /** Visible from this time on the clock of the test. */
  readonly from: number
}

interface Asked {
  logGroupName: string
  logStreamNamePrefix?: string
  startTime: number
  filterPattern?: string
  nextToken?: string
}

/** CloudWatch Logs, as far as FilterLogEvents goes: a page has few events, and some pages have none. */
export class Streams {
  readonly clock = quickClock()
  readonly asked: Asked[] = []
  readonly written: Written[] = []
  /** Instead of the answer to the nth call, counted from 0. */
  readonly errors = new Map<number, Error>()
  groups = ['/ecs/shop']
  page = 2
  readonly heard: LogEvent[] = []
  readonly notes: string[] = []
  readonly missing: string[] = []
  #n = 0

  now(): number {
    return BEGIN + this.clock.now()
  }

  /** @param seconds since the begin @param late seconds that pass before it can be found */
  write(stream: string, seconds: number, message: string, late = 0): void {
    const at = BEGIN + seconds * 1000
    this.written.push({ id: `e${++this.#n}`, at, stream, message, from: at + late * 1000 })
  }

  readonly aws: Pick<Aws, 'logs'> = fakeAws({
    logs: async (operation: string, input: Asked): Promise<unknown> => {
      if (operation !== 'FilterLogEvents') throw new Error(`unexpected call: ${operation}`)
      const n = this.asked.push(input) - 1
      const error = this.errors.get(n)
      if (error) throw error
      if (!this.groups.includes(input.logGroupName))
        throw Object.assign(new Error('The specified log group does not exist.'), { name: 'ResourceNotFoundException' })
      const all = this.written
        .filter((e) => e.stream.startsWith(input.logStreamNamePrefix ?? '') && e.at >= input.startTime && e.from <= this.now())
        .sort((a, b) => a.at - b.at)
      const from = Number(input.nextToken ?? 0)
      // Every other page is empty, and says that more comes.
      const empty = from % 1 === 0.5
      const at = Math.floor(from)
      const events = empty ? [] : all.slice(at, at + this.page)
      const next = empty ? at : at + events.length
      const more = next < all.length ? { nextToken: String(empty ? next : next + 0.5) } : {}
      return {
        events: events.map((e) => ({ eventId: e.id, timestamp: e.at, message: e.message, logStreamName: e.stream })),
        ...more,
      }
    },
  })

  /** @param rounds after so many looks it is left */
  async tail(more: Partial<Tail> = {}, rounds = 1): Promise<void> {
    const leave = new AbortController()
    let slept = 0
    const clock = {
      now: () => this.now(),
      sleep: async (ms: number) => {
        await this.clock.sleep(ms, leave.signal)
        if (++slept >= rounds) leave.abort()
      },
    }
    await tail({
      aws: this.aws,
      clock,
      signal: leave.signal,
      since: BEGIN - 600_000,
      follow: false,
      patient: false,
      places: async () => [WEB, SIDE],
      hear: (e) => this.heard.push(e),
      missing: (g) => this.missing.push(g),
      slow: (why) => this.notes.push(why),
      ...more,
    })
  }

  get messages(): string[] {
    return this.heard.map((e) => e.message)
  }
}
