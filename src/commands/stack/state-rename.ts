import { KEY_TAG } from '../../aws/tags.ts'
import { refuse } from '../../core/errors.ts'
import { idOf } from '../../engine/context.ts'
import { keyTagOf } from '../../engine/generation.ts'
import type { Graph } from '../../engine/graph.ts'
import { sameThing } from '../../engine/ownership.ts'
import { kindOf } from '../../kinds/index.ts'
import { agreed } from '../../session/confirm.ts'
import { declareStack } from '../../session/declare.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { offlineLookups } from '../../session/lookups.ts'
import { openSession, type Session } from '../../session/session.ts'
import type { Row } from '../../state/schema.ts'
import { columns, count, shortId } from '../../ui/format.ts'

/** A row, and the key that it has from now on. */
interface Moving {
  readonly from: string
  readonly to: string
  readonly row: Row
}

/**
 * `infra state rename <old> <new>`: the service that infra.yaml calls by a new name keeps its resources. All of its rows and all that is
 * remembered of it move in one write; then the tags follow. Killed in between, the same command, or the next create, writes the rest.
 */
export const renameKeys = async (from: string, to: string, g: Globals): Promise<number> => {
  const s = await openSession(g, `infra state rename ${from} ${to}`)
  try {
    const graph = declareStack(s.config, offlineLookups(s.config, s.state, s.caller.account, s.caller.partition))
    const moving = toMove(s, graph, from, to)
    const tagged = moving.length > 0 ? moving : halfDone(s, from, to)
    if (tagged.length === 0) throw nothing(s, graph, from, to, g)
    header({ ...s, account: s.caller.account }, 'Rename')
    s.io.say(columns(tagged.map((m) => [m.from, '->', m.to, shortId(idOf(m.row.attrs, m.row.name))])))
    s.io.say(
      `\n  ${count(tagged.length, 'resource')}. Only the record and the tag ${KEY_TAG} change; nothing is replaced or restarted.`,
    )
    const yes = commandLine(g, `state rename ${from} ${to} --yes`)
    if (!(await agreed(s, g, 'Rename?', 'This would write the state and tags', yes))) return 0
    s.begin()
    await record(s, moving, from, to)
    const failed = await tag(s, tagged)
    if (s.io.json) s.io.data({ renamed: tagged.map((m) => ({ from: m.from, to: m.to })), untagged: failed })
    for (const why of failed) s.io.note(`  ${s.io.c.yellow('!')} ${why}. The next create writes this tag.`)
    s.io.say(`\n${s.io.c.green('✓')} ${from} is ${to} now. Next: ${s.io.c.cyan(commandLine(g, 'plan'))}`)
    return 0
  } finally {
    await s.close()
  }
}

/** `web-log` becomes `app-log` where the config declares that, and no longer declares `web-log`. */
const toMove = (s: Session, graph: Graph<unknown>, from: string, to: string): Moving[] =>
  graph.nodes().flatMap((node) => {
    const old = before(node.key, from, to)
    const row = old === undefined ? undefined : s.state.row(old)
    if (old === undefined || row?.type !== node.kind.type || graph.get(old)) return []
    if ([...s.state.all().values()].some((r) => r.replaced === old))
      throw refuse(
        `${old} is being replaced: the one before is not deleted yet`,
        'a rename moves whole resources',
        `Call it ${from} in ${s.loaded.file} again, run infra create, then rename`,
      )
    const there = s.state.row(node.key)
    if (there?.attrs && !sameThing(there, row))
      throw refuse(
        `${node.key} is recorded already, as ${idOf(there.attrs, there.name)}`,
        `${old} is ${idOf(row.attrs, row.name)}: they are two resources`,
        `Keep the one that you want, and let go of the other one: infra state forget ${node.key}, or infra state forget ${old}`,
      )
    return [{ from: old, to: node.key, row }]
  })

/** What `key` was called. */
const before = (key: string, from: string, to: string): string | undefined =>
  key === to || key.startsWith(`${to}-`) ? from + key.slice(to.length) : undefined

/** A run that was killed has moved the rows, and not written all tags. */
const halfDone = (s: Session, from: string, to: string): Moving[] =>
  [...s.state.all()].flatMap(([key, row]) => {
    const old = before(key, from, to)
    return old !== undefined && row.tags?.[KEY_TAG] === keyTagOf(old, row) ? [{ from: old, to: key, row }] : []
  })

const nothing = (s: Session, graph: Graph<unknown>, from: string, to: string, g: Globals) => {
  const under =
    (name: string) =>
    (key: string): boolean =>
      key === name || key.startsWith(`${name}-`)
  const declared = graph.nodes().map((n) => n.key)
  if (![...s.state.all().keys()].some(under(from)))
    return refuse(`Nothing is recorded under ${from}`, 'the keys are those of infra.yaml', commandLine(g, 'show-resources'))
  if (declared.some(under(from)))
    return refuse(
      `${from} is still in infra.yaml`,
      'a rename begins there',
      `Call it ${to} in ${s.loaded.file}, then run the same command again`,
    )
  return refuse(
    `infra.yaml declares nothing under ${to}`,
    undefined,
    `Call it ${to} in ${s.loaded.file}, then run the same command again`,
  )
}

/** In one write: a kill leaves all of it or nothing. */
const record = async (s: Session, moving: readonly Moving[], from: string, to: string): Promise<void> => {
  if (moving.length === 0) return
  const names = new Map(moving.map((m) => [m.from, m.to]))
  const name = (key: string): string => names.get(key) ?? key
  await s.state.update((draft) => {
    for (const m of moving) delete draft.resources[m.from]
    for (const [key, row] of s.state.all()) {
      const deps = row.deps.map(name).sort()
      // Where the new key was adopted for the same thing, the row that made it counts.
      const replaced = !names.has(key) && moving.some((m) => m.to === key)
      const same = name(key) === key && deps.every((dep) => row.deps.includes(dep))
      if (!replaced && !same) draft.resources[name(key)] = { ...row, deps }
    }
    const { [from]: renamed, ...others } = draft.services
    if (renamed) draft.services = { ...others, [to]: renamed }
  })
}

/** @returns what could not be tagged, each with why */
const tag = async (s: Session, moving: readonly Moving[]): Promise<string[]> => {
  const done = await Promise.all(
    moving.map(async ({ to }): Promise<string | undefined> => {
      const row = s.state.row(to)
      const kind = row && kindOf(row.type)
      if (!row?.attrs || !kind?.tag || row.adopted) return undefined
      const tags = { [KEY_TAG]: keyTagOf(to, row) }
      try {
        await kind.tag(s.aws, row.attrs, tags)
      } catch (error) {
        return `${to}: ${s.explain(error).what}`
      }
      await s.state.put(to, { ...row, tags: { ...row.tags, ...tags } })
      return undefined
    }),
  )
  return done.flatMap((why) => why ?? [])
}
