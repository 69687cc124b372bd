import type { Aws } from './clients.ts'

/**
 * The same calls, which S3 refuses where a bucket is another account's: names of buckets are free again once they are deleted, and
 * whoever takes one gets what is written into it. docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
 * @param owner asked once, at the first call
 */
export const bucketsOf = (aws: Aws, owner: () => Promise<string>): Aws => {
  let asked: Promise<string> | undefined
  const send = aws.s3
  const s3 = async (operation: never, input: object): Promise<unknown> => {
    asked ??= owner()
    return send(operation, { ...input, ExpectedBucketOwner: await asked } as never)
  }
  return { ...aws, s3: s3 as unknown as Aws['s3'] }
}
