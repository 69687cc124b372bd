import { execFile } from 'node:child_process'
import { chmod, mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { cacheDir } from './paths.ts'

/** PostgreSQL refuses to run as root; then its server and programs run as this user, which is `nobody` on Linux. */
export const serverUser = (): { uid?: number; gid?: number } => (process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {})

/**
 * A cache folder that the server's user may enter. It cannot pass through root's home folder: then it is the machine's
 * cache folder instead.
 */
export async function enterableCache(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const own = cacheDir(env)
  await mkdir(own, { recursive: true, mode: 0o755 })
  if (process.getuid?.() !== 0) return own
  for (let folder = own; ; folder = dirname(folder)) {
    if (!((await stat(folder)).mode & 0o001)) break
    if (folder === dirname(folder)) return own
  }
  const shared = '/var/cache/infra'
  await mkdir(shared, { recursive: true, mode: 0o755 })
  await chmod(shared, 0o755)
  return shared
}

/** What a program gets that fetches others: nothing that opens an account of AWS. */
export const withoutAws = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('AWS_')))

export interface Ran {
  ok: boolean
  out: string
}

interface RunOptions {
  env: NodeJS.ProcessEnv
  timeout?: number
  signal?: AbortSignal | undefined
  asServer?: boolean
}

/** Runs a program to its end. `asServer`: as the user that the server runs as. */
export function run(file: string, args: string[], { env, timeout = 20_000, signal, asServer }: RunOptions): Promise<Ran> {
  const user = asServer ? { ...serverUser(), cwd: '/' } : {}
  const options = { env, timeout, maxBuffer: 8 << 20, ...user, ...(signal ? { signal } : {}) }
  return new Promise((resolve) => {
    execFile(file, args, options, (error, stdout, stderr) =>
      resolve({ ok: !error, out: error ? `${stdout}${stderr}` || error.message : stdout }),
    )
  })
}
