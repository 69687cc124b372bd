import type { Server } from '../../aws/sql.ts'
import { refuse } from '../../core/errors.ts'
import { openDb, recordedDatabase, serverAt } from '../../session/database.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import type { Session } from '../../session/session.ts'
import { stoppable } from '../../session/stoppable.ts'
import { columns } from '../../ui/format.ts'
import { addressFor, type Place } from './address.ts'
import type { TunnelFlags } from './definitions.ts'
import { type As, type LoginAt, loginAt } from './login.ts'
import { libpq, mysqlArgs } from './tools.ts'

/** Keeps a way to the server open until Ctrl-C, with the line to connect by. Where none is needed, it says so. */
export const tunnelCommand = async (flags: TunnelFlags): Promise<number> => {
  const localPort = portFlag(flags.port)
  const s = await openDb(flags, { words: 'tunnel', use: 'stream' })
  try {
    const server = await serverAt(s)
    return await stoppable(s, async (signal) => {
      const place = await addressFor(s, server, { signal, localPort })
      try {
        await say(s, server, place, flags)
        if (!place.tunnelled) return 0
        const over = await Promise.race([place.ended, stopped(signal)])
        if (over) throw over
      } finally {
        await place.close()
      }
      s.io.note('The tunnel is closed.')
      return 0
    })
  } finally {
    await s.close()
  }
}

const portFlag = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port > 0 && port < 65536) return port
  throw refuse(`--port is ${text}`, 'it must be a number from 1 to 65535', 'for example --port 5433')
}

const stopped = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined))
  })

/** How to get in by hand. Commands that fetch a password stand for the password itself. */
const say = async (s: Session, server: Server, place: Place, g: Globals): Promise<void> => {
  const database = s.config.databases.names.find((name) => recordedDatabase(s, name))
  const as: As = database === undefined ? 'master' : 'app'
  const to = {
    database: database ?? (server.engine === 'mysql' ? 'mysql' : 'postgres'),
    login: await loginAt(s, server, as, database ?? ''),
  }
  const url = await urlOf(s, server, place, to)
  const line = await lineOf(s, server, place, to, g)
  const { io } = s
  const { host, port, tunnelled, through } = place
  if (io.json) {
    const { user } = to.login
    io.data({ via: s.inside.via, host, port, server: server.host, database: to.database, user, url, command: line })
    return
  }
  header({ ...s, account: s.caller.account }, 'Tunnel')
  io.say(
    tunnelled
      ? `  ${io.c.green('✓')} ${io.c.bold(`${host}:${port}`)} leads to ${server.id}${through ? ` through ${through}` : ''}. It stays open until Ctrl-C.`
      : `  No tunnel is needed: ${server.id} answers from here, at ${io.c.bold(`${host}:${port}`)}.`,
  )
  io.say()
  const more = s.config.databases.names.filter((name) => name !== to.database)
  io.say(
    columns([
      [server.engine === 'mysql' ? 'mysql' : 'psql', io.c.cyan(line)],
      ['DATABASE_URL', `${url}  ${io.c.dim('(put the password in where the tool asks for it)')}`],
      ...(more.length > 0 ? [['databases', io.c.dim(`also ${more.join(', ')}`)]] : []),
    ]),
  )
  io.say(
    `\n  Next: ${io.c.cyan(commandLine(g, `db connect ${database ?? '--role master'}`))}${tunnelled ? ' in another terminal, or the line above' : ''}`,
  )
}

interface To {
  readonly database: string
  readonly login: LoginAt
}

/** Without a password. Clients that know no hostaddr connect to the near end, so they check who has signed the certificate. */
const urlOf = async (s: Session, server: Server, place: Place, { database, login: { user } }: To): Promise<string> => {
  const at = `${user}@${place.host}:${place.port}/${database}`
  if (server.engine === 'mysql') return `mysql://${at}`
  const { PGSSLMODE: mode, PGSSLROOTCERT: ca = '' } = await libpq(s, server, place, { user, database })
  const tls = mode === undefined ? '' : `?sslmode=${place.tunnelled ? 'verify-ca' : mode}&sslrootcert=${encodeURIComponent(ca)}`
  return `postgresql://${at}${tls}`
}

const lineOf = async (s: Session, server: Server, place: Place, { database, login }: To, g: Globals): Promise<string> => {
  const password = `"$(${commandLine(g, login.reveal)})"`
  const { user } = login
  if (server.engine === 'mysql') {
    const args = await mysqlArgs(s, server, place, { user, database })
    return `MYSQL_PWD=${password} mysql ${[...args, database].join(' ')}`
  }
  const env = await libpq(s, server, place, { user, database })
  const parts = Object.entries(env).map(([name, value]) => `${KEYWORDS[name]}=${/[\s'\\]/.test(value) ? `'${value}'` : value}`)
  return `PGPASSWORD=${password} psql "${parts.join(' ')}"`
}

/** What libpq's variables are called in a connection string. */
const KEYWORDS: Readonly<Record<string, string>> = {
  PGHOST: 'host',
  PGHOSTADDR: 'hostaddr',
  PGPORT: 'port',
  PGUSER: 'user',
  PGDATABASE: 'dbname',
  PGSSLMODE: 'sslmode',
  PGSSLROOTCERT: 'sslrootcert',
}
