import { type Drift, drift } from '../../engine/drift.ts'
import { scheduledIn } from '../../engine/scheduled.ts'
import { declareStack } from '../../session/declare.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import { header, sayScheduled } from '../../session/header.ts'
import { offlineLookups } from '../../session/lookups.ts'
import { withoutMinimum } from '../../session/records/minimum.ts'
import { openSession } from '../../session/session.ts'
import { lookAtRows, unseenIn } from '../../session/survey.ts'
import { count, folded } from '../../ui/format.ts'

/** There is drift; nothing failed. */
const DRIFT = 3

/** What was deleted or altered outside of infra. Never changes anything. @returns 0 none, 3 drift */
export const driftCommand = async (g: Globals): Promise<number> => {
  const s = await openSession(g, undefined, undefined, { depth: 'look' })
  try {
    const rows = s.state.all()
    const survey = await lookAtRows(s, [...rows.keys()])
    const graph = declareStack(s.config, offlineLookups(s.config, s.state, s.caller.account, s.caller.partition))
    const found = drift({
      rows,
      survey,
      tagsOf: (key) => {
        const node = graph.get(key)
        return node && s.stamp(node, '').tags
      },
      ignoreOf: (key) => graph.ignored(key),
    })
    // Not what was recorded, but what infra.yaml wants: a minimum of 0 was right only until the first tasks ran.
    const low = withoutMinimum(s.config, s.state.services, rows, survey).flatMap(({ key, wanted }): Drift[] => {
      const [at, row] = [`${key}-scaling-target`, rows.get(`${key}-scaling-target`)]
      if (!row || found.some((d) => d.key === at) || graph.ignored(at).some((p) => p === '*' || p === 'min')) return []
      const recorded = `${wanted} (infra.yaml)`
      const changes = [{ prop: 'min', recorded, actual: '0', says: [`min: ${recorded} -> 0`] }]
      return [{ key: at, step: row.step, type: row.type, name: row.name, what: 'altered', changes }]
    })
    found.push(...low)
    const { ignore } = s.config.drift
    const pending = scheduledIn(survey)
    if (s.io.json) {
      s.io.data({ drift: found.map(dataOf), ignore, checked: rows.size, scheduled: pending })
      return found.length > 0 ? DRIFT : 0
    }
    const { c } = s.io
    header({ ...s, account: s.caller.account }, 'Drift')
    for (const d of found) {
      const word = d.what === 'altered' ? c.yellow('~ altered') : c.red(`✗ ${d.what}`)
      s.io.say(`  ${word}  ${c.bold(d.key)}  ${c.dim(d.name)}`)
      for (const says of d.changes.flatMap((x) => x.says)) s.io.say(folded(says, s.io.width, '      '))
    }
    sayScheduled(s.io, pending)
    const unseen = unseenIn(survey)
    if (unseen) s.io.say(`  ${c.yellow('!')} ${unseen}`)
    const ignored = ignore.length > 0 ? ` Left alone by drift.ignore: ${ignore.join(', ')}.` : ''
    if (found.length === 0) {
      s.io.say(`  No drift: ${count(rows.size, 'resource')} as infra left ${rows.size === 1 ? 'it' : 'them'}.${ignored}`)
      return 0
    }
    s.io.say(`\n  ${count(found.length, 'resource')} of ${rows.size} changed outside of infra.${ignored}`)
    s.io.say(
      `  Next: ${c.cyan(commandLine(g, 'plan'))} shows what create would put right; drift.ignore in infra.yaml leaves it alone.`,
    )
    return DRIFT
  } finally {
    await s.close()
  }
}

/** As other programs rely on it: with both values whole, not with what differs in words. */
const dataOf = ({ changes, ...of }: Drift): object => ({ ...of, changes: changes.map(({ says: _, ...change }) => change) })
