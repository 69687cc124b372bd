import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { localBackend } from '../../src/state/local.ts'
import { lock } from '../../src/state/lock.ts'
import { away, bundle, child, folder } from './bundle.ts'

let dir: string
let file: string
const notes: string[] = []
const note = (line: string): void => void notes.push(line)
beforeEach(async () => {
  dir = await folder()
  file = join(dir, 'state', 'dev.json.lock')
  notes.length = 0
})
afterEach(() => away(dir))

/** No process has this id: it is above the highest that Linux gives. */
const DEAD = 2 ** 22 + 1
const holder = (more: object = {}): string =>
  JSON.stringify({ nonce: randomUUID(), host: hostname(), pid: DEAD, started: '2026-01-01', command: 'infra create', ...more })
const place = async (content: string): Promise<void> => {
  await (await lock(file, 'x', note)).release()
  await writeFile(file, content)
}

describe('the lock', () => {
  it('is held by one, released, and held by the next; no file stays', async () => {
    const one = await lock(file, 'infra create', note)
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      pid: process.pid,
      host: hostname(),
      command: 'infra create',
    })
    await one.release()
    const two = await lock(file, 'infra destroy', note)
    await two.release()
    expect(await readdir(join(dir, 'state'))).toEqual([])
    expect(notes).toEqual([])
  })

  it('refuses the second, with the process and the command of the first', async () => {
    const one = await lock(file, 'infra create vpc', note)
    await expect(lock(file, 'infra destroy', note)).rejects.toMatchObject({
      what: expect.stringMatching(new RegExp(`infra create vpc \\(process ${process.pid} on `)),
      next: expect.stringContaining(file),
      exitCode: 2,
    })
    await one.release()
    expect(await readdir(join(dir, 'state'))).toEqual([])
  })

  it('of a process that is no more is taken over, with a line that says so', async () => {
    await place(holder())
    const mine = await lock(file, 'infra create', note)
    expect(notes).toEqual([expect.stringContaining(`process ${DEAD}, infra create`)])
    await expect(lock(file, 'other', note)).rejects.toMatchObject({ what: expect.stringContaining(`process ${process.pid}`) })
    await mine.release()
    expect(await readdir(join(dir, 'state'))).toEqual([])
  })

  it('of another host is never taken over: nobody here can tell whether it lives', async () => {
    const theirs = holder({ host: 'elsewhere', command: 'infra destroy' })
    await place(theirs)
    await expect(lock(file, 'infra create', note)).rejects.toMatchObject({ what: expect.stringContaining('on elsewhere') })
    expect(await readFile(file, 'utf8')).toBe(theirs)
  })

  it('is released only by its owner', async () => {
    const mine = await lock(file, 'infra create', note)
    const theirs = holder({ nonce: randomUUID() })
    await writeFile(file, theirs)
    await mine.release()
    expect(await readFile(file, 'utf8')).toBe(theirs)
  })

  for (const [name, content] of [
    ['empty', ''],
    ['half-written', holder().slice(0, 30)],
    ['no JSON', 'hello'],
    ['null', 'null'],
    ['a number', '7'],
    ['a list', '[]'],
    ['no lock', '{}'],
    ['a nonce that is a path', holder({ nonce: '/../../../x' })],
    ['a process that is no number', holder({ pid: '7 ' })],
  ] as const)
    it(`${name}: a crash cut it off, or it is none of ours, so it is taken over`, async () => {
      await place(content)
      const mine = await lock(file, 'infra create', note)
      expect(notes).toHaveLength(1)
      await mine.release()
      expect(await readdir(join(dir, 'state'))).toEqual([])
    })

  it('that is being written right now is not taken over', async () => {
    await place('')
    // Between the two looks at an empty file, which are 50 ms apart: timers of one process fire in their order.
    setTimeout(() => writeFileSync(file, holder({ pid: process.pid })), 20)
    await expect(lock(file, 'infra create', note)).rejects.toMatchObject({ exitCode: 2 })
  })

  it('is never seen half-written', async () => {
    const seen = new Set<string>()
    let running = true
    const reader = (async () => {
      while (running) seen.add(await readFile(file, 'utf8').catch(() => 'absent'))
    })()
    for (let i = 0; i < 40; i++) await (await lock(file, `run ${i}`, note)).release()
    running = false
    await reader
    for (const text of seen) if (text !== 'absent') expect(JSON.parse(text)).toMatchObject({ pid: process.pid })
  })

  it('that cannot be written is refused with why', async () => {
    await writeFile(join(dir, 'state'), 'in the way')
    await expect(lock(file, 'infra create', note)).rejects.toMatchObject({ exitCode: 2, why: expect.any(String) })
  })
})

it('a nonce leads to no other file, whatever folders stand beside the lock', async () => {
  await mkdir(join(dir, 'state'))
  await mkdir(`${file}.`)
  const precious = join(dir, 'precious')
  await writeFile(precious, 'kept')
  await writeFile(file, holder({ nonce: '/../../../precious' }))
  await (await lock(file, 'infra create', note)).release()
  expect(await readFile(precious, 'utf8')).toBe('kept')
  expect(await readdir(dir)).toEqual(['precious', 'state'])
})

it('a folder in the place of the lock is refused with why', async () => {
  await mkdir(file, { recursive: true })
  await expect(lock(file, 'infra create', note)).rejects.toMatchObject({
    exitCode: 2,
    what: expect.stringContaining('Cannot write the lock'),
  })
})

describe('the fence before each change', () => {
  it('lets pass while the lock is held, and stops for good once it was taken away or over', async () => {
    const lost: string[] = []
    const held = await lock(file, 'infra create', note, (why) => lost.push(why.what))
    await held.check()
    await rm(file)
    await expect(held.check()).rejects.toMatchObject({ exitCode: 1, what: expect.stringContaining('was taken away') })
    const other = await lock(file, 'infra destroy', note)
    await Promise.all([1, 2].map(() => expect(held.check()).rejects.toMatchObject({ exitCode: 1 })))
    expect(lost).toHaveLength(1)
    await held.release()
    await other.check()
    await other.release()
  })

  it('names who has it now, and keeps the state of the other one whole', async () => {
    const backend = localBackend(join(dir, 'state', 'dev.json'))
    const first = await backend.lock('infra create', note, () => undefined)
    await backend.write('first')
    await backend.unlock()
    const second = localBackend(join(dir, 'state', 'dev.json'))
    const held = await second.lock('infra destroy', note, () => undefined)
    await second.write('second')
    await expect(backend.write('first again')).rejects.toMatchObject({
      what: expect.stringContaining('is now held by infra destroy'),
    })
    expect(await backend.read()).toBe('second')
    await first.release()
    await held.release()
  })
})

describe('many at once', () => {
  for (const before of ['a dead lock', 'no lock'] as const)
    it(`${before}: of 20 takers exactly one wins, every time`, async () => {
      for (let round = 1; round <= 4; round++) {
        if (before === 'a dead lock') await place(holder())
        const all = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => lock(file, `run ${i}`, note)))
        const won = all.flatMap((r) => (r.status === 'fulfilled' ? [r.value] : []))
        expect(won).toHaveLength(1)
        expect(notes).toHaveLength(before === 'a dead lock' ? round : 0)
        await won[0]?.release()
        expect(await readdir(join(dir, 'state'))).toEqual([])
      }
    })

  it('of several processes exactly one takes a dead lock over, and its end frees it for the next', async () => {
    await place(holder())
    const script = await bundle('lock', dir)
    const code = (name: string) => `import { lock } from '${script}'
      await lock('${file}', '${name}', () => {}).then(() => console.log('won'), (e) => console.log(e.exitCode))
      setTimeout(() => {}, 20_000)`
    const processes = await Promise.all(['a', 'b', 'c', 'd'].map((name) => child(dir, `${name}.mjs`, code(name))))
    const said = await Promise.all(
      processes.map(async (p) => {
        if (!p.stdout) throw new Error('no output')
        const [line] = (await once(createInterface(p.stdout), 'line')) as [string]
        return line
      }),
    )
    expect(said.toSorted()).toEqual(['2', '2', '2', 'won'])
    await Promise.all(
      processes.map((p) => {
        const end = once(p, 'exit')
        p.kill('SIGKILL')
        return end
      }),
    )
    const mine = await lock(file, 'next', note)
    expect(notes[0]).toContain(`process ${processes[said.indexOf('won')]?.pid}`)
    await mine.release()
  })
})
