import { afterEach, describe, expect, it, vi } from 'vitest'
import { parseS3, s3Backend } from '../../src/state/s3.ts'
import { StoredState } from '../../src/state/store.ts'
import { bucket as memory } from './objects.ts'

const of = { project: 'shop', environment: 'dev', account: '1', region: 'r', sandbox: false }
const row = { type: 't', step: 's', name: 'n', is: 'ready' as const, want: {}, deps: [], token: '', at: '2026-01-01T00:00:00Z' }
const fast = { heartbeatMs: 20, leaseMs: 100, skewMs: 0 }
const quiet = (): void => undefined

afterEach(() => {
  vi.useRealTimers()
})

describe('a state in a bucket', () => {
  it('is written with the version that it replaces, and read back', async () => {
    const bucket = memory()
    const state = await StoredState.open(s3Backend(bucket, 'p/shop/dev'), of)
    await state.put('vpc', row)
    await state.put('subnet', row)
    const again = await StoredState.open(s3Backend(bucket, 'p/shop/dev'), of)
    expect([...again.all().keys()].sort()).toEqual(['subnet', 'vpc'])
  })

  it('a run that lost its lock cannot overwrite what the other one wrote', async () => {
    const bucket = memory()
    const robbed = await StoredState.open(s3Backend(bucket, 'x'), of)
    await robbed.put('a', row)
    const thief = await StoredState.open(s3Backend(bucket, 'x'), of)
    await thief.put('b', row)
    await expect(robbed.put('c', row)).rejects.toThrow('s3://b/x.json was changed by another run')
    const now = await StoredState.open(s3Backend(bucket, 'x'), of)
    expect([...now.all().keys()].sort()).toEqual(['a', 'b'])
  })

  it('two first runs at once: only one makes the state', async () => {
    const bucket = memory()
    const [one, two] = await Promise.all([
      StoredState.open(s3Backend(bucket, 'x'), of),
      StoredState.open(s3Backend(bucket, 'x'), of),
    ])
    const results = await Promise.allSettled([one.put('a', row), two.put('b', row)])
    expect(results.map((r) => r.status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('reads s3://bucket/prefix', () => {
    expect(parseS3('s3://team/infra/x/')).toEqual({ bucket: 'team', prefix: 'infra/x' })
    expect(parseS3('s3://team')).toEqual({ bucket: 'team', prefix: '' })
  })
})

describe('the lease', () => {
  it('keeps a second run out and names the holder; released, it is free', async () => {
    const bucket = memory()
    const held = await s3Backend(bucket, 'x').lock('infra create', quiet, quiet)
    const second = s3Backend(bucket, 'x')
    await expect(second.lock('infra destroy', quiet, quiet)).rejects.toMatchObject({
      exitCode: 2,
      what: expect.stringContaining('infra create (process'),
    })
    expect(await second.holder()).toContain('infra create')
    await held.release()
    expect(await second.holder()).toBeUndefined()
    await (await second.lock('infra destroy', quiet, quiet)).release()
  })

  it('lives by its heartbeat: it holds longer than its time', async () => {
    const bucket = memory()
    const held = await s3Backend(bucket, 'x', fast).lock('infra create', quiet, quiet)
    const untilOf = async () => Date.parse(JSON.parse((await bucket.get('x.lock'))?.text ?? '{}').until)
    const first = await untilOf()
    await vi.waitFor(async () => expect(await untilOf()).toBeGreaterThan(first + fast.leaseMs))
    await expect(s3Backend(bucket, 'x', fast).lock('infra create', quiet, quiet)).rejects.toMatchObject({ exitCode: 2 })
    await held.release()
  })

  it('is taken over when it has expired, and when its process on this machine is dead', async () => {
    const bucket = memory()
    const old = { nonce: 'n', host: 'elsewhere', pid: 1, started: 'then', command: 'infra create', until: '2020-01-01T00:00:00Z' }
    await bucket.put('x.lock', JSON.stringify(old), undefined)
    const said: string[] = []
    await (await s3Backend(bucket, 'x').lock('infra create', (line) => said.push(line), quiet)).release()
    expect(said[0]).toContain('did not end by itself')
    const { hostname } = await import('node:os')
    const dead = { ...old, host: hostname(), pid: 2 ** 22 + 7, until: '2999-01-01T00:00:00Z' }
    await bucket.put('x.lock', JSON.stringify(dead), undefined)
    await (await s3Backend(bucket, 'x').lock('infra create', quiet, quiet)).release()
  })

  it('of two takers of one dead lease exactly one wins', async () => {
    const bucket = memory()
    await bucket.put('x.lock', JSON.stringify({ nonce: 'n', host: 'h', pid: 1, until: '2020-01-01T00:00:00Z' }), undefined)
    const takers = await Promise.allSettled([1, 2, 3].map(() => s3Backend(bucket, 'x').lock('infra create', quiet, quiet)))
    expect(takers.filter((t) => t.status === 'fulfilled')).toHaveLength(1)
  })

  it('that was taken away is told to the run, which must not give back the lock of another', async () => {
    const bucket = memory()
    const lost = vi.fn()
    const held = await s3Backend(bucket, 'x', fast).lock('infra create', quiet, lost)
    await s3Backend(bucket, 'x').unlock()
    const other = await s3Backend(bucket, 'x').lock('infra destroy', quiet, quiet)
    await vi.waitFor(() => expect(lost).toHaveBeenCalledOnce())
    await held.release()
    expect(await s3Backend(bucket, 'x').holder()).toContain('infra destroy')
    await other.release()
  })

  it('released by another run, or taken away, counts as lost: nobody may have the lock, and this run least of all', async () => {
    const bucket = memory()
    const lost = vi.fn()
    const held = await s3Backend(bucket, 'x', fast).lock('infra create', quiet, lost)
    await s3Backend(bucket, 'x').unlock()
    await vi.waitFor(() => expect(lost).toHaveBeenCalledOnce())
    await expect(held.check()).rejects.toMatchObject({ exitCode: 1, what: expect.stringContaining('was taken away') })
    await held.release()
    expect(bucket.objects.size).toBe(0)
  })

  it('survives heartbeats that do not get through', async () => {
    const bucket = memory()
    const lost = vi.fn()
    const held = await s3Backend(bucket, 'x', fast).lock('infra create', quiet, lost)
    const { put } = bucket
    let fail = 2
    bucket.put = function (...args) {
      if (fail-- > 0) return Promise.reject(new Error('socket hang up'))
      return put.apply(this, args)
    }
    const { puts } = bucket
    await vi.waitFor(() => expect(bucket.puts).toBeGreaterThan(puts))
    expect(fail).toBeLessThanOrEqual(0)
    expect(lost).not.toHaveBeenCalled()
    await held.release()
  })
})

describe('the fence before each change', () => {
  /** No heartbeat helps: only what `check` does counts. */
  const still = (clock: { wall: number; monotonic: number }) => ({
    ...{ heartbeatMs: 10_000_000, leaseMs: 1000, skewMs: 500 },
    ...{ now: () => clock.wall, monotonic: () => clock.monotonic },
  })
  const held = async (bucket = memory(), clock = { wall: 1_000_000, monotonic: 0 }) => {
    const lost = vi.fn()
    const lock = await s3Backend(bucket, 'x', still(clock)).lock('infra create', quiet, lost)
    return { bucket, clock, lost, lock }
  }

  it('asks nobody while the lease is young, and renews one that is older than its length', async () => {
    const { bucket, clock, lock, lost } = await held()
    for (let i = 0; i < 20; i++) await lock.check()
    expect(bucket.puts).toBe(1)
    clock.wall += 1000
    clock.monotonic += 1000
    await Promise.all([1, 2, 3].map(() => lock.check()))
    expect(bucket.puts).toBe(2)
    expect(JSON.parse(bucket.objects.get('x.lock')?.text ?? '{}').until).toBe(new Date(clock.wall + 1000).toISOString())
    expect(lost).not.toHaveBeenCalled()
    await lock.release()
  })

  it.each([
    ['a suspend, which the monotonic clock of Linux does not count', { wall: 1000, monotonic: 0 }],
    ['a wall clock that was set back meanwhile', { wall: -500_000, monotonic: 1000 }],
  ])('notices %s', async (_, by) => {
    const { bucket, clock, lock } = await held()
    clock.wall += by.wall
    clock.monotonic += by.monotonic
    await lock.check()
    expect(bucket.puts).toBe(2)
    await lock.release()
  })

  it.each([
    ['another run holds it', true],
    ['another run has taken it over, and released it', false],
  ])('stops for good when %s', async (_, stays) => {
    const { bucket, clock, lock, lost } = await held()
    clock.wall += 1501
    const other = await s3Backend(bucket, 'x', still(clock)).lock('infra destroy', quiet, quiet)
    if (!stays) await other.release()
    await expect(lock.check()).rejects.toMatchObject({
      exitCode: 1,
      what: expect.stringMatching(stays ? /infra destroy/ : /taken away/),
    })
    clock.wall -= 1501
    await expect(lock.check()).rejects.toMatchObject({ exitCode: 1 })
    expect(lost).toHaveBeenCalledOnce()
    await lock.release()
    if (stays) expect(await s3Backend(bucket, 'x').holder()).toContain('infra destroy')
  })

  it('a renewal that cannot be sent stops this change, and not the run', async () => {
    const { bucket, clock, lock, lost } = await held()
    const { put } = bucket
    clock.wall += 1000
    bucket.put = () => Promise.reject(new Error('connect ECONNREFUSED'))
    await expect(lock.check()).rejects.toThrow('ECONNREFUSED')
    bucket.put = put
    await lock.check()
    expect(lost).not.toHaveBeenCalled()
    await lock.release()
  })

  it('a renewal whose answer was lost is not taken for a thief’s', async () => {
    const { bucket, clock, lock, lost } = await held()
    const { put } = bucket
    clock.wall += 1000
    bucket.put = async function (...args) {
      await put.apply(this, args)
      throw new Error('socket hang up')
    }
    await expect(lock.check()).rejects.toThrow('socket hang up')
    bucket.put = put
    clock.wall += 10
    await lock.check()
    expect(lost).not.toHaveBeenCalled()
    await lock.release()
    expect(bucket.objects.size).toBe(0)
  })

  it('a state write whose answer was lost neither', async () => {
    const bucket = memory()
    const state = await StoredState.open(s3Backend(bucket, 'x'), of)
    const { put } = bucket
    bucket.put = async function (...args) {
      await put.apply(this, args)
      throw new Error('socket hang up')
    }
    await expect(state.put('a', row)).rejects.toThrow('socket hang up')
    bucket.put = put
    await state.put('b', row)
    expect([...(await StoredState.open(s3Backend(bucket, 'x'), of)).all().keys()].sort()).toEqual(['a', 'b'])
  })

  it('a state that another run has written is told to the run that holds the lock no longer', async () => {
    const bucket = memory()
    const backend = s3Backend(bucket, 'x')
    const lost = vi.fn()
    const lock = await backend.lock('infra create', quiet, lost)
    const state = await StoredState.open(backend, of)
    await (await StoredState.open(s3Backend(bucket, 'x'), of)).put('a', row)
    await expect(state.put('b', row)).rejects.toMatchObject({ exitCode: 1, what: 's3://b/x.json was changed by another run' })
    expect(lost).toHaveBeenCalled()
    await lock.release()
  })

  it.each(['null', '[]', '7', '"x"', 'hello', '{}'])('what is no lease (%s) is nobody’s', async (text) => {
    const bucket = memory()
    await bucket.put('x.lock', text, undefined)
    expect(await s3Backend(bucket, 'x').holder()).toBe('a lock that is not one of infra')
    await (await s3Backend(bucket, 'x').lock('infra create', quiet, quiet)).release()
  })
})
