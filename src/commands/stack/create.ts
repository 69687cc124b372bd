import type { Via } from '../../aws/sql.ts'
import { type Loaded, loadConfig } from '../../config/load.ts'
import { Deferred, refuse } from '../../core/errors.ts'
import { countNotes } from '../../ecs/sleep-record.ts'
import { create } from '../../engine/create.ts'
import type { Plan } from '../../engine/plan.ts'
import { warningsIn } from '../../engine/scheduled.ts'
import { kindOf } from '../../kinds/index.ts'
import { agreed } from '../../session/confirm.ts'
import { sayWay, withWay } from '../../session/database-access/plan.ts'
import { checkedSteps } from '../../session/declare.ts'
import { commandLine, type Globals, ioOf } from '../../session/globals.ts'
import { header, planData, planScreen } from '../../session/header.ts'
import { sayPlain, sayWaiting, waitingServices } from '../../session/images.ts'
import { rememberLookups } from '../../session/lookups.ts'
import { conclude, withReporter } from '../../session/outcome.ts'
import { sayUnfilled, unfilledIn } from '../../session/placeholders.ts'
import { isOpen, openQuestions } from '../../session/questions.ts'
import { openSession, type Session } from '../../session/session.ts'
import { lookAround, type View } from '../../session/survey.ts'
import { editOf } from '../../session/unrecorded/unrecorded.ts'
import { asker } from '../../ui/ask.ts'
import { list } from '../../ui/format.ts'
import { success } from './create-done.ts'
import type { CreateFlags } from './definitions.ts'
import { sayNext } from './next.ts'
import { byHand, handOver } from './print-sql.ts'
import { snapshotsWanted, takeSnapshots } from './snapshot-first.ts'
import { sayUnrecorded, undoes, unrecordedData } from './unrecorded.ts'

/** A plan that a person thought about for longer than this is made again before it is carried out. */
const STALE_MS = 60_000

export interface CreateHow {
  /** Another way into the database server than the one in the config. */
  readonly via?: Via | undefined
  /** Told once it is clear that the config stands: somebody said yes, or it is carried out already. */
  readonly onYes?: () => void
  /** Writes a config where there is none, with a person at the terminal. */
  readonly init?: (g: Globals) => Promise<void>
}

/** Shows the plan, asks, and makes the world match it. */
export const createCommand = async (names: readonly string[], flags: CreateFlags, how: CreateHow = {}): Promise<number> => {
  const ended = await attempt(names, flags, how)
  return typeof ended === 'number' ? ended : createCommand(ended.steps, flags, how)
}

/** @returns the exit code; or the steps that came along, whose open questions come first */
const attempt = async (
  names: readonly string[],
  flags: CreateFlags,
  { via, onYes, init }: CreateHow,
): Promise<number | { readonly steps: readonly string[] }> => {
  const io = ioOf(flags)
  const again = typed(names, flags)
  if (io.interactive) await init?.(flags)
  const first = await loadConfig({ file: flags.config, environment: flags.env, region: flags.region })
  const asked = checkedSteps(names, first.config)
  const questions = io.interactive ? (of: Loaded) => openQuestions(of, asked, asker(io), flags) : undefined
  const s = await openSession(flags, `infra ${['create', ...names].join(' ')}`, first, { depth: 'change', via, questions })
  try {
    const look = { refreshIp: flags.refreshIp === true, again: flags.retryUpgrade === true }
    let view = await lookAround(s, asked, { ...look, undo: flags.undoDeploys === true })
    const byConfig = typed(names, { ...flags, yes: false, undoDeploys: true })
    const undo = await undoes(s, view.unrecorded, flags.undoDeploys === true, byConfig)
    if (undo && !flags.undoDeploys) view = await lookAround(s, asked, { ...look, undo })
    const steps = await withMissing(s, asked, view, flags)
    if (steps.length > asked.length && isOpen(s.config, steps)) return { steps }
    let { plan, way } = await withWay(s, view, view.plan(steps))
    if (!s.io.json) {
      header({ ...s, account: s.caller.account }, 'Create')
      planScreen(s, plan)
      sleepers(s, view)
      sayUnrecorded(s, view.unrecorded, undo, byConfig)
      sayWaiting(s, view, steps)
      sayPlain(s, plan)
      sayWay(s, way)
    }
    const [problem] = plan.problems
    if (problem) throw problem
    const still = plan.actions.every((a) => a.action === 'keep')
    if (still && view.unrecorded.length === 0 && !unrecorded(s, plan, view)) {
      onYes?.()
      return nothing(s, plan, view, flags)
    }
    const planned = Date.now()
    const wanted = await snapshotsWanted(s, plan, flags, (more) => `${typed(names, { ...flags, yes: true })} ${more}`)
    if (
      !(await agreed(
        s,
        flags,
        still ? 'Record it?' : 'Do it?',
        'This would change the account',
        typed(names, { ...flags, yes: true }),
      ))
    )
      return 0
    onYes?.()
    const snapshots = await takeSnapshots(s, wanted, ['create', ...names].join(' '))
    if (snapshots.length > 0 || Date.now() - planned > STALE_MS) {
      view = await lookAround(s, steps, { declared: view.lookups, unrecorded: view.unrecorded, again: look.again })
      ;({ plan, way } = await withWay(s, view, view.plan(steps)))
    }
    await rememberLookups(s, view.lookups, editOf(view.unrecorded, undo))
    const began = Date.now()
    s.io.say()
    const hand = byHand(s, view)
    const outcome = await withReporter(s, (report) => {
      const cx = { ...s.context(report), noWait: flags.wait === false, again: look.again }
      return create(view.graph, steps, view.survey, cx, kindOf, hand)
    })
    const code = conclude(s, outcome, again)
    const failures = [...outcome.failed]
    if (s.io.json)
      s.io.event({
        type: 'result',
        ...planData(plan, way),
        unrecorded: unrecordedData(view.unrecorded),
        ...(snapshots.length > 0 ? { snapshots } : {}),
        done: outcome.done,
        failed: failures.filter(([, e]) => !(e instanceof Deferred)).map(([key]) => key),
        waiting: failures.filter(([, e]) => e instanceof Deferred).map(([key]) => key),
        blocked: [...outcome.blocked.keys()],
      })
    if (code !== 0 || outcome.failed.size > 0) return code
    const mine = steps.filter((step) => hand.size === 0 || step !== 'databases')
    if (mine.length < steps.length) await handOver(s, hand, flags)
    if (mine.length === 0) return code
    success(s, flags, { view, plan, steps: mine, ms: Date.now() - began })
    return code
  } finally {
    await s.close()
  }
}

/** What is switched off counts as wanted, and so does all that it holds: nobody can look inside now. */
const sleepers = ({ g, io, state, config }: Session, view: View): void => {
  for (const note of countNotes(state.services, config.ecs.services, (words) => commandLine(g, words)))
    io.say(`  ${io.c.yellow('!')} ${note}`)
  for (const note of warningsIn(view.survey)) io.say(`  ${io.c.yellow('!')} ${note}`)
  for (const [key, seen] of view.survey)
    if (seen.is === 'ready' && seen.asleep)
      io.say(
        `  ${io.c.yellow('!')} ${key} is ${seen.note}: what is inside goes by what is recorded. To start it: ${io.c.cyan(seen.asleep)}`,
      )
}

/** The same command for these steps, with all flags that change what it does. */
const typed = (names: readonly string[], flags: CreateFlags): string =>
  commandLine(
    flags,
    [
      'create',
      ...names,
      ...(flags.yes ? ['--yes'] : []),
      ...(flags.refreshIp ? ['--refresh-ip'] : []),
      ...(flags.wait === false ? ['--no-wait'] : []),
      ...(flags.undoDeploys ? ['--undo-deploys'] : []),
      ...(flags.retryUpgrade ? ['--retry-upgrade'] : []),
      ...(flags.snapshotFirst === undefined ? [] : [flags.snapshotFirst ? '--snapshot-first' : '--no-snapshot-first']),
    ].join(' '),
  )

/** Steps that the chosen ones need and that are not done: offered to a person, named to a script. */
const withMissing = async (s: Session, steps: readonly string[], view: View, flags: CreateFlags): Promise<string[]> => {
  const needed = view.graph.withNeeds(steps).filter((step) => !steps.includes(step))
  const missing = needed.filter((step) =>
    view.graph.nodes().some((n) => n.step === step && view.survey.get(n.key)?.is !== 'ready'),
  )
  if (missing.length === 0) return [...steps]
  const all = s.config.steps.filter((step) => missing.includes(step) || steps.includes(step))
  const command = typed(all, flags)
  const say = `${list(steps)} ${steps.length === 1 ? 'needs' : 'need'} ${list(missing)} first`
  if (!s.io.interactive) throw refuse(say, `${list(missing)} ${missing.length === 1 ? 'is' : 'are'} not done yet`, command)
  const yes = await asker(s.io).confirm(`${say}. Create ${missing.length === 1 ? 'it' : 'them'} too?`, true, command)
  if (!yes) throw refuse(say, undefined, command)
  return all
}

/** Resources that are as wanted in AWS but that the state does not know as ready: a run records them. */
const unrecorded = (s: Session, plan: Plan, view: View): boolean =>
  plan.actions.some((a) => s.state.row(a.key)?.is !== 'ready' && view.survey.get(a.key)?.is !== 'absent')

const nothing = (s: Session, plan: Plan, view: View, flags: CreateFlags): number => {
  if (s.io.json) s.io.event({ type: 'result', ...planData(plan), unrecorded: [], done: [], failed: [], blocked: [] })
  const later = plan.actions.some((a) => a.scheduled.length > 0)
  const why = later ? 'AWS makes what is pending without being asked again' : 'everything is as the config wants it'
  s.io.say(`\n  Nothing to do: ${why}.`)
  sayUnfilled(s, unfilledIn(s.config, view.survey))
  sayNext(s, flags, waitingServices(s.config, view.lookups, flags))
  return 0
}
