import { afterAll, describe, expect, it } from 'vitest'
import type { Context } from '../../src/engine/context.ts'
import type { Client } from '../engine/support/client.ts'
import { serving, switched } from '../engine/support/switched.ts'
import { type Declare, World } from '../engine/support/world.ts'
import { ALL_LANDED_MS, wrongs } from './support/check.ts'
import { type Command, explore, type Limits, type Report } from './support/explore.ts'
import { BREATH_MS } from './support/script.ts'
import { type Setup, setups, worldOf } from './support/worlds.ts'

const total = { points: 0, pairs: 0, runs: 0 }
afterAll(() => console.log(`replaced beside: ${total.points} points, ${total.pairs} pairs, ${total.runs} runs`))

const creating = async (name: string, declare: Declare): Promise<Command> => {
  const world = new World(...switched)
  await world.create(declare)
  world.cloud.clock.pass(ALL_LANDED_MS)
  const wanted = world.cloud.picture()
  return { name, run: (w) => w.create(declare), wrongs: (w, outcome) => wrongs(w, wanted, outcome) }
}
const before = serving({ size: 1 })
/** What the killed run asked for shows by the time that somebody has edited the config. */
const later = (command: Command): Command => ({
  ...command,
  run: (world) => {
    world.cloud.clock.pass(BREATH_MS)
    return command.run(world)
  },
})
const first = await creating('create', before)
/** A target, what has only tags, and what connects: each is replaced, and what refers to them follows. */
const edited = await creating('create the edited', serving({ size: 2, seal: 2, door: 'east' }))
const another = await creating('create edited again', serving({ size: 3, seal: 2, door: 'west' }))
const destroy: Command = { name: 'destroy', run: (w) => w.destroy(), wrongs: (w, outcome) => wrongs(w, [], outcome) }

const explored = async (setup: Setup, limits: Limits, command = edited, adapt?: World['adapt']): Promise<Report> => {
  const world = worldOf(setup, switched)
  await world.create(before)
  world.cloud.clock.pass(ALL_LANDED_MS)
  if (adapt) world.adapt = adapt
  const report = await explore(world, [command], limits)
  for (const key of ['points', 'pairs', 'runs'] as const) total[key] += report[key]
  return report
}

describe('killed at any instant of a replacement, one is left of each, and it is the one that was wanted last', () => {
  for (const [name, setup] of Object.entries(setups))
    it(`the same command again: ${name}`, async () => {
      const next: Limits['next'] = (_, it) => (it === 'ended' ? [] : [edited])
      expect((await explored(setup, { kills: 2, inFlight: ['lost', 'lands', 'calls', 'late'], next })).wrongs).toEqual([])
    })

  it('the edit taken back, another edit, or destroy', async () => {
    const next: Limits['next'] = (_, it) => (it === 'ended' ? [] : [later(first), later(another), destroy])
    expect((await explored(setups['all goes well'], { kills: 1, inFlight: ['lost', 'lands', 'calls'], next })).wrongs).toEqual([])
  })

  // What is found only by what it connects is not among them: nothing but the state knows where the old one stands.
  it('and the state lost besides', async () => {
    const wanted = await creating('create the edited', serving({ size: 2, seal: 2 }))
    const wiped: Command = {
      ...wanted,
      name: 'create the edited, without a state',
      run: (world) => {
        world.cloud.clock.pass(ALL_LANDED_MS)
        world.rows.clear()
        return wanted.run(world)
      },
    }
    const next: Limits['next'] = (_, it) => (it === 'ended' ? [] : [wiped])
    expect((await explored(setups['all goes well'], { kills: 1, inFlight: ['lands'], next }, wanted)).wrongs).toEqual([])
  })
})

it('goes wrong where the two generations are not written at once', async () => {
  const apart = (cx: Context<Client>): Context<Client> => ({
    ...cx,
    rows: {
      row: (key) => cx.rows.row(key),
      all: () => cx.rows.all(),
      put: (key, row) => cx.rows.put(key, row),
      drop: (key) => cx.rows.drop(key),
      write: async (changes) => {
        for (const [key, row] of Object.entries(changes).reverse()) await (row ? cx.rows.put(key, row) : cx.rows.drop(key))
      },
    },
  })
  const next: Limits['next'] = (_, it) => (it === 'ended' ? [] : [edited])
  const report = await explored(setups['all goes well'], { kills: 1, inFlight: ['lost'], next, brief: true }, edited, apart)
  expect(report.wrongs[0]).toMatch(/instead of/)
})
