import { type ChildProcess, fork } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { childEnv } from './models/children.ts'

const HOST = fileURLToPath(new URL('cli-host.mjs', import.meta.url))

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** What Node or a library reads once in the life of a process. */
const ONCE = [
  'NODE_OPTIONS',
  'NODE_EXTRA_CA_CERTS',
  'FORCE_COLOR',
  'NO_COLOR',
  'LC_ALL',
  'TZ',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
]

/** Whether a command line ends the same in a process that has run others before it. */
export const canBeHosted = (env: Readonly<Record<string, string>>, dir: string): boolean =>
  !ONCE.some((name) => env[name] !== undefined) && !existsSync(join(dir, '.aws'))

class Host {
  readonly #child: ChildProcess
  readonly #ready: Promise<void>
  #noise = ''

  constructor() {
    const child = fork(HOST, [], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] })
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part) => (this.#noise += part))
    this.#child = child
    this.#ready = new Promise((resolve, reject) => {
      child.once('message', () => resolve())
      child.once('exit', () => reject(new Error(`the host of the CLI ended: ${this.#noise}`)))
    })
  }

  /** @returns undefined for the second: it has ended with the command, and runs no more */
  async run(args: readonly string[], env: Readonly<Record<string, string>>, dir: string): Promise<[Said, boolean]> {
    const child = this.#child
    this.#hold(true)
    await this.#ready
    const folder = mkdtempSync(join(tmpdir(), 'infra-said-'))
    const last = join(folder, 'said.json')
    try {
      return await new Promise((resolve, reject) => {
        const ended = (): void => {
          if (existsSync(last)) resolve([JSON.parse(readFileSync(last, 'utf8')) as Said, false])
          else reject(new Error(`infra ${args.join(' ')} ended its process: ${this.#noise}`))
        }
        child.once('exit', ended)
        child.once('message', (said) => {
          child.off('exit', ended)
          resolve([said as Said, true])
        })
        child.send({ args, env: childEnv(env), dir, last })
      })
    } finally {
      rmSync(folder, { recursive: true, force: true })
      this.#hold(false)
    }
  }

  /** Only a command that runs keeps this process alive. */
  #hold(on: boolean): void {
    const parts = [this.#child, this.#child.channel, this.#child.stdout, this.#child.stderr]
    for (const part of parts as ({ ref?(): void; unref?(): void } | null | undefined)[])
      (on ? part?.ref : part?.unref)?.call(part)
  }
}

const idle: Host[] = []

/** Runs a command line of the built CLI in a process that has run others before, or will. */
export const hosted = async (args: readonly string[], env: Readonly<Record<string, string>>, dir: string): Promise<Said> => {
  const host = idle.pop() ?? new Host()
  const [said, again] = await host.run(args, env, dir)
  if (again) idle.push(host)
  return said
}
