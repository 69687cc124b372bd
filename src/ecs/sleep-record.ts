import type { ManualCount, PausedLimits, Services, Sleeping } from '../state/memory.ts'
import { withRecord } from './record.ts'

/** How many tasks a person has set since the config was written, and whether autoscaling is paused meanwhile. */
export interface Count {
  readonly desired?: number
  readonly paused?: boolean
}

/** A service that sleeps, without when it was put to sleep. */
export type Sleeper = Omit<Sleeping, 'at' | 'by'>
/** The sleep of a stack: since when, and which services. */
export type Sleep = { readonly at: string; readonly by: string; readonly services: Readonly<Record<string, Sleeping>> }

export const countOf = (services: Services, service: string): ManualCount | undefined => services[service]?.count
export const pausedOf = (services: Services, service: string): PausedLimits | undefined => services[service]?.autoscaling
export const sleeperOf = (services: Services, service: string): Sleeping | undefined => services[service]?.sleep
/** It is as old as its first service. */
export const sleepOf = (services: Services): Sleep | undefined => {
  const asleep = Object.entries(services).flatMap(([key, { sleep }]) => (sleep ? [[key, sleep] as const] : []))
  const [first] = asleep.map(([, sleep]) => sleep).sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
  return first && { at: first.at, by: first.by, services: Object.fromEntries(asleep) }
}

export const withCount = (services: Services, service: string, count: ManualCount | undefined): Services =>
  withRecord(services, service, { count })
export const withPaused = (services: Services, service: string, autoscaling: PausedLimits | undefined): Services =>
  withRecord(services, service, { autoscaling })
/** One more service that sleeps, or one that does no longer. */
export const withSleeper = (services: Services, service: string, sleep: Sleeping | undefined): Services =>
  withRecord(services, service, { sleep })

/** What counts in the place of a service that is no longer there: nothing. */
export const withoutCounts = (services: Services, service: string): Services =>
  withRecord(services, service, { count: undefined, autoscaling: undefined, sleep: undefined })

/** As far as it matters here, what the config says of a service. */
export interface Wanted {
  readonly desired: number
}

/** The number that was set, as long as it counts: a line of the config that was edited since then is the newer word. */
export const stillScaled = (services: Services, service: string, { desired }: Wanted): ManualCount | undefined => {
  const count = countOf(services, service)
  return count?.since === desired ? count : undefined
}

/** What a sleeping service comes back with. */
export const countAfter = (sleeper: Sleeper, { desired }: Wanted): number => (sleeper.since === desired ? sleeper.count : desired)

/** What counts above the config, by service: a create takes nothing of it back, and wakes nobody. */
export const allCounts = (services: Services, declared: Readonly<Record<string, Wanted>>): Record<string, Count> =>
  Object.fromEntries(
    Object.entries(declared).flatMap(([key, of]): [string, Count][] => {
      const sleeper = sleeperOf(services, key)
      const desired = sleeper?.down && sleeper.count > 0 ? 0 : stillScaled(services, key, of)?.count
      const paused = pausedOf(services, key) !== undefined
      if (desired === undefined && !paused) return []
      return [[key, { ...(desired === undefined ? {} : { desired }), ...(paused ? { paused } : {}) }]]
    }),
  )

/** The services of the stack of which anything of this is recorded: not those of somebody else, `cluster/name`. */
export const countedKeys = (services: Services): string[] =>
  Object.entries(services).flatMap(([key, { count, autoscaling, sleep }]) =>
    !key.includes('/') && (count ?? autoscaling ?? sleep) ? [key] : [],
  )

/** Without what the config has the newer word on: it must not come back when that line is put back. */
export const keptCounts = (services: Services, declared: Readonly<Record<string, Wanted>>): Services =>
  countedKeys(services).reduce((all, key) => {
    const of = declared[key]
    if (!of) return withoutCounts(all, key)
    return stillScaled(all, key, of) ? all : withCount(all, key, undefined)
  }, services)

/**
 * What a person must know of it, a sentence each: plan and status would else look as if nothing were set.
 * @param line a command as it would be typed here
 */
export const countNotes = (
  services: Services,
  declared: Readonly<Record<string, Wanted>>,
  line: (words: string) => string,
): string[] => {
  const sleep = sleepOf(services)
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
  const scaled = Object.entries(declared).flatMap(([key, of]) => {
    const set = names.includes(key) ? undefined : stillScaled(services, key, of)
    if (!set) return []
    const paused = pausedOf(services, key) ? '; its autoscaling is paused' : ''
    const tasks = set.count === 0 ? 'is scaled to 0 tasks' : `is scaled to ${set.count} ${set.count === 1 ? 'task' : 'tasks'}`
    return [`${key} ${tasks} since ${day(set.at)} (infra scale), infra.yaml says ${of.desired}${paused}`]
  })
  return [...asleep, ...scaled]
}
