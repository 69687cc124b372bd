import type { Deployment, Overlay, PendingRollout, ServiceRecord, Services } from '../state/memory.ts'

/** A change of what is remembered of services. */
export type Edit = (services: Services) => Services

/** With parts of one record changed; undefined: that part goes. A record of nothing is left out. */
export const withRecord = (
  services: Services,
  service: string,
  change: { readonly [K in keyof ServiceRecord]: ServiceRecord[K] | undefined },
): Services => {
  const { [service]: before, ...others } = services
  const parts = Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined)
  return parts.length === 0 ? others : { ...others, [service]: Object.fromEntries(parts) }
}

/** As far as a deploy can change it, what the config says of a service. */
export interface Declared {
  readonly image?: string | undefined
  readonly environment: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, string>>
}

/** As many as a person looks through. */
const KEPT = 20

/** Newest first. @param service its key, or `cluster/name` of one that is none of the config, here and below */
export const historyOf = (services: Services, service: string): readonly Deployment[] => services[service]?.history ?? []
export const pendingOf = (services: Services, service: string): PendingRollout | undefined => services[service]?.pending
export const overlayOf = (services: Services, key: string): Overlay | undefined => services[key]?.overlay

export const withHistory = (services: Services, service: string, history: readonly Deployment[]): Services =>
  withRecord(services, service, { history: history.length > 0 ? history.slice(0, KEPT) : undefined })
export const withPending = (services: Services, service: string, pending: PendingRollout | undefined): Services =>
  withRecord(services, service, { pending })
export const withOverlay = (services: Services, key: string, overlay: Overlay | undefined): Services =>
  withRecord(services, key, { overlay })

/** It was made before its image was there, so it runs no task yet. */
export const waitsForImage = (services: Services, key: string): boolean => services[key]?.awaitsImage === true
export const withoutWaiting = (services: Services, key: string): Services => withRecord(services, key, { awaitsImage: undefined })

/** The end of a rollout, as an entry. */
export const entryOf = (intent: PendingRollout, healthy: boolean | undefined): Deployment => ({
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
export const added = (entries: readonly Deployment[], entry: Deployment): Deployment[] => [
  entry,
  ...(entry.how === 'rollback' && entry.healthy !== false
    ? entries.map((e) => (e.revision === entry.from ? { ...e, left: true } : e))
    : entries),
]

/** Where a rollback goes by itself: the last one that was rolled out and healthy, and that nobody has gone back from. */
export const lastHealthy = (entries: readonly Deployment[], running: string): Deployment | undefined => {
  const left = new Set(entries.filter((e) => e.left).map((e) => e.revision))
  return entries.find((e) => e.healthy === true && e.revision !== running && !left.has(e.revision))
}

/** Revisions that the record knows and never saw healthy: one that failed, or that ran no task when the next one was deployed. */
export const neverHealthy = (entries: readonly Deployment[]): ReadonlySet<string> => {
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
export const allDeployed = (services: Services, declared: Readonly<Record<string, Declared>>): Record<string, Overlay> =>
  Object.fromEntries(
    Object.entries(declared).flatMap(([key, c]) => {
      const still = stillDeployed(overlayOf(services, key), c)
      return still ? [[key, still]] : []
    }),
  )
