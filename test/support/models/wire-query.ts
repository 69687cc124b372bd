import type { Model, Ref, Shape } from './model.ts'
import { typed } from './request.ts'

/** `Filter.1.Value.2` as a tree. A leaf is text. */
interface Tree {
  [name: string]: Tree | string
}

/** Reads the form of the query protocol, and EC2's dialect of it. */
export const fromQuery = (model: Model, shape: Shape | undefined, form: URLSearchParams): unknown => {
  const tree: Tree = {}
  for (const [path, value] of form) if (!/^(Action|Version)$/.test(path)) put(tree, path.split('.'), value)
  const ec2 = model.metadata.protocol === 'ec2'
  return shape ? new Reader(model, ec2).structure(shape, tree) : tree
}

const put = (tree: Tree, [first = '', ...rest]: string[], value: string): void => {
  if (rest.length === 0) {
    tree[first] = value
    return
  }
  const inner = tree[first]
  const below: Tree = typeof inner === 'object' ? inner : {}
  tree[first] = below
  put(below, rest, value)
}

class Reader {
  readonly #model: Model
  readonly #ec2: boolean

  constructor(model: Model, ec2: boolean) {
    this.#model = model
    this.#ec2 = ec2
  }

  structure(shape: Shape, tree: Tree): Record<string, unknown> {
    const left = { ...tree }
    const read: Record<string, unknown> = {}
    for (const [name, ref] of Object.entries(shape.members ?? {})) {
      const key = this.#nameOf(name, ref)
      if (left[key] === undefined) continue
      read[name] = this.#value(ref, left[key])
      delete left[key]
    }
    // What is left is unknown to the model, and shows as such: also a member by a name that it does not have on the wire.
    const unknown = Object.entries(left).map(([key, value]) => [shape.members?.[key] ? `${key} (on the wire)` : key, value])
    return { ...read, ...Object.fromEntries(unknown) }
  }

  #nameOf(name: string, ref: Ref): string {
    if (this.#ec2) return ref.queryName ?? (ref.locationName ? upper(ref.locationName) : name)
    const to = this.#model.shapes[ref.shape]
    return (to?.type === 'list' && to.flattened ? to.member?.locationName : undefined) ?? ref.locationName ?? name
  }

  #value(ref: Ref, value: Tree | string): unknown {
    const shape = this.#model.shapes[ref.shape]
    if (!shape) return value
    if (typeof value === 'string') return shape.type === 'list' && value === '' ? [] : typed(shape, value)
    switch (shape.type) {
      case 'structure':
        return this.structure(shape, value)
      case 'list': {
        const entries = this.#ec2 || shape.flattened ? value : value[shape.member?.locationName ?? 'member']
        return this.#numbered(entries, value).map((entry) => (shape.member ? this.#value(shape.member, entry) : entry))
      }
      case 'map': {
        const entries = this.#numbered(shape.flattened ? value : value.entry, value)
        const [key, of] = [shape.key?.locationName ?? 'key', shape.value?.locationName ?? 'value']
        return Object.fromEntries(
          entries.map((e) => {
            const pair = typeof e === 'object' ? e : {}
            return [String(pair[key]), shape.value && pair[of] !== undefined ? this.#value(shape.value, pair[of]) : pair[of]]
          }),
        )
      }
      default:
        return value
    }
  }

  /** The entries 1, 2, 3... in their order. */
  #numbered(entries: Tree | string | undefined, whole: Tree): (Tree | string)[] {
    if (typeof entries !== 'object' || Object.keys(entries).some((n) => !/^\d+$/.test(n)))
      throw new Error(`a list is written as ${JSON.stringify(whole).slice(0, 200)}`)
    return Object.keys(entries)
      .map(Number)
      .sort((a, b) => a - b)
      .map((n) => entries[n] ?? '')
  }
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
