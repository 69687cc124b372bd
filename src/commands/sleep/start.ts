import { isChecked } from '../../ecs/scaling.ts'
import { findService } from '../../ecs/service.ts'
import { agreed } from '../../session/confirm.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import { withReporter } from '../../session/outcome.ts'
import { justMade } from '../../session/owner.ts'
import { busy, type RdsServer, refuseAdopted } from '../../session/rds-server.ts'
import { type Counted, followCount, knownNow } from '../../session/rollout/count.ts'
import { orRefuse, placeOf } from '../../session/service.ts'
import { openSession, type Session } from '../../session/session.ts'
import { changeServer } from '../../session/stop-server.ts'
import { count, elapsed, list } from '../../ui/format.ts'
import { startScreen } from './screen.ts'
import { allAtOnce, lift, type Sleepable, servicesOf, wakesWith } from './stack.ts'
import { serverOf } from './stop.ts'

/** Brings the whole stack back as it was: the database, then every service with its number; followed until all are well. */
export const startAllCommand = async (g: Globals): Promise<number> => {
  const s = await openSession(g, 'infra start')
  try {
    return await startAll(s)
  } finally {
    await s.close()
  }
}

/** The work of `infra start`, in an open session. @returns the exit code */
export const startAll = async (s: Session): Promise<number> => {
  const { g } = s
  const all = await orRefuse(s, servicesOf(s, 'start'))
  const server = await serverOf(s, 'start')
  const sleeping = server && /^(stopped|stopping|starting)$/.test(server.status) ? server : undefined
  if (sleeping) refuseAdopted(sleeping.row, `aws rds start-db-instance --db-instance-identifier ${sleeping.id}`)
  else if (server && /^(failed|incompatible-|inaccessible-|creating|deleting)/.test(server.status)) throw busy(s, server, 'start')
  const services = all.filter((x) => x.sleeper !== undefined)
  if (sleeping || services.length > 0) {
    startScreen(s, { services, server: sleeping, notes: [] })
    if (!(await agreed(s, g, 'Wake it?', 'This would start the stack', commandLine(g, 'start --yes')))) return 0
  }
  const began = Date.now()
  const work = sleeping !== undefined || services.length > 0
  // Also what a run that was killed has begun.
  const toFollow = all.flatMap((x) => {
    const n = wakesWith(s, x)
    return n > 0 && (x.sleeper || x.service.runningCount !== n) ? [{ x, n }] : []
  })
  // Before they are lifted: what has failed before then is no news.
  const open = await orRefuse(s, Promise.all(toFollow.map(async (of) => ({ ...of, ...(await lookedAt(s, of.x)) }))))
  const after = work ? await withReporter(s, (report) => wake(s, services, sleeping, report)) : undefined
  const followed: Followed[] = []
  for (const { x, n, p, found, known } of open) {
    const aim = { count: n, from: x.service.desiredCount ?? 0, ...known, checked: isChecked(found.definition) }
    const seen = await followCount(p, { found, aim, again: commandLine(g, 'start'), scales: x.target !== undefined })
    followed.push({ x, n, seen })
    if (seen.outcome === 'interrupted') break
  }
  return ended(s, { server: after ?? server, followed, began, changed: work || open.length > 0, services })
}

const lookedAt = async (s: Session, x: Sleepable) => {
  const p = placeOf(s, s.g, { key: x.key, cluster: x.cluster, name: x.name })
  const found = await findService(s.aws, x.cluster, x.name, undefined, justMade(s, x.key))
  return { p, found, known: await knownNow(p, found) }
}

/** The server first: without it no application gets to be healthy. */
const wake = async (
  s: Session,
  services: readonly Sleepable[],
  server: RdsServer | undefined,
  report: Parameters<typeof lift>[2],
): Promise<RdsServer | undefined> => {
  try {
    const after = server ? await changeServer(s, server, 'start', report, 'start') : undefined
    await allAtOnce(services, (x) => lift(s, x, report))
    return after
  } catch (error) {
    throw s.explain(error)
  }
}

interface Followed {
  readonly x: Sleepable
  /** How many tasks it comes back with. */
  readonly n: number
  readonly seen: Counted
}

interface Ended {
  readonly server: RdsServer | undefined
  readonly followed: readonly Followed[]
  readonly services: readonly Sleepable[]
  readonly began: number
  readonly changed: boolean
}

const ended = (s: Session, { server, followed, services, began, changed }: Ended): number => {
  const { io, g } = s
  const code = followed.map((f) => f.seen.code).find((c) => c !== 0) ?? 0
  if (io.json)
    io.event({
      type: 'result',
      changed,
      services: [
        ...followed.map(({ x, n, seen }) => ({ key: x.key, name: x.name, to: n, running: seen.running, outcome: seen.outcome })),
        ...services
          .filter((x) => !followed.some((f) => f.x === x))
          .map((x) => ({ key: x.key, name: x.name, to: 0, running: 0, outcome: 'unchanged' })),
      ],
      server: server ? { id: server.id, status: server.status } : null,
    })
  if (code !== 0) return code
  if (!changed) {
    io.say(`${io.c.green('✓')} Nothing sleeps: all runs already. Next: ${io.c.cyan(commandLine(g, 'status'))}`)
    return 0
  }
  const names = [...(server ? [server.id] : []), ...followed.map(({ x, n }) => `${x.name} (${count(n, 'task')})`)]
  io.say(`\n${io.c.green('✓')} Back after ${elapsed(Date.now() - began)}: ${list(names) || 'as it was'}.`)
  io.say(`  Next: ${io.c.cyan(commandLine(g, 'status'))}`)
  return 0
}
