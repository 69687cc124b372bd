import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { clientConfig, freshAccount } from '../support/account.ts'
import { INIT, type Place, place } from '../support/cli.ts'
import { type FaultProxy, startProxy } from '../support/proxy.ts'

const url = inject('motoUrl')

describe.skipIf(!url)('a team with its state in a bucket', { timeout: 90_000 }, () => {
  let proxy: FaultProxy
  let one: Place
  let two: Place
  let s3: S3Client
  let Bucket: string

  beforeEach(async () => {
    const account = await freshAccount(url ?? '')
    proxy = await startProxy(url ?? '')
    const env = { ...account.env, AWS_ENDPOINT_URL: proxy.url }
    ;[one, two] = [await place(env), await place(env)]
    s3 = new S3Client({ ...clientConfig(account), forcePathStyle: true })
    Bucket = `team-${account.accountId}`
    await s3.send(new CreateBucketCommand({ Bucket }))
    for (const p of [one, two]) expect((await p.run(...INIT, '--set', `state=s3://${Bucket}/infra`)).code).toBe(0)
  })
  afterEach(async () => {
    await Promise.all([one.remove(), two.remove()])
    await proxy.close()
  })
  const key = 'infra/startupwebapp/production'
  const text = async (Key: string) => (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString()
  const done = async (p: Place, ...args: string[]) => {
    const r = await p.run(...args)
    expect(r.code, r.all).toBe(0)
    return r
  }

  it('what one creates the other sees, with nothing in the folder', async () => {
    await done(one, 'create', '--yes')
    expect(JSON.parse((await text(`${key}.json`)) ?? '{}').resources.vpc.is).toBe('ready')
    expect(await readdir(one.dir)).not.toContain('state')
    expect((await done(two, 'create', '--yes')).stdout).toContain('Nothing to do')
    expect((await done(two, 'status', '--json')).json<{ progress: object }>().progress).toEqual({ done: 5, total: 5 })
    expect((await done(two, 'status', '--offline', '--json')).json<{ progress: object }>().progress).toEqual({
      done: 5,
      total: 5,
    })
    expect((await done(two, 'show-resources')).stdout).toContain(`s3://${Bucket}/${key}.json`)
    await done(two, 'destroy', '--yes', '--confirm', 'startupwebapp')
  })

  it('one at a time: the second says who is at it; unlock shows the holder before it takes the lock away', async () => {
    const lease = {
      nonce: 'n',
      host: 'laptop-of-jane',
      pid: 4711,
      started: '2026-11-21T08:00:00Z',
      command: 'infra create',
      until: '2999-01-01T00:00:00Z',
    }
    await s3.send(new PutObjectCommand({ Bucket, Key: `${key}.lock`, Body: JSON.stringify(lease) }))
    const second = await two.run('create', '--yes')
    expect(second.code).toBe(2)
    expect(second.stderr).toContain('Another run holds the lock: infra create (process 4711 on laptop-of-jane')
    const asked = await two.run('unlock')
    expect(asked.code).toBe(2)
    expect(asked.all).toContain('process 4711 on laptop-of-jane')
    await done(two, 'unlock', '--yes')
    expect((await done(two, 'unlock')).stdout).toContain('Nobody holds the lock')
    await done(two, 'create', 'vpc', '--yes')
  })

  it('a run whose lock was stolen stops at its next write and overwrites nothing', async () => {
    proxy.rules = [{ match: /^ec2\.CreateSecurityGroup$/, delay: 2500 }]
    const run = one.start('create', 'vpc', 'security-groups', '--yes')
    for (let i = 0; i < 400 && !proxy.log.some((c) => c.op === 'ec2.CreateSecurityGroup'); i++)
      await new Promise((r) => setTimeout(r, 25))
    const theirs = JSON.parse((await text(`${key}.json`)) ?? '{}')
    await s3.send(new PutObjectCommand({ Bucket, Key: `${key}.json`, Body: JSON.stringify({ ...theirs, serial: 999 }) }))
    const r = await run.done
    expect(r.code).toBe(1)
    expect(r.stderr).toContain('was changed by another run')
    expect(JSON.parse((await text(`${key}.json`)) ?? '{}').serial).toBe(999)
    proxy.rules = []
    const again = await two.run('create', '--yes')
    expect(again.code, again.all).toBe(0)
    expect(proxy.log.filter((c) => c.op === 'ec2.CreateVpc')).toHaveLength(1)
  })

  it('moves from the folder to the bucket and back', async () => {
    await done(one, 'init', '--set', 'state=local')
    await done(one, 'create', 'vpc', '--yes')
    const before = (await one.state()).resources
    await done(one, 'state', 'move', `s3://${Bucket}/moved`, '--yes')
    expect(await readFile(join(one.dir, 'infra.yaml'), 'utf8')).toContain(`state: s3://${Bucket}/moved`)
    expect(await readdir(join(one.dir, 'state'))).not.toContain('production.json')
    expect((await done(one, 'create', 'vpc', '--yes')).stdout).toContain('Nothing to do')
    expect((await done(one, 'state', 'move', `s3://${Bucket}/moved`, '--yes')).stdout).toContain('already')
    await done(one, 'state', 'move', 'local', '--yes')
    expect((await one.state()).resources).toEqual(before)
  })

  it('a bucket that is not there is one clear sentence', async () => {
    await done(one, 'init', '--set', 'state=s3://no-such-bucket-at-all/x')
    const r = await one.run('create', '--yes')
    expect(r.code).toBe(2)
    expect(r.stderr).toContain('The bucket of the state does not exist')
  })
})
