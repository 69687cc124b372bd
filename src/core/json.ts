/** What the state file may hold. A {@link Secret} is not a Json: it does not compile into a row, and throws if it gets there anyway. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }
export type JsonObject = { readonly [key: string]: Json | undefined }

/** A value that may be sent to AWS and nowhere else: not to the state, a log, a plan or a screen. */
export class Secret {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  reveal(): string {
    return this.#value
  }
  toString(): string {
    return '[secret]'
  }
  toJSON(): never {
    throw new Error('a secret was about to be written out')
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }
}

/** Equal as data: the order of an object's keys does not count, `undefined` is the same as a missing key. */
export const same = (a: Json | undefined, b: Json | undefined): boolean => canonical(a) === canonical(b)

/** JSON text with sorted keys, so that equal data is equal text. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) =>
    v !== null && typeof v === 'object' && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : v,
  ) ?? 'undefined'
