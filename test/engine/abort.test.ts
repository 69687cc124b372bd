import { describe, expect, it } from 'vitest'
import { LockLost } from '../../src/core/errors.ts'
import { Fault } from '../support/cloud.ts'
import { Db, Gate, Net, Note } from './support/kinds.ts'
import { type Declare, World } from './support/world.ts'

const stack: Declare = (add) => {
  const net = add(Net, 'net', { color: 'red' })
  const gate = add(Gate, 'gate', { uses: [net.id] })
  add(Note, 'last', { uses: [gate.id] })
}

/** Says stop at the first point with this text and phase. */
const stopAt = (world: World, text: string, phase: 'before' | 'after'): void => {
  const stop = new AbortController()
  world.signal = stop.signal
  world.cloud.hook = (p) => {
    if (p.text === text && p.phase === phase) stop.abort()
  }
}
const goOn = (world: World): void => {
  world.cloud.hook = () => {}
  world.signal = new AbortController().signal
  world.forget()
}

describe('told to stop', () => {
  for (const [text, phase, changes] of [
    ['list net', 'before', []],
    ['put net creating', 'before', []],
    ['put net creating', 'after', []],
    ['make net', 'before', ['make net']],
    ['make net', 'after', ['make net']],
    ['change net', 'after', ['make net', 'change net']],
    ['make gate', 'after', ['make net', 'change net', 'make gate']],
    ['put gate creating+id', 'after', ['make net', 'change net', 'make gate']],
  ] as const)
    it(`${phase} ${text}: nothing new starts, what was made is recorded, the next run goes on`, async () => {
      const world = new World()
      stopAt(world, text, phase)
      const outcome = await world.create(stack)
      expect(outcome.interrupted).toBe(true)
      expect(outcome.failed.size + outcome.blocked.size).toBe(0)
      expect(world.said('change')).toEqual(changes)
      for (const thing of world.cloud.things()) expect(world.rows.get(thing.tags.key ?? '')?.attrs).toEqual({ id: thing.id })
      goOn(world)
      expect((await world.create(stack)).done).toHaveLength(3)
      expect(world.cloud.things().map((t) => t.tags.key)).toEqual(['net', 'gate', 'last'])
    })

  it('the lock lost between an intent and its call: no call goes out, and the run ends as one that lost it', async () => {
    const world = new World()
    const lost = new LockLost('gone')
    world.adapt = (cx) => ({
      ...cx,
      // What src/aws/fence.ts does to the calls of a real run.
      aws: Object.assign(Object.create(cx.aws), {
        pass: () => cx.aws.pass(),
        make: () => Promise.reject(lost),
        change: () => Promise.reject(lost),
      }),
    })
    const outcome = await world.create(stack)
    expect(outcome).toMatchObject({ interrupted: true, done: [] })
    expect(outcome.failed.size).toBe(0)
    expect(world.said('change')).toEqual([])
    expect(world.rows.get('net')).toMatchObject({ is: 'creating' })
    world.adapt = (cx) => cx
    goOn(world)
    expect((await world.create(stack)).failed.size).toBe(0)
  })

  it('while it waits: at once', async () => {
    const world = new World()
    const stop = new AbortController()
    world.signal = stop.signal
    let outcome: unknown
    const minutes = await world.minutes(async () => {
      const run = world.create(stack)
      await world.cloud.clock.sleep(30_000, new AbortController().signal)
      stop.abort()
      outcome = await run
    })
    expect(outcome).toMatchObject({ interrupted: true, done: ['net'] })
    expect(minutes).toBe(0.5)
  })

  it('while the outcome of a create is unknown: the intent stays', async () => {
    const world = new World()
    const stop = new AbortController()
    world.signal = stop.signal
    world.cloud.hook = (p) => {
      if (p.text !== 'make net' || p.phase !== 'before') return
      stop.abort()
      throw new Fault('unknown-outcome')
    }
    expect((await world.create(stack)).interrupted).toBe(true)
    expect(world.said('change')).toEqual(['make net'])
    expect(world.rows.get('net')).toMatchObject({ is: 'creating' })
  })

  it('takes nothing away either', async () => {
    const world = new World()
    await world.create((add) => void add(Note, 'old', {}))
    stopAt(world, 'make last', 'after')
    await world.create(stack)
    expect(world.rows.has('old')).toBe(true)
  })

  it('in a destroy: no further delete is asked, the next run goes on', async () => {
    for (const [text, changes] of [
      ['put db deleting+id', []],
      ['unguard db', ['unguard db']],
      ['remove db', ['unguard db', 'remove db']],
    ] as const) {
      const world = new World()
      await world.create((add) => {
        const net = add(Net, 'net', {})
        add(Db, 'db', { uses: [net.id] })
      })
      world.forget()
      stopAt(world, text, 'after')
      expect(await world.destroy()).toMatchObject({ interrupted: true, done: [] })
      expect(world.said('change')).toEqual(changes)
      expect([...world.rows.keys()]).toEqual(['net', 'db'])
      goOn(world)
      expect((await world.destroy()).done).toEqual(['db', 'net'])
      expect(world.cloud.things()).toEqual([])
      expect(world.cloud.snapshots).toHaveLength(1)
    }
  })
})
