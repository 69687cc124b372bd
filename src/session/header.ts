import { remarksData } from '../engine/bill.ts'
import { FOUND } from '../engine/decide.ts'
import type { Action, Plan } from '../engine/plan.ts'
import { inWords } from '../engine/scheduled.ts'
import type { Scheduled } from '../state/schema.ts'
import { about, change, columns, count, folded } from '../ui/format.ts'
import type { Io } from '../ui/io.ts'
import { cell, figure, remark } from '../ui/money.ts'
import type { PlannedWay } from './database-access/plan.ts'
import { commandLine, type Globals } from './globals.ts'
import type { Session } from './types.ts'

const SIGN = { create: '+', replace: '±', update: '~', keep: '=', delete: '-' } as const

/** How the ARNs of the stack's own region and account begin, and those of AWS's own policies: the rest names the thing. */
const ownArn = (region: string, account: string): RegExp =>
  new RegExp(`\\barn:aws[\\w-]*:[\\w-]*:(?:${region})?:(?:${account}|aws)?:`, 'g')

/** Other addresses than AWS's own: what looks like an account there is none. */
const elsewhere = (c: Io['c']): string => {
  const set = Object.entries(process.env).filter(([name, url]) => /^AWS_ENDPOINT_URL(_|$)/.test(name) && url)
  const said = set.map(([name, url]) => `${name === 'AWS_ENDPOINT_URL' ? '' : `${name} `}${url}`)
  return said.length > 0 ? `, ${c.yellow(`not AWS but ${said.join(', ')}`)}` : ''
}

/** The first line of every screen: which stack, where; loud when it is the sandbox, or another place than AWS. */
export const header = (s: Pick<Session, 'io' | 'config' | 'sandbox'> & { account?: string | undefined }, title: string): void => {
  const { c } = s.io
  const where = s.sandbox
    ? c.yellow('SANDBOX (local AWS, nothing is real, nothing costs)')
    : `account ${s.account ?? 'unknown'}, ${s.config.region}${elsewhere(c)}`
  s.io.say(`${c.bold(title)}  ${s.config.project} / ${s.config.environment}  ${where}`)
  s.io.say()
}

/** What a run would do, by step; what stays as it is, is only counted. */
export const planScreen = ({ io, g, config, caller }: Pick<Session, 'io' | 'g' | 'config' | 'caller'>, plan: Plan): void => {
  const { c } = io
  const arn = ownArn(config.region, caller.account)
  const paint = { create: c.green, replace: c.yellow, update: c.yellow, keep: c.dim, delete: c.red }
  const doing = plan.actions.filter((a) => a.action !== 'keep')
  const steps = [...new Set(plan.actions.map((a) => a.step))]
  for (const step of steps) {
    const actions = doing.filter((a) => a.step === step)
    if (actions.length === 0) continue
    io.say(`  ${c.bold(step)}`)
    const rows = actions.map((a) => [
      paint[a.action](`${SIGN[a.action]} ${a.action}`),
      a.key,
      c.dim(a.title),
      cell({ usd: a.monthlyUsd, unpriced: a.unpriced }),
      a.minutes >= 1 ? c.dim(`${Math.round(a.minutes)} min`) : '',
      a.reason === 'new' || a.changes.length > 0 ? '' : c.dim(a.reason.replaceAll(arn, '')),
    ])
    const lines = columns(rows, '<<<>><', '    ').split('\n')
    for (const [i, a] of actions.entries()) {
      io.say(lines[i])
      for (const change of a.changes) io.say(c.dim(folded(change.replaceAll(arn, ''), io.width, '        ')))
    }
    for (const a of actions) {
      for (const sentence of a.impact?.says ?? []) io.say(`      ${c.yellow('!')} ${a.key}: ${sentence}`)
      for (const sentence of a.impact?.left ?? []) io.say(`      ${c.yellow('!')} ${a.key}: left to you: ${sentence}`)
    }
  }
  sayScheduled(io, plan.actions)
  sayRenamed(io, g, plan)
  const kept = plan.actions.length - doing.length
  if (doing.length > 0) io.say()
  const tally = (['create', 'replace', 'update', 'delete'] as const).flatMap((a) => {
    const n = plan.actions.filter((x) => x.action === a).length
    return n > 0 ? [`${n} to ${a}`] : []
  })
  const found = plan.actions.filter((a) => a.action === 'keep' && a.reason === FOUND).length
  if (kept > 0)
    tally.push(
      `${count(kept, 'resource')} ${plan.problems.length > 0 ? 'left as they are' : 'as wanted'}${found > 0 ? ` (${found} found in the account by tag or name, the state did not know them)` : ''}`,
    )
  io.say(`  ${tally.join(', ') || 'nothing to do'}.`)
  if (doing.length > 0)
    io.say(
      `  A month of it: ${figure({ ...plan.remarks, usd: plan.monthlyUsd }, c.bold)}${plan.monthlyChangeUsd !== 0 && plan.monthlyChangeUsd !== plan.monthlyUsd ? ` (${change(plan.monthlyChangeUsd)})` : ''}${remark(plan.remarks)}. Time: ${c.bold(about(plan.minutes))}.`,
    )
}

/** A service that goes while another one comes may be the same one under a new name: then nothing of it has to go. */
const sayRenamed = ({ say, c }: Io, g: Globals, { actions }: Plan): void => {
  const services = (action: Action['action']): string[] =>
    actions.flatMap((a) => (a.type === 'ecs.service' && a.action === action ? [a.key.replace(/-service$/, '')] : []))
  const [gone, ...more] = services('delete')
  const [come, ...others] = services('create')
  if (gone === undefined || come === undefined || more.length + others.length > 0) return
  say(
    `  ${c.yellow('!')} ${gone} goes and ${come} comes. If it only has a new name, it can stay: ${c.cyan(commandLine(g, `state rename ${gone} ${come}`))}`,
  )
}

/** What AWS has accepted and makes later: it is neither done nor asked for again. */
export const sayScheduled = (io: Io, of: readonly { readonly key: string; readonly scheduled: readonly Scheduled[] }[]): void => {
  for (const { key, scheduled } of of)
    for (const s of scheduled) io.say(`  ${io.c.yellow('… pending')}  ${io.c.bold(key)}  ${inWords(s)}`)
}

/** The plan as other programs rely on it. */
export const planData = (plan: Plan, way?: PlannedWay): object => ({
  actions: plan.actions.map(
    ({ action, key, type, step, name, monthlyUsd, unpriced, minutes, reason, changes, impact, scheduled }: Action) => ({
      action,
      key,
      type,
      step,
      name,
      monthlyUsd,
      unpriced,
      minutes,
      reason,
      changes,
      impact: impact?.says ?? [],
      left: impact?.left ?? [],
      snapshot: impact?.snapshot ?? null,
      scheduled,
    }),
  ),
  monthlyUsd: plan.monthlyUsd,
  monthlyChangeUsd: plan.monthlyChangeUsd,
  ...remarksData(plan.remarks),
  minutes: plan.minutes,
  problems: plan.problems.map((p) => ({ what: p.what, why: p.why, next: p.next })),
  ...(way ? { databases: { via: way.via } } : {}),
})
