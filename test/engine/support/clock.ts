import type { Clock } from '../../../src/core/clock.ts'

/** A signal that is never given. No clock listens to it, so that all worlds of a test can share it. */
export const NEVER = new AbortController().signal

/** Time that passes only while everybody sleeps: hours in milliseconds, and the same order on every run. */
export class VirtualClock implements Clock {
  #now: number
  #sleepers: { readonly at: number; readonly signal: AbortSignal; readonly wake: () => void }[] = []
  readonly #heard = new WeakSet<AbortSignal>()
  #ticking = false
  #busy = 0

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now
  }
  now(): number {
    return this.#now
  }
  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    if (signal !== NEVER && !this.#heard.has(signal)) {
      this.#heard.add(signal)
      signal.addEventListener('abort', () => this.#release((s) => s.signal === signal))
    }
    return new Promise((wake) => {
      this.#sleepers.push({ at: this.#now + ms, signal, wake })
      this.#tick()
    })
  }
  /** Nobody wakes up any more: the process that slept was killed. */
  drop(): void {
    this.#sleepers = []
  }
  /** Lets time pass while no process runs. */
  pass(ms: number): void {
    this.#now += ms
  }

  /** No time passes meanwhile: work outside of this clock (files) is instantaneous to those who live by it. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#busy++
    try {
      return await work()
    } finally {
      this.#busy--
      this.#tick()
    }
  }

  #release(which: (s: { readonly signal: AbortSignal }) => boolean): void {
    const woken = this.#sleepers.filter(which)
    this.#sleepers = this.#sleepers.filter((s) => !which(s))
    for (const { wake } of woken) wake()
  }
  /** A macrotask comes only when all promises have settled, so nobody who could still act is overtaken by the time. */
  #tick(): void {
    if (this.#ticking || this.#busy > 0) return
    this.#ticking = true
    setImmediate(() => {
      this.#ticking = false
      if (this.#busy > 0) return
      const next = this.#sleepers.reduce<{ at: number; wake: () => void } | undefined>(
        (first, s) => (first && first.at <= s.at ? first : s),
        undefined,
      )
      if (!next) return
      this.#sleepers = this.#sleepers.filter((s) => s !== next)
      this.#now = Math.max(this.#now, next.at)
      next.wake()
      if (this.#sleepers.length > 0) this.#tick()
    })
  }
}
