import type { Aws } from '../../../src/aws/clients.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import type { AnyKind, Kind, Tags } from '../../../src/engine/kind.ts'
import type { Answers, Input, Sent } from './cloud.ts'

interface Change<T> {
  readonly to: T
  /** The calls of `update`; none: AWS cannot change it in place. */
  readonly sends?: readonly Sent[]
  /** How AWS shows it after the change, where `update` has to look. */
  readonly with?: Answers
}

/** One kind and how AWS answers about it. */
export interface Fixture<P, A> {
  readonly kind: Kind<P, A, Aws>
  readonly want: P
  /** As observed when it is ready. */
  readonly attrs: A
  /** What the answer to the create tells, where it is less than `attrs`. */
  readonly made?: Partial<A>
  /** Answers where nothing of it exists, with the error names of AWS. */
  readonly nothing: Answers
  /** Answers where it exists, looking as `want` says, with these tags. */
  there(tags: Tags): Answers
  /** Answers to calls that change something, and to those that they may read for it. */
  readonly writes: Answers
  readonly creates: readonly Sent[]
  /** How its service writes tags; most say Key and Value. */
  readonly tagsAs?: (tags: Tags) => unknown
  /** Why it cannot carry our tags. */
  readonly untagged?: string
  /** Its name is not ours to choose: why. */
  readonly nameless?: string
  /** Calls in `observe` whose failure leaves something unknown instead of being thrown: why. */
  readonly tolerates?: Readonly<Record<string, string>>
  readonly changes: { readonly [K in keyof P]?: Change<P[K]> }
  /** Props that are never read back, each with the reason. */
  readonly unread?: { readonly [K in keyof P]?: string }
  readonly deletes: readonly Sent[]
}

export interface AnyFixture {
  readonly kind: AnyKind<Aws>
  readonly want: JsonObject
  readonly attrs: JsonObject
  readonly made: JsonObject
  readonly nothing: Answers
  there(tags: Tags): Answers
  readonly writes: Answers
  readonly creates: readonly Sent[]
  readonly tagsAs: (tags: Tags) => unknown
  readonly untagged?: string
  readonly nameless?: string
  readonly tolerates: Readonly<Record<string, string>>
  readonly changes: Readonly<Record<string, Change<JsonObject[string]>>>
  readonly unread: Readonly<Record<string, string>>
  readonly deletes: readonly Sent[]
}

/** Checks a fixture against its kind's own types, then forgets them, so that one table can hold all. */
export const fixture = <P extends object, A extends object>(of: Fixture<P, A>): AnyFixture =>
  ({ made: of.attrs, tagsAs: toTags, tolerates: {}, unread: {}, ...of }) as unknown as AnyFixture

export const toTags = (tags: Tags): { Key: string; Value: string }[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))

type Item = Readonly<Record<string, unknown>>
interface Filter {
  readonly Name: string
  readonly Values: readonly string[]
}

/** An answer by the filters of a request, and what there is besides. */
type Listing = ((input: Input) => Item) & { readonly everything: Item }

/**
 * An EC2 list that honours its filters, as AWS does: without this, a lookup by tag would find what has no tags.
 * @param fields what each filter compares, besides `tag:...`
 */
export const listing = (
  output: string,
  items: readonly Item[],
  fields: Readonly<Record<string, (item: Item) => unknown>>,
): Listing => {
  const value = (item: Item, name: string): unknown => {
    if (name.startsWith('tag:'))
      return (item.Tags as { Key: string; Value: string }[]).find((t) => t.Key === name.slice(4))?.Value
    const field = fields[name]
    if (!field) throw new Error(`the fixture has no filter ${name}`)
    return field(item)
  }
  const fits = (item: Item, f: Filter): boolean => {
    const is = value(item, f.Name)
    return (Array.isArray(is) ? is : [is]).some((v) => f.Values.includes(v as string))
  }
  const answer = (input: Input): Item => {
    const filters = (input.Filters ?? input.Filter ?? []) as readonly Filter[]
    return { [output]: items.filter((i) => filters.every((f) => fits(i, f))) }
  }
  return Object.assign(answer, { everything: { [output]: items } })
}

/**
 * The same answers by a server that does not do as it is asked: whatever the request names, they are about things of other names
 * and ids.
 * @param of names and ids that are asked for
 */
export const aboutOthers = (answers: Answers, of: readonly string[]): Answers => {
  const longest = [...new Set(of)].sort((a, b) => b.length - a.length)
  const other = (value: unknown): unknown => {
    if (typeof value === 'string') return longest.reduce((text, id) => text.replaceAll(id, `${id.slice(0, -1)}~`), value)
    if (Array.isArray(value)) return value.map(other)
    if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Error) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, /^tag(s|list)?$/i.test(key) ? inner : other(inner)]),
    )
  }
  const all = (answer: unknown): unknown => {
    if (typeof answer !== 'function') return other(answer)
    const { everything } = answer as Partial<Listing>
    return everything === undefined ? (input: Input) => other(answer(input)) : other(everything)
  }
  return Object.fromEntries(Object.entries(answers).map(([operation, answer]) => [operation, all(answer)]))
}
