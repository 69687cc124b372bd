import { isPriced, monthlyPrice } from '../aws/prices.ts'
import { classify } from '../aws/trouble.ts'
import { InfraError, refuse } from '../engine/errors.ts'
import type { Report } from '../engine/events.ts'
import { round } from '../engine/plan.ts'
import { until } from '../engine/wait.ts'
import { about, count, daily, elapsed, list, usd } from '../ui/format.ts'
import { agreed } from './agree.ts'
import { commandLine, type Globals } from './globals.ts'
import { withReporter } from './outcome.ts'
import { busy, lookAtServer, orGoesOn, type RdsServer, refuseAdopted, stackServer, utc } from './rds-server.ts'
import { header } from './screens.ts'
import { openSession, type Session } from './session.ts'

/** docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html */
const DAYS = 7
const DAY_MS = 86_400_000
/** Minutes as a rule, and at most: AWS recovers the database when it starts. */
const TAKES = { stop: { minutes: 5, deadline: 60 }, start: { minutes: 6, deadline: 120 } }

/** Switches the server off: what it saves, what goes on costing, and when AWS switches it on again. */
export const stopCommand = async (g: Globals): Promise<number> => {
  const s = await openSession(g, 'infra db stop')
  try {
    const server = await stackServer(s)
    refuseAdopted(server.row, `aws rds stop-db-instance --db-instance-identifier ${server.id}`)
    if (server.status === 'stopped') return isStopped(s, server, undefined)
    if (server.status !== 'stopping') {
      if (server.status !== 'available') throw busy(s, server, 'db stop')
      if (server.replicas.length > 0)
        throw refuse(
          `The database server ${server.id} has to do with a read replica (${list(server.replicas)})`,
          'AWS stops neither a server with replicas nor a replica',
          'Delete the replica first, then run the same command again',
        )
      stopScreen(s, server)
      if (!(await agreed(s, g, 'Stop it?', 'This would stop the database server', commandLine(g, 'db stop --yes')))) return 0
    }
    const began = Date.now()
    const after = await withReporter(s, (report) => change(s, server, 'stop', report))
    return isStopped(s, after, Date.now() - began)
  } finally {
    await s.close()
  }
}

/** Switches the server on again. */
export const startCommand = async (g: Globals): Promise<number> => {
  const s = await openSession(g, 'infra db start')
  try {
    const server = await stackServer(s)
    refuseAdopted(server.row, `aws rds start-db-instance --db-instance-identifier ${server.id}`)
    if (server.status === 'available') return runs(s, server, undefined)
    if (!/^(stopped|stopping|starting)$/.test(server.status)) throw busy(s, server, 'db start')
    if (server.status !== 'starting') {
      header({ ...s, account: s.caller.account }, 'Start')
      s.io.say(`  ${described(server)}`)
      s.io.say(`\n  Costs ${costOf(s, server)} again. Time: ${s.io.c.bold(about(TAKES.start.minutes))}.`)
      if (!(await agreed(s, g, 'Start it?', 'This would start the database server', commandLine(g, 'db start --yes')))) return 0
    }
    const began = Date.now()
    const after = await withReporter(s, (report) => change(s, server, 'start', report))
    return runs(s, after, Date.now() - began)
  } finally {
    await s.close()
  }
}

/** Asks AWS where that is still to be done, and waits. */
const change = async (s: Session, before: RdsServer, verb: 'stop' | 'start', report: Report): Promise<RdsServer> => {
  const { id } = before
  const key = 'db-instance'
  const cx = s.context(report)
  const [from, to] = verb === 'stop' ? (['available', 'stopped'] as const) : (['stopped', 'available'] as const)
  const under = verb === 'stop' ? 'stopping' : 'starting'
  const look = async () => {
    const server = await lookAtServer(s, id)
    return { is: server?.status ?? 'gone', server }
  }
  const wait = async (reached: (is: string) => boolean): Promise<RdsServer> => {
    const again = `${commandLine(s.g, `db ${verb}`)} goes on waiting; to see it: ${commandLine(s.g, 'status')}`
    const waited = until(cx, key, look, (seen) => reached(seen.is), TAKES[verb])
    const { server } = await orGoesOn(waited, `AWS goes on ${under} ${id} by itself`, again)
    if (!server)
      throw new InfraError(`The database server ${id} is gone`, {
        why: 'it was deleted meanwhile',
        next: commandLine(s.g, 'create rds'),
      })
    return server
  }
  const over = (is: string): boolean => is === to || is === 'gone' || /^(failed|incompatible-|inaccessible-)/.test(is)
  try {
    report({ type: 'resource.updating', key, title: 'RDS instance', name: id, why: verb })
    // One that is on its way down comes up only from the ground.
    const now = verb === 'start' && before.status === 'stopping' ? await wait((is) => is !== 'stopping') : before
    if (now.status === from) await ask(s, id, verb, [under, to])
    const after = await wait(over)
    if (after.status !== to)
      throw new InfraError(`The database server ${id} is ${after.status}`, {
        why: `it did not ${verb}`,
        next: 'Look at its events in the AWS console',
      })
    return after
  } catch (error) {
    throw s.explain(error)
  }
}

/** The call. One whose answer was lost, or that somebody else was quicker with, is no error: the status tells. */
const ask = async (s: Session, id: string, verb: 'stop' | 'start', wanted: readonly string[]): Promise<void> => {
  try {
    await s.aws.rds(verb === 'stop' ? 'StopDBInstance' : 'StartDBInstance', { DBInstanceIdentifier: id })
  } catch (error) {
    if (!/^(in-use|unknown-outcome)$/.test(classify(error))) throw error
    const now = (await lookAtServer(s, id))?.status ?? 'gone'
    if (!wanted.includes(now)) throw error
  }
}

const described = ({ id, instanceClass, engine, version, allocatedGb, storageType, multiAz }: RdsServer): string =>
  `${id}  ${instanceClass}${multiAz ? ', Multi-AZ' : ''}, ${engine} ${version}, ${allocatedGb} GB ${storageType}`

/** A month of the class alone: what a stopped server does not cost. Undefined when it is not in the table. */
const classUsd = (s: Session, { engine, instanceClass, multiAz }: RdsServer): number | undefined => {
  const key = `rds.${engine}.${instanceClass}`
  return isPriced(key) ? round(monthlyPrice(key, s.config.region, multiAz ? 2 : 1).usd) : undefined
}

const storageUsd = (s: Session, { storageType, allocatedGb, multiAz }: RdsServer): number => {
  const key = `rds.storage.${storageType}`
  return isPriced(key) ? round(monthlyPrice(key, s.config.region, allocatedGb * (multiAz ? 2 : 1)).usd) : 0
}

const costOf = (s: Session, server: RdsServer): string => {
  const month = classUsd(s, server)
  return month === undefined
    ? `the price of ${server.instanceClass} (not in the table)`
    : `${s.io.c.bold(usd(month))} a month, ${usd(daily(month))} a day`
}

const stopScreen = (s: Session, server: RdsServer): void => {
  const { io } = s
  const month = classUsd(s, server)
  const alarms = [...s.state.all().values()].filter((r) => r.type === 'cloudwatch.alarm').length
  const back = new Date(Date.now() + DAYS * DAY_MS)
  header({ ...s, account: s.caller.account }, 'Stop')
  io.say(`  ${described(server)}`)
  const until = month === undefined ? '' : `: ${usd(round(daily(month) * DAYS))} until AWS starts it again`
  io.say(`\n  Saves ${costOf(s, server)}${until}.`)
  io.say(
    `  Billed on: ${usd(storageUsd(s, server))} a month for the storage (${server.allocatedGb} GB ${server.storageType}), backups and snapshots as before.`,
  )
  const silent = alarms > 0 ? ` ${count(alarms, 'alarm')} will show INSUFFICIENT_DATA.` : ''
  io.say(`  Meanwhile nobody can connect, and nothing of it can be changed or destroyed.${silent}`)
  io.say(
    `  ${io.c.yellow('AWS starts it again by itself')} after ${DAYS} days: on ${io.c.bold(utc(back).slice(0, 10))}. Time: ${io.c.bold(about(TAKES.stop.minutes))}.`,
  )
}

const isStopped = (s: Session, server: RdsServer, took: number | undefined): number => {
  const { io } = s
  const at = server.restartsAt ?? (took === undefined ? undefined : new Date(Date.now() + DAYS * DAY_MS))
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
  s.io.event({
    type: 'result',
    server: server.id,
    status: server.status,
    changed: took !== undefined,
    restartsAt: restartsAt?.toISOString() ?? null,
    classMonthlyUsd: classUsd(s, server) ?? null,
    storageMonthlyUsd: storageUsd(s, server),
  })
}
