import { expect, it } from 'vitest'
import { bucket } from '../../../src/aws/objects.ts'
import { Conflict } from '../../../src/state/backend.ts'
import { fakeAws } from '../../support/models/fake.ts'

const named = (name: string): Error => Object.assign(new Error(name), { name })
/** A bucket that answers with these errors, and whose only object holds this text. */
const store = (errors: Readonly<Record<string, Error>>, text?: string) => {
  const sent: [string, object][] = []
  const s3 = async (operation: string, input: object): Promise<unknown> => {
    sent.push([operation, input])
    const error = errors[operation]
    if (error) throw error
    if (operation !== 'GetObject') return { ETag: '"2"' }
    if (text === undefined) throw named('NoSuchKey')
    return { ETag: '"1"', Body: { transformToString: async () => text } }
  }
  return { objects: bucket(fakeAws({ s3 }), 'b'), sent }
}

it.each([
  ['something else is there', 'PreconditionFailed', '"old"'],
  ['two write at once', 'ConditionalRequestConflict', '"old"'],
  ['what was to be replaced is gone: S3 answers 404 to If-Match then', 'NoSuchKey', '"old"'],
  ['something is there where nothing should be', 'PreconditionFailed', undefined],
])('%s: a conflict, and nothing is overwritten', async (_, error, replaces) => {
  const { objects } = store({ PutObject: named(error) }, 'theirs')
  await expect(objects.put('k', 'mine', replaces)).rejects.toBeInstanceOf(Conflict)
})

it('a put that was sent twice meets what it has written itself', async () => {
  const { objects } = store({ PutObject: named('PreconditionFailed') }, 'mine')
  expect(await objects.put('k', 'mine', '"0"')).toBe('"1"')
})

it('where nothing has changed, a request of the same instant is no conflict: AWS asks for another try', async () => {
  let refusals = 2
  const s3 = async (operation: string): Promise<unknown> => {
    if (operation === 'GetObject') return { ETag: '"1"', Body: { transformToString: async () => 'old' } }
    if (refusals-- > 0) throw named('ConditionalRequestConflict')
    return { ETag: '"2"' }
  }
  expect(await bucket(fakeAws({ s3 }), 'b').put('k', 'mine', '"1"')).toBe('"2"')
})

it('a bucket that is not there is no conflict', async () => {
  const { objects } = store({ PutObject: named('NoSuchBucket') })
  await expect(objects.put('k', 'mine', '"old"')).rejects.toMatchObject({ name: 'NoSuchBucket' })
})

it('removes only the version that it is told to; one that is another’s, or gone, is no error', async () => {
  const { objects, sent } = store({})
  await objects.remove('k', '"7"')
  await objects.remove('k')
  expect(sent.map(([, input]) => input)).toEqual([
    { Bucket: 'b', Key: 'k', IfMatch: '"7"' },
    { Bucket: 'b', Key: 'k' },
  ])
  for (const name of ['PreconditionFailed', 'NoSuchKey']) await store({ DeleteObject: named(name) }).objects.remove('k', '"7"')
  await expect(store({ DeleteObject: named('AccessDenied') }).objects.remove('k', '"7"')).rejects.toMatchObject({
    name: 'AccessDenied',
  })
})
