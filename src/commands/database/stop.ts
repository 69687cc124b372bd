import { round } from '../../engine/plan.ts'
import { agreed } from '../../session/confirm.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { withReporter } from '../../session/outcome.ts'
import { busy, type RdsServer, refuseAdopted, stackServer, utc } from '../../session/rds-server.ts'
import { openSession, type Session } from '../../session/session.ts'
import {
  backOn,
  changeServer,
  costOfServer,
  DAYS,
  describedServer,
  refuseReplicas,
  serverBills,
  TAKES,
} from '../../session/stop-server.ts'
import { about, count, daily, elapsed, usd } from '../../ui/format.ts'
import { aMonth } from '../../ui/money.ts'

/** Switches the server off: what it saves, what goes on costing, and when AWS switches it on again. */
export const stopCommand = async (g: Globals): Promise<number> => {
  const s = await openSession(g, 'infra db stop')
  try {
    const server = await stackServer(s, 'db stop')
    refuseAdopted(server.row, `aws rds stop-db-instance --db-instance-identifier ${server.id}`)
    if (server.status === 'stopped') return isStopped(s, server, undefined)
    if (server.status !== 'stopping') {
      if (server.status !== 'available') throw busy(s, server, 'db stop')
      refuseReplicas(server)
      stopScreen(s, server)
      if (!(await agreed(s, g, 'Stop it?', 'This would stop the database server', commandLine(g, 'db stop --yes')))) return 0
    }
    const began = Date.now()
    const after = await withReporter(s, (report) => changeServer(s, server, 'stop', report))
    return isStopped(s, after, Date.now() - began)
  } finally {
    await s.close()
  }
}

/** Switches the server on again. */
export const startCommand = async (g: Globals): Promise<number> => {
  const s = await openSession(g, 'infra db start')
  try {
    const server = await stackServer(s, 'db start')
    refuseAdopted(server.row, `aws rds start-db-instance --db-instance-identifier ${server.id}`)
    if (server.status === 'available') return runs(s, server, undefined)
    if (!/^(stopped|stopping|starting)$/.test(server.status)) throw busy(s, server, 'db start')
    if (server.status !== 'starting') {
      header({ ...s, account: s.caller.account }, 'Start')
      s.io.say(`  ${describedServer(server)}`)
      s.io.say(`\n  Costs ${costOfServer(s, server)} again. Time: ${s.io.c.bold(about(TAKES.start.minutes))}.`)
      if (!(await agreed(s, g, 'Start it?', 'This would start the database server', commandLine(g, 'db start --yes')))) return 0
    }
    const began = Date.now()
    const after = await withReporter(s, (report) => changeServer(s, server, 'start', report))
    return runs(s, after, Date.now() - began)
  } finally {
    await s.close()
  }
}

const stopScreen = (s: Session, server: RdsServer): void => {
  const { io } = s
  const { asleep, saved } = serverBills(s, server)
  const alarms = [...s.state.all().values()].filter((r) => r.type === 'cloudwatch.alarm').length
  const back = backOn()
  header({ ...s, account: s.caller.account }, 'Stop')
  io.say(`  ${describedServer(server)}`)
  const until = saved.unpriced.length > 0 ? '' : `: ${usd(round(daily(saved.usd) * DAYS))} until AWS starts it again`
  io.say(`\n  Saves ${costOfServer(s, server)}${until}.`)
  io.say(
    `  Billed on: ${aMonth(asleep)} for the storage (${server.allocatedGb} GB ${server.storageType}), backups and snapshots as before.`,
  )
  const silent = alarms > 0 ? ` ${count(alarms, 'alarm')} will show INSUFFICIENT_DATA.` : ''
  io.say(`  Meanwhile nobody can connect, and nothing of it can be changed or destroyed.${silent}`)
  io.say(
    `  ${io.c.yellow('AWS starts it again by itself')} after ${DAYS} days: on ${io.c.bold(utc(back).slice(0, 10))}. Time: ${io.c.bold(about(TAKES.stop.minutes))}.`,
  )
}

const isStopped = (s: Session, server: RdsServer, took: number | undefined): number => {
  const { io } = s
  const at = server.restartsAt ?? (took === undefined ? undefined : backOn())
  result(s, server, took, at)
  const said = took === undefined ? 'is stopped already.' : `is stopped after ${elapsed(took)}.`
  io.say(`${took === undefined ? '' : '\n'}${io.c.green('✓')} ${server.id} ${said}`)
  io.say(
    `  AWS starts it again by itself ${at ? `on ${io.c.bold(utc(at))}` : `within ${DAYS} days`}, and it costs again from then on.`,
  )
  io.say(
    `  Next: ${io.c.cyan(commandLine(s.g, 'db start'))} when it is needed before; ${commandLine(s.g, 'status')} shows the day`,
  )
  return 0
}

const runs = (s: Session, server: RdsServer, took: number | undefined): number => {
  const { io } = s
  result(s, server, took, undefined)
  const said = took === undefined ? 'runs already.' : `runs after ${elapsed(took)}.`
  io.say(`${took === undefined ? '' : '\n'}${io.c.green('✓')} ${server.id} ${said}`)
  io.say(`  Next: ${io.c.cyan(commandLine(s.g, 'status'))}`)
  return 0
}

const result = (s: Session, server: RdsServer, took: number | undefined, restartsAt: Date | undefined): void => {
  if (!s.io.json) return
  const { asleep, saved } = serverBills(s, server)
  s.io.event({
    type: 'result',
    server: server.id,
    status: server.status,
    changed: took !== undefined,
    restartsAt: restartsAt?.toISOString() ?? null,
    savesMonthlyUsd: round(saved.usd),
    storageMonthlyUsd: round(asleep.usd),
    unpriced: saved.unpriced,
  })
}
