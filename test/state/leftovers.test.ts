import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { localBackend } from '../../src/state/local.ts'
import { lock } from '../../src/state/lock.ts'
import { alive, bornOf, runs } from '../../src/state/process.ts'
import { away, folder } from './bundle.ts'

let dir: string
let file: string
const notes: string[] = []
const note = (line: string): void => void notes.push(line)
beforeEach(async () => {
  dir = join(await folder(), 'state')
  await mkdir(dir)
  file = join(dir, 'dev.lock')
  notes.length = 0
})
afterEach(() => away(join(dir, '..')))

/** No process has this id: it is above the highest that Linux gives. */
const DEAD = 2 ** 22 + 1
const holder = (more: object): string =>
  JSON.stringify({ nonce: 'n', host: hostname(), pid: process.pid, started: '2026-01-01', command: 'infra create', ...more })

describe('a process id that was given to another process', () => {
  it('does not hold the lock for ever', async () => {
    await writeFile(file, holder({ born: 'before the reboot' }))
    await (await lock(file, 'infra create', note)).release()
    expect(notes).toEqual([expect.stringContaining(`process ${process.pid}, infra create`)])
    expect(await readdir(dir)).toEqual([])
  })

  it('of the very process does', async () => {
    const mine = await lock(file, 'infra create', note)
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ born: await bornOf(process.pid) })
    await expect(lock(file, 'infra destroy', note)).rejects.toMatchObject({ exitCode: 2 })
    await mine.release()
  })

  it('of which nobody wrote down when it began counts as the same: in doubt the lock holds', async () => {
    await writeFile(file, holder({}))
    await expect(lock(file, 'infra create', note)).rejects.toMatchObject({ exitCode: 2 })
  })

  it('also as the one who was taking a dead lock over', async () => {
    await writeFile(file, holder({ pid: DEAD, nonce: 'dead' }))
    await writeFile(`${file}.dead`, holder({ born: 'before the reboot', nonce: 'rival' }))
    await (await lock(file, 'infra create', note)).release()
    expect(await readdir(dir)).toEqual([])
  })
})

describe('when a process began', () => {
  it('is the same each time, another for another process, and unknown for none', async () => {
    const other = spawn('sleep', ['5'])
    const [mine, again, theirs, none] = await Promise.all([process.pid, process.pid, other.pid ?? 0, DEAD].map(bornOf))
    expect(mine).toBeDefined()
    expect(again).toBe(mine)
    expect(theirs).toBeDefined()
    expect(theirs).not.toBe(mine)
    expect(none).toBeUndefined()
    other.kill()
  })

  it.runIf(process.platform === 'linux')('one that ended and was not buried by its parent is gone', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 5'], { stdio: ['ignore', 'pipe', 'ignore'] })
    const [line] = (await once(createInterface(parent.stdout), 'line')) as [string]
    await vi.waitFor(async () => expect(await bornOf(Number(line))).toBe('gone'))
    expect(alive(Number(line))).toBe(true)
    expect(await runs({ pid: Number(line) })).toBe(false)
    parent.kill()
  })

  it.runIf(['/bin/ps', '/usr/bin/ps'].some((path) => existsSync(path)))('is asked of ps where there is no /proc', async () => {
    const is = process.platform
    Object.defineProperty(process, 'platform', { value: 'darwin' })
    try {
      expect(await bornOf(process.pid)).toMatch(/\d\d:\d\d:\d\d \d{4}$/)
      expect(await bornOf(DEAD)).toBeUndefined()
    } finally {
      Object.defineProperty(process, 'platform', { value: is })
    }
  })
})

describe('what killed runs left beside the state', () => {
  const old = new Date(Date.now() - 120_000)
  const place = async (name: string, text: string, at?: Date): Promise<void> => {
    await writeFile(join(dir, name), text)
    if (at) await utimes(join(dir, name), at, at)
  }

  it('is removed by the next one; what belongs to others stays', async () => {
    await place('dev.lock.1b', holder({ pid: DEAD }))
    await place('dev.lock.2b', holder({ born: 'before the reboot' }))
    await place('dev.lock.3b', '{"nonce":"cut of', old)
    await place('dev.lock.4b', '', old)
    await place(`dev.json.${DEAD}.tmp`, '{')
    await place(`dev.json.${DEAD}.backup.tmp`, '{}')
    await place(`dev.json.${process.pid}.tmp`, '{')
    const kept = ['dev.json', 'dev.json.backup', 'dev.json.mine.tmp', 'production.json', `production.json.${DEAD}.tmp`]
    for (const name of kept) await place(name, '{}', old)
    await place('dev.lock.alive', holder({ born: await bornOf(process.pid) }), old)
    await place('dev.lock.elsewhere', holder({ host: 'elsewhere', pid: DEAD }), old)
    await place('dev.lock.young', '')
    await place('dev.json.1.tmp', '{}')

    const mine = await localBackend(join(dir, 'dev.json')).lock('infra create', note, () => {})
    await mine.release()
    kept.push('dev.lock.alive', 'dev.lock.elsewhere', 'dev.lock.young', 'dev.json.1.tmp')
    expect((await readdir(dir)).toSorted()).toEqual(kept.toSorted())
  })
})
