import type { Json, JsonObject } from '../core/json.ts'

export const isTable = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** What the state remembers of each service under a name; empty where it remembers nothing. */
export const table = <T>(lookups: JsonObject, name: string): Readonly<Record<string, T>> => {
  const found = lookups[name]
  return isTable(found) ? (found as unknown as Record<string, T>) : {}
}

/** With another value for one service, or without any: a table of nobody is left out. */
export const put = (lookups: JsonObject, name: string, service: string, value: Json | undefined): JsonObject => {
  const { [service]: _, ...others } = table<Json>(lookups, name)
  const next = value === undefined ? others : { ...others, [service]: value }
  const { [name]: _before, ...rest } = lookups
  return Object.keys(next).length === 0 ? rest : { ...rest, [name]: next }
}

/** With all that is remembered of a service under another name. */
export const renamedIn = (lookups: JsonObject, from: string, to: string): JsonObject =>
  Object.fromEntries(
    Object.entries(lookups).map(([name, value]) => {
      if (!isTable(value)) return [name, value]
      const { [from]: found, ...others } = value
      if (found !== undefined) return [name, { ...others, [to]: found }]
      return [name, isTable(value.services) ? { ...value, services: renamedIn({ of: value.services }, from, to).of } : value]
    }),
  )
