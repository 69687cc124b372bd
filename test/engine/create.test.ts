import { describe, expect, it } from 'vitest'
import { Graph } from '../../src/engine/graph.ts'
import { Fault } from '../support/cloud.ts'
import type { Client } from './support/client.ts'
import { fakeKind, Gate, Link, Net, Note } from './support/kinds.ts'
import { type Declare, failOnce, World } from './support/world.ts'

const lasting = (type: string, minutes: number) => fakeKind(type, { minutes, readyMs: minutes * 60_000 })
const fast = lasting('fast', 1)
const slow = lasting('slow', 8)

describe('create', () => {
  it('runs in parallel across steps: it takes as long as the longest chain', async () => {
    const graph = new Graph<Client>('shop-dev')
    const one = graph.in('one')
    const a = one(slow, 'a', {})
    one(slow, 'side', {})
    const b = graph.in('two')(fast, 'b', { uses: [a.id] })
    graph.in('three')(slow, 'c', { uses: [b.id] })
    graph.in('four')(slow, 'alone', {})
    const world = new World(fast, slow)
    const minutes = await world.minutes(() => world.create(graph))
    expect(minutes).toBeGreaterThanOrEqual(17)
    expect(minutes).toBeLessThanOrEqual(17 * 1.05)
  })

  it('starts the longest remaining chain first', async () => {
    const world = new World(fast, slow)
    await world.create((add) => {
      add(fast, 'short', {})
      const head = add(fast, 'head', {})
      add(slow, 'tail', { uses: [head.id] })
      add(slow, 'own', {})
    })
    expect(world.said('change').slice(0, 3)).toEqual(['make head', 'make own', 'make short'])
  })

  it('the intent is durable before the create call, the id before the first look, ready at the end', async () => {
    const world = new World()
    await world.create((add) => void add(Gate, 'gate', {}))
    expect(world.said().slice(0, 5)).toEqual(['list gate', 'put gate creating', 'make gate', 'put gate creating+id', 'list gate'])
    expect(world.said().at(-1)).toBe('put gate ready+id')
    expect(world.rows.get('gate')).toMatchObject({
      type: 'gate',
      step: 'main',
      name: 'shop-dev-gate',
      is: 'ready',
      want: {},
      attrs: { id: world.cloud.thing('gate').id },
      deps: [],
      token: 'token-1',
    })
    expect(world.rows.get('gate')?.took).toBeGreaterThan(110_000)
  })

  it('what the answer calls ready is neither looked at nor written twice', async () => {
    const world = new World()
    await world.create((add) => void add(Note, 'note', { size: 1 }))
    expect(world.said()).toEqual(['get note shop-dev-note', 'put note creating', 'make note', 'put note ready+id'])
    expect(world.events.map((e) => e.type)).toEqual(['resource.creating', 'resource.ready'])
  })

  it('where the new one differs from what is wanted, its id is recorded and it is updated', async () => {
    const world = new World()
    await world.create((add) => void add(Net, 'net', { color: 'red' }))
    expect(world.said('change', 'write')).toEqual([
      'put net creating',
      'make net',
      'put net creating+id',
      'change net',
      'put net ready+id',
    ])
    expect(world.cloud.thing('net').props.color).toBe('red')
  })

  it('records what each one depends on, beside included', async () => {
    const world = new World()
    await world.create((add) => {
      const b = add(Net, 'b', {})
      const a = add(Net, 'a', {})
      add(Note, 'note', { uses: [b.id] }, { beside: [a.id] })
    })
    expect(world.rows.get('note')?.deps).toEqual(['a', 'b'])
  })

  it('`beside` is not waited for', async () => {
    const world = new World(slow)
    await world.create((add) => {
      const db = add(slow, 'db', {})
      add(Note, 'alarm', {}, { beside: [db.id] })
    })
    const ready = world.events.filter((e) => e.type === 'resource.ready').map((e) => e.key)
    expect(ready).toEqual(['alarm', 'db'])
  })

  it('a second run changes nothing and writes nothing', async () => {
    const world = new World()
    const stack: Declare = (add) => {
      const net = add(Net, 'net', { color: 'red' })
      const gate = add(Gate, 'gate', { uses: [net.id] })
      add(Link, 'link', { from: net.id, to: gate.id })
      add(Note, 'note', { size: 1, color: 'x' }, { tags: { team: 'y' } })
    }
    await world.create(stack)
    world.forget()
    const outcome = await world.create(stack)
    expect(world.said('change', 'write')).toEqual([])
    expect(world.said('read')).toHaveLength(4)
    expect(outcome.done).toHaveLength(4)
    expect(world.events.map((e) => e.type === 'resource.ready' && e.did)).toEqual(['kept', 'kept', 'kept', 'kept'])
  })

  it('a second run finds everything when the state was lost, and makes nothing', async () => {
    const world = new World()
    const stack: Declare = (add) => {
      const net = add(Net, 'net', {})
      add(Link, 'link', { from: net.id, to: 'x' })
    }
    await world.create(stack)
    world.rows.clear()
    world.forget()
    await world.create(stack)
    expect(world.said('change')).toEqual([])
    expect([...world.rows.values()].map((r) => r.is)).toEqual(['ready', 'ready'])
  })

  it('refuses to create with an input that nobody knows', async () => {
    const graph = new Graph<Client>('shop-dev')
    const net = graph.in('one')(Net, 'net', {})
    graph.in('two')(Note, 'note', { uses: [net.id] })
    const world = new World()
    const { failed } = await world.create(graph, ['two'])
    expect(failed.get('note')?.message).toContain('net')
    expect(world.said('change', 'write')).toEqual([])
  })
})

describe('a failure', () => {
  const stack: Declare = (add) => {
    const a = add(Note, 'a', {})
    const b = add(Gate, 'b', {})
    const c = add(Note, 'c', { uses: [a.id] })
    add(Note, 'd', { uses: [c.id, b.id] })
    add(Note, 'e', { uses: [b.id] })
  }
  it('lets siblings finish, names the culprit of what is blocked, rolls nothing back; the same command goes on', async () => {
    const world = new World()
    failOnce(world.cloud, 'make a', 'before', () => new Fault('fatal', 'quota'))
    const outcome = await world.create(stack)
    expect(outcome.done).toEqual(['b', 'e'])
    expect([...outcome.failed].map(([key, e]) => [key, e.message])).toEqual([['a', 'quota']])
    expect(outcome.blocked).toEqual(new Map([['c', 'a'], ['d', 'a']])) // biome-ignore format: a table
    expect(world.cloud.things().map((t) => t.tags.key)).toEqual(['b', 'e'])
    expect(world.events.filter((e) => e.type === 'resource.blocked').map((e) => [e.key, e.by])).toEqual([
      ['c', 'a'],
      ['d', 'a'],
    ])
    world.forget()
    expect((await world.create(stack)).done).toHaveLength(5)
    expect(world.said('change')).toEqual(['make a', 'make c', 'make d'])
  })

  it('takes nothing away', async () => {
    const world = new World()
    await world.create((add) => void add(Note, 'old', {}))
    failOnce(world.cloud, 'make a', 'before', () => new Fault('fatal'))
    await world.create(stack)
    expect(world.rows.has('old')).toBe(true)
  })
})
