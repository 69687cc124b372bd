import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Server } from '../../../aws/sql.ts'
import type { Source } from '../../../aws/upload.ts'
import { InfraError } from '../../../core/errors.ts'
import { BadLine, type DumpReader } from '../../../database/dump.ts'
import { MysqlDump } from '../../../database/dump-mysql.ts'
import { PostgresDump } from '../../../database/dump-postgres.ts'
import type { Session } from '../../../session/session.ts'
import { exitOf, listening } from '../../../session/stoppable.ts'
import type { Place } from '../address.ts'
import type { Login } from '../login.ts'
import { failedTool, mysqlArgs, programEnv, type Tool, toolEnv } from '../tools.ts'
import { progress } from './progress.ts'

export interface Loading {
  readonly server: Server
  readonly address: Place
  readonly login: Login
  /** psql or mysql. */
  readonly tool: Tool
  /** What makes SQL text of an archive; undefined: it is SQL text. */
  readonly restore: Tool | undefined
  readonly source: Source
  readonly stream: Readable
}

/**
 * Sends a dump through the program of the database. What comes from outside is read on the way: it may hold no command of that
 * program, no other database, and no end of the transaction. Never more of it in memory than a part.
 */
export const load = async (s: Session, at: Loading, signal: AbortSignal, again: string): Promise<void> => {
  const { server, address, login, tool, source, stream } = at
  const postgres = server.engine === 'postgres'
  const program = postgres ? 'psql' : 'mysql'
  const args = postgres
    ? psqlArgs(tool)
    : [...(await mysqlArgs(s, server, address, login, tool.mariadb)), ...MYSQL, login.database]
  const reader: DumpReader = postgres ? new PostgresDump(!tool.restricts) : new MysqlDump(login.database)
  const moving = progress(s.io, `${source.place} -> ${login.database}`, stream === source.stream ? source.bytes : undefined)
  const child = spawn(tool.file, args, { env: await toolEnv(s, server, address, login), stdio: ['pipe', 'pipe', 'pipe'] })
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
  const done = `whole ${randomBytes(16).toString('hex')}`
  try {
    signal.throwIfAborted()
    for await (const part of at.restore ? sqlOf(at.restore, at, signal, again) : stream) {
      for (const text of reader.pass(part as Buffer)) await feed(child, text)
      moving.add((part as Buffer).length)
      if (child.exitCode !== null || child.signalCode !== null) break
    }
    for (const text of reader.end()) await feed(child, text)
    const cut = new InfraError(`${source.place} ends in the middle of a statement`, { why: whatIsLeft(server), next: again })
    if (!reader.isWhole && child.exitCode === null) throw cut
    // Its own --single-transaction would commit at the end of its input, also where that is the end of this process.
    if (postgres) await feed(child, Buffer.from(`\nCOMMIT;\nSELECT '${done}';\n`))
    child.stdin?.end()
    const code = await ended
    signal.throwIfAborted()
    if (code !== 0) throw failed(program, login.database, said(), code, again)
    if (postgres && !out.includes(done)) throw cut
  } catch (error) {
    stop()
    if (error instanceof InfraError || signal.aborted) throw error
    if (error instanceof BadLine) throw refused(error, source, server)
    const why = `${(error as Error).message}; ${whatIsLeft(server)}`
    throw new InfraError(`${source.place} breaks off or is damaged`, { why, next: again, cause: error })
  } finally {
    signal.removeEventListener('abort', stop)
    stream.destroy()
    await ended.catch(() => undefined)
    moving.end()
  }
}

export const whatIsLeft = ({ engine }: Server): string =>
  engine === 'mysql' ? 'what came before it is in the database' : 'nothing of it is in the database'

const refused = (error: BadLine, source: Source, server: Server): InfraError =>
  new InfraError(`${source.place} is not loaded`, {
    why: `${error.message}; ${whatIsLeft(server)}`,
    next: error.next,
    exitCode: server.engine === 'mysql' ? 1 : 2,
    cause: error,
  })

const failed = (program: string, database: string, said: string, code: number, again: string): InfraError =>
  failedTool(
    program,
    database,
    said,
    code,
    /already exists/.test(said)
      ? `Load it into an empty database, for example a new one: infra db add <name>`
      : `${again}, once that is fixed`,
  )

/** The first two say: no commands in what comes on its input, and all of it is one transaction. The token opens it again; nobody needs it. */
const psqlArgs = (tool: Tool): string[] => [
  ...['--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=1'],
  ...(tool.restricts ? [`--command=\\restrict ${randomBytes(16).toString('hex')}`] : []),
  ...['--command=BEGIN', '--file=-'],
]

/** No commands of the client's own but DELIMITER, and no files of this machine. */
const MYSQL = ['--binary-mode', '--skip-local-infile']

/** The SQL text of an archive, in the parts in which pg_restore writes it. */
async function* sqlOf(tool: Tool, { stream, login }: Loading, signal: AbortSignal, again: string): AsyncGenerator<Buffer> {
  const args = ['--no-owner', `--role=${login.user}`, '--file=-']
  const child = spawn(tool.file, args, { env: programEnv(), stdio: ['pipe', 'pipe', 'pipe'] })
  const said = listening(child)
  const ended = exitOf(child)
  ended.catch(() => undefined)
  let broken: unknown
  const fed = (async () => {
    for await (const part of stream) await feed(child, part as Buffer)
    child.stdin?.end()
  })().catch((error: unknown) => {
    broken = error
    child.kill('SIGKILL')
  })
  try {
    yield* child.stdout as AsyncIterable<Buffer>
    const code = await ended
    signal.throwIfAborted()
    if (broken) throw broken
    if (code !== 0) throw failedTool('pg_restore', login.database, said(), code, again)
  } finally {
    child.kill('SIGKILL')
    stream.destroy()
    await Promise.all([fed, ended.catch(() => undefined)])
  }
}

/** Waits where the program reads more slowly than the dump comes. What it has against it, it says itself. */
const feed = async (child: ChildProcess, part: Buffer): Promise<void> => {
  const { stdin } = child
  if (!stdin || stdin.destroyed) return
  if (stdin.listenerCount('error') === 0) stdin.on('error', () => undefined)
  if (stdin.write(part)) return
  await new Promise<void>((resolve) => {
    const go = (): void => {
      stdin.off('drain', go).off('close', go)
      resolve()
    }
    stdin.on('drain', go).on('close', go)
  })
}
