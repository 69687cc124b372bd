import { type JsonObject, same } from '../state/json.ts'
import type { Row } from '../state/schema.ts'
import { asleep } from './asleep.ts'
import { differences, differing, missingTags, show, unchangeable } from './compare.ts'
import { type Context, idOf } from './context.ts'
import { InfraError } from './errors.ts'
import type { Node } from './graph.ts'
import type { AnySeen, Present } from './kind.ts'
import { make } from './make.ts'
import { ambiguous, foreign } from './ownership.ts'
import { patiently } from './patience.ts'
import { hasUnknown, resolve } from './ref.ts'
import { observe, settle } from './survey.ts'
import { type Limit, until } from './wait.ts'

/**
 * Brings one resource to what is wanted: find it, or write the intent, create it and record the id; wait; record it ready.
 * Every record is durable before the next call, so a kill at any instant leaves a row from which the next run goes on.
 * @param first what the survey saw of it
 * @returns its attributes, for those that refer to it
 * @throws InfraError, Interrupted, or the error of the call that failed
 */
export const converge = async <C>(node: Node<C>, first: AnySeen, cx: Context<C>): Promise<JsonObject> => {
  const { key, kind } = node
  const want = resolve(node.props, (k) => cx.rows.row(k)?.attrs) as JsonObject
  if (hasUnknown(want)) throw inputMissing(node, cx)
  const began = cx.clock.now()
  const before = cx.rows.row(key)
  const limit: Limit<AnySeen> = {
    deadline: kind.facts.deadline ?? 10,
    minutes: kind.facts.minutes,
    leave: cx.noWait === true && kind.facts.needsPerson === true,
    stuck: async (s) => (s.is === 'absent' ? [] : ((await kind.stuck?.(cx.aws, s.attrs)) ?? [])),
  }
  const base = { type: kind.type, step: node.step, name: node.name, want, deps: [...node.deps, ...node.beside].sort() }
  let shownAt = began
  const look = async (): Promise<AnySeen> => {
    const now = await observe(node, cx.look(), cx, want)
    if (now.is !== 'absent') shownAt = cx.clock.now()
    return now
  }
  let did: 'created' | 'updated' | 'found' | 'kept' = before?.is === 'ready' ? 'kept' : 'found'
  const adopted = (): boolean => before?.adopted === true && did !== 'created'
  const save = (row: Omit<Row, 'at' | keyof typeof base>): Promise<void> =>
    cx.rows.put(key, { ...base, ...(adopted() ? { adopted: true } : {}), ...row, at: new Date(cx.clock.now()).toISOString() })
  const use = (it: Present) => useForeign(node, it, cx, (attrs) => save({ is: 'ready', attrs, token: '', adopted: true }))

  let seen = first
  if (seen.is === 'absent' && before?.is === 'creating' && kind.facts.found === 'tag')
    seen = await settle(node, want, cx, Date.parse(before.at))
  if (seen.is !== 'absent' && (seen.foreign || node.adopt)) return use(seen)
  if (node.adopt) throw adoptMissing(node)
  if (seen.is === 'absent' && seen.rivals) throw ambiguous(key, seen.rivals, before)
  // The token of an intent serves again only for the very same request of which nothing was ever seen: AWS remembers tokens
  // beyond the end of what they made, and refuses one that comes with other inputs.
  const intended = seen.is === 'absent' && before?.is === 'creating' && !before.attrs && same(before.want, want)
  seen = await clear(node, seen, cx, look, before, (attrs) => save({ is: 'creating', token: before?.token ?? '', attrs }))

  const token = before && (intended || seen.is !== 'absent') ? before.token : cx.token()
  if (seen.is === 'absent') {
    cx.report({
      type: 'resource.creating',
      key,
      title: kind.facts.title,
      name: node.name,
      ...(seen.note ? { why: seen.note } : {}),
    })
    did = 'created'
    const intend = (): Promise<void> => save({ is: 'creating', token })
    await intend()
    const outcome = await make(node, want, cx.stamp(node, token), cx, intend)
    if ('made' in outcome) {
      const { attrs, ready, props } = outcome.made
      seen = { is: ready ? 'ready' : 'pending', attrs: attrs as JsonObject, ...(props ? { props: props as JsonObject } : {}) }
    } else seen = outcome.found
    if (seen.is !== 'absent' && seen.foreign) return use(seen)
  }
  if (seen.is === 'absent' && seen.rivals) throw ambiguous(key, seen.rivals, cx.rows.row(key))
  if (seen.is === 'absent') throw new InfraError(`${key} is not there although it was made`)
  // Reads lag behind writes: what was made or seen a moment ago, and is not shown now, is not gone.
  shownAt = cx.clock.now()
  const late = (s: AnySeen): boolean => s.is === 'absent' && cx.clock.now() < shownAt + cx.graceMs
  if (seen.is !== 'ready') {
    // The id is durable before the wait; where it is already, the row stays as it is.
    if (did === 'created' || !same(before?.attrs, seen.attrs)) await save({ is: 'creating', token, attrs: seen.attrs })
    seen = await until(cx, key, look, (s) => settled(s) && !late(s), limit)
    // AWS answered an old token with what was deleted meanwhile. Its id is recorded now, so the next token is a new one.
    if (seen.is === 'absent' && intended) return converge(node, seen, cx)
    if (seen.is !== 'ready') throw broken(node, seen)
  }

  const changed = adopted() ? [] : differing(seen.props, want, node.ignore)
  const fixed = unchangeable(kind, changed)
  if (fixed.length > 0) throw immutable(node, fixed, seen, want)
  if (changed.length > 0 && kind.update) {
    if (seen.asleep) throw asleep(key, changed, seen)
    if (did !== 'created') {
      cx.report({ type: 'resource.updating', key, title: kind.facts.title, name: node.name, why: changed.join(', ') })
      did = 'updated'
    } else await save({ is: 'creating', token, attrs: seen.attrs })
    const { update } = kind
    const { attrs } = seen
    if ((await patiently(cx, key, limit.minutes, () => update(cx.aws, attrs, want, changed))) === 'pending') {
      const applied = (s: AnySeen): boolean =>
        (s.is === 'absent' && !late(s)) ||
        s.is === 'failed' ||
        (s.is === 'ready' && differing(s.props, want, node.ignore).length === 0)
      const lacking = (s: AnySeen): string[] => (s.is === 'absent' ? [] : differences(s.props, want, node.ignore))
      const after = await until(cx, key, look, applied, { ...limit, minutes: kind.facts.updateMinutes ?? 0, lacking })
      if (after.is !== 'ready') throw broken(node, after)
      seen = after
    }
  }
  const wantedTags = cx.stamp(node, token).tags
  const tags = missingTags(seen.tags ?? before?.tags, wantedTags, node.ignore)
  if (kind.tag && !adopted() && Object.keys(tags).length > 0) {
    const { tag } = kind
    const { attrs } = seen
    await patiently(cx, key, limit.minutes, () => tag(cx.aws, attrs, tags))
    if (did === 'kept') did = 'updated'
  }
  const took = cx.clock.now() - began
  const marked = kind.tag && !adopted() ? { tags: wantedTags } : {}
  const recorded = { attrs: before?.attrs, want: before?.want, deps: before?.deps, step: before?.step, tags: before?.tags }
  if (did !== 'kept' || !same(recorded, { attrs: seen.attrs, want, deps: base.deps, step: node.step, ...marked }))
    await save({
      is: 'ready',
      token,
      attrs: seen.attrs,
      ...marked,
      ...(did === 'created' ? { took } : before?.took !== undefined ? { took: before.took } : {}),
    })
  cx.report({ type: 'resource.ready', key, did, id: idOf(seen.attrs, node.name), tookMs: took })
  return seen.attrs
}

const settled = (seen: AnySeen): boolean => seen.is === 'ready' || seen.is === 'failed' || seen.is === 'absent'

/** Gets what is on its way out, or broken and without data, out of the way. */
const clear = async <C>(
  node: Node<C>,
  seen: AnySeen,
  cx: Context<C>,
  look: () => Promise<AnySeen>,
  before: Row | undefined,
  record: (attrs: JsonObject) => Promise<void>,
): Promise<AnySeen> => {
  const { facts } = node.kind
  if (seen.is === 'failed' && (facts.data || before?.adopted)) throw broken(node, seen)
  if (seen.is !== 'failed' && seen.is !== 'deleting') return seen
  // Once it is gone, only the record tells that its token is spent.
  if (!before?.attrs) await record(seen.attrs)
  if (seen.is === 'failed') {
    cx.report({ type: 'resource.deleting', key: node.key, title: facts.title, name: node.name, why: seen.note ?? 'it failed' })
    await node.kind.delete(cx.aws, seen.attrs, {})
  }
  const limit = { deadline: facts.deadline ?? 10, minutes: facts.deleteMinutes ?? facts.minutes }
  return until(cx, node.key, look, (s) => s.is === 'absent', limit)
}

const useForeign = async <C>(
  node: Node<C>,
  seen: Present,
  cx: Context<C>,
  save: (attrs: JsonObject) => Promise<void>,
): Promise<JsonObject> => {
  const row = cx.rows.row(node.key)
  if (!node.shared && !node.adopt && !row?.adopted) throw foreign(node, seen, row?.attrs !== undefined, cx.stamp(node, '').stack)
  if (!row?.adopted || !same(row.attrs, seen.attrs)) await save(seen.attrs)
  cx.report({ type: 'resource.ready', key: node.key, did: 'found', id: idOf(seen.attrs, node.name), tookMs: 0 })
  return seen.attrs
}

/** The sentence for something that was to be taken in and is not there. */
export const adoptMissing = <C>(node: Pick<Node<C>, 'key' | 'adopt' | 'kind'>): InfraError =>
  new InfraError(`${node.key}: there is no ${node.kind.facts.title} ${node.adopt}`, {
    why: 'infra.yaml names it as one that exists, in this account and region',
    next: 'Mend the id in infra.yaml and run the command again',
    exitCode: 2,
  })

/** The sentence for a wanted change that AWS cannot make in place. */
export const immutable = <C>(
  node: Pick<Node<C>, 'key' | 'step' | 'kind'>,
  fixed: readonly string[],
  seen: Present,
  want: Readonly<Record<string, unknown>>,
): InfraError => {
  const what = fixed.map((p) => `${p} is ${show(seen.props?.[p])} and cannot become ${show(want[p])}`).join('; ')
  return new InfraError(`${node.key}: ${what}`, {
    why: `AWS cannot change this of a ${node.kind.facts.title} in place, and it is never replaced behind your back`,
    next: `Put the old value back into infra.yaml, or take the step down and build it anew: infra destroy ${node.step}`,
    exitCode: 2,
  })
}

const inputMissing = <C>(node: Node<C>, cx: Context<C>): InfraError => {
  const missing = node.deps.filter((d) => !cx.rows.row(d)?.attrs)
  return new InfraError(`${node.key} needs ${(missing.length > 0 ? missing : node.deps).join(', ')}`, {
    why: 'what it takes from there is not known',
    next: 'Create the step of that first, then run the command again',
  })
}

const broken = <C>(node: Node<C>, seen: AnySeen): InfraError =>
  seen.is === 'absent'
    ? new InfraError(`${node.key} vanished while it was waited for`, { next: 'Run the same command again: it is made anew' })
    : new InfraError(`${node.key} has failed${seen.note ? ` (${seen.note})` : ''}`, {
        why: node.kind.facts.data ? 'it may hold data, so it is not replaced by itself' : 'AWS reports it as failed',
        next: `Look at it in the AWS console; to build it anew: infra destroy ${node.step}, then infra create ${node.step}`,
      })
