import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Credentials } from './credentials.ts'
import { cacheDir } from './paths.ts'

/** What sandbox.json says of the sandbox that was started last. */
export interface SandboxRecord {
  readonly url: string
  readonly pid: number
  /** When that very process began: process numbers are used again. Absent where the system does not tell. */
  readonly born?: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly log: string
  /** Absent: an earlier infra started it, and it answers everybody. */
  readonly credentials?: Credentials
}

const recordFile = (env: NodeJS.ProcessEnv) => join(cacheDir(env), 'sandbox.json')

const isText = (value: unknown): value is string => typeof value === 'string'

/** Where others may write, the record can be one of theirs, which leads to a server of theirs. */
async function isOurs(file: string): Promise<boolean> {
  const { uid, mode } = await stat(file)
  const self = process.getuid?.() ?? 0
  return (self === 0 || uid === self) && (mode & 0o022) === 0
}

/** @returns undefined where there is none that can be trusted, or half a one of a crashed machine */
export async function readRecord(env: NodeJS.ProcessEnv): Promise<SandboxRecord | undefined> {
  try {
    if (!(await isOurs(recordFile(env)))) return undefined
    const { url, pid, born, startedAt, log, credentials } = JSON.parse(await readFile(recordFile(env), 'utf8'))
    const loopback = isText(url) && /^http:\/\/127\.0\.0\.1:\d+$/.test(url)
    if (!loopback || !Number.isInteger(pid) || !isText(startedAt) || !isText(log)) return undefined
    const { accessKeyId, secretAccessKey } = credentials ?? {}
    const closed = isText(accessKeyId) && isText(secretAccessKey)
    return {
      url,
      pid,
      startedAt,
      log,
      ...(isText(born) ? { born } : {}),
      ...(closed ? { credentials: { accessKeyId, secretAccessKey } } : {}),
    }
  } catch {
    return undefined
  }
}

/** It holds the credentials, so it is for its owner's eyes alone, and so is the right to put another one in its place. */
export async function writeRecord(env: NodeJS.ProcessEnv, record: SandboxRecord): Promise<void> {
  const draft = `${recordFile(env)}.${process.pid}`
  await rm(draft, { force: true }) // of a process of this number that was killed; its mode would stay
  await writeFile(draft, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  await rename(draft, recordFile(env))
}

export const removeRecord = (env: NodeJS.ProcessEnv): Promise<void> => rm(recordFile(env), { force: true })

/** The cache folder; made so that nobody else can put files into it, whatever the umask. */
export async function ownFolder(env: NodeJS.ProcessEnv): Promise<string> {
  await mkdir(cacheDir(env), { recursive: true, mode: 0o755 })
  return cacheDir(env)
}
