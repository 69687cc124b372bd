import type { Outcome } from '../../../src/engine/run.ts'
import { type Declare, World } from '../../engine/support/world.ts'
import { ALL_LANDED_MS, wrongs } from './check.ts'
import type { Command } from './explore.ts'
import { first, inside, kinds, large, pool, second, together, tokens } from './stack.ts'

/** What is there after a run of this stack that nothing ever disturbed. */
const picture = async (declare: Declare): Promise<string[]> => {
  const world = new World(...kinds)
  await world.create(declare)
  world.cloud.clock.pass(ALL_LANDED_MS)
  return world.cloud.picture()
}

/**
 * A process takes its time until it looks at AWS: what is on its way from one that was killed has landed when the second one after it
 * begins. If runs took no time at all, a thing could be made, and taken down again, before that call made it anew.
 */
const started = (world: World, work: () => Promise<Outcome>): Promise<Outcome> => {
  const { cloud } = world
  cloud.late = cloud.late.map((call) => ({ ...call, begun: call.begun + 1 }))
  const due = cloud.late.filter((call) => call.begun > 1).map((call) => call.at - cloud.clock.now())
  if (due.length > 0) cloud.clock.pass(Math.max(0, ...due))
  return work()
}

export const creating = async (name: string, declare: Declare): Promise<Command> => {
  const wanted = await picture(declare)
  return {
    name,
    run: (world) => started(world, () => world.create(declare)),
    wrongs: (world, outcome) => wrongs(world, wanted, outcome),
  }
}

export const create = await creating('create', first)
export const createLarge = await creating('create', large)
export const createTokens = await creating('create', tokens)
export const createInside = await creating('create', inside)
export const createTogether = await creating('create', together)
export const createPool = await creating('create', pool)
/** `create` after an edit of the config. */
export const edited = await creating('create the edited', second)
export const destroy: Command = {
  name: 'destroy',
  run: (world) => started(world, () => world.destroy()),
  wrongs: (world, outcome) => wrongs(world, [], outcome),
}
