import { describe, expect, it } from 'vitest'
import { Db, fakeKind, Gate, Net, Note } from './support/kinds.ts'
import { type Declare, World } from './support/world.ts'

describe('changes to what is there', () => {
  it('changes in place only what differs, and records what is wanted now', async () => {
    const world = new World()
    await world.create((add) => void add(Note, 'note', { size: 1, color: 'red' }))
    world.forget()
    await world.create((add) => void add(Note, 'note', { size: 2, color: 'red' }))
    expect(world.said()).toEqual([`get note ${world.cloud.thing('note').id}`, 'change note', 'put note ready+id'])
    expect(world.cloud.thing('note').props).toEqual({ size: 2, color: 'red' })
    expect(world.rows.get('note')?.want).toEqual({ size: 2, color: 'red' })
    expect(world.events[0]).toMatchObject({ type: 'resource.updating', why: 'size' })
    expect(world.events[1]).toMatchObject({ type: 'resource.ready', did: 'updated' })
  })

  it('a pending update is waited for, though the old state looks ready', async () => {
    const world = new World()
    await world.create((add) => void add(Db, 'db', { size: 1 }))
    const took = world.rows.get('db')?.took
    const minutes = await world.minutes(() => world.create((add) => void add(Db, 'db', { size: 2 })))
    expect(minutes).toBeGreaterThanOrEqual(1)
    expect(minutes).toBeLessThan(1.06)
    expect(world.rows.get('db')).toMatchObject({ is: 'ready', took })
  })

  it('refuses what cannot change, before anything happens', async () => {
    const world = new World()
    await world.create((add) => void add(Net, 'net', { size: 1 }))
    world.forget()
    const { failed } = await world.create((add) => void add(Net, 'net', { size: 2 }))
    expect(failed.get('net')?.message).toContain('size is 1 and cannot become 2')
    expect(world.said('change', 'write')).toEqual([])
  })

  it('adds missing tags and leaves the tags of others', async () => {
    const world = new World()
    await world.create((add) => void add(Note, 'note', {}))
    world.cloud.thing('note').tags.theirs = 'x'
    world.forget()
    await world.create((add) => void add(Note, 'note', {}, { tags: { team: 'y' } }))
    expect(world.said('change')).toEqual(['tag note'])
    expect(world.cloud.thing('note').tags).toEqual({ stack: 'shop/dev', key: 'note', theirs: 'x', team: 'y' })
  })

  it('writes the tags of what was restored with its old ones in the run that restored it', async () => {
    const Restored: typeof Note = {
      ...Note,
      async create(aws, want, stamp) {
        const { team: _, ...tags } = stamp.tags
        return { ...(await Note.create(aws, want, { ...stamp, tags })), tags }
      },
    }
    const world = new World(Restored)
    await world.create((add) => void add(Restored, 'note', {}, { tags: { team: 'y' } }))
    expect(world.said('change')).toEqual(['make note', 'tag note'])
    expect(world.cloud.thing('note').tags).toEqual({ stack: 'shop/dev', key: 'note', team: 'y' })
    expect(world.rows.get('note')?.tags).toEqual({ stack: 'shop/dev', key: 'note', team: 'y' })
    world.forget()
    await world.create((add) => void add(Restored, 'note', {}, { tags: { team: 'y' } }))
    expect(world.said('change')).toEqual([])
  })

  it('records a new dependency or step even where nothing else changed', async () => {
    const world = new World()
    await world.create((add) => {
      add(Net, 'net', {})
      add(Note, 'note', {})
    })
    await world.create((add) => {
      const net = add(Net, 'net', {})
      add(Note, 'note', {}, { after: [net.id] })
    })
    expect(world.rows.get('note')?.deps).toEqual(['net'])
  })

  it('waits for what is pending, and its row is ready afterwards', async () => {
    const world = new World()
    const one: Declare = (add) => void add(Gate, 'gate', {})
    await world.create(one)
    world.cloud.thing('gate').looks = 3
    world.forget()
    expect((await world.create(one)).done).toEqual(['gate'])
    expect(world.rows.get('gate')?.is).toBe('ready')
    expect(world.events.filter((e) => e.type === 'resource.waiting').map((e) => e.status)).toEqual([
      'gate-pending',
      'gate-pending',
    ])
    expect(world.said('change')).toEqual([])
  })

  it('pending for some looks after a create', async () => {
    const shy = fakeKind('shy', { looks: 4 })
    const world = new World(shy)
    await world.create((add) => void add(shy, 'shy', {}))
    expect(world.said('read')).toHaveLength(1 + 5)
  })
})

describe('what is no longer declared', () => {
  it('goes after the rest is made, dependants first', async () => {
    const world = new World()
    await world.create((add) => {
      const old = add(Net, 'old', {})
      add(Note, 'user', { uses: [old.id] })
    })
    world.forget()
    const outcome = await world.create((add) => {
      const fresh = add(Net, 'fresh', {})
      add(Note, 'user', { uses: [fresh.id] })
    })
    expect(world.said('change')).toEqual(['make fresh', 'change user', 'remove old'])
    expect(outcome.done).toEqual(['fresh', 'user', 'old'])
    expect([...world.rows.keys()].sort()).toEqual(['fresh', 'user'])
  })

  it('stays while its step is not part of the run', async () => {
    const world = new World()
    await world.create((add) => void add(Note, 'old', {}))
    await world.create((add) => void add(Note, 'new', {}), [])
    expect(world.rows.has('old')).toBe(true)
  })
})
