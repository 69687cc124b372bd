import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Interrupted } from '../../src/core/errors.ts'
import type { Context } from '../../src/engine/context.ts'
import type { Stuck } from '../../src/engine/kind.ts'
import { pause, until } from '../../src/engine/wait.ts'
import type { Client } from './support/client.ts'
import { World } from './support/world.ts'

interface Look {
  readonly is: string
  readonly note?: string
}

/** Waits for something that is ready after `ms`. */
const waitFor = async (ms: number, deadline = 600, world = new World()) => {
  const { cx } = world.begin()
  const began = cx.clock.now()
  let looks = 0
  const look = async (): Promise<Look> => {
    looks++
    return cx.clock.now() - began >= ms ? { is: 'ready' } : { is: 'pending', note: 'cooking' }
  }
  const seen = await until<Client, Look>(cx, 'cake', look, (s) => s.is === 'ready', { deadline, minutes: 3 })
  return { seen, looks, tookMs: cx.clock.now() - began, events: world.events }
}

describe('waiting', () => {
  it('overshoots by at most 2.5 % and 200 ms, whatever the duration', async () => {
    const property = fc.asyncProperty(fc.integer({ min: 0, max: 3 * 3_600_000 }), async (ms) => {
      const { tookMs } = await waitFor(ms)
      expect(tookMs).toBeGreaterThanOrEqual(ms)
      expect(tookMs).toBeLessThanOrEqual(ms * 1.025 + 200)
    })
    await fc.assert(property, { numRuns: 40 })
  })

  it('looks at once, and a wait of twelve minutes takes some hundred looks, not thousands', async () => {
    expect((await waitFor(0)).looks).toBe(1)
    const { looks } = await waitFor(12 * 60_000)
    expect(looks).toBeGreaterThan(30)
    expect(looks).toBeLessThan(300)
  })

  it('the pause is 200 ms at first, a fortieth of what has passed, and 10 s at most', () => {
    expect([0, 4000, 60_000, 200_000, 3_600_000].map(pause)).toEqual([200, 200, 1500, 5000, 10_000])
  })

  it('each event carries status word, elapsed time and the typical minutes', async () => {
    const { events } = await waitFor(500)
    expect(events).toEqual(
      [0, 200, 400].map((elapsedMs) => ({ type: 'resource.waiting', key: 'cake', status: 'cooking', elapsedMs, minutes: 3 })),
    )
  })

  it('gives up after the deadline: what, how long, and what to do', async () => {
    await expect(waitFor(11 * 60_000, 10)).rejects.toMatchObject({
      what: 'cake is still "cooking" after 10 minutes',
      next: expect.stringContaining('Run the same command again'),
      exitCode: 1,
    })
  })

  describe('for what AWS has given up', () => {
    const failed = (
      reached: boolean,
      failsFrom: number,
      failsTo = Number.POSITIVE_INFINITY,
      reasons: readonly string[] | Stuck = [],
    ) => {
      const { cx } = new World().begin()
      const began = cx.clock.now()
      const look = async () => {
        const ms = cx.clock.now() - began
        return ms >= failsFrom && ms < failsTo
          ? { is: 'ready', note: 'its rollout failed', over: true }
          : { is: ms >= 60_000 ? 'ready' : 'pending' }
      }
      const limit = { deadline: 10, minutes: 3, stuck: async () => reasons }
      const seen = until(cx, 'cake', look, (s) => reached && s.is === 'ready', limit)
      return seen
        .then((s) => ({ s, tookMs: cx.clock.now() - began }))
        .catch((error) => ({ error, tookMs: cx.clock.now() - began }))
    }

    it.each([true, false])('ends soon and says why, whether the goal seems reached (%s) or not', async (reached) => {
      const ended = await failed(reached, 20_000, undefined, ['a task stopped'])
      expect(ended).toMatchObject({
        error: { what: 'cake: its rollout failed', why: 'a task stopped', next: expect.stringContaining('it is tried anew') },
      })
      expect(ended.tookMs).toBeLessThan(22_000)
      expect(await failed(reached, 20_000)).toMatchObject({ error: { why: 'AWS has given up on it' } })
    })

    it('shows more and names the fix where that is known', async () => {
      const ended = await failed(true, 20_000, undefined, {
        reasons: ['no such image'],
        details: ['its last lines:', '  x'],
        fix: 'Push it',
      })
      expect(ended).toMatchObject({
        error: {
          why: 'no such image',
          details: ['its last lines:', '  x'],
          next: 'Push it. Then run the same command again: it is tried anew',
        },
      })
    })

    it('does not take what was before the call for an answer to it', async () => {
      expect(await failed(true, 0, 4000)).toMatchObject({ s: { is: 'ready' }, tookMs: expect.any(Number) })
      expect((await failed(true, 0)).tookMs).toBeLessThan(7000)
    })
  })

  it('ends at once when told to stop, but not when the goal is reached', async () => {
    const world = new World()
    const stop = new AbortController()
    world.signal = stop.signal
    const waiting = waitFor(3_600_000, 600, world)
    stop.abort()
    await expect(waiting).rejects.toBeInstanceOf(Interrupted)
    const { cx }: { cx: Context<Client> } = world.begin()
    const done = await until<Client, Look>(
      cx,
      'k',
      async () => ({ is: 'ready' }),
      (s) => s.is === 'ready',
      {
        deadline: 1,
        minutes: 1,
      },
    )
    expect(done.is).toBe('ready')
  })
})
