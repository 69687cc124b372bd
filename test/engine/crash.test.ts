import { describe, expect, it } from 'vitest'
import { type Cloud, Crash } from '../support/cloud.ts'
import { fakeKind, Link, Net, Note } from './support/kinds.ts'
import { type Declare, World } from './support/world.ts'

// Short waits: each look of a wait is one more point at which to kill, and teaches nothing new.
const Gate = fakeKind('gate', { found: 'tag', token: true, readyMs: 500, goneMs: 300, fixed: true })
const Db = fakeKind('db', { data: true, guarded: true, readyMs: 900, goneMs: 500, born: { color: 'plain' }, changeMs: 300 })
const fresh = (setup: Setup): World => {
  const world = new World(Gate, Db)
  setup(world)
  return world
}

const stack: Declare = (add) => {
  const net = add(Net, 'net', { color: 'red' })
  const east = add(Net, 'east', { color: 'blue', uses: [net.id] })
  const gate = add(Gate, 'gate', { uses: [east.id] })
  add(Link, 'link', { from: net.id, to: gate.id })
  const group = add(Note, 'group', { size: 1, uses: [net.id] })
  const role = add(Note, 'role', {}, { tags: { team: 'x' } })
  const db = add(Db, 'db', { size: 2, color: 'red', uses: [group.id, role.id] })
  add(Note, 'alarm', {}, { beside: [db.id] })
}

type Setup = (world: World) => void
const setups: Record<string, Setup> = {
  'calls under way are lost': () => {},
  'calls under way still land, tags show late': ({ cloud }) => {
    cloud.inFlight = 'lands'
    cloud.latencyMs = 20
    cloud.tagLagMs = 3000
  },
}

const dieAt = (cloud: Cloud, n: number): void => {
  cloud.points = 0
  cloud.hook = (point) => {
    if (point.n === n) throw new Crash(`${point.phase} ${point.text}`)
  }
}
const live = (cloud: Cloud): void => {
  cloud.hook = () => {}
}
/** The rows without what depends on when things happened. */
const recorded = (world: World): unknown =>
  [...world.rows].map(([key, { at, took, token, attrs, want, ...row }]) => [key, row]).sort()

const rerunAfterEach = async (setup: Setup, prepare: (w: World) => Promise<unknown>, run: (w: World) => Promise<unknown>) => {
  const calm = fresh(setup)
  await prepare(calm)
  calm.cloud.points = 0
  await run(calm)
  const points = calm.cloud.points
  for (let n = 1; n <= points; n++) {
    const world = fresh(setup)
    await prepare(world)
    dieAt(world.cloud, n)
    const died = await run(world).then(
      () => 'nowhere',
      (error: Error) => (error instanceof Crash ? error.message : String(error)),
    )
    live(world.cloud)
    const outcome = await run(world)
    expect(outcome, died).toMatchObject({ failed: new Map(), blocked: new Map(), interrupted: false })
    expect(world.cloud.picture(), died).toEqual(calm.cloud.picture())
    expect(recorded(world), died).toEqual(recorded(calm))
    expect(world.cloud.snapshots.length, died).toBe(calm.cloud.snapshots.length)
    for (const [key, row] of world.rows)
      expect(row.attrs?.id, `${died}, ${key}`).toBe(world.cloud.things().find((t) => t.id === row.attrs?.id)?.id)
  }
  return points
}

for (const [name, setup] of Object.entries(setups))
  describe(`killed at any point: ${name}`, () => {
    it('create: the same command leads to the same, no orphan, no duplicate', async () => {
      const points = await rerunAfterEach(
        setup,
        async () => {},
        (w) => w.create(stack),
      )
      expect(points).toBeGreaterThan(80)
    })
    it('destroy: the same command leads to an empty cloud and an empty state', async () => {
      const points = await rerunAfterEach(
        setup,
        (w) => w.create(stack),
        (w) => w.destroy(),
      )
      expect(points).toBeGreaterThan(60)
    })
    it('create, then destroy: nothing is left behind', async () => {
      const calm = fresh(setup)
      await calm.create(stack)
      for (let n = 1; n <= calm.cloud.points; n++) {
        const world = fresh(setup)
        dieAt(world.cloud, n)
        await world.create(stack).catch(() => {})
        live(world.cloud)
        await world.destroy()
        expect(world.cloud.picture(), `point ${n}`).toEqual([])
        expect(world.rows.size).toBe(0)
      }
    })
  })
