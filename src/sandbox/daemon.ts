import { join } from 'node:path'
import { bornOf } from '../state/process.ts'
import { newCredentials } from './credentials.ts'
import { SandboxError } from './error.ts'
import { holdLock } from './lock.ts'
import { inTheWay, look, noteOf, type Sandbox } from './look.ts'
import { findServer } from './postgres.ts'
import { findPython } from './python.ts'
import { ownFolder, removeRecord, writeRecord } from './record.ts'
import { differences, secondsText } from './seconds.ts'
import { ask, end, launch } from './server.ts'

export interface SandboxOptions {
  /** Everything takes 0 seconds. Only counts for a server that starts now. */
  fast?: boolean | undefined
  /** Databases answer only from inside their network. Only counts for a server that starts now. */
  privateDatabases?: boolean | undefined
  env?: NodeJS.ProcessEnv | undefined
  /** Folder of the Python extension, where it is not beside this module. */
  extension?: string | undefined
  report?: ((line: string) => void) | undefined
  signal?: AbortSignal | undefined
  /** For how many milliseconds a server that runs may give no answer. Default 30,000. */
  patience?: number | undefined
}

export type SandboxStatus =
  | { running: false; note?: string }
  /** `note` says so when other seconds were asked for than the server has. */
  | { running: true; sandbox: Sandbox; note?: string }

const PATIENCE = 30_000
/** After this long a person wants to know what is waited for. */
const SOON = 2000

function asked(options: SandboxOptions, sandbox: Sandbox): { note?: string } {
  const different = differences(secondsText(options.fast, options.env ?? process.env), sandbox.seconds)
  const notes = [
    ...(different.length > 0
      ? [`It runs with its own seconds (${different.join('; ')}). To change them: infra sandbox stop, then start.`]
      : []),
    ...(options.privateDatabases && !sandbox.privateDatabases
      ? [
          'Its databases answer everyone on this machine. To change that: infra sandbox stop, then infra sandbox start --private-databases.',
        ]
      : []),
  ]
  return notes.length > 0 ? { note: notes.join(' ') } : {}
}

/** Whether the sandbox runs; never starts or stops anything. */
export async function sandboxStatus(options: SandboxOptions = {}): Promise<SandboxStatus> {
  const seen = await look(options.env ?? process.env, Math.min(options.patience ?? SOON, SOON))
  if (seen.is === 'running') return { running: true, sandbox: seen.sandbox, ...asked(options, seen.sandbox) }
  const note = noteOf(seen)
  return { running: false, ...(note ? { note } : {}) }
}

/** The running sandbox; undefined: there is none, and one may be started. A slow one is waited for. Throws `SandboxError`. */
async function findSandbox(options: SandboxOptions): Promise<Sandbox | undefined> {
  const { env = process.env, patience = PATIENCE } = options
  let seen = await look(env, Math.min(patience, SOON))
  if (seen.is === 'silent' && patience > SOON) {
    options.report?.('The sandbox does not answer yet; waiting for it')
    seen = await look(env, patience)
  }
  const error = inTheWay(seen)
  if (error) throw error
  if (seen.is !== 'running') return undefined
  asked(options, seen.sandbox)
  return seen.sandbox
}

/** The running sandbox, or a new one. Two callers at once get the same. Throws `SandboxError`. */
export async function ensureSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const env = options.env ?? process.env
  const running = await findSandbox(options)
  if (running) return running
  const folder = await ownFolder(env)
  const release = await holdLock(join(folder, 'sandbox.lock'), options.signal)
  try {
    return (await findSandbox(options)) ?? (await startSandbox(options, env, folder))
  } finally {
    await release()
  }
}

async function startSandbox(options: SandboxOptions, env: NodeJS.ProcessEnv, folder: string): Promise<Sandbox> {
  const { extension, fast, privateDatabases, report, signal } = options
  const python = await findPython({ env, report, signal })
  const postgres = await findServer({ env, report, signal }).catch((error) => {
    if (!(error instanceof SandboxError) || env.INFRA_SANDBOX_POSTGRES_BIN) throw error
    report?.(`Databases will have an endpoint where nobody answers. ${error.what}: ${error.why}. ${error.next}`)
    return undefined
  })
  report?.('Starting the local AWS')
  const startedAt = new Date().toISOString()
  const credentials = newCredentials()
  try {
    const { page, ...started } = await launch({
      python: python.path,
      folder,
      seconds: secondsText(fast, env),
      extension,
      env,
      postgres,
      privateDatabases,
      credentials,
      detached: true,
      // At once: it outlives this process, however that ends, and a server that nobody knows of cannot be stopped.
      spawned: async ({ url, pid, log }) => {
        const born = await bornOf(pid)
        await writeRecord(env, { url, pid, ...(born ? { born } : {}), startedAt, log, credentials })
      },
    })
    const { seconds, postgres: version } = page
    return {
      ...started,
      credentials,
      startedAt,
      seconds,
      ...(version ? { postgres: version } : {}),
      ...(page.privateDatabases ? { privateDatabases: true } : {}),
    }
  } catch (error) {
    await removeRecord(env)
    throw error
  }
}

/** Stops the server, if the recorded one is really ours, even when it does not answer. True: it ran. Its state dies with it. */
export async function stopSandbox(options: SandboxOptions = {}): Promise<boolean> {
  const env = options.env ?? process.env
  const release = await holdLock(join(await ownFolder(env), 'sandbox.lock'), options.signal)
  try {
    const seen = await look(env, Math.min(options.patience ?? SOON, SOON))
    const ours = seen.is === 'running' || seen.is === 'silent' || seen.is === 'open'
    if (ours) await end(seen.record.pid)
    await removeRecord(env)
    return ours
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
  const { url, credentials } = status.sandbox
  const answer = await ask(`${url}/moto-api/reset`, { method: 'POST', credentials, patience: 10_000 })
  if (answer.status !== 200) {
    throw new SandboxError('The sandbox was not reset', `it answered ${answer.status}`, 'infra sandbox stop, then start')
  }
  return status.sandbox
}
