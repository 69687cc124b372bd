import type { Readable } from 'node:stream'
import { InfraError, refuse } from '../core/errors.ts'
import type { Aws } from './clients.ts'
import { codeOf } from './trouble.ts'

/** Where a dump goes. Nothing is there under its name before all of it is. */
export interface Sink {
  /** For a person, and for the command that reads it again. */
  readonly place: string
  write(part: Buffer): Promise<void>
  /** All is written. */
  commit(): Promise<void>
  /** Takes away what was written. Never fails: something else has failed already. */
  discard(): Promise<void>
}

export interface InBucket {
  readonly bucket: string
  readonly key: string
}

const MB = 1024 * 1024
/** S3 takes at most 10,000 parts: small ones first, because what breaks off is sent again, larger ones for what is very large. */
const partSize = (number: number): number => (number <= 5000 ? 8 * MB : 32 * MB)
const AT_ONCE = 3

/**
 * A dump that goes into a bucket while it is made, in parts: nothing of it lies on this machine. Encrypted as the bucket says.
 * docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
 */
export const bucketSink = async (aws: Aws, { bucket: Bucket, key: Key }: InBucket): Promise<Sink> => {
  const place = `s3://${Bucket}/${Key}`
  const taken = (): InfraError =>
    refuse(`${place} is there already`, 'a backup is never written over', 'Name another place: --to s3://bucket/key')
  // Who may not list the bucket is refused the question; then the last call finds out.
  const there = await aws.s3('HeadObject', { Bucket, Key }).then(
    () => true,
    (error) => {
      if (codeOf(error) === 'NoSuchBucket') throw noBucket(Bucket)
      return false
    },
  )
  if (there) throw taken()
  const { UploadId } = await aws
    .s3('CreateMultipartUpload', { Bucket, Key, ContentType: 'application/octet-stream', ChecksumAlgorithm: 'CRC32' })
    .catch((error) => {
      throw codeOf(error) === 'NoSuchBucket' ? noBucket(Bucket) : error
    })
  const parts: { PartNumber: number; ETag?: string | undefined; ChecksumCRC32?: string | undefined }[] = []
  const flying = new Set<Promise<void>>()
  let failed: unknown
  let waiting: Buffer[] = []
  let size = 0
  let total = 0

  const send = async (): Promise<void> => {
    const Body = Buffer.concat(waiting)
    waiting = []
    size = 0
    const part: (typeof parts)[number] = { PartNumber: parts.length + 1 }
    parts.push(part)
    const sending = aws
      .s3('UploadPart', { Bucket, Key, UploadId, PartNumber: part.PartNumber, Body, ChecksumAlgorithm: 'CRC32' })
      .then(({ ETag, ChecksumCRC32 }) => {
        part.ETag = ETag
        if (ChecksumCRC32 !== undefined) part.ChecksumCRC32 = ChecksumCRC32
      })
      .catch((error) => {
        failed ??= error
      })
      .finally(() => flying.delete(sending))
    flying.add(sending)
    if (flying.size >= AT_ONCE) await Promise.race(flying)
    if (failed !== undefined) throw failed
  }
  return {
    place,
    async write(part) {
      waiting.push(part)
      size += part.length
      total += part.length
      if (size >= partSize(parts.length + 1)) await send()
    },
    async commit() {
      if (size > 0 || parts.length === 0) await send()
      await Promise.all(flying)
      if (failed !== undefined) throw failed
      try {
        await aws.s3('CompleteMultipartUpload', { Bucket, Key, UploadId, MultipartUpload: { Parts: parts }, IfNoneMatch: '*' })
      } catch (error) {
        // The SDK sends a call again whose answer was lost, and that one meets what the first has made.
        if (!/^(PreconditionFailed|ConditionalRequestConflict|NoSuchUpload)$/.test(codeOf(error))) throw error
        const found = await aws.s3('HeadObject', { Bucket, Key }).catch(() => undefined)
        if (found?.ContentLength !== total || !found?.ETag?.endsWith(`-${parts.length}"`)) throw taken()
      }
    },
    async discard() {
      await Promise.all(flying)
      await aws.s3('AbortMultipartUpload', { Bucket, Key, UploadId }).catch(() => undefined)
    },
  }
}

const noBucket = (name: string): InfraError =>
  refuse(
    `There is no bucket ${name}`,
    'backups go into one that is there already',
    `aws s3 mb s3://${name}, or name another place`,
  )

export interface Source {
  readonly place: string
  readonly bytes: number | undefined
  readonly stream: Readable
}

/** Opens an object to be read from its beginning. @throws InfraError (exit 2) when it is not there */
export const download = async (aws: Aws, at: InBucket): Promise<Source> => {
  const place = `s3://${at.bucket}/${at.key}`
  try {
    const { Body, ContentLength } = await aws.s3('GetObject', { Bucket: at.bucket, Key: at.key })
    if (!Body) throw new InfraError(`${place} is empty`, { exitCode: 2 })
    return { place, bytes: ContentLength, stream: Body as Readable }
  } catch (error) {
    if (/^(NoSuchKey|NotFound|NoSuchBucket)$/.test(codeOf(error)))
      throw refuse(
        `There is no ${place}`,
        codeOf(error) === 'NoSuchBucket' ? 'there is no such bucket' : undefined,
        `aws s3 ls s3://${at.bucket}/`,
      )
    throw error
  }
}
