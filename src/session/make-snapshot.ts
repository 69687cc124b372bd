import { classify } from '../aws/trouble.ts'
import { InfraError, refuse } from '../core/errors.ts'
import type { Report } from '../engine/events.ts'
import { until } from '../engine/wait.ts'
import { createSnapshot, findSnapshot, type Snapshot } from '../rds/snapshots.ts'
import { commandLine } from './globals.ts'
import { orGoesOn, type RdsServer } from './rds-server.ts'
import { isOfStack, snapshotTags } from './snapshots.ts'
import type { Session } from './types.ts'

/** The first one of a server copies all of it; later ones only what has changed. */
export const TAKES = { minutes: 4, deadline: 120 }
export const READY = /^(available|storage-optimization|storage-initialization)$/

/** `shop-db-2026-11-22-0231`, UTC. */
export const defaultName = (server: string): string =>
  `${server}-${new Date().toISOString().slice(0, 16).replace('T', '-').replace(':', '')}`

/** The one of this name, if it is this stack's. @throws InfraError (exit 2) when the name is taken by another */
export const ours = async (s: Session, { id }: RdsServer, name: string): Promise<Snapshot | undefined> => {
  const found = await findSnapshot(s.aws, name)
  if (found && (found.server !== id || !isOfStack(s, found)))
    throw refuse(
      `The name ${name} is taken by a snapshot of ${found.server}`,
      found.server === id ? 'infra did not make it' : `this stack's server is ${id}`,
      commandLine(s.g, `db snapshot ${defaultName(id)}`),
    )
  return found
}

/** Asks for a snapshot, unless that is done already, and waits until it is there. */
export const makeSnapshot = async (
  s: Session,
  server: RdsServer,
  name: string,
  begun: boolean,
  report: Report,
): Promise<Snapshot> => {
  const cx = s.context(report)
  const look = async () => {
    const snapshot = await findSnapshot(s.aws, name)
    return { is: snapshot?.status ?? 'not shown yet', snapshot }
  }
  try {
    report({ type: 'resource.creating', key: name, title: 'snapshot', name })
    if (!begun) await ask(s, server, name)
    const again = `${commandLine(s.g, `db snapshot ${name}`)} goes on waiting; to see it: ${commandLine(s.g, 'db snapshots')}`
    const waited = until(cx, name, look, ({ is }) => /^(available|failed)$/.test(is), TAKES)
    const { is, snapshot } = await orGoesOn(waited, `AWS goes on making the snapshot ${name} by itself`, again)
    if (is === 'available' && snapshot) return snapshot
    throw new InfraError(`The snapshot ${name} has failed`, {
      why: 'AWS tells why in the events of the server',
      next: `aws rds describe-events --source-type db-snapshot --source-identifier ${name}`,
    })
  } catch (error) {
    throw s.explain(error)
  }
}

/** The call. One whose answer was lost is looked for. */
const ask = async (s: Session, server: RdsServer, name: string): Promise<void> => {
  try {
    await createSnapshot(s.aws, server.id, name, snapshotTags(s, name))
  } catch (error) {
    if (!/^(exists|unknown-outcome)$/.test(classify(error)) || !(await ours(s, server, name))) throw error
  }
}
