import { InfraError } from '../core/errors.ts'
import { canonical, type JsonObject, same } from '../core/json.ts'
import type { Row } from '../state/schema.ts'
import { type Context, idOf } from './context.ts'
import { awaitReady, createIntended } from './create-resource.ts'
import { decide } from './decide.ts'
import { earlierLike, generationOf } from './generation.ts'
import type { Node } from './graph.ts'
import type { AnySeen, Present } from './kind.ts'
import { depsOf } from './record.ts'
import { hasUnknown, resolve } from './ref.ts'
import { beside, retiredRow } from './replace.ts'
import type { Progress } from './run.ts'
import { inWords, scheduledOf } from './scheduled.ts'
import { settle } from './survey.ts'
import { deleteLimit } from './times.ts'
import { change } from './update.ts'
import { until } from './wait.ts'
import { Work } from './work.ts'

const ALONE: Progress = { release: () => {}, released: () => true }

/**
 * Brings one resource to what is wanted: find it, or write the intent, create it and record the id; wait; record it ready.
 * Every record is durable before the next call, so a kill at any instant leaves a row from which the next run goes on.
 * @param first what the survey saw of it
 * @param progress lets what depends on it start before this one is done
 * @returns its attributes, for those that refer to it
 * @throws InfraError, Interrupted, or the error of the call that failed
 */
export const converge = async <C>(
  node: Node<C>,
  first: AnySeen,
  cx: Context<C>,
  progress: Progress = ALONE,
): Promise<JsonObject> => {
  const want = resolve(node.props, (k) => cx.rows.row(k)?.attrs) as JsonObject
  if (hasUnknown(want)) throw inputMissing(node, cx)
  const work = new Work(node, want, cx, progress)
  const { before } = work
  let seen = first
  if (seen.is === 'absent' && before?.is === 'creating' && node.kind.facts.found === 'tag')
    seen = await settle(node, want, cx, Date.parse(before.at))
  if (seen.is !== 'absent') work.generation ??= seen.generation
  const again = cx.again && first.is !== 'absent' ? first.gaveUp?.at : undefined
  for (;;) {
    const earlier = earlierLike(node.key, node.kind, want, cx.rows.all())
    const decision = decide({ node, row: work.before, seen, want, stamp: work.unstamped, earlier, again })
    switch (decision.do) {
      case 'refuse':
        throw decision.error
      case 'use':
        return use(work, seen as Present)
      case 'keep':
        return finish(work, seen as Present)
      case 'clear':
        seen = await clear(work, seen as Present)
        break
      case 'create':
        seen = await createOne(work, seen)
        break
      case 'wait':
        seen = await awaitReady(work, seen as Present)
        break
      case 'replace':
        seen = await beside(work, seen, `replaces the old one: ${decision.props.join(', ')}`)
        break
      case 'update':
        if (seen.is === 'pending' && !seen.switching) seen = await awaitReady(work, seen)
        else return finish(work, await change(work, seen as Present, decision.props, decision.tags))
    }
  }
}

/** Creates it, and waits until it can be used. @returns what there is then; absent: AWS answered with what was deleted meanwhile */
const createOne = async <C>(work: Work<C>, gone: AnySeen): Promise<AnySeen> => {
  const { node, want, cx, row } = work
  // Another one is wanted than was begun: what may still come of that keeps a row.
  if (row?.generation !== undefined && row.generation !== generationOf(node.kind, node.props, want))
    return beside(work, gone, 'it was not made yet')
  // The token of an intent serves again only for the very same request of which nothing was ever seen: AWS remembers tokens
  // beyond the end of what they made, and refuses one that comes with other inputs.
  const intended = row?.is === 'creating' && !row.attrs && same(row.want, want)
  const why = gone.is === 'absent' ? gone.note : undefined
  work.renew(intended ? row.token : cx.token())
  const { title } = node.kind.facts
  cx.report({ type: 'resource.creating', key: node.key, title, name: work.stamp.name, ...(why ? { why } : {}) })
  const intend = (): Promise<void> => work.save({ is: 'creating' })
  await intend()
  return createIntended(work, intend, intended)
}

/** Gets what is on its way out, or broken and without data, out of the way. */
const clear = async <C>(work: Work<C>, seen: Present): Promise<AnySeen> => {
  const { cx, node, before } = work
  const { facts } = node.kind
  // Once it is gone, only the record tells that its token is spent.
  if (!before?.attrs && !seen.foreign) await work.save({ is: 'creating', attrs: seen.attrs })
  if (seen.is === 'failed') {
    cx.report({ type: 'resource.deleting', key: node.key, title: facts.title, name: node.name, why: seen.note ?? 'it failed' })
    await node.kind.delete(cx.aws, seen.attrs, {})
  }
  return until(cx, node.key, work.look, (s) => s.is === 'absent', deleteLimit(node.kind, work.want))
}

/** What is not ours: recorded, so that others can refer to it. */
const use = async <C>(work: Work<C>, seen: Present): Promise<JsonObject> => {
  const { node, cx, row } = work
  if (row?.is !== 'ready' || !row.adopted || !same(row.attrs, seen.attrs) || !same(row.deps, depsOf(node)))
    await cx.rows.put(node.key, { ...work.rowOf({ is: 'ready', attrs: seen.attrs }), token: '', adopted: true })
  cx.report({ type: 'resource.ready', key: node.key, did: 'found', id: idOf(seen.attrs, node.name), tookMs: 0 })
  return seen.attrs
}

/** Records it ready, unless that is what the row says already. */
const finish = async <C>(work: Work<C>, seen: Present): Promise<JsonObject> => {
  const { node, want, cx, before } = work
  const took = cx.clock.now() - work.began
  const marked = node.kind.tag ? { tags: work.unstamped.tags } : {}
  const later = scheduledOf(seen).length > 0 ? { scheduled: scheduledOf(seen) } : {}
  const facts = (of?: Partial<Row>) => canonical([of?.attrs, of?.want, of?.deps, of?.step, of?.tags, of?.scheduled])
  const now = { attrs: seen.attrs, ...marked, ...later }
  if (work.did !== 'kept' || facts(before) !== facts({ ...now, want, deps: depsOf(node), step: node.step })) {
    const lasted = work.did === 'created' ? took : before?.took
    const ready = work.rowOf({ is: 'ready', ...now, ...(lasted === undefined ? {} : { took: lasted }) })
    if (seen.old) await cx.rows.write({ ...retiredRow(work, undefined, seen.old), [node.key]: ready })
    else await cx.rows.put(node.key, ready)
  }
  const awaits = later.scheduled && work.did !== 'kept' ? { scheduled: later.scheduled.map(inWords) } : {}
  cx.report({ type: 'resource.ready', key: node.key, did: work.did, id: idOf(seen.attrs, node.name), tookMs: took, ...awaits })
  return seen.attrs
}

const inputMissing = <C>(node: Node<C>, cx: Context<C>): InfraError => {
  const missing = node.deps.filter((d) => !cx.rows.row(d)?.attrs)
  return new InfraError(`${node.key} needs ${(missing.length > 0 ? missing : node.deps).join(', ')}`, {
    why: 'what it takes from there is not known',
    next: 'Create the step of that first, then run the command again',
  })
}
