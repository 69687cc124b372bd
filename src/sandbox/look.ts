import { setTimeout as sleep } from 'node:timers/promises'
import { runs } from '../state/process.ts'
import type { Credentials } from './credentials.ts'
import { SandboxError } from './error.ts'
import { readRecord, type SandboxRecord } from './record.ts'
import type { Seconds } from './seconds.ts'
import { type Page, recognise } from './server.ts'

/** The running local AWS. */
export interface Sandbox {
  /** The endpoint: http://127.0.0.1:PORT */
  url: string
  /** What it answers to, and nothing else. */
  credentials: Credentials
  pid: number
  /** ISO 8601. */
  startedAt: string
  /** How many seconds things take there. */
  seconds: Seconds
  /** Version of the PostgreSQL that answers at the endpoints of databases; absent: there is none, and nobody answers. */
  postgres?: string
  /** Databases answer only from inside their network, as on AWS. */
  privateDatabases?: true
  /** The server's log file. */
  log: string
}

/**
 * What became of the recorded server. `stranger`: something else has its number and its address. `silent`: its process runs,
 * and gives no answer. `open`: an earlier infra started it, and it answers everybody. Beside the last two nobody starts
 * another one: they hold somebody's stack.
 */
export type Look =
  | { is: 'none' }
  | { is: 'gone' | 'stranger' | 'silent' | 'open'; record: SandboxRecord }
  | { is: 'running'; record: SandboxRecord; sandbox: Sandbox }

/** Looks for the recorded server; `patience` is how many milliseconds it may be silent while its process runs. */
export async function look(env: NodeJS.ProcessEnv, patience: number): Promise<Look> {
  const record = await readRecord(env)
  if (!record) return { is: 'none' }
  for (const deadline = Date.now() + patience; ; await sleep(100)) {
    if (!(await runs(record))) return { is: 'gone', record }
    const { credentials } = record
    const page = await recognise(record.url, credentials, Math.min(patience, 5000))
    if (page?.pid === record.pid)
      return credentials ? { is: 'running', record, sandbox: sandboxOf(record, credentials, page) } : { is: 'open', record }
    // Without its beginning, the process can be any that was given the number since.
    if (record.born === undefined) return { is: 'stranger', record }
    if (Date.now() >= deadline) return { is: 'silent', record }
  }
}

const sandboxOf = (record: SandboxRecord, credentials: Credentials, page: Page): Sandbox => {
  const { url, pid, startedAt, log } = record
  const { seconds, postgres, privateDatabases } = page
  return {
    url,
    credentials,
    pid,
    startedAt,
    log,
    seconds,
    ...(postgres ? { postgres } : {}),
    ...(privateDatabases ? { privateDatabases } : {}),
  }
}

/** Why there is neither a sandbox to use nor room for a new one; undefined: one of the two it is. */
export function inTheWay(seen: Look): SandboxError | undefined {
  if (seen.is !== 'silent' && seen.is !== 'open') return undefined
  const { pid, log } = seen.record
  const stop = 'infra sandbox stop (what is in it is forgotten)'
  return seen.is === 'silent'
    ? new SandboxError(
        'The sandbox does not answer',
        `its process ${pid} is running`,
        `Try again, look into ${log}, or end it: ${stop}`,
      )
    : new SandboxError(
        'The running sandbox answers anybody, even web pages',
        `an earlier infra started it (process ${pid})`,
        `End it, and the next command starts a closed one: ${stop}`,
      )
}

/** For a person who asks why no sandbox is running. */
export function noteOf(seen: Look): string | undefined {
  if (seen.is === 'gone') return `The recorded server (pid ${seen.record.pid}) is no longer alive.`
  if (seen.is === 'stranger')
    return `At ${seen.record.url} answers something else than the recorded server (pid ${seen.record.pid}).`
  const error = inTheWay(seen)
  return error && `${error.what}: ${error.why}. ${error.next}`
}
