import { describe, expect, it } from 'vitest'
import { bucket } from '../../src/aws/objects.ts'
import { Conflict } from '../../src/state/backend.ts'
import { s3Backend } from '../../src/state/s3.ts'
import { awsError } from '../kinds/support/cloud.ts'
import { fakeAws } from '../support/models/fake.ts'

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

/** A bucket that answers with these errors, and whose only object holds this text. */
const store = (errors: Readonly<Record<string, Error>>, text?: string) => {
  const sent: [string, object][] = []
  const s3 = async (operation: string, input: object): Promise<object> => {
    sent.push([operation, input])
    const error = errors[operation]
    if (error) throw error
    if (operation !== 'GetObject') return { ETag: '"2"' }
    if (text === undefined) throw awsError('NoSuchKey')
    return { ETag: '"1"', Body: { transformToString: async () => text } }
  }
  return { objects: bucket(fakeAws({ s3 }), 'states-of-shop'), sent }
}

it('where nothing has changed, a request of the same instant is no conflict: AWS asks for another try', async () => {
  let refusals = 2
  const s3 = async (operation: string): Promise<object> => {
    if (operation === 'GetObject') return { ETag: '"1"', Body: { transformToString: async () => 'old' } }
    if (refusals-- > 0) throw awsError('ConditionalRequestConflict')
    return { ETag: '"2"' }
  }
  expect(await bucket(fakeAws({ s3 }), 'states-of-shop').put('k', 'mine', '"1"')).toBe('"2"')
})

it('a bucket that is not there is no conflict', async () => {
  const { objects } = store({ PutObject: awsError('NoSuchBucket') })
  await expect(objects.put('k', 'mine', '"old"')).rejects.toMatchObject({ name: 'NoSuchBucket' })
})

it('removes only the version that it is told to; one that is another’s, or gone, is no error', async () => {
  const { objects, sent } = store({})
  await objects.remove('k', '"7"')
  await objects.remove('k')
  expect(sent.map(([, input]) => input)).toEqual([
    { Bucket: 'states-of-shop', Key: 'k', IfMatch: '"7"' },
    { Bucket: 'states-of-shop', Key: 'k' },
  ])
  for (const name of ['PreconditionFailed', 'NoSuchKey']) await store({ DeleteObject: awsError(name) }).objects.remove('k', '"7"')
  await expect(store({ DeleteObject: awsError('AccessDenied') }).objects.remove('k', '"7"')).rejects.toMatchObject({
    name: 'AccessDenied',
  })
})
