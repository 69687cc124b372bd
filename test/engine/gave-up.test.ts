import { describe, expect, it } from 'vitest'
import type { GaveUp } from '../../src/engine/gave-up.ts'
import { Fault } from '../support/cloud.ts'
import { fakeKind } from './support/kinds.ts'
import { type Declare, World } from './support/world.ts'

interface Look {
  readonly is?: 'pending' | 'ready'
  readonly gaveUp?: GaveUp
  readonly idle?: true
}
const before: GaveUp = { at: '2026-11-30T04:00:00.000Z', says: 'prepared transactions', next: 'Commit them' }
const now: GaveUp = { ...before, at: '2026-12-01T04:00:00.000Z' }

/** A server of size 1 that shall get size 2; what each further look shows, the last one for ever. */
const server = async (looks: readonly Look[], refusals: readonly Error[] = []) => {
  const plain = fakeKind('server', { found: 'name' })
  let shown: Look[] = []
  const failing = [...refusals]
  const calls = { updates: 0 }
  const kind: typeof plain = {
    ...plain,
    facts: { ...plain.facts, givesUp: ['size'] },
    async observe(...of) {
      const seen = await plain.observe(...of)
      const look = shown.length > 1 ? shown.shift() : shown[0]
      return seen.is === 'absent' ? seen : { ...seen, ...look }
    },
    async update() {
      calls.updates++
      const no = failing.shift()
      if (no) throw no
      return 'pending'
    },
  }
  const world = new World(kind)
  const declare =
    (size: number): Declare =>
    (add) =>
      void add(kind, 'server', { size })
  await world.create(declare(1))
  shown = [...looks]
  const run = async (again = false) => {
    world.adapt = (cx) => ({ ...cx, again })
    return (await world.create(declare(2))).failed.get('server')
  }
  return { run, calls, plan: () => world.plan(declare(2)) }
}

describe('a change that AWS gives up', () => {
  it('ends the wait at once, with its words', async () => {
    const { run, calls } = await server([{}, { is: 'pending' }, { is: 'pending' }, { idle: true, gaveUp: now }])
    expect(await run()).toMatchObject({
      what: 'server: AWS gave up the change on 2026-12-01 04:00 UTC, and it is as it was before',
      why: 'prepared transactions',
      next: 'Commit them',
      exitCode: 1,
    })
    expect(calls.updates).toBe(1)
  })

  it('is not begun again without a word: the plan is refused, and so is the run', async () => {
    const { run, calls, plan } = await server([{ idle: true, gaveUp: before }])
    expect((await plan()).problems).toMatchObject([{ why: 'prepared transactions', exitCode: 2 }])
    expect(await run()).toMatchObject({ why: 'prepared transactions', exitCode: 2 })
    expect(calls.updates).toBe(0)
  })

  it('is begun again with one, and the time before does not end the wait', async () => {
    const { run, calls } = await server([{ gaveUp: before }, { gaveUp: before }, { is: 'pending' }, { gaveUp: now }])
    expect(await run(true)).toMatchObject({ what: expect.stringContaining('2026-12-01') })
    expect(calls.updates).toBe(1)
  })

  it('that a killed process began is waited for, and not begun a second time when it is given up', async () => {
    const { run, calls } = await server([{ is: 'pending' }, { is: 'pending' }, { gaveUp: now }])
    expect(await run()).toMatchObject({ why: 'prepared transactions' })
    expect(calls.updates).toBe(0)
  })

  it('and whose second request came too early is not asked for once more', async () => {
    const early = new Fault('propagating')
    const { run, calls } = await server([{}, { gaveUp: now }], [early])
    expect(await run()).toMatchObject({ why: 'prepared transactions' })
    expect(calls.updates).toBe(1)
  })

  it('without a word of why: ten minutes at rest are enough', async () => {
    const { run } = await server([{}, { is: 'pending' }, { idle: true }])
    expect(await run()).toMatchObject({
      what: 'server: AWS has stopped without making the change (size: 1 -> 2)',
      why: expect.stringContaining('at rest for 10 minutes'),
    })
  })
})
