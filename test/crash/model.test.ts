import fc from 'fast-check'
import { expect, it } from 'vitest'
import { wrongs } from './support/check.ts'
import {
  alter,
  answerLost,
  BREATH_MS,
  createStep,
  destroyStep,
  edit,
  graphFor,
  killed,
  none,
  pictureOf,
  plain,
  vanish,
  wait,
} from './support/script.ts'
import { setups, worldOf } from './support/worlds.ts'

const step = fc.constantFrom('net' as const, 'data' as const)
const colors = fc.constantFrom('red', 'blue', 'green')
const mishap = fc.oneof(
  { weight: 2, arbitrary: fc.constant(none) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.integer({ min: 1, max: 120 }),
        fc.constantFrom('lost' as const, 'lands' as const, 'calls' as const, 'late' as const),
      )
      .map(([at, how]) => killed(at, how)),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 15 }), fc.constantFrom('before' as const, 'after' as const))
      .map(([nth, phase]) => answerLost(nth, phase)),
  },
)
const change = fc.oneof(
  fc.record({ color: colors }),
  fc.record({ size: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ pool: fc.boolean() }),
  fc.record({ link: fc.boolean() }),
  fc.record({ alarm: fc.boolean() }),
)
const thing = fc.integer({ min: 0, max: 7 })
const lines = [
  fc.tuple(step, mishap).map(([s, m]) => createStep(s, m)),
  fc.tuple(step, mishap).map(([s, m]) => createStep(s, m)),
  fc.tuple(step, mishap).map(([s, m]) => destroyStep(s, m)),
  change.map(edit),
  thing.map(vanish),
  fc.tuple(thing, colors).map(([n, color]) => alter(n, color)),
  fc.integer({ min: 1, max: 8000 }).map(wait),
]

it('whatever was done and whatever happened, an undisturbed create leads to what is wanted, and destroy to nothing', async () => {
  let scripts = 0
  let written = 0
  const property = fc.asyncProperty(
    fc.constantFrom(...(Object.keys(setups) as (keyof typeof setups)[])),
    fc.commands(lines, { maxCommands: 14 }),
    async (setup, script) => {
      scripts++
      const world = worldOf(setups[setup])
      const model = { config: plain }
      await fc.asyncModelRun(() => ({ model, real: world }), script)
      written += [...script].length
      world.cloud.clock.pass(BREATH_MS)
      const up = await world.create(graphFor(model.config))
      expect(wrongs(world, await pictureOf(model.config), up)).toEqual([])
      const down = await world.destroy()
      expect(wrongs(world, [], down)).toEqual([])
    },
  )
  await fc.assert(property, { seed: Number(process.env.FC_SEED ?? 20260101), numRuns: Number(process.env.FC_RUNS ?? 1200) })
  console.log(`${scripts} scripts of ${written} lines`)
})
