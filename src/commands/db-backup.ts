import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { Server } from '../aws/sql.ts'
import { elapsed } from '../ui/format.ts'
import { addressFor, type Place } from './db-address.ts'
import { ask } from './db-ask.ts'
import { databaseFor, type Login, loginAt, loginFor } from './db-login.ts'
import { ownBuckets, type Sink, sinkFor } from './db-place.ts'
import { bytesOf, progress } from './db-progress.ts'
import { exitOf, listening, stoppable } from './db-run.ts'
import { type DbFlags, dbLine, openDb, orRefuse, serverAt } from './db-server.ts'
import { failedTool, mysqlArgs, newEnough, type Tool, toolEnv, toolOrRefuse } from './db-tools.ts'
import { commandLine } from './globals.ts'
import type { Session } from './session.ts'

export { loadCommand } from './db-load.ts'

export interface BackupFlags extends DbFlags {
  readonly to?: string
}

/** A dump of one database into a file or a bucket: whole, or not there at all. */
export const backupCommand = async (name: string, flags: BackupFlags): Promise<number> => {
  const words = `backup ${name}${flags.to === undefined ? '' : ` --to ${flags.to}`}`
  const s = await openDb(flags, { words, use: 'stream' })
  try {
    const database = await databaseFor(s, name, 'app', 'backup')
    const server = await serverAt(s)
    const again = dbLine(flags, words)
    const tool = await toolOrRefuse(server.engine === 'mysql' ? 'mysqldump' : 'pg_dump', server.engine, again)
    await loginAt(s, server, 'app', database)
    // The master user reads also what others have put into the database.
    const login: Login = { ...(await loginFor(s, server, 'master', database)), database }
    const began = Date.now()
    const { place, bytes } = await stoppable(
      s,
      async (signal) => {
        const address = await addressFor(s, server, { signal })
        try {
          await orRefuse(s, checkServer(s, server, address, login, tool, again))
          const sink = await orRefuse(s, sinkFor(ownBuckets(s), flags.to ?? '.', fileName(server, database)))
          return { place: sink.place, bytes: await dump(s, { server, address, login, tool, signal }, sink, again) }
        } finally {
          await address.close()
        }
      },
      'no backup was made',
    )
    const { c } = s.io
    const seconds = Math.round((Date.now() - began) / 100) / 10
    if (s.io.json) s.io.data({ database, place, bytes, seconds })
    s.io.say(`${c.green('✓')} ${database} is in ${c.bold(place)}: ${bytesOf(bytes)} in ${elapsed(Date.now() - began)}.`)
    s.io.say(
      `  RDS itself backs up the whole server only; this is the one database. To load it: ${c.cyan(commandLine(flags, `db load ${database} ${place}`))}`,
    )
    return 0
  } finally {
    await s.close()
  }
}

/** `shop-20261122-033210.dump`, in UTC. */
const fileName = ({ engine }: Server, database: string): string => {
  const at = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')
  return `${database}-${at}.${engine === 'mysql' ? 'sql' : 'dump'}`
}

/** The server lets us in, and the program can read it. */
const checkServer = async (
  s: Session,
  server: Server,
  address: Place,
  login: Login,
  tool: Tool,
  again: string,
): Promise<void> => {
  if (server.engine === 'mysql') {
    await ask(s, server, address, login, 'SELECT 1 AS answer')
    return
  }
  const text = (await ask(s, server, address, login, "SELECT current_setting('server_version') AS answer")) ?? ''
  newEnough(tool, 'pg_dump', { major: Number.parseInt(text, 10), text: text.split(' ')[0] ?? text }, again)
}

interface Dumping {
  readonly server: Server
  readonly address: Place
  readonly login: Login
  readonly tool: Tool
  readonly signal: AbortSignal
}

const dump = async (
  s: Session,
  { server, address, login, tool, signal }: Dumping,
  sink: Sink,
  again: string,
): Promise<number> => {
  const mysql = server.engine === 'mysql'
  const args = mysql ? await mysqlDump(s, server, address, login, tool) : ['--format=custom', '--no-password']
  const env = await toolEnv(s, server, address, login)
  const moving = progress(s.io, `${login.database} -> ${sink.place}`)
  try {
    signal.throwIfAborted()
    const child = spawn(tool.file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const stop = (): void => void child.kill('SIGTERM')
    signal.addEventListener('abort', stop)
    const said = listening(child)
    const ended = exitOf(child)
    ended.catch(() => undefined)
    try {
      for await (const part of child.stdout as Readable) {
        await sink.write(part as Buffer)
        moving.add((part as Buffer).length)
      }
      const code = await ended
      signal.throwIfAborted()
      if (code !== 0) throw failedTool(mysql ? 'mysqldump' : 'pg_dump', login.database, said(), code, again)
    } finally {
      signal.removeEventListener('abort', stop)
      if (child.exitCode === null) child.kill('SIGKILL')
      await ended.catch(() => undefined)
    }
    await sink.commit()
    return moving.bytes()
  } catch (error) {
    await sink.discard()
    throw error
  } finally {
    moving.end()
  }
}

const mysqlDump = async (s: Session, server: Server, address: Place, login: Login, tool: Tool): Promise<string[]> => [
  ...(await mysqlArgs(s, server, address, login, tool.mariadb)),
  '--single-transaction',
  '--routines',
  '--triggers',
  '--events',
  '--no-tablespaces',
  // Without it a dump of RDS, where nobody is SUPER, cannot be loaded.
  ...(tool.mariadb ? [] : ['--set-gtid-purged=OFF']),
  login.database,
]
