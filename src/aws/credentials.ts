import type { AwsCredentialIdentity } from '@smithy/types'
import { type Asked, inWords, mfaAgain, NEW_CODE, type Profiles } from './explain-credentials.ts'

/** Asks a person for the six digits of an MFA device. */
export type AskCode = (device: string) => Promise<string>

export interface Source extends Asked {
  /** Where somebody can be asked. Without it a profile with `mfa_serial` is refused. */
  readonly askCode?: AskCode | undefined
  /** How the clients that a profile needs (STS, SSO, sign-in) reach the network. */
  readonly requestHandler: object
}

type Provider = () => Promise<AwsCredentialIdentity>

/** Credentials are renewed so long before their end. */
const SPARE_MS = 60_000
const CODES = 3

/** What makes a profile a source of credentials. Without any of these it only sets a region. */
const SETTINGS = [
  'aws_access_key_id',
  'role_arn',
  'credential_process',
  'sso_session',
  'sso_start_url',
  'login_session',
  'web_identity_token_file',
]

/**
 * The credentials of a run, resolved once for all clients. A profile that is named, or a [default] that has a source, is the only
 * source that is tried, as in the AWS CLI: what it says when it fails must not be buried under the failures of others.
 * @returns throws InfraError in the words of the source, with the command that helps; errors of STS itself pass through
 */
export const credentialsFor = async (source: Source): Promise<Provider> => {
  const { memoize, parseKnownFiles } = await import('@smithy/core/config')
  const read = async (): Promise<Profiles> => (await parseKnownFiles({}).catch(() => undefined)) ?? {}
  const named = source.profile || process.env.AWS_PROFILE || undefined
  const keys = Boolean(process.env.AWS_ACCESS_KEY_ID && process.env.AWS_SECRET_ACCESS_KEY)
  const byDefault = named || keys ? {} : ((await read()).default ?? {})
  const profile = named ?? (SETTINGS.some((s) => byDefault[s]) ? 'default' : undefined)
  const { requestHandler } = source
  const clients = { clientConfig: { requestHandler }, parentClientConfig: { requestHandler, region: source.region } }
  let codes = 0
  let signedIn = false
  const mfaCodeProvider = async (device: string): Promise<string> => {
    if (signedIn) throw mfaAgain(profile)
    codes++
    return source.askCode?.(device) ?? ''
  }
  const more = { ...clients, ...(source.askCode ? { mfaCodeProvider } : {}) }
  const first = profile
    ? (await import('@aws-sdk/credential-provider-ini')).fromIni({ profile, ...more })
    : (await import('@aws-sdk/credential-provider-node')).defaultProvider(more)
  const resolve = async (): Promise<AwsCredentialIdentity> => {
    for (;;) {
      try {
        const found = await first()
        signedIn = codes > 0
        return found
      } catch (error) {
        if (error instanceof Error && NEW_CODE.test(error.message) && source.askCode && codes > 0 && codes < CODES) continue
        throw inWords(error, { ...source, profile }, await read())
      }
    }
  }
  const over = (c: AwsCredentialIdentity): boolean => c.expiration !== undefined && c.expiration.getTime() - Date.now() < SPARE_MS
  return memoize(resolve, over, (c) => c.expiration !== undefined)
}
