import type { Clock } from '../../../src/core/clock.ts'
import type { Row } from '../../../src/state/schema.ts'
import { type Cloud, Crash, Fault, type Point } from '../../support/cloud.ts'
import { NEVER } from './clock.ts'

/** What outlives a process: the cloud, and the state as it is on the disk. */
export interface Ground {
  readonly cloud: Cloud
  readonly rows: Map<string, Row>
}

/**
 * What becomes of calls and writes that are under way at a kill. `lost`: nobody hears of them. `lands`: all take effect.
 * `calls`: the network delivers the calls, but the write to the disk is lost. `late`: so, but a create only some time after the kill, when
 * the next run is at work already.
 */
export type InFlight = 'lost' | 'lands' | 'calls' | 'late'

/** Later than the next run begins, sooner than the grace ends. */
const LATE_MS = 1500

interface Flight {
  readonly what: Point['what']
  readonly text: string
  /** What is asked for: two calls of the same text and detail have the same effect. */
  readonly detail: string
  land(on: Ground): void
}

/** One process that works on a ground, until a hook kills it. */
export class Session {
  readonly ground: Ground
  readonly clock: Clock
  /** Rejects when the process is killed. */
  readonly crashed: Promise<never>
  #alive = true
  #die: (crash: Crash) => void = () => {}
  readonly #flying = new Set<Flight>()
  #changes = 0

  constructor(ground: Ground) {
    this.ground = ground
    this.crashed = new Promise((_, reject) => {
      this.#die = reject
    })
    this.crashed.catch(() => {})
    const { clock } = ground.cloud
    this.clock = { now: () => clock.now(), sleep: (ms, signal) => (this.#alive ? clock.sleep(ms, signal) : never()) }
  }

  /** The result of the work, or the Crash. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return Promise.race([work(), this.crashed])
  }

  /** @param effect on the ground it is given: this one, or a copy on which the process was killed meanwhile */
  async call<T>(what: Point['what'], text: string, effect: (on: Ground) => T, detail = ''): Promise<T> {
    const { cloud } = this.ground
    if (what !== 'write') cloud.log.push({ at: cloud.clock.now(), what, text })
    await this.point(what, text, 'before')
    if (cloud.loses('request', text)) throw new Fault('unknown-outcome', `${text}: no answer`)
    const flight: Flight = { what, text, detail, land: (on) => void effect(on) }
    this.#flying.add(flight)
    if (what !== 'read') this.#changes++
    await this.#travel()
    if (!this.#flying.delete(flight)) return never()
    const value = effect(this.ground)
    if (what !== 'read') this.#changes++
    // A write counts from when it is durable, a call from when it is sent: the log answers "was it recorded before?".
    if (what === 'write') cloud.log.push({ at: cloud.clock.now(), what, text })
    await this.#travel()
    if (what !== 'read') await this.point(what, text, 'after')
    if (cloud.loses('answer', text)) throw new Fault('unknown-outcome', `${text}: the answer was lost`)
    return value
  }

  /** An instant at which this process can be killed. Nothing of it runs after that. */
  point(what: Point['what'], text: string, phase: Point['phase']): Promise<void> | undefined {
    if (!this.#alive) return never()
    const { cloud } = this.ground
    try {
      cloud.hook({ n: ++cloud.points, what, phase, text })
      return undefined
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      this.#alive = false
      cloud.clock.drop()
      this.land(cloud.inFlight, this.ground)
      this.#flying.clear()
      this.#die(error)
      return never()
    }
  }

  /** Does to the ground what becomes of all that is under way, as if this process were killed now. */
  land(how: InFlight, on: Ground): void {
    for (const { what, text, detail, land } of this.#flying)
      if (how === 'late' && text.startsWith('make '))
        on.cloud.late.push({
          at: on.cloud.clock.now() + LATE_MS,
          begun: 0,
          what: `${text} ${detail}`,
          land: (cloud) => land({ ...on, cloud }),
        })
      else if (how === 'lands' || (what === 'change' && how !== 'lost'))
        try {
          land(on)
        } catch {} // It was refused; nobody is there to hear it.
  }
  /** The same for two instants between which nothing changed: no effect, no call that began, no time that passed. */
  get moment(): string {
    const { clock, late } = this.ground.cloud
    return `${clock.now()} ${this.#changes} ${late.length}`
  }
  /** Whether a kill now would catch something under way. */
  get busy(): boolean {
    return [...this.#flying].some((f) => f.what !== 'read')
  }

  async #travel(): Promise<void> {
    // A call is not broken off by a stop.
    if (this.ground.cloud.latencyMs > 0) await this.clock.sleep(this.ground.cloud.latencyMs, NEVER)
  }
}

const never = (): Promise<never> => new Promise(() => {})
