import { access, mkdir, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { enterableCache, run } from './server-user.ts'

/** The locale of every RDS PostgreSQL database. */
export const LOCALE = 'en_US.UTF-8'

const has = (list: string, name: RegExp): boolean => list.split('\n').some((line) => name.test(line.trim()))
const there = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )

const MACHINE = ['/usr/lib/locale/C.utf8', '/usr/lib/locale/C.UTF-8', '/usr/lib64/locale/C.utf8']

interface ServerEnv {
  /** To be added to the server's variables, and to those of initdb. */
  env: { LOCPATH?: string }
  /** What is not as on RDS. */
  note?: string
}

/**
 * The variables with which a PostgreSQL server knows the locale en_US.UTF-8. Slim machines lack it: then it is compiled
 * into the cache folder, once. Without the sources for that, the name stands for the machine's C.UTF-8.
 */
export async function localeEnv(
  env: NodeJS.ProcessEnv = process.env,
  look: { localedef?: string; machine?: readonly string[] } = {},
): Promise<ServerEnv> {
  if (process.platform === 'darwin') return { env: {} }
  const listed = await run('locale', ['-a'], { env: { ...env, LOCPATH: '' } })
  if (!listed.ok) return { env: {} } // musl: no locales, and every name is taken for C.UTF-8
  if (has(listed.out, /^en_US\.utf-?8$/i)) return { env: {} }
  const cache = await enterableCache(env)
  const machine = await first(look.machine ?? MACHINE)
  const compiled = join(cache, 'locale')
  if (await there(join(compiled, LOCALE))) return { env: { LOCPATH: compiled } }
  const made = await build(compiled, machine, async (folder) => {
    const args = ['--no-archive', '-i', 'en_US', '-f', 'UTF-8', join(folder, 'en_US.utf8')]
    await run(look.localedef ?? 'localedef', args, { env, timeout: 60_000 }) // its code counts warnings too
    return await there(join(folder, 'en_US.utf8', 'LC_COLLATE'))
  })
  if (made) return { env: { LOCPATH: compiled } }
  if (!machine) return { env: {}, note: 'The machine has no locale en_US.UTF-8, and none that could stand in for it.' }
  const linked = join(cache, 'locale-c')
  const standIn = async (folder: string) => {
    await symlink(machine, join(folder, 'en_US.utf8'))
    return true
  }
  if (!(await there(join(linked, LOCALE)))) await build(linked, machine, standIn)
  return { env: { LOCPATH: linked }, note: 'Text sorts by code point, not as on RDS: this machine lacks the locale en_US.UTF-8.' }
}

async function first(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) if (await there(file)) return file
  return undefined
}

/** Makes the folder beside its place and moves it there whole; of two makers at once, one wins and both can use it. */
async function build(folder: string, machine: string | undefined, fill: (half: string) => Promise<boolean>): Promise<boolean> {
  const half = `${folder}.part-${process.pid}`
  await rm(half, { recursive: true, force: true })
  await mkdir(half, { recursive: true, mode: 0o755 })
  const whole = await fill(half)
  if (whole) {
    await symlink('en_US.utf8', join(half, LOCALE))
    // A server with LOCPATH looks nowhere else, and newer C libraries have C.UTF-8 built in.
    if (machine) for (const name of ['C.utf8', 'C.UTF-8']) await symlink(machine, join(half, name))
    await rename(half, folder).catch(() => {})
  }
  await rm(half, { recursive: true, force: true })
  return whole
}
