import { rmSync } from 'node:fs'
import { link, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { InfraError } from '../../src/core/errors.ts'
import { Secret } from '../../src/core/json.ts'
import { localBackend } from '../../src/state/local.ts'
import { readState } from '../../src/state/parse.ts'
import type { StateFile } from '../../src/state/schema.ts'
import { FORMAT } from '../../src/state/schema.ts'
import { type Draft, LocalState, type StoredState } from '../../src/state/store.ts'
import { away, folder, of, row } from './bundle.ts'

let dir: string
let file: string
beforeEach(async () => {
  dir = await folder()
  file = join(dir, 'state', 'dev.json')
})
afterEach(() => away(dir))
const onDisk = async (path = file): Promise<StateFile> => JSON.parse(await readFile(path, 'utf8')) as StateFile

const zones =
  (...all: string[]) =>
  (draft: Draft): undefined => {
    draft.facts = { ...draft.facts, zones: all }
  }

describe('the local state', () => {
  it('nothing is there at first, and reading makes nothing', async () => {
    expect(await readState(localBackend(file))).toBeUndefined()
    const state = await LocalState.open(file, of)
    expect(state.all().size).toBe(0)
    expect(await readdir(dir)).toEqual([])
  })

  it('comes back as it was put', async () => {
    const state = await LocalState.open(file, of)
    const full = row({ took: 12, adopted: true, deps: ['a'], want: { list: [1, { x: null }], off: false } })
    await state.put('net', full)
    await state.update(zones('a', 'b'))
    const again = await LocalState.open(file, of)
    expect(again.row('net')).toEqual(full)
    expect(again.facts).toEqual({ zones: ['a', 'b'] })
    expect(await onDisk()).toMatchObject({ format: FORMAT, ...of, resources: { net: full } })
    await again.drop('net')
    expect((await LocalState.open(file, of)).row('net')).toBeUndefined()
  })

  it('is sorted by key and ends with a newline, so that a diff can be read', async () => {
    const state = await LocalState.open(file, of)
    await Promise.all(['z', 'a', 'm-2', 'm-10'].map((key) => state.put(key, row())))
    expect(Object.keys((await onDisk()).resources)).toEqual(['a', 'm-10', 'm-2', 'z'])
    expect(await readFile(file, 'utf8')).toMatch(/^\{\n {2}"format": 2,\n[\s\S]*\n\}\n$/)
  })

  it('counts its writes in one lineage', async () => {
    const state = await LocalState.open(file, of)
    await state.put('a', row())
    const first = await onDisk()
    await (await LocalState.open(file, of)).put('b', row())
    const second = await onDisk()
    expect(second.serial).toBe(first.serial + 1)
    expect(second.lineage).toBe(first.lineage)
    expect(first.lineage).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('writes no lookups that are there already', async () => {
    const state = await LocalState.open(file, of)
    await state.update(zones('a'))
    const { serial } = await onDisk()
    await state.update(zones('a'))
    expect((await onDisk()).serial).toBe(serial)
  })

  it('writes what is changed in one breath in one write: a kill leaves all of it or nothing', async () => {
    const state = await LocalState.open(file, of)
    await state.put('a', row())
    const { serial } = await onDisk()
    const all = [state.put('b', row()), state.update(zones('b')), state.drop('a')]
    await Promise.race(all)
    expect(await onDisk()).toMatchObject({ serial: serial + 1, facts: { zones: ['b'] }, resources: { b: {} } })
    await Promise.all(all)
    expect((await onDisk()).serial).toBe(serial + 1)
  })

  it('keeps the last good copy', async () => {
    const state = await LocalState.open(file, of)
    await state.put('a', row())
    const first = await readFile(file, 'utf8')
    await state.put('b', row())
    expect(await readFile(`${file}.backup`, 'utf8')).toBe(first)
    await state.put('c', row())
    expect(Object.keys((await onDisk(`${file}.backup`)).resources)).toEqual(['a', 'b'])
  })

  it('leaves no other file behind, and only the owner may read', async () => {
    const state = await LocalState.open(file, of)
    await Promise.all([1, 2, 3].map((n) => state.put(`k${n}`, row())))
    await state.put('last', row())
    expect((await readdir(join(dir, 'state'))).sort()).toEqual(['dev.json', 'dev.json.backup'])
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('makes a folder that nobody else can put files into, whatever the umask', async () => {
    const before = process.umask(0)
    try {
      const held = await localBackend(file).lock(
        'infra create',
        () => {},
        () => {},
      )
      await (await LocalState.open(file, of)).put('a', row())
      await held.release()
    } finally {
      process.umask(before)
    }
    expect((await stat(dirname(file))).mode & 0o777).toBe(0o755)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('also where a kill between backup and rename left both names on the same file', async () => {
    const state = await LocalState.open(file, of)
    await state.put('a', row())
    await link(file, `${file}.backup`)
    await state.put('b', row())
    expect((await readdir(join(dir, 'state'))).sort()).toEqual(['dev.json', 'dev.json.backup'])
  })
})

describe('changes that come together', () => {
  it('share writes, and each promise resolves only when the file holds its change', async () => {
    const state = await LocalState.open(file, of)
    const keys = Array.from({ length: 40 }, (_, i) => `key-${i}`)
    await Promise.all(
      keys.map(async (key, i) => {
        // Some at once, some while a write is under way.
        for (let n = 0; n < i % 7; n++) await new Promise((r) => setImmediate(r))
        await state.put(key, row({ name: key }))
        expect((await onDisk()).resources[key]?.name).toBe(key)
      }),
    )
    expect((await onDisk()).serial).toBeLessThan(keys.length)
  })

  it('a put and a drop of the same key keep their order', async () => {
    const state = await LocalState.open(file, of)
    await Promise.all([state.put('a', row()), state.put('b', row()), state.drop('a'), state.put('b', row({ name: 'new' }))])
    const { resources } = await onDisk()
    expect(Object.entries(resources).map(([key, r]) => [key, r.name])).toEqual([['b', 'new']])
  })
})

describe('a write that fails', () => {
  const broken = async (): Promise<StoredState> => {
    const state = await LocalState.open(file, of)
    // Where the folder should be, there is a file: works also for root, whom no permission stops.
    await writeFile(join(dir, 'state'), 'in the way')
    return state
  }

  it('rejects with what, why and what to do; the next one can work again and holds both changes', async () => {
    const state = await broken()
    const error = await state.put('a', row()).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(InfraError)
    expect(error).toMatchObject({
      what: `Cannot write the state file ${file}`,
      exitCode: 1,
      next: expect.stringContaining('same'),
    })
    await rm(join(dir, 'state'))
    await state.put('b', row())
    expect(Object.keys((await onDisk()).resources)).toEqual(['a', 'b'])
  })

  it('rejects everyone who waited for that write, and only those', async () => {
    const state = await broken()
    const three = [state.put('a', row()), state.put('b', row()), state.put('c', row())]
    expect((await Promise.allSettled(three)).map((r) => r.status)).toEqual(['rejected', 'rejected', 'rejected'])
    const first = state.put('d', row()).catch(() => {})
    await rm(join(dir, 'state'))
    const second = state.put('e', row())
    await first
    await second
    expect(Object.keys((await onDisk()).resources)).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('does not fail the one that waited behind it', async () => {
    const state = await LocalState.open(file, of)
    await mkdir(join(file, 'in the way'), { recursive: true })
    const first = state.put('a', row()).catch(() => {
      // Before the second write comes to its rename, the last of its calls.
      rmSync(file, { recursive: true })
      return 'failed'
    })
    // Now the first write is under way; what comes in the same breath goes with it.
    await Promise.resolve()
    const second = state.put('b', row())
    expect(await first).toBe('failed')
    await second
    expect(Object.keys((await onDisk()).resources)).toEqual(['a', 'b'])
  })

  it('at the rename leaves the old state whole and no temporary file', async () => {
    const state = await LocalState.open(file, of)
    await mkdir(file, { recursive: true })
    await writeFile(join(file, 'x'), '')
    await expect(state.put('a', row())).rejects.toBeInstanceOf(InfraError)
    expect(await readdir(join(dir, 'state'))).toEqual(['dev.json'])
  })
})

describe('a Secret', () => {
  it('in a row is refused, the old file survives, and other rows can still be saved', async () => {
    const state = await LocalState.open(file, of)
    await state.put('a', row())
    const before = await readFile(file, 'utf8')
    const leaky = row({ want: { password: new Secret('hush') as unknown as string } })
    await expect((async () => state.put('b', leaky))()).rejects.toThrow('a secret was about to be written out')
    expect(await readFile(file, 'utf8')).toBe(before)
    await state.put('c', row())
    const after = await readFile(file, 'utf8')
    expect(Object.keys((await onDisk()).resources)).toEqual(['a', 'c'])
    expect(after).not.toContain('hush')
    expect(await readdir(join(dir, 'state'))).toHaveLength(2)
  })

  it('shows nowhere', () => {
    const secret = new Secret('hush')
    expect(`${secret}`).toBe('[secret]')
    expect(() => JSON.stringify({ secret })).toThrow()
    expect(Object.values(secret)).toEqual([])
    expect(secret.reveal()).toBe('hush')
  })

  it('is not inspected either', async () => {
    const { inspect } = await import('node:util')
    expect(inspect({ secret: new Secret('hush') }, { depth: 9, showHidden: true })).not.toContain('hush')
  })
})
