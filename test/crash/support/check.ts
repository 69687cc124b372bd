import type { Outcome } from '../../../src/engine/run.ts'
import type { World } from '../../engine/support/world.ts'
import type { Thing } from '../../support/cloud.ts'

/** Long enough for all that was still under way anywhere. */
export const ALL_LANDED_MS = 60_000

const told = (outcome: Outcome): string[] => [
  ...[...outcome.failed].map(([key, error]) => `${key} failed: ${error.message}`),
  ...[...outcome.blocked].map(([key, by]) => `${key} is blocked by ${by}`),
  ...(outcome.interrupted ? ['it was interrupted'] : []),
]

/** What every thing must be called by: its tag, or what it connects. */
const nameOf = (t: Thing): string => t.tags.key ?? t.name ?? t.id

/**
 * What is wrong after an undisturbed run. In a right world: exactly the wanted resources, the state says the same as the cloud, each
 * data resource that is gone left exactly one snapshot, and nothing was done that may never be done.
 * @param wanted the cloud's picture after a run that nothing ever disturbed
 */
export const wrongs = (world: World, wanted: readonly string[], outcome: Outcome): string[] => {
  const { cloud, rows } = world
  cloud.clock.pass(ALL_LANDED_MS)
  const found = [...told(outcome), ...cloud.sins]
  const picture = cloud.picture()
  const things = cloud.things()
  const count = (all: readonly string[], of: string): number => all.filter((p) => p === of).length
  for (const p of new Set([...picture, ...wanted])) {
    const [is, be] = [count(picture, p), count(wanted, p)]
    if (is !== be) found.push(`${is} instead of ${be} of ${p}`)
  }
  if (rows.size !== things.length) found.push(`${rows.size} rows for ${things.length} things`)
  for (const [key, row] of rows) {
    const thing = things.find((t) => t.id === row.attrs?.id)
    if (!thing) found.push(`the row ${key} has no resource`)
    else if (thing.type !== row.type || (thing.tags.key ?? key).split('@')[0] !== key)
      found.push(`the row ${key} has the id of ${nameOf(thing)}`)
    if (row.is !== 'ready') found.push(`the row ${key} is ${row.is}`)
  }
  const ids = [...rows.values()].map((row) => row.attrs?.id)
  if (new Set(ids).size !== ids.length) found.push('two rows have one id')
  return [...found, ...snapshots(world), ...early(world)]
}

/** Of each data resource: none while it is there, exactly one when it is gone. */
export const snapshots = ({ cloud, kindOf }: World): string[] =>
  cloud
    .ever()
    .filter((t) => kindOf(t.type).facts.data)
    .flatMap((t) => {
      const taken = cloud.snapshots.filter((s) => s.startsWith(`last-of-${t.id}`)).length
      const due = t.goneAt === undefined ? 0 : 1
      return taken === due ? [] : [`${taken} snapshots of ${nameOf(t)} instead of ${due}`]
    })

/** Where nothing lingers, a right order never asks for a delete too early: the retries are not there to sort things out. */
export const early = ({ cloud }: World): string[] =>
  cloud.lingerMs === 0 && cloud.refused > 0 ? [`${cloud.refused} deletes were asked for too early`] : []
