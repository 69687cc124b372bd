import { afterAll, describe, expect, it } from 'vitest'
import type { InFlight } from '../engine/support/session.ts'
import { type Cloud, Crash } from '../support/cloud.ts'
import { create, createInside, createLarge, createTogether, destroy, edited } from './support/commands.ts'
import { type Command, explore, type Limits, type Report } from './support/explore.ts'
import { fingerprint } from './support/fingerprint.ts'
import { type Setup, setups, worldOf } from './support/worlds.ts'

const began = performance.now()
const total = { points: 0, pairs: 0, worlds: 0, runs: 0 }
const inFlight: readonly InFlight[] = ['lost', 'lands', 'calls', 'late']

const allGreen = async (
  name: string,
  setup: Setup,
  start: Command,
  limits: Omit<Limits, 'inFlight'> & Partial<Limits>,
): Promise<Report> => {
  const report = await explore(worldOf(setup), [start], { inFlight, ...limits })
  const { points, pairs, worlds, runs, wrongs } = report
  for (const key of ['points', 'pairs', 'worlds', 'runs'] as const) total[key] += report[key]
  console.log(`${name}: ${points} points, ${pairs} pairs, ${worlds} different worlds, ${runs} runs`)
  expect(wrongs.slice(0, 3)).toEqual([])
  return report
}
afterAll(() => {
  const { points, pairs, worlds, runs } = total
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(`in all: ${points} points, ${pairs} pairs, ${worlds} different worlds, ${runs} runs, ${seconds} s`)
})

/** The whole life, each command undisturbed: create, create the edited, destroy, create again. */
const life = (command: Command): Command[] =>
  command === create ? [edited, destroy] : command === destroy ? [create] : command === edited ? [destroy] : []
/** After a kill: the same command, or destroy. */
const down: Limits['next'] = (command, it) =>
  it === 'ended' ? life(command) : command === create ? [create, destroy] : [command]
/** After a kill, any command. */
const anything: Limits['next'] = (command, it) => (it === 'ended' ? life(command) : [create, edited, destroy])

/** The matrix that the last test holds against kills that are played: made once. */
let late: Report | undefined
const LATE = 'what is new shows late'

describe('killed at any instant, and once more at any instant of the next run', () => {
  const { 'all goes well': well, ...others } = setups
  for (const [name, setup] of Object.entries(others))
    it(`the same command, or destroy, leads to what it says: ${name}`, async () => {
      const report = await allGreen(name, setup, create, { kills: 2, next: down })
      if (name === LATE) late = report
    })

  it('whatever command comes next, the same or destroy among them: all goes well', async () => {
    await allGreen('any command after any', well, create, { kills: 2, next: anything })
  })
})

/** Create until it is done, then destroy until it is done; or destroy at once. */
const upAndDown =
  (up: Command): Limits['next'] =>
  (command, it) =>
    command === destroy ? (it === 'ended' ? [up] : [destroy]) : it === 'ended' ? [destroy] : [up, destroy]

it('killed again and again, however often', async () => {
  // Ages of intents would tell apart more worlds than can be met: here all shows at once, so no run needs a grace.
  const setup: Setup = (world) => {
    world.graceMs = 0
  }
  const limits: Limits = { kills: Number.POSITIVE_INFINITY, next: down, inFlight: ['lost', 'lands', 'calls'] }
  await allGreen('any number of kills', setup, create, limits)
})

describe('a large stack, killed once', () => {
  for (const [name, setup] of Object.entries(setups))
    it(name, async () => {
      await allGreen(`large, ${name}`, setup, createLarge, { kills: 1, next: upAndDown(createLarge) })
    })
})

describe('what lives in a server: made in it, and gone with it as it was, never deleted before it', () => {
  for (const [name, setup] of Object.entries(setups))
    it(name, async () => {
      const whole: Setup = (world) => {
        setup(world)
        world.cloud.whole = true
      }
      await allGreen(`inside, ${name}`, whole, createInside, { kills: 2, next: upAndDown(createInside) })
    })
})

describe('what goes with another, which another one holds', () => {
  for (const [name, setup] of Object.entries(setups))
    it(name, async () => {
      await allGreen(`together, ${name}`, setup, createTogether, { kills: 1, next: upAndDown(createTogether) })
    })
})

/** Kills the process at its n-th instant. @returns whether it came so far */
const killAt = async (cloud: Cloud, n: number, run: () => Promise<unknown>): Promise<boolean> => {
  cloud.points = 0
  cloud.hook = (point) => {
    if (point.n === n) throw new Crash()
  }
  const died = await run().then(
    () => false,
    (error: unknown) => error instanceof Crash,
  )
  cloud.hook = () => {}
  return died
}

describe('the matrix itself', () => {
  it('a kill that is played leaves a world that the matrix met, at each instant and, of the pairs, at a sample', async () => {
    const begin = worldOf(setups[LATE])
    const { met, pairs } = late ?? (await explore(begin, [create], { kills: 2, inFlight, next: down }))
    let played = 0
    let strange = 0
    for (const how of inFlight)
      for (let p = 1; ; p++) {
        const once = begin.fork()
        once.cloud.inFlight = how
        if (!(await killAt(once.cloud, p, () => create.run(once)))) break
        played++
        if (!met.has(fingerprint(once))) strange++
        // A different residue for each point, so that all sorts of second instants come up.
        for (let q = 1 + (p % 13); p % 7 === 0; q += 13) {
          const twice = once.fork()
          if (!(await killAt(twice.cloud, q, () => create.run(twice)))) break
          played++
          if (!met.has(fingerprint(twice))) strange++
        }
      }
    console.log(`${played} kills played, of ${pairs} pairs`)
    expect(strange).toBe(0)
    expect(played).toBeGreaterThan(300)
  })
})
