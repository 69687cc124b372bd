import type { JsonObject } from '../../core/json.ts'
import { addUp, type Bill, billFor, NOTHING, remarksData } from '../../engine/bill.ts'
import { round } from '../../engine/plan.ts'
import { kindOf } from '../../kinds/index.ts'
import { header } from '../../session/header.ts'
import type { RdsServer } from '../../session/rds-server.ts'
import { monthOf } from '../../session/rollout/count-screen.ts'
import type { Session } from '../../session/session.ts'
import { backOn, DAYS, describedServer, serverBills, TAKES } from '../../session/stop-server.ts'
import { about, columns, count, daily, usd } from '../../ui/format.ts'
import { aMonth, cell, figure, remark } from '../../ui/money.ts'
import { downMinutes, type Sleepable, wakesWith } from './stack.ts'

/** Typical minutes until the tasks of a service run and are healthy. */
const UP_MINUTES = 3

/** A month of so many tasks of a service of the config. */
export const tasksBill = (s: Session, key: string, desired: number): Bill => {
  const c = s.config.ecs.services[key]
  if (!c) return NOTHING
  const size: JsonObject = { cpu: c.cpu, memory: c.memory, architecture: c.architecture }
  const capacity = [{ provider: c.capacity, weight: 1 }]
  return monthOf({ size, desired, publicAddress: c.subnets === 'public', capacity }, s.config.region)
}

/** What goes on costing while the stack sleeps, by what it is, the dearest first. Read off what is recorded. */
export const goesOn = (s: Session, server: RdsServer | undefined): Part[] => {
  const sums = new Map<string, { n: number; bill: Bill }>()
  for (const [key, row] of s.state.all()) {
    if (row.adopted || !row.attrs || row.type === 'ecs.service' || (server && key === 'db-instance')) continue
    const kind = kindOf(row.type)
    const bill = billFor(kind, row.want, s.config.region)
    const before = sums.get(kind.facts.title) ?? { n: 0, bill: NOTHING }
    if (counts(bill)) sums.set(kind.facts.title, { n: before.n + 1, bill: addUp([before.bill, bill]) })
  }
  const parts = [...sums].map(([title, { n, bill }]) => ({ what: n === 1 ? title : `${n} x ${title}`, bill }))
  const storage = server
    ? [{ what: `storage of the database (${server.allocatedGb} GB)`, bill: serverBills(s, server).asleep }]
    : []
  return [...parts, ...storage].filter((p) => counts(p.bill)).sort((a, b) => b.bill.usd - a.bill.usd)
}

/** Something that costs, under one name. */
interface Part {
  readonly what: string
  readonly bill: Bill
}

const counts = ({ usd: value, unpriced }: Bill): boolean => value > 0 || unpriced.length > 0

export interface SleepPlan {
  /** Those that go down. */
  readonly services: readonly Sleepable[]
  /** The server that is stopped. */
  readonly server: RdsServer | undefined
  readonly notes: readonly string[]
}

const sumOf = (parts: readonly Part[]): Bill => addUp(parts.map((p) => p.bill))

/** Together with what goes on costing it is all that the stack costs while it is awake. */
export const savesOf = (s: Session, { services, server }: Pick<SleepPlan, 'services' | 'server'>): Bill =>
  addUp([
    ...services.map((x) => tasksBill(s, x.key, x.service.desiredCount ?? 0)),
    ...(server ? [serverBills(s, server).saved] : []),
  ])

/** What sleeps, what that saves, what goes on costing, how long it takes, and what AWS does by itself. */
export const stopScreen = (s: Session, plan: SleepPlan): void => {
  const { io } = s
  const { c } = io
  const { services, server, notes } = plan
  const saves = savesOf(s, plan)
  const rest = goesOn(s, server)
  // The database goes only when no task is left.
  const minutes = Math.max(0, ...services.map(downMinutes)) + (server ? TAKES.stop.minutes : 0)
  const back = backOn()
  const tasksOf = (x: Sleepable): number => x.service.desiredCount ?? 0
  if (io.json) {
    io.event({
      type: 'plan',
      services: services.map((x) => ({ key: x.key, name: x.name, from: tasksOf(x), to: 0, autoscaling: x.target !== undefined })),
      server: server?.id ?? null,
      savesMonthlyUsd: round(saves.usd),
      goesOnMonthlyUsd: round(sumOf(rest).usd),
      goesOn: rest.map((p) => ({ what: p.what, usd: round(p.bill.usd) })),
      ...remarksData(addUp([saves, sumOf(rest)])),
      restartsAt: server ? back.toISOString() : null,
      notes,
    })
    return
  }
  header({ ...s, account: s.caller.account }, 'Stop')
  const paused = (x: Sleepable): string => (x.target ? c.dim('its autoscaling is paused') : '')
  const month = (bill: Bill): string => (counts(bill) ? `${cell(bill)} a month` : '')
  io.say(
    columns(
      [
        ...services.map((x) => [x.name, `${count(tasksOf(x), 'task')} -> 0`, month(tasksBill(s, x.key, tasksOf(x))), paused(x)]),
        ...(server
          ? [
              [
                server.id,
                'stopped',
                month(serverBills(s, server).saved),
                c.dim(describedServer(server).slice(server.id.length).trim()),
              ],
            ]
          : []),
      ],
      '<<><',
    ),
  )
  for (const note of notes) io.say(`  ${c.yellow('!')} ${note}`)
  io.say(`\n  Saves ${figure(saves, c.bold)} a month, ${usd(daily(saves.usd))} a day${remark(saves)}.`)
  if (rest.length > 0)
    io.say(`  Goes on costing ${aMonth(sumOf(rest), c.bold)}: ${rest.map((p) => `${p.what} ${cell(p.bill)}`).join(', ')}.`)
  const alarms = [...s.state.all().values()].filter((r) => r.type === 'cloudwatch.alarm').length
  io.say(`  Meanwhile nobody is served.${alarms > 0 ? ` ${count(alarms, 'alarm')} may show INSUFFICIENT_DATA.` : ''}`)
  if (server)
    io.say(
      `  ${c.yellow('AWS starts the database again by itself')} after ${DAYS} days: on ${c.bold(back.toISOString().slice(0, 10))}. The services stay at 0.`,
    )
  io.say(`  Time: ${c.bold(about(minutes))}${draining(services)}.`)
}

/** A minute and more is worth a word. */
const draining = (services: readonly Sleepable[]): string => {
  const seconds = Math.max(0, ...services.map((x) => x.drainSeconds ?? 0))
  return seconds >= 60 ? `: tasks have ${seconds} s to finish their requests (deregistrationDelaySeconds)` : ''
}

/** What wakes, and what it costs again. */
export const startScreen = (s: Session, { services, server, notes }: SleepPlan): void => {
  const { io } = s
  const { c } = io
  const tasks = services.map((x) => ({ x, n: wakesWith(s, x) }))
  const costs = addUp([...tasks.map((t) => tasksBill(s, t.x.key, t.n)), ...(server ? [serverBills(s, server).saved] : [])])
  const minutes = (services.length > 0 ? UP_MINUTES : 0) + (server ? TAKES.start.minutes : 0)
  if (io.json) {
    io.event({
      type: 'plan',
      services: tasks.map(({ x, n }) => ({ key: x.key, name: x.name, from: x.service.desiredCount ?? 0, to: n })),
      server: server?.id ?? null,
      costsMonthlyUsd: round(costs.usd),
      ...remarksData(costs),
      notes,
    })
    return
  }
  header({ ...s, account: s.caller.account }, 'Start')
  io.say(
    columns(
      [
        ...(server ? [[server.id, `${server.status} -> available`, c.dim('first')]] : []),
        ...tasks.map(({ x, n }) => [
          x.name,
          `${x.service.desiredCount ?? 0} -> ${count(n, 'task')}`,
          c.dim(x.sleeper?.paused ? 'its autoscaling goes on' : ''),
        ]),
      ],
      '',
    ),
  )
  for (const note of notes) io.say(`  ${c.yellow('!')} ${note}`)
  io.say(
    `\n  Costs ${figure(costs, c.bold)} a month again, ${usd(daily(costs.usd))} a day${remark(costs)}. Time: ${c.bold(about(minutes))}.`,
  )
}
