import { dirname, join } from 'node:path'
import { commandLine, type Globals } from '../../session/globals.ts'
import type { Session } from '../../session/session.ts'
import type { View } from '../../session/survey.ts'
import { columns } from '../../ui/format.ts'

/** What a person must do: with databases.via print, all inside the server that nobody has verified yet. */
export const byHand = (s: Session, view: View): ReadonlySet<string> => {
  if (s.inside.via !== 'print') return new Set()
  const open = view.graph.nodes().filter((n) => n.kind.facts.inside !== undefined && view.survey.get(n.key)?.is !== 'ready')
  return new Set(open.map((n) => n.key))
}

/** Writes the SQL for what a person must do, says how to run it, and records that it was handed over. */
export const handOver = async (s: Session, keys: ReadonlySet<string>, g: Globals): Promise<void> => {
  const { sqlFile, writeSqlFile, instructions } = await import('../../database/print.ts')
  const { names, appUser, secretOf, encoding, collation, roles } = s.config.databases
  const secret = s.config.secrets.database.name
  const shared = roles === 'shared'
  const password = (role: string) => ({ secret: shared ? secret : (secretOf[role] ?? role), key: 'password' })
  const tenants = (shared ? [appUser] : names).map((name) => ({ name, password: password(name) }))
  const { endpoint, port } = s.state.row('db-instance')?.attrs ?? {}
  const wanted = {
    roles: tenants,
    databases: names.map((name) => ({ name, owner: shared ? appUser : name, encoding, collation })),
  }
  const path = join(dirname(s.loaded.file), `databases-${s.config.environment}.sql`)
  await writeSqlFile(path, sqlFile(wanted))
  const at = new Date().toISOString()
  await s.state.update((draft) => {
    draft.handedOver = { path, at }
  })
  const bastion = s.state.row('bastion')?.attrs?.id
  const lines = instructions({
    file: path,
    region: s.config.region,
    secret,
    roles: tenants,
    ...(typeof endpoint === 'string' ? { host: endpoint, port: Number(port) } : {}),
    ...(typeof bastion === 'string' ? { bastion } : {}),
    hasBastion: s.config.steps.includes('bastion'),
  })
  const { c } = s.io
  if (s.io.json) s.io.event({ type: 'by-hand', file: path, keys: [...keys] })
  s.io.say(
    `\n  ${c.yellow('!')} What is inside the server is yours to do (databases.via is print). The SQL, without any secret: ${c.bold(path)}`,
  )
  s.io.say(
    columns(
      lines.map((line) => [line]),
      '',
      '    ',
    ),
  )
  s.io.say(`  Then: ${c.cyan(commandLine(g, 'db verify --result <what it printed>'))}`)
}
