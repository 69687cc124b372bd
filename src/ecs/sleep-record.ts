import type { JsonObject } from '../core/json.ts'
import type { Count } from '../steps/types.ts'
import { isTable, put, table } from './records-table.ts'

/** A number that a person has set, and what the config said then. Plain data, like all here: it stands in the state. */
export type Scaled = { readonly count: number; readonly since: number; readonly at: string; readonly by: string }

/** Which of its activities autoscaling leaves out. */
export type Suspended = { readonly in: boolean; readonly out: boolean; readonly scheduled: boolean }

/** What autoscaling had before it was paused: this is given back. */
export type Paused = { readonly min: number; readonly suspended: Suspended; readonly at: string }

/** A service that sleeps with its stack. */
export type Sleeper = {
  /** How many tasks it ran. */
  readonly count: number
  /** What the config said then. */
  readonly since: number
  /** What the state counted as set before; left out where it knew nothing. */
  readonly set?: number
  /** Its autoscaling was paused with it. */
  readonly paused?: boolean
  /** It was told to go down, so that is what the stack wants from now on. */
  readonly down?: boolean
}
export type Sleep = { readonly at: string; readonly by: string; readonly services: Readonly<Record<string, Sleeper>> }

export const scaledOf = (lookups: JsonObject, service: string): Scaled | undefined => table<Scaled>(lookups, 'scaled')[service]
/** @param service its key, or `cluster/name` of one that is none of the config */
export const pausedOf = (lookups: JsonObject, service: string): Paused | undefined => table<Paused>(lookups, 'paused')[service]
export const sleepOf = (lookups: JsonObject): Sleep | undefined => {
  const found = lookups.asleep
  return isTable(found) && isTable(found.services) ? (found as unknown as Sleep) : undefined
}
export const sleeperOf = (lookups: JsonObject, service: string): Sleeper | undefined => sleepOf(lookups)?.services[service]

export const withScaled = (lookups: JsonObject, service: string, scaled: Scaled | undefined): JsonObject =>
  put(lookups, 'scaled', service, scaled)
export const withPaused = (lookups: JsonObject, service: string, paused: Paused | undefined): JsonObject =>
  put(lookups, 'paused', service, paused)

/** One more service that sleeps, or one that does no longer. */
export const withSleeper = (
  lookups: JsonObject,
  service: string,
  sleeper: Sleeper | undefined,
  of: { readonly at: string; readonly by: string },
): JsonObject => {
  const sleep = sleepOf(lookups)
  const { [service]: _, ...others } = sleep?.services ?? {}
  const services = sleeper === undefined ? others : { ...others, [service]: sleeper }
  const { asleep: _before, ...rest } = lookups
  if (Object.keys(services).length === 0) return rest
  return { ...rest, asleep: { at: sleep?.at ?? of.at, by: sleep?.by ?? of.by, services } as unknown as JsonObject }
}

/** What counts in the place of a service that is no longer there: nothing. */
export const withoutCounts = (lookups: JsonObject, service: string): JsonObject =>
  withSleeper(withPaused(withScaled(lookups, service, undefined), service, undefined), service, undefined, { at: '', by: '' })

/** As far as it matters here, what the config says of a service. */
export interface Wanted {
  readonly desired: number
}

/** The number that was set, as long as it counts: a line of the config that was edited since then is the newer word. */
export const stillScaled = (lookups: JsonObject, service: string, { desired }: Wanted): Scaled | undefined => {
  const scaled = scaledOf(lookups, service)
  return scaled?.since === desired ? scaled : undefined
}

/** What a sleeping service comes back with. */
export const countAfter = (sleeper: Sleeper, { desired }: Wanted): number => (sleeper.since === desired ? sleeper.count : desired)

/** What counts above the config, by service: a create takes nothing of it back, and wakes nobody. */
export const allCounts = (lookups: JsonObject, services: Readonly<Record<string, Wanted>>): Record<string, Count> =>
  Object.fromEntries(
    Object.entries(services).flatMap(([key, of]): [string, Count][] => {
      const sleeper = sleeperOf(lookups, key)
      const desired = sleeper?.down && sleeper.count > 0 ? 0 : stillScaled(lookups, key, of)?.count
      const paused = pausedOf(lookups, key) !== undefined
      if (desired === undefined && !paused) return []
      return [[key, { ...(desired === undefined ? {} : { desired }), ...(paused ? { paused } : {}) }]]
    }),
  )

/** The services of which anything of this is recorded: keys, and `cluster/name` of those of somebody else. */
export const recordedKeys = (lookups: JsonObject): string[] => [
  ...new Set([
    ...Object.keys(table(lookups, 'scaled')),
    ...Object.keys(table(lookups, 'paused')),
    ...Object.keys(sleepOf(lookups)?.services ?? {}),
  ]),
]

/** Without what the config has the newer word on: it must not come back when that line is put back. */
export const keptCounts = (lookups: JsonObject, services: Readonly<Record<string, Wanted>>): JsonObject =>
  recordedKeys(lookups).reduce((all, key) => {
    const of = services[key]
    if (!of) return key.includes('/') ? all : withoutCounts(all, key)
    return stillScaled(all, key, of) ? all : withScaled(all, key, undefined)
  }, lookups)

/**
 * What a person must know of it, a sentence each: plan and status would else look as if nothing were set.
 * @param line a command as it would be typed here
 */
export const countNotes = (
  lookups: JsonObject,
  services: Readonly<Record<string, Wanted>>,
  line: (words: string) => string,
): string[] => {
  const sleep = sleepOf(lookups)
  const names = sleep ? Object.keys(sleep.services).sort() : []
  const half = names.filter((key) => !sleep?.services[key]?.down)
  const day = (at: string): string => at.slice(0, 10)
  const asleep =
    sleep === undefined
      ? []
      : half.length > 0
        ? [
            `infra stop was begun on ${day(sleep.at)} and has not come to its end: ${line('stop')} goes on with it, ${line('start')} takes it back`,
          ]
        : [
            `${names.join(', ')} ${names.length === 1 ? 'sleeps' : 'sleep'} since ${day(sleep.at)} (infra stop), and create wakes nothing. To wake all: ${line('start')}`,
          ]
  const scaled = Object.entries(services).flatMap(([key, of]) => {
    const set = names.includes(key) ? undefined : stillScaled(lookups, key, of)
    if (!set) return []
    const paused = pausedOf(lookups, key) ? '; its autoscaling is paused' : ''
    const tasks = set.count === 0 ? 'is scaled to 0 tasks' : `is scaled to ${set.count} ${set.count === 1 ? 'task' : 'tasks'}`
    return [`${key} ${tasks} since ${day(set.at)} (infra scale), infra.yaml says ${of.desired}${paused}`]
  })
  return [...asleep, ...scaled]
}
