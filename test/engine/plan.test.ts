import { describe, expect, it } from 'vitest'
import { Graph } from '../../src/engine/graph.ts'
import type { Plan } from '../../src/engine/plan.ts'
import type { Client } from './support/client.ts'
import { Db, fakeKind, Gate, Link, Net, Note } from './support/kinds.ts'
import { type Declare, World } from './support/world.ts'

const stack: Declare = (add) => {
  const net = add(Net, 'net', { color: 'red' })
  const gate = add(Gate, 'gate', { uses: [net.id] })
  add(Link, 'link', { from: net.id, to: gate.id })
  add(Note, 'note', { size: 3 })
  add(Db, 'db', { size: 2, uses: [net.id] })
}
const brief = (p: Plan) => Object.fromEntries(p.actions.map((a) => [a.key, `${a.action}: ${a.reason}`]))

describe('plan', () => {
  it('creates everything at first: costs and the longest chain of minutes', async () => {
    const plan = await new World().plan(stack)
    expect(brief(plan)).toEqual(Object.fromEntries(['net', 'gate', 'link', 'note', 'db'].map((key) => [key, 'create: new'])))
    expect(plan).toMatchObject({ monthlyUsd: 103, monthlyChangeUsd: 103, minutes: 12.1, problems: [] })
    expect(plan.actions[4]).toMatchObject({ type: 'db', title: 'fake db', step: 'main', name: 'shop-dev-db', monthlyUsd: 100 })
  })

  it('keeps everything afterwards, and changes nothing itself', async () => {
    const world = new World()
    await world.create(stack)
    world.forget()
    const plan = await world.plan(stack)
    expect(new Set(plan.actions.map((a) => `${a.action}: ${a.reason}`))).toEqual(new Set(['keep: as wanted']))
    expect(plan).toMatchObject({ monthlyUsd: 103, monthlyChangeUsd: 0, minutes: 0, problems: [] })
    expect(world.said('change', 'write')).toEqual([])
  })

  it('tells of those that follow what is made anew by an update, and counts the minutes of it', async () => {
    const plain = fakeKind('revision', { found: 'name' })
    const Revision = { ...plain, facts: { ...plain.facts, renewed: true } }
    const service = fakeKind('service', { found: 'name', minutes: 3 })
    const Service = { ...service, facts: { ...service.facts, updateMinutes: 2 } }
    const declare =
      (size: number): Declare =>
      (add) => {
        const revision = add(Revision, 'revision', { size })
        const first = add(Service, 'service', { uses: [revision.id], color: 'red' })
        add(Note, 'beyond', { uses: [first.id] })
      }
    const world = new World(Revision, Service)
    await world.create(declare(1))
    expect(new Set((await world.plan(declare(1))).actions.map((a) => a.action))).toEqual(new Set(['keep']))
    const plan = await world.plan(declare(2))
    expect(brief(plan)).toEqual({
      revision: 'update: size: 1 -> 2',
      service: 'update: uses: the new one of revision',
      beyond: 'keep: as wanted',
    })
    expect(plan.minutes).toBe(2)
  })

  it('updates with old and new value; tags, too', async () => {
    const world = new World()
    await world.create(stack)
    const plan = await world.plan((add) => {
      add(Note, 'note', { size: 5 }, { tags: { team: 'x' } })
    })
    expect(brief(plan).note).toBe('update: size: 3 -> 5; tags: team')
    expect(plan.actions.find((a) => a.key === 'note')?.minutes).toBe(0)
  })

  it('what refers to something that is made anew follows it', async () => {
    const world = new World()
    await world.create(stack)
    world.cloud.vanish('net')
    const plan = await world.plan(stack)
    expect(brief(plan)).toMatchObject({ net: 'create: was deleted outside of infra', db: 'update: uses: the new one of net' })
  })

  it('deletes what is recorded and no longer declared, and counts its cost back', async () => {
    const world = new World()
    await world.create(stack)
    const rest: Declare = (add) => {
      const net = add(Net, 'net', { color: 'red' })
      add(Gate, 'gate', { uses: [net.id] })
      add(Db, 'db', { size: 2, uses: [net.id] })
    }
    const plan = await world.plan(rest)
    expect(brief(plan)).toMatchObject({ link: 'delete: no longer in the config', note: 'delete: no longer in the config' })
    expect(plan).toMatchObject({ monthlyUsd: 100, monthlyChangeUsd: -3, problems: [] })
    world.cloud.vanish('shop-dev-note')
    expect(brief(await world.plan(rest)).note).toBe('delete: already gone')
  })

  it('counts the minutes of deletes after those of the rest', async () => {
    const world = new World()
    await world.create((add) => void add(Db, 'db', {}))
    expect((await world.plan((add) => void add(Gate, 'gate', {}))).minutes).toBe(8)
  })

  it('looks only at the given steps', async () => {
    const graph = new Graph<Client>('shop-dev')
    graph.in('one')(Note, 'a', {})
    graph.in('two')(Note, 'b', {})
    const world = new World()
    expect((await world.plan(graph, ['two'])).actions.map((a) => a.key)).toEqual(['b'])
    await world.create(graph)
    const none = new Graph<Client>('shop-dev')
    none.in('two')(Note, 'b', {})
    expect(brief(await world.plan(none, ['two']))).toEqual({ b: 'keep: as wanted' })
    expect(brief(await world.plan(none, ['one', 'two']))).toMatchObject({ a: 'delete: no longer in the config' })
  })

  it('says what was begun, found without a row, is still pending, on its way out, or failed', async () => {
    const world = new World()
    const one: Declare = (add) => void add(Gate, 'gate', {})
    const id = world.cloud.make({ type: 'gate', tags: { stack: 'shop/dev', key: 'gate' }, props: {}, readyMs: 1 })
    world.cloud.clock.pass(1)
    expect(brief(await world.plan(one)).gate).toBe('keep: found by its tags and name')
    await world.create(one)
    const row = world.rows.get('gate')
    if (!row) throw new Error('no row')
    world.cloud.thing(id).looks = 1
    expect(brief(await world.plan(one)).gate).toBe('keep: gate-pending; waited for')
    world.cloud.thing(id).failed = 'no room'
    expect(brief(await world.plan(one)).gate).toBe('create: failed (no room); made anew')
    world.cloud.thing(id).goneAt = world.cloud.clock.now() + 1000
    expect(brief(await world.plan(one)).gate).toBe('create: is being deleted; made anew after that')
    world.cloud.vanish(id)
    world.rows.set('gate', { ...row, is: 'creating' })
    expect(brief(await world.plan(one)).gate).toBe('create: was begun')
  })
})

describe('what makes a run impossible', () => {
  const problems = async (world: World, declare: Declare) =>
    (await world.plan(declare)).problems.map((p) => ({ what: p.what, code: p.exitCode, next: p.next !== undefined }))

  it('a change of what cannot change', async () => {
    const world = new World()
    await world.create((add) => void add(Db, 'db', { color: 'red' }))
    expect(await problems(world, (add) => void add(Db, 'db', { color: 'blue' }))).toEqual([
      { what: 'db: color is red and cannot become blue', code: 2, next: true },
    ])
  })

  it('a change of a kind without update', async () => {
    const world = new World()
    await world.create((add) => void add(Gate, 'gate', { size: 1 }))
    expect((await problems(world, (add) => void add(Gate, 'gate', { size: 2 })))[0]?.what).toContain('size is 1')
  })

  it('a name that something of someone else has, unless it is shared', async () => {
    const world = new World()
    world.cloud.make({ type: 'note', name: 'shop-dev-note', tags: {}, props: {} })
    expect((await problems(world, (add) => void add(Note, 'note', {})))[0]).toEqual({
      what: 'note: the name shop-dev-note is taken by the note shop-dev-note',
      code: 2,
      next: true,
    })
    const plan = await world.plan((add) => void add(Note, 'note', {}, { shared: true }))
    expect(plan.problems).toEqual([])
    expect(brief(plan).note).toBe('keep: the note shop-dev-note; used as it is')
  })

  it('data that is no longer declared, unless it is gone or was never ours', async () => {
    const world = new World()
    await world.create((add) => void add(Db, 'db', {}))
    const none: Declare = () => {}
    expect((await problems(world, none))[0]?.what).toBe('db is no longer in the config, but it holds data')
    const row = world.rows.get('db')
    if (!row) throw new Error('no row')
    world.rows.set('db', { ...row, adopted: true })
    expect(await problems(world, none)).toEqual([])
    expect(brief(await world.plan(none)).db).toBe('delete: no longer in the config; it was adopted, so it stays')
    world.rows.set('db', row)
    world.cloud.vanish('shop-dev-db')
    expect(await problems(world, none)).toEqual([])
  })

  it('data that has failed', async () => {
    const world = new World()
    const one: Declare = (add) => void add(Db, 'db', {})
    await world.create(one)
    world.cloud.thing('shop-dev-db').failed = 'storage-full'
    expect((await problems(world, one))[0]).toEqual({ what: 'db has failed (storage-full)', code: 2, next: true })
  })

  it('costs come to the cent', async () => {
    const cents = fakeKind('cents', { usd: 0.1 })
    const plan = await new World(cents).plan((add) => {
      for (const key of ['a', 'b', 'c']) add(cents, key, {})
    })
    expect(plan.monthlyUsd).toBe(0.3)
  })
})
