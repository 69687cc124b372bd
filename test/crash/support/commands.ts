import { type Declare, World } from '../../engine/support/world.ts'
import { ALL_LANDED_MS, wrongs } from './check.ts'
import type { Command } from './explore.ts'
import { first, inside, kinds, large, pool, second, tokens } from './stack.ts'

/** What is there after a run of this stack that nothing ever disturbed. */
const picture = async (declare: Declare): Promise<string[]> => {
  const world = new World(...kinds)
  await world.create(declare)
  world.cloud.clock.pass(ALL_LANDED_MS)
  return world.cloud.picture()
}

export const creating = async (name: string, declare: Declare): Promise<Command> => {
  const wanted = await picture(declare)
  return { name, run: (world) => world.create(declare), wrongs: (world, outcome) => wrongs(world, wanted, outcome) }
}

export const create = await creating('create', first)
export const createLarge = await creating('create', large)
export const createTokens = await creating('create', tokens)
export const createInside = await creating('create', inside)
export const createPool = await creating('create', pool)
/** `create` after an edit of the config. */
export const edited = await creating('create the edited', second)
export const destroy: Command = {
  name: 'destroy',
  run: (world) => world.destroy(),
  wrongs: (world, outcome) => wrongs(world, [], outcome),
}
