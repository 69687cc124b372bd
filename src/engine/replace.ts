import type { Row } from '../state/schema.ts'
import { createIntended } from './create-resource.ts'
import { earlierLike, generationOf, replacedKey } from './generation.ts'
import type { AnySeen, Present } from './kind.ts'
import { record, wantAsSeen } from './record.ts'
import { observe, settle, subjectOfRow } from './survey.ts'
import { until } from './wait.ts'
import type { Work } from './work.ts'

type Changes = Readonly<Record<string, Row | undefined>>

/**
 * Makes it anew beside the one that cannot change. One write gives the key to the new one and a row of its own to the old one, so at no
 * instant is either of them unknown; the old one is deleted at the end of the run, once all that referred to it refers to the new one.
 * @returns what there is to see of the new one
 */
export const beside = async <C>(work: Work<C>, old: AnySeen, why: string): Promise<AnySeen> => {
  const { node, cx, want } = work
  const earlier = await earlierGeneration(work)
  if (earlier) return promote(work, earlier, old)
  const retired = retiredBy(work, old)
  work.renew(cx.token())
  work.generation = generationOf(node.kind, node.props, want)
  const { title } = node.kind.facts
  cx.report({ type: 'resource.creating', key: node.key, title, name: work.stamp.name, why })
  await cx.rows.write({ ...retired, [node.key]: work.rowOf({ is: 'creating' }) })
  return createIntended(work, () => work.save({ is: 'creating' }))
}

interface Earlier {
  readonly key: string
  readonly row: Row
  readonly seen: Present
}

/** An earlier generation that is just what is wanted again, if it is still there. */
const earlierGeneration = async <C>({ node, cx, want, limit }: Work<C>): Promise<Earlier | undefined> => {
  const key = earlierLike(node.key, node.kind, want, cx.rows.all())
  const row = key === undefined ? undefined : cx.rows.row(key)
  if (key === undefined || !row) return undefined
  const subject = subjectOfRow(key, row, () => node.kind)
  const look = (): Promise<AnySeen> => observe(subject, cx.look(), cx, row.want)
  let seen = row.attrs ? await look() : await settle(subject, row.want, cx, Date.parse(row.at))
  // Its name is free only once it is gone.
  if (seen.is === 'deleting') seen = await until(cx, key, look, (s) => s.is === 'absent', limit)
  if (seen.is !== 'absent') return { key, row, seen }
  await cx.rows.drop(key)
  return undefined
}

/** Takes an earlier generation back instead of making a third one, and retires the present one. */
const promote = async <C>(work: Work<C>, { key, row, seen }: Earlier, present: AnySeen): Promise<AnySeen> => {
  const { replaced: _, ...rest } = row
  const back: Row = { ...rest, is: 'ready', attrs: seen.attrs }
  await work.cx.rows.write({ [key]: undefined, ...retiredBy(work, present), [work.node.key]: back })
  work.become(back)
  return seen
}

/** The row of the present one as that of an earlier generation. What is known to be gone needs none. */
const retiredBy = <C>(work: Work<C>, present: AnySeen): Changes => {
  const { node, row } = work
  // An intent may still be carried out, and what is seen instead of it may be another generation.
  if (row && !row.attrs) return { [replacedKey(node.key, row)]: { ...row, replaced: node.key } }
  return present.is === 'absent' ? {} : retiredRow(work, row, present)
}

/** The row of an earlier generation that is there. Without a record it is the first one: its name tells so. */
export const retiredRow = <C>({ node, want, cx }: Work<C>, row: Row | undefined, seen: Present): Changes => {
  const known = row ?? record(node, seen, { is: 'ready', want: wantAsSeen(want, seen), token: '', at: cx.clock.now() })
  return { [replacedKey(node.key, known)]: { ...known, is: 'ready', attrs: seen.attrs, replaced: node.key } }
}
