import { needsYes, refuse } from '../../core/errors.ts'
import { mustWake } from '../../engine/asleep.ts'
import { addUp, billFor } from '../../engine/bill.ts'
import { destroy } from '../../engine/destroy.ts'
import type { Survey } from '../../engine/kind.ts'
import { type DestroyOptions, destroyMinutes, goingWith, stillNeeding } from '../../engine/order.ts'
import { notToDelete } from '../../engine/ownership.ts'
import { paidFor } from '../../engine/scheduled.ts'
import { kindOf } from '../../kinds/index.ts'
import { chosenSteps, keysOf, rowsToday } from '../../session/declare.ts'
import { commandLine } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { conclude, withReporter } from '../../session/outcome.ts'
import { forgetGone } from '../../session/records/counts.ts'
import { openSession, type Session } from '../../session/session.ts'
import { lookAtRows } from '../../session/survey.ts'
import type { Row } from '../../state/schema.ts'
import { asker } from '../../ui/ask.ts'
import { about, columns, count, elapsed, list } from '../../ui/format.ts'
import { figure, remark } from '../../ui/money.ts'
import type { DestroyFlags } from './definitions.ts'

/** Takes steps down, in reverse order. Needs the state only, and says what stays. */
export const destroyCommand = async (names: readonly string[], flags: DestroyFlags): Promise<number> => {
  const s = await openSession(flags, `infra ${['destroy', ...names].join(' ')}`, undefined, { depth: 'change' })
  try {
    const rows = rowsToday(s.state.all(), s.config, s.state)
    const recorded = [...new Set([...rows.values()].map((r) => r.step))].sort((a, b) => place(s, b) - place(s, a))
    const steps =
      names.length > 0 ? chosenSteps(names, { steps: [...new Set([...s.config.steps, ...recorded])] as never }) : recorded
    const keys = keysOf(rows, steps)
    if (keys.length === 0) return empty(s, names, flags)
    refuseIfNeeded(s, rows, keys, steps, flags)
    // What goes with its server needs no way into that.
    const within = goingWith(keys, rows, kindOf, { adopted: flags.adopted === true })
    const alone = keys.filter((key) => !within.has(key))
    const seen = await lookAtRows(s, alone, 'owner')
    for (const refusal of notToDelete(keys, seen, rows, kindOf)) throw refusal
    const data = keys.filter((key) => {
      const row = rows.get(key)
      return row && kindOf(row.type).facts.data && seen.get(key)?.is !== 'absent' && (!row.adopted || flags.adopted)
    })
    const options = { snapshots: flags.skipFinalSnapshot !== true, adopted: flags.adopted === true, at: new Date() }
    header({ ...s, account: s.caller.account }, 'Destroy')
    screen(s, rows, keys, seen, within, options)
    refuseIfAsleep(s, keys, seen, options)
    if (!(await agreed(s, data, names, flags))) return 0
    const began = Date.now()
    s.io.say()
    const outcome = await withReporter(s, (report) => destroy(keys, seen, s.context(report), kindOf, options))
    await forgetGone(s)
    const code = conclude(s, outcome, typed(flags, names))
    if (s.io.json)
      s.io.event({
        type: 'result',
        deleted: outcome.done,
        failed: [...outcome.failed.keys()],
        blocked: [...outcome.blocked.keys()],
      })
    if (code === 0) {
      s.io.say(
        `\n${s.io.c.green('✓')} ${count(outcome.done.length, 'resource')} of ${list(steps)} gone after ${elapsed(Date.now() - began)}.`,
      )
      s.io.say(
        `  Next: ${s.io.c.cyan(commandLine(flags, s.state.all().size > 0 ? 'status' : 'create'))}${s.state.all().size > 0 ? '' : ' would build it again'}`,
      )
    }
    return code
  } finally {
    await s.close()
  }
}

/** The same command for these steps, with all flags that change what it does. */
const typed = (flags: DestroyFlags, names: readonly string[]): string =>
  commandLine(
    flags,
    [
      'destroy',
      ...names,
      ...(flags.yes ? ['--yes'] : []),
      ...(flags.confirm ? [`--confirm ${flags.confirm}`] : []),
      ...(flags.skipFinalSnapshot ? ['--skip-final-snapshot'] : []),
      ...(flags.adopted ? ['--adopted'] : []),
    ].join(' '),
  )

const empty = (s: Session, names: readonly string[], flags: DestroyFlags): number => {
  if (s.io.json) s.io.event({ type: 'result', deleted: [], failed: [], blocked: [] })
  s.io.say(
    `Nothing of ${names.length > 0 ? list(names) : 'this stack'} is recorded in ${s.state.place}, so there is nothing to destroy. Should the state be lost: ${commandLine(flags, 'recover')}. Next: ${commandLine(flags, 'status')}`,
  )
  return 0
}

/** A step that others stand on is not pulled away from under them. */
const refuseIfNeeded = (
  s: Session,
  rows: ReadonlyMap<string, Row>,
  keys: readonly string[],
  steps: readonly string[],
  flags: DestroyFlags,
): void => {
  const neededBy = (of: readonly string[]): Set<string> =>
    new Set([...stillNeeding(of, rows).values()].flat().flatMap((key) => rows.get(key)?.step ?? []))
  const others = [...neededBy(keys)].sort((a, b) => place(s, a) - place(s, b))
  if (others.length === 0) return
  // Those that are needed may be needed in turn: the command that is proposed must be one that works.
  const all = new Set<string>([...steps, ...others])
  for (let more = neededBy(keysOf(rows, [...all])); more.size > 0; more = neededBy(keysOf(rows, [...all])))
    for (const step of more) all.add(step)
  const inOrder = [...all].sort((a, b) => place(s, b) - place(s, a))
  throw refuse(
    `${list(steps)} ${steps.length === 1 ? 'is' : 'are'} still needed by ${list(others)}`,
    'they would lose what they stand on; nothing was changed',
    typed(flags, inOrder),
  )
}

/** What cannot go as it is now is told before anything else goes. */
const refuseIfAsleep = (s: Session, keys: readonly string[], seen: Survey, { adopted, snapshots }: DestroyOptions): void => {
  for (const key of keys) {
    const row = s.state.row(key)
    const refusal = row && (!row.adopted || adopted) && mustWake(key, seen.get(key), kindOf(row.type), snapshots)
    if (refusal) throw refusal
  }
}

const screen = (
  s: Session,
  rows: ReadonlyMap<string, Row>,
  keys: readonly string[],
  seen: Survey,
  within: ReadonlyMap<string, string>,
  options: DestroyOptions,
): void => {
  const { io } = s
  const { c } = io
  const steps = [...new Set(keys.map((key) => rows.get(key)?.step ?? ''))].sort((a, b) => place(s, b) - place(s, a))
  for (const step of steps) {
    io.say(`  ${c.bold(step)}`)
    const table = keys
      .filter((key) => rows.get(key)?.step === step)
      .map((key) => line(s, key, seen.get(key)?.is === 'absent', within.get(key), options))
    io.say(columns(table, '', '    '))
  }
  const minutes = destroyMinutes(keys, rows, kindOf, options)
  const saved = addUp(
    keys.map((key) =>
      billFor(kindOf(rows.get(key)?.type ?? ''), paidFor(rows.get(key)?.want ?? {}, seen.get(key)), s.config.region),
    ),
  )
  io.say(
    `\n  ${count(keys.length, 'resource')}. Saves ${figure(saved, c.bold)} a month${remark(saved)}. Time: ${c.bold(about(minutes))}.`,
  )
}

const place = (s: Session, step: string): number => (s.config.steps as readonly string[]).indexOf(step)

const line = (
  s: Session,
  key: string,
  gone: boolean,
  goesWith: string | undefined,
  { snapshots, adopted }: DestroyOptions,
): string[] => {
  const { c } = s.io
  const row = s.state.row(key)
  const facts = row && kindOf(row.type).facts
  const snapshot = facts?.snapshotName ? (snapshots ? ', a final snapshot is taken' : `, ${c.red('no final snapshot')}`) : ''
  const remark =
    row?.adopted && !adopted
      ? 'stays: it was there before'
      : gone
        ? 'already gone'
        : facts?.data
          ? `${c.red('holds data')}${goesWith ? `, goes with ${goesWith}` : ''}${snapshot}`
          : goesWith
            ? `goes with ${goesWith}`
            : ''
  return [c.red('- delete'), key, c.dim(facts?.title ?? ''), remark]
}

/** Data is never deleted without its own yes: the typed name of the project. */
const agreed = async (s: Session, data: readonly string[], names: readonly string[], flags: DestroyFlags): Promise<boolean> => {
  const { project } = s.config
  const command = commandLine(
    flags,
    ['destroy', ...names, '--yes', ...(data.length > 0 ? [`--confirm ${project}`] : [])].join(' '),
  )
  if (flags.confirm !== undefined && flags.confirm !== project)
    throw refuse(
      `--confirm is ${flags.confirm}, but the project is ${project}`,
      'the name must be typed as it is; nothing was changed',
      command,
    )
  if (flags.yes) {
    if (data.length > 0 && flags.confirm === undefined)
      throw refuse(`This deletes data (${list(data)})`, '--yes alone does not say so; nothing was changed', command, 'yes.needed')
    return true
  }
  if (!s.io.interactive) throw needsYes('This would delete resources', command)
  s.io.say()
  const ask = asker(s.io)
  if (data.length > 0 && flags.confirm === undefined) {
    const typed = await ask.text(
      `This deletes data (${list(data)}). Type the name of the project to go on:`,
      '',
      () => undefined,
      '--confirm',
    )
    if (typed === project) return true
    s.io.say(`That is not ${project}. Nothing was changed.`)
    return false
  }
  if (await ask.confirm('Delete all this?', false, '--yes')) return true
  s.io.say('Nothing was changed.')
  return false
}
