import type { Clock } from '../../../src/engine/context.ts'
import { type Cloud, Crash, type Point } from '../../support/cloud.ts'

/** One process that works on a cloud, until its hook kills it. */
export class Session {
  readonly cloud: Cloud
  readonly clock: Clock
  /** Rejects when the process is killed. */
  readonly crashed: Promise<never>
  #alive = true
  #die: (crash: Crash) => void = () => {}
  /** A call is not broken off by a stop. */
  readonly #stay = new AbortController().signal
  readonly #flying = new Set<() => unknown>()

  constructor(cloud: Cloud) {
    this.cloud = cloud
    this.crashed = new Promise((_, reject) => {
      this.#die = reject
    })
    this.crashed.catch(() => {})
    const { clock } = cloud
    this.clock = { now: () => clock.now(), sleep: (ms, signal) => (this.#alive ? clock.sleep(ms, signal) : never()) }
  }

  /** The result of the work, or the Crash. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return Promise.race([work(), this.crashed])
  }

  async call<T>(what: Point['what'], text: string, effect: () => T): Promise<T> {
    if (what !== 'write') this.cloud.log.push({ at: this.cloud.clock.now(), what, text })
    await this.#point(what, text, 'before')
    let landed: { value: T } | undefined
    const land = (): void => {
      landed ??= { value: effect() }
    }
    this.#flying.add(land)
    try {
      await this.#travel()
      land()
    } finally {
      this.#flying.delete(land)
    }
    // A write counts from when it is durable, a call from when it is sent: the log answers "was it recorded before?".
    if (what === 'write') this.cloud.log.push({ at: this.cloud.clock.now(), what, text })
    await this.#travel()
    if (what !== 'read') await this.#point(what, text, 'after')
    return (landed as unknown as { value: T }).value
  }

  async #travel(): Promise<void> {
    if (this.cloud.latencyMs > 0) await this.clock.sleep(this.cloud.latencyMs, this.#stay)
  }
  #point(what: Point['what'], text: string, phase: Point['phase']): Promise<void> | undefined {
    if (!this.#alive) return never()
    try {
      this.cloud.hook({ n: ++this.cloud.points, what, phase, text })
      return undefined
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      this.#kill(error)
      return never()
    }
  }
  #kill(crash: Crash): void {
    this.#alive = false
    this.cloud.clock.drop()
    if (this.cloud.inFlight === 'lands')
      for (const land of this.#flying)
        try {
          land()
        } catch {} // It was refused; nobody is there to hear it.
    this.#die(crash)
  }
}

const never = (): Promise<never> => new Promise(() => {})
