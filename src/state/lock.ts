import { randomUUID } from 'node:crypto'
import { link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { InfraError, refuse } from '../engine/errors.ts'
import { bornOf, runs } from './process.ts'

interface Holder {
  readonly nonce: string
  readonly host: string
  readonly pid: number
  /** Tells the process from a later one of the same id. */
  readonly born?: string | undefined
  readonly started: string
  readonly command: string
}

/** One run at a time on one state. */
export interface Lock {
  release(): Promise<void>
}

/**
 * Takes the lock of a state file, or says who holds it. The lock of a process of this host that is no longer alive is taken over.
 * @param note hears the line that says so
 * @throws InfraError with exit code 2 while another run holds it
 */
export const lock = async (file: string, command: string, note: (line: string) => void): Promise<Lock> => {
  const born = await bornOf(process.pid)
  const started = new Date().toISOString()
  const me: Holder = { nonce: randomUUID(), host: hostname(), pid: process.pid, born, started, command }
  const mine = async (): Promise<Lock> => {
    await sweep(file, me)
    return { release: () => release(file, me) }
  }
  await mkdir(dirname(file), { recursive: true }).catch((error: Error) => {
    throw new InfraError(`Cannot create the folder ${dirname(file)}`, { why: error.message, exitCode: 2, cause: error })
  })
  for (let attempt = 0; ; attempt++) {
    if (await claim(file, me)) return mine()
    const holder = await read(file)
    if (!holder) continue
    if (holder.host !== me.host || (await runs(holder))) throw held(file, holder)
    if (attempt > 20) throw held(file, holder)
    if (await takeOver(file, holder, me)) {
      note(
        `The run before this one (process ${holder.pid}, ${holder.command}, started ${holder.started}) did not end by itself; its lock is taken over.`,
      )
      return mine()
    }
  }
}

/** Written beside and linked into place: whole from its first instant, however slow this process is between two lines. */
const claim = async (file: string, me: Holder): Promise<boolean> => {
  const temp = `${file}.${randomUUID()}`
  try {
    await write(temp, me)
    await link(temp, file).catch((error: unknown) => {
      // No hard links on this file system: the next best, whose short half-written time `read` knows.
      if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(codeOf(error))) return write(file, me)
      throw error
    })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw new InfraError(`Cannot write the lock ${file}`, { why: (error as Error).message, exitCode: 2, cause: error })
  } finally {
    await rm(temp, { force: true })
  }
}

const write = (file: string, me: Holder): Promise<void> => writeFile(file, JSON.stringify(me), { flag: 'wx', mode: 0o600 })
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''

/** Undefined when it is gone. A lock that cannot be read was cut off by a crash while it was written: nobody holds it. */
const read = async (file: string): Promise<Holder | undefined> => {
  try {
    const text = await readFile(file, 'utf8')
    if (text === '') {
      await new Promise((r) => setTimeout(r, 50))
      const again = await readFile(file, 'utf8')
      if (again === '') return { nonce: 'empty', host: hostname(), pid: 0, started: 'unknown', command: 'unknown' }
      return JSON.parse(again) as Holder
    }
    return JSON.parse(text) as Holder
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    return { nonce: 'unreadable', host: hostname(), pid: 0, started: 'unknown', command: 'unknown' }
  }
}

/** Only one of several that see the same dead holder may win: the marker is claimed first, the lock replaced second. */
const takeOver = async (file: string, dead: Holder, me: Holder): Promise<boolean> => {
  const marker = `${file}.${dead.nonce}`
  if (!(await claim(marker, me))) {
    const rival = await read(marker)
    if (rival && !(rival.host === me.host && (await runs(rival)))) await rm(marker, { force: true })
    await new Promise((r) => setTimeout(r, 25))
    return false
  }
  try {
    if ((await read(file))?.nonce !== dead.nonce) return false
    const temp = `${file}.${me.nonce}`
    await write(temp, me)
    await rename(temp, file)
    return true
  } finally {
    await rm(marker, { force: true })
  }
}

const release = async (file: string, me: Holder): Promise<void> => {
  if ((await read(file))?.nonce === me.nonce) await rm(file, { force: true })
}

/** Leftovers of runs that were killed while they took the lock: files beside it, each with the name of who wrote it. */
const sweep = async (file: string, me: Holder): Promise<void> => {
  const names = await readdir(dirname(file)).catch(() => [])
  for (const name of names.filter((n) => n.startsWith(`${basename(file)}.`))) {
    const path = join(dirname(file), name)
    const owner = await read(path)
    // Cut off while it was written: a minute is long for three lines of a running process.
    const whole = owner !== undefined && owner.pid > 0
    const old = Date.now() - (await stat(path).then((s) => s.mtimeMs, Date.now)) > 60_000
    if (whole ? owner.host === me.host && !(await runs(owner)) : old) await rm(path, { force: true }).catch(() => {})
  }
}

const held = (file: string, holder: Holder): InfraError =>
  refuse(
    `Another run holds the lock: ${holder.command} (process ${holder.pid} on ${holder.host}, since ${holder.started})`,
    'two runs at once could make things twice',
    `Wait until it is done and run the command again. If that process is surely gone, remove ${file}`,
  )
