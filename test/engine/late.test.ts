import { describe, expect, it } from 'vitest'
import { drift } from '../../src/engine/drift.ts'
import { Crash, Fault } from '../support/cloud.ts'
import { fakeKind, Note } from './support/kinds.ts'
import { type Declare, failOnce, graphOf, World } from './support/world.ts'

const MINUTE = 60_000
/** Found by its name, and not ready at once (an ECS service). */
const Service = fakeKind('service', { minutes: 3, readyMs: MINUTE, changeMs: MINUTE })
const service: Declare = (add) => void add(Service, 'service', { size: 1 })
const note: Declare = (add) => void add(Note, 'note', { size: 1 })
const made = (world: World) => world.said('change').filter((t) => t.startsWith('make'))
const drifted = async (world: World, declare: Declare) =>
  drift({
    rows: world.rows,
    survey: await world.survey(declare),
    tagsOf: (key) => world.rows.get(key)?.tags,
    ignoreOf: () => [],
  })

describe('what was made a moment ago and is not shown yet', () => {
  /** ECS is the worst of those that have names: MISSING for seconds after CreateService. */
  const late = (ms = 4500): World => {
    const world = new World(Service)
    world.cloud.readLagMs = ms
    return world
  }

  it('is waited for, also when it has a name', async () => {
    const world = late()
    expect((await world.create(service)).failed).toEqual(new Map())
    expect(world.rows.get('service')).toMatchObject({ is: 'ready' })
    expect(made(world)).toEqual(['make service'])
  })

  it('is not gone when a later look does not show it again: each look may be answered by another machine', async () => {
    const world = late(0)
    let hidden = 0
    world.cloud.hook = (p) => {
      const thing = world.cloud.things()[0]
      if (!thing || p.what !== 'read') return
      // Seen, and then not for three seconds in the midst of the wait.
      const began = (thing.readyAt - MINUTE) as number
      const age = world.cloud.clock.now() - began
      thing.shownAt = age > 20_000 && age < 23_000 ? Number.POSITIVE_INFINITY : 0
      if (thing.shownAt > 0) hidden++
    }
    expect((await world.create(service)).failed).toEqual(new Map())
    expect(hidden).toBeGreaterThan(0)
  })

  it('that it vanished is still said, once the grace is over', async () => {
    const world = late(0)
    world.cloud.hook = (p) => {
      if (p.text === 'put service creating+id' && p.phase === 'after') world.cloud.vanish('service')
    }
    const minutes = await world.minutes(async () => {
      const { failed } = await world.create(service)
      expect(failed.get('service')?.message).toContain('vanished')
    })
    expect(minutes * MINUTE).toBeGreaterThanOrEqual(world.graceMs)
    expect(minutes * MINUTE).toBeLessThan(world.graceMs + 1000)
  })

  it('is no drift, and no second one is planned or made', async () => {
    const fresh = async (): Promise<World> => {
      const world = late()
      await world.create(note)
      world.forget()
      return world
    }
    expect(await drifted(await fresh(), note)).toEqual([])
    expect((await (await fresh()).plan(note)).actions.map((a) => a.action)).toEqual(['keep'])
    const world = await fresh()
    await world.create(note)
    expect(world.said('change')).toEqual([])
  })

  it('is found by a destroy, though the run that made it was killed before it heard of it: no orphan', async () => {
    const world = late()
    failOnce(world.cloud, 'make note', 'after', () => new Crash())
    await expect(world.create(note)).rejects.toBeInstanceOf(Crash)
    expect((await world.destroy()).done).toEqual(['note'])
    expect(world.cloud.things()).toEqual([])
  })

  it('a lost answer: it is asked for once more, AWS says that it exists, and then it is waited for', async () => {
    const world = late()
    failOnce(world.cloud, 'make note', 'after', () => new Fault('unknown-outcome'))
    expect((await world.create(note)).done).toEqual(['note'])
    expect(made(world)).toHaveLength(2)
    expect(world.cloud.things()).toHaveLength(1)
  })
})

describe('a change that is done and does not show yet', () => {
  /** The call answers "done", and a look still shows the old value for a while. */
  const lagging = (ms: number) => {
    const slow = fakeKind('alarm', { changeMs: ms })
    const update: typeof slow.update = async (...of) => {
      await slow.update?.(...of)
      return 'done'
    }
    return { ...slow, update }
  }
  const changed = async (ms: number): Promise<{ world: World; want: Declare }> => {
    const alarm = lagging(ms)
    const world = new World(alarm)
    await world.create((add) => void add(alarm, 'alarm', { size: 1 }))
    world.cloud.clock.pass(MINUTE)
    const want: Declare = (add) => void add(alarm, 'alarm', { size: 2 })
    await world.create(want)
    world.forget()
    return { world, want }
  }

  it('is no drift', async () => {
    const { world, want } = await changed(3000)
    expect(await drifted(world, want)).toEqual([])
  })

  it('is not made a second time', async () => {
    const { world, want } = await changed(3000)
    expect((await world.plan(want)).actions.map((a) => a.action)).toEqual(['keep'])
    const again = await changed(3000)
    await again.world.create(again.want)
    expect(again.world.said('change')).toEqual([])
  })

  it('what does not show after some seconds is another value: drift, and put right', async () => {
    const { world, want } = await changed(30_000)
    const minutes = await world.minutes(async () => {
      expect(await drifted(world, want)).toMatchObject([
        { what: 'altered', changes: [{ prop: 'size', recorded: '2', actual: '1' }] },
      ])
    })
    expect(minutes * MINUTE).toBe(5000)
  })

  it('an old change is believed at once', async () => {
    const { world, want } = await changed(0)
    world.cloud.clock.pass(MINUTE)
    world.cloud.thing('alarm').props = { size: 9 }
    expect(await world.minutes(async () => expect(await drifted(world, want)).toHaveLength(1))).toBe(0)
  })

  it('a difference that is to be left alone is not waited for', async () => {
    const { world, want } = await changed(0)
    world.cloud.thing('alarm').props = { size: 9 }
    const graph = graphOf(want)
    const node = graph.get('alarm')
    Object.assign(node as object, { ignore: ['size'] })
    expect(await world.minutes(() => world.survey(graph))).toBe(0)
  })
})

describe('a wait for a change', () => {
  const Server = fakeKind('server', { deadline: 10, minutes: 12, changeMs: 3 * MINUTE })
  const begun = async (): Promise<World> => {
    const world = new World({ ...Server, facts: { ...Server.facts, updateMinutes: 4 } })
    await world.create((add) => void add(Server, 'server', { size: 1, color: 'red' }))
    world.forget()
    return world
  }
  const bigger: Declare = (add) => void add(Server, 'server', { size: 2, color: 'blue' })
  const waited = (world: World) => world.events.flatMap((e) => (e.type === 'resource.waiting' ? [e] : []))

  it('says which properties have not come yet, with both values, how long it usually takes and how long it already took', async () => {
    const world = await begun()
    await world.create(bigger)
    const all = waited(world)
    expect(all[0]).toMatchObject({
      status: 'server-ready; not changed yet: size: 1 -> 2; color: red -> blue',
      elapsedMs: 0,
      minutes: 4,
    })
    expect(all.at(-1)?.elapsedMs).toBeGreaterThan(2.9 * MINUTE)
  })

  it('names only what is left, and the rest of a long list by its number', async () => {
    const world = await begun()
    world.cloud.hook = () => {
      if (world.cloud.clock.now() - (world.cloud.things()[0]?.readyAt ?? 0) > MINUTE)
        for (const t of world.cloud.things()) t.props = { ...t.props, size: 2 }
    }
    await world.create(bigger)
    expect(waited(world).at(-1)?.status).toBe('server-ready; not changed yet: color: red -> blue')
    const many = new World(Server)
    await many.create((add) => void add(Server, 'server', { size: 1, color: 'red', from: 'a', to: 'x'.repeat(200) }))
    many.forget()
    await many.create((add) => void add(Server, 'server', { size: 2, color: 'blue', from: 'b', to: 'y' }))
    expect(waited(many)[0]?.status).toMatch(/^server-ready; not changed yet: [^;]+; [^;]+; and 2 more$/)
    expect(waited(many)[0]?.status.length).toBeLessThan(240)
  })

  it('names them all when it is given up', async () => {
    const world = await begun()
    world.cloud.hook = (p) => {
      // It never comes.
      if (p.what === 'read')
        for (const t of world.cloud.things()) if (t.next) t.next = { ...t.next, at: Number.POSITIVE_INFINITY }
    }
    const { failed } = await world.create(bigger)
    expect(failed.get('server')).toMatchObject({
      what: 'server is still "server-ready" after 10 minutes; not changed yet: size: 1 -> 2; color: red -> blue',
    })
  })
})
