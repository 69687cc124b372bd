import { type Credentials, newCredentials } from '../../src/sandbox/credentials.ts'
import { ask } from '../../src/sandbox/server.ts'

const NAME = 'INFRA_TEST_SANDBOX'

const once = (): Credentials => {
  const { accessKeyId, secretAccessKey } = newCredentials()
  process.env[NAME] ??= `${accessKeyId}:${secretAccessKey}`
  const [key = '', secret = ''] = process.env[NAME].split(':')
  return { accessKeyId: key, secretAccessKey: secret }
}

/** What every local AWS answers to that this run starts: one for all, handed on to its workers by the environment. */
export const credentials: Credentials = once()

/** A page of the local AWS's own: `/infra-sandbox/pass`. With a body it is a POST. */
export const page = (url: string, path: string, body?: string): Promise<{ status: number; body: string }> =>
  ask(`${url}${path}`, { credentials, patience: 10_000, ...(body === undefined ? {} : { method: 'POST', body }) })
