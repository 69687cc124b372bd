import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { Server } from '../aws/sql.ts'
import { InfraError, refuse } from '../engine/errors.ts'
import { count, elapsed } from '../ui/format.ts'
import { addressFor, type Place } from './db-address.ts'
import { ask } from './db-ask.ts'
import { type ConfirmFlags, confirmedByName } from './db-confirm.ts'
import { databaseFor, type Login, loginFor } from './db-login.ts'
import { type Source, sourceFor } from './db-place.ts'
import { bytesOf, progress } from './db-progress.ts'
import { exitOf, listening, stoppable } from './db-run.ts'
import { type DbFlags, dbLine, openDb, orRefuse, serverAt } from './db-server.ts'
import { failedTool, mysqlArgs, type Tool, toolEnv, toolOrRefuse } from './db-tools.ts'
import { commandLine } from './globals.ts'
import { header } from './screens.ts'
import type { Session } from './session.ts'

export interface LoadFlags extends DbFlags, ConfirmFlags {}

type Form = 'archive' | 'sql'

/** Puts a dump into a database, as its owner: all of it or nothing (MySQL cannot do that). */
export const loadCommand = async (name: string, from: string, flags: LoadFlags): Promise<number> => {
  const words = `load ${name} ${from}`
  const s = await openDb(flags, { words, use: 'stream' })
  try {
    const database = await databaseFor(s, name, 'app', 'load')
    const server = await serverAt(s)
    const again = dbLine(flags, words)
    const source = await orRefuse(s, sourceFor(s.aws, from))
    const { form, stream } = await opened(source, server, again)
    const program = server.engine === 'mysql' ? 'mysql' : form === 'archive' ? 'pg_restore' : 'psql'
    const tool = await toolOrRefuse(program, server.engine, again)
    const login = await loginFor(s, server, 'app', database)
    const address = await stoppable(s, (signal) => addressFor(s, server, { signal }))
    try {
      const tables = Number(await orRefuse(s, ask(s, server, address, login, TABLES[server.engine])))
      header({ ...s, account: s.caller.account }, 'Load')
      s.io.say(
        `  ${source.place}${source.bytes === undefined ? '' : `, ${bytesOf(source.bytes)}`}, into ${s.io.c.bold(database)} of ${server.id} as ${login.user} (${program})`,
      )
      const what = `${database} has ${count(tables, 'table')} already; this changes the data in it`
      if (tables > 0 && !(await confirmedByName(s, flags, { name: database, what, words: `db ${words}` }))) return 0
      const began = Date.now()
      await stoppable(
        s,
        (signal) => load(s, { server, address, login, tool, program, signal, source, stream, form }, again),
        whatIsLeft(server),
      )
      const { c } = s.io
      const bytes = source.bytes ?? null
      if (s.io.json) s.io.data({ database, from: source.place, bytes, seconds: Math.round((Date.now() - began) / 100) / 10 })
      s.io.say(
        `\n${c.green('✓')} ${source.place} is in ${c.bold(database)} after ${elapsed(Date.now() - began)}. Next: ${c.cyan(commandLine(flags, `db connect ${database}`))}`,
      )
      return 0
    } finally {
      await address.close()
    }
  } finally {
    await s.close()
  }
}

const TABLES: Readonly<Record<Server['engine'], string>> = {
  postgres: `SELECT count(*)::text AS answer FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('e', 'a', 'i'))`,
  mysql: 'SELECT CAST(COUNT(*) AS CHAR) AS answer FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()',
}

/** What the dump is, told from its first bytes. */
const opened = async (source: Source, server: Server, again: string): Promise<{ form: Form; stream: Readable }> => {
  const head = await begin(source.stream)
  if (head.length === 0) throw refuse(`${source.place} is empty`, undefined, 'Name the file of a backup')
  const zipped = head[0] === 0x1f && head[1] === 0x8b
  const stream = zipped ? unzipped(source) : source.stream
  const inner = zipped ? await begin(stream) : head
  const archive = inner.subarray(0, 5).toString('latin1') === 'PGDMP' || inner.subarray(257, 262).toString('latin1') === 'ustar'
  if (archive && server.engine === 'mysql') throw refuse(`${source.place} is a dump of PostgreSQL`, 'the server is MySQL', again)
  return { form: archive ? 'archive' : 'sql', stream }
}

const unzipped = (source: Source): Readable => {
  const plain = createGunzip()
  source.stream.on('error', (error) => plain.destroy(error))
  return source.stream.pipe(plain)
}

/** The first bytes, which stay in the stream. */
const begin = async (stream: Readable): Promise<Buffer> => {
  for (;;) {
    const part = stream.read() as Buffer | null
    if (part) {
      stream.unshift(part)
      return part
    }
    if (stream.readableEnded) return Buffer.alloc(0)
    await Promise.race([once(stream, 'readable'), once(stream, 'end')])
  }
}

interface Loading {
  readonly server: Server
  readonly address: Place
  readonly login: Login
  readonly tool: Tool
  readonly program: string
  readonly signal: AbortSignal
  readonly source: Source
  readonly stream: Readable
  readonly form: Form
}

const load = async (s: Session, at: Loading, again: string): Promise<void> => {
  const { server, address, login, tool, program, signal, source, stream, form } = at
  const sql = form === 'sql' && server.engine === 'postgres'
  const env = await toolEnv(s, server, address, login)
  const args =
    server.engine === 'mysql'
      ? [...(await mysqlArgs(s, server, address, login, tool.mariadb)), login.database]
      : ARGS[form](login)
  const moving = progress(s.io, `${source.place} -> ${login.database}`, stream === source.stream ? source.bytes : undefined)
  const child = spawn(tool.file, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const said = listening(child)
  let out = ''
  child.stdout?.on('data', (part) => {
    out = (out + part).slice(-200)
  })
  const ended = exitOf(child)
  ended.catch(() => undefined)
  // Before its input ends: psql and mysql would take the end for the end of the dump.
  const stop = (): void => void child.kill('SIGKILL')
  signal.addEventListener('abort', stop)
  const done = `whole ${randomUUID()}`
  try {
    signal.throwIfAborted()
    if (sql) await feed(child, Buffer.from('BEGIN;\n'))
    for await (const part of stream) {
      await feed(child, part as Buffer)
      moving.add((part as Buffer).length)
      if (child.exitCode !== null || child.signalCode !== null) break
    }
    if (sql) await feed(child, Buffer.from(`\nCOMMIT;\n\\echo ${done}\n`))
    child.stdin?.end()
    const code = await ended
    signal.throwIfAborted()
    if (code !== 0) throw failed(program, login.database, said(), code, again)
    if (sql && !out.includes(done))
      throw new InfraError(`${source.place} ends in the middle of a statement`, { why: whatIsLeft(server), next: again })
  } catch (error) {
    stop()
    if (error instanceof InfraError || signal.aborted) throw error
    const why = `${(error as Error).message}; ${whatIsLeft(server)}`
    throw new InfraError(`${source.place} breaks off or is damaged`, { why, next: again, cause: error })
  } finally {
    signal.removeEventListener('abort', stop)
    stream.destroy()
    await ended.catch(() => undefined)
    moving.end()
  }
}

const whatIsLeft = ({ engine }: Server): string =>
  engine === 'mysql' ? 'what came before it is in the database' : 'nothing of it is in the database'

const failed = (program: string, database: string, said: string, code: number, again: string): InfraError =>
  failedTool(
    program,
    database,
    said,
    code,
    /already exists/.test(said)
      ? `Load it into an empty database, for example a new one: infra db add <name>`
      : `${again}, once that is mended`,
  )

const ARGS: Readonly<Record<Form, (login: Login) => string[]>> = {
  archive: ({ user, database }) => [
    '--no-owner',
    `--role=${user}`,
    '--exit-on-error',
    '--single-transaction',
    '--no-password',
    `--dbname=${database}`,
  ],
  // Its own --single-transaction would commit at the end of its input, also where that is the end of this process.
  sql: () => ['--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=1', '--file=-'],
}

/** Waits where the program reads more slowly than the dump comes. What it has against it, it says itself. */
const feed = async (child: ChildProcess, part: Buffer): Promise<void> => {
  const { stdin } = child
  if (!stdin || stdin.destroyed) return
  if (stdin.listenerCount('error') === 0) stdin.on('error', () => undefined)
  if (!stdin.write(part)) await Promise.race([once(stdin, 'drain'), once(stdin, 'close')]).catch(() => undefined)
}
