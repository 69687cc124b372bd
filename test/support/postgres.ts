import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, openSync, readFileSync, statfsSync, writeFileSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LOCALE, localeEnv } from '../../src/sandbox/locale.ts'
import { extensionDir } from '../../src/sandbox/paths.ts'
import { findPostgres } from '../../src/sandbox/postgres.ts'
import { freePort } from '../../src/sandbox/server.ts'
import { serverUser } from '../../src/sandbox/server-user.ts'
import { type Certificates, makeCertificates } from './postgres-tls.ts'

export interface TestPostgres {
  host: '127.0.0.1'
  port: number
  /** The major one. */
  version: number
  /** May do what the master user of RDS may do: make roles and databases, and no more. */
  master: { user: 'postgres'; password: string }
  /** The certificate of the authority that signed the server's: with `tls` only. */
  caFile?: string
  /** The data folder. */
  dir: string
  stop(): Promise<void>
}

export interface PostgresOptions {
  /** Off when not given. Required: without TLS there is no way in, as with rds.force_ssl. */
  tls?: 'off' | 'offered' | 'required'
  /** Folder of the programs; what the sandbox would use when not given. */
  bin?: string
}

interface Cluster {
  bin: string
  version: number
  env: NodeJS.ProcessEnv
  folder: string
  password: string
}

const read = (name: string): string => readFileSync(join(extensionDir(), 'postgres', name), 'utf8')
const clusters = new Map<string, Promise<Cluster>>()
let certificates: Promise<Certificates> | undefined
let root: string | undefined
let count = 0

/**
 * A PostgreSQL server as RDS would give it, on 127.0.0.1, with the database `postgres`. Stop it when done. It ends by itself
 * at once when this process is gone: Ctrl-C, a crash, kill -9; then its folder goes too.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<TestPostgres> {
  const key = options.bin ?? ''
  const made = clusters.get(key) ?? makeCluster(options.bin)
  clusters.set(key, made)
  const cluster = await made
  const { bin, version, env, password } = cluster
  const { tls = 'off' } = options
  const dir = newFolder('server')
  await finished(asServer('cp', ['-Rp', `${cluster.folder}/.`, dir], cluster.env, dir))
  const caFile = tls === 'off' ? undefined : await giveCertificate(dir)
  const type = tls === 'required' ? 'hostssl' : 'host'
  // RDS refuses its own user and its own database in the same way.
  const rules = ['host all rdsadmin all reject', 'host rdsadmin all all reject', `${type} all all 127.0.0.1/32 scram-sha-256`]
  await writeFile(join(dir, 'pg_hba.conf'), `${rules.join('\n')}\n`)
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const args = [join(bin, 'postgres'), '-D', dir, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off']
    args.push('-c', 'unix_socket_directories=', '-c', `ssl=${tls === 'off' ? 'off' : 'on'}`, '-c', 'timezone=UTC')
    const log = openSync(join(dir, 'log'), 'w')
    const guard = asServer('sh', [join(dirname(dir), 'guard.sh'), ...args], env, dir, ['pipe', log, log])
    const stop = async () => {
      guard.stdin?.end()
      if (guard.exitCode === null && guard.signalCode === null) await once(guard, 'exit')
      await rm(dir, { recursive: true, force: true })
    }
    if (await ready(dir, guard)) {
      letGo(guard)
      const master = { user: 'postgres', password } as const
      return { host: '127.0.0.1', port, version, master, dir, stop, ...(caFile ? { caFile } : {}) }
    }
    const text = await readFile(join(dir, 'log'), 'utf8').catch(() => '')
    if (attempt < 3 && /Address already in use/.test(text)) continue
    await stop()
    throw new Error(`PostgreSQL did not start:\n${text}`)
  }
}

async function giveCertificate(dir: string): Promise<string> {
  certificates ??= makeCertificates()
  const { ca, certificate, key } = await certificates
  for (const [name, text] of [
    ['ca.crt', ca],
    ['server.crt', certificate],
    ['server.key', key],
  ] as const) {
    await writeFile(join(dir, name), text, { mode: 0o600 })
    ownedByServer(join(dir, name))
  }
  return join(dir, 'ca.crt')
}

/** Until the server takes connections; false when it has ended instead. It writes so into a file, without a password. */
async function ready(dir: string, guard: ChildProcess): Promise<boolean> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(10)) {
    const lines = (await readFile(join(dir, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
    if (lines[7]?.trim() === 'ready') return true
    if (guard.exitCode !== null) return false
  }
  guard.stdin?.end()
  return false
}

/** One for each process and folder of programs: copying its data takes a fifth of the time of making it. */
async function makeCluster(named: string | undefined): Promise<Cluster> {
  const found = await findPostgres({ env: { ...process.env, ...(named ? { INFRA_SANDBOX_POSTGRES_BIN: named } : {}) } })
  const { env: locale } = await localeEnv()
  const folder = newFolder('cluster')
  const env = { PATH: process.env.PATH, HOME: folder, LC_ALL: 'C', ...locale }
  const args = ['-D', folder, '-U', 'rdsadmin', '-A', 'trust', '-E', 'UTF8', `--locale=${LOCALE}`, '--lc-messages=C']
  await finished(asServer(join(found.bin, 'initdb'), [...args, '--no-sync', '--wal-segsize=1'], env, folder))
  await writeFile(join(folder, 'postgresql.auto.conf'), "password_encryption = 'scram-sha-256'\n")
  const password = randomBytes(12).toString('hex')
  const master = read('master.sql').replaceAll('%1$I', 'postgres').replaceAll('%2$L', `'${password}'`)
  const single = asServer(join(found.bin, 'postgres'), ['--single', '-D', folder, '-c', 'fsync=off', 'postgres'], env, folder)
  single.stdin?.end(statements(read('roles.sql') + master).join('\n'))
  const said = await finished(single)
  if (/ERROR|FATAL/.test(said)) throw new Error(`PostgreSQL refused the roles of RDS:\n${said}`)
  return { bin: found.bin, version: Number.parseInt(found.version, 10), env, folder, password }
}

const statements = (sql: string): string[] => sql.split('\n').filter((line) => line && !line.startsWith('--'))

function asServer(
  file: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
  stdio: ['pipe', number | 'pipe', number | 'pipe'] = ['pipe', 'pipe', 'pipe'],
): ChildProcess {
  // Detached: Ctrl-C in a terminal reaches this process only, and the rest goes by the guard's input.
  return spawn(file, args, { env, cwd, stdio, detached: true, ...serverUser() })
}

/** This process may end although the child still runs. */
function letGo(child: ChildProcess): void {
  child.unref()
  if (child.stdin instanceof Socket) child.stdin.unref()
}

async function finished(child: ChildProcess): Promise<string> {
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part) => (said += part))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${child.spawnfile} ended with ${code}:\n${said}`)
  return said
}

function ownedByServer(path: string): void {
  const { uid, gid } = serverUser()
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
}

function newFolder(name: string): string {
  root ??= newRoot()
  const folder = join(root, `${name}-${++count}`)
  mkdirSync(folder, { mode: 0o700 })
  ownedByServer(folder)
  return folder
}

/** The folder of this process. A shell removes it when the process is gone, once the servers in it have ended. */
function newRoot(): string {
  const folder = mkdtempSync(join(base(), 'infra-postgres-'))
  chmodSync(folder, 0o755)
  writeFileSync(join(folder, 'guard.sh'), read('guard.sh'), { mode: 0o644 }) // where the server's user may read it
  const script = 'cat; for i in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$1" && exit; sleep 0.3; done'
  const broom = spawn('sh', ['-c', script, 'broom', folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  letGo(broom)
  return folder
}

/** In memory, where that is plenty: making the thousand files of a cluster can take a disk a second. */
function base(): string {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    if (bavail * bsize > 2 ** 31) return '/dev/shm'
  } catch {} // not Linux
  return serverUser().uid === undefined ? tmpdir() : '/tmp'
}
