import { InfraError } from '../core/errors.ts'
import { callOf } from './call-of.ts'
import { ACCOUNT_RULES } from './explain-account.ts'
import { BALANCER_RULES } from './explain-balancers.ts'
import { LIMIT_RULES } from './explain-limits.ts'
import { NETWORK_RULES } from './explain-network.ts'
import { RDS_RULES } from './explain-rds.ts'
import type { Rule, Surroundings, Words } from './explain-rule.ts'
import { SERVICE_RULES } from './explain-services.ts'
import { SHAPE_RULES } from './explain-shape.ts'
import { codeOf, isThrottling } from './trouble.ts'

export type { Surroundings }

/** AWS's error names, in the order in which they are tried. Facts: docs of each service's API, "Common errors". */
const RULES: readonly Rule[] = [
  ...LIMIT_RULES,
  ...RDS_RULES,
  ...SERVICE_RULES,
  ...BALANCER_RULES,
  ...ACCOUNT_RULES,
  [/^(AccessDenied|UnauthorizedOperation|AuthorizationError|NotAuthorized|UnauthorizedAccess)/, denied],
  ...SHAPE_RULES,
  [
    /^NotImplemented/,
    (e, at) => ({ what: at.sandbox ? 'The sandbox cannot do this' : 'The endpoint cannot do this', why: e.message }),
  ],
  ...NETWORK_RULES,
]

/** Where IAM has another name for a service than the SDK. */
const PREFIX: Readonly<Record<string, string>> = { elb: 'elasticloadbalancing', autoScaling: 'application-autoscaling' }

function denied(error: Error, at: Surroundings): Words {
  const says = /(?:User|Principal): (\S+) is not authorized to perform: (\S+)(?: on resource: (\S+))?/.exec(error.message)
  const [service = '', operation = ''] = (callOf(error) ?? '').split('.')
  const action = says?.[2] ?? (operation ? `${PREFIX[service] ?? service.toLowerCase()}:${operation}` : 'this call')
  const who = says?.[1] ?? at.identity ?? 'The identity in use'
  const boundary = /service control policy|permissions boundary|explicit deny/i.exec(error.message)?.[0]
  // S3 says no more than "Access Denied" where the bucket is another account's.
  const bucket = service === 's3' && !says
  return {
    what: `${who} may not do ${action}${says?.[3] ? ` on ${says[3]}` : ''}`,
    why: boundary
      ? `a rule of the organisation (${boundary}) forbids it`
      : `no policy of this identity allows it${bucket ? ', or the bucket belongs to another account' : ''}`,
    next: `Have ${action} allowed for it (infra permissions prints the policy for the whole stack)${bucket ? ', or name the owner of the bucket, if it is right: bucketOwner in infra.yaml' : ''}, then run the same command again`,
  }
}

const fits = ([pattern, , says]: Rule, code: string, e: Error): boolean => pattern.test(code) && (says?.test(e.message) ?? true)

/** Any error as what happened, why and what next. Errors that are that already pass through. */
export const explain = (error: unknown, at: Surroundings): InfraError => {
  if (error instanceof InfraError) return error
  const e = error instanceof Error ? error : new Error(String(error))
  const like = e as Error & {
    what?: string
    why?: string
    next?: string
    $metadata?: { requestId?: string; httpStatusCode?: number }
  }
  if (like.what) return new InfraError(like.what, { why: like.why, next: like.next, exitCode: 1, cause: e })
  const code = codeOf(e) || codeOf((e as { cause?: unknown }).cause)
  // ECS says it of a family of task definitions, by words: there is a rule for that.
  if (isThrottling(e) && code !== 'Client')
    return new InfraError('AWS asks for fewer calls a second', {
      why: `${code} after several tries`,
      next: 'Run the same command again in a minute',
      cause: e,
    })
  const rule = RULES.find((r) => fits(r, code, e))
  if (rule) {
    const words = rule[1](e, at)
    return new InfraError(words.what, { ...words, cause: e })
  }
  const call = callOf(e)
  const id = like.$metadata?.requestId
  const status = like.$metadata?.httpStatusCode ?? 0
  if (status >= 500)
    return new InfraError('AWS has a problem of its own', {
      why: `${[call ?? 'a call', `was answered with ${status}`, code.replace(/^Unknown.*/, '')].filter(Boolean).join(' ')}${id ? ` (request ${id})` : ''}`,
      next: 'Run the same command again in a minute: what is done stays done (https://health.aws.amazon.com tells of trouble)',
      cause: e,
    })
  const trail = [call, code !== 'Error' ? code : undefined, id ? `request ${id}` : undefined].filter(Boolean).join(', ')
  return new InfraError(e.message || code || 'An unknown error', {
    why: trail || undefined,
    next: call ? 'Run the same command again: what is done stays done' : undefined,
    cause: e,
  })
}
