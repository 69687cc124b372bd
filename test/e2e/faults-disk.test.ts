import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { clearGround, expectWhole, makeGround } from '../crash-real/expect.ts'
import { CREATE, DESTROY, Home } from '../crash-real/home.ts'
import { type Ground, type Undisturbed, undisturbed } from '../crash-real/life.ts'
import { root, skipped } from '../support/skipped.ts'
import { eachNth } from '../support/some.ts'

const url = inject('motoUrl')

/**
 * A disk that is full at so many KiB of one file, without a disk of our own: the kernel refuses the write itself (RLIMIT_FSIZE;
 * EFBIG where a full disk says ENOSPC). Node ignores the signal that comes with it.
 */
const fullAt = (kib: number): string[] => ['bash', '-c', `ulimit -f ${kib}; exec "$@"`, 'bash']

// Windows has neither limit nor bash.
describe.skipIf(!url || process.platform === 'win32')('the disk', () => {
  let ground: Ground
  let of: Undisturbed
  let home: Home
  let file: string

  beforeAll(async () => {
    ground = makeGround(url ?? '')
    of = await undisturbed(ground)
  })
  afterAll(() => clearGround(ground))
  beforeEach(async () => {
    home = await Home.open(ground.bin, ground.folder, ground.server)
    file = join(home.dir, 'state', 'production.json')
    home.proxy.clear()
  })
  afterEach(() => home.close())

  /** Keys of what was created, as the calls themselves name them in their tags. */
  const askedFor = (): string[] =>
    home.proxy
      .changing()
      .flatMap((c) => /infra:key(?:&[^&=]*Value=|","Value":")([a-z0-9-]+)/.exec(decodeURIComponent(c.body))?.[1] ?? [])
  const changes = (): string[] => home.proxy.changing().map((c) => c.op)

  it.each(eachNth([1, 4, 8, 12], 2))(
    'is full when the state has %i KiB: a clear stop; with room again the same account',
    { timeout: 60_000 },
    async (kib) => {
      home.wrapper = fullAt(kib)
      const { code, out } = await home.run(...CREATE)
      expect([1, 2], out).toContain(code)
      expect(out).toContain('Cannot write the state file')
      expect(out).toContain('Make room or fix the permissions, then run the same command again')
      expect(out).not.toMatch(/\n\s+at /)
      // What is on the disk is the last whole one, or none; whatever was asked of AWS stands in it.
      const rows = existsSync(file) ? Object.keys(home.state.resources) : []
      expect(askedFor().filter((key) => !rows.includes(key))).toEqual([])
      if (kib >= 12) expect(askedFor().length).toBeGreaterThan(3)
      home.wrapper = []
      await expectWhole(home, 'create', CREATE, of)
    },
  )

  it('is full in the destroy: a clear stop; with room again the account is as empty as undisturbed', {
    timeout: 60_000,
  }, async () => {
    await expectWhole(home, 'create', CREATE, of)
    home.wrapper = fullAt(8)
    const { code, out } = await home.run(...DESTROY)
    expect([1, 2], out).toContain(code)
    expect(out).toContain('Cannot write the state file')
    home.wrapper = []
    await expectWhole(home, 'destroy', DESTROY, of)
  })

  it('is full before the lock is written: nothing is asked of AWS that changes anything', { timeout: 60_000 }, async () => {
    home.wrapper = fullAt(0)
    const { code, out } = await home.run(...CREATE)
    expect([code, out]).toEqual([2, expect.stringContaining('Cannot write the lock')])
    expect(changes()).toEqual([])
    home.wrapper = []
    await expectWhole(home, 'create', CREATE, of)
  })

  it('has a file where the state folder should be: refused, nothing was changed', { timeout: 60_000 }, async () => {
    writeFileSync(join(home.dir, 'state'), 'mine')
    const { code, out } = await home.run(...CREATE)
    expect([code, out]).toEqual([2, expect.stringMatching(/Cannot (create the folder|write the lock|read) .*state/)])
    expect(changes()).toEqual([])
    expect(readFileSync(join(home.dir, 'state'), 'utf8')).toBe('mine')
    rmSync(join(home.dir, 'state'))
    await expectWhole(home, 'create', CREATE, of)
  })

  it('has a folder where the state file should be: refused, nothing was changed', { timeout: 60_000 }, async () => {
    mkdirSync(file, { recursive: true })
    const { code, out } = await home.run(...CREATE)
    expect([code, out]).toEqual([2, expect.stringContaining('Cannot read')])
    expect(changes()).toEqual([])
    rmSync(file, { recursive: true })
    await expectWhole(home, 'create', CREATE, of)
  })

  it.skipIf(root)(skipped('has a read-only state folder: refused, nothing was changed', root), { timeout: 60_000 }, async () => {
    mkdirSync(join(home.dir, 'state'))
    chmodSync(join(home.dir, 'state'), 0o500)
    const { code, out } = await home.run(...CREATE)
    expect([code, out]).toEqual([2, expect.stringContaining('Cannot write the lock')])
    expect(changes()).toEqual([])
    chmodSync(join(home.dir, 'state'), 0o700)
    await expectWhole(home, 'create', CREATE, of)
  })
})
