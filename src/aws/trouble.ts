import type { Trouble } from '../engine/errors.ts'

/** The error's code without the suffix that differs between services and SDK versions. */
export const codeOf = (error: unknown): string => {
  const e = error as { name?: unknown; Code?: unknown; code?: unknown } | undefined
  const code = [e?.name, e?.Code, e?.code].find((c) => typeof c === 'string' && c !== '' && c !== 'Error')
  return String(code ?? '').replace(/(Exception|Fault)$/, '')
}

const THROTTLING =
  /^(Throttl|EC2Throttl|RequestThrottl|RequestLimitExceeded|TooManyRequests|SlowDown|BandwidthLimitExceeded|ProvisionedThroughputExceeded|PriorRequestNotComplete|TransactionInProgress)/
export const isThrottling = (error: unknown): boolean => {
  const e = error as { $metadata?: { httpStatusCode?: number } }
  return THROTTLING.test(codeOf(error)) || e?.$metadata?.httpStatusCode === 429
}

const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

/** True when the call may have been carried out although no answer says so. */
export const outcomeUnknown = (error: unknown): boolean => {
  const e = (error ?? {}) as {
    name?: string
    code?: string
    $metadata?: { httpStatusCode?: number }
    $response?: { statusCode?: number }
  }
  const status = e.$metadata?.httpStatusCode ?? e.$response?.statusCode
  if (isThrottling(error) || (e.code !== undefined && NOT_SENT.has(e.code))) return false
  // An error in spite of a 200: it was done, and the answer broke off or could not be read.
  if (status !== undefined) return status < 300 || (status >= 500 && status !== 501)
  return (
    e.name === 'TimeoutError' ||
    e.name === 'NoAnswer' ||
    e.code === 'ECONNRESET' ||
    e.code === 'EPIPE' ||
    e.code === 'ETIMEDOUT' ||
    /socket hang up/.test(String(error))
  )
}

const EXISTS =
  /AlreadyExists|\.Duplicate$|^Duplicate(TargetGroupName|LoadBalancerName|Listener)$|^PriorityInUse$|^ResourceExists|AlreadyAssociated|^InvalidSubnet\.Conflict$|^RouteAlreadyExists$/
/** How ECS says that there is a service of this name, made with other inputs. */
const SERVICE_EXISTS = /creation of service was not idempotent/i
const IN_USE =
  /^DependencyViolation|InUse$|InUse\b|^DeleteConflict$|^InvalidDB(SubnetGroup|ParameterGroup|Instance)State$|^ConcurrentModification$|^Conflict$|^ClusterContains|^UpdateInProgress$/
/** InvalidSubnet: RDS's word for a subnet that it does not find; InvalidSecurityGroup: ELB's for a group. */
const GONE = /NotFound|^NoSuchEntity$|NotAttached$|^ResourceNotFound$|^InvalidSubnet$|^InvalidSecurityGroup$/
/** Messages by which RDS, ECS, EC2 and others say that a role or instance profile made a second ago is not known to them yet. */
const ROLE_NOT_YET =
  /cannot be assumed|unable to assume|required permissions for: ?ENHANCED_MONITORING|is invalid or cannot be assumed|role .*(does not exist|not found)|role is not valid|invalid iam instance profile|has no associated iam roles|service role being passed has the proper permissions/i
/** The same of a target group that a listener uses since a second ago, of a network, and of a service that is to be scaled. */
const NOT_YET =
  /does not have an associated load balancer|error retrieving (subnet|security group) information|ecs service doesn't exist/i

/** What Fargate calls throttling, too: so many tasks are running, and later there are as many. */
const TOO_MANY_RUN = /limit on the number of/i

/** How an SDK error is to be handled: the one table of AWS's error names. */
export const classify = (error: unknown): Trouble => {
  const code = codeOf(error)
  const message = error instanceof Error ? error.message : ''
  if (NOT_SENT.has((error as { code?: string } | undefined)?.code ?? '')) return 'unreachable'
  if (/^(UnknownOutcome|ConnectionLost|ChangedMeanwhile)$/.test(code) || outcomeUnknown(error)) return 'unknown-outcome'
  if (isThrottling(error) && !TOO_MANY_RUN.test(message)) return 'throttled'
  // By code first: "Role x not found" is also how IAM itself says that a role is not there.
  if (GONE.test(code)) return 'gone'
  if (EXISTS.test(code) || SERVICE_EXISTS.test(message)) return 'exists'
  if (IN_USE.test(code)) return 'in-use'
  if (ROLE_NOT_YET.test(message) || NOT_YET.test(message)) return 'propagating'
  return 'fatal'
}

/** Runs a read and answers undefined when AWS says that the thing does not exist. Any other error is an error. */
export const unlessGone = async <T>(read: Promise<T>): Promise<T | undefined> => {
  try {
    return await read
  } catch (error) {
    if (classify(error) === 'gone') return undefined
    throw error
  }
}
