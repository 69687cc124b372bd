import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
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
const DEAD_NONCE = '0e7a3c1e-98e5-4a0f-8a53-2f2f2f2f2f2f'
const holder = (more: object): string =>
  JSON.stringify({
    nonce: randomUUID(),
    host: hostname(),
    pid: process.pid,
    started: '2026-01-01',
    command: 'infra create',
    ...more,
  })

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
    await writeFile(file, holder({ pid: DEAD, nonce: DEAD_NONCE }))
    await writeFile(`${file}.${DEAD_NONCE}`, holder({ born: 'before the reboot' }))
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
  const beside = (n: string): string => `dev.lock.${n.repeat(8)}-1111-4111-8111-111111111111`
  const place = async (name: string, text: string, at?: Date): Promise<void> => {
    await writeFile(join(dir, name), text)
    if (at) await utimes(join(dir, name), at, at)
  }

  it('is removed by the next one; what belongs to others stays', async () => {
    const [alive, elsewhere, young] = ['5', '6', '7'].map(beside) as [string, string, string]
    await place(beside('1'), holder({ pid: DEAD }))
    await place(beside('2'), holder({ born: 'before the reboot' }))
    await place(beside('3'), '{"nonce":"cut of', old)
    await place(beside('4'), '', old)
    await place(`dev.json.${DEAD}.tmp`, '{')
    await place(`dev.json.${DEAD}.backup.tmp`, '{}')
    await place(`dev.json.${process.pid}.tmp`, '{')
    const kept = [
      'dev.json',
      'dev.json.backup',
      'dev.json.mine.tmp',
      'dev.lock.mine',
      'dev.lock.d',
      'production.json',
      `production.json.${DEAD}.tmp`,
    ]
    for (const name of kept) await place(name, '{}', old)
    await place(alive, holder({ born: await bornOf(process.pid) }), old)
    await place(elsewhere, holder({ host: 'elsewhere', pid: DEAD }), old)
    await place(young, '')
    await place('dev.json.1.tmp', '{}')

    const mine = await localBackend(join(dir, 'dev.json')).lock('infra create', note, () => {})
    await mine.release()
    kept.push(alive, elsewhere, young, 'dev.json.1.tmp')
    expect((await readdir(dir)).toSorted()).toEqual(kept.toSorted())
  })
})
