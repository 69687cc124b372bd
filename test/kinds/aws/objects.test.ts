import { describe, expect, it } from 'vitest'
import { bucket } from '../../../src/aws/objects.ts'
import { Conflict } from '../../../src/state/backend.ts'
import { s3Backend } from '../../../src/state/s3.ts'
import { fakeAws } from '../../support/models/fake.ts'
import { awsError } from '../support/cloud.ts'

type Asked = { readonly Key: string; readonly Body?: string; readonly IfMatch?: string; readonly IfNoneMatch?: string }

/** A bucket that answers as S3 does: If-Match on a key that is not there is NoSuchKey, not PreconditionFailed. */
const s3 = () => {
  const kept = new Map<string, { text: string; tag: string }>()
  let version = 0
  const aws = fakeAws({
    s3: async (operation: string, { Key, Body = '', IfMatch, IfNoneMatch }: Asked): Promise<object> => {
      const now = kept.get(Key)
      if (operation === 'DeleteObject') kept.delete(Key)
      if (operation === 'GetObject') {
        if (!now) throw awsError('NoSuchKey', 'The specified key does not exist.', 404)
        return { Body: { transformToString: async () => now.text }, ETag: now.tag }
      }
      if (operation !== 'PutObject') return {}
      if (IfMatch !== undefined && !now) throw awsError('NoSuchKey', 'The specified key does not exist.', 404)
      if ((IfNoneMatch === '*' && now) || (IfMatch !== undefined && now?.tag !== IfMatch))
        throw awsError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412)
      const tag = `"${++version}"`
      kept.set(Key, { text: Body, tag })
      return { ETag: tag }
    },
  })
  return { kept, objects: bucket(aws, 'states-of-shop') }
}

describe('objects of a bucket', () => {
  it('are replaced by whoever knows the version, and made where there is none', async () => {
    const { objects } = s3()
    const first = await objects.put('k', 'one', undefined)
    const second = await objects.put('k', 'two', first)
    expect(await objects.get('k')).toEqual({ text: 'two', tag: second })
    await expect(objects.put('k', 'three', first)).rejects.toThrow(Conflict)
    await expect(objects.put('k', 'three', undefined)).rejects.toThrow(Conflict)
  })

  it('a put that meets what it has written itself is done', async () => {
    const { objects } = s3()
    const first = await objects.put('k', 'one', undefined)
    expect(await objects.put('k', 'one', undefined)).toBe(first)
  })

  it('one that was removed beside us is a conflict, like one that was changed', async () => {
    const { objects } = s3()
    const first = await objects.put('k', 'one', undefined)
    await objects.remove('k')
    await expect(objects.put('k', 'two', first)).rejects.toThrow(Conflict)
    expect(await objects.get('k')).toBeUndefined()
  })
})

describe('a state in a bucket', () => {
  it('that was removed beside a run says so at the next write', async () => {
    const { objects, kept } = s3()
    const state = s3Backend(objects, 'shop/dev')
    await state.read()
    await state.write('{}')
    kept.clear()
    await expect(state.write('{"a":1}')).rejects.toThrow('was changed by another run')
  })

  it('whose lock was taken away tells its holder at the next heartbeat', async () => {
    const { objects } = s3()
    const state = s3Backend(objects, 'shop/dev', { heartbeatMs: 10, leaseMs: 10_000, skewMs: 0 })
    let told: () => void = () => undefined
    const lost = new Promise<void>((resolve) => {
      told = resolve
    })
    const lock = await state.lock('create', () => undefined, told)
    await state.unlock()
    await lost
    await lock?.release()
    expect(await state.holder()).toBeUndefined()
  })
})
