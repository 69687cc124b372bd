import { type InfraError, refuse } from '../core/errors.ts'
import { canonical, type JsonObject } from '../core/json.ts'
import type { Row } from '../state/schema.ts'
import { idOf, type KindOf } from './context.ts'
import type { AnyKind, AnySeen, Owner, Present, Stamp, Survey, Tags } from './kind.ts'

/*
 * What infra did not make is never changed and never deleted. Whose a resource is, is decided here: by the recorded id first, by
 * the tags second, and never by a guess between two.
 */

/** Whose row it is that something was looked at for. */
interface Of<C> {
  readonly kind: AnyKind<C>
  readonly name: string
  readonly row: Row | undefined
  readonly stamp: Stamp
  readonly ownerOf: (tags: Tags) => Owner | undefined
}

/**
 * What a look found, held against the record: a recorded id that carries another stack's tag is foreign, and what only tags can
 * find but has another id than the recorded one is a stranger. Missing tags say nothing: someone may have removed them by hand.
 */
export const attributed = <C>(seen: AnySeen, { kind, name, row, stamp, ownerOf }: Of<C>): AnySeen => {
  if (seen.is === 'absent' || row?.adopted) return seen
  const recorded = row?.attrs && idOf(row.attrs, '')
  const id = idOf(seen.attrs, '')
  if (kind.facts.found === 'tag' && recorded && id !== recorded) return { is: 'absent', rivals: [id] }
  // Where the look shows no tags, those that were last written tell as much: a copied state has them too.
  const tags = seen.tags ?? row?.tags
  const owner = tags && ownerOf(tags)
  if (!owner) return seen
  if (seen.foreign) return { ...seen, owner }
  return owner.stack === stamp.stack
    ? seen
    : { ...seen, owner, foreign: `the ${kind.facts.title} ${idOf(seen.attrs, name)} of the stack ${owner.stack}` }
}

type Subject<C> = { readonly key: string; readonly name: string; readonly kind: AnyKind<C> }

/** The error for something that is not this row's to change. @param recorded the row holds its id */
export const foreign = <C>({ key, name, kind }: Subject<C>, seen: Present, recorded: boolean, stack?: string): InfraError => {
  const { title, inside } = kind.facts
  const { owner } = seen
  if (recorded)
    return refuse(
      `${key}: the record names ${seen.foreign}`,
      'its tags say that it is not this stack’s, so nothing is changed',
      `If this state is a copy of another stack’s, use that stack’s own. If ${key} was handed over on purpose: infra state forget ${key}`,
    )
  if (owner?.key !== undefined && owner.stack === stack && owner.key !== key)
    return ownAlready(key, owner.key, `the ${title} ${idOf(seen.attrs, name)}`)
  return refuse(
    `${key}: the name ${name} is taken by ${seen.foreign}`,
    `this ${title} was not made by this stack, so it is left alone`,
    inside === undefined
      ? `To use it as it is: infra adopt ${key} ${idOf(seen.attrs, name)}. Else set another namePrefix in infra.yaml`
      : 'Take another name for it in infra.yaml; or make it by hand what is wanted here, then run the same command again',
  )
}

/** The error for what this stack has under another key. */
export const ownAlready = (key: string, holder: string, what: string): InfraError =>
  refuse(
    `${key}: ${what} is this stack’s already, under the key ${holder}`,
    'two keys for one resource would end in its deletion',
    `${renamed(holder, key)} choose another name for ${key}`,
  )

/** The other key whose row holds the same resource. */
export const holderOf = (rows: ReadonlyMap<string, Row>, held: Held): string | undefined =>
  heldBy(rows).find((other) => other.key !== held.key && thing(other) === thing(held))?.key

/** `web-target-group` that is wanted as `app-target-group`: the service web became app. */
const renamed = (from: string, to: string): string => {
  const [a, b] = [from.split('-'), to.split('-')]
  while (a.length > 1 && b.length > 1 && a.at(-1) === b.at(-1)) {
    a.pop()
    b.pop()
  }
  return `If ${a.join('-')} is now called ${b.join('-')} in infra.yaml: infra state rename ${a.join('-')} ${b.join('-')}. Else`
}

/** The error where only tags could tell, and they do not. @param row the row that it was looked at for */
export const ambiguous = (key: string, rivals: readonly string[], row: Row | undefined): InfraError => {
  const again = 'then run the same command again'
  if (row?.attrs)
    return refuse(
      `${key}: the recorded ${idOf(row.attrs, row.name)} is gone, and ${rivals.join(', ')} carries its tags`,
      'infra did not record it: "Launch more like this" copies tags, and a guess could change or delete what someone else made',
      `Remove the tags infra:stack and infra:key from ${rivals.join(', ')}, ${again}: a new one is made. If it is this stack’s all the same: infra state forget ${key}, ${again}`,
    )
  return refuse(
    `${key}: ${rivals.join(' and ')} carry the same tags`,
    'only one of them can be this stack’s ("Launch more like this" copies tags), and a guess could change or delete the wrong one',
    `Remove the tags infra:stack and infra:key from those that are not this stack’s, ${again}`,
  )
}

/** A resource that a row holds, or that was seen for a declared one without a row. */
export interface Held {
  readonly key: string
  readonly type: string
  readonly attrs: JsonObject
  readonly adopted?: boolean
}

const heldBy = (rows: ReadonlyMap<string, Row>): Held[] =>
  [...rows].flatMap(([key, { type, attrs, adopted }]) => (attrs ? [{ key, type, attrs, adopted: adopted === true }] : []))

/** What was found for declared resources that no row holds yet. */
export const foundFor = <C>(nodes: readonly Subject<C>[], survey: Survey, rows: ReadonlyMap<string, Row>): Held[] =>
  nodes.flatMap(({ key, kind }) => {
    const seen = survey.get(key)
    return seen && seen.is !== 'absent' && !rows.get(key)?.attrs ? [{ key, type: kind.type, attrs: seen.attrs }] : []
  })

/** What tells one resource from all others of its type; the day on which someone last looked is no part of it. */
const thing = ({ type, attrs: { verified: _, ...attrs } }: Held): string =>
  `${type} ${typeof attrs.arn === 'string' && attrs.arn.startsWith('arn:') ? attrs.arn : canonical(attrs)}`

export const sameThing = (a: Row, b: Row): boolean =>
  a.attrs !== undefined &&
  b.attrs !== undefined &&
  thing({ key: '', type: a.type, attrs: a.attrs }) === thing({ key: '', type: b.type, attrs: b.attrs })

/**
 * Of these keys, those whose resource is also another one's that stays, each with that one. What was only adopted twice is nobody's to
 * delete.
 * @param found what was found besides the rows
 */
export const doublesOf = (
  keys: readonly string[],
  rows: ReadonlyMap<string, Row>,
  found: readonly Held[] = [],
): ReadonlyMap<string, Held> => {
  const byThing = new Map<string, Held[]>()
  for (const held of [...heldBy(rows), ...found]) byThing.set(thing(held), [...(byThing.get(thing(held)) ?? []), held])
  const doubles = new Map<string, Held>()
  for (const same of byThing.values()) {
    const stays = same.find((held) => !keys.includes(held.key))
    if (stays && !same.every((held) => held.adopted))
      for (const held of same) if (keys.includes(held.key)) doubles.set(held.key, stays)
  }
  return doubles
}

/** The error for two keys that mean one resource. @param key the one that would be deleted */
const doubled = <C>(key: string, other: Held, kindOf: KindOf<C>): InfraError =>
  refuse(
    `${key} and ${other.key} are the same ${kindOf(other.type).facts.title}, ${idOf(other.attrs, other.key)}`,
    'deleting one of the two would delete the other',
    `${renamed(key, other.key)}: infra state forget ${key}`,
  )

/** Why these rows cannot be taken down as they were seen: told before anything is changed. */
export const notToDelete = <C>(
  keys: readonly string[],
  seen: Survey,
  rows: ReadonlyMap<string, Row>,
  kindOf: KindOf<C>,
  doubles = doublesOf(keys, rows),
): InfraError[] =>
  keys.flatMap((key) => {
    const row = rows.get(key)
    const it = seen.get(key)
    if (!row || row.adopted) return []
    const other = doubles.get(key)
    if (other) return [doubled(key, other, kindOf)]
    if (it?.is === 'absent') return it.rivals && !row.attrs ? [ambiguous(key, it.rivals, row)] : []
    return it?.foreign && row.attrs ? [foreign({ key, name: row.name, kind: kindOf(row.type) }, it, true)] : []
  })
