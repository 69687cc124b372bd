import { classify } from '../aws/trouble.ts'
import { InfraError, refuse } from '../core/errors.ts'
import { type Bill, billFor, without } from '../engine/bill.ts'
import type { Report } from '../engine/events.ts'
import { until } from '../engine/wait.ts'
import { kindOf } from '../kinds/index.ts'
import { switchInstance } from '../rds/instance.ts'
import { daily, list, usd } from '../ui/format.ts'
import { figure, remark } from '../ui/money.ts'
import { commandLine } from './globals.ts'
import { lookAtServer, orGoesOn, type RdsServer } from './rds-server.ts'
import type { Session } from './types.ts'

/** docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html */
export const DAYS = 7
const DAY_MS = 86_400_000
/** Minutes usually, and at most: AWS recovers the database when it starts. */
export const TAKES = { stop: { minutes: 5, deadline: 60 }, start: { minutes: 6, deadline: 120 } } as const

/** When AWS starts a server again that is stopped now. */
export const backOn = (now = Date.now()): Date => new Date(now + DAYS * DAY_MS)

/** AWS stops neither a server with replicas nor a replica. @throws InfraError (exit 2) */
export const refuseReplicas = ({ id, replicas }: RdsServer): void => {
  if (replicas.length > 0)
    throw refuse(
      `The database server ${id} has to do with a read replica (${list(replicas)})`,
      'AWS stops neither a server with replicas nor a replica',
      'Delete the replica first, then run the same command again',
    )
}

/**
 * Asks AWS where that is still to be done, and waits.
 * @param words the command that goes on when this one is left
 */
export const changeServer = async (
  s: Session,
  before: RdsServer,
  verb: 'stop' | 'start',
  report: Report,
  words = `db ${verb}`,
): Promise<RdsServer> => {
  const { id } = before
  const key = 'db-instance'
  const cx = s.context(report)
  const [from, to] = verb === 'stop' ? (['available', 'stopped'] as const) : (['stopped', 'available'] as const)
  const under = verb === 'stop' ? 'stopping' : 'starting'
  /** Whether AWS has begun: then the old state again means that it has given up. */
  let begun = before.status === under
  const look = async () => {
    const server = await lookAtServer(s, id)
    const is = server?.status ?? 'gone'
    begun ||= is === under
    return { is, server }
  }
  const wait = async (reached: (is: string) => boolean): Promise<RdsServer> => {
    const again = `${commandLine(s.g, words)} goes on waiting; to see it: ${commandLine(s.g, 'status')}`
    const waited = until(cx, key, look, (seen) => reached(seen.is), TAKES[verb])
    const { server } = await orGoesOn(waited, `AWS goes on ${under} ${id} by itself`, again)
    if (!server)
      throw new InfraError(`The database server ${id} is gone`, {
        why: 'it was deleted meanwhile',
        next: commandLine(s.g, 'create rds'),
      })
    return server
  }
  const over = (is: string): boolean =>
    is === to || is === 'gone' || (begun && is === from) || /^(failed|incompatible-|inaccessible-|insufficient-)/.test(is)
  try {
    report({ type: 'resource.updating', key, title: 'RDS instance', name: id, why: verb })
    // One that is on its way down comes up only from the ground.
    const now = verb === 'start' && before.status === 'stopping' ? await wait((is) => is !== 'stopping') : before
    if (now.status === from) await ask(s, id, verb, [under, to])
    const after = await wait(over)
    if (verb === 'start' && after.status === from) throw noCapacity(s, after)
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

/** It was starting, and is stopped again: AWS had no room for it. What is stopped cannot be changed to another class either. */
const noCapacity = (s: Session, { id, instanceClass }: RdsServer): InfraError =>
  new InfraError(`The database server ${id} did not start: AWS has stopped it again`, {
    why: `usually there is no capacity for ${instanceClass} in its zone just now; its data is safe. A stopped server cannot be given another class`,
    next: `Try again later: ${commandLine(s.g, 'db start')}. Or make a server of another class beside it: set rds.instanceClass, then ${commandLine(s.g, 'db snapshots')} and infra db restore <snapshot> --as ${id}-2`,
  })

/** The call. One whose answer was lost, or that somebody else was quicker with, is no error: the status tells. */
const ask = async (s: Session, id: string, verb: 'stop' | 'start', wanted: readonly string[]): Promise<void> => {
  try {
    await switchInstance(s.aws, id, verb)
  } catch (error) {
    if (!/^(in-use|unknown-outcome)$/.test(classify(error))) throw error
    const now = (await lookAtServer(s, id))?.status ?? 'gone'
    if (!wanted.includes(now)) throw error
  }
}

export const describedServer = ({ id, instanceClass, engine, version, allocatedGb, storageType, multiAz }: RdsServer): string =>
  `${id}  ${instanceClass}${multiAz ? ', Multi-AZ' : ''}, ${engine} ${version}, ${allocatedGb} GB ${storageType}`

/** A month of the server as it is: while it runs, while it is stopped, and what stopping it saves. */
export const serverBills = (s: Session, server: RdsServer): { readonly asleep: Bill; readonly saved: Bill } => {
  const { engine, instanceClass, allocatedGb, storageType, multiAz } = server
  const want = { ...s.state.row('db-instance')?.want, engine, instanceClass, allocatedGb, storageType, multiAz }
  const bill = (more: { stopped?: true }): Bill => billFor(kindOf('rds.db-instance'), { ...want, ...more }, s.config.region)
  const asleep = bill({ stopped: true })
  return { asleep, saved: without(bill({}), asleep) }
}

/** What a server costs only while it runs, in words: its class, monitoring and what else goes by the hour. */
export const costOfServer = (s: Session, server: RdsServer): string => {
  const { saved } = serverBills(s, server)
  return `${figure(saved, s.io.c.bold)} a month, ${usd(daily(saved.usd))} a day${remark(saved)}`
}
