import { afterAll, describe, expect, it } from 'vitest'
import type { InFlight } from '../engine/support/session.ts'
import { type Cloud, Crash } from '../support/cloud.ts'
import { create, createLarge, destroy, edited } from './support/commands.ts'
import { type Command, explore, type Limits, type Report } from './support/explore.ts'
import { fingerprint } from './support/fingerprint.ts'
import { type Setup, setups, worldOf } from './support/worlds.ts'

const began = performance.now()
const total = { points: 0, pairs: 0, worlds: 0, runs: 0 }
const inFlight: readonly InFlight[] = ['lost', 'lands', 'calls', 'late']

const allGreen = async (name: string, setup: Setup, start: Command, limits: Omit<Limits, 'inFlight'>): Promise<Report> => {
  const report = await explore(worldOf(setup), [start], { ...limits, inFlight })
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

/** The whole life, each command undisturbed: create, edit and create, destroy, create again. */
const life = (command: Command): Command[] =>
  command === create ? [edited, destroy] : command === destroy ? [create] : command === edited ? [destroy] : []

const down = (command: Command): Command[] => (command === create ? [create, destroy] : [command])

describe('killed at any instant, and once more at any instant of the next run', () => {
  for (const [name, setup] of Object.entries(setups))
    it(`the same command, or destroy, leads to what it says: ${name}`, async () => {
      const next: Limits['next'] = (command, it) => (it === 'ended' ? life(command) : down(command))
      await allGreen(name, setup, create, { kills: 2, next })
    })

  it('whatever command comes next', async () => {
    const next: Limits['next'] = (command, it) => (it === 'ended' ? life(command) : [create, edited, destroy])
    await allGreen('any command after any', setups['all goes well'], create, { kills: 2, next })
  })
})

describe('killed again and again', () => {
  it('however often', async () => {
    const next: Limits['next'] = (command, it) => (it === 'ended' ? life(command) : down(command))
    await allGreen('any number of kills', setups['all goes well'], create, { kills: Number.POSITIVE_INFINITY, next })
  })
})

describe('a larger stack, killed once', () => {
  for (const [name, setup] of Object.entries(setups))
    it(name, async () => {
      const next: Limits['next'] = (command, it) =>
        command === destroy ? (it === 'ended' ? [] : [destroy]) : it === 'ended' ? [destroy] : [createLarge, destroy]
      await allGreen(`large, ${name}`, setup, createLarge, { kills: 1, next })
    })
})
