import type { Row } from '../../../src/state/schema.ts'
import type { World } from '../../engine/support/world.ts'
import { early, snapshots } from './check.ts'

/**
 * Text that is the same for two worlds exactly when no run can tell them apart: times count from now, what is over is over, and ids
 * and tokens are called by where they stand. What nobody reads (how long a create took) is not in it.
 */
export const fingerprint = (world: World): string => {
  const { cloud, rows, graceMs } = world
  const now = cloud.clock.now()
  const left = (at: number | undefined): number | undefined => (at === undefined ? undefined : Math.max(0, at - now))
  const things = cloud.things().map(({ readyAt, tagsAt, shownAt, goneAt, next, id, asked, ...t }) => ({
    ...t,
    ...{ id, asked, readyIn: left(readyAt), tagsIn: left(tagsAt), shownIn: left(shownAt), goneIn: left(goneAt) },
    next: next && { in: left(next.at), props: next.props },
  }))
  // A row's age is asked for when what it stands for is not seen: before that, a delete would have been recorded.
  const standing = new Set(things.filter((t) => t.goneIn === undefined).map((t) => t.id))
  const ageOf = ({ is, at, attrs }: Row): number =>
    is === 'deleting' || standing.has(String(attrs?.id)) ? 0 : Math.min(now - Date.parse(at), graceMs)
  const entries = [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, row]) => ({ key, ...row, took: undefined, at: ageOf(row) }))
  const remembered = cloud.ever().filter((t) => t.goneAt !== undefined && t.goneAt <= now && t.token)
  const used = new Set([...rows.values()].map((row) => row.token))
  const text = JSON.stringify({
    things,
    entries,
    late: cloud.late.map((l) => [left(l.at), l.what, l.begun]),
    spent: remembered.filter((t) => used.has(t.token ?? '')).map((t) => [t.token, t.asked]),
    lingering: cloud.ever().flatMap((t) => {
      const rest = t.goneAt === undefined || t.goneAt > now ? 0 : t.goneAt + cloud.lingerMs - now
      return rest > 0 ? [[t.props, rest]] : []
    }),
    lost: cloud.lostOnce(),
    wrong: [cloud.sins, snapshots(world), early(world)],
  })
  return inOrder(text)
}

/** Numbers ids and tokens by their first appearance. */
const inOrder = (text: string): string => {
  const known = new Map<string, string>()
  return text.replace(/id-[a-z.]+-\d+;|token-\d+/g, (found) => {
    let name = known.get(found)
    if (name === undefined) {
      name = `<${found.startsWith('id') ? 'id' : 'token'} ${known.size + 1}>`
      known.set(found, name)
    }
    return name
  })
}
