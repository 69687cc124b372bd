import type { JsonObject } from '../core/json.ts'
import { put, table } from './records-table.ts'

/** A revision that was rolled out. Plain data: it stands in the state. */
export type Entry = {
  readonly revision: string
  /** What ran before. */
  readonly from?: string
  readonly image?: string
  readonly at: string
  readonly by: string
  readonly how: 'deploy' | 'rollback' | 'force' | 'found'
  /** Left out: nobody saw how it ended. */
  readonly healthy?: boolean
  readonly changes: readonly string[]
  /** Somebody has gone back from it, so nothing goes back to it unless it is named. */
  readonly left?: boolean
  /** Of one that failed: what would count if it comes to be healthy after all. */
  readonly overlay?: Overlay
}

/** What a deploy has changed since the config was written, and what the config said of it then. */
export type Overlay = {
  readonly image?: string
  readonly environment?: Readonly<Record<string, string>>
  /** `database:password`, or ARN:key. */
  readonly secrets?: Readonly<Record<string, string>>
  readonly unset?: readonly string[]
  readonly since: { readonly image?: string | null; readonly variables: Readonly<Record<string, string | null>> }
}

/** A rollout that was begun and whose end nobody has seen yet. */
export type Intent = {
  readonly revision: string
  readonly from: string
  readonly image?: string
  readonly at: string
  readonly by: string
  readonly how: 'deploy' | 'rollback' | 'force'
  readonly changes: readonly string[]
  /** What the stack counted as its own before, where that is not what ran: a rollout that had failed. */
  readonly base?: string
  /** ECS's id of it; undefined until the service was told. */
  readonly deployment?: string
  /** What counts once the service was told, and what counted before. */
  readonly overlay?: Overlay
  readonly before?: Overlay
}

/** As far as a deploy can change it, what the config says of a service. */
export interface Declared {
  readonly image?: string | undefined
  readonly environment: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, string>>
}

/** As many as a person looks through. */
const KEPT = 20

/** Newest first. */
export const entriesOf = (lookups: JsonObject, service: string): readonly Entry[] => {
  const found = table<unknown>(lookups, 'deployments')[service]
  return Array.isArray(found) ? (found as Entry[]) : []
}
export const intentOf = (lookups: JsonObject, service: string): Intent | undefined => table<Intent>(lookups, 'deploying')[service]
export const overlayOf = (lookups: JsonObject, key: string): Overlay | undefined => table<Overlay>(lookups, 'deployed')[key]

export const withEntries = (lookups: JsonObject, service: string, entries: readonly Entry[]): JsonObject =>
  put(lookups, 'deployments', service, entries.length > 0 ? entries.slice(0, KEPT) : undefined)
export const withIntent = (lookups: JsonObject, service: string, intent: Intent | undefined): JsonObject =>
  put(lookups, 'deploying', service, intent)
export const withOverlay = (lookups: JsonObject, key: string, overlay: Overlay | undefined): JsonObject =>
  put(lookups, 'deployed', key, overlay)

/** It was made before its image was there, so it runs no task yet. */
export const waitsForImage = (lookups: JsonObject, key: string): boolean => table<boolean>(lookups, 'images')[key] === false
export const withoutWaiting = (lookups: JsonObject, key: string): JsonObject => put(lookups, 'images', key, undefined)

/** The end of a rollout, as an entry. */
export const entryOf = (intent: Intent, healthy: boolean | undefined): Entry => ({
  revision: intent.revision,
  from: intent.from,
  ...(intent.image === undefined ? {} : { image: intent.image }),
  at: intent.at,
  by: intent.by,
  how: intent.how,
  ...(healthy === undefined ? {} : { healthy }),
  changes: intent.changes,
  ...(healthy === false && intent.overlay ? { overlay: intent.overlay } : {}),
})

/** With the newest on top; whoever goes back from a revision does not want it back. */
export const added = (entries: readonly Entry[], entry: Entry): Entry[] => [
  entry,
  ...(entry.how === 'rollback' && entry.healthy !== false
    ? entries.map((e) => (e.revision === entry.from ? { ...e, left: true } : e))
    : entries),
]

/** Where a rollback goes by itself: the last one that was rolled out and healthy, and that nobody has gone back from. */
export const lastHealthy = (entries: readonly Entry[], running: string): Entry | undefined => {
  const left = new Set(entries.filter((e) => e.left).map((e) => e.revision))
  return entries.find((e) => e.healthy === true && e.revision !== running && !left.has(e.revision))
}

/** Revisions that the record knows and never saw healthy: one that failed, or that ran no task when the next one was deployed. */
export const neverHealthy = (entries: readonly Entry[]): ReadonlySet<string> => {
  const healthy = new Set(entries.filter((e) => e.healthy === true).map((e) => e.revision))
  return new Set(entries.flatMap((e) => [e.revision, e.from ?? '']).filter((revision) => !healthy.has(revision)))
}

/** What a person or ECS would call the same variable, with its kind: a secret may become a plain text. */
const declaredOf = (c: Declared, name: string): string | null => {
  if (Object.hasOwn(c.environment, name)) return `env:${c.environment[name]}`
  if (Object.hasOwn(c.secrets, name)) return `secret:${c.secrets[name]}`
  return null
}

export interface Step {
  readonly image?: string | undefined
  readonly environment: Readonly<Record<string, string>>
  /** As the config writes them. */
  readonly secrets: Readonly<Record<string, string>>
  readonly unset: readonly string[]
}

/** What counts after one more deploy. Undefined: the config says it all. */
export const overlayAfter = (before: Overlay | undefined, step: Step, c: Declared): Overlay | undefined => {
  const touched = [...Object.keys(step.environment), ...Object.keys(step.secrets), ...step.unset]
  const kept = <T>(of: Readonly<Record<string, T>> = {}): Record<string, T> =>
    Object.fromEntries(Object.entries(of).filter(([name]) => !touched.includes(name)))
  const environment = { ...kept(before?.environment), ...step.environment }
  const secrets = { ...kept(before?.secrets), ...step.secrets }
  const gone = step.unset.filter((name) => declaredOf(c, name) !== null)
  const unset = [...(before?.unset ?? []).filter((name) => !touched.includes(name)), ...gone].sort()
  const image = step.image ?? before?.image
  const names = [...Object.keys(environment), ...Object.keys(secrets), ...unset]
  if (image === undefined && names.length === 0) return undefined
  const variables = Object.fromEntries(
    names.map((name) => {
      const then = touched.includes(name) ? undefined : before?.since.variables[name]
      return [name, then === undefined ? declaredOf(c, name) : then]
    }),
  )
  const sinceImage = step.image === undefined ? before?.since.image : (c.image ?? null)
  return {
    ...(image === undefined ? {} : { image }),
    ...(Object.keys(environment).length > 0 ? { environment } : {}),
    ...(Object.keys(secrets).length > 0 ? { secrets } : {}),
    ...(unset.length > 0 ? { unset } : {}),
    since: { ...(sinceImage === undefined ? {} : { image: sinceImage }), variables },
  }
}

/** What of it still counts: a line of the config that was edited since then is the newer word. */
export const stillDeployed = (overlay: Overlay | undefined, c: Declared): Overlay | undefined => {
  if (!overlay) return undefined
  const { since } = overlay
  const counts = (name: string): boolean => declaredOf(c, name) === (since.variables[name] ?? null)
  const of = <T>(all: Readonly<Record<string, T>> = {}): Record<string, T> =>
    Object.fromEntries(Object.entries(all).filter(([name]) => counts(name)))
  const image = overlay.image !== undefined && (since.image ?? null) === (c.image ?? null) ? overlay.image : undefined
  const [environment, secrets, unset] = [of(overlay.environment), of(overlay.secrets), (overlay.unset ?? []).filter(counts)]
  if (image === undefined && Object.keys({ ...environment, ...secrets }).length + unset.length === 0) return undefined
  return {
    ...(image === undefined ? {} : { image }),
    ...(Object.keys(environment).length > 0 ? { environment } : {}),
    ...(Object.keys(secrets).length > 0 ? { secrets } : {}),
    ...(unset.length > 0 ? { unset } : {}),
    since: { ...(image === undefined ? {} : { image: since.image ?? null }), variables: of(since.variables) },
  }
}

/** Of all services. */
export const allDeployed = (lookups: JsonObject, services: Readonly<Record<string, Declared>>): Record<string, Overlay> =>
  Object.fromEntries(
    Object.entries(services).flatMap(([key, c]) => {
      const still = stillDeployed(overlayOf(lookups, key), c)
      return still ? [[key, still]] : []
    }),
  )
