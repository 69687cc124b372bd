import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Credentials, signed } from './credentials.ts'
import { SandboxError } from './error.ts'
import { extensionDir } from './paths.ts'
import type { ServerPrograms } from './postgres.ts'
import type { Seconds } from './seconds.ts'

const START_SECONDS = 30

/** What the server says of itself on /infra-sandbox. */
export interface Page {
  version: string
  moto: string
  pid: number
  seconds: Seconds
  /** The version of the PostgreSQL behind the databases; null: there is none, and nobody answers at their endpoints. */
  postgres?: string | null
  /** Databases answer only from inside their network, as on AWS. */
  privateDatabases?: boolean
}

export interface Ask {
  readonly method?: 'GET' | 'POST'
  readonly body?: string
  /** Milliseconds. */
  readonly patience: number
  /** Absent: an unsigned request, which only a sandbox of an earlier infra answers. */
  readonly credentials?: Credentials | undefined
}

/** One signed request over node:http, which loads in a tenth of the time of `fetch`. Rejects on no answer. */
export function ask(
  url: string,
  { method = 'GET', body: said = '', patience, credentials }: Ask,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = credentials ? signed(credentials, { method, url, body: said }) : {}
    const sent = request(url, { method, headers, signal: AbortSignal.timeout(patience) }, (answer) => {
      let body = ''
      answer.setEncoding('utf8')
      answer.on('data', (part) => {
        body += part
      })
      answer.once('error', reject)
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    })
    sent.once('error', reject)
    sent.end(said)
  })
}

/** Asks an address whether our server answers there. Anything else - silence, another server, another page - is undefined. */
export async function recognise(url: string, credentials: Credentials | undefined, patience = 2000): Promise<Page | undefined> {
  try {
    const { status, body } = await ask(`${url}/infra-sandbox`, { credentials, patience })
    const page: unknown = status === 200 ? JSON.parse(body) : undefined
    const fields = page as Partial<Page> | null | undefined
    const whole = typeof fields?.pid === 'number' && typeof fields.moto === 'string' && typeof fields.seconds === 'object'
    return whole ? (fields as Page) : undefined
  } catch {
    return undefined
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/** Whether a process runs. One that has ended but that nobody has collected (containers without an init) does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return true // not Linux
  }
}

/** A process that starts: what runs, with which environment, in which folder, and where what it says goes. */
export interface Start {
  file: string
  args: readonly string[]
  env: NodeJS.ProcessEnv
  cwd: string
  log: string
  detached: boolean
}

export interface Started {
  /** undefined: it could not be started. */
  pid: number | undefined
  /** Whether it has ended. */
  over(): boolean
  kill(): void
}

interface Launch {
  python: string
  /** Folder for the log. */
  folder: string
  /** INFRA_SANDBOX_SECONDS for the server; undefined: its defaults. */
  seconds?: string | undefined
  /** Folder of the Python extension. */
  extension?: string | undefined
  env?: NodeJS.ProcessEnv | undefined
  /** What runs behind the endpoints of PostgreSQL databases; undefined: nothing. */
  postgres?: ServerPrograms | undefined
  /** Databases answer only from inside their network; see docs/sandbox.md. */
  privateDatabases?: boolean | undefined
  /** A daemon outlives this process; the tests' server ends with it, however it ends. */
  detached: boolean
  /** What it answers to. */
  credentials: Credentials
  /** Starts the process; a child of this one when not given. */
  start?: ((how: Start) => Promise<Started>) | undefined
  /** Hears of the process before it answers, so that it is known even if this process ends meanwhile. */
  spawned?: (started: { url: string; pid: number; log: string }) => Promise<void>
}

interface Launched {
  url: string
  pid: number
  log: string
  page: Page
}

/** Starts the server on a free loopback port and waits until it answers. Throws `SandboxError` with the end of its log. */
export async function launch(options: Launch): Promise<Launched> {
  await mkdir(options.folder, { recursive: true, mode: 0o755 })
  const log = join(options.folder, 'sandbox.log')
  // A free port can be taken by someone else between the probe and the server's bind: then once more with another one.
  for (let attempt = 1; ; attempt++) {
    const started = await tryLaunch(options, log)
    if (started) return started
    const text = await readFile(log, 'utf8').catch(() => '')
    if (attempt < 3 && /Address already in use|in use by another program/.test(text)) continue
    const end = text.trim().split('\n').slice(-8).join('\n') || 'its log is empty'
    throw new SandboxError('The sandbox did not start', end, `Look into ${log}, then try again: infra sandbox start`)
  }
}

/** Variables that tell the server what it is started with: one of the person's own must not change that. */
const OURS = ['INFRA_SANDBOX_SECONDS', 'INFRA_SANDBOX_POSTGRES', 'INFRA_SANDBOX_PRIVATE_DATABASES']

async function tryLaunch(options: Launch, log: string): Promise<Launched | undefined> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const env: NodeJS.ProcessEnv = { ...(options.env ?? process.env) }
  for (const name of [...OURS, 'MOTO_PORT', 'MOTO_ACCOUNT_ID']) delete env[name]
  Object.assign(env, {
    // The environment of a process is for its owner's eyes; the server takes the variable out of what it hands on.
    INFRA_SANDBOX_CREDENTIALS: `${options.credentials.accessKeyId}:${options.credentials.secretAccessKey}`,
    PYTHONDONTWRITEBYTECODE: '1', // the folder of the extension is the package's or the repository's
    INFRA_SANDBOX_WITH_PARENT: options.detached ? '0' : '1',
    ...(options.seconds === undefined ? {} : { INFRA_SANDBOX_SECONDS: options.seconds }),
    ...(options.postgres ? { INFRA_SANDBOX_POSTGRES: JSON.stringify(options.postgres) } : {}),
    ...(options.privateDatabases ? { INFRA_SANDBOX_PRIVATE_DATABASES: '1' } : {}),
  })
  const args = [options.extension ?? extensionDir(), '-H', '127.0.0.1', '-p', String(port)]
  const { start = startChild, folder: cwd, detached } = options
  const { pid, over, kill } = await start({ file: options.python, args, env, cwd, log, detached })
  if (pid === undefined) return undefined
  await options.spawned?.({ url, pid, log })
  const deadline = Date.now() + START_SECONDS * 1000
  while (!over() && Date.now() < deadline) {
    const page = await recognise(url, options.credentials, 1000)
    if (page && page.pid === pid) return { url, pid, log, page }
    await sleep(25)
  }
  kill()
  return undefined
}

async function startChild({ file, args, env, cwd, log, detached }: Start): Promise<Started> {
  const out = openSync(log, 'w', 0o600)
  const child = spawn(file, args, { env, cwd, detached, stdio: ['ignore', out, out] })
  closeSync(out)
  let over = false
  for (const event of ['exit', 'error'])
    child.once(event, () => {
      over = true
    })
  child.unref()
  return { pid: child.pid, over: () => over, kill: () => void child.kill('SIGKILL') }
}

/** Ends a process of ours: asks, waits, then insists. */
export async function end(pid: number, patience = 3000): Promise<void> {
  for (const [signal, wait] of [
    ['SIGTERM', patience],
    ['SIGKILL', 2000],
  ] as const) {
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    for (const deadline = Date.now() + wait; Date.now() < deadline; await sleep(20)) if (!isAlive(pid)) return
  }
}
