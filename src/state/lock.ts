import { randomUUID } from 'node:crypto'
import { link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { InfraError, type LockLost, refuse } from '../core/errors.ts'
import { oneLine } from '../core/safe.ts'
import { lockLost } from './lost.ts'
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
  /** The fence before each change. Resolves while the lock is this run's. @throws LockLost */
  check(): Promise<void>
  release(): Promise<void>
}

/**
 * Takes the lock of a state file, or says who holds it. The lock of a process of this host that is no longer alive is taken over.
 * @param note hears the line that says so
 * @param lost called once, when the lock turns out to be someone else's, or gone (`infra unlock` under a living run)
 * @throws InfraError with exit code 2 while another run holds it
 */
export const lock = async (
  file: string,
  command: string,
  note: (line: string) => void,
  lost: (why: LockLost) => void = () => undefined,
): Promise<Lock> => {
  const born = await bornOf(process.pid)
  const started = new Date().toISOString()
  const me: Holder = { nonce: randomUUID(), host: hostname(), pid: process.pid, born, started, command }
  const mine = async (): Promise<Lock> => {
    await sweep(file, me)
    let over: LockLost | undefined
    return {
      async check() {
        if (over) throw over
        const now = await read(file)
        if (now?.nonce === me.nonce) return
        if (over) throw over
        over = lockLost(file, now && wordsOf(now))
        lost(over)
        throw over
      },
      release: () => release(file, me),
    }
  }
  await mkdir(dirname(file), { recursive: true, mode: 0o755 }).catch((error: Error) => {
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
    throw cannot(file, error)
  } finally {
    await rm(temp, { force: true })
  }
}

const cannot = (file: string, error: unknown): InfraError =>
  new InfraError(`Cannot write the lock ${file}`, { why: (error as Error).message, exitCode: 2, cause: error })

const write = (file: string, me: Holder): Promise<void> => writeFile(file, JSON.stringify(me), { flag: 'wx', mode: 0o600 })
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const NOBODY: Omit<Holder, 'nonce'> = { host: hostname(), pid: 0, started: 'unknown', command: 'unknown' }

/** Undefined when it is gone. What is no lock of ours was cut off by a crash, or put there by hand: nobody holds it. */
const read = async (file: string): Promise<Holder | undefined> => {
  try {
    const text = await readFile(file, 'utf8')
    if (text !== '') return holderIn(text)
    await new Promise((r) => setTimeout(r, 50))
    return holderIn(await readFile(file, 'utf8'))
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? undefined : { ...NOBODY, nonce: 'unreadable' }
  }
}

/** A nonce becomes part of a file's name, so it must be one that we have drawn: the file may come with a cloned repository. */
const holderIn = (text: string): Holder => {
  let found: Partial<Holder> | null = null
  try {
    found = JSON.parse(text) as Partial<Holder> | null
  } catch {}
  const { nonce = '', host, pid, started, command, born } = found ?? {}
  const whole =
    UUID.test(String(nonce)) && [host, started, command].every((v) => typeof v === 'string') && Number.isSafeInteger(pid)
  return whole
    ? ({ nonce, host, pid, started, command, ...(typeof born === 'string' ? { born } : {}) } as Holder)
    : { ...NOBODY, nonce: 'unreadable' }
}

/** Who holds the lock, in words; undefined: nobody. */
export const holderOf = async (file: string): Promise<string | undefined> => {
  const holder = await read(file)
  return holder && (holder.pid > 0 ? wordsOf(holder) : 'a run that was cut off while it took the lock')
}

const wordsOf = ({ command, pid, host, started }: Holder): string =>
  oneLine(`${command} (process ${pid} on ${host}, since ${started})`)

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
    await rename(temp, file).catch(async (error: unknown) => {
      await rm(temp, { force: true })
      throw cannot(file, error)
    })
    return true
  } finally {
    await rm(marker, { force: true })
  }
}

const release = async (file: string, me: Holder): Promise<void> => {
  if ((await read(file))?.nonce === me.nonce) await rm(file, { force: true })
}

const LEFTOVER = /^(\.[0-9a-f-]{36}|\.unreadable)+$/

/** Leftovers of runs that were killed while they took the lock: files beside it, each with the name of who wrote it. */
const sweep = async (file: string, me: Holder): Promise<void> => {
  const names = await readdir(dirname(file)).catch(() => [])
  for (const name of names.filter((n) => n.startsWith(`${basename(file)}.`) && LEFTOVER.test(n.slice(basename(file).length)))) {
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
    `Another run holds the lock: ${wordsOf(holder)}`,
    'two runs at once could make things twice',
    `Wait until it is done and run the command again. If that process is surely gone, remove ${file}`,
    'lock.held',
  )
