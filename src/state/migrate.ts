import type { Json, JsonObject } from '../core/json.ts'
import { isObject } from './shape.ts'

type Table = Readonly<Record<string, unknown>>

/** Where a part of a service's record stood in format 1: each in a table of its own, by service. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  history: ['deployments'],
  pending: ['deploying'],
  overlay: ['deployed'],
  awaitsImage: ['images'],
  count: ['scaled'],
  autoscaling: ['paused'],
  sleep: ['asleep', 'services'],
}
const OTHERS = { sqlFile: 'handedOver', failover: 'failover' } as const

/**
 * The content of format 1 in the form of format 2. It had one untyped object, `lookups`, for all that was remembered. What is damaged in
 * it stays so, and is named by the check.
 * @param state a file of format 1, whose `lookups` is an object
 */
export const fromFormat1 = (state: JsonObject): JsonObject => {
  const { lookups, resources, ...head } = state as { lookups: JsonObject; resources: Json }
  const { sqlFile, failover } = lookups
  const tables = new Set(Object.values(TABLES).flatMap(([name = '']) => [name]))
  const facts = Object.entries(lookups).filter(([name]) => !tables.has(name) && !Object.hasOwn(OTHERS, name))
  return {
    ...head,
    facts: Object.fromEntries(facts),
    services: servicesOf(lookups) as JsonObject,
    ...(sqlFile === undefined ? {} : { handedOver: sqlFile }),
    ...(failover === undefined ? {} : { failover }),
    resources,
  }
}

const servicesOf = (lookups: Table): Record<string, Table> => {
  const services: Record<string, Record<string, unknown>> = {}
  for (const [part, path] of Object.entries(TABLES)) {
    const table = path.reduce<unknown>((of, name) => (isObject(of) ? of[name] : undefined), lookups)
    if (!isObject(table)) continue
    for (const [service, value] of Object.entries(table)) {
      const now = part === 'awaitsImage' ? value === false || undefined : part === 'sleep' ? asleep(value, lookups) : value
      if (now === undefined) continue
      services[service] ??= {}
      services[service][part] = now
    }
  }
  return services
}

/** When the stack was put to sleep stood once for all of its services. */
const asleep = (value: unknown, { asleep }: Table): unknown => {
  const { at, by } = isObject(asleep) ? asleep : {}
  return isObject(value) ? { ...value, at, by } : value
}

/** The way to a place of format 2, as it is in the file of format 1. */
export const inFormat1 = ([top = '', ...way]: readonly string[]): readonly string[] => {
  if (top === 'facts') return ['lookups', ...way]
  const other = Object.entries(OTHERS).find(([, now]) => now === top)
  if (other) return ['lookups', other[0], ...way]
  const [service = '', part = '', ...rest] = way
  return top === 'services' ? ['lookups', ...(TABLES[part] ?? []), service, ...rest] : [top, ...way]
}
