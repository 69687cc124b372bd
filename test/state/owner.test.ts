import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { bucketsOf } from '../../src/aws/bucket-owner.ts'
import { connect } from '../../src/aws/clients.ts'
import { explain } from '../../src/aws/explain.ts'
import { bucket } from '../../src/aws/objects.ts'
import { type Account, clientConfig, freshAccount } from '../support/account.ts'

/** S3 lets another account take the name of a bucket that was deleted. */
describe.skipIf(!inject('motoUrl'))('a bucket of another account', () => {
  const url = inject('motoUrl') ?? ''
  const name = `team-${Date.now()}`
  let theirs: Account
  let ours: Account
  beforeAll(async () => {
    ;[theirs, ours] = await Promise.all([freshAccount(url), freshAccount(url)])
    const s3 = new S3Client({ ...clientConfig(theirs), forcePathStyle: true })
    await s3.send(new CreateBucketCommand({ Bucket: name }))
    await s3.send(new PutObjectCommand({ Bucket: name, Key: 'x.json', Body: 'theirs' }))
  })
  const objects = (owner: () => Promise<string>) => {
    const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = ours.env
    const aws = connect({ region: 'us-east-1', sandbox: { url, credentials: { accessKeyId, secretAccessKey } } })
    return bucket(bucketsOf(aws, owner), name)
  }

  it('is neither read nor written, unless its owner is named', async () => {
    let asked = 0
    const mistaken = objects(async () => {
      asked++
      return ours.accountId
    })
    for (const call of [
      () => mistaken.get('x.json'),
      () => mistaken.put('y.json', 'ours', undefined),
      () => mistaken.remove('x.json'),
    ]) {
      const error = await call().catch((e: unknown) => e)
      const said = explain(error, { sandbox: false, region: 'us-east-1' })
      expect(`${said.why} ${said.next}`).toMatch(/the bucket belongs to another account.*bucketOwner in infra\.yaml/)
    }
    expect(asked).toBe(1)
    const meant = objects(async () => theirs.accountId)
    expect((await meant.get('x.json'))?.text).toBe('theirs')
    expect(await meant.get('y.json')).toBeUndefined()
  })
})
