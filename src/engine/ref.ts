/** A value that some resource will have. A ref inside another resource's props is the dependency. */
export class Ref<T> {
  declare readonly type: T
  readonly key: string
  readonly attr: string
  constructor(key: string, attr: string) {
    this.key = key
    this.attr = attr
  }
}

/** A text with values in it that some resources will have. */
export class Joined {
  declare readonly type: string
  readonly parts: readonly (string | Ref<string | number>)[]
  constructor(parts: readonly (string | Ref<string | number>)[]) {
    this.parts = parts
  }
}

/** Props in which any value, at any depth, may still be a ref. */
export type In<T> =
  | Ref<T>
  | (string extends T ? Joined : never)
  | (T extends string | number | boolean | null | undefined
      ? T
      : T extends readonly (infer U)[]
        ? readonly In<U>[]
        : T extends object
          ? { readonly [K in keyof T]: In<T[K]> }
          : T)

/** What a declared resource hands on: a ref for each attribute. */
export type Out<A> = { readonly [K in keyof A]-?: Ref<NonNullable<A[K]>> }

/** Stands in resolved props where the value is not known yet. */
export const UNKNOWN: unique symbol = Symbol('unknown')

/** The refs of one resource, made on demand. */
export const outputs = <A>(key: string): Out<A> => new Proxy({}, { get: (_, attr) => new Ref(key, String(attr)) }) as Out<A>

/** Keys of all resources that the value refers to. */
export const refsIn = (value: unknown, found = new Set<string>()): Set<string> => {
  if (value instanceof Ref) found.add(value.key)
  else if (value !== null && typeof value === 'object') for (const v of Object.values(value)) refsIn(v, found)
  return found
}

/** Replaces each ref by its attribute, or by UNKNOWN where the resource or the attribute is not there yet. */
export const resolve = (value: unknown, attrsOf: (key: string) => Readonly<Record<string, unknown>> | undefined): unknown => {
  if (value instanceof Ref) return attrsOf(value.key)?.[value.attr] ?? UNKNOWN
  if (value instanceof Joined) {
    const parts = value.parts.map((p) => resolve(p, attrsOf))
    return parts.includes(UNKNOWN) ? UNKNOWN : parts.join('')
  }
  if (Array.isArray(value)) return value.map((v) => resolve(v, attrsOf))
  // Plain data only: anything else (a Secret) stays what it is, so that it cannot slip into the state as an empty object.
  if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, resolve(v, attrsOf)]))
  return value
}

export const hasUnknown = (value: unknown): boolean =>
  value === UNKNOWN || (value !== null && typeof value === 'object' && Object.values(value).some(hasUnknown))

/** The properties that are known through and through. */
export const knownProps = (props: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(props).filter(([, v]) => v !== undefined && !hasUnknown(v)))
