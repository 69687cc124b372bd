import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { Server } from '../../aws/sql.ts'
import type { Source } from '../../aws/upload.ts'
import { refuse } from '../../core/errors.ts'
import { dbLine, openDb, orRefuse, serverAt } from '../../session/database.ts'
import { commandLine } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { stoppable } from '../../session/stoppable.ts'
import { count, elapsed } from '../../ui/format.ts'
import { addressFor } from './address.ts'
import { ask } from './ask.ts'
import { confirmedByName } from './confirm.ts'
import type { LoadFlags } from './definitions.ts'
import { databaseFor, loginFor } from './login.ts'
import { toolOrRefuse } from './tools.ts'
import { load, whatIsLeft } from './transfer/load.ts'
import { bytesOf } from './transfer/progress.ts'
import { ownBuckets, sourceFor } from './transfer/sink.ts'

type Form = 'archive' | 'sql'

/** Puts a dump into a database, as its owner: all of it or nothing (MySQL cannot do that). */
export const loadCommand = async (name: string, from: string, flags: LoadFlags): Promise<number> => {
  const words = `load ${name} ${from}`
  const s = await openDb(flags, { words, use: 'stream' })
  try {
    const database = await databaseFor(s, name, 'app', 'load')
    const server = await serverAt(s)
    const again = dbLine(flags, words)
    const source = await orRefuse(s, sourceFor(ownBuckets(s), from))
    const { form, stream } = await opened(source, server, again)
    const tool = await toolOrRefuse(server.engine === 'mysql' ? 'mysql' : 'psql', server.engine, again)
    const restore = form === 'archive' ? await toolOrRefuse('pg_restore', server.engine, again) : undefined
    const programs = restore ? 'pg_restore and psql' : server.engine === 'mysql' ? 'mysql' : 'psql'
    const login = await loginFor(s, server, 'app', database)
    const address = await stoppable(s, (signal) => addressFor(s, server, { signal }))
    try {
      const tables = Number(await orRefuse(s, ask(s, server, address, login, TABLES[server.engine])))
      header({ ...s, account: s.caller.account }, 'Load')
      s.io.say(
        `  ${source.place}${source.bytes === undefined ? '' : `, ${bytesOf(source.bytes)}`}, into ${s.io.c.bold(database)} of ${server.id} as ${login.user} (${programs})`,
      )
      const what = `${database} has ${count(tables, 'table')} already; this changes the data in it`
      if (tables > 0 && !(await confirmedByName(s, flags, { name: database, what, words: `db ${words}` }))) return 0
      const began = Date.now()
      await stoppable(
        s,
        (signal) => load(s, { server, address, login, tool, restore, source, stream }, signal, again),
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
