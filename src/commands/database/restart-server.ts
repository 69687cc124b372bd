import { classify } from '../../aws/trouble.ts'
import { InfraError } from '../../core/errors.ts'
import type { Report } from '../../engine/events.ts'
import { STALE_MS, until } from '../../engine/wait.ts'
import { rebootInstance } from '../../rds/instance.ts'
import { commandLine } from '../../session/globals.ts'
import { READY } from '../../session/make-snapshot.ts'
import { lookAtServer, orGoesOn, type RdsServer } from '../../session/rds-server.ts'
import type { Session } from '../../session/session.ts'

/** Usual minutes, and at most: a database with much to recover takes longer. */
export const RESTART_TAKES = { minutes: 2, deadline: 60 }
const FAILED = /^(failed|incompatible-|inaccessible-|insufficient-)/

/** The new zone may be shown minutes after the standby has taken over; then the wait ends all the same. */
const ZONE_LATE_MS = 300_000

export interface Restart {
  /** Through the standby. */
  readonly failover: boolean
  /** The command that goes on with it, without `infra`. */
  readonly words: string
  /** Set where an earlier run has asked AWS, or was about to: this one only watches, for so many milliseconds without any sign. */
  readonly watchMs?: number
}

/**
 * Asks AWS for the restart where that is still to be done, and follows until the server can be used; after a failover, in its new zone.
 * @returns the server as it is then; `seen` is false where AWS shows no sign of what an earlier run may have asked for
 */
export const restart = async (
  s: Session,
  before: RdsServer,
  { failover, words, watchMs }: Restart,
  report: Report,
): Promise<{ server: RdsServer; seen: boolean }> => {
  const { id } = before
  const cx = s.context(report)
  let begun = before.status === 'rebooting'
  let upSince: number | undefined
  const look = async () => {
    const server = await lookAtServer(s, id)
    const is = server?.status ?? 'gone'
    begun ||= !READY.test(is)
    return { is, server }
  }
  try {
    const why = failover ? 'failover' : 'reboot'
    report({ type: 'resource.updating', key: 'db-instance', title: 'RDS instance', name: id, why })
    if (!begun && watchMs === undefined) await ask(s, before, failover)
    const since = cx.clock.now()
    const settled = (server: RdsServer | undefined): boolean => {
      if (!failover) return begun || parametersTaken(before, server) || cx.clock.now() - since > STALE_MS
      if (server?.zone !== before.zone) return true
      if (watchMs !== undefined && !begun) return cx.clock.now() - since > watchMs
      upSince ??= cx.clock.now()
      return cx.clock.now() - upSince > ZONE_LATE_MS
    }
    const up = ({ is, server }: Awaited<ReturnType<typeof look>>): boolean =>
      is === 'gone' || FAILED.test(is) || (READY.test(is) && settled(server))
    const again = `${commandLine(s.g, words)} goes on waiting; to see it: ${commandLine(s.g, 'status')}`
    const doing = failover ? `AWS goes on with the failover of ${id}` : `AWS goes on rebooting ${id}`
    const { is, server } = await orGoesOn(until(cx, 'db-instance', look, up, RESTART_TAKES), doing, again)
    if (server && READY.test(is)) return { server, seen: watchMs === undefined || begun || server.zone !== before.zone }
    throw new InfraError(`The database server ${id} is ${is}`, {
      why: 'it did not come back from its restart',
      next: `${commandLine(s.g, 'plan')} says what can be done; AWS's own words: aws rds describe-events --source-type db-instance --source-identifier ${id}`,
    })
  } catch (error) {
    throw s.explain(error)
  }
}

/** Parameters that were pending are not any more: it was restarted, however quickly. */
const parametersTaken = (before: RdsServer, after: RdsServer | undefined): boolean =>
  before.restartPending && after?.restartPending === false

/** The call. When its answer is lost, or somebody else was faster, the server itself tells. */
const ask = async (s: Session, before: RdsServer, failover: boolean): Promise<void> => {
  try {
    await rebootInstance(s.aws, before.id, failover)
  } catch (error) {
    if (!/^(in-use|unknown-outcome)$/.test(classify(error))) throw error
    const now = await lookAtServer(s, before.id)
    const moved = failover && now !== undefined && now.zone !== before.zone
    if (now?.status !== 'rebooting' && !parametersTaken(before, now) && !moved) throw error
  }
}
