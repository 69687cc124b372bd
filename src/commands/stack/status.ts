import { type Loaded, loadConfig } from '../../config/load.ts'
import { countNotes } from '../../ecs/sleep-record.ts'
import { remarksData } from '../../engine/bill.ts'
import type { Survey } from '../../engine/kind.ts'
import { overview, type StepState } from '../../engine/overview.ts'
import { warningsIn } from '../../engine/scheduled.ts'
import { declareStack, rowsToday } from '../../session/declare.ts'
import { commandLine, type Globals, ioOf, wantsSandbox } from '../../session/globals.ts'
import { header, sayScheduled } from '../../session/header.ts'
import { sayPush } from '../../session/images.ts'
import { offlineLookups } from '../../session/lookups.ts'
import { unfilledIn, unfilledNotes } from '../../session/placeholders.ts'
import { recordedState } from '../../session/recorded.ts'
import { NO_MEMORY } from '../../state/memory.ts'
import type { Row } from '../../state/schema.ts'
import { about, change, columns, list } from '../../ui/format.ts'
import type { Io } from '../../ui/io.ts'
import { cell, estimate, remark } from '../../ui/money.ts'
import type { StatusFlags } from './definitions.ts'
import { looseCommand, looseEndsOf, looseNotes } from './loose-ends.ts'
import { commandFor } from './next.ts'
import type { Status } from './status-live.ts'
import { besideOf, besideScreen } from './unmanaged-steps.ts'

/** How far the stack is, what it costs, and the exact next command. */
export const statusCommand = async (g: StatusFlags): Promise<number> => {
  const io = ioOf(g)
  const loaded = await loadConfig({ file: g.config, environment: g.env, region: g.region })
  const { config } = loaded
  const sandbox = wantsSandbox(g)
  const found = g.offline ? await offline(g, loaded, sandbox) : await (await import('./status-live.ts')).live(g, loaded)
  const { view } = found
  const loose = looseEndsOf(config, found, g)
  const set = [
    ...countNotes(found.recorded.services, config.ecs.services, (words) => commandLine(g, words)),
    ...looseNotes(loose),
    ...warningsIn(found.survey),
    ...unfilledNotes(unfilledIn(config, found.survey)),
  ]
  const beside = besideOf(rowsToday(found.rows, config, found.recorded), config.steps, config.region)
  const then = looseCommand(config, loose, g)
  const next = view.next
    ? {
        command: commandFor(view.next.step, config, found.recorded, g),
        minutes: view.next.minutes,
        monthlyUsd: view.next.monthlyUsd,
      }
    : then === undefined
      ? undefined
      : { command: then, minutes: 0, monthlyUsd: 0, before: [...new Set(loose.waiting.flatMap((w) => w.push))] }
  if (io.json) {
    io.data({
      project: config.project,
      environment: config.environment,
      region: config.region,
      account: found.account,
      sandbox,
      steps: view.steps,
      progress: view.progress,
      next: next ?? null,
      monthlyUsd: view.monthlyUsd,
      ...remarksData(view.remarks),
      beside,
      notes: set,
    })
    return 0
  }
  header({ io, config, sandbox, account: found.account ?? undefined }, `Status${g.offline ? ' (from the state file)' : ''}`)
  screen(io, found)
  const { done, total } = view.progress
  const bill = { ...view.remarks, usd: view.monthlyUsd }
  io.say(`\n  ${done} of ${total} steps done. What exists costs ${estimate(bill, io.c.bold)} a month${remark(bill)}.`)
  besideScreen(io, beside, g)
  for (const note of set) io.say(`  ${io.c.yellow('!')} ${note}`)
  if (!view.next && loose.waiting.length > 0) sayPush(io, loose.waiting)
  else if (next) {
    const rest = view.steps.filter((s) => s.state !== 'done').length
    io.say(
      `  Next: ${io.c.cyan(next.command)}${view.next ? `  (${about(next.minutes)}${next.monthlyUsd > 0 ? `, ${change(next.monthlyUsd)} a month` : ''})` : ''}`,
    )
    if (rest > 1) io.say(`  or all that is left at once: ${io.c.cyan(commandLine(g, 'create'))}`)
  } else io.say(`  All done. Next: ${io.c.cyan(commandLine(g, 'show-resources'))}`)
  return 0
}

const offline = async (g: Globals, loaded: Loaded, sandbox: boolean): Promise<Status> => {
  const { config } = loaded
  const state = await recordedState(g, loaded, sandbox)
  const recorded = state ?? NO_MEMORY
  const rows = new Map(Object.entries(state?.resources ?? {}))
  const graph = declareStack(config, offlineLookups(config, recorded, state?.account ?? ''))
  return {
    view: overview(graph, config.steps, rows, undefined, config.region),
    account: state?.account ?? null,
    rows,
    survey: undefined,
    recorded,
  }
}

const MARK: Record<StepState, (c: Io['c']) => string> = {
  done: (c) => c.green('✓ done'),
  'in progress': (c) => c.yellow('… in progress'),
  partial: (c) => c.yellow('~ partial'),
  blocked: (c) => c.dim('✗ blocked'),
  'not started': (c) => c.dim('· not started'),
}

const screen = (io: Io, { view, rows, survey }: Status): void => {
  const { c } = io
  const table = view.steps.map((s, i) => [
    c.dim(`${i + 1}`),
    s.name,
    MARK[s.state](c),
    c.dim(`${s.ready}/${s.total}`),
    cell({ usd: s.monthlyUsd, unpriced: s.unpriced }),
    s.state === 'blocked' ? `needs ${list(s.blockedBy)}` : notes(s.name, rows, survey).join(', '),
  ])
  io.say(columns(table, '><<>><'))
  sayScheduled(
    io,
    view.steps.flatMap((step) => step.scheduled.map((s) => ({ key: s.key, scheduled: [s] }))),
  )
}

/** What a person would want to know of a step besides its state. */
const notes = (step: string, rows: ReadonlyMap<string, Row>, survey: Survey | undefined): string[] => {
  const said: string[] = []
  const gone: string[] = []
  const verified = new Set<string>()
  for (const [key, row] of rows) {
    if (row.step !== step) continue
    const seen = survey?.get(key)
    const note = seen && seen.is !== 'absent' ? seen.note : undefined
    if (row.type === 'rds.db-instance' && note) said.push(`RDS is ${note}`)
    if (row.type === 'ecs.service' && note?.startsWith('0 of 0 tasks')) said.push(`${row.name} runs no task`)
    if (row.type === 'sql.database' || row.type === 'sql.role') verified.add(String(row.attrs?.verified ?? ''))
    if (row.type === 'sns.subscription' && note && note !== 'confirmed')
      said.push(`${row.name}: ${note}, click the link in the mail`)
    if (row.type === 'cloudwatch.alarm' && note === 'ALARM') said.push(`${row.name} is in ALARM`)
    if (survey && row.is === 'ready' && seen?.is === 'absent') gone.push(key)
  }
  // `direct 2026-11-22`: by the day.
  const [last] = [...verified].filter(Boolean).sort((a, b) => b.slice(-10).localeCompare(a.slice(-10)))
  if (last) said.push(`verified ${last}`)
  if (gone.length > 0)
    said.push(
      gone.length > 3
        ? `${gone.length} were deleted outside of infra`
        : `${list(gone)} ${gone.length === 1 ? 'was' : 'were'} deleted outside of infra`,
    )
  return said
}
