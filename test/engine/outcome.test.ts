import { describe, expect, it } from 'vitest'
import { Fault } from '../support/cloud.ts'
import { fakeKind, Gate, Net, Note } from './support/kinds.ts'
import { type Declare, failOnce, World } from './support/world.ts'

const net: Declare = (add) => void add(Net, 'net', {})
const note: Declare = (add) => void add(Note, 'note', {})
const lost = () => new Fault('unknown-outcome', 'connection reset')
const made = (world: World) => world.said('change').filter((t) => t.startsWith('make'))

describe('a create whose outcome is unknown', () => {
  it('has happened: it is found, no second one is made', async () => {
    const world = new World()
    failOnce(world.cloud, 'make net', 'after', lost)
    expect((await world.create(net)).done).toEqual(['net'])
    expect(made(world)).toEqual(['make net'])
    expect(world.rows.get('net')?.attrs).toEqual({ id: world.cloud.thing('net').id })
  })

  it('has happened and shows late: it is looked for until the grace is over', async () => {
    const world = new World()
    world.cloud.tagLagMs = 4000
    failOnce(world.cloud, 'make net', 'after', lost)
    expect((await world.create(net)).done).toEqual(['net'])
    expect(made(world)).toEqual(['make net'])
    expect(world.cloud.things()).toHaveLength(1)
  })

  it('has not happened: it is made once more, after the grace, with the same token', async () => {
    const world = new World()
    failOnce(world.cloud, 'make gate', 'before', lost)
    expect((await world.create((add) => void add(Gate, 'gate', {}))).done).toEqual(['gate'])
    const times = world.cloud.log.filter((e) => e.text === 'make gate').map((e) => e.at)
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBe(world.graceMs)
    expect(world.cloud.thing('gate').token).toBe(world.rows.get('gate')?.token)
    expect(world.cloud.things()).toHaveLength(1)
  })

  it('what has a name is looked for only briefly', async () => {
    const world = new World()
    world.graceMs = 60_000
    failOnce(world.cloud, 'make note', 'before', lost)
    expect(await world.minutes(() => world.create(note))).toBeLessThanOrEqual(2.2 / 60)
    expect(made(world)).toHaveLength(2)
  })

  it('stays unknown: it gives up after some tries, and the intent stays recorded', async () => {
    const world = new World()
    failOnce(world.cloud, 'make net', 'before', lost, 99)
    const { failed } = await world.create(net)
    expect(failed.get('net')?.message).toBe('connection reset')
    expect(made(world)).toHaveLength(5)
    expect(world.rows.get('net')).toMatchObject({ is: 'creating' })
  })

  it('the next run finds it, also when it shows late', async () => {
    const world = new World()
    world.cloud.tagLagMs = 3000
    world.rows.set('net', {
      ...{ type: 'net', step: 'main', name: 'shop-dev-net', is: 'creating', want: {}, deps: [], token: 'old' },
      at: new Date(world.cloud.clock.now()).toISOString(),
    })
    world.cloud.make({ type: 'net', tags: { stack: 'shop/dev', key: 'net' }, props: {} })
    expect((await world.create(net)).done).toEqual(['net'])
    expect(made(world)).toEqual([])
  })

  it('the grace counts from the intent: an old one is not waited for', async () => {
    const world = new World()
    const at = new Date(world.cloud.clock.now()).toISOString()
    const row = { type: 'gate', step: 'main', name: 'g', is: 'creating', want: {}, deps: [], token: 'old', at } as const
    world.rows.set('gate', row)
    world.cloud.clock.pass(world.graceMs)
    const minutes = await world.minutes(() => world.create((add) => void add(Gate, 'gate', {})))
    expect(minutes).toBeLessThan(2.11)
    expect(world.cloud.thing('gate').token).toBe('old')
  })

  it('a token is not used again for other inputs: AWS would refuse it for ever', async () => {
    const world = new World()
    const at = new Date(world.cloud.clock.now()).toISOString()
    world.rows.set('gate', {
      type: 'gate',
      step: 'main',
      name: 'g',
      is: 'creating',
      want: { size: 1 },
      deps: [],
      token: 'old',
      at,
    })
    await world.create((add) => void add(Gate, 'gate', { size: 2 }))
    expect(world.cloud.thing('gate').token).not.toBe('old')
  })
})

describe('a name that is taken', () => {
  it('by ours: it is used', async () => {
    const world = new World()
    const { cloud } = world
    cloud.hook = (p) => {
      // Made by a run of another machine between the survey and the call.
      if (p.text === 'make note' && p.phase === 'before')
        cloud.make({ type: 'note', name: 'shop-dev-note', tags: { stack: 'shop/dev', key: 'note' }, props: {} })
    }
    expect((await world.create(note)).done).toEqual(['note'])
    expect(cloud.things()).toHaveLength(1)
  })

  const taken = (world: World): void => {
    world.cloud.hook = (p) => {
      if (p.text === 'make note' && p.phase === 'before')
        world.cloud.make({ type: 'note', name: 'shop-dev-note', tags: {}, props: {} })
    }
  }
  it('by something of someone else: refused, and a destroy leaves it alone', async () => {
    const world = new World()
    taken(world)
    const { failed } = await world.create(note)
    expect(failed.get('note')?.message).toContain('is taken by the note shop-dev-note')
    world.cloud.hook = () => {}
    await world.destroy()
    expect(world.cloud.things()).toHaveLength(1)
    expect(world.rows.size).toBe(0)
  })

  it('by something of someone else, shared: used, with the id for those that refer to it', async () => {
    const world = new World()
    taken(world)
    const shared: Declare = (add) => {
      const role = add(Note, 'note', {}, { shared: true })
      add(Note, 'user', { uses: [role.id] })
    }
    expect((await world.create(shared)).done).toEqual(['note', 'user'])
    expect(world.rows.get('note')).toMatchObject({ is: 'ready', adopted: true })
    world.cloud.hook = () => {}
    await world.destroy()
    expect(world.cloud.things()).toHaveLength(1)
  })
})

describe('what is not visible everywhere yet', () => {
  it('the same call is tried again, densely', async () => {
    const world = new World()
    failOnce(world.cloud, 'make note', 'before', () => new Fault('propagating'), 6)
    const minutes = await world.minutes(() => world.create(note))
    expect(made(world)).toHaveLength(7)
    expect(minutes).toBeLessThan(0.12)
    // The intent is written anew before each attempt: the grace of the next run counts from the last call that may be on its way.
    expect(world.said('write')).toEqual([...made(world).map(() => 'put note creating'), 'put note ready+id'])
  })

  it('but not for ever', async () => {
    const world = new World()
    failOnce(world.cloud, 'make note', 'before', () => new Fault('propagating', 'role cannot be assumed'), 999)
    let failed: ReadonlyMap<string, Error> = new Map()
    const minutes = await world.minutes(async () => {
      failed = (await world.create(note)).failed
    })
    expect(failed.get('note')?.message).toBe('role cannot be assumed')
    expect(minutes).toBeLessThan(2.1)
  })

  it('any other error is not tried again', async () => {
    const odd = fakeKind('odd')
    const world = new World(odd)
    failOnce(world.cloud, 'make odd', 'before', () => new Fault('fatal', 'denied'))
    await world.create((add) => void add(odd, 'odd', {}))
    expect(made(world)).toHaveLength(1)
  })
})
