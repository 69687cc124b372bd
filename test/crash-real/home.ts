import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Account, freshAccount } from '../support/account.ts'
import { BIN, STEPS_IN_AWS, STEPS_WITH_DATABASES } from '../support/cli.ts'
import { canBeHosted, hosted } from '../support/cli-hosted.ts'
import { laterWindow } from '../support/later-window.ts'
import { type Call, type FaultProxy, startProxy } from '../support/proxy.ts'
import { leadThrough, type SqlProxy, startSqlProxy } from '../support/sql-proxy.ts'

export const CREATE = ['create', '--yes']
export const DESTROY = ['destroy', '--yes', '--confirm', 'startupwebapp']
const SETTINGS = ['vpc.nat=single', 'securityGroups.bastionCidr=203.0.113.7/32', 'monitoring.email=ops@example.com']

/** Whether the stack has databases, and one role for all of them or one for each: they need a server with PostgreSQL. Or containers. */
export type Within = 'nothing' | 'shared' | 'perDatabase' | 'containers' | 'replaced' | 'upgraded'
/** Tenants apart have no application's role, which the preset names. */
const APART = ['project=startupwebapp', 'environment=production', 'databases.roles=perDatabase', 'databases.names=[shop, blog_2]']
/** Two services, one behind the load balancer, and a task that runs once; what else the preset has would only take time. */
const CONTAINERS = [
  'project=startupwebapp',
  'environment=production',
  'steps=[vpc, security-groups, secrets, registry, load-balancer, ecs, autoscaling]',
  'ecs.services.web={ image: "nginx:1.27", port: 8000, secrets: { USER: "database:username" }, autoscaling: { min: 1, max: 3, cpuPercent: 70 } }',
  'ecs.services.worker={ image: "nginx:1.27" }',
  'ecs.tasks.migrate={ image: "nginx:1.27", command: [migrate] }',
]
/** Two services behind a load balancer, one of them by a rule. */
const REPLACED = [
  'project=startupwebapp',
  'environment=production',
  'steps=[vpc, security-groups, registry, load-balancer, ecs]',
  'ecs.services.web={ image: "nginx:1.27", port: 8000, subnets: public }',
  'ecs.services.api={ image: "nginx:1.27", port: 9000, subnets: public, public: true, paths: ["/api/*"] }',
]
/** A database server of an old version. */
const UPGRADED = [
  'project=startupwebapp',
  'environment=production',
  'steps=[vpc, security-groups, secrets, rds]',
  'vpc.nat=none',
  'rds.version=16',
  'rds.monitoringInterval=0',
  'rds.parameters={ work_mem: 8192 }',
  `rds.maintenanceWindow=${laterWindow()}`,
]
const initOf = (within: Within): string[] => {
  const own = {
    nothing: [STEPS_IN_AWS],
    shared: [STEPS_WITH_DATABASES],
    perDatabase: APART,
    containers: CONTAINERS,
    replaced: REPLACED,
    upgraded: UPGRADED,
  }[within]
  return [
    ...(['perDatabase', 'containers', 'replaced', 'upgraded'].includes(within) ? [] : ['--preset', 'startupwebapp']),
    ...[...SETTINGS, ...own].flatMap((s) => ['--set', s]),
  ]
}

/** A command that hangs is as bad as one that fails. */
const PATIENCE_MS = 90_000

export interface State {
  readonly resources: Readonly<
    Record<string, { readonly type: string; readonly is: string; readonly attrs?: Readonly<Record<string, unknown>> }>
  >
}

export interface Ended {
  /** Null when it was killed, by us or by a stranger. */
  readonly code: number | null
  readonly out: string
}

/** A run was ended by a signal that is not ours (someone tidies up processes, memory is short): it proves nothing. */
export class Disturbed extends Error {}

export interface Run {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

/** An account, a folder and a proxy of their own: nothing that one case does can be seen by another. */
export class Home {
  readonly account: Account
  readonly proxy: FaultProxy
  /** In front of the database server: AWS tells its address instead of the server's. */
  readonly sql: SqlProxy
  readonly dir: string
  /** On top of what every run gets. */
  readonly env: Record<string, string> = {}
  /** A command that starts the CLI instead of being it: `bash -c 'ulimit ...; exec "$@"'`. */
  wrapper: readonly string[] = []
  readonly #bin: string

  private constructor(bin: string, dir: string, account: Account, proxy: FaultProxy, sql: SqlProxy) {
    this.#bin = bin
    this.dir = dir
    this.account = account
    this.proxy = proxy
    this.sql = sql
  }

  /** With an empty folder. */
  static async empty(bin: string, folder: string, server: string): Promise<Home> {
    const [account, proxy, sql] = await Promise.all([freshAccount(server), startProxy(server), startSqlProxy()])
    return new Home(bin, mkdtempSync(join(folder, 'case-')), account, proxy, sql)
  }

  /** @param folder where homes are made; the first one writes the config there, the others copy it */
  static async open(bin: string, folder: string, server: string, within: Within = 'nothing'): Promise<Home> {
    const home = await Home.empty(bin, folder, server)
    const { proxy, sql } = home
    if (within === 'shared' || within === 'perDatabase') leadThrough(proxy, sql)
    const template = join(folder, `${within}.yaml`)
    try {
      cpSync(template, join(home.dir, 'infra.yaml'))
    } catch {
      const { code, out } = await home.run('init', '--yes', ...initOf(within))
      if (code !== 0) throw new Error(`infra init ended with ${code}: ${out}`)
      cpSync(join(home.dir, 'infra.yaml'), template)
    }
    return home
  }

  #env(dir: string): Record<string, string> {
    const { PATH = '', LANG = '' } = process.env
    return {
      PATH,
      LANG,
      ...this.account.env,
      HOME: dir,
      INFRA_CACHE_DIR: join(dir, '.cache'),
      INFRA_LOOPBACK_ONLY: '1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL: this.proxy.url,
      // On AWS a new thing shows up in its lists some seconds late, so the next run looks for 20 s. moto shows it at once: what is
      // not seen after one second is not there, and nineteen more would prove nothing. (What shows late has its own tests.)
      INFRA_GRACE_SECONDS: '1',
      ...this.env,
    }
  }

  /**
   * In a process of its own, which can be killed.
   * @param dir where it runs, and keeps its state and cache
   */
  start(args: readonly string[], dir = this.dir): Run {
    const env = this.#env(dir)
    const [command = '', ...rest] = [...this.wrapper, process.execPath, this.#bin, ...args]
    const child = spawn(command, rest, { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let late = false
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part: string) => (out += part))
    const timer = setTimeout(() => {
      out += `\n(killed: not done after ${PATIENCE_MS / 1000} s)`
      late = true
      child.kill('SIGKILL')
    }, PATIENCE_MS)
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => {
        clearTimeout(timer)
        if (signal && !late && !child.killed) reject(new Disturbed(`infra ${args.join(' ')} got ${signal} from outside`))
        else resolve({ code, out })
      })
    })
    return { child, ended }
  }

  run(...args: string[]): Promise<Ended> {
    return this.runIn(this.dir, args)
  }
  /** To its end, in a process that runs others as well where that makes no difference. */
  async runIn(dir: string, args: readonly string[]): Promise<Ended> {
    const env = this.#env(dir)
    if (this.wrapper.length > 0 || this.#bin !== BIN || !canBeHosted(env, dir)) return this.start(args, dir).ended
    const { code, stdout, stderr } = await hosted(args, env, dir)
    return { code, out: stdout + stderr }
  }

  /** What was asked of AWS and of the database server, in order. */
  get log(): readonly Call[] {
    return [...this.proxy.log, ...this.sql.log].sort((a, b) => a.at - b.at)
  }

  clear(): void {
    this.proxy.clear()
    this.sql.clear()
  }

  get state(): State {
    return this.stateIn(this.dir)
  }
  stateIn(dir: string): State {
    return JSON.parse(readFileSync(join(dir, 'state', 'production.json'), 'utf8')) as State
  }

  async close(): Promise<void> {
    await Promise.all([this.proxy.close(), this.sql.close()])
    rmSync(this.dir, { recursive: true, force: true })
  }
}

/** The CLI as it is published, in a folder of its own: a build or a test run beside us cannot pull it away. */
export const copyOfCli = (root: string, folder: string): string => {
  mkdirSync(join(folder, 'infra'), { recursive: true })
  for (const part of ['bin', 'dist', 'package.json']) cpSync(join(root, part), join(folder, 'infra', part), { recursive: true })
  return join(folder, 'infra', 'bin', 'infra.js')
}
