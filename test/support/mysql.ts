import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, openSync, statfsSync, writeFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { extensionDir } from '../../src/sandbox/paths.ts'
import { freePort } from '../../src/sandbox/server.ts'

const run = promisify(execFile)

export interface TestMysql {
  /** `mysql://root:password@127.0.0.1:port` */
  readonly url: URL
  stop(): Promise<void>
}

export interface Program {
  readonly file: string
  readonly version: string
}

const runs = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * The MySQL server of this machine: `mysqld` on the PATH or where packages put servers.
 * @returns why there is none, when there is none. MariaDB is none: its mysql.user has no account_locked, it has no roles' rights in
 * mysql.db and no partial_revokes, and RDS sells it as another engine.
 */
export const findMysql = async (env: NodeJS.ProcessEnv = process.env): Promise<Program | string> => {
  const folders = [...(env.PATH ?? '').split(delimiter).filter(Boolean), '/usr/sbin', '/usr/libexec', '/usr/local/mysql/bin']
  const files = [...new Set(folders.map((folder) => join(folder, 'mysqld')))].filter(runs)
  const other: string[] = []
  for (const file of files) {
    const { stdout } = await run(file, ['--no-defaults', '--version']).catch((error: Error) => ({ stdout: error.message }))
    const version = /Ver (\d+\.\d+\.\d+)/.exec(stdout)?.[1]
    if (version && !/mariadb/i.test(stdout) && Number.parseInt(version, 10) >= 8) return { file, version }
    other.push(`${file} is ${stdout.trim().split('\n')[0]}`)
  }
  return other.length > 0 ? `no MySQL 8 or newer: ${other.join('; ')}` : 'there is no mysqld here'
}

/** A MySQL server on 127.0.0.1. It ends by itself when this process is gone: Ctrl-C, a crash, kill -9. */
export async function startMysql({ file }: Program): Promise<TestMysql> {
  const folder = mkdtempSync(join(base(), 'infra-mysql-'))
  const data = join(folder, 'data')
  const user = process.getuid?.() === 0 ? ['--user=root'] : []
  await run(file, ['--no-defaults', '--initialize-insecure', ...user, `--datadir=${data}`])
  const password = 'Master0Password'
  const first = join(folder, 'first.sql')
  writeFileSync(
    first,
    `ALTER USER root@localhost IDENTIFIED BY '${password}';\nRENAME USER root@localhost TO root@'127.0.0.1';\n`,
  )
  const port = await freePort()
  const log = join(folder, 'log')
  const out = openSync(log, 'w')
  const own = [
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    '--mysqlx=OFF',
    '--secure-file-priv=NULL',
    `--socket=${join(folder, 's')}`,
  ]
  const cheap = ['--skip-log-bin', '--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0', '--performance-schema=OFF']
  const args = ['--no-defaults', ...user, `--datadir=${data}`, ...own, ...cheap, `--init-file=${first}`]
  const guard = spawn('sh', [join(extensionDir(), 'postgres', 'guard.sh'), file, ...args], {
    stdio: ['pipe', out, out],
    detached: true,
  })
  guard.unref()
  const stop = async (): Promise<void> => {
    guard.stdin?.end()
    if (guard.exitCode === null && guard.signalCode === null) await once(guard, 'exit')
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(50)) {
    const said = await readFile(log, 'utf8')
    if (/ready for connections.*port: [1-9]/s.test(said)) {
      return { url: new URL(`mysql://root:${password}@127.0.0.1:${port}`), stop }
    }
    if (guard.exitCode !== null) break
  }
  const said = await readFile(log, 'utf8')
  await stop()
  throw new Error(`MySQL did not start:\n${said}`)
}

/** In memory, where that is plenty. */
const base = (): string => {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    if (bavail * bsize > 2 ** 30) return '/dev/shm'
  } catch {} // not Linux
  return tmpdir()
}
