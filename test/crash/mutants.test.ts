import { describe, expect, it } from 'vitest'
import type { World } from '../engine/support/world.ts'
import { create, createPool, createTokens, destroy, edited } from './support/commands.ts'
import { type Command, explore, type Limits, type Report } from './support/explore.ts'
import { type Mutant, mutants } from './support/mutants.ts'
import { type Setup, setups, worldOf } from './support/worlds.ts'

type Name = keyof typeof mutants

const worldFor = (setup: Setup, { adapt, kinds }: Mutant): World => {
  const world = worldOf(setup, kinds)
  if (adapt) world.adapt = adapt
  return world
}
const next: Limits['next'] = (command, it) =>
  it === 'ended'
    ? ({ create: [edited, destroy], destroy: [create] }[command.name] ?? [])
    : command === create
      ? [create, destroy]
      : [command]
const inFlight = ['lost', 'lands', 'calls', 'late'] as const

/**
 * The matrix of single kills in all worlds. The engine as it is survives it: matrix.test.ts goes the same ways, and one kill further.
 * @returns what is wrong, with the name of the world; empty: the mutant survives
 */
const hunt = async (mutant: Mutant): Promise<string | undefined> => {
  for (const [name, setup] of Object.entries(setups)) {
    const { wrongs } = await explore(worldFor(setup, mutant), [create], { kills: 1, inFlight, next, brief: true })
    if (wrongs[0]) return `${name}: ${wrongs[0]}`
  }
  return undefined
}

const red: readonly Name[] = [
  'no intent is written',
  'the create call does not wait until the intent is durable',
  'no write is waited for',
  'no grace for what shows late',
  'the grace counts from long ago',
  'the grace counts from the first attempt',
  'one token for ever',
  'the tags come after the create call',
  'an unknown outcome is tried again blindly',
  'an unknown outcome counts as done nothing',
  'dependencies are not recorded',
  'the row goes when the delete begins',
  'what is being deleted counts as gone',
]
describe('without this layer the matrix is red', () => {
  for (const name of red)
    it(name, async () => {
      const wrong = await hunt(mutants[name])
      expect(wrong).toBeDefined()
    })
})

/** A world in which tags show only when it is too late for every grace: whoever needs them is lost there. */
const tagsShowTooLate: Setup = ({ cloud }) => {
  Object.assign(cloud, { tagLagMs: 600_000, latencyMs: 20 })
}
const alone = (mutant: Mutant, command: Command, limits: Partial<Limits> = {}): Promise<Report> =>
  explore(worldFor(tagsShowTooLate, mutant), [command], {
    ...{ kills: 2, inFlight: ['lost', 'lands', 'calls'], brief: true },
    ...{ next: (_, it) => (it === 'ended' ? [] : [command]), ...limits },
  })

describe('without this layer another one holds, until that is taken away too', () => {
  // The same token makes AWS answer the same resource; where the tags can be seen, they find it first, and no second call is made.
  for (const name of ['another token for each attempt', 'the token is not recorded'] as const)
    it(`${name}: tags and grace hold; alone, the token does`, async () => {
      expect(await hunt(mutants[name])).toBeUndefined()
      expect((await alone({}, createTokens)).wrongs).toEqual([])
      expect((await alone(mutants[name], createTokens)).wrongs[0]).toContain('instead of')
    })

  // While the tags can be seen, they find what is waited for as well as its id does. Killed in the wait, before that:
  it('the id is not recorded before the wait: tags and grace hold; alone, the id does', async () => {
    const name = 'the id is not recorded before the wait'
    const at: Limits['at'] = ({ text }, { cloud }) => text === 'list pool' && cloud.things().length > 0
    expect(await hunt(mutants[name])).toBeUndefined()
    expect((await alone({}, createPool, { at })).points).toBeGreaterThan(1)
    expect((await alone({}, createPool, { at })).wrongs).toEqual([])
    expect((await alone(mutants[name], createPool, { at })).wrongs[0]).toContain('2 instead of 1')
  })
})

describe('without this record nothing is lost, since the world is asked', () => {
  // It says to a person, and to the line about the snapshot, that the delete was ours. Whether it is under way, AWS says.
  it('the delete is not recorded', async () => {
    expect(await hunt(mutants['the delete is not recorded'])).toBeUndefined()
  })
  // A ready row is looked at like any other: what is pending there is waited for.
  it('the wait is not recorded as one: ready at once', async () => {
    expect(await hunt(mutants['the wait is not recorded as one: ready at once'])).toBeUndefined()
  })
})

it('no mutant is forgotten', () => {
  const told = [...red, 'another token for each attempt', 'the token is not recorded', 'the id is not recorded before the wait']
  told.push('the delete is not recorded', 'the wait is not recorded as one: ready at once')
  expect(told.toSorted()).toEqual(Object.keys(mutants).toSorted())
  console.log(
    `${told.length} mutants: ${red.length} red, 3 red once the layer that covers for them is gone, 2 that change nothing`,
  )
})
