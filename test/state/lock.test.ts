import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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
  JSON.stringify({ nonce: 'n', host: hostname(), pid: DEAD, started: '2026-01-01', command: 'infra create', ...more })
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
    const theirs = holder({ nonce: 'other' })
    await writeFile(file, theirs)
    await mine.release()
    expect(await readFile(file, 'utf8')).toBe(theirs)
  })

  for (const [name, content] of [
    ['empty', ''],
    ['half-written', holder().slice(0, 30)],
    ['no JSON', 'hello'],
  ] as const)
    it(`${name}: a crash cut it off, so it is taken over`, async () => {
      await place(content)
      const mine = await lock(file, 'infra create', note)
      expect(notes).toHaveLength(1)
      await mine.release()
      expect(await readdir(join(dir, 'state'))).toEqual([])
    })

  it('that is being written right now is not taken over', async () => {
    await place('')
    setTimeout(() => void writeFile(file, holder({ pid: process.pid })), 20)
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

describe('many at once', () => {
  for (const before of ['a dead lock', 'no lock'] as const)
    it(`${before}: of 20 takers exactly one wins, every time`, async () => {
      for (let round = 1; round <= 4; round++) {
        if (before === 'a dead lock') await place(holder({ nonce: `dead ${round}` }))
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
