import { refuse } from '../core/errors.ts'
import type { AnyKind, Kind, Tags } from './kind.ts'
import { type In, type Out, outputs, Ref, refsIn } from './ref.ts'

/** A declared resource. `props` may still hold refs. */
export interface Node<C> {
  readonly key: string
  readonly step: string
  readonly kind: AnyKind<C>
  readonly props: Readonly<Record<string, unknown>>
  /** Must be ready before this one starts. */
  readonly deps: readonly string[]
  /** Makes sense only together with these, but need not wait for them: they count for steps and for the order of destroy. */
  readonly beside: readonly string[]
  readonly name: string
  readonly tags: Tags
  readonly shared: boolean
  /** Id of something that was there before: it is used as it is, never changed, never deleted. */
  readonly adopt: string | undefined
  /** Props whose difference is left alone (`tags` for the tags, `*` for all). */
  readonly ignore: readonly string[]
}

export interface AddOptions {
  /** The AWS name; default: the stack's prefix and the key. */
  readonly name?: string
  /** Tags besides the stack's own. */
  readonly tags?: Tags
  /** Must be ready first though nothing of it stands in the props. */
  readonly after?: readonly Ref<unknown>[]
  /** Goes with these (an alarm with its database): same step order and destroyed before them, but created without waiting. */
  readonly beside?: readonly Ref<unknown>[]
  /** If something of this name is there that is not ours, it is used as it is and never deleted. */
  readonly shared?: boolean
  /** Takes the existing resource with this id in, instead of making one. */
  readonly adopt?: string | undefined
}

/** Declares a resource of the step and returns its typed outputs. */
export type Add<C> = <P, A>(kind: Kind<P, A, C>, key: string, props: In<P>, options?: AddOptions) => Out<A>

/** The declared resources of a stack. Steps only add; every other feature is a pass over it. */
export class Graph<C> {
  readonly #nodes = new Map<string, Node<C>>()
  readonly #prefix: string
  readonly #ignore: readonly string[]
  readonly steps: string[] = []

  /** @param ignore differences to leave alone: `key.prop`, `key` for all of one, `*.prop` for one prop of all */
  constructor(prefix: string, ignore: readonly string[] = []) {
    this.#prefix = prefix
    this.#ignore = ignore
  }

  /** Props of a key whose difference is left alone. */
  ignored(key: string): string[] {
    return this.#ignore.flatMap((pattern) => {
      const [of = '', ...rest] = pattern.split('.')
      return of === key || of === '*' ? [rest.join('.') || '*'] : []
    })
  }

  /** `add` for one step; steps keep the order in which they are first named. */
  in(step: string): Add<C> {
    if (!this.steps.includes(step)) this.steps.push(step)
    return (kind, key, props, options = {}) => {
      if (this.#nodes.has(key)) throw new Error(`resource ${key} is declared twice`)
      const deps = refsIn([props, options.after ?? []])
      const beside = refsIn(options.beside ?? [])
      for (const dep of [...deps, ...beside])
        if (!this.#nodes.has(dep)) throw new Error(`resource ${key} refers to ${dep}, which is not declared`)
      this.#nodes.set(key, {
        key,
        step,
        kind: kind as unknown as AnyKind<C>,
        props: props as Readonly<Record<string, unknown>>,
        deps: [...deps].sort(),
        beside: [...beside].filter((k) => !deps.has(k)).sort(),
        name: options.name ?? `${this.#prefix}-${key}`,
        tags: options.tags ?? {},
        shared: options.shared ?? false,
        adopt: options.adopt,
        ignore: this.ignored(key),
      })
      return outputs(key)
    }
  }

  /** An attribute of a resource that is declared already; undefined where it is not. */
  readonly attr = (key: string, name: string): Ref<string> | undefined => (this.#nodes.has(key) ? new Ref(key, name) : undefined)

  get(key: string): Node<C> | undefined {
    return this.#nodes.get(key)
  }

  /** In the order of declaration, so dependencies come before dependants. */
  nodes(): Node<C>[] {
    return [...this.#nodes.values()]
  }

  /** The steps whose resources the given step refers to, directly. */
  needs(step: string): string[] {
    const found = new Set<string>()
    for (const node of this.#nodes.values())
      if (node.step === step) for (const dep of [...node.deps, ...node.beside]) found.add(this.#nodes.get(dep)?.step ?? step)
    found.delete(step)
    return this.steps.filter((s) => found.has(s))
  }

  /** The step and all that it needs, in order. */
  withNeeds(steps: readonly string[]): string[] {
    const all = new Set<string>()
    const visit = (step: string): void => {
      if (all.has(step)) return
      all.add(step)
      for (const need of this.needs(step)) visit(need)
    }
    for (const step of steps) visit(step)
    return this.steps.filter((s) => all.has(s))
  }
}

/**
 * For each node the weight of the heaviest chain that begins with it: the node itself and all that waits for it.
 * @returns weights in the unit of `weight`
 * @throws InfraError (exit 2) when some depend on one another
 */
export const remaining = <T extends { readonly key: string; readonly deps: readonly string[] }>(
  nodes: readonly T[],
  weight: (node: T) => number,
): Map<string, number> => {
  const dependants = dependantsOf(nodes)
  const byKey = new Map(nodes.map((n) => [n.key, n]))
  const found = new Map<string, number>()
  const open = new Set<string>()
  const visit = (node: T): number => {
    const known = found.get(node.key)
    if (known !== undefined) return known
    // Declared ones cannot: a state that was edited by hand can.
    if (open.has(node.key))
      throw refuse(
        `${[...open].slice([...open].indexOf(node.key)).join(', ')} depend on one another`,
        'the state was edited by hand; nothing was changed',
        'Take the wrong entry out of "deps" in the state, then run the same command again',
      )
    open.add(node.key)
    const after = (dependants.get(node.key) ?? []).map((k) => byKey.get(k)).filter((n) => n !== undefined)
    const value = weight(node) + Math.max(0, ...after.map(visit))
    found.set(node.key, value)
    open.delete(node.key)
    return value
  }
  for (const node of nodes) visit(node)
  return found
}

/** Who waits for whom: key -> keys of the nodes that depend on it. */
export const dependantsOf = (
  nodes: readonly { readonly key: string; readonly deps: readonly string[] }[],
): Map<string, string[]> => {
  const map = new Map<string, string[]>()
  for (const node of nodes) for (const dep of node.deps) map.set(dep, [...(map.get(dep) ?? []), node.key])
  return map
}
