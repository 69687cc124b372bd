import { loadConfig } from '../../config/load.ts'
import { countNotes } from '../../ecs/sleep-record.ts'
import { warningsIn } from '../../engine/scheduled.ts'
import { sayWay, withWay } from '../../session/database-access/plan.ts'
import { checkedSteps } from '../../session/declare.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import { header, planData, planScreen } from '../../session/header.ts'
import { sayPlain, sayWaiting } from '../../session/images.ts'
import { openSession } from '../../session/session.ts'
import { lookAround, unseenIn } from '../../session/survey.ts'
import { saySnapshots } from './snapshot-first.ts'
import { sayUnrecorded, unrecordedData } from './unrecorded.ts'

/** What create would do. Changes nothing, not even the state. */
export const planCommand = async (names: readonly string[], g: Globals): Promise<number> => {
  const loaded = await loadConfig({ file: g.config, environment: g.env, region: g.region })
  const steps = checkedSteps(names, loaded.config)
  const s = await openSession(g, undefined, loaded, { depth: 'look' })
  try {
    const view = await lookAround(s, steps)
    const { plan, way } = await withWay(s, view, view.plan(steps))
    if (s.io.json) s.io.data({ ...planData(plan, way), unrecorded: unrecordedData(view.unrecorded) })
    header({ ...s, account: s.caller.account }, 'Plan')
    planScreen(s, plan)
    saySnapshots(s, plan)
    for (const note of countNotes(s.state.services, s.config.ecs.services, (words) => commandLine(g, words)))
      s.io.say(`  ${s.io.c.yellow('!')} ${note}`)
    sayUnrecorded(s, view.unrecorded, false, commandLine(g, [...['create', ...names], '--undo-deploys'].join(' ')))
    sayWaiting(s, view, steps)
    sayPlain(s, plan)
    sayWay(s, way)
    for (const note of warningsIn(view.survey)) s.io.say(`  ${s.io.c.yellow('!')} ${note}`)
    const unseen = unseenIn(view.survey)
    if (unseen) s.io.say(`  ${s.io.c.yellow('!')} ${unseen}`)
    const [problem] = plan.problems
    if (problem) throw problem
    const work = plan.actions.some((a) => a.action !== 'keep') || view.unrecorded.length > 0
    const later = plan.actions.some((a) => a.scheduled.length > 0)
    const still = later
      ? 'Nothing to do: AWS makes what is pending without being asked again'
      : 'Everything is as the config wants it'
    s.io.say(
      `\n  ${work ? 'Next' : `${still}. Next`}: ${s.io.c.cyan(commandLine(g, work ? ['create', ...names].join(' ') : 'status'))}`,
    )
    return 0
  } finally {
    await s.close()
  }
}
