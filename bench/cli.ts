import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { freshAccount } from '../test/support/account.ts'

export const DESTROY = ['destroy', '--yes', '--confirm', 'startupwebapp']

export interface Ran {
  /** Milliseconds from spawn to exit. */
  readonly wall: number
  readonly out: string
}

/** A copy of what is published, in a folder of its own: a build or a test run beside the bench cannot pull it away. */
export class Cli {
  readonly folder: string
  readonly #main: string
  readonly #peakHook: string
  #stacks = 0

  constructor(root: string, folder: string) {
    this.folder = folder
    for (const part of ['bin', 'dist', 'package.json']) cpSync(join(root, part), join(folder, 'infra', part), { recursive: true })
    this.#main = join(folder, 'infra', 'bin', 'infra.js')
    this.#peakHook = join(folder, 'peak.mjs')
    // Not resourceUsage().maxRSS: on Linux a child begins with the peak of the process that started it.
    writeFileSync(
      this.#peakHook,
      `import { readFileSync, writeFileSync } from 'node:fs'
process.on('exit', () => {
  let kb
  try { kb = /VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] } catch {}
  writeFileSync(process.env.PEAK_FILE, String(kb ?? process.resourceUsage().maxRSS))
})
`,
    )
  }

  /** Nothing of the machine's own AWS settings, and nobody but this machine to talk to. */
  environment(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    const own = Object.entries(process.env).filter(([name]) => !/^(AWS_|INFRA_|XDG_|NODE_OPTIONS)/.test(name))
    const quiet = {
      AWS_EC2_METADATA_DISABLED: 'true',
      INFRA_LOOPBACK_ONLY: '1',
      HOME: this.folder,
      INFRA_CACHE_DIR: join(this.folder, 'cache'),
    }
    return { ...Object.fromEntries(own), ...quiet, ...more }
  }

  /** A stack that is written but not created: a folder with infra.yaml, and an account nobody else has. */
  async stack(serverUrl: string, endpoint: string, sets: readonly string[] = []): Promise<Stack> {
    const folder = mkdtempSync(join(this.folder, `stack-${++this.#stacks}-`))
    const { env } = await freshAccount(serverUrl)
    const stack = new Stack(this, folder, this.environment({ ...env, AWS_ENDPOINT_URL: endpoint }))
    // What is measured is AWS calls: the databases would need a server behind them.
    const steps = 'steps=[vpc, security-groups, secrets, rds, monitoring]'
    const given = ['monitoring.email=you@example.com', 'securityGroups.bastionCidr=203.0.113.7/32', steps, ...sets]
    await stack.run('init', '--yes', '--preset', 'startupwebapp', ...given.flatMap((s) => ['--set', s]))
    return stack
  }

  async run(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv, node: readonly string[] = []): Promise<Ran> {
    const began = performance.now()
    const child = spawn(process.execPath, [...node, this.#main, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part: string) => (out += part))
    const ended = new Promise<{ code: number | null; wall: number }>((resolve, reject) => {
      child.once('error', reject)
      let wall = 0
      child.once('exit', () => (wall = performance.now() - began))
      child.once('close', (code) => resolve({ code, wall }))
    })
    const { code, wall } = await ended
    if (code !== 0) throw new Error(`infra ${args.join(' ')} ended with ${code}:\n${out}`)
    return { wall, out }
  }

  /** As `run`, with the largest resident memory of the process in MB. */
  async peak(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<number> {
    const file = join(cwd, 'peak.txt')
    await this.run(args, cwd, { ...env, PEAK_FILE: file }, ['--import', pathToFileURL(this.#peakHook).href])
    return Number(readFileSync(file, 'utf8')) / 1024
  }

  /** Blocks this process, which therefore takes no part in the time: for what does not go through our proxy. */
  time(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): number {
    const began = performance.now()
    const { status, stderr } = spawnSync(process.execPath, args[0] === '-e' ? args : [this.#main, ...args], { cwd, env })
    const wall = performance.now() - began
    if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}:\n${stderr}`)
    return wall
  }
}

export class Stack {
  readonly cli: Cli
  readonly folder: string
  readonly env: NodeJS.ProcessEnv

  constructor(cli: Cli, folder: string, env: NodeJS.ProcessEnv) {
    this.cli = cli
    this.folder = folder
    this.env = env
  }

  run(...args: string[]): Promise<Ran> {
    return this.cli.run(args, this.folder, this.env)
  }
}
