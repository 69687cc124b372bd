import { describe, expect, it } from 'vitest'
import { LockLost } from '../../src/core/errors.ts'
import type { Row } from '../../src/state/schema.ts'
import { Crash, Fault } from '../support/cloud.ts'
import { Db, fakeKind, Gate, Link, Net, Note } from './support/kinds.ts'
import { type Declare, failOnce, World } from './support/world.ts'

const stack: Declare = (add) => {
  const net = add(Net, 'net', {})
  const gate = add(Gate, 'gate', { uses: [net.id] })
  add(Link, 'link', { from: net.id, to: gate.id })
  add(Db, 'db', { uses: [net.id] })
  add(Note, 'alone', {})
}
const gone = (world: World, key: string) => world.events.find((e) => e.type === 'resource.gone' && e.key === key)

describe('destroy', () => {
  it('takes dependants first, in parallel: as long as the longest chain; a row goes only after absent', async () => {
    const world = new World()
    await world.create(stack)
    world.forget()
    const minutes = await world.minutes(() => world.destroy())
    expect(minutes).toBeGreaterThanOrEqual(6)
    expect(minutes).toBeLessThan(6 * 1.05 + 0.1)
    expect(world.cloud.things()).toEqual([])
    expect(world.rows.size).toBe(0)
    const removed = world.said('change').filter((t) => t.startsWith('remove'))
    expect(removed.slice(-2)).toEqual(['remove gate', 'remove net'])
    const log = world.said()
    for (const key of ['net', 'gate', 'db', 'alone']) {
      expect(log.indexOf(`put ${key} deleting+id`)).toBeLessThan(log.indexOf(`remove ${key}`))
      const look = log.slice(log.indexOf(`remove ${key}`), log.indexOf(`drop ${key}`))
      expect(look.some((t) => t.startsWith('list') || t.startsWith('get'))).toBe(true)
    }
  })

  it('needs only the state, and takes only the given keys', async () => {
    const world = new World()
    await world.create(stack)
    await world.destroy(['db', 'alone'])
    expect([...world.rows.keys()].sort()).toEqual(['gate', 'link', 'net'])
  })

  it('takes the guard off first, waits for that, and makes the last snapshot', async () => {
    const world = new World()
    await world.create(stack)
    const id = world.cloud.thing('db').id
    world.forget()
    const at = new Date(0)
    await world.destroy(['db'], { at })
    expect(world.said('change')).toEqual(['unguard db', 'remove db'])
    expect(world.cloud.snapshots).toEqual([`last-of-${id}-0`])
    expect(gone(world, 'db')).toMatchObject({ leaves: `last-of-${id}-0` })
  })

  it('makes no snapshot where none is wanted', async () => {
    const world = new World()
    await world.create(stack)
    await world.destroy(['db'], { snapshots: false })
    expect(world.cloud.snapshots).toEqual([])
    expect(gone(world, 'db')).not.toHaveProperty('leaves')
  })

  it('names the snapshot that was made, also when the run was killed between', async () => {
    const world = new World()
    await world.create(stack)
    failOnce(world.cloud, 'remove db', 'after', () => new Crash())
    await expect(world.destroy(['db'])).rejects.toBeInstanceOf(Crash)
    world.cloud.clock.pass(60_000)
    await world.destroy(['db'])
    expect(gone(world, 'db')).toMatchObject({ leaves: world.cloud.snapshots[0] })
  })

  it('waits for what is pending before it asks', async () => {
    const world = new World()
    await world.create(stack)
    world.cloud.thing('gate').looks = 4
    world.forget()
    await world.destroy(['link', 'gate'])
    expect(world.rows.has('gate')).toBe(false)
    expect(world.events.find((e) => e.type === 'resource.waiting')).toMatchObject({ status: 'gate-pending' })
  })

  it('writes the row once more after a wait: where the state is another run’s by now, no delete goes out', async () => {
    const world = new World()
    await world.create(stack)
    world.cloud.thing('gate').looks = 4
    world.forget()
    let writes = 0
    world.cloud.hook = (p) => {
      if (p.phase === 'before' && p.text === 'put gate deleting+id' && ++writes === 2) throw new LockLost('gone')
    }
    expect(await world.destroy(['link', 'gate'])).toMatchObject({ interrupted: true, done: ['link'] })
    expect(world.said('change')).not.toContain('remove gate')
    expect(world.rows.get('gate')?.is).toBe('deleting')
  })

  it('deletes what has failed, and goes along with what is being deleted', async () => {
    const world = new World()
    await world.create(stack)
    world.cloud.thing('alone').failed = 'broken'
    world.cloud.thing('db').goneAt = world.cloud.clock.now() + 60_000
    world.forget()
    await world.destroy(['alone', 'db'])
    expect(world.said('change')).toEqual(['remove alone'])
    expect(world.rows.size).toBe(3)
  })

  it('what is gone already only loses its row; so does what vanishes before the call', async () => {
    const world = new World()
    await world.create(stack)
    world.cloud.vanish('alone')
    world.cloud.hook = (p) => {
      if (p.text === 'remove db' && p.phase === 'before') world.cloud.vanish('db')
    }
    world.forget()
    expect((await world.destroy(['alone', 'db'])).failed.size).toBe(0)
    expect(world.said('change')).toEqual(['unguard db', 'remove db'])
    expect([world.rows.has('alone'), world.rows.has('db')]).toEqual([false, false])
  })

  it('`left`: what cannot be deleted loses its row and is not waited for', async () => {
    const leaf = fakeKind('leaf', { stays: true })
    const world = new World(leaf)
    await world.create((add) => void add(leaf, 'leaf', {}))
    expect((await world.destroy()).done).toEqual(['leaf'])
    expect(world.rows.size).toBe(0)
    expect(world.cloud.things()).toHaveLength(1)
  })

  it('what was adopted stays, and is not even looked at twice', async () => {
    const world = new World()
    await world.create(stack)
    world.rows.set('db', { ...(world.rows.get('db') as Row), adopted: true })
    world.forget()
    await world.destroy(['db'])
    expect(world.said('change')).toEqual([])
    expect(world.rows.has('db')).toBe(false)
    expect(world.cloud.thing('db')).toBeDefined()
  })

  it('a lost answer of the delete is not the end', async () => {
    for (const phase of ['before', 'after'] as const) {
      const world = new World()
      await world.create(stack)
      failOnce(world.cloud, 'remove alone', phase, () => new Fault('unknown-outcome'))
      expect((await world.destroy(['alone'])).done).toEqual(['alone'])
      expect(world.cloud.things().some((t) => t.tags.key === 'alone')).toBe(false)
    }
  })
})

describe('what is still in use', () => {
  it('is asked again until it is free', async () => {
    const world = new World()
    await world.create(stack)
    failOnce(world.cloud, 'remove alone', 'before', () => new Fault('in-use'), 5)
    world.forget()
    expect((await world.destroy(['alone'])).done).toEqual(['alone'])
    expect(world.events.filter((e) => e.type === 'resource.waiting').map((e) => e.status)[0]).toContain(
      'in use by someone who needs',
    )
  })

  it('names the blockers after the deadline; what it stands on is blocked; the rest goes', async () => {
    const world = new World()
    await world.create(stack)
    const gate = world.cloud.thing('gate').id
    world.cloud.make({ type: 'foreign', tags: {}, props: { at: gate } })
    world.forget()
    const minutes = await world.minutes(async () => {
      const outcome = await world.destroy()
      expect(outcome.failed.get('gate')).toMatchObject({
        what: `gate cannot be deleted: it is still used by someone who needs ${gate}`,
        next: expect.stringContaining('run the same destroy again'),
      })
      expect(outcome.blocked).toEqual(new Map([['net', 'gate']]))
      expect(outcome.done.toSorted()).toEqual(['alone', 'db', 'link'])
    })
    expect(minutes).toBeGreaterThan(10)
    expect(minutes).toBeLessThan(10.3)
    expect(world.rows.get('gate')).toMatchObject({ is: 'deleting', attrs: { id: gate } })
  })

  it('so is what AWS is not ready for: another change of it is under way', async () => {
    const world = new World()
    await world.create(stack)
    failOnce(world.cloud, 'remove alone', 'before', () => new Fault('propagating', 'OperationAborted'), 5)
    world.forget()
    expect((await world.destroy(['alone'])).done).toEqual(['alone'])
    expect(world.events.flatMap((e) => (e.type === 'resource.waiting' ? [e.status] : []))).toContain(
      'AWS is not ready for it yet; asked again',
    )
    await world.create(stack)
    failOnce(world.cloud, 'remove alone', 'before', () => new Fault('propagating', 'OperationAborted'), 9999)
    expect((await world.destroy(['alone'])).failed.get('alone')?.message).toBe('OperationAborted')
  })

  it('any other refusal is the end of it', async () => {
    const world = new World()
    await world.create(stack)
    failOnce(world.cloud, 'remove alone', 'before', () => new Fault('fatal', 'denied'))
    expect((await world.destroy(['alone'])).failed.get('alone')?.message).toBe('denied')
    expect(world.rows.get('alone')?.is).toBe('deleting')
  })
})

describe('an intent of which nobody knows whether it was carried out', () => {
  const intent = (world: World, type: string, key: string): void => {
    const at = new Date(world.cloud.clock.now()).toISOString()
    world.rows.set(key, { type, step: 'main', name: `shop-dev-${key}`, is: 'creating', want: {}, deps: [], token: 't', at })
  }

  it('was: it is found by its tag, also late, and deleted', async () => {
    const world = new World()
    world.cloud.tagLagMs = 3000
    intent(world, 'net', 'net')
    world.cloud.make({ type: 'net', tags: { stack: 'shop/dev', key: 'net' }, props: {} })
    expect((await world.destroy()).done).toEqual(['net'])
    expect(world.cloud.things()).toEqual([])
  })

  it('was not: the row goes after the grace', async () => {
    const world = new World()
    intent(world, 'net', 'net')
    expect(await world.minutes(() => world.destroy())).toBe(world.graceMs / 60_000)
    expect(world.rows.size).toBe(0)
  })

  it('was not, and it has a name: the row goes after the grace, too, since reads lag behind writes', async () => {
    const world = new World()
    intent(world, 'note', 'note')
    expect(await world.minutes(() => world.destroy())).toBe(world.graceMs / 60_000)
    expect(world.rows.size).toBe(0)
  })

  it("was not, and the name is someone else's: that one stays", async () => {
    const world = new World()
    intent(world, 'db', 'db')
    world.cloud.make({ type: 'db', name: 'shop-dev-db', tags: { of: 'them' }, props: {}, guarded: true })
    expect((await world.destroy()).done).toEqual(['db'])
    expect(world.said('change')).toEqual([])
    expect(gone(world, 'db')).toMatchObject({ leaves: expect.stringContaining('the db shop-dev-db') })
  })
})

describe('what lives inside something', () => {
  const Inner = fakeKind('inner', { inside: 'db', deleteMinutes: 3 })
  const stack: Declare = (add) => {
    const db = add(Db, 'db', {})
    const role = add(Inner, 'role', { from: db.id })
    add(Inner, 'tenant', { from: db.id }, { after: [role.id] })
    add(Note, 'app', {}, { after: [role.id] })
  }

  it('goes with it: it is not deleted on its own, nothing waits for it, and its row goes after it is gone', async () => {
    const world = new World(Inner)
    await world.create(stack)
    world.forget()
    await world.destroy()
    expect(world.said('change').filter((t) => /remove (role|tenant)/.test(t))).toEqual([])
    expect(world.rows.size).toBe(0)
    const log = world.said('write')
    expect(log.indexOf('drop db')).toBeLessThan(log.indexOf('drop tenant'))
    expect(log.indexOf('drop app')).toBeLessThan(log.indexOf('drop role'))
  })

  it('is deleted on its own, dependants first, when what it is in stays', async () => {
    const world = new World(Inner)
    await world.create(stack)
    world.forget()
    await world.destroy(['role', 'tenant', 'app'])
    expect(world.said('change').filter((t) => t.startsWith('remove'))).toEqual(
      expect.arrayContaining(['remove tenant', 'remove role']),
    )
    expect([...world.rows.keys()]).toEqual(['db'])
  })

  it('stays recorded when what it is in could not be deleted', async () => {
    const world = new World(Inner)
    await world.create(stack)
    failOnce(world.cloud, 'remove db', 'before', () => new Fault('fatal', 'no'), 99)
    const outcome = await world.destroy()
    expect([...outcome.failed.keys()]).toEqual(['db'])
    expect([...world.rows.keys()].sort()).toEqual(['db', 'role', 'tenant'])
    expect(world.cloud.things().map((t) => t.name)).toEqual(expect.arrayContaining(['shop-dev-role', 'shop-dev-tenant']))
  })
})

describe('what AWS deletes together with another', () => {
  const Rule = fakeKind('rule', { found: 'natural', goesWith: 'net' })
  const groups: Declare = (add) => {
    const back = add(Net, 'back', {})
    const front = add(Net, 'front', {})
    add(Rule, 'rule', { from: back.id, to: front.id })
  }
  const removed = (world: World) => world.said('change').filter((t) => t.startsWith('remove'))

  it('gets no delete and no look of its own; what it names waits for what it goes with', async () => {
    const world = new World(Rule)
    await world.create(groups)
    world.forget()
    expect((await world.destroy()).done).toEqual(expect.arrayContaining(['rule', 'back', 'front']))
    expect(removed(world)).toEqual(['remove back', 'remove front'])
    const log = world.said()
    expect(log.slice(log.indexOf('remove back'), log.indexOf('remove front'))).toContain('drop back')
    expect(log.slice(log.indexOf('drop back')).filter((t) => /(get|list) rule/.test(t))).toEqual([])
    expect(world.rows.size).toBe(0)
    expect(world.cloud.refused).toBe(0)
  })

  it('is deleted on its own where that stays, or is another one', async () => {
    const world = new World(Rule)
    await world.create(groups)
    world.forget()
    await world.destroy(['rule', 'front'])
    expect(removed(world)).toEqual([expect.stringMatching(/^remove .*>.*/), 'remove front'])
    expect([...world.rows.keys()]).toEqual(['back'])
  })

  it('two that name each other: their rules go first, on their own', async () => {
    const world = new World(Rule)
    await world.create((add) => {
      const back = add(Net, 'back', {})
      const front = add(Net, 'front', {})
      add(Rule, 'in', { from: back.id, to: front.id })
      add(Rule, 'out', { from: front.id, to: back.id })
    })
    world.forget()
    expect((await world.destroy()).failed.size).toBe(0)
    // One of the two is enough to open the circle.
    expect(removed(world)).toHaveLength(3)
    expect(world.cloud.refused).toBe(0)
    expect(world.rows.size).toBe(0)
  })

  it('what depends on it is gone before what it goes with', async () => {
    const world = new World(Rule)
    await world.create((add) => {
      const back = add(Net, 'back', {})
      const rule = add(Rule, 'rule', { from: back.id, to: 'anyone' })
      add(Note, 'app', {}, { after: [rule.id] })
    })
    world.forget()
    await world.destroy()
    expect(removed(world)).toEqual(['remove app', 'remove back'])
    const log = world.said()
    expect(log.indexOf('drop app')).toBeLessThan(log.indexOf('remove back'))
  })

  it('stays recorded, and is there, when what it goes with could not be deleted', async () => {
    const world = new World(Rule)
    await world.create(groups)
    failOnce(world.cloud, 'remove back', 'before', () => new Fault('fatal', 'no'), 99)
    const outcome = await world.destroy()
    expect([...outcome.failed.keys()]).toEqual(['back'])
    expect([...world.rows.keys()].sort()).toEqual(['back', 'front', 'rule'])
  })

  it('is looked after on its own when what it goes with stays on purpose', async () => {
    const Staying = fakeKind('staying', { stays: true })
    const Leaf = fakeKind('leaf', { found: 'natural', goesWith: 'staying' })
    const world = new World(Staying, Leaf)
    await world.create((add) => {
      const trunk = add(Staying, 'trunk', {})
      add(Leaf, 'leaf', { from: trunk.id, to: 'x' })
    })
    world.forget()
    await world.destroy()
    expect(removed(world)).toEqual([expect.stringMatching(/^remove .*>x/)])
    expect(world.rows.size).toBe(0)
  })
})

it('does not wait for what can be deleted before it is ready', async () => {
  const Slow = fakeKind('slow', { readyMs: 3_600_000, deadline: 1 })
  const kinds = [Slow, { ...Slow, type: 'hasty', facts: { ...Slow.facts, deletesPending: true } }]
  const world = new World(...kinds)
  await world.create((add) => {
    add(Slow, 'slow', {})
    add(kinds[1] ?? Slow, 'hasty', {})
  })
  const outcome = await world.destroy()
  expect([...outcome.failed.keys()]).toEqual(['slow'])
  expect([...world.rows.keys()]).toEqual(['slow'])
})
