/** Numbers that are the same for the same seed (mulberry32). */
export class Random {
  #state: number
  constructor(seed: number) {
    this.#state = seed >>> 0
  }
  /** From 0 to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  chance(p: number): boolean {
    return this.next() < p
  }
  /** From `from` to `to`, both included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1))
  }
  pick<T>(of: readonly T[]): T {
    return of[Math.floor(this.next() * of.length)] as T
  }
  /** One of the values, each as often as its weight says. */
  weighted<T>(of: readonly (readonly [weight: number, value: T])[]): T {
    let left = this.next() * of.reduce((sum, [weight]) => sum + weight, 0)
    for (const [weight, value] of of) {
      left -= weight
      if (left < 0) return value
    }
    return (of.at(-1) as readonly [number, T])[1]
  }
}
