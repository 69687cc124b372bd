import { randomInt } from 'node:crypto'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import type { Credentials } from '../../src/sandbox/credentials.ts'
import { credentials } from './credentials.ts'

export interface Account {
  accountId: string
  /** Environment for a child process or for SDK clients: they land in this account. */
  env: Record<string, string>
}

/**
 * An account of its own in the local AWS: moto takes the account from the access key, and AssumeRole into any role of
 * any account gives a key of that account. A reset would hit all test files at once; a new account hits none.
 */
export async function freshAccount(url: string, keys: Credentials = credentials): Promise<Account> {
  const accountId = String(randomInt(100_000_000_000, 1_000_000_000_000))
  const region = 'us-east-1'
  const sts = new STSClient({ endpoint: url, region, credentials: keys })
  const RoleArn = `arn:aws:iam::${accountId}:role/test`
  const { Credentials: given } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' }))
  sts.destroy()
  if (!given?.AccessKeyId || !given.SecretAccessKey || !given.SessionToken) throw new Error(`no credentials from ${url}`)
  const env = {
    AWS_ACCESS_KEY_ID: given.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: given.SecretAccessKey,
    AWS_SESSION_TOKEN: given.SessionToken,
    AWS_REGION: region,
    AWS_ENDPOINT_URL: url,
  }
  return { accountId, env }
}

/** The same account for SDK clients within this process. */
export function clientConfig(account: Account) {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN = '', ...rest } = account.env
  return {
    endpoint: rest.AWS_ENDPOINT_URL ?? '',
    region: rest.AWS_REGION ?? '',
    credentials: {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      sessionToken: AWS_SESSION_TOKEN,
    },
    maxAttempts: 1,
  }
}
