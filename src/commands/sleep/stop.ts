import { refuse } from '../../core/errors.ts'
import { type Bill, remarksData } from '../../engine/bill.ts'
import { round } from '../../engine/plan.ts'
import { agreed } from '../../session/confirm.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import { withReporter } from '../../session/outcome.ts'
import { busy, type RdsServer, stackServer, utc } from '../../session/rds-server.ts'
import { orRefuse } from '../../session/service.ts'
import { openSession, type Session } from '../../session/session.ts'
import { backOn, changeServer, refuseReplicas } from '../../session/stop-server.ts'
import { count, elapsed, list } from '../../ui/format.ts'
import { aMonth } from '../../ui/money.ts'
import { savesOf, stopScreen } from './screen.ts'
import { allAtOnce, isAwake, lower, rememberSleep, type Sleepable, servicesOf, untilDown } from './stack.ts'

/** Puts the whole stack to sleep: every service to zero, then the database. */
export const stopAllCommand = async (g: Globals): Promise<number> => {
  const s = await openSession(g, 'infra stop')
  try {
    return await stopAll(s)
  } finally {
    await s.close()
  }
}

/** The work of `infra stop`, in an open session. @returns the exit code */
export const stopAll = async (s: Session): Promise<number> => {
  const { g } = s
  const all = await orRefuse(s, servicesOf(s, 'stop'))
  const server = await serverOf(s, 'stop')
  if (all.length === 0 && !server)
    throw refuse(
      'There is nothing that could be stopped',
      'no service and no database server is recorded as made',
      commandLine(g, 'create'),
    )
  const notes = [
    ...all.filter((x) => x.adopted).map((x) => `${x.name} was there before infra, so it is left as it is`),
    ...(server?.row.adopted ? [`${server.id} was there before infra, so it goes on running`] : []),
  ]
  const own = server?.row.adopted ? undefined : server
  if (own) refuseReplicas(own)
  if (own && !/^(available|stopping|stopped)$/.test(own.status)) throw busy(s, own, 'stop')
  const services = all.filter(isAwake)
  const toStop = own?.status === 'stopped' ? undefined : own
  const began = Date.now()
  if (services.length > 0 || toStop) {
    stopScreen(s, { services, server: toStop, notes })
    if (!(await agreed(s, g, 'Put it to sleep?', 'This would stop the stack', commandLine(g, 'stop --yes')))) return 0
  }
  // Tasks of the last run may still be on their way out.
  const going = all.filter((x) => !x.adopted && (services.includes(x) || (x.service.runningCount ?? 0) > 0))
  const changed = going.length > 0 || toStop !== undefined
  const after = changed ? await withReporter(s, (report) => carryOut(report)) : own
  return isStopped(s, {
    services,
    server: after,
    took: changed ? Date.now() - began : undefined,
    saves: savesOf(s, { services, server: toStop }),
  })

  async function carryOut(report: Parameters<typeof lower>[2]): Promise<RdsServer | undefined> {
    try {
      if (services.length > 0) await rememberSleep(s, services)
      await allAtOnce(services, (x) => lower(s, x, report))
      await allAtOnce(going, (x) => untilDown(s, x, report))
      return toStop ? await changeServer(s, toStop, 'stop', report, 'stop') : own
    } catch (error) {
      throw s.explain(error)
    }
  }
}

/** The stack's server; undefined where none was made. @throws InfraError (exit 2) when it is gone */
export const serverOf = async (
  s: Session,
  words: 'stop' | 'start',
): Promise<Awaited<ReturnType<typeof stackServer>> | undefined> =>
  typeof s.state.row('db-instance')?.attrs?.id === 'string' ? stackServer(s, words) : undefined

interface Stopped {
  readonly services: readonly Sleepable[]
  readonly server: RdsServer | undefined
  readonly took: number | undefined
  readonly saves: Bill
}

const isStopped = (s: Session, { services, server, took, saves }: Stopped): number => {
  const { io, g } = s
  const at = server && (server.restartsAt ?? (took === undefined ? undefined : backOn()))
  if (io.json)
    io.event({
      type: 'result',
      changed: took !== undefined,
      services: services.map((x) => ({ key: x.key, name: x.name, from: x.service.desiredCount ?? 0, to: 0 })),
      server: server ? { id: server.id, status: server.status, restartsAt: at?.toISOString() ?? null } : null,
      savesMonthlyUsd: round(saves.usd),
      ...remarksData(saves),
    })
  if (took === undefined) io.say(`${io.c.green('✓')} The stack sleeps already.`)
  else {
    const names = [...services.map((x) => x.name), ...(server ? [server.id] : [])]
    io.say(
      `\n${io.c.green('✓')} ${list(names) || count(0, 'task')} ${names.length === 1 ? 'sleeps' : 'sleep'} after ${elapsed(took)}. Saves ${aMonth(saves)}.`,
    )
  }
  if (server)
    io.say(
      `  AWS starts the database again by itself ${at ? `on ${io.c.bold(utc(at))}` : 'within 7 days'}, and it costs again from then on.`,
    )
  io.say(`  Next: ${io.c.cyan(commandLine(g, 'start'))} brings all back as it was; ${commandLine(g, 'status')} shows it`)
  return 0
}
