import { round } from '../../engine/plan.ts'
import type { Snapshot } from '../../rds/snapshots.ts'
import { backupAdvice } from '../../session/backup-advice.ts'
import { orRefuse } from '../../session/database.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { openSession, type Session } from '../../session/session.ts'
import { billed, snapshotsOf, snapshotUsd } from '../../session/snapshots.ts'
import { columns, count, usd } from '../../ui/format.ts'

/** All snapshots of the stack's servers, newest first. */
export const snapshotsCommand = async (g: Globals): Promise<number> => {
  const s = await openSession(g)
  try {
    const found = await orRefuse(s, snapshotsOf(s))
    const monthlyUsd = round(found.reduce((sum, x) => sum + usdOf(s, x), 0))
    const usable = found.find((x) => x.status === 'available')
    const id = s.config.rds.identifier
    const next = usable
      ? commandLine(g, `db restore ${usable.name} --as ${id}-restored`)
      : commandLine(g, s.state.row('db-instance') ? 'db snapshot' : 'create rds')
    if (s.io.json) {
      s.io.data({ snapshots: found.map((x) => snapshotData(s, x)), monthlyUsd, next })
      return 0
    }
    const { io } = s
    const { c } = io
    header({ ...s, account: s.caller.account }, 'Snapshots')
    if (found.length === 0) io.say(`  There is no snapshot of ${id} yet. Next: ${c.cyan(next)}`)
    else {
      const several = new Set(found.map((x) => x.server)).size > 1
      const head = ['name', 'kind', 'of (UTC)', 'age', 'GB', 'status', '', 'a month', ...(several ? ['server'] : [])]
      const rows = found.map((x) => [
        x.name,
        x.kind,
        x.createdAt ? x.createdAt.toISOString().slice(0, 16).replace('T', ' ') : '',
        x.createdAt ? age(x.createdAt) : '',
        String(x.sizeGb),
        x.status === 'available' ? c.green(x.status) : c.yellow(x.status),
        x.encrypted ? 'encrypted' : c.yellow('not encrypted'),
        usdOf(s, x) > 0 ? usd(usdOf(s, x)) : '',
        ...(several ? [x.server] : []),
      ])
      io.say(columns([head.map((h) => c.dim(h)), ...rows], '<<<>><<>'))
      io.say(`\n  ${count(found.length, 'snapshot')}. Manual ones cost at most ${c.bold(usd(monthlyUsd))} a month: ${billed(s)}.`)
      io.say(
        `  Automated ones go with their server; manual ones stay until they are deleted: ${commandLine(g, 'db snapshot delete <name>')}`,
      )
    }
    if (s.state.row('db-instance')) {
      if (s.config.rds.backupRetentionDays > 0)
        io.say(`  As of any second: ${commandLine(g, `db restore --to-time <when> --as ${id}-restored`)}`)
      for (const line of backupAdvice(s.config)) io.say(`  ${line}`)
    }
    if (found.length > 0) io.say(`  Next: ${c.cyan(next)}`)
    return 0
  } finally {
    await s.close()
  }
}

const usdOf = (s: Session, { kind, sizeGb }: Snapshot): number => (kind === 'automated' ? 0 : snapshotUsd(s, sizeGb))

/** A snapshot in `--json`. */
export const snapshotData = (s: Session, x: Snapshot): object => ({
  name: x.name,
  kind: x.kind,
  server: x.server,
  createdAt: x.createdAt?.toISOString() ?? null,
  sizeGb: x.sizeGb,
  status: x.status,
  encrypted: x.encrypted,
  engine: x.engine,
  version: x.version,
  monthlyUsd: usdOf(s, x),
})

/** `5 min`, `3 h`, `12 days`. */
export const age = (at: Date): string => {
  const minutes = Math.max(0, Math.floor((Date.now() - at.getTime()) / 60_000))
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`
}
