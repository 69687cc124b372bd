import { switchInstance } from '../../aws/instances.ts'
import { checkStop, InfraError, refuse } from '../../core/errors.ts'
import { billOf, without } from '../../engine/bill.ts'
import type { Context } from '../../engine/context.ts'
import type { Report } from '../../engine/events.ts'
import type { AnySeen } from '../../engine/kind.ts'
import { round } from '../../engine/plan.ts'
import { observe, subjectOfRow } from '../../engine/survey.ts'
import { until } from '../../engine/wait.ts'
import { costStopped, kindOf } from '../../kinds/index.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { withReporter } from '../../session/outcome.ts'
import { openSession, type Session } from '../../session/session.ts'
import { lookAtRows } from '../../session/survey.ts'
import type { Row } from '../../state/schema.ts'
import { usd } from '../../ui/format.ts'
import { figure, remark } from '../../ui/money.ts'

const KEY = 'bastion'
type Verb = 'stop' | 'start'

/** Puts the bastion to sleep and wakes it: while it sleeps, only its volume costs. */
export const bastionCommand = async (verb: string, flags: Globals): Promise<number> => {
  if (verb !== 'stop' && verb !== 'start')
    throw refuse(`infra bastion has no ${verb}`, 'it knows stop and start', commandLine(flags, 'bastion stop'))
  const s = await openSession(flags, `infra bastion ${verb}`)
  try {
    const row = s.state.row(KEY)
    const id = row?.attrs?.id
    if (!row || typeof id !== 'string')
      throw refuse(
        `There is no bastion to ${verb}`,
        'none is recorded in the state',
        s.config.steps.includes('bastion')
          ? commandLine(flags, 'create bastion')
          : 'Add bastion to steps in infra.yaml, then infra create bastion',
      )
    const seen = (await lookAtRows(s, [KEY])).get(KEY)
    if (!isThere(seen)) throw refuse(`The bastion ${id} is gone`, 'it was terminated', commandLine(flags, 'create bastion'))
    const changed = !isDone(verb, seen)
    if (changed) await withReporter(s, (report) => carryOut(s, verb, row, id, seen, report))
    tell(s, verb, row, id, changed)
    return 0
  } catch (error) {
    throw s.explain(error)
  } finally {
    await s.close()
  }
}

type There = Exclude<AnySeen, { is: 'absent' }>
const isThere = (seen: AnySeen | undefined): seen is There => seen !== undefined && seen.is !== 'absent' && seen.is !== 'deleting'

/** AWS's own word; while the agent is waited for, the note says that instead. */
const isDone = (verb: Verb, seen: There): boolean => seen.note === (verb === 'stop' ? 'stopped' : 'running')

const carryOut = async (s: Session, verb: Verb, row: Row, id: string, first: There, report: Report): Promise<void> => {
  const cx = s.context(report)
  const kind = kindOf(row.type)
  const subject = subjectOfRow(KEY, row, kindOf)
  const { title, minutes, deadline = 10 } = kind.facts
  const began = cx.clock.now()
  const wait = async (reached: (seen: There) => boolean): Promise<There> => {
    const limit = {
      minutes,
      deadline,
      stuck: async (x: AnySeen) => (isThere(x) ? ((await kind.stuck?.(cx.aws, x.attrs)) ?? []) : []),
    }
    const look = (): Promise<AnySeen> => observe(subject, cx.look(), cx, row.want)
    const seen = await until(cx, KEY, look, (x) => !isThere(x) || reached(x), limit)
    if (isThere(seen)) return seen
    throw new InfraError(`The bastion ${id} was terminated meanwhile`, { next: commandLine(s.g, 'create bastion') })
  }
  report({ type: 'resource.updating', key: KEY, title, name: row.name, why: verb === 'stop' ? 'to be stopped' : 'to be started' })
  // EC2 refuses to stop what is just coming up, and to start what is just going down.
  const between = verb === 'stop' ? 'pending' : 'stopping'
  const seen = first.note === between ? await wait((x) => x.note !== between) : first
  const asleep = seen.note === 'stopped' || seen.note === 'stopping'
  if (asleep === (verb === 'start')) await ask(cx, verb, id)
  await wait((x) => isDone(verb, x))
  report({ type: 'resource.ready', key: KEY, did: 'updated', id, tookMs: cx.clock.now() - began })
}

const ask = async (cx: Context<Session['aws']>, verb: Verb, id: string): Promise<void> => {
  checkStop(cx.signal)
  await switchInstance(cx.aws, id, verb)
}

const tell = (s: Session, verb: Verb, row: Row, id: string, changed: boolean): void => {
  const { io, config } = s
  const running = kindOf(row.type).facts.monthly?.(row.want, config.region) ?? []
  const asleep = costStopped(config.region)
  const [whole, rest] = [billOf(running), billOf(asleep)]
  const saved = without(whole, rest)
  const [monthlyUsd, stoppedUsd, saves] = [round(whole.usd), round(rest.usd), round(saved.usd)]
  if (io.json) {
    const state = verb === 'stop' ? 'stopped' : 'running'
    io.event({
      type: 'result',
      id,
      state,
      changed,
      monthlyUsd: verb === 'stop' ? stoppedUsd : monthlyUsd,
      savesMonthlyUsd: saves,
    })
    return
  }
  header({ ...s, account: s.caller.account }, 'Bastion')
  const already = changed ? '' : ' already'
  if (verb === 'stop') {
    io.say(`${io.c.green('✓')} The bastion ${id} is stopped${already}.`)
    io.say(
      `  Saves ${figure(saved, io.c.bold)} a month${remark(saved)}. Its volume still costs ${usd(stoppedUsd)} (${asleep.map((i) => i.what).join()}).`,
    )
    io.say('  Its public address was given back; it gets another one when it starts.')
    io.say(`  Next: ${io.c.cyan(commandLine(s.g, 'bastion start'))} wakes it`)
    return
  }
  io.say(`${io.c.green('✓')} The bastion ${id} runs${already}, and Systems Manager reaches it.`)
  io.say(`  Costs ${figure(whole, io.c.bold)} a month while it runs${remark(whole)}; ${usd(saves)} less when it is stopped.`)
  io.say(`  Next: ${io.c.cyan(commandLine(s.g, 'bastion stop'))} when it is not needed`)
}
