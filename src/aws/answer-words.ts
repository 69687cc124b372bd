import type { Answer } from './answers.ts'

/** Where an operation means something of its own by a code: our name of the call, the code, and where need be the words. */
export const OF_CALLS: readonly (readonly [call: RegExp, code: RegExp, answer: Answer, says?: RegExp])[] = [
  // Deleted at once: AWS goes through with it on its own time, and the name is free only then.
  [/^secretsManager\.CreateSecret$/, /^InvalidRequest$/, 'propagating', /scheduled for deletion/i],
  // For as long as it can be restored it is there for those who describe it only.
  [/^secretsManager\.(?!CreateSecret)/, /^InvalidRequest$/, 'gone', /marked (for deletion|deleted)|scheduled for deletion/i],
  // Its client token belongs to another request.
  [/^ecs\.RunTask$/, /^Conflict$/, 'refused'],
  [/^acm\.DeleteCertificate$/, /^Conflict$/, 'busy'],
  [/^cloudWatch\.Put/, /^Conflict$/, 'exists'],
  [/^cloudWatch\./, /^Conflict$/, 'busy'],
  // The address belongs to a NAT gateway or a load balancer that is on its way out.
  [/^ec2\.(Release|Disassociate)Address$/, /^AuthFailure$/, 'in-use', /permission to access the specified resource/i],
]

/** Codes behind which services say many things: the words tell which. Without words that are known, it is as CODES says. */
export const VAGUE: ReadonlySet<string> = new Set([
  'BadRequest',
  'Client',
  'Conflict',
  'InvalidAction',
  'InvalidArgs',
  'InvalidArgument',
  'InvalidChangeBatch',
  'InvalidConfigurationRequest',
  'InvalidInput',
  'InvalidOperation',
  'InvalidParameter',
  'InvalidParameterCombination',
  'InvalidParameterValue',
  'InvalidRequest',
  'InvalidState',
  'InvalidSubnet',
  'KMSInvalidState',
  'MalformedPolicy',
  'MalformedPolicyDocument',
  'OperationNotPermitted',
  'ParameterValueInvalid',
  'ResourceConflict',
  'ResourceInUse',
  'UnsupportedOperation',
  'Validation',
  'ValidationError',
])

/** A role, profile or principal that was made a second ago is not known everywhere yet, as RDS, ECS, EC2, Lambda and others say it. */
const ROLE_NOT_YET = [
  /cannot be assumed|unable to assume|role is not valid|role .*(does not exist|not found)/i,
  /required permissions for: ?ENHANCED_MONITORING|role being passed has the proper permissions/i,
  /execution role does not have permissions to call/i,
  /invalid iam instance profile|has no associated iam roles/i,
  /invalid principal|PrincipalNotFound/i,
]

/** The first service-linked role of an account is made while the call waits for it: RDS, and its subnet group, which is the first to need it. */
const LINKED_ROLE_NOT_YET = /permission to create (a )?service.linked role|missing necessary credentials/i

/** The same of a target group that a listener uses since a second ago, of a network, and of a service that is to be scaled. */
const THING_NOT_YET = [
  /does not have an associated load balancer/i,
  /error retrieving (subnet|security group) information/i,
  /ecs service doesn't exist/i,
  /has no internet gateway/i,
  /unable to validate the following destination configurations/i,
]

/** What a vague code means, by its words. The first that fits counts. */
export const WORDS: readonly (readonly [says: RegExp, answer: Answer])[] = [
  [/deletion protection|protected|cannot find version|not eligible for free tier/i, 'refused'],
  [/rate exceeded|too many (concurrent )?(requests|attempts|calls)|throttl/i, 'throttled'],
  ...[...ROLE_NOT_YET, LINKED_ROLE_NOT_YET, ...THING_NOT_YET].map((says) => [says, 'propagating'] as const),
  [/not authorized to|access denied|(do|does) not have (permission|access)/i, 'denied'],
  [
    /conflicting (conditional )?operation|concurrent (modification|update)|(another|previous|pending) (operation|rotation|change|update)/i,
    'busy',
  ],
  [
    /in progress|(being|still|currently) (creat|updat|modif|delet|drain)(ed|ing|ied|ying)|cluster was not active|try again (later|in )/i,
    'busy',
  ],
  [/already exists?\b|not idempotent|already been (taken|created)|already (registered|associated|attached)/i, 'exists'],
  [
    /(does|do|did)(n't| not) exist|no longer exists?|non-?existent|no such |not (be )?found|(unable to|cannot|could not|couldn't) (find|locate|describe)/i,
    'gone',
  ],
  [
    /in use\b|has (a )?dependen|deployments are active|not empty|because it is a replicated function|must (first )?(be )?(detach|delete|remov|empt|disassociat)/i,
    'in-use',
  ],
  [
    /(limit|quota)s? (was |has been |is )?(exceeded|reached)|reached (the|your) (limit|maximum|quota)|exceed\w* (the |your )?(\w+ ){0,3}(limit|quota)/i,
    'quota',
  ],
  [/(insufficient|not enough|out of) (\w+ )*(capacity|addresses|ip space)/i, 'capacity'],
]

/** What Fargate calls throttling, too: so many tasks are running, and later there are as many. */
export const TOO_MANY_RUN = /limit on the number of/i
