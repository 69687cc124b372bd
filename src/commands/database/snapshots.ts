import type { Snapshot } from '../../rds/snapshots.ts'
import { agreed } from '../../session/confirm.ts'
import { orRefuse } from '../../session/database.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { defaultName, makeSnapshot, ours, READY, TAKES } from '../../session/make-snapshot.ts'
import { withReporter } from '../../session/outcome.ts'
import { busy, type RdsServer, stackServer, utc } from '../../session/rds-server.ts'
import { openSession, type Session } from '../../session/session.ts'
import { billed, isOfStack, snapshotName, snapshotsOf, snapshotUsd } from '../../session/snapshots.ts'
import { about, elapsed, list, usd } from '../../ui/format.ts'
import { age, snapshotData } from './snapshot-list.ts'

/** A snapshot of the whole server. It stays until it is deleted. */
export const snapshotCommand = async (given: string | undefined, g: Globals): Promise<number> => {
  const wanted = given === undefined ? undefined : snapshotName(given)
  const s = await openSession(g, `infra ${['db', 'snapshot', ...(wanted ? [wanted] : [])].join(' ')}`)
  try {
    const server = await stackServer(s, 'db snapshot')
    const found = await orRefuse(s, wanted ? ours(s, server, wanted) : begun(s, server))
    const name = found?.name ?? wanted ?? defaultName(server.id)
    if (found?.status === 'available') return done(s, found, undefined)
    if (!found) {
      if (!READY.test(server.status)) throw busy(s, server, ['db snapshot', ...(wanted ? [wanted] : [])].join(' '))
      snapshotScreen(s, server, name)
      // The name goes along: whoever runs this a second time gets the same snapshot, not a second one.
      const command = commandLine(g, `db snapshot ${name} --yes`)
      if (!(await agreed(s, g, 'Make it?', 'This would make a snapshot', command))) return 0
    } else s.io.say(`The snapshot ${name} is being made already; this waits for it.`)
    const began = Date.now()
    const made = await withReporter(s, (report) => makeSnapshot(s, server, name, found !== undefined, report))
    return done(s, made, Date.now() - began)
  } finally {
    await s.close()
  }
}

/** The one that a run before this one has asked for, and that was killed. */
const begun = async (s: Session, { id }: RdsServer): Promise<Snapshot | undefined> =>
  (await snapshotsOf(s)).find((x) => x.server === id && x.kind === 'manual' && x.status === 'creating' && isOfStack(s, x))

const snapshotScreen = (s: Session, server: RdsServer, name: string): void => {
  const { io } = s
  const { c } = io
  const held = [...s.state.all().values()].filter((r) => r.type === 'sql.database').map((r) => r.name)
  header({ ...s, account: s.caller.account }, 'Snapshot')
  io.say(`  ${c.green('+ snapshot')}  ${c.bold(name)}  ${c.dim(`of ${server.id}, ${server.allocatedGb} GB`)}`)
  io.say(
    `\n  It holds the whole server${held.length > 0 ? ` with all its databases (${list(held)})` : ''}. One database alone: infra db backup <name>`,
  )
  io.say('  It stays until you delete it, also after infra destroy.')
  if (!server.multiAz) io.say('  Without Multi-AZ the server may stand still for some seconds when it begins.')
  io.say(
    `  Costs at most ${c.bold(usd(snapshotUsd(s, server.allocatedGb)))} a month (${billed(s)}). Time: ${c.bold(about(TAKES.minutes))}.`,
  )
}

const done = (s: Session, made: Snapshot, took: number | undefined): number => {
  const { io } = s
  const next = commandLine(s.g, 'db snapshots')
  if (io.json) io.event({ type: 'result', ...snapshotData(s, made), made: took !== undefined })
  const said =
    took === undefined
      ? `is there already${made.createdAt ? `, of ${utc(made.createdAt)} (${age(made.createdAt)} ago)` : ''}.`
      : `is there after ${elapsed(took)}.`
  io.say(`${took === undefined ? '' : '\n'}${io.c.green('✓')} The snapshot ${made.name} ${said}`)
  io.say(`  To delete it one day: ${commandLine(s.g, `db snapshot delete ${made.name}`)}`)
  io.say(`  Next: ${io.c.cyan(next)}`)
  return 0
}
