/** One way in which a task ends, and what fixes it. */
export interface Rule {
  readonly when: RegExp
  readonly what: string | ((m: RegExpExecArray) => string)
  /** For a service that infra made. */
  readonly next: string
  /** For any other. */
  readonly elsewhere: string
  /** So many tasks may end like this before it counts: ECS starts another, which usually succeeds. */
  readonly retries?: number
  readonly cause?: Cause
}

/** What a caller may know more of: the way out of its subnets, and whether its role was made a moment ago. */
export type Cause = 'route' | 'role'

/** How Fargate says that nobody answered. */
const NO_WAY =
  /connection issue between the task|deadline exceeded|context cancell?ed|request cancell?ed|i\/o timeout|Client\.Timeout|dial tcp|no such host|connection refused|send request failed|signal: killed/
    .source
const DENIED = /AccessDenied|not authorized|no identity-based policy|Access to KMS is not allowed/.source

const all = (...parts: string[]): RegExp => new RegExp(parts.map((part) => `(?:${part})`).join('[\\s\\S]*'), 'i')
const PULL = 'CannotPull\\w*Error'
const ASM = '(retrieve secret from asm|asm fetching secret|Secrets Manager|secretsmanager)'
const SSM = '(secrets from ssm|Parameter Store|from SSM)'
const LOGGER = '(validate logger args|initialize logging driver|create Cloudwatch log|create stream has been retried)'

const NO_ROUTE = {
  next: 'Set vpc.nat: single in infra.yaml, or subnets: public for the service, then: infra create',
  elsewhere:
    'Give its subnets a route: a NAT gateway, a public address with an internet gateway, or VPC endpoints (ecr.api, ecr.dkr, s3, logs, secretsmanager)',
  cause: 'route',
} as const
const ROLE = 'infra create ecs puts the role right'

/** docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html and its pages. The first that fits counts. */
export const RULES: readonly Rule[] = [
  // The image.
  {
    when: all(PULL, '(descriptor matching platform|no matching manifest|image operating system)'),
    what: 'the image is made for another processor than the task',
    next: 'Build it for the right one (docker build --platform linux/amd64), or set architecture: ARM64 in infra.yaml',
    elsewhere: 'Build it for the processor of the task definition: docker build --platform linux/amd64',
  },
  {
    when: all(PULL, '(toomanyrequests|rate limit|\\b429\\b)'),
    what: 'the registry lets this address pull no more for a while (Docker Hub limits pulls without a login)',
    next: 'Copy the image into the registry of this account, or use public.ecr.aws/docker/library/...',
    elsewhere: 'Copy the image into ECR, or use public.ecr.aws/docker/library/...',
  },
  {
    when: all(PULL, `(${NO_WAY}|Check your (task )?network configuration)`),
    what: 'there is no way from the subnet to the registry',
    ...NO_ROUTE,
  },
  {
    when: all(PULL, '(is not authorized to perform|role has the permissions|403 Forbidden)'),
    what: 'the execution role may not pull the image',
    next: `${ROLE}; a registry of another account must let this one in`,
    elsewhere:
      'Attach AmazonECSTaskExecutionRolePolicy to the execution role; a registry of another account must let this one in',
  },
  {
    when: all(
      PULL,
      '(pull access denied|insufficient_scope|requested access to the resource is denied|unauthorized|may require)',
    ),
    what: 'there is no such repository, or it is private',
    next: 'Fix the name of the image (infra deploy --image <image>); a private registry needs its credentials in Secrets Manager',
    elsewhere:
      'Fix the name of the image (infra deploy --image <image>); a private registry needs its credentials in Secrets Manager',
  },
  {
    when: all(PULL, '(not found|manifest unknown|does not exist|failed to resolve ref)'),
    what: 'the image is not in the registry, or not under this tag',
    next: 'Push it (infra show-resources registry prints the lines), then: infra deploy --image <tag>',
    elsewhere: 'Push it, or name one that is there: infra deploy --image <tag>',
  },
  {
    when: /no space left on device/i,
    what: 'the image is larger than the disk of the task (20 GB usually)',
    next: 'Make the image smaller',
    elsewhere: 'Make the image smaller, or set ephemeralStorage in the task definition',
  },
  // What is fetched before the container starts.
  {
    when: all('(registry auth from|ecr registry auth|ecr:GetAuthorizationToken)', DENIED),
    what: 'the execution role may not log in to the registry',
    next: ROLE,
    elsewhere: 'Attach AmazonECSTaskExecutionRolePolicy to the execution role',
  },
  {
    when: all('(registry auth from|ecr registry auth)', NO_WAY),
    what: 'there is no way from the subnet to the registry',
    ...NO_ROUTE,
  },
  {
    when: /did not contain json key ['"]?([^\s'",]+?)['".,]*(?=$|[\s,])/i,
    what: (m) => `the secret has no key ${m[1]}`,
    next: 'Put the key into the secret, or name another one: infra deploy --set-secret <K=secret:KEY>',
    elsewhere: 'Put the key into the secret, or name another one: infra deploy --set-secret <K=secret:KEY>',
  },
  {
    when: /marked for deletion|scheduled for deletion/i,
    what: 'the secret is about to be deleted, so nobody can read it',
    next: 'Bring it back (aws secretsmanager restore-secret), or name another one: infra deploy --set-secret <K=secret:KEY>',
    elsewhere: 'Bring it back (aws secretsmanager restore-secret), or name another one: infra deploy --set-secret <K=secret:KEY>',
  },
  {
    when: /specified secret value for staging label/i,
    what: 'the secret has no value yet',
    next: 'Put one in: aws secretsmanager put-secret-value, then: infra deploy --force',
    elsewhere: 'Put one in: aws secretsmanager put-secret-value, then: infra deploy --force',
  },
  {
    when: all(ASM, 'Access to KMS is not allowed'),
    cause: 'role',
    what: 'the execution role may not use the key that the secret is encrypted with',
    next: `${ROLE} where secrets.kmsKey names the key; otherwise allow it kms:Decrypt`,
    elsewhere: 'Allow the execution role kms:Decrypt on that key',
  },
  {
    when: new RegExp(`${all(ASM, DENIED).source}|not authorized to perform: secretsmanager:`, 'i'),
    cause: 'role',
    what: 'the execution role may not read the secret',
    next: 'Name the secret under ecs.services in infra.yaml, then: infra create ecs, which gives the role the right',
    elsewhere: 'Allow the execution role secretsmanager:GetSecretValue on it (aws iam put-role-policy)',
  },
  {
    when: all(ASM, '(ResourceNotFound|can.t find the specified secret|can.t retrieve the secret)'),
    what: 'there is no such secret: its ARN must be whole, with the hyphen and six characters at the end, and of this region',
    next: 'Name it by the config, which looks the whole ARN up: infra deploy --set-secret <K=database:password>',
    elsewhere: 'Name it anew, which looks the whole ARN up: infra deploy --set-secret <K=secret:KEY>',
  },
  {
    when: /looking for beginning of value|cannot unmarshal|unexpected end of JSON/i,
    what: 'the secret is no JSON object, so it has no keys',
    next: 'Take all of it: infra deploy --set-secret <K=secret>',
    elsewhere: 'Take all of it: infra deploy --set-secret <K=secret>',
  },
  {
    when: /unexpected ARN format|invalid ARN|GetSecretValueInput\.VersionId/i,
    what: 'the place of the secret is not written as ECS reads it: ARN:KEY::',
    next: 'Name it anew, which writes it so: infra deploy --set-secret <K=secret:KEY>',
    elsewhere: 'Name it anew, which writes it so: infra deploy --set-secret <K=secret:KEY>',
  },
  {
    // The first task in a quiet network may be too early for its interface; the second usually is not.
    when: all(ASM, NO_WAY),
    what: 'there is no way from the subnet to Secrets Manager',
    ...NO_ROUTE,
    retries: 1,
  },
  {
    when: all(SSM, DENIED),
    what: 'the execution role may not read the parameter',
    next: 'Allow the execution role ssm:GetParameters on it',
    elsewhere: 'Allow the execution role ssm:GetParameters on it',
  },
  {
    when: all(SSM, NO_WAY),
    what: 'there is no way from the subnet to the Parameter Store',
    ...NO_ROUTE,
    retries: 1,
  },
  {
    when: all(SSM, 'invalid (ssm )?parameters'),
    what: 'there is no such parameter',
    next: 'Make it, or take the variable away: infra deploy --unset <K>',
    elsewhere: 'Make it, or take the variable away: infra deploy --unset <K>',
  },
  {
    when: all('unable to pull secrets or registry auth', NO_WAY),
    what: 'there is no way from the subnet to the registry or to Secrets Manager',
    ...NO_ROUTE,
    retries: 1,
  },
  // Logs and disks.
  {
    when: all(LOGGER, NO_WAY),
    what: 'there is no way from the subnet to CloudWatch Logs',
    ...NO_ROUTE,
  },
  {
    when: all(LOGGER, DENIED),
    what: 'the execution role may not write to the log group',
    next: ROLE,
    elsewhere:
      'Allow the execution role logs:CreateLogStream and logs:PutLogEvents; logs:CreateLogGroup where the group is missing',
  },
  {
    when: new RegExp(`${LOGGER}|log group does not exist`, 'i'),
    what: 'the log group of the task definition is missing',
    next: 'infra create ecs makes it',
    elsewhere: 'Make it: aws logs create-log-group',
  },
  {
    when: /EFS utils commands|mount\.nfs4|mount system call failed/i,
    what: 'its shared disk (EFS) cannot be mounted',
    next: 'Let the group of the tasks reach the mount target on port 2049, in every zone',
    elsewhere: 'Let the group of the tasks reach the mount target on port 2049, in every zone',
  },
]
