import type { Answer } from './answers.ts'

/** Codes by how they are built, for all services, those to come included. The first that fits counts. */
export const FAMILIES: readonly (readonly [pattern: RegExp, answer: Answer])[] = [
  [/^(Kms|KMS|EC2|Request|ReduceRequest)?Throttl/, 'throttled'],
  [/^(RequestLimitExceeded|TooManyRequests|SlowDown|BandwidthLimitExceeded|ProvisionedThroughputExceeded)/, 'throttled'],
  [/^(PriorRequestNotComplete|TransactionInProgress)|(Rate(ForCustomer)?|Requests|MutationLimit)Exceeded$/, 'throttled'],
  [/^Insufficient\w*Capacity|CapacityExceeded$/, 'capacity'],
  [
    /^(Server|Unavailable|HealthUnavailable|PolicyEvaluation|DependencyTimeout|RequestTimeout|Service(Unavailable|Failure)?)$/,
    'unknown-outcome',
  ],
  [/Internal(Error|Failure|Server(Error)?|Service(Error)?)?$/, 'unknown-outcome'],
  [/AccessDenied|^(Unauthorized|NotAuthorized)/, 'denied'],
  [/^Expired\w*Token|^TokenExpired/, 'credentials'],
  [/ServiceLinkedRole/, 'propagating'],
  [/Already(Exist|Owned|Associated|Assigned|Registered|Attached)|Exists$|^Duplicate|\.Duplicate$/, 'exists'],
  [/Not?Found|NoSuch|Non[Ee]xist|DoesNotExist|NotAttached$|\.Unknown$/, 'gone'],
  [/InUse\b|InUseBy|NotEmpty$|^ClusterContains/, 'in-use'],
  // RDS and ElastiCache: the thing is in a state that does not allow it.
  [/^Invalid(DB|Cache|Replication|Snapshot|Serverless|Global|OptionGroup|UserGroup|User)\w*State$/, 'in-use'],
  [/(Limits?|Quota)\w*(Exceeded|Reached)|(Quota|Count|CodeStorage)Exceeded|^TooMany/, 'quota'],
]

/** Wide nets, for codes that nobody has met: not good enough for what our own operations declare. */
export const REST: readonly (readonly [pattern: RegExp, answer: Answer])[] = [
  [/^(Invalid|Incorrect)\w*State(Transition)?$|\.InvalidState$|InProgress$|Not(Ready|Active)$/, 'busy'],
  [/(Cidr|Asn|\.)Conflict$/, 'refused'],
  [/Conflict$/, 'busy'],
  [/^Blocked|PermissionIssue$/, 'denied'],
  [
    /^(Invalid|Illegal|Incorrect|Inconsistent|Malformed|Missing|Unsupported|Incompatible|Empty|Batch|Cannot|Unknown(?!Error$)\w)|(Unsupported|Malformed)$/,
    'refused',
  ],
  [
    /Not(Supported|Allowed|Available\w*|Enabled|Linkable|Specified|Permitted)$|(Disabled|Mismatch|Mismatched|Invalid\w*|Violation)$/,
    'refused',
  ],
  [/(Size|Length)Exceeded$|Too(Long|Large|Small)\w*$/, 'refused'],
]
