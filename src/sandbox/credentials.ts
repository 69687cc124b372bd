import { createHash, createHmac, randomBytes, randomInt } from 'node:crypto'

/** What a sandbox answers to, and nothing else. Made when it starts; whoever has them can do everything in it. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Random ones, in the form of AWS's. */
export const newCredentials = (): Credentials => ({
  accessKeyId: `SANDBOX${Array.from({ length: 13 }, () => LETTERS[randomInt(LETTERS.length)]).join('')}`,
  secretAccessKey: randomBytes(30).toString('base64url'),
})

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/**
 * The headers of a request to the sandbox's own pages, signed as AWS's clients sign (Signature Version 4): the secret
 * itself does not travel, so that another program on the sandbox's old port never gets it. By hand, because the SDK's
 * signer would cost every command with --sandbox the time to load it.
 */
export function signed(
  { accessKeyId, secretAccessKey }: Credentials,
  { method, url, body, service = 'infra-sandbox' }: { method: string; url: string; body: string; service?: string },
): Record<string, string> {
  const { host, pathname } = new URL(url)
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const scope = [date.slice(0, 8), 'us-east-1', service, 'aws4_request']
  const headers = { host, 'x-amz-content-sha256': sha256(body), 'x-amz-date': date }
  const names = Object.keys(headers).join(';')
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
  const request = [method, pathname, '', lines.join(''), names, sha256(body)].join('\n')
  const text = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(request)].join('\n')
  const signature = createHmac('sha256', scope.reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`))
    .update(text)
    .digest('hex')
  const credential = `Credential=${[accessKeyId, ...scope].join('/')}`
  return { ...headers, authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}` }
}
