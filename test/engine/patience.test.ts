import { describe, expect, it } from 'vitest'
import { Fault } from '../support/cloud.ts'
import { Db, fakeKind, Net } from './support/kinds.ts'
import { type Declare, failOnce, World } from './support/world.ts'

const net: Declare = (add) => void add(Net, 'net', {})
const early = () => new Fault('gone', 'InvalidVpcID.NotFound')

describe('a call that comes before what it names is visible everywhere', () => {
  it('a create is asked again until it is', async () => {
    const world = new World()
    failOnce(world.cloud, 'make net', 'before', early, 3)
    expect((await world.create(net)).done).toEqual(['net'])
    expect(world.said('change')).toHaveLength(4)
    expect(world.cloud.things()).toHaveLength(1)
  })

  it('so is the update that follows a create', async () => {
    const Born = fakeKind('born', { born: { color: 'none' } })
    const world = new World(Born)
    failOnce(world.cloud, 'change born', 'before', early, 2)
    expect((await world.create((add) => void add(Born, 'born', { color: 'red' }))).done).toEqual(['born'])
    expect(world.cloud.thing('born').props.color).toBe('red')
  })

  it('what stays "not found" is an error after half a minute', async () => {
    const world = new World()
    failOnce(world.cloud, 'make net', 'before', early, 999)
    const minutes = await world.minutes(async () => {
      expect((await world.create(net)).failed.get('net')?.message).toBe('InvalidVpcID.NotFound')
    })
    expect(minutes).toBeGreaterThanOrEqual(0.5)
    expect(minutes).toBeLessThan(0.6)
  })
})

describe('a wait', () => {
  it('outlives looks that get no answer', async () => {
    const Slow = fakeKind('slow', { readyMs: 60_000 })
    const world = new World(Slow)
    let calls = 0
    world.cloud.hook = (point) => {
      if (point.phase === 'before' && point.text.startsWith('get slow') && ++calls > 2 && calls < 7)
        throw new Fault('unknown-outcome', 'socket hang up')
    }
    expect((await world.create((add) => void add(Slow, 'slow', {}))).done).toEqual(['slow'])
    expect(calls).toBeGreaterThan(7)
    expect(world.events.some((e) => e.type === 'resource.waiting' && e.status.startsWith('AWS does not answer'))).toBe(true)
  })

  it.each([
    ['unreachable', 'AWS cannot be reached'],
    ['unknown-outcome', 'AWS does not answer'],
  ] as const)('outlives a network that is away for minutes (%s), and says so', async (trouble, says) => {
    const Slow = fakeKind('slow', { readyMs: 12 * 60_000, deadline: 60 })
    const world = new World(Slow)
    const began = world.cloud.clock.now()
    world.cloud.hook = (point) => {
      const minutes = (world.cloud.clock.now() - began) / 60_000
      if (point.phase === 'before' && point.text.startsWith('get slow') && minutes > 1 && minutes < 9)
        throw new Fault(trouble, 'connect ECONNREFUSED')
    }
    expect((await world.create((add) => void add(Slow, 'slow', {}))).done).toEqual(['slow'])
    expect(world.events.some((e) => e.type === 'resource.waiting' && e.status.startsWith(says))).toBe(true)
  })

  it('a call that did not leave is made when the network is back: nothing happened meanwhile', async () => {
    const world = new World()
    failOnce(world.cloud, 'make net', 'before', () => new Fault('unreachable', 'getaddrinfo ENOTFOUND'), 20)
    const minutes = await world.minutes(async () => {
      expect((await world.create(net)).done).toEqual(['net'])
    })
    expect(minutes).toBeGreaterThan(1)
    expect(world.events.some((e) => e.type === 'resource.waiting' && e.status.startsWith('AWS cannot be reached'))).toBe(true)
    expect(world.cloud.things()).toHaveLength(1)
    failOnce(world.cloud, 'remove net', 'before', () => new Fault('unreachable', 'getaddrinfo ENOTFOUND'), 5)
    await world.destroy()
    expect(world.cloud.things()).toEqual([])
  })

  it('gives up when nobody answers any more', async () => {
    const Slow = fakeKind('slow', { readyMs: 60_000 })
    const world = new World(Slow)
    let calls = 0
    world.cloud.hook = (point) => {
      if (point.phase === 'before' && point.text.startsWith('get slow') && ++calls > 2)
        throw new Fault('unknown-outcome', 'socket hang up')
    }
    expect((await world.create((add) => void add(Slow, 'slow', {}))).failed.get('slow')?.message).toBe('socket hang up')
    expect(world.rows.get('slow')).toMatchObject({ is: 'creating', attrs: { id: world.cloud.thing('slow').id } })
  })
})

describe('create', () => {
  it('never deletes data that is no longer declared, whatever calls it', async () => {
    const world = new World()
    await world.create((add) => void add(Db, 'db', {}))
    await expect(world.create(net)).rejects.toThrow('db would be deleted, but create never deletes data')
    expect(world.cloud.thing('db')).toBeDefined()
  })
})

describe('where AWS asks for fewer calls a second', () => {
  const slower = () => new Fault('throttled', 'ThrottlingException')

  it.each(['make net', 'change born'])('%s is asked again for as long as it takes, and is done once', async (call) => {
    const Born = fakeKind('born', { born: { color: 'none' } })
    const world = new World(Born)
    failOnce(world.cloud, call, 'before', slower, 40)
    const minutes = await world.minutes(async () => {
      const ended = await world.create((add) => {
        add(Net, 'net', {})
        add(Born, 'born', { color: 'red' })
      })
      expect(ended.failed.size).toBe(0)
    })
    expect(minutes).toBeGreaterThan(3)
    expect(world.cloud.things()).toHaveLength(2)
    expect(world.events.some((e) => e.type === 'resource.waiting' && /fewer calls/.test(e.status))).toBe(true)
  })

  it('a wait goes on, and ends by its own deadline', async () => {
    const Slow = fakeKind('slow', { readyMs: 60_000, deadline: 5 })
    for (const [calls, done] of [
      [20, ['slow']],
      [9999, []],
    ] as const) {
      const world = new World(Slow)
      let n = 0
      world.cloud.hook = (point) => {
        if (point.phase === 'before' && point.text.startsWith('get slow') && ++n > 2 && n < calls + 3) throw slower()
      }
      expect((await world.create((add) => void add(Slow, 'slow', {}))).done).toEqual(done)
    }
  })

  it('so is a delete', async () => {
    const world = new World()
    await world.create(net)
    failOnce(world.cloud, 'remove net', 'before', slower, 20)
    expect((await world.destroy()).failed.size).toBe(0)
    expect(world.cloud.things()).toEqual([])
    expect(world.events.some((e) => e.type === 'resource.waiting' && /fewer calls/.test(e.status))).toBe(true)
    await world.create(net)
    failOnce(world.cloud, 'remove net', 'before', slower, 9999)
    expect((await world.destroy()).failed.get('net')?.message).toBe('ThrottlingException')
  })

  it('nobody is asked for ever', async () => {
    const world = new World()
    failOnce(world.cloud, 'make net', 'before', slower, 9999)
    const minutes = await world.minutes(async () => {
      expect((await world.create(net)).failed.get('net')?.message).toBe('ThrottlingException')
    })
    expect(minutes).toBeGreaterThanOrEqual(15)
    expect(minutes).toBeLessThan(15.5)
  })
})
