import type { FakeKind } from '../../engine/support/kinds.ts'
import { World } from '../../engine/support/world.ts'
import { kinds } from './stack.ts'

export type Setup = (world: World) => void

/** One call of each sort of resource; of all calls it would be the same, only many times over. */
const LOST = /^(make (net|gate|db|west|gate-0|pool-1|copy)|remove (db|main))$/

/** How the cloud makes it hard. */
export const setups = {
  'all goes well': () => {},
  // Not at all at first, then by id and name, then by tags.
  'what is new shows late': ({ cloud }) => {
    Object.assign(cloud, { readLagMs: 800, tagLagMs: 1500, latencyMs: 20 })
  },
  'what is gone is still in use for a while': ({ cloud }) => {
    Object.assign(cloud, { lingerMs: 400, latencyMs: 20 })
  },
  'answers get lost': ({ cloud }) => {
    Object.assign(cloud, { faults: { lost: 'answer', of: LOST }, tagLagMs: 500, latencyMs: 20 })
  },
  'requests get lost': (world) => {
    Object.assign(world.cloud, { faults: { lost: 'request', of: LOST }, tagLagMs: 500, latencyMs: 20 })
    world.graceMs = 2500
  },
} satisfies Record<string, Setup>

export const worldOf = (setup: Setup, of: readonly FakeKind[] = kinds): World => {
  const world = new World(...of)
  setup(world)
  return world
}
