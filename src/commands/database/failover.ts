import { InfraError, refuse } from '../../core/errors.ts'
import { STALE_MS } from '../../engine/wait.ts'
import { agreed } from '../../session/confirm.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { READY } from '../../session/make-snapshot.ts'
import { withReporter } from '../../session/outcome.ts'
import { busy, type RdsServer, refuseAdopted, stackServer, utc } from '../../session/rds-server.ts'
import { openSession, type Session } from '../../session/session.ts'
import { describedServer } from '../../session/stop-server.ts'
import type { Failover } from '../../state/memory.ts'
import { about, elapsed } from '../../ui/format.ts'
import { RESTART_TAKES, restart } from './restart-server.ts'

const WORDS = 'db failover'
/** Milliseconds for which the request of a killed run counts: AWS shows the new zone within minutes. */
const RECENT_MS = 900_000

/** Milliseconds within which AWS shows a sign of a failover: the status, or the zone. */
const SIGN_MS = 60_000

/** The standby in the other zone takes over, and today's server becomes the standby. Only with Multi-AZ. */
export const failoverCommand = async (flags: Globals): Promise<number> => {
  const s = await openSession(flags, `infra ${WORDS}`)
  try {
    const server = await stackServer(s, WORDS)
    refuseAdopted(server.row, `aws rds reboot-db-instance --force-failover --db-instance-identifier ${server.id}`)
    if (!server.multiAz)
      throw refuse(
        `The database server ${server.id} has no standby to fail over to`,
        'rds.multiAz is off: it runs in one zone only',
        `Set rds.multiAz: true in infra.yaml (it doubles the price of the server) and run ${commandLine(flags, 'create rds')}; a plain restart: ${commandLine(flags, 'db reboot')}`,
      )
    const asked = askedIn(s, server.id)
    if (asked && asked.from !== server.zone && READY.test(server.status)) return await done(s, server, asked.from, undefined)
    if (asked || server.status === 'rebooting') {
      const when = asked ? `at ${utc(new Date(asked.at))}` : 'already'
      s.io.say(`A restart of ${server.id} was asked for ${when}; this waits for it.`)
    } else {
      if (!READY.test(server.status)) throw busy(s, server, WORDS)
      screen(s, server)
      if (!(await agreed(s, flags, 'Fail over?', 'This would interrupt the database', commandLine(flags, `${WORDS} --yes`))))
        return 0
    }
    const began = Date.now()
    const from = asked?.from ?? server.zone
    const after = await withReporter(s, async (report) => {
      if (!asked) await remember(s, { server: server.id, from, at: new Date().toISOString() })
      const watch = asked ? { watchMs: Math.max(STALE_MS, SIGN_MS - (began - Date.parse(asked.at))) } : {}
      return restart(s, { ...server, zone: from }, { failover: true, words: WORDS, ...watch }, report)
    })
    if (after.seen) return await done(s, after.server, from, Date.now() - began)
    await remember(s, undefined)
    throw new InfraError(`AWS shows no failover of ${server.id}`, {
      why: 'the run before this one was probably killed before it asked for one',
      next: `${commandLine(flags, WORDS)} asks for it`,
    })
  } finally {
    await s.close()
  }
}

const askedIn = (s: Session, id: string): Failover | undefined => {
  const asked = s.state.failover
  if (asked?.server !== id) return undefined
  const age = Date.now() - Date.parse(asked.at)
  return age >= 0 && age < RECENT_MS ? asked : undefined
}

const remember = (s: Session, asked: Failover | undefined): Promise<void> =>
  s.state.update((draft) => {
    draft.failover = asked
  })

const screen = (s: Session, server: RdsServer): void => {
  const { io } = s
  const { c } = io
  header({ ...s, account: s.caller.account }, 'Failover')
  io.say(`  ${describedServer(server)}`)
  io.say(
    `\n  ${c.bold(server.zone)} -> ${c.bold(server.standbyZone || 'the other zone')}: the standby takes over with everything that was committed. The address stays the same.`,
  )
  io.say(
    `  ${c.yellow('One or two minutes of downtime')}: open connections are dropped, and what was not committed is rolled back. Applications must reconnect, and resolve the address again.`,
  )
  if (server.restartPending)
    io.say(
      `  ${c.yellow('!')} Parameters wait for a restart, and AWS applies another group of them only without a failover: ${commandLine(s.g, 'db reboot')}`,
    )
  io.say(`  Costs nothing. Time: ${c.bold(about(RESTART_TAKES.minutes))}.`)
}

const done = async (s: Session, server: RdsServer, from: string, took: number | undefined): Promise<number> => {
  const { io } = s
  const { c } = io
  await remember(s, undefined)
  const moved = server.zone !== from
  if (io.json) io.event({ type: 'result', server: server.id, status: server.status, from, zone: server.zone, moved })
  const when = took === undefined ? '' : ` after ${elapsed(took)}`
  const gap = took === undefined ? '' : '\n'
  io.say(
    moved
      ? `${gap}${c.green('✓')} ${server.id} serves from ${c.bold(server.zone)}${when}; the standby is in ${server.standbyZone || from}.`
      : `${gap}${c.green('✓')} ${server.id} is back${when}. ${c.yellow('!')} AWS still shows the zone ${from}, which can take a few minutes to change.`,
  )
  if (server.restartPending)
    io.say(`  ${c.yellow('!')} Parameters still wait for a restart without a failover: ${commandLine(s.g, 'db reboot')}`)
  io.say(`  Next: ${c.cyan(commandLine(s.g, 'status'))}`)
  return 0
}
