import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Interrupted } from '../../src/core/errors.ts'
import { runGraph } from '../../src/engine/run.ts'

interface Item {
  readonly key: string
  readonly deps: readonly string[]
  readonly minutes: number
  readonly fails: boolean
}

/** Random directed graphs without cycles: a node may depend only on earlier ones. */
const graphs = fc
  .array(fc.record({ on: fc.array(fc.nat(), { maxLength: 4 }), minutes: fc.nat(9), fails: fc.nat(5).map((n) => n === 0) }), {
    maxLength: 14,
  })
  .map((raw): Item[] =>
    raw.map(({ on, minutes, fails }, i) => ({
      key: `n${i}`,
      deps: i === 0 ? [] : [...new Set(on.map((d) => `n${d % i}`))],
      minutes,
      fails,
    })),
  )
const live = new AbortController().signal
const minutes = (n: Item): number => n.minutes
const quiet = (): void => {}

describe('runGraph, any graph, any failures, any speed', () => {
  const property = fc.asyncProperty(graphs, fc.array(fc.nat(4), { minLength: 14, maxLength: 14 }), async (items, delays) => {
    const began: string[] = []
    const ended = new Set<string>()
    const told: string[] = []
    const work = async (n: Item): Promise<void> => {
      for (const dep of n.deps) expect(ended.has(dep)).toBe(true)
      began.push(n.key)
      for (let i = 0; i < (delays[Number(n.key.slice(1))] ?? 0); i++) await Promise.resolve()
      if (n.fails) throw new Error(n.key)
      ended.add(n.key)
    }
    const outcome = await runGraph(items, minutes, work, live, (n) => told.push(n.key))

    expect(new Set(began).size).toBe(began.length)
    expect(outcome.done).toEqual([...ended])
    expect([...outcome.failed.keys()].sort()).toEqual([...told].sort())
    const culprits = new Map<string, Set<string>>()
    for (const n of items) {
      const of = new Set(n.deps.flatMap((d) => [...(culprits.get(d) ?? []), ...(outcome.failed.has(d) ? [d] : [])]))
      culprits.set(n.key, of)
      expect(outcome.blocked.has(n.key)).toBe(of.size > 0)
      if (of.size > 0) expect(of).toContain(outcome.blocked.get(n.key))
    }
    const all = [...outcome.done, ...outcome.failed.keys(), ...outcome.blocked.keys()]
    expect(all.sort()).toEqual(items.map((n) => n.key).sort())
    expect(outcome.interrupted).toBe(false)
  })
  it('runs each node at most once, never before its deps; blocked are exactly the descendants of failed', async () => {
    await fc.assert(property, { numRuns: 300 })
  })
})

describe('runGraph', () => {
  const node = (key: string, deps: string[] = [], weight = 1): Item => ({ key, deps, minutes: weight, fails: false })

  it('starts the longest remaining chain first among those that are ready', async () => {
    const began: string[] = []
    const items = [node('short'), node('long'), node('own', [], 7), node('tail', ['long'], 9)]
    await runGraph(items, minutes, async (n) => void began.push(n.key), live, quiet)
    expect(began.slice(0, 3)).toEqual(['long', 'own', 'short'])
  })

  it('does not wait for what is not part of the run', async () => {
    const outcome = await runGraph([node('a', ['elsewhere'])], minutes, async () => {}, live, quiet)
    expect(outcome.done).toEqual(['a'])
  })

  it('starts nothing after the signal, and what says Interrupted is neither done nor failed', async () => {
    const stop = new AbortController()
    const began: string[] = []
    const work = async (n: Item): Promise<void> => {
      began.push(n.key)
      if (n.key === 'a') stop.abort()
      if (n.key === 'b') throw new Interrupted()
    }
    const outcome = await runGraph([node('a', [], 9), node('c', ['a']), node('b')], minutes, work, stop.signal, quiet)
    expect(began).toEqual(['a'])
    expect(outcome).toMatchObject({ done: ['a'], interrupted: true })
    expect([outcome.failed.size, outcome.blocked.size]).toEqual([0, 0])
    const told = await runGraph([node('b')], minutes, work, live, quiet)
    expect(told).toMatchObject({ done: [], interrupted: true })
  })

  it('makes an Error of whatever was thrown', async () => {
    const outcome = await runGraph([node('a')], minutes, () => Promise.reject('text'), live, quiet)
    expect(outcome.failed.get('a')).toEqual(new Error('text'))
  })
})
