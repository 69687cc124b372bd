import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SandboxError } from './error.ts'
import { holdLock } from './lock.ts'
import { cacheDir } from './paths.ts'
import { findServer } from './postgres.ts'
import { findPython } from './python.ts'
import { differences, type Seconds, secondsText } from './seconds.ts'
import { ask, end, isAlive, launch, type Page, recognise } from './server.ts'

/** The running local AWS. */
export interface Sandbox {
  /** The endpoint: http://127.0.0.1:PORT */
  url: string
  pid: number
  /** ISO 8601. */
  startedAt: string
  /** How many seconds things take there. */
  seconds: Seconds
  /** Version of the PostgreSQL that answers at the endpoints of databases; absent: there is none, and nobody answers. */
  postgres?: string
  /** The server's log file. */
  log: string
}

export interface SandboxOptions {
  /** Everything takes 0 seconds. Only counts for a server that starts now. */
  fast?: boolean | undefined
  env?: NodeJS.ProcessEnv | undefined
  /** Folder of the Python extension, where it is not beside this module. */
  extension?: string | undefined
  report?: ((line: string) => void) | undefined
  signal?: AbortSignal | undefined
}

export type SandboxStatus =
  | { running: false; note?: string }
  /** `note` says so when other seconds were asked for than the server has. */
  | { running: true; sandbox: Sandbox; note?: string }

type Record_ = Omit<Sandbox, 'seconds' | 'postgres'>

const recordFile = (env: NodeJS.ProcessEnv) => join(cacheDir(env), 'sandbox.json')

async function readRecord(env: NodeJS.ProcessEnv): Promise<Record_ | undefined> {
  try {
    const found: unknown = JSON.parse(await readFile(recordFile(env), 'utf8'))
    const { url, pid, startedAt, log } = found as Partial<Record_>
    const whole = typeof url === 'string' && Number.isInteger(pid) && typeof startedAt === 'string' && typeof log === 'string'
    return whole ? ({ url, pid, startedAt, log } as Record_) : undefined
  } catch {
    return undefined // absent, or half a file of a crashed machine: either way there is no server to rely on
  }
}

async function writeRecord(env: NodeJS.ProcessEnv, record: Record_): Promise<void> {
  const file = recordFile(env)
  const draft = `${file}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 })
  await rename(draft, file)
}

interface Look {
  record?: Record_
  page?: Page
  note?: string
}

/** The record holds only if its pid lives and its address answers as our server with that very pid. */
async function look(env: NodeJS.ProcessEnv): Promise<Look> {
  const record = await readRecord(env)
  if (!record) return {}
  if (!isAlive(record.pid)) return { record, note: `The recorded server (pid ${record.pid}) is no longer alive.` }
  const page = await recognise(record.url)
  if (page?.pid === record.pid) return { record, page }
  return { record, note: `At ${record.url} answers something else than the recorded server (pid ${record.pid}).` }
}

const facts = ({ seconds, postgres }: Page): Pick<Sandbox, 'seconds' | 'postgres'> => ({
  seconds,
  ...(postgres ? { postgres } : {}),
})

function asked(options: SandboxOptions, sandbox: Sandbox): { note?: string } {
  const different = differences(secondsText(options.fast, options.env ?? process.env), sandbox.seconds)
  if (different.length === 0) return {}
  return { note: `It runs with its own seconds (${different.join('; ')}). To change them: infra sandbox stop, then start.` }
}

/** Whether the sandbox runs; never starts or stops anything. */
export async function sandboxStatus(options: SandboxOptions = {}): Promise<SandboxStatus> {
  const { record, page, note } = await look(options.env ?? process.env)
  if (!record || !page) return { running: false, ...(note ? { note } : {}) }
  const sandbox = { ...record, ...facts(page) }
  return { running: true, sandbox, ...asked(options, sandbox) }
}

/** The running sandbox, or a new one. Two callers at once get the same. Throws `SandboxError`. */
export async function ensureSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const env = options.env ?? process.env
  const running = await sandboxStatus(options)
  if (running.running) return running.sandbox
  await mkdir(cacheDir(env), { recursive: true })
  const release = await holdLock(join(cacheDir(env), 'sandbox.lock'), options.signal)
  try {
    const meanwhile = await sandboxStatus(options)
    if (meanwhile.running) return meanwhile.sandbox
    const python = await findPython({ env, report: options.report, signal: options.signal })
    const postgres = await findServer({ env, report: options.report, signal: options.signal }).catch((error) => {
      if (!(error instanceof SandboxError) || env.INFRA_SANDBOX_POSTGRES_BIN) throw error
      options.report?.(`Databases will have an endpoint where nobody answers. ${error.what}: ${error.why}. ${error.next}`)
      return undefined
    })
    options.report?.('Starting the local AWS')
    const seconds = secondsText(options.fast, env)
    const { extension } = options
    const { page, ...started } = await launch({
      python: python.path,
      folder: cacheDir(env),
      seconds,
      extension,
      env,
      postgres,
      detached: true,
    })
    const record = { ...started, startedAt: new Date().toISOString() }
    await writeRecord(env, record)
    return { ...record, ...facts(page) }
  } finally {
    await release()
  }
}

/** Stops the server, if the recorded one is really ours. True: it ran. Its state dies with it. */
export async function stopSandbox(options: SandboxOptions = {}): Promise<boolean> {
  const env = options.env ?? process.env
  await mkdir(cacheDir(env), { recursive: true })
  const release = await holdLock(join(cacheDir(env), 'sandbox.lock'), options.signal)
  try {
    const { record, page } = await look(env)
    if (record && page) await end(record.pid)
    await rm(recordFile(env), { force: true })
    return page !== undefined
  } finally {
    await release()
  }
}

/** Empties the running sandbox: no resource in any account. Throws `SandboxError` when none runs. */
export async function resetSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const status = await sandboxStatus(options)
  if (!status.running) {
    throw new SandboxError('There is no sandbox to reset', status.note ?? 'none runs', 'Start one: infra sandbox start')
  }
  const answer = await ask('POST', `${status.sandbox.url}/moto-api/reset`, 10_000)
  if (answer.status !== 200) {
    throw new SandboxError('The sandbox was not reset', `it answered ${answer.status}`, 'infra sandbox stop, then start')
  }
  return status.sandbox
}
