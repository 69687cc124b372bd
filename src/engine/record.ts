import type { JsonObject } from '../core/json.ts'
import type { Row } from '../state/schema.ts'
import type { Node } from './graph.ts'
import type { Present } from './kind.ts'
import { knownProps } from './ref.ts'

type Declared<C> = Pick<Node<C>, 'kind' | 'step' | 'name' | 'deps' | 'beside'>

/** What a row says besides which resource it is of. */
export interface Recorded extends Omit<Row, 'type' | 'step' | 'name' | 'deps' | 'at' | 'attrs'> {
  /** The AWS name, where it is not the declared one: that of a later generation. */
  readonly name?: string
  readonly at: Date | number
}

/**
 * The row of a declared resource. Rows are made here only: of what converge brings about, and of what adopt, recover and a replacement
 * find.
 * @param seen undefined: nothing yet, so the row is the intent
 * @param now `want` is what was asked of AWS; of what somebody else has made, {@link wantAsSeen}
 */
export const record = <C>(node: Declared<C>, seen: Pick<Present, 'attrs'> | undefined, now: Recorded): Row => {
  const { name = node.name, want, is, token, at, ...more } = now
  return {
    ...{ type: node.kind.type, step: node.step, name, want, deps: depsOf(node), token, at: new Date(at).toISOString(), is },
    ...(seen ? { attrs: seen.attrs } : {}),
    ...more,
  }
}

/** What stands in `deps`: destroy goes by it, without the config. */
export const depsOf = <C>({ deps, beside }: Pick<Node<C>, 'deps' | 'beside'>): string[] => [...deps, ...beside].sort()

/**
 * The inputs to record of what this run has not made. Seen to be so counts, wished for does not: what differs is then drift, and not an
 * update that nobody has asked for.
 * @param want the declared inputs; what is not known of them is left out
 */
export const wantAsSeen = (want: Readonly<Record<string, unknown>>, { props }: Pick<Present, 'props'>): JsonObject =>
  ({ ...knownProps(want), ...props }) as JsonObject

/** What a deploy, a scale or a stop has changed of a resource. */
export interface Amendment {
  readonly want?: JsonObject
  readonly attrs?: JsonObject
  /** From now on a look that shows the old value may be a late one. */
  readonly at?: Date
}

/** The row of a recorded resource, changed: status, plan and drift go by it. What the change does not name stays. */
export const amended = (row: Row, { want, attrs, at }: Amendment): Row => ({
  ...row,
  want: { ...row.want, ...want },
  ...(row.attrs || attrs ? { attrs: { ...row.attrs, ...attrs } } : {}),
  ...(at ? { at: at.toISOString() } : {}),
})
