import { request } from 'node:http'
import { CreateSecretCommand, ListSecretsCommand } from '@aws-sdk/client-secrets-manager'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { newCredentials, signed } from '../../src/sandbox/credentials.ts'
import { credentials } from '../support/credentials.ts'
import { MARK } from '../support/models/request.ts'
import { startProxy } from '../support/proxy.ts'
import { type Clients, clients } from './support.ts'

/** What is sent here is no request that AWS should take, so nobody compares it with AWS's models. */
const NOT_AWS = { [MARK]: '1' }

interface Answer {
  readonly status: number | undefined
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
}

describe.skipIf(!inject('motoUrl'))('the sandbox is closed', () => {
  const url = inject('motoUrl') ?? ''
  const { host, port } = new URL(url || 'http://127.0.0.1:1')
  let aws: Clients
  beforeAll(async () => {
    aws = await clients(url)
    await aws.secrets.send(new CreateSecretCommand({ Name: 'keep-me', SecretString: 'x' }))
  })

  /** Exactly these headers, which no browser and no SDK would let one choose. */
  const raw = (method: string, path: string, headers: Record<string, string>, body = ''): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, method, path, headers: { host, ...NOT_AWS, ...headers } }, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (part: string) => (text += part))
        answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: text }))
      })
      asked.once('error', reject).end(body)
    })
  const good = (method: string, path: string, body = '', service?: string): Record<string, string> =>
    signed(credentials, { method, url: `${url}${path}`, body, ...(service ? { service } : {}) })
  const foreign = 'AWS4-HMAC-SHA256 Credential=x/20250101/us-east-1'

  it('answers who has its credentials', async () => {
    const { status, headers } = await raw('GET', '/infra-sandbox', good('GET', '/infra-sandbox'))
    expect([status, Object.keys(headers).filter((name) => name.startsWith('access-control'))]).toEqual([200, []])
  })

  it.each([
    ['who it is', 'GET', '/infra-sandbox', {}],
    ['a reset', 'POST', '/moto-api/reset', {}],
    ['time to pass', 'POST', '/infra-sandbox/pass', {}],
    ['all data', 'GET', '/moto-api/data.json', {}],
    [
      'the list of secrets',
      'POST',
      '/',
      { authorization: `${foreign}/secretsmanager/aws4_request, SignedHeaders=host, Signature=x` },
    ],
    [
      'a stack of CloudFormation',
      'POST',
      '/',
      { authorization: `${foreign}/cloudformation/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}` },
    ],
    ['a bucket', 'GET', '/some-bucket', {}],
    ['a bucket with a signature in the address', 'GET', '/some-bucket?X-Amz-Credential=x&X-Amz-Signature=y', {}],
    ['the metadata of a machine', 'GET', '/latest/meta-data/iam/security-credentials/', {}],
    ['a call of STS that AWS lets nobody sign', 'POST', '/?Action=AssumeRoleWithWebIdentity', {}],
  ])('refuses who has none: %s', async (_, method, path, headers) => {
    const answer = await raw(method, path, headers, method === 'POST' ? '{"seconds": 9}' : '')
    expect(answer.status).toBe(403)
    expect(answer.body).toContain('infra sandbox env')
  })

  it.each([
    [
      'another secret',
      () =>
        signed(
          { ...credentials, secretAccessKey: newCredentials().secretAccessKey },
          { method: 'POST', url: `${url}/moto-api/reset`, body: '' },
        ),
    ],
    [
      'another key',
      () =>
        signed(
          { ...credentials, accessKeyId: newCredentials().accessKeyId },
          { method: 'POST', url: `${url}/moto-api/reset`, body: '' },
        ),
    ],
    ['a signature for another path', () => good('POST', '/infra-sandbox')],
    ['a signature for another method', () => good('GET', '/moto-api/reset')],
    ['a signature of another day', () => ({ ...good('POST', '/moto-api/reset'), 'x-amz-date': '20250101T000000Z' })],
    [
      'a signature that covers nothing',
      () => ({
        ...good('POST', '/moto-api/reset'),
        authorization:
          good('POST', '/moto-api/reset').authorization?.replace(/SignedHeaders=[^,]+/, 'SignedHeaders=accept') ?? '',
      }),
    ],
    ['a signature for another body', () => good('POST', '/moto-api/reset', 'something')],
    ['a web page that got hold of all', () => ({ ...good('POST', '/moto-api/reset'), origin: 'http://127.0.0.1:3000' })],
    ['a sandboxed frame', () => ({ ...good('POST', '/moto-api/reset'), origin: 'null' })],
    [
      'a name that was made to mean this machine',
      () => signed(credentials, { method: 'POST', url: `http://evil.example:${port}/moto-api/reset`, body: '' }),
    ],
    [
      'the address of another port',
      () => signed(credentials, { method: 'POST', url: 'http://127.0.0.1:1/moto-api/reset', body: '' }),
    ],
    ['a name without a port', () => signed(credentials, { method: 'POST', url: 'http://localhost/moto-api/reset', body: '' })],
    [
      'a proxy for other machines',
      () => ({
        ...signed(credentials, { method: 'POST', url: 'http://evil.example/moto-api/reset', body: '' }),
        host,
        'x-forwarded-host': 'evil.example',
      }),
    ],
  ])('refuses %s', async (_, headers) => {
    expect((await raw('POST', '/moto-api/reset', headers())).status).toBe(403)
  })

  it('answers no preflight', async () => {
    const ask = {
      origin: 'https://evil.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    }
    for (const headers of [ask, good('OPTIONS', '/')]) {
      const answer = await raw('OPTIONS', '/', headers)
      expect(answer.status).toBe(403)
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })

  it('has kept what is in it', async () => {
    const { SecretList } = await aws.secrets.send(new ListSecretsCommand({}))
    expect(SecretList?.map((s) => s.Name)).toEqual(['keep-me'])
  })

  it.each(['cloudformation', 'lambda', 'ssm-guiconnect', 'kms', 'dynamodb'])(
    'serves nothing that infra does not use: %s',
    async (service) => {
      const answer = await raw(
        'POST',
        '/',
        { ...good('POST', '/', 'Action=ListStacks', service), 'x-amz-target': 'DynamoDB_20120810.ListTables' },
        'Action=ListStacks',
      )
      expect([answer.status, answer.body]).toEqual([501, expect.stringContaining('The sandbox has no')])
    },
  )

  it.each(['/moto-api/data.json', '/moto-api/', '/latest/meta-data/', '/v20180820/configuration'])(
    'serves nothing of moto that infra does not use: %s',
    async (path) => {
      const answer = await raw('GET', path, good('GET', path, '', 's3'))
      expect([answer.status, answer.body]).toEqual([501, expect.stringContaining('The sandbox has no')])
    },
  )

  it('answers through a proxy on this machine that says which address its client has signed', async () => {
    const proxy = await startProxy(url)
    try {
      const behind = await clients(proxy.url)
      expect((await behind.secrets.send(new ListSecretsCommand({}))).SecretList).toEqual([])
    } finally {
      await proxy.close()
    }
  })
})
