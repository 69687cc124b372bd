import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { Server } from '../../aws/sql.ts'
import type { Sink } from '../../aws/upload.ts'
import { refuse } from '../../core/errors.ts'
import { dbLine, openDb, orRefuse, serverAt } from '../../session/database.ts'
import { commandLine } from '../../session/globals.ts'
import type { Session } from '../../session/session.ts'
import { exitOf, listening, stoppable } from '../../session/stoppable.ts'
import { count, elapsed } from '../../ui/format.ts'
import { addressFor, type Place } from './address.ts'
import { ask } from './ask.ts'
import type { BackupFlags } from './definitions.ts'
import { databaseFor, type Login, loginAt, loginFor } from './login.ts'
import { failedTool, mysqlArgs, newEnough, type Tool, toolEnv, toolOrRefuse } from './tools.ts'
import { bytesOf, progress } from './transfer/progress.ts'
import { ownBuckets, sinkFor } from './transfer/sink.ts'

export { loadCommand } from './load.ts'

/** A dump of one database, or one of each in infra.yaml, into a file or a bucket: whole, or not there at all. */
export const backupCommand = async (name: string | undefined, flags: BackupFlags): Promise<number> => {
  const to = flags.to === undefined ? '' : ` --to ${flags.to}`
  const words = `backup ${flags.all ? '--all' : (name ?? '')}${to}`
  refuseUnclear(name, flags, words)
  const s = await openDb(flags, { words, use: 'stream' })
  try {
    if (flags.all) return await backUpAll(s, flags, to)
    const database = await databaseFor(s, name, 'app', 'backup')
    const done = await backUp(s, flags, database, dbLine(flags, words))
    const { c } = s.io
    if (s.io.json) s.io.data(done)
    said(s, done)
    s.io.say(
      `  RDS itself backs up the whole server only; this is the one database. To load it: ${c.cyan(commandLine(flags, `db load ${database} ${done.place}`))}`,
    )
    return 0
  } finally {
    await s.close()
  }
}

/** What does not say which databases, or where to. @throws InfraError (exit 2) before AWS is asked anything */
const refuseUnclear = (name: string | undefined, { all, to }: BackupFlags, words: string): void => {
  if (all && name !== undefined)
    throw refuse(
      `Both ${name} and --all say what to back up`,
      'it is either one database or all of them',
      `infra db backup ${name}, or infra db backup --all`,
    )
  const folder = (place: string): boolean =>
    place.endsWith('/') || (statSync(place, { throwIfNoEntry: false })?.isDirectory() ?? false)
  const file = all && to !== undefined && (/^s3:/i.test(to) ? /^s3:\/\/[^/]+\/.*[^/]$/.test(to) : !folder(to))
  if (file)
    throw refuse(
      `--to is ${to}, which is not a folder or a prefix`,
      'with --all each database gets a file of its own',
      `Name an existing folder, or a prefix that ends with /: infra db ${words}/`,
    )
}

/** One after another; one that fails does not stop the others. */
const backUpAll = async (s: Session, flags: BackupFlags, to: string): Promise<number> => {
  const { names } = s.config.databases
  if (names.length === 0)
    throw refuse('There is no database in infra.yaml', 'databases.names is empty', commandLine(flags, 'db add <name>'))
  const done: Backup[] = []
  const failed: { database: string; what: string; why?: string | undefined }[] = []
  for (const database of names) {
    try {
      const one = await backUp(s, flags, database, dbLine(flags, `backup ${database}${to}`))
      done.push(one)
      said(s, one)
    } catch (error) {
      const e = s.explain(error)
      // What refuses the first one before it begins refuses all.
      if (e.exitCode === 130 || (done.length === 0 && failed.length === 0 && e.exitCode === 2)) throw error
      failed.push({ database, what: e.what, why: e.why })
      s.io.note(`${s.io.c.red('✗')} ${database}: ${e.what}${e.why ? `: ${e.why}` : ''}`)
    }
  }
  if (s.io.json) s.io.data({ backups: done, failed })
  const bytes = done.reduce((sum, b) => sum + b.bytes, 0)
  s.io.say(
    failed.length === 0
      ? `${s.io.c.green('✓')} ${count(done.length, 'database')}, ${bytesOf(bytes)}. To load one: ${s.io.c.cyan(commandLine(flags, `db load <name> ${done[0]?.place ?? '<file>'}`))}`
      : `${count(failed.length, 'database')} of ${names.length} not backed up. Next: ${s.io.c.cyan(dbLine(flags, `backup ${failed[0]?.database}${to}`))}`,
  )
  return failed.length === 0 ? 0 : 1
}

interface Backup {
  readonly database: string
  readonly place: string
  readonly bytes: number
  readonly seconds: number
}

const said = ({ io }: Session, { database, place, bytes, seconds }: Backup): void =>
  io.say(`${io.c.green('✓')} ${database} is in ${io.c.bold(place)}: ${bytesOf(bytes)} in ${elapsed(seconds * 1000)}.`)

/** One database. @param again the command that backs it up again */
const backUp = async (s: Session, flags: BackupFlags, database: string, again: string): Promise<Backup> => {
  const server = await serverAt(s)
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
  return { database, place, bytes, seconds: Math.round((Date.now() - began) / 100) / 10 }
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
