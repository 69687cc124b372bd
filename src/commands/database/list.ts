import type { DatabaseSeen, Inside } from '../../aws/sql.ts'
import { refuse } from '../../core/errors.ts'
import { type DbFlags, openDb, orRefuse, recordedDatabase, serverAt } from '../../session/database.ts'
import { commandLine } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import type { Session } from '../../session/session.ts'
import { columns, count, list } from '../../ui/format.ts'

interface Listed extends DatabaseSeen {
  /** It stands in infra.yaml. */
  readonly managed: boolean
}

/** The databases that are in the server, with owners and who is connected; and those that should be there and are not. */
export const listCommand = async (flags: DbFlags): Promise<number> => {
  const s = await openDb(flags, { words: 'list', use: 'sql' })
  try {
    const server = await serverAt(s)
    // A container that looks in costs a cent; whoever asks for this wants to know.
    s.inside.begin()
    const look = await orRefuse(s, s.aws.sql('Look', { server }))
    if (look.is === 'closed') throw refuse('Nobody can look into the server now', look.why, commandLine(flags, 'status'))
    const { names } = s.config.databases
    const found = shown(look.inside, names)
    const missing = names.filter((name) => !found.some((d) => d.name === name))
    if (s.io.json) s.io.data({ via: look.via, server: server.id, version: look.inside.version, databases: found, missing })
    else screen(s, { id: server.id, version: look.inside.version, via: look.via }, found, missing)
    return 0
  } finally {
    await s.close()
  }
}

/** Those of infra.yaml first, in its order. Amazon's own one lets nobody in. */
const shown = (inside: Inside, names: readonly string[]): Listed[] => {
  const place = (name: string): number => (names.includes(name) ? names.indexOf(name) : names.length)
  return inside.databases
    .filter((d) => d.name !== 'rdsadmin')
    .map((d) => ({ ...d, managed: names.includes(d.name) }))
    .sort((a, b) => place(a.name) - place(b.name) || (a.name < b.name ? -1 : 1))
}

const HOME = /^(postgres|mysql)$/

const screen = (
  s: Session,
  server: { id: string; version: string; via: string },
  found: readonly Listed[],
  missing: readonly string[],
): void => {
  const { io, g } = s
  const { c } = io
  header({ ...s, account: s.caller.account }, 'Databases')
  io.say(`  ${c.bold(server.id)}  version ${server.version}, looked at: ${server.via}\n`)
  const rows = found.map((d) => [
    c.bold(d.name),
    d.owner === '' ? '-' : d.owner,
    d.encoding,
    d.collation,
    d.publicConnect ? 'everybody' : 'owner only',
    String(d.sessions),
    d.managed
      ? ''
      : c.dim(
          HOME.test(d.name) ? "the server's own" : recordedDatabase(s, d.name) ? 'no longer in infra.yaml' : 'not in infra.yaml',
        ),
  ])
  const gone = missing.map((name) => [name, '-', '-', '-', '-', '-', c.yellow('missing: in infra.yaml, not in the server')])
  const head = ['name', 'owner', 'encoding', 'collation', 'may connect', 'sessions', ''].map((h) => c.dim(h))
  io.say(columns([head, ...rows, ...gone], '<<<<<><'))
  const open = found.filter((d) => d.managed && d.publicConnect).map((d) => d.name)
  io.say(
    `\n  ${count(found.filter((d) => d.managed).length, 'database')} of infra.yaml, ${count(found.filter((d) => !d.managed).length, 'other')}.`,
  )
  if (open.length > 0)
    io.say(`  ${c.yellow('!')} Everybody who can log in may connect to ${list(open)}; create databases closes that.`)
  const [first] = found.filter((d) => d.managed)
  const next = missing.length > 0 || open.length > 0 ? 'create databases' : first ? `db connect ${first.name}` : 'db add <name>'
  io.say(`  Next: ${c.cyan(commandLine(g, next))}`)
}
