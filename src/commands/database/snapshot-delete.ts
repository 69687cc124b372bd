import { STACK_TAG } from '../../aws/tags.ts'
import { classify } from '../../aws/trouble.ts'
import { closest } from '../../config/closest.ts'
import { type InfraError, refuse } from '../../core/errors.ts'
import type { Report } from '../../engine/events.ts'
import { until } from '../../engine/wait.ts'
import { deleteSnapshot, findSnapshot, type Snapshot } from '../../rds/snapshots.ts'
import { orRefuse } from '../../session/database.ts'
import { commandLine } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { withReporter } from '../../session/outcome.ts'
import { orGoesOn, utc } from '../../session/rds-server.ts'
import { openSession, type Session } from '../../session/session.ts'
import { existingSnapshot, isOfStack, snapshotsOf, snapshotUsd } from '../../session/snapshots.ts'
import { usd } from '../../ui/format.ts'
import { type ConfirmFlags, confirmedByName } from './confirm.ts'

/** Usually seconds; minutes for a large one. */
const TAKES = { minutes: 0.5, deadline: 30 }

/**
 * Deletes one manual snapshot of this stack. A snapshot is data: the yes is its name, typed or given with `--yes --confirm`.
 * Run again after a kill it waits for AWS, or says that the snapshot is gone.
 */
export const snapshotDeleteCommand = async (given: string, flags: ConfirmFlags): Promise<number> => {
  const name = existingSnapshot(given)
  const words = `db snapshot delete ${name}`
  const s = await openSession(flags, `infra ${words}`)
  try {
    const found = await orRefuse(s, findSnapshot(s.aws, name))
    if (!found) {
      if (flags.yes && flags.confirm === name) return done(s, { name }, false)
      throw await unknown(s, name)
    }
    const no = refusalOf(s, found)
    if (no) throw no
    if (found.status !== 'deleting') {
      screen(s, found, await orRefuse(s, snapshotsOf(s)))
      const what = `This deletes the snapshot ${name} with all its data`
      if (!(await confirmedByName(s, flags, { name, kind: 'snapshot', what, words }))) return 0
    }
    await withReporter(s, (report) => remove(s, found, words, report))
    return done(s, found, true)
  } finally {
    await s.close()
  }
}

const unknown = async (s: Session, name: string): Promise<InfraError> => {
  const manual = (await orRefuse(s, snapshotsOf(s))).filter((x) => x.kind === 'manual')
  const meant = closest(
    name,
    manual.map((x) => x.name),
  )
  return refuse(
    `There is no snapshot ${name}`,
    meant ? `did you mean ${meant}?` : 'not in this account and region',
    commandLine(s.g, meant ? `db snapshot delete ${meant}` : 'db snapshots'),
  )
}

/** Why a snapshot is not infra's to delete; undefined where it is. */
const refusalOf = (s: Session, x: Snapshot): InfraError | undefined => {
  const list = commandLine(s.g, 'db snapshots')
  if (x.kind === 'automated')
    return refuse(
      `${x.name} is an automated snapshot`,
      `AWS deletes it itself once it is older than rds.backupRetentionDays (${s.config.rds.backupRetentionDays}), or with its server`,
      `${list} shows the manual ones, which can be deleted`,
    )
  if (x.kind !== 'manual')
    return refuse(`${x.name} is a snapshot of type ${x.kind}`, 'the service that made it manages it', 'Delete it there')
  const stack = x.tags[STACK_TAG]
  if (!isOfStack(s, x))
    return stack === undefined
      ? refuse(
          `The snapshot ${x.name} was not made by infra`,
          "it does not carry this stack's tag, so it is left alone",
          `aws rds delete-db-snapshot --db-snapshot-identifier ${x.name}`,
        )
      : refuse(
          `The snapshot ${x.name} belongs to another stack (${stack})`,
          'it is left alone',
          "Run the command in that stack's folder",
        )
  const making = [...s.state.all().values()].find((row) => row.want.fromSnapshot === x.name && row.is !== 'ready')
  if (making)
    return refuse(
      `${making.name} is being restored from ${x.name}`,
      'the restore needs the snapshot',
      `${commandLine(s.g, `db restore ${x.name} --as ${making.name}`)} first`,
    )
  if (!/^(available|failed|deleting)$/.test(x.status))
    return refuse(`The snapshot ${x.name} is ${x.status}`, 'AWS deletes a snapshot only when it is available', list)
  return undefined
}

const screen = (s: Session, x: Snapshot, all: readonly Snapshot[]): void => {
  const { io } = s
  const { c } = io
  header({ ...s, account: s.caller.account }, 'Delete snapshot')
  const at = x.createdAt ? `, of ${utc(x.createdAt)}` : ''
  io.say(`  ${c.red('- delete')}  ${c.bold(x.name)}  ${c.dim(`${x.engine} ${x.version} of ${x.server}, ${x.sizeGb} GB${at}`)}`)
  io.say(`\n  Saves at most ${c.bold(usd(snapshotUsd(s, x.sizeGb)))} a month. A deleted snapshot cannot be brought back.`)
  if (all.some((o) => o.name !== x.name && o.server === x.server && o.status === 'available')) return
  const gone = s.state.row('db-instance')?.attrs?.id !== x.server
  const why = gone ? ", and the server is gone: after this no copy of its data is left in RDS's snapshots" : ''
  io.say(`  ${c.yellow('!')} It is the last snapshot of ${x.server}${why}.`)
}

const remove = async (s: Session, x: Snapshot, words: string, report: Report): Promise<void> => {
  const cx = s.context(report)
  const look = async () => ({ is: (await findSnapshot(s.aws, x.name))?.status ?? 'gone' })
  try {
    report({ type: 'resource.deleting', key: x.name, title: 'snapshot', name: x.name })
    if (x.status !== 'deleting') await ask(s, x)
    const waited = until(cx, x.name, look, ({ is }) => is === 'gone', TAKES)
    await orGoesOn(waited, `AWS goes on deleting ${x.name}`, `${commandLine(s.g, words)} waits for it`)
  } catch (error) {
    throw s.explain(error)
  }
}

/** The call. When its answer is lost, or somebody else was faster, the snapshot itself tells. */
const ask = async (s: Session, { name }: Snapshot): Promise<void> => {
  try {
    await deleteSnapshot(s.aws, name)
  } catch (error) {
    if (!/^(in-use|unknown-outcome)$/.test(classify(error))) throw error
    const now = await findSnapshot(s.aws, name)
    if (now && now.status !== 'deleting') throw error
  }
}

const done = (s: Session, x: Pick<Snapshot, 'name'> & Partial<Snapshot>, deleted: boolean): number => {
  const { io } = s
  const savedMonthlyUsd = x.sizeGb === undefined ? 0 : snapshotUsd(s, x.sizeGb)
  if (io.json) io.event({ type: 'result', name: x.name, server: x.server ?? null, deleted, savedMonthlyUsd })
  io.say(
    deleted
      ? `\n${io.c.green('✓')} The snapshot ${x.name} is deleted.`
      : `${io.c.green('✓')} There is no snapshot ${x.name} in this account and region: nothing to delete.`,
  )
  io.say(`  Next: ${io.c.cyan(commandLine(s.g, 'db snapshots'))}`)
  return 0
}
