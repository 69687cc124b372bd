import { agreed } from '../../session/confirm.ts'
import { commandLine } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { READY } from '../../session/make-snapshot.ts'
import { withReporter } from '../../session/outcome.ts'
import { busy, type RdsServer, refuseAdopted, stackServer } from '../../session/rds-server.ts'
import { openSession, type Session } from '../../session/session.ts'
import { describedServer } from '../../session/stop-server.ts'
import { about, elapsed } from '../../ui/format.ts'
import type { RebootFlags } from './definitions.ts'
import { failoverCommand } from './failover.ts'
import { RESTART_TAKES, restart } from './restart-server.ts'

const WORDS = 'db reboot'

/** Restarts the server, for what waits for that: static parameters, another group of them. */
export const rebootCommand = async (flags: RebootFlags): Promise<number> => {
  if (flags.withFailover) return await failoverCommand(flags)
  const s = await openSession(flags, `infra ${WORDS}`)
  try {
    const server = await stackServer(s, WORDS)
    refuseAdopted(server.row, `aws rds reboot-db-instance --db-instance-identifier ${server.id}`)
    if (server.status !== 'rebooting') {
      if (!READY.test(server.status)) throw busy(s, server, WORDS)
      screen(s, server)
      const command = commandLine(flags, `${WORDS} --yes`)
      if (!(await agreed(s, flags, 'Restart it?', 'This would restart the database server', command))) return 0
    } else s.io.say(`${server.id} is rebooting already; this waits for it.`)
    const began = Date.now()
    const { server: after } = await withReporter(s, (report) => restart(s, server, { failover: false, words: WORDS }, report))
    return done(s, after, Date.now() - began)
  } finally {
    await s.close()
  }
}

const screen = (s: Session, server: RdsServer): void => {
  const { io } = s
  header({ ...s, account: s.caller.account }, 'Reboot')
  io.say(`  ${describedServer(server)}`)
  io.say(
    `\n  ${io.c.yellow('One or two minutes of downtime')}, longer if there is much to recover; open connections are dropped.`,
  )
  io.say(
    server.restartPending ? '  The pending parameters take effect.' : '  Nothing waits for a restart: no parameter is pending.',
  )
  io.say(`  What is scheduled for the maintenance window stays scheduled. Time: ${io.c.bold(about(RESTART_TAKES.minutes))}.`)
}

const done = (s: Session, server: RdsServer, took: number): number => {
  const { io } = s
  if (io.json) io.event({ type: 'result', server: server.id, status: server.status, restartPending: server.restartPending })
  io.say(`\n${io.c.green('✓')} ${server.id} is back after ${elapsed(took)}.`)
  if (server.restartPending) io.say(`  ${io.c.yellow('!')} Parameters still wait for a restart.`)
  io.say(`  Next: ${io.c.cyan(commandLine(s.g, server.restartPending ? 'db reboot' : 'status'))}`)
  return 0
}
