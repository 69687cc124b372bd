import { refuse } from '../../core/errors.ts'
import type { Action, Plan } from '../../engine/plan.ts'
import { until } from '../../engine/wait.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import { makeSnapshot, READY, TAKES } from '../../session/make-snapshot.ts'
import { withReporter } from '../../session/outcome.ts'
import { busy, lookAtServer, orGoesOn, type RdsServer } from '../../session/rds-server.ts'
import { orRefuse } from '../../session/service.ts'
import type { Session } from '../../session/session.ts'
import { isOfStack, snapshotsOf, snapshotUsd } from '../../session/snapshots.ts'
import { asker } from '../../ui/ask.ts'
import { about, list, usd } from '../../ui/format.ts'

export interface SnapshotFlags extends Globals {
  /** Given: whether servers get a snapshot before they are changed. */
  readonly snapshotFirst?: boolean
}

/** A snapshot that a run before this one has taken for the same change serves for so long. */
const FRESH_MS = 15 * 60_000

const worthOne = (plan: Plan): Action[] => plan.actions.filter((a) => a.action === 'update' && a.impact?.snapshot)

/** In the plan: what create does about a snapshot of each server that it changes. */
export const saySnapshots = ({ io }: Session, plan: Plan): void => {
  for (const { name, impact } of worthOne(plan)) {
    const does = {
      take: `infra create takes a snapshot of ${name} first (--no-snapshot-first skips it)`,
      offer: `infra create offers to take a snapshot of ${name} first; in a script, --snapshot-first takes one`,
      later: `infra create offers to take a snapshot of ${name}, which is older than the change by then; in a script, --snapshot-first takes one`,
      decide: `infra create asks whether to take a snapshot of ${name} first; in a script, say --snapshot-first or --no-snapshot-first`,
    }
    if (impact?.snapshot) io.say(`  ${does[impact.snapshot]}.`)
  }
}

/**
 * Which servers get a snapshot before the plan is carried out: asked of a person, told by a flag in a script.
 * @param typed the same command, with these words more
 * @returns their keys
 * @throws InfraError (exit 2) where data goes with the change and nobody says what to do
 */
export const snapshotsWanted = async (
  s: Session,
  plan: Plan,
  flags: SnapshotFlags,
  typed: (more: string) => string,
): Promise<string[]> => {
  const worth = worthOne(plan)
  if (worth.length === 0) return []
  const keys = worth.map((a) => a.key)
  if (flags.snapshotFirst !== undefined) return flags.snapshotFirst ? keys : []
  if (s.io.interactive) return asked(s, worth)
  const decide = worth.filter((a) => a.impact?.snapshot === 'decide')
  if (decide.length > 0)
    throw refuse(
      `${list(decide.map((a) => a.name))}: this change deletes all automated backups`,
      'they are data, so --yes is not enough; nothing was changed',
      `${typed('--snapshot-first')} takes a snapshot first; --no-snapshot-first keeps nothing`,
    )
  const taken = worth.filter((a) => a.impact?.snapshot === 'take')
  for (const a of worth)
    s.io.say(
      taken.includes(a)
        ? `  A snapshot of ${a.name} is taken first (--no-snapshot-first skips it).`
        : `  No snapshot of ${a.name} is taken first (--snapshot-first takes one).`,
    )
  return taken.map((a) => a.key)
}

const asked = async (s: Session, worth: readonly Action[]): Promise<string[]> => {
  const wanted: string[] = []
  for (const { key, name, impact } of worth) {
    const server = await serverOf(s, key)
    const cost = server ? `, at most ${usd(snapshotUsd(s, server.allocatedGb))} a month until you delete it` : ''
    const old = impact?.snapshot === 'later' ? '; the change itself comes later, so it would be older than that' : ''
    const question = `Take a snapshot of ${name} first? (${about(TAKES.minutes)}${cost}${old})`
    s.io.say()
    if (await asker(s.io).confirm(question, impact?.snapshot !== 'later', '--snapshot-first')) wanted.push(key)
  }
  return wanted
}

const serverOf = async (s: Session, key: string): Promise<RdsServer | undefined> => {
  const id = s.state.row(key)?.attrs?.id
  return typeof id === 'string' ? orRefuse(s, lookAtServer(s, id)) : undefined
}

/** Takes them one after another, and waits until each server can be changed. @returns the names of the snapshots */
export const takeSnapshots = async (s: Session, keys: readonly string[], words: string): Promise<string[]> => {
  const names: string[] = []
  for (const key of keys) {
    const server = await serverOf(s, key)
    if (!server) continue
    const prefix = `${server.id}-before-`
    const usable = (await orRefuse(s, snapshotsOf(s))).find(
      (x) =>
        x.server === server.id &&
        x.name.startsWith(prefix) &&
        isOfStack(s, x) &&
        (x.status === 'creating' || (x.status === 'available' && Date.now() - (x.createdAt?.getTime() ?? 0) < FRESH_MS)),
    )
    const name = usable?.name ?? `${prefix}${new Date().toISOString().slice(0, 16).replace('T', '-').replace(':', '')}`
    if (!usable && !READY.test(server.status)) throw busy(s, server, words)
    if (usable?.status !== 'available')
      await withReporter(s, async (report) => {
        await makeSnapshot(s, server, name, usable !== undefined, report)
        await untilReady(s, server, words, report)
      })
    s.io.say(
      `${s.io.c.green('✓')} The snapshot ${name} is there${usable ? ' already' : ''}. To see it: ${commandLine(s.g, 'db snapshots')}`,
    )
    names.push(name)
  }
  return names
}

/** A server is backing up for a moment longer than its snapshot takes. */
const untilReady = (
  s: Session,
  { id }: RdsServer,
  words: string,
  report: Parameters<Session['context']>[0],
): Promise<unknown> => {
  const look = async () => ({ is: (await lookAtServer(s, id))?.status ?? 'gone' })
  const waited = until(s.context(report), id, look, ({ is }) => READY.test(is) || is === 'gone', TAKES)
  return orGoesOn(waited, `the snapshot of ${id} is there`, commandLine(s.g, words))
}
