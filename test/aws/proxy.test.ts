import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { NotAws } from '../../src/aws/answer.ts'
import { connect } from '../../src/aws/clients.ts'
import { explain } from '../../src/aws/explain.ts'
import { callerCidr } from '../../src/aws/lookups.ts'
import { agentsFor, proxyFor, shownProxy } from '../../src/aws/proxy.ts'
import { serve } from '../kinds/support/http.ts'
import { type WebProxy, webProxy } from '../kinds/support/web-proxy.ts'
import { makeCertificates } from '../support/postgres-tls.ts'

const WHO = '<Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/me</Arn><UserId>u</UserId>'
const KEYS =
  '<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>'
const page = (host: string, body: string): { type?: string; body: string } => {
  if (host.startsWith('checkip')) return { body: '203.0.113.9\n' }
  if (host.startsWith('portal.sso'))
    return {
      type: 'application/json',
      body: JSON.stringify({
        roleCredentials: { accessKeyId: 'ASIA', secretAccessKey: 's', sessionToken: 't', expiration: 32_503_680_000_000 },
      }),
    }
  if (body.includes('AssumeRole&'))
    return {
      body: `<AssumeRoleResponse><AssumeRoleResult><Credentials>${KEYS}</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
    }
  if (body.includes('AssumeRoleWithWebIdentity'))
    return {
      body: `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>${KEYS}</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    }
  if (body.includes('GetCallerIdentity'))
    return {
      body: `<GetCallerIdentityResponse><GetCallerIdentityResult>${WHO}</GetCallerIdentityResult></GetCallerIdentityResponse>`,
    }
  return { body: 'an object' }
}

let folder: string
let proxy: WebProxy
const names = ['https_proxy', 'http_proxy', 'all_proxy', 'no_proxy']
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'infra-proxy-'))
  const tls = await makeCertificates()
  await writeFile(join(folder, 'ca.pem'), tls.ca)
  proxy = await webProxy(tls, page)
})
afterAll(async () => {
  proxy.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(() => {
  proxy.hosts.length = 0
  proxy.refuses = undefined
  for (const name of names) for (const either of [name, name.toUpperCase()]) vi.stubEnv(either, '')
  vi.stubEnv('AWS_CA_BUNDLE', join(folder, 'ca.pem'))
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIA')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 's')
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'))
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'))
})
afterEach(() => vi.unstubAllEnvs())
const us = (more: object = {}) => connect({ region: 'us-east-1', ...more })
const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.fail('it should have failed'),
    (error: Error) => error,
  )

describe('behind a proxy', () => {
  it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])('%s counts for every client', async (name) => {
    vi.stubEnv(name, proxy.url)
    const aws = us()
    expect((await aws.sts('GetCallerIdentity', {})).Account).toBe('111122223333')
    const { Body } = await aws.s3('GetObject', { Bucket: 'team', Key: 'state' })
    expect(await Body?.transformToString()).toBe('an object')
    expect(proxy.hosts).toEqual(['sts.us-east-1.amazonaws.com:443', 'team.s3.us-east-1.amazonaws.com:443'])
  })

  it('each service is asked at its own address, also the one whose client is made here', async () => {
    vi.stubEnv('HTTPS_PROXY', proxy.url)
    proxy.refuses = 403
    await failure(connect({ region: 'eu-west-1' }).freeTier('GetAccountPlanState', {}))
    expect(proxy.hosts).toEqual(['freetier.us-east-1.api.aws:443'])
  })

  it('a name and a password in its address sign in there', async () => {
    vi.stubEnv('HTTPS_PROXY', proxy.url.replace('//', '//ann:s%40cret@'))
    await us().sts('GetCallerIdentity', {})
    expect(proxy.signedIn).toBe(`Basic ${Buffer.from('ann:s@cret').toString('base64')}`)
  })

  it('NO_PROXY takes hosts out', async () => {
    vi.stubEnv('HTTPS_PROXY', proxy.url)
    vi.stubEnv('NO_PROXY', '.s3.us-east-1.amazonaws.com,internal.test')
    const aws = us()
    await aws.sts('GetCallerIdentity', {})
    // The test's own rule refuses every socket that leaves this machine.
    const error = await failure(aws.s3('GetObject', { Bucket: 'team', Key: 'state' }))
    expect(error.message).toContain('a test tried to reach team.s3.us-east-1.amazonaws.com')
    expect(proxy.hosts).toEqual(['sts.us-east-1.amazonaws.com:443'])
  })

  it('this machine is never reached through one: the sandbox, an endpoint on loopback', async () => {
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:9')
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:9')
    const local = await serve(() => ({ status: 200, body: page('', 'GetCallerIdentity').body }))
    try {
      expect((await us({ sandbox: local }).sts('GetCallerIdentity', {})).Account).toBe('111122223333')
      vi.stubEnv('AWS_ENDPOINT_URL', local.url)
      expect((await us().sts('GetCallerIdentity', {})).Account).toBe('111122223333')
    } finally {
      await local.close()
    }
  })

  it('the clients that a profile needs go through it, too: a role, SSO, a web identity', async () => {
    vi.stubEnv('HTTPS_PROXY', proxy.url)
    vi.stubEnv('HOME', folder)
    vi.stubEnv('AWS_ACCESS_KEY_ID', '')
    // The SDK reads a file once in the life of a process.
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'profiles'))
    await writeFile(
      join(folder, 'profiles'),
      `[profile base]
aws_access_key_id = AKIA
aws_secret_access_key = s
[profile admin]
role_arn = arn:aws:iam::111122223333:role/admin
source_profile = base
[profile web]
role_arn = arn:aws:iam::111122223333:role/ci
web_identity_token_file = ${join(folder, 'token')}
[profile team]
sso_session = company
sso_account_id = 111122223333
sso_role_name = Admin
[sso-session company]
sso_region = us-east-1
sso_start_url = https://company.awsapps.com/start
`,
    )
    const cache = join(folder, '.aws', 'sso', 'cache')
    await mkdir(cache, { recursive: true })
    const token = { accessToken: 'a', expiresAt: '2999-01-01T00:00:00Z' }
    await writeFile(join(cache, `${createHash('sha1').update('company').digest('hex')}.json`), JSON.stringify(token))
    await writeFile(join(folder, 'token'), 'a.b.c')
    for (const [profile, inner] of [
      ['admin', 'sts.us-east-1.amazonaws.com:443'],
      ['web', 'sts.us-east-1.amazonaws.com:443'],
      ['team', 'portal.sso.us-east-1.amazonaws.com:443'],
    ] as const) {
      proxy.hosts.length = 0
      const aws = us({ profile })
      await aws.s3('HeadObject', { Bucket: 'team', Key: 'state' })
      expect([profile, ...proxy.hosts]).toEqual([profile, inner, 'team.s3.us-east-1.amazonaws.com:443'])
    }
  })

  it('the look-up of the own address goes through it', async () => {
    vi.stubEnv('HTTPS_PROXY', proxy.url)
    expect(await callerCidr()).toBe('203.0.113.9/32')
    expect(proxy.hosts).toEqual(['checkip.amazonaws.com:443'])
  })
})

describe('when the proxy is the trouble, it is named', () => {
  const words = (error: unknown) => explain(error, { sandbox: false, region: 'us-east-1' })

  it('it wants a sign-in', async () => {
    vi.stubEnv('HTTPS_PROXY', proxy.url)
    proxy.refuses = 407
    const error = await failure(us().sts('GetCallerIdentity', {}))
    expect(error).toBeInstanceOf(NotAws)
    expect(words(error)).toMatchObject({
      what: `The proxy ${proxy.url} wants a name and a password`,
      next: expect.stringContaining('HTTPS_PROXY'),
    })
  })

  it('it forbids AWS', async () => {
    vi.stubEnv('HTTPS_PROXY', proxy.url)
    proxy.refuses = 403
    expect(words(await failure(us().sts('GetCallerIdentity', {})))).toMatchObject({
      what: 'Something other than AWS has answered',
      why: expect.stringContaining(`through the proxy ${proxy.url}`),
      next: expect.stringContaining('NO_PROXY'),
    })
  })

  it('it is not there: its address is said, its password is not', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://ann:geheim@127.0.0.1:9')
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const said = words(await failure(us().sts('GetCallerIdentity', {})))
    vi.restoreAllMocks()
    expect(said.why).toContain('through the proxy http://***:***@127.0.0.1:9')
    expect(JSON.stringify([said.what, said.why, said.next])).not.toContain('geheim')
  })

  it('a certificate of the company is not known', async () => {
    vi.stubEnv('HTTPS_PROXY', proxy.url)
    vi.stubEnv('AWS_CA_BUNDLE', '')
    expect(words(await failure(us().sts('GetCallerIdentity', {})))).toMatchObject({
      what: 'The certificate of AWS cannot be verified',
      next: expect.stringContaining('AWS_CA_BUNDLE'),
    })
  })

  it('settings that are no addresses are refused before the first call', async () => {
    vi.stubEnv('HTTPS_PROXY', 'ftp://x')
    expect(words(await failure(us().sts('GetCallerIdentity', {})))).toMatchObject({
      what: 'HTTPS_PROXY is not the address of a proxy',
      exitCode: 2,
    })
    vi.stubEnv('HTTPS_PROXY', '')
    vi.stubEnv('AWS_CA_BUNDLE', join(folder, 'nope.pem'))
    expect(words(await failure(us().sts('GetCallerIdentity', {}))).what).toContain('AWS_CA_BUNDLE cannot be read')
  })
})

describe('proxyFor', () => {
  it('reads the environment each time', async () => {
    expect(proxyFor('https://sts.amazonaws.com/')).toBeUndefined()
    vi.stubEnv('https_proxy', 'proxy.test:3128')
    expect(proxyFor('https://sts.amazonaws.com/')).toBe('https://proxy.test:3128')
    expect(proxyFor('http://localhost:4566/')).toBeUndefined()
    expect(shownProxy('http://u:p@proxy.test:3128')).toBe('http://***:***@proxy.test:3128')
  })

  it("a company's certificates alone change nothing for an endpoint without TLS", async () => {
    const local = await serve(() => ({ status: 200, body: page('', 'GetCallerIdentity').body }))
    vi.stubEnv('AWS_ENDPOINT_URL', local.url)
    try {
      expect((await us().sts('GetCallerIdentity', {})).Account).toBe('111122223333')
    } finally {
      await local.close()
    }
  })

  it('no agent is loaded where nothing asks for one', async () => {
    vi.stubEnv('AWS_CA_BUNDLE', '')
    expect(await agentsFor()).toEqual({})
  })
})
