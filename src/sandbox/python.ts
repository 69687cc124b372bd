import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, mkdir, open, rename, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { SandboxError } from './error.ts'
import { cacheDir, extensionDir } from './paths.ts'
import { withoutAws } from './server-user.ts'

const MOTO = '5.2.1'
const FITS = /^5\.2\./
const MINUTES_5 = 300_000

interface FindPython {
  env?: NodeJS.ProcessEnv | undefined
  /** The file with the hashes of moto and its packages; that of the extension when not given. */
  requirements?: string | undefined
  report?: ((line: string) => void) | undefined
  signal?: AbortSignal | undefined
}

/** An interpreter that can run the extension, and where it came from. */
interface Python {
  path: string
  moto: string
  from: 'moto_server' | 'python' | 'environment'
}

interface Ran {
  ok: boolean
  out: string
}

function run(file: string, args: string[], env: NodeJS.ProcessEnv, timeout: number, signal?: AbortSignal): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(file, args, { env, timeout, maxBuffer: 8 << 20, ...(signal ? { signal } : {}) }, (error, stdout, stderr) =>
      resolve({ ok: !error, out: error ? `${stdout}${stderr}` || error.message : stdout }),
    )
  })
}

async function onPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env.PATH ?? '').split(delimiter).filter(Boolean)) {
    const file = join(folder, name)
    if (
      await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return file
  }
  return undefined
}

/** The interpreter named in the first line of a Python script; a shim of pyenv or asdf is a shell script: undefined. */
async function interpreterOf(script: string): Promise<string | undefined> {
  const file = await open(script)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0)
    const line = buffer.toString('utf8', 0, bytesRead).split('\n')[0] ?? ''
    return /^#!\s*(\/\S*python[\d.]*)\s*$/.exec(line)?.[1]
  } finally {
    await file.close()
  }
}

// Importing moto to ask its version takes a second; its metadata and the place of its server take none. The interpreter
// names itself, because what is on the PATH can be a shim of pyenv or asdf: slow, and with a process of its own.
const ASK = `import importlib.metadata as m, importlib.util as u, sys
print(sys.executable, m.version("moto") if u.find_spec("flask") and u.find_spec("flask_cors") else "without its server", sep="\\n")`

interface Answer {
  python: string
  moto: string
}

async function askFor(python: string, env: NodeJS.ProcessEnv): Promise<Answer | undefined> {
  const asked = await run(python, ['-c', ASK], env, 20_000)
  const [path, moto] = asked.out.trim().split('\n')
  return asked.ok && path && moto ? { python: path, moto } : undefined
}

const fits = (answer: Answer | undefined): boolean => answer !== undefined && FITS.test(answer.moto)

/**
 * Finds a Python with moto 5.2.x: that of `moto_server`, else `python3` or `python` on the PATH, else an environment of
 * our own in the cache folder, which is made when it is missing (needs PyPI, once). Throws `SandboxError`.
 */
export async function findPython(options: FindPython = {}): Promise<Python> {
  const { env = process.env, report = () => {} } = options
  const notes: string[] = []
  const script = await onPath('moto_server', env)
  const fromScript = script && (await interpreterOf(script).catch(() => undefined))
  const found = await Promise.all(['python3', 'python'].map((name) => onPath(name, env)))
  const plain = found.filter((path) => path !== undefined)
  for (const path of [fromScript, ...plain].filter((p) => p !== undefined)) {
    const answer = await askFor(path, env)
    if (answer && fits(answer))
      return { path: answer.python, moto: answer.moto, from: path === fromScript ? 'moto_server' : 'python' }
    notes.push(answer ? `${path} has moto ${answer.moto}` : `${path} has no moto`)
  }
  return { path: await ownEnvironment(plain[0], notes, { ...options, env, report }), moto: MOTO, from: 'environment' }
}

interface Making extends FindPython {
  env: NodeJS.ProcessEnv
  report: (line: string) => void
}

async function ownEnvironment(
  python: string | undefined,
  notes: string[],
  { env, report, signal, requirements = join(extensionDir(), 'requirements.txt') }: Making,
): Promise<string> {
  const folder = join(cacheDir(env), `moto-${MOTO}`)
  const inside = (base: string) => join(base, 'bin', 'python')
  if (fits(await askFor(inside(folder), env))) return inside(folder)
  if (!python) throw noWay('There is no python3 on the PATH', notes)
  report(`Installing moto ${MOTO} into ${folder} (once; about 200 MB, a minute or two)`)
  const half = `${folder}.part-${process.pid}`
  try {
    await rm(half, { recursive: true, force: true })
    await mkdir(cacheDir(env), { recursive: true, mode: 0o755 })
    const made = await run(python, ['-m', 'venv', half], env, MINUTES_5, signal)
    if (!made.ok) throw noWay(`python3 -m venv failed: ${lastLines(made.out)}`, notes)
    report('Fetching its packages with pip')
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...(await what(requirements))]
    const installed = await run(inside(half), pip, withoutAws(env), MINUTES_5, signal)
    if (!installed.ok) throw noWay(`pip could not install moto[server]==${MOTO}: ${lastLines(installed.out)}`, notes)
    if (!fits(await askFor(inside(half), env))) throw noWay('The new environment does not know moto', notes)
    await rm(folder, { recursive: true, force: true })
    await rename(half, folder) // whole or not there at all
  } catch (error) {
    await rm(half, { recursive: true, force: true })
    throw error
  }
  report(`moto ${MOTO} is installed`)
  return inside(folder)
}

/**
 * moto and all that comes with it, by the hashes of their files, where the package holds them (npm run lock:moto writes them, which
 * needs PyPI). Then nothing is built either, which would run code of the packages.
 */
const what = async (requirements: string): Promise<string[]> => {
  const locked = await access(requirements).then(
    () => true,
    () => false,
  )
  return locked ? ['--require-hashes', '--only-binary=:all:', '-r', requirements] : [`moto[server]==${MOTO}`]
}

const lastLines = (text: string) => text.trim().split('\n').slice(-3).join(' ')

function noWay(why: string, notes: string[]): SandboxError {
  const seen = notes.length ? ` (${notes.join('; ')})` : ''
  return new SandboxError(
    'The sandbox needs Python with moto 5.2.x',
    `${why}${seen}`,
    `Install it once: pip install 'moto[server]==${MOTO}' (Python 3.10 or newer; Docker is not used). ` +
      'Or start a local AWS of your own and set AWS_ENDPOINT_URL to its address, without --sandbox.',
  )
}
