/**
 * Tells what is wrong with a value: the way to the place, and what is not so there; undefined: nothing. A check is made of the checks of
 * its parts, and the type sees to it that no part is forgotten.
 */
export type Check = (value: unknown) => Wrong | undefined

export interface Wrong {
  readonly at: readonly string[]
  /** `a text` */
  readonly not: string
}

const is =
  (not: string, holds: (value: unknown) => boolean): Check =>
  (value) =>
    holds(value) ? undefined : { at: [], not }

export const text = is('a text', (v) => typeof v === 'string')
export const number = is('a number', (v) => typeof v === 'number' && Number.isFinite(v))
export const flag = is('true or false', (v) => typeof v === 'boolean')
export const yes = is('true', (v) => v === true)
export const time = is('a time', (v) => typeof v === 'string' && !Number.isNaN(Date.parse(v)))
export const anything = is('an object', (v) => isObject(v))
export const oneOf = (...words: readonly string[]): Check => is(words.join(', '), (v) => words.includes(String(v)))

export const optional =
  (of: Check): Check =>
  (value) =>
    value === undefined ? undefined : of(value)
export const orNull =
  (of: Check): Check =>
  (value) =>
    value === null ? undefined : of(value)

const first = (parts: Iterable<readonly [string, unknown]>, checkOf: (name: string) => Check): Wrong | undefined => {
  for (const [name, part] of parts) {
    const wrong = checkOf(name)(part)
    if (wrong) return { at: [name, ...wrong.at], not: wrong.not }
  }
  return undefined
}

export const list =
  (of: Check): Check =>
  (value) =>
    Array.isArray(value) ? first(Object.entries(value), () => of) : { at: [], not: 'a list' }

export const record =
  (of: Check): Check =>
  (value) =>
    isObject(value) ? first(Object.entries(value), () => of) : { at: [], not: 'an object' }

/** Of an object of type T; keys that are not of T are left alone. */
export const object =
  <T>(parts: { readonly [K in keyof Required<T>]: Check }): Check =>
  (value) =>
    isObject(value)
      ? first(
          Object.keys(parts).map((name) => [name, value[name]] as const),
          (name) => parts[name as keyof T],
        )
      : { at: [], not: 'an object' }

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
