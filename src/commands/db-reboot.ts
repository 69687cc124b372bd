import { classify } from '../aws/trouble.ts'
import { InfraError, refuse } from '../engine/errors.ts'
import type { Report } from '../engine/events.ts'
import { STALE_MS, until } from '../engine/wait.ts'
import { about, elapsed } from '../ui/format.ts'
import { agreed } from './agree.ts'
import { READY } from './db-snapshots.ts'
import { commandLine, type Globals } from './globals.ts'
import { withReporter } from './outcome.ts'
import { busy, lookAtServer, orGoesOn, type RdsServer, refuseAdopted, stackServer } from './rds-server.ts'
import { header } from './screens.ts'
import { openSession, type Session } from './session.ts'
import { describedServer } from './stop-server.ts'

export interface RebootFlags extends Globals {
  /** Through the standby: only where there is one. */
  readonly withFailover?: boolean
}

/** Usual minutes, and at most: a database with much to recover takes longer. */
const TAKES = { minutes: 2, deadline: 60 }
/** Restarts the server, for what waits for that: static parameters, another group of them. */
export const rebootCommand = async (flags: RebootFlags): Promise<number> => {
  const words = `db reboot${flags.withFailover ? ' --with-failover' : ''}`
  const s = await openSession(flags, `infra ${words}`)
  try {
    const server = await stackServer(s, words)
    refuseAdopted(server.row, `aws rds reboot-db-instance --db-instance-identifier ${server.id}`)
    if (server.status !== 'rebooting') {
      if (!READY.test(server.status)) throw busy(s, server, words)
      if (flags.withFailover && !server.multiAz)
        throw refuse(
          `The database server ${server.id} has no standby to fail over to`,
          'rds.multiAz is off',
          commandLine(flags, 'db reboot'),
        )
      screen(s, server, flags.withFailover === true)
      if (
        !(await agreed(s, flags, 'Restart it?', 'This would restart the database server', commandLine(flags, `${words} --yes`)))
      )
        return 0
    } else s.io.say(`${server.id} is rebooting already; this waits for it.`)
    const began = Date.now()
    const after = await withReporter(s, (report) => reboot(s, server, flags.withFailover === true, words, report))
    return done(s, after, Date.now() - began)
  } finally {
    await s.close()
  }
}

const screen = (s: Session, server: RdsServer, failover: boolean): void => {
  const { io } = s
  header({ ...s, account: s.caller.account }, 'Reboot')
  io.say(`  ${describedServer(server)}`)
  io.say(
    failover
      ? `\n  The standby takes over: ${io.c.yellow('about a minute of downtime')}; open connections are dropped.`
      : `\n  ${io.c.yellow('One or two minutes of downtime')}, longer if there is much to recover; open connections are dropped.`,
  )
  if (server.restartPending)
    io.say(
      failover
        ? `  ${io.c.yellow('!')} Parameters wait for a restart, and AWS applies another group of them only without a failover: leave --with-failover out.`
        : '  The pending parameters take effect.',
    )
  else io.say('  Nothing waits for a restart: no parameter is pending.')
  io.say(`  What is scheduled for the maintenance window stays scheduled. Time: ${io.c.bold(about(TAKES.minutes))}.`)
}

/** Asks AWS where that is still to be done, and follows until the server can be used. */
const reboot = async (s: Session, before: RdsServer, failover: boolean, words: string, report: Report): Promise<RdsServer> => {
  const { id } = before
  const cx = s.context(report)
  let begun = before.status === 'rebooting'
  const look = async () => {
    const server = await lookAtServer(s, id)
    const is = server?.status ?? 'gone'
    begun ||= !READY.test(is)
    return { is, server }
  }
  try {
    report({ type: 'resource.updating', key: 'db-instance', title: 'RDS instance', name: id, why: 'reboot' })
    if (!begun) await ask(s, before, failover)
    const asked = cx.clock.now()
    const up = ({ is, server }: Awaited<ReturnType<typeof look>>): boolean =>
      is === 'gone' || FAILED.test(is) || (READY.test(is) && (begun || took(before, server) || cx.clock.now() - asked > STALE_MS))
    const again = `${commandLine(s.g, words)} goes on waiting; to see it: ${commandLine(s.g, 'status')}`
    const { is, server } = await orGoesOn(until(cx, 'db-instance', look, up, TAKES), `AWS goes on rebooting ${id}`, again)
    if (server && READY.test(is)) return server
    throw new InfraError(`The database server ${id} is ${is}`, {
      why: 'it did not come back from its restart',
      next: `${commandLine(s.g, 'plan')} says what can be done; AWS's own words: aws rds describe-events --source-type db-instance --source-identifier ${id}`,
    })
  } catch (error) {
    throw s.explain(error)
  }
}

const FAILED = /^(failed|incompatible-|inaccessible-|insufficient-)/

/** The parameters that waited do not wait any more: it has been restarted, however quickly. */
const took = (before: RdsServer, after: RdsServer | undefined): boolean =>
  before.restartPending && after?.restartPending === false

/** The call. One whose answer was lost, or that somebody else was quicker with, is no error: the status tells. */
const ask = async (s: Session, before: RdsServer, ForceFailover: boolean): Promise<void> => {
  try {
    await s.aws.rds('RebootDBInstance', { DBInstanceIdentifier: before.id, ...(ForceFailover ? { ForceFailover } : {}) })
  } catch (error) {
    if (!/^(in-use|unknown-outcome)$/.test(classify(error))) throw error
    const now = await lookAtServer(s, before.id)
    if (now?.status !== 'rebooting' && !took(before, now)) throw error
  }
}

const done = (s: Session, server: RdsServer, took: number): number => {
  const { io } = s
  if (io.json) io.event({ type: 'result', server: server.id, status: server.status, restartPending: server.restartPending })
  io.say(`\n${io.c.green('✓')} ${server.id} is back after ${elapsed(took)}.`)
  if (server.restartPending) io.say(`  ${io.c.yellow('!')} Parameters still wait for a restart without a failover.`)
  io.say(`  Next: ${io.c.cyan(commandLine(s.g, server.restartPending ? 'db reboot' : 'status'))}`)
  return 0
}
