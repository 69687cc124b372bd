import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { canBeHosted, hosted } from './cli-hosted.ts'

export const BIN = fileURLToPath(new URL('../../bin/infra.js', import.meta.url))

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Both, for a failing test's message. */
  readonly all: string
  json<T>(): T
}

/** A folder with its own cache and environment, in which the built CLI runs. */
export interface Place {
  readonly dir: string
  readonly env: Record<string, string>
  /** To its end, in a process that runs others as well where that makes no difference. */
  run(...args: string[]): Promise<Ran>
  /** In a process of its own, for signals. */
  start(...args: string[]): Running
  state(file?: string): Promise<{
    resources: Record<
      string,
      { type: string; step: string; is: string; want: Record<string, unknown>; attrs?: Record<string, unknown>; deps: string[] }
    >
    [k: string]: unknown
  }>
  remove(): Promise<void>
}

export interface Running {
  readonly done: Promise<Ran>
  readonly pid: number
  kill(signal: NodeJS.Signals): void
  /** Resolves when the text has been printed. */
  printed(text: string | RegExp): Promise<void>
}

/** Only what a process needs: nothing of the person's AWS set-up may leak into a test. */
const bare = (): Record<string, string> =>
  Object.fromEntries(
    ['PATH', 'HOME', 'TMPDIR', 'LANG'].flatMap((k) => (process.env[k] === undefined ? [] : [[k, process.env[k] ?? '']])),
  )

const ran = (said: Pick<Ran, 'code' | 'stdout' | 'stderr'>): Ran => ({
  ...said,
  all: `${said.stdout}\n${said.stderr}`,
  json: <T>() => JSON.parse(said.stdout) as T,
})

export const place = async (env: Record<string, string> = {}): Promise<Place> => {
  const dir = await mkdtemp(join(tmpdir(), 'infra-cli-'))
  const full: Record<string, string> = {
    ...bare(),
    HOME: dir,
    INFRA_CACHE_DIR: join(dir, '.cache'),
    INFRA_LOOPBACK_ONLY: '1',
    AWS_EC2_METADATA_DISABLED: 'true',
    // The local AWS shows at once what was made: what somebody else deletes a moment later is gone, and need not be waited for.
    INFRA_GRACE_SECONDS: '1',
    ...env,
  }
  const start = (...args: string[]): Running => {
    const child = spawn(process.execPath, [BIN, ...args], { cwd: dir, env: full, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    const listeners = new Set<() => void>()
    const hear = (): void => {
      for (const l of listeners) l()
    }
    child.stdout.on('data', (d) => {
      stdout += d
      hear()
    })
    child.stderr.on('data', (d) => {
      stderr += d
      hear()
    })
    const done = new Promise<Ran>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => {
        hear()
        resolve(ran({ code, stdout, stderr }))
      })
    })
    return {
      done,
      pid: child.pid ?? 0,
      kill: (signal) => {
        child.kill(signal)
      },
      printed: (text) =>
        new Promise((resolve, reject) => {
          const check = (): void => {
            const all = stdout + stderr
            if (typeof text === 'string' ? all.includes(text) : text.test(all)) {
              listeners.delete(check)
              resolve()
            } else if (child.exitCode !== null) reject(new Error(`it ended without printing ${text}: ${all}`))
          }
          listeners.add(check)
          check()
        }),
    }
  }
  return {
    dir,
    env: full,
    start,
    async run(...args) {
      if (!canBeHosted(full, dir)) return start(...args).done
      return ran(await hosted(args, full, dir))
    },
    state: async (file = 'production.json') => JSON.parse(await readFile(join(dir, 'state', file), 'utf8')),
    remove: () => rm(dir, { recursive: true, force: true }),
  }
}

/** The steps that need nothing but AWS. The databases need a server to go into: test/e2e/databases*.test.ts have one. */
export const STEPS_IN_AWS = 'steps=[vpc, security-groups, secrets, rds, monitoring]'
/** With the databases inside of the server, but nothing that runs in containers. */
export const STEPS_WITH_DATABASES = 'steps=[vpc, security-groups, secrets, rds, databases, monitoring]'

/** The preset as tests use it: no question left open, no call to the internet. */
export const INIT = [
  'init',
  '--preset',
  'startupwebapp',
  '--yes',
  '--set',
  'securityGroups.bastionCidr=203.0.113.7/32',
  '--set',
  'monitoring.email=ops@example.com',
  '--set',
  STEPS_IN_AWS,
]
