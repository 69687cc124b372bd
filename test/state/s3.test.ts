import { afterEach, describe, expect, it, vi } from 'vitest'
import { Conflict, type ObjectStore } from '../../src/state/backend.ts'
import { parseS3, s3Backend } from '../../src/state/s3.ts'
import { StoredState } from '../../src/state/store.ts'

/** A bucket in memory, with versions. */
const memory = (): ObjectStore & { readonly objects: Map<string, { text: string; tag: string }>; puts: number } => {
  const objects = new Map<string, { text: string; tag: string }>()
  return {
    objects,
    puts: 0,
    place: (key) => `s3://b/${key}`,
    async get(key) {
      return objects.get(key)
    },
    async put(key, text, replaces) {
      if (objects.get(key)?.tag !== replaces) throw new Conflict(key)
      const tag = `"${++this.puts}"`
      objects.set(key, { text, tag })
      return tag
    },
    async remove(key) {
      objects.delete(key)
    },
  }
}

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
    await new Promise((r) => setTimeout(r, 250))
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
    await new Promise((r) => setTimeout(r, 120))
    expect(lost).not.toHaveBeenCalled()
    await held.release()
  })
})
