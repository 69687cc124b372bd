import { coded, InfraError, refuse } from '../core/errors.ts'

export interface Asked {
  readonly profile?: string | undefined
  readonly region: string
}

/** The profiles of ~/.aws/config and ~/.aws/credentials, with their settings. */
export type Profiles = Readonly<Record<string, Readonly<Record<string, string | undefined>> | undefined>>
type Named = readonly [name: string, settings: Readonly<Record<string, string | undefined>>]

const AGAIN = 'then run the same command again: it goes on where it stopped'

/** How STS refuses a code: the next one of the device is needed. */
export const NEW_CODE = /invalid MFA one time pass code/i

const config = (): string => process.env.AWS_CONFIG_FILE ?? '~/.aws/config'
const credentials = (): string => process.env.AWS_SHARED_CREDENTIALS_FILE ?? '~/.aws/credentials'

/** A session with MFA is asked for once in a run: nobody may be there, and the screen is at work. */
export const mfaAgain = (profile: string | undefined): InfraError =>
  new InfraError('The session with MFA has ended', {
    why: `the role of the profile ${profile ?? 'default'} is given for an hour, or for duration_seconds in ${config()}`,
    next: 'Run the same command again: it asks for a code and goes on where it stopped',
  })

/**
 * An error of a source of credentials in words, with the next command. What AWS's own services answer (STS does not let the role
 * be assumed, the network is away) passes through, to be explained like that of any call.
 */
export const inWords = (error: unknown, asked: Asked, profiles: Profiles): unknown => {
  if (error instanceof InfraError || !(error instanceof Error)) return error
  const said = wordsFor(error, asked, profiles)
  return said instanceof InfraError ? coded(said, 'credentials') : said
}

const wordsFor = (error: Error, asked: Asked, profiles: Profiles): unknown => {
  const message = error.message.replace(/\s+/g, ' ').trim()
  const chain = chainOf(asked.profile, profiles)
  const ours = /^(CredentialsProvider|TokenProvider|Provider)Error$/.test(error.name)
  if (NEW_CODE.test(message))
    return new InfraError('AWS does not accept the MFA code', { why: message, next: `Wait for the next code, ${AGAIN}` })
  const tokenFile = chain.find(([, s]) => s.web_identity_token_file)?.[1].web_identity_token_file
  const file = tokenFile ?? (asked.profile ? undefined : process.env.AWS_WEB_IDENTITY_TOKEN_FILE)
  if (file !== undefined) return ofToken(error, message, file, tokenFile !== undefined)
  if (!ours) return error
  if (!asked.profile) return nothing(message, profiles)
  return ofProfile(message, asked.profile, chain, profiles)
}

/** The profile, and those that it takes its own credentials from. */
const chainOf = (profile: string | undefined, profiles: Profiles): Named[] => {
  const chain: Named[] = []
  for (let name = profile; name !== undefined && !chain.some(([n]) => n === name); ) {
    const settings: Readonly<Record<string, string | undefined>> | undefined = profiles[name]
    if (!settings) break
    chain.push([name, settings])
    name = settings.source_profile
  }
  return chain
}

/** docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html: the token that a CI job or a pod is given. */
const ofToken = (error: Error, message: string, file: string, fromProfile: boolean): unknown => {
  const setting = fromProfile ? `web_identity_token_file in ${config()}` : 'AWS_WEB_IDENTITY_TOKEN_FILE'
  if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'EACCES')
    return new InfraError(`The token of ${setting} cannot be read`, {
      why: message,
      next: fromProfile
        ? `Correct the path, ${AGAIN}`
        : 'Let the job write its token there (GitHub: permissions: id-token: write, and aws-actions/configure-aws-credentials), or unset AWS_WEB_IDENTITY_TOKEN_FILE',
    })
  if (/^(ExpiredToken|InvalidIdentityToken|IDPCommunicationError|IDPRejectedClaim)/.test(error.name))
    return new InfraError(`AWS does not accept the token in ${file}`, {
      why: message,
      next: `Let the job that made it write a new one, ${AGAIN}`,
    })
  return error
}

const nothing = (message: string, profiles: Profiles): InfraError => {
  const names = Object.keys(profiles)
  const said = /could not load credentials from any|metadata service access disabled/i.test(message) ? '' : ` (${message})`
  return new InfraError('No AWS credentials were found', {
    why: `neither environment variables nor a profile of the AWS CLI give any${said}`,
    next:
      names.length > 0
        ? `Choose a profile of ${config()}: --profile ${names.slice(0, 6).join(', --profile ')}${names.length > 6 ? ' ...' : ''}; without an AWS account, add --sandbox`
        : 'Sign in with aws login, or set keys with aws configure; without an AWS account, add --sandbox',
  })
}

const ofProfile = (message: string, profile: string, chain: readonly Named[], profiles: Profiles): InfraError => {
  const missing = [profile, ...chain.flatMap(([, s]) => s.source_profile ?? [])].find((name) => !profiles[name])
  if (missing !== undefined) return noProfile(missing, profile, profiles)
  const with_ = (...settings: string[]): Named | undefined => chain.find(([, s]) => settings.some((name) => s[name]))
  const mfa = with_('mfa_serial')
  if (mfa && /multi-factor/i.test(message)) return needsCode(mfa)
  const login = with_('login_session')
  if (login)
    return new InfraError(`The profile ${login[0]} is not signed in`, {
      why: message,
      next: `aws login --profile ${login[0]}, ${AGAIN}`,
    })
  const sso = with_('sso_session', 'sso_start_url')
  if (sso) return ofSso(message, sso)
  const process_ = with_('credential_process')
  if (process_)
    return new InfraError(`The credential_process of the profile ${process_[0]} gives no credentials`, {
      why: message,
      next: `Run it by hand to see more: ${process_[1].credential_process}; ${AGAIN}`,
    })
  const [name, settings] = chain.at(-1) ?? [profile, {}]
  const has = Object.keys(settings)
  return new InfraError(`The profile ${name} gives no AWS credentials`, {
    why: has.some((s) => /role|key|token|credential/.test(s))
      ? message
      : `it has ${has.length > 0 ? `only ${has.join(', ')}` : 'nothing'} in ${config()} and ${credentials()}`,
    next: `aws login --profile ${name}, or aws configure sso --profile ${name}, or aws configure --profile ${name} (keys); ${AGAIN}`,
  })
}

/** Messages: credential-provider-sso and token-providers of the SDK, and the errors of GetRoleCredentials. */
const ofSso = (message: string, [name]: Named): InfraError =>
  /forbidden|no access/i.test(message)
    ? new InfraError(`IAM Identity Center does not give you the role of the profile ${name}`, {
        why: message,
        next: `Check sso_account_id and sso_role_name of the profile in ${config()}, or ask your administrator for access`,
      })
    : /missing|invalid SSO credentials|conflicting|could not be found|incomplete/i.test(message) &&
        !/refresh this SSO/i.test(message)
      ? new InfraError(`The profile ${name} is not complete`, { why: message, next: `aws configure sso --profile ${name}` })
      : new InfraError(`The AWS sign-in of the profile ${name} has expired`, {
          why: message,
          next: `aws sso login --profile ${name}, ${AGAIN}`,
        })

const needsCode = ([name, settings]: Named): InfraError =>
  refuse(
    `The profile ${name} needs an MFA code`,
    `it is for ${settings.mfa_serial}, and there is no terminal to ask for the code`,
    `Sign in first: unset AWS_PROFILE; eval "$(aws configure export-credentials --profile ${name} --format env)"; then run the same command without --profile ${name}`,
  )

const noProfile = (missing: string, profile: string, profiles: Profiles): InfraError => {
  const names = Object.keys(profiles)
  return refuse(
    `There is no profile ${missing}`,
    `${missing === profile ? '' : `the profile ${profile} takes its credentials from it, but `}neither ${config()} nor ${credentials()} has it${names.length > 0 ? ` (they have ${names.slice(0, 10).join(', ')})` : ''}`,
    `Correct the name (--profile, AWS_PROFILE, profile in infra.yaml), or make it: aws configure sso --profile ${missing}`,
  )
}
