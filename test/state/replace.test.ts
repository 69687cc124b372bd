import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { replaceFile, replaceFileSync } from '../../src/state/replace.ts'
import { LocalState } from '../../src/state/store.ts'
import { place } from '../support/cli.ts'
import { root, skipped } from '../support/skipped.ts'
import { away, bundle, folder, of, row } from './bundle.ts'

const STEPS = fileURLToPath(new URL('steps.mjs', import.meta.url))
let dir: string
let file: string
beforeEach(async () => {
  dir = await folder()
  await mkdir(join(dir, 'work'))
  file = join(dir, 'work', 'infra.yaml')
  await writeFile(file, 'old')
})
afterEach(() => away(dir))

/** Runs the lines in a process of its own, which is killed at the n-th step. @returns whether it was */
const killedAt = async (n: number, code: string): Promise<boolean> => {
  const script = join(dir, 'script.mjs')
  await writeFile(script, code)
  const env = { ...process.env, KILL_AT: String(n), KILL_IN: join(dir, 'work') }
  const [, signal] = await once(spawn(process.execPath, ['--import', STEPS, script], { env, stdio: 'inherit' }), 'exit')
  return signal === 'SIGKILL'
}

describe('a file that is replaced', () => {
  it('killed at any step: it holds the old text or the new, and the next write leaves nothing beside it', async () => {
    const built = await bundle('replace', dir)
    const code = `import { replaceFile } from '${built}'; await replaceFile('${file}', 'new text')`
    const found: string[] = []
    for (let n = 1; await killedAt(n, code); n++) {
      found.push(await readFile(file, 'utf8'))
      await replaceFile(file, 'old')
      expect(await readdir(join(dir, 'work')), `killed at step ${n}`).toEqual(['infra.yaml'])
    }
    expect(found.length).toBeGreaterThan(6)
    expect(new Set(found)).toEqual(new Set(['old', 'new text']))
    expect(await readFile(file, 'utf8')).toBe('new text')
  })

  it('written plainly it would be empty: this is what the test above would see', async () => {
    const code = `import { writeFile } from 'node:fs/promises'; await writeFile('${file}', 'new text')`
    expect(await killedAt(2, code)).toBe(true)
    expect(await readFile(file, 'utf8')).toBe('')
  })

  it('keeps its mode; a new one gets the given one, or what the umask leaves', async () => {
    await chmod(file, 0o640)
    await replaceFile(file, 'new', { mode: 0o600 })
    expect((await stat(file)).mode & 0o777).toBe(0o640)
    replaceFileSync(file, 'newer')
    expect((await stat(file)).mode & 0o777).toBe(0o640)
    await replaceFile(join(dir, 'a'), '', { mode: 0o600 })
    await replaceFile(join(dir, 'b'), '')
    expect((await stat(join(dir, 'a'))).mode & 0o777).toBe(0o600)
    expect((await stat(join(dir, 'b'))).mode & 0o777).toBe(0o666 & ~process.umask())
  })

  it('behind a link is replaced where it is, and the link stays', async () => {
    const link = join(dir, 'link.yaml')
    await symlink(file, link)
    await replaceFile(link, 'new')
    replaceFileSync(link, `${await readFile(file, 'utf8')}er`)
    expect([(await lstat(link)).isSymbolicLink(), await readFile(file, 'utf8')]).toEqual([true, 'newer'])
    const dangling = join(dir, 'dangling.yaml')
    await symlink(join('work', 'later.yaml'), dangling)
    await replaceFile(dangling, 'there')
    expect(await readFile(join(dir, 'work', 'later.yaml'), 'utf8')).toBe('there')
  })

  it.skipIf(root)(skipped('that is write-protected stays as it is', root), async () => {
    await chmod(file, 0o400)
    await expect(replaceFile(file, 'new')).rejects.toMatchObject({ code: 'EACCES' })
    expect(await readFile(file, 'utf8')).toBe('old')
  })

  it('leaves the drafts of processes that still run alone', async () => {
    const theirs = `infra.yaml.${process.ppid}.0a1b2c3d.tmp`
    const dead = `infra.yaml.${2 ** 22 + 1}.0a1b2c3d.tmp`
    for (const name of [theirs, dead, 'infra.yaml.mine.tmp']) await writeFile(join(dir, 'work', name), '')
    await replaceFile(file, 'new')
    expect((await readdir(join(dir, 'work'))).sort()).toEqual(['infra.yaml', 'infra.yaml.mine.tmp', theirs].sort())
  })

  it('can be written by many at once: one of the texts is there, and no draft', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => replaceFile(file, `text ${i}`)))
    expect(await readFile(file, 'utf8')).toMatch(/^text \d+$/)
    expect(await readdir(join(dir, 'work'))).toEqual(['infra.yaml'])
  })
})

it('a state behind a link: the link stays, and the backup is beside it', async () => {
  const real = join(dir, 'work', 'real.json')
  const link = join(dir, 'dev.json')
  await symlink(real, link)
  const state = await LocalState.open(link, of)
  await state.put('a', row())
  await state.put('b', row())
  expect((await lstat(link)).isSymbolicLink()).toBe(true)
  expect(Object.keys(JSON.parse(await readFile(real, 'utf8')).resources)).toEqual(['a', 'b'])
  expect(Object.keys(JSON.parse(await readFile(`${link}.backup`, 'utf8')).resources)).toEqual(['a'])
})

it('infra init --set, killed in the middle of the write, loses nothing of infra.yaml', async () => {
  const p = await place()
  try {
    expect((await p.run('init', '--yes', '--set', 'project=shop')).code).toBe(0)
    const yaml = join(p.dir, 'infra.yaml')
    const before = await readFile(yaml, 'utf8')
    // Step 1 opens the draft, 2 begins to write it, 3 is half way.
    Object.assign(p.env, { NODE_OPTIONS: `--import ${STEPS}`, KILL_AT: '3', KILL_IN: yaml })
    expect((await p.run('init', '--set', 'vpc.nat=single')).code).toBeNull()
    expect(await readFile(yaml, 'utf8')).toBe(before)
  } finally {
    await p.remove()
  }
})
