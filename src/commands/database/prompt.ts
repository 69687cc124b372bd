import { createInterface, type Interface } from 'node:readline'
import pg from 'pg'
import type { Server } from '../../aws/sql.ts'
import { safeText } from '../../core/safe.ts'
import { explainSql } from '../../database/errors.ts'
import { checking } from '../../database/pg-client.ts'
import { tlsFor } from '../../database/tls.ts'
import { orRefuse } from '../../session/database.ts'
import type { Session } from '../../session/session.ts'
import type { Place } from './address.ts'
import type { Login } from './login.ts'
import { splitStatements } from './statements.ts'
import { type Answer, table } from './table.ts'

const HELP = `An SQL statement ends with a semicolon. Besides:
  \\l         the databases of the server
  \\dt        the tables of this one
  \\d <table> its columns
  \\q         leave (or Ctrl-D)`

/** Types whose values stand flush right, by number: integers, oid, floats, money and numeric. */
const NUMBERS = new Set([20, 21, 23, 26, 700, 701, 790, 1700])
/** Values as the server writes them. */
const AS_TEXT = { getTypeParser: () => (value: string) => value }

const LISTS: Readonly<Record<string, string>> = {
  '\\l': `SELECT datname AS "Name", pg_get_userbyid(datdba) AS "Owner", pg_encoding_to_char(encoding) AS "Encoding"
    FROM pg_database WHERE NOT datistemplate AND datname <> 'rdsadmin' ORDER BY 1`,
  '\\dt': `SELECT schemaname AS "Schema", tablename AS "Name", tableowner AS "Owner" FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2`,
}
const columnsOf = (name: string): string =>
  `SELECT a.attname AS "Column", format_type(a.atttypid, a.atttypmod) AS "Type", CASE WHEN a.attnotnull THEN 'not null' END AS "Nullable"
    FROM pg_attribute a WHERE a.attrelid = ${pg.escapeLiteral(name)}::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`

/** A small SQL prompt for machines without psql. What is piped in is carried out as psql would. @returns 1 when a piped statement failed */
export const prompt = async (s: Session, server: Server, place: Place, login: Login): Promise<number> => {
  const tls = await orRefuse(s, tlsFor(server, s.config.databases.caFile))
  const config: pg.ClientConfig = {
    host: place.host,
    port: place.port,
    user: login.user,
    password: login.password.reveal(),
    database: login.database,
    ssl: tls ? checking(tls) : false,
    connectionTimeoutMillis: 10_000,
    application_name: 'infra',
  }
  const client = new pg.Client(config)
  let lost: Error | undefined
  client.on('error', (error) => {
    lost ??= error
  })
  client.on('notice', (n) => s.io.note(`${n.severity ?? 'NOTICE'}:  ${n.message}`))
  const named = (error: unknown): Error => explainSql(error, server, login.user, [login.password.reveal()])
  await orRefuse(
    s,
    client.connect().catch((error) => {
      throw named(error)
    }),
  )
  const pid = (client as unknown as { processID: number | null }).processID
  const cancel = async (): Promise<void> => {
    const other = new pg.Client(config)
    other.on('error', () => undefined)
    try {
      await other.connect()
      await other.query('SELECT pg_cancel_backend($1)', [pid])
    } finally {
      await other.end().catch(() => undefined)
    }
  }
  try {
    const terminal = process.stdin.isTTY === true
    const failed = await converse({
      s,
      terminal,
      name: login.database,
      run: (text) => run(client, s, text),
      cancel,
      lost: () => lost,
    })
    if (lost) throw named(lost)
    return failed && !terminal ? 1 : 0
  } finally {
    await client.end().catch(() => undefined)
  }
}

interface Talk {
  readonly s: Session
  readonly terminal: boolean
  readonly name: string
  /** @returns whether it succeeded */
  run(text: string): Promise<boolean>
  cancel(): Promise<void>
  lost(): Error | undefined
}

/** Reads lines until the end. @returns whether a statement failed */
const converse = async ({ s, terminal, name, run, cancel, lost }: Talk): Promise<boolean> => {
  s.ownSignals()
  const lines: Interface = createInterface({ input: process.stdin, terminal, ...(terminal ? { output: process.stdout } : {}) })
  let begun = ''
  let running = false
  let failed = false
  const ask = (): void => {
    if (!terminal) return
    lines.setPrompt(`${name}${begun.trim() === '' ? '=' : '-'}> `)
    lines.prompt()
  }
  lines.on('SIGINT', () => {
    if (running) return void cancel().catch(() => undefined)
    begun = ''
    lines.write(null, { ctrl: true, name: 'e' })
    lines.write(null, { ctrl: true, name: 'u' })
    process.stdout.write('\n')
    ask()
  })
  if (terminal) s.io.note(s.io.c.dim('\\? tells what else there is; \\q leaves.'))
  const carryOut = async (text: string): Promise<void> => {
    running = true
    if (!(await run(text))) failed = true
    running = false
  }
  let left = false
  ask()
  for await (const line of lines) {
    if (begun.trim() === '' && line.trim().startsWith('\\')) {
      const [word = '', argument = ''] = line.trim().replace(/;$/, '').split(/\s+/)
      left = word === '\\q'
      if (left) break
      const sql = word === '\\d' && argument ? columnsOf(argument) : LISTS[word === '\\d' ? '\\dt' : word]
      if (sql) await carryOut(sql)
      else process.stdout.write(word === '\\?' ? `${HELP}\n` : `There is no ${word} here. \\? tells what there is.\n`)
    } else {
      const { statements, rest } = splitStatements(`${begun}${line}\n`)
      begun = rest
      for (const statement of statements) await carryOut(statement)
    }
    if (lost()) break
    ask()
  }
  // As psql does with a pipe whose last statement has no semicolon.
  if (!terminal && begun.trim() !== '' && !lost()) await carryOut(begun)
  else if (terminal && !left) process.stdout.write('\n')
  lines.close()
  return failed
}

/** Anybody may have written what is in a table. A pipe gets it as it is. */
const forScreen = (text: string): string =>
  process.stdout.isTTY
    ? text
        .split('\n')
        .map((line) => safeText(line, false))
        .join('\n')
    : text

/** One statement: its rows, or what it did, on stdout; what the server has against it on stderr. */
const run = async (client: pg.Client, s: Session, text: string): Promise<boolean> => {
  try {
    const result = await client.query({ text, rowMode: 'array', types: AS_TEXT } as pg.QueryArrayConfig)
    const columns = result.fields.map((f) => ({ name: f.name, number: NUMBERS.has(f.dataTypeID) }))
    const rows = result.rows as Answer['rows']
    if (columns.length > 0) process.stdout.write(`${forScreen(table({ columns, rows }))}\n\n`)
    else if (result.command) process.stdout.write(`${[result.command, result.rowCount ?? ''].join(' ').trim()}\n`)
    return true
  } catch (error) {
    const e = error as pg.DatabaseError
    const more = [e.detail && `DETAIL:  ${e.detail}`, e.hint && `HINT:  ${e.hint}`].filter(Boolean)
    s.io.note([`${e.severity ?? 'ERROR'}:  ${e.message}`, ...more].join('\n'))
    return false
  }
}
