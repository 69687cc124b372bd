import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { explain } from '../../src/aws/explain.ts'
import { type Account, freshAccount } from '../support/account.ts'
import { type Place, place, type Ran } from '../support/cli.ts'
import { type FaultProxy, startProxy } from '../support/proxy.ts'
import { refused } from './support/refused.ts'

const url = inject('motoUrl')
const NO_KEYS = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_SESSION_TOKEN: '' }

describe.skipIf(!url)('who may not, is told so, and nothing is changed', () => {
  let account: Account
  let proxy: FaultProxy
  let p: Place
  beforeAll(async () => {
    account = await freshAccount(url ?? '')
    proxy = await startProxy(url ?? '')
  })
  afterAll(() => proxy?.close())
  const at = async (env: Record<string, string> = {}): Promise<void> => {
    p = await place({ ...account.env, AWS_ENDPOINT_URL: proxy.url, ...env })
    await writeFile(join(p.dir, 'infra.yaml'), 'project: shop\nregion: us-east-1\nvpc: { nat: none }\n')
  }
  beforeEach(async () => {
    proxy.rules = []
    proxy.clear()
  })
  afterEach(() => p.remove())
  const no = async (...args: string[]): Promise<Ran> => {
    const r = refused(await p.run(...args))
    expect(proxy.changing().filter((c) => c.fault === undefined)).toEqual([])
    return r
  }

  it('no credentials at all: nothing is sent, and no address but loopback is tried', async () => {
    await at(NO_KEYS)
    // Every socket that the process opens is written down.
    const spy = join(p.dir, 'spy.mjs')
    const tried = join(p.dir, 'tried.txt')
    await writeFile(
      spy,
      `import net from 'node:net'
import { appendFileSync } from 'node:fs'
const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (...args) {
  appendFileSync(${JSON.stringify(tried)}, JSON.stringify(args[0]?.[0] ?? args[0]) + '\\n')
  return connect.apply(this, args)
}`,
    )
    p.env.NODE_OPTIONS = `--import file://${spy}`
    const r = await no('create', '--yes')
    expect(r.stderr).toContain(
      'No AWS credentials were found: neither environment variables nor a profile of the AWS CLI give any.',
    )
    expect(r.stderr).toContain('add --sandbox')
    await expect(readFile(tried, 'utf8')).rejects.toThrow(/ENOENT/)
    expect(proxy.log).toEqual([])
    // The spy works: with keys the call to the endpoint is seen.
    Object.assign(p.env, account.env, { AWS_ENDPOINT_URL: proxy.url })
    await p.run('plan')
    expect(await readFile(tried, 'utf8')).toContain('127.0.0.1')
  })

  it('a profile that there is not', async () => {
    await at(NO_KEYS)
    const r = await no('plan', '--profile', 'work')
    expect(r.stderr).toContain('There is no profile work: neither ~/.aws/config nor ~/.aws/credentials has it')
    expect(proxy.log).toEqual([])
  })

  it.each([
    ['ExpiredToken', 'The AWS credentials have expired', 'Sign in again (aws sso login'],
    ['InvalidClientTokenId', 'AWS does not accept these credentials', 'aws sts get-caller-identity'],
    ['SignatureDoesNotMatch', 'AWS does not accept these credentials', 'aws sts get-caller-identity'],
    ['RequestTimeTooSkewed', 'The clock of this machine is wrong', 'Set the clock'],
  ])('%s', async (error, says, next) => {
    await at()
    proxy.rules = [{ match: /^sts\./, error, status: 403 }]
    for (const args of [['create', '--yes'], ['status'], ['destroy', '--yes', '--confirm', 'shop']]) {
      const r = await no(...args)
      expect(r.stderr).toContain(says)
      expect(r.stderr).toContain(next)
    }
    expect(proxy.log.every((c) => c.op === 'sts.GetCallerIdentity')).toBe(true)
  })

  it('a region that is off in this account is told from wrong keys', async () => {
    await at()
    await writeFile(join(p.dir, 'infra.yaml'), 'project: shop\nregion: me-central-1\nvpc: { nat: none }\n')
    const off = {
      match: /^sts\./,
      error: 'InvalidClientTokenId',
      status: 403,
      message: 'The security token included in the request is invalid.',
    }
    // In us-east-1 the same credentials are taken.
    proxy.rules = [{ ...off, times: 1 }]
    const r = await no('create', '--yes')
    expect(r.stderr).toContain(
      `The region me-central-1 is not enabled in account ${account.accountId}: the credentials work elsewhere`,
    )
    expect(r.stderr).toContain('Next: aws account enable-region --region-name me-central-1 (some minutes)')
    proxy.rules = [off]
    const wrong = await no('create', '--yes')
    expect(wrong.stderr).toContain('AWS does not accept these credentials in me-central-1')
    expect(wrong.stderr).toContain('aws sts get-caller-identity --region us-east-1 tells which')
  })

  it('credentials that run out between two calls', async () => {
    await at({ AWS_PROFILE: '' })
    proxy.rules = [{ match: /^rds\.Describe/, error: 'ExpiredToken', status: 403 }]
    expect((await no('create', '--yes')).stderr).toContain('The AWS credentials have expired')
  })

  it('access denied with all that AWS says: action, resource, identity', async () => {
    await at()
    const who = `arn:aws:iam::${account.accountId}:user/alice`
    const message = `User: ${who} is not authorized to perform: kms:DescribeKey on resource: arn:aws:kms:us-east-1:1:key/k because no identity-based policy allows it`
    proxy.rules = [{ match: /^rds\.DescribeDBInstances/, error: 'AccessDenied', status: 403, message }]
    for (const args of [['create', '--yes'], ['plan'], ['status']]) {
      const r = await no(...args)
      expect(r.stderr).toContain(`${who} may not do kms:DescribeKey on arn:aws:kms:us-east-1:1:key/k`)
      expect(r.stderr).toContain('Have kms:DescribeKey allowed')
    }
  })

  it('access denied with nothing but the code: the call and who we are', async () => {
    await at()
    proxy.rules = [
      {
        match: /^ec2\.DescribeVpcs/,
        error: 'UnauthorizedOperation',
        status: 403,
        message: 'You are not authorized to perform this operation.',
      },
    ]
    const r = await no('plan')
    expect(r.stderr).toMatch(/^arn:aws:sts::\d+:\S+ may not do ec2:DescribeVpcs: no policy/)
  })

  it('a rule of the organisation is called that', async () => {
    await at()
    const message =
      'User: arn:aws:iam::1:user/a is not authorized to perform: ec2:DescribeVpcs with an explicit deny in a service control policy'
    proxy.rules = [{ match: /^ec2\.DescribeVpcs/, error: 'UnauthorizedOperation', status: 403, message }]
    expect((await no('plan')).stderr).toMatch(/a rule of the organisation \((explicit deny|service control policy)\) forbids it/)
  })

  it('a state of another account', async () => {
    await at()
    const state = {
      format: 1,
      project: 'shop',
      environment: 'dev',
      account: '999999999999',
      region: 'us-east-1',
      sandbox: false,
      lineage: 'x',
      serial: 1,
      lookups: {},
      resources: {},
    }
    await mkdir(join(p.dir, 'state'))
    const text = JSON.stringify(state)
    await writeFile(join(p.dir, 'state', 'dev.json'), text)
    for (const args of [['create', '--yes'], ['status'], ['destroy', '--yes'], ['show-resources']]) {
      const r = await no(...args)
      expect(r.stderr).toContain(`belongs to account 999999999999, but this run is for account ${account.accountId}`)
    }
    expect(await readFile(join(p.dir, 'state', 'dev.json'), 'utf8')).toBe(text)
  })

  it('an endpoint that is not there', async () => {
    await at()
    p.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:1'
    expect((await no('status')).stderr).toContain('AWS does not answer')
  })

  it('AWS that is down', () => {
    const error = Object.assign(new Error('Unknown'), { name: 'Unknown', $metadata: { httpStatusCode: 503, requestId: 'r-1' } })
    const e = explain(error, { sandbox: false, region: 'us-east-1' })
    expect([e.what, e.why]).toEqual(['AWS has a problem of its own', 'a call was answered with 503 (request r-1)'])
    expect(e.next).toContain('Run the same command again')
  })

  it('--verbose shows the calls and where it came from; without it, no stack trace', async () => {
    await at()
    proxy.rules = [{ match: /^sts\./, error: 'InvalidClientTokenId', status: 403 }]
    const r = await p.run('status', '--verbose')
    expect(r.code).toBe(2)
    expect(r.stderr).toMatch(/sts\.GetCallerIdentity \d+ ms InvalidClientTokenId/)
    expect(r.stderr).toMatch(/^ {4}at /m)
    expect((await no('status')).stderr).not.toMatch(/^ {4}at |GetCallerIdentity \d+ ms/m)
  })
})
