import { describe, expect, it } from 'vitest'
import type { Row } from '../../src/state/schema.ts'
import { Crash } from '../support/cloud.ts'
import { Db, Gate, Link, Net, Note } from './support/kinds.ts'
import { type Declare, failOnce, World } from './support/world.ts'

const note: Declare = (add) => void add(Note, 'note', {})
const gate: Declare = (add) => void add(Gate, 'gate', {})
const db: Declare = (add) => void add(Db, 'db', { size: 1 })
const theirs = (world: World) =>
  world.cloud.make({ type: 'note', name: 'shop-dev-note', tags: { of: 'them' }, props: { size: 9 } })

describe('something of someone else', () => {
  it('is refused and not touched', async () => {
    const world = new World()
    theirs(world)
    const { failed } = await world.create(note)
    expect(failed.get('note')).toMatchObject({ exitCode: 2, what: expect.stringContaining('is taken by') })
    expect(world.said('change', 'write')).toEqual([])
  })

  it('is used as it is where it may be shared: never changed, never deleted', async () => {
    const world = new World()
    const id = theirs(world)
    const shared: Declare = (add) => {
      const one = add(Note, 'note', { size: 1 }, { shared: true, tags: { team: 'x' } })
      add(Net, 'net', {}, { after: [one.id] })
    }
    await world.create(shared)
    expect(world.rows.get('note')).toMatchObject({ adopted: true, is: 'ready', attrs: { id } })
    expect(world.cloud.thing(id)).toMatchObject({ props: { size: 9 }, tags: { of: 'them' } })
    world.forget()
    await world.create(shared)
    expect(world.said('change', 'write')).toEqual([])
    await world.destroy()
    expect(world.rows.size).toBe(0)
    expect(world.cloud.things().map((t) => t.id)).toEqual([id])
    expect(world.events.find((e) => e.type === 'resource.gone' && e.key === 'note')).toMatchObject({
      leaves: expect.stringContaining('so it stays'),
    })
  })

  it('shared and not there: it is made, and ours', async () => {
    const world = new World()
    await world.create((add) => void add(Note, 'note', {}, { shared: true }))
    expect(world.rows.get('note')?.adopted).toBeUndefined()
    await world.destroy()
    expect(world.cloud.things()).toEqual([])
  })

  it('shared, and another one by now: the new id is recorded', async () => {
    const world = new World()
    const shared: Declare = (add) => void add(Note, 'note', {}, { shared: true })
    world.cloud.vanish(theirs(world))
    const old = theirs(world)
    await world.create(shared)
    world.cloud.vanish(old)
    const now = theirs(world)
    await world.create(shared)
    expect(world.rows.get('note')?.attrs?.id).toBe(now)
  })

  it('an adopted one that is pending stays adopted, whenever the run ends', async () => {
    const world = new World()
    await world.create(db)
    const row = world.rows.get('db')
    if (!row) throw new Error('no row')
    world.rows.set('db', { ...row, adopted: true })
    world.cloud.thing('db').looks = 3
    world.cloud.hook = (p) => {
      if (p.text.startsWith('get db') && world.cloud.thing('db').looks === 1) throw new Crash()
    }
    await expect(world.create(db)).rejects.toBeInstanceOf(Crash)
    expect(world.rows.get('db')?.adopted).toBe(true)
    world.cloud.hook = () => {}
    await world.create((add) => void add(Db, 'db', { size: 7 }))
    expect(world.rows.get('db')).toMatchObject({ adopted: true, is: 'ready' })
    expect(world.cloud.thing('db').props.size).toBe(1)
  })
})

describe('an adopted one that is gone', () => {
  it('is replaced by one of ours, brought to what is wanted, and destroyed like any other', async () => {
    const world = new World()
    const net: Declare = (add) => void add(Net, 'net', { color: 'red' })
    await world.create(net)
    world.rows.set('net', { ...(world.rows.get('net') as Row), adopted: true })
    world.cloud.vanish('net')
    await world.create(net)
    expect(world.cloud.thing('net').props.color).toBe('red')
    expect(world.rows.get('net')?.adopted).toBeUndefined()
    await world.destroy()
    expect(world.cloud.things()).toEqual([])
  })
})

describe('what has failed', () => {
  it('is deleted and built anew where it holds no data', async () => {
    const world = new World()
    await world.create(gate)
    const token = world.rows.get('gate')?.token
    world.cloud.thing('gate').failed = 'no room'
    world.forget()
    expect((await world.create(gate)).done).toEqual(['gate'])
    expect(world.said('change')).toEqual(['remove gate', 'make gate'])
    expect(world.cloud.thing('gate').failed).toBeUndefined()
    expect(world.rows.get('gate')?.token).not.toBe(token)
  })

  it('is refused where it may hold data', async () => {
    const world = new World()
    await world.create(db)
    world.cloud.thing('db').failed = 'storage-full'
    world.forget()
    const { failed } = await world.create(db)
    expect(failed.get('db')?.message).toContain('db has failed (storage-full): it may hold data')
    expect(world.said('change', 'write')).toEqual([])
  })

  it('while it was waited for: said so, and the next run builds it anew', async () => {
    const world = new World()
    world.cloud.hook = (p) => {
      if (p.text === 'put gate creating+id' && p.phase === 'after') world.cloud.thing('gate').failed = 'no room'
    }
    expect((await world.create(gate)).failed.get('gate')?.message).toContain('gate has failed (no room)')
    world.cloud.hook = () => {}
    expect((await world.create(gate)).done).toEqual(['gate'])
    expect(world.cloud.things()).toHaveLength(1)
  })

  it('before its id was recorded: the new one gets a new token, else AWS would answer with the failed one', async () => {
    const world = new World()
    failOnce(world.cloud, 'make gate', 'after', () => new Crash())
    await expect(world.create(gate)).rejects.toBeInstanceOf(Crash)
    world.cloud.thing('gate').failed = 'no room'
    expect((await world.create(gate)).done).toEqual(['gate'])
    expect(world.cloud.things().map((t) => t.failed)).toEqual([undefined])
  })

  it('before its id was recorded, and killed after the delete: also a new token', async () => {
    const world = new World()
    failOnce(world.cloud, 'make gate', 'after', () => new Crash())
    await expect(world.create(gate)).rejects.toBeInstanceOf(Crash)
    world.cloud.thing('gate').failed = 'no room'
    failOnce(world.cloud, 'remove gate', 'after', () => new Crash())
    await expect(world.create(gate)).rejects.toBeInstanceOf(Crash)
    world.cloud.clock.pass(600_000)
    expect((await world.create(gate)).done).toEqual(['gate'])
    expect(world.cloud.things()).toHaveLength(1)
  })
})

describe('what is being deleted', () => {
  it('is waited for and made anew', async () => {
    const world = new World()
    await world.create(db)
    const old = world.cloud.thing('db')
    old.goneAt = world.cloud.clock.now() + 300_000
    const minutes = await world.minutes(() => world.create(db))
    expect(minutes).toBeGreaterThanOrEqual(17)
    expect(world.cloud.thing('db').id).not.toBe(old.id)
  })
})

describe('what was deleted outside', () => {
  it('is noticed and made anew, with what hangs on it', async () => {
    const world = new World()
    const stack: Declare = (add) => {
      const a = add(Net, 'a', {})
      const b = add(Note, 'b', {})
      add(Link, 'link', { from: a.id, to: b.id })
    }
    await world.create(stack)
    world.cloud.vanish(world.cloud.things().find((t) => t.type === 'link')?.id ?? '')
    world.cloud.vanish('a')
    world.forget()
    await world.create(stack)
    expect(world.said('change').filter((t) => t.startsWith('make'))).toEqual(['make a', 'make link'])
    expect(world.rows.get('link')?.want.from).toBe(world.cloud.thing('a').id)
    world.forget()
    await world.create(stack)
    expect(world.said('change', 'write')).toEqual([])
  })

  it('while it was waited for: said so', async () => {
    const world = new World()
    world.cloud.hook = (p) => {
      if (p.text === 'put gate creating+id' && p.phase === 'after') world.cloud.vanish('gate')
    }
    expect((await world.create(gate)).failed.get('gate')).toMatchObject({
      what: 'gate vanished while it was waited for',
      next: expect.stringContaining('same command'),
    })
  })
})

describe('a natural key that changes', () => {
  it('does not leave the old link behind unrecorded', async () => {
    const world = new World()
    const to =
      (end: string): Declare =>
      (add) => {
        const a = add(Net, 'a', {})
        add(Link, 'link', { from: a.id, to: end })
      }
    await world.create(to('here'))
    const outcome = await world.create(to('there'))
    expect(outcome.failed.get('link')?.message).toContain('to is here and cannot become there')
    expect(world.cloud.things().filter((t) => t.type === 'link')).toHaveLength(1)
  })
})
