import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { credentialsFor, type Source } from '../../src/aws/credentials.ts'
import { InfraError } from '../../src/core/errors.ts'
import { type LocalServer, type Reply, serve } from '../kinds/support/http.ts'

let folder: string
let server: LocalServer
let reply: (form: URLSearchParams) => Reply
let nth = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'infra-profiles-'))
  server = await serve(() => reply(server.forms.at(-1) ?? new URLSearchParams()))
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(() => {
  server.calls.length = 0
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE']) vi.stubEnv(name, '')
  vi.stubEnv('HOME', folder)
  vi.stubEnv('AWS_ENDPOINT_URL', server.url)
  vi.stubEnv('AWS_LOGIN_CACHE_DIRECTORY', join(folder, 'login'))
})
afterEach(() => vi.unstubAllEnvs())

/** The SDK reads a file once in the life of a process, so each config is a file of its own. */
const config = async (text: string): Promise<string> => {
  const file = join(folder, `config-${++nth}`)
  await writeFile(file, text)
  vi.stubEnv('AWS_CONFIG_FILE', file)
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, `credentials-${nth}`))
  return file
}
const resolved = async (source: Partial<Source> = {}) =>
  (await credentialsFor({ region: 'us-east-1', requestHandler: { requestTimeout: 5000 }, ...source }))()
const refused = async (source: Partial<Source> = {}): Promise<InfraError> => {
  const error = await resolved(source).then(
    () => expect.fail('it should have failed'),
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(InfraError)
  return error as InfraError
}
const session = (id: string, expires = '2999-01-01T00:00:00Z'): Reply => ({
  status: 200,
  body: `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${expires}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
})
const stsError = (code: string, message: string): Reply => ({
  status: 403,
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
})

describe('a profile with MFA', () => {
  const DEVICE = 'arn:aws:iam::111122223333:mfa/ann'
  const PROFILES = `[profile base]
aws_access_key_id = AKIA
aws_secret_access_key = s
[profile admin]
role_arn = arn:aws:iam::111122223333:role/admin
source_profile = base
mfa_serial = ${DEVICE}
`
  const wrong = stsError('AccessDenied', 'MultiFactorAuthentication failed with invalid MFA one time pass code.')

  it('asks once for all clients, and sends the code with the device', async () => {
    await config(PROFILES)
    reply = () => session('ASIA1')
    const asked: string[] = []
    const provide = await credentialsFor({
      region: 'us-east-1',
      requestHandler: {},
      profile: 'admin',
      askCode: async (device) => {
        asked.push(device)
        return '123456'
      },
    })
    const all = await Promise.all([provide(), provide(), provide()])
    expect(all.map((c) => c.accessKeyId)).toEqual(['ASIA1', 'ASIA1', 'ASIA1'])
    expect(asked).toEqual([DEVICE])
    expect(server.calls).toEqual(['AssumeRole'])
    expect(Object.fromEntries(server.forms.at(-1) ?? [])).toMatchObject({ SerialNumber: DEVICE, TokenCode: '123456' })
  })

  it('asks again for a code that AWS does not take, three times at most', async () => {
    await config(PROFILES)
    const codes = ['111111', '222222']
    reply = (form) => (form.get('TokenCode') === '222222' ? session('ASIA2') : wrong)
    expect((await resolved({ profile: 'admin', askCode: async () => codes.shift() ?? '' })).accessKeyId).toBe('ASIA2')
    reply = () => wrong
    let asked = 0
    const error = await refused({
      profile: 'admin',
      askCode: async () => {
        asked++
        return '000000'
      },
    })
    expect(asked).toBe(3)
    expect(error).toMatchObject({ what: 'AWS does not accept the MFA code', next: expect.stringContaining('next code') })
  })

  it('without a terminal says which command signs in, and asks AWS nothing', async () => {
    await config(PROFILES)
    const error = await refused({ profile: 'admin' })
    expect(error).toMatchObject({ what: 'The profile admin needs an MFA code', exitCode: 2 })
    expect(error.why).toContain(DEVICE)
    expect(error.next).toContain('eval "$(aws configure export-credentials --profile admin --format env)"')
    expect(server.calls).toEqual([])
  })

  it('when the session ends in mid-run, the next run asks, not this one', async () => {
    await config(PROFILES)
    reply = () => session('ASIA3', new Date(Date.now() + 30_000).toISOString())
    let asked = 0
    const provide = await credentialsFor({
      region: 'us-east-1',
      requestHandler: {},
      profile: 'admin',
      askCode: async () => String(100_000 + ++asked),
    })
    await provide().catch(() => undefined)
    await expect(provide()).rejects.toMatchObject({
      what: 'The session with MFA has ended',
      next: expect.stringContaining('again'),
    })
    expect(asked).toBe(1)
  })
})

describe('in the words of the source, with the next command', () => {
  it('a profile that is not there: which there are', async () => {
    const file = await config('[profile work]\nregion = us-east-1\n[profile home]\nregion = us-east-1\n')
    expect(await refused({ profile: 'wrok' })).toMatchObject({
      what: 'There is no profile wrok',
      why: expect.stringContaining(`${file} nor`),
      exitCode: 2,
    })
    expect((await refused({ profile: 'wrok' })).why).toContain('they have work, home')
  })

  it('a source_profile that is not there', async () => {
    await config('[profile admin]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = base\n')
    expect(await refused({ profile: 'admin' })).toMatchObject({
      what: 'There is no profile base',
      why: expect.stringContaining('the profile admin takes its credentials from it'),
    })
  })

  it('a profile that only sets a region', async () => {
    await config('[profile work]\nregion = eu-west-1\noutput = json\n')
    expect(await refused({ profile: 'work' })).toMatchObject({
      what: 'The profile work gives no AWS credentials',
      why: expect.stringContaining('it has only region, output in'),
      next: expect.stringContaining('aws login --profile work'),
    })
  })

  it('aws login: not signed in', async () => {
    await config('[profile dev]\nlogin_session = arn:aws:iam::111122223333:user/ann\nregion = us-east-1\n')
    const error = await refused({ profile: 'dev' })
    expect(error).toMatchObject({ what: 'The profile dev is not signed in' })
    expect(error.why).toContain('Failed to load token')
    expect(error.next).toMatch(/^aws login --profile dev, then/)
  })

  it('IAM Identity Center: no token, an old one, and by way of a source_profile', async () => {
    const text = `[profile team]
sso_session = company
sso_account_id = 111122223333
sso_role_name = Admin
[profile deploy]
role_arn = arn:aws:iam::111122223333:role/deploy
source_profile = team
[sso-session company]
sso_region = us-east-1
sso_start_url = https://company.awsapps.com/start
`
    await config(text)
    for (const profile of ['team', 'deploy'])
      expect(await refused({ profile })).toMatchObject({
        what: 'The AWS sign-in of the profile team has expired',
        why: expect.stringContaining('was not found or is invalid'),
        next: expect.stringMatching(/^aws sso login --profile team, then/),
      })
    const cache = join(folder, '.aws', 'sso', 'cache')
    await mkdir(cache, { recursive: true })
    const token = JSON.stringify({ accessToken: 'a', expiresAt: '2020-01-01T00:00:00Z' })
    await writeFile(join(cache, `${createHash('sha1').update('company').digest('hex')}.json`), token)
    await config(text)
    expect((await refused({ profile: 'team' })).next).toMatch(/^aws sso login --profile team/)
  })

  it('IAM Identity Center: a profile of the old form, and one that is not complete', async () => {
    await config(
      '[profile old]\nsso_start_url = https://c.awsapps.com/start\nsso_region = us-east-1\nsso_account_id = 1\nsso_role_name = R\n[profile part]\nsso_start_url = https://c.awsapps.com/start\n',
    )
    expect((await refused({ profile: 'old' })).next).toMatch(/^aws sso login --profile old/)
    expect(await refused({ profile: 'part' })).toMatchObject({ what: 'The profile part is not complete' })
  })

  it('credential_process: what it said', async () => {
    await config('[profile vault]\ncredential_process = sh -c "echo no session: run vault login >&2; exit 3"\n')
    const error = await refused({ profile: 'vault' })
    expect(error.what).toBe('The credential_process of the profile vault gives no credentials')
    expect(error.why).toContain('no session: run vault login')
    await config('[profile vault]\ncredential_process = echo nonsense\n')
    expect((await refused({ profile: 'vault' })).why).toContain('returned invalid JSON')
  })

  it('[default] counts as a profile that is named: its failure is not buried', async () => {
    await config('[default]\ncredential_process = sh -c "echo locked >&2; exit 1"\n')
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    expect((await refused()).why).toContain('locked')
    await config('[default]\nregion = eu-west-1\n[profile a]\nregion = us-east-1\n')
    expect(await refused()).toMatchObject({
      what: 'No AWS credentials were found',
      next: expect.stringContaining('--profile default, --profile a'),
    })
  })

  it('a web identity whose token is not there, or is too old', async () => {
    await config('')
    vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', join(folder, 'none'))
    vi.stubEnv('AWS_ROLE_ARN', 'arn:aws:iam::111122223333:role/ci')
    expect(await refused()).toMatchObject({
      what: 'The token of AWS_WEB_IDENTITY_TOKEN_FILE cannot be read',
      why: expect.stringContaining('ENOENT'),
      next: expect.stringContaining('id-token: write'),
    })
    await writeFile(join(folder, 'token'), 'a.b.c')
    vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', join(folder, 'token'))
    reply = () => stsError('ExpiredTokenException', 'Token expired: current date/time must be before the expiration date/time')
    expect(await refused()).toMatchObject({ what: `AWS does not accept the token in ${join(folder, 'token')}` })
  })

  it('what STS says of a role passes through', async () => {
    await config(
      '[profile base]\naws_access_key_id = A\naws_secret_access_key = s\n[profile admin]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = base\n',
    )
    const message = 'User: arn:aws:iam::1:user/a is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/x'
    reply = () => stsError('AccessDenied', message)
    await expect(resolved({ profile: 'admin' })).rejects.toMatchObject({ name: 'AccessDenied', message })
  })

  it('keys in the environment need no profile', async () => {
    await config('[default]\ncredential_process = false\n')
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAENV')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 's')
    expect((await resolved()).accessKeyId).toBe('AKIAENV')
  })
})
