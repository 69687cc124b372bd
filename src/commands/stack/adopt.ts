import { closest } from '../../config/closest.ts'
import { brief } from '../../core/brief.ts'
import { refuse } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import { differing } from '../../engine/compare.ts'
import { holderOf, ownAlready } from '../../engine/ownership.ts'
import { record, wantAsSeen } from '../../engine/record.ts'
import { knownProps, resolve } from '../../engine/ref.ts'
import { observe } from '../../engine/survey.ts'
import { agreed } from '../../session/confirm.ts'
import { declareStack } from '../../session/declare.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { offlineLookups } from '../../session/lookups.ts'
import { openSession } from '../../session/session.ts'
import { columns } from '../../ui/format.ts'

/** Takes an existing resource in under a key of the stack: used as it is, never changed, never deleted unless told so. */
export const adoptCommand = async (key: string, id: string, g: Globals): Promise<number> => {
  const s = await openSession(g, `infra adopt ${key} ${id}`, undefined, { depth: 'look' })
  try {
    const graph = declareStack(s.config, offlineLookups(s.config, s.state, s.caller.account, s.caller.partition))
    const node = graph.get(key)
    if (!node) {
      const meant = closest(
        key,
        graph.nodes().map((n) => n.key),
      )
      throw refuse(
        `The stack has no resource ${key}`,
        meant ? `did you mean ${meant}?` : 'infra plan lists them all',
        commandLine(g, 'plan'),
      )
    }
    const row = s.state.row(key)
    if (row && !row.adopted)
      throw refuse(
        `${key} is recorded already (${String(row.attrs?.id ?? row.name)})`,
        'infra made it',
        `To use another one, take that down first: ${commandLine(g, `destroy ${row.step}`)}`,
      )
    const want = resolve(node.props, (k) => s.state.row(k)?.attrs) as Record<string, unknown>
    const seen = await observe(
      { ...node, adopt: id },
      s.aws,
      s.context(() => undefined),
      knownProps(want),
    ).catch((error) => {
      throw s.explain(error)
    })
    const { title } = node.kind.facts
    if (seen.is === 'absent')
      throw refuse(
        `There is no ${title} ${id}`,
        `account ${s.caller.account}, region ${s.config.region}`,
        `Give the id that the AWS console shows: infra adopt ${key} <id>`,
      )
    const holder = holderOf(s.state.all(), { key, type: node.kind.type, attrs: seen.attrs })
    if (holder) throw ownAlready(key, holder, `the ${title} ${id}`)
    const differs = differing(seen.props, want)
    header({ ...s, account: s.caller.account }, 'Adopt')
    s.io.say(`  ${key} will be the ${title} ${id}. It is used as it is: never changed, and deleted only by destroy --adopted.`)
    if (differs.length > 0)
      s.io.say(
        `\n  It differs from what infra would have made:\n${columns(
          differs.map((p) => [p, brief(seen.props?.[p]), 'instead of', brief(want[p] as Json)]),
          '',
          '    ',
        )}`,
      )
    if (!(await agreed(s, g, 'Take it in?', 'This would write the state file', commandLine(g, `adopt ${key} ${id} --yes`))))
      return 0
    const now = { want: wantAsSeen(want, seen), token: '', at: new Date(), adopted: true }
    await s.state.put(key, record(node, seen, { is: 'ready', ...now }))
    if (s.io.json) s.io.data({ key, type: node.kind.type, id, attrs: seen.attrs, differs })
    s.io.say(`\n${s.io.c.green('✓')} Recorded. Next: ${s.io.c.cyan(commandLine(g, 'plan'))}`)
    return 0
  } finally {
    await s.close()
  }
}
