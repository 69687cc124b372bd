import type { ObjectStore } from '../state/backend.ts'
import { Conflict } from '../state/backend.ts'
import type { Aws } from './clients.ts'
import { codeOf } from './trouble.ts'

const ATTEMPTS = 4

/** Objects of one bucket. Every write names what it replaces (S3 conditional writes: If-Match and If-None-Match). */
export const bucket = (aws: Aws, Bucket: string): ObjectStore => ({
  place: (key) => `s3://${Bucket}/${key}`,
  async get(key) {
    try {
      const found = await aws.s3('GetObject', { Bucket, Key: key })
      return { text: (await found.Body?.transformToString('utf8')) ?? '', tag: found.ETag ?? '' }
    } catch (error) {
      if (/^(NoSuchKey|NotFound)$/.test(codeOf(error))) return undefined
      throw error
    }
  },
  async put(key, text, replaces) {
    for (let attempt = 1; ; attempt++) {
      try {
        const put = await aws.s3('PutObject', {
          Bucket,
          Key: key,
          Body: text,
          ContentType: 'application/json',
          ...(replaces === undefined ? { IfNoneMatch: '*' } : { IfMatch: replaces }),
        })
        return put.ETag ?? ''
      } catch (error) {
        const code = codeOf(error)
        // If-Match on what is gone is answered by 404: docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        const gone = replaces !== undefined && /^(NoSuchKey|NotFound)$/.test(code)
        if (!gone && !/^(PreconditionFailed|ConditionalRequestConflict)$/.test(code)) throw error
        // A put whose answer was lost is sent again by the SDK, and then meets what it has written itself.
        const now = await this.get(key)
        if (now?.text === text) return now.tag
        // 409: another request was at it in the same instant, and AWS asks for another try.
        if (code === 'ConditionalRequestConflict' && now?.tag === replaces && attempt < ATTEMPTS) continue
        throw new Conflict(`s3://${Bucket}/${key}`)
      }
    }
  },
  async remove(key, only) {
    try {
      await aws.s3('DeleteObject', { Bucket, Key: key, ...(only === undefined ? {} : { IfMatch: only }) })
    } catch (error) {
      if (!/^(NoSuchKey|NotFound|PreconditionFailed)$/.test(codeOf(error))) throw error
    }
  },
})
