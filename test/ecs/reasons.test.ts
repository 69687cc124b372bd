import { describe, expect, it } from 'vitest'
import { type Ended, reasonOf, reasonOfTarget } from '../../src/ecs/reasons/reasons.ts'

const ECR = '111122223333.dkr.ecr.us-east-1.amazonaws.com'
const ASM =
  'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried'
const SECRET = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:shop/db-AbCdEf'

/** The words of ECS, from its developer guide and from tasks that really failed. */
const table: [words: string, what: RegExp, retries?: number][] = [
  [
    `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${ECR}/web:v9: ${ECR}/web:v9: not found`,
    /not in the registry, or not under this tag/,
  ],
  ['CannotPullImageManifestError: Error response from daemon: manifest unknown: manifest unknown', /not in the registry/],
  [
    `CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/library/web:v9: failed to do request: Head "https://registry-1.docker.io/v2/library/web/manifests/v9": dial tcp 34.205.13.154:443: i/o timeout`,
    /no way from the subnet to the registry/,
  ],
  [
    "CannotPullContainerError: The task cannot pull 'web' from the Amazon ECR repository 'x'. There is a connection issue between the task and Amazon ECR. Check your task network configuration.",
    /no way from the subnet to the registry/,
  ],
  [
    'CannotPullContainerError: Error response from daemon: Get https://x.amazonaws.com/v2/: net/http: request canceled while waiting for connection',
    /no way from the subnet to the registry/,
  ],
  ['CannotPullContainerError: context canceled', /no way from the subnet to the registry/],
  [
    `CannotPullContainerError: Error response from daemon: pull access denied for ${ECR}/web, repository does not exist or may require 'docker login': denied: User: arn:aws:sts::111122223333:assumed-role/r/x is not authorized to perform: ecr:BatchGetImage on resource: x`,
    /execution role may not pull the image/,
  ],
  [
    "CannotPullContainerError: The task can't pull the image. Check that the role has the permissions to pull images from the registry.",
    /execution role may not pull the image/,
  ],
  [
    'CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReaderSeeker: failed open: unexpected status code https://x/layer: 403 Forbidden',
    /execution role may not pull the image/,
  ],
  [
    'CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref docker.io/me/none:1: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
    /no such repository, or it is private/,
  ],
  [
    'CannotPullImageManifestError: Error response from daemon: errors: denied: requested access to the resource is denied unauthorized: authentication required',
    /no such repository, or it is private/,
  ],
  ["CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/amd64'", /another processor/],
  ['CannotPullContainerError: no matching manifest for linux/arm64 in the manifest list entries', /another processor/],
  [
    'CannotPullContainerError: ERROR: toomanyrequests: Too Many Requests. You have reached your pull rate limit.',
    /pull no more for a while/,
  ],
  ['CannotPullContainerError: write /var/lib/docker/tmp/GetImageBlob111111111: no space left on device', /larger than the disk/],
  [
    `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${ECR}/web@sha256:${'429'.repeat(21)}0: not found`,
    /not in the registry/,
  ],
  [
    'ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. operation error ECR: GetAuthorizationToken, exceeded maximum number of attempts, 3, dial tcp 13.53.180.123:443: i/o timeout.',
    /no way from the subnet to the registry/,
  ],
  [
    'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: User: x is not authorized to perform: ecr:GetAuthorizationToken on resource: *',
    /may not log in to the registry/,
  ],
  [
    'ResourceInitializationError: unable to pull secrets or registry auth: pull command failed: : signal: killed',
    /no way from the subnet to the registry or to Secrets Manager/,
    1,
  ],
  [
    `${ASM} 1 time(s): retrieved secret from Secrets Manager did not contain json key DB_PASSWORD`,
    /^the secret has no key DB_PASSWORD$/,
  ],
  [
    `${ASM} 1 time(s): retrieved secret from Secrets Manager did not contain json key DB_PASSWORD.`,
    /^the secret has no key DB_PASSWORD$/,
  ],
  [
    `${ASM} 1 time(s): failed to fetch secret ${SECRET} from secrets manager: AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/r/x is not authorized to perform: secretsmanager:GetSecretValue on resource: ${SECRET} because no identity-based policy allows the secretsmanager:GetSecretValue action`,
    /execution role may not read the secret/,
  ],
  [
    `${ASM} 1 time(s): failed to fetch secret ${SECRET} from secrets manager: AccessDeniedException: Access to KMS is not allowed status code: 400`,
    /may not use the key that the secret is encrypted with/,
  ],
  [
    `${ASM} 1 time(s): failed to fetch secret arn:aws:secretsmanager:us-east-1:111122223333:secret:shop/db from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret. status code: 400`,
    /its ARN must be whole, with the hyphen and six characters/,
  ],
  [
    `ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secret from asm: ResourceNotFoundException: The task can't retrieve the secret with ARN '${SECRET}' from AWS Secrets Manager. Check whether the secret exists in the specified Region`,
    /there is no such secret/,
  ],
  [
    `${ASM} 1 time(s): failed to fetch secret ${SECRET} from secrets manager: operation error Secrets Manager: GetSecretValue, ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSCURRENT`,
    /has no value yet/,
  ],
  [
    `${ASM} 1 time(s): failed to fetch secret ${SECRET} from secrets manager: InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion.`,
    /about to be deleted/,
  ],
  [`${ASM} 1 time(s): invalid character 'p' looking for beginning of value`, /no JSON object/],
  [
    `${ASM} 1 time(s): failed to fetch secret ${SECRET} from secrets manager: InvalidParameter: 1 validation error(s) found. - minimum field size of 32, GetSecretValueInput.VersionId.`,
    /ARN:KEY::/,
  ],
  [`${ASM} 1 time(s): unexpected ARN format with parameters when trying to retrieve ASM secret`, /ARN:KEY::/],
  [
    `${ASM} 5 time(s): failed to fetch secret ${SECRET} from secrets manager: RequestCanceled: request context canceled caused by: context deadline exceeded. Please check your task network configuration.`,
    /no way from the subnet to Secrets Manager/,
    1,
  ],
  [
    'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: User: x is not authorized to perform: ssm:GetParameters',
    /may not read the parameter/,
  ],
  [
    'ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. There is a connection issue between the task and AWS Systems Manager Parameter Store.',
    /no way from the subnet to the Parameter Store/,
    1,
  ],
  [
    'ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon CloudWatch log group defined in the task definition. There is a connection issue between the task and Amazon CloudWatch. Check your network configuration. signal: killed',
    /no way from the subnet to CloudWatch Logs/,
  ],
  [
    'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: AccessDeniedException: not authorized to perform: logs:CreateLogStream',
    /may not write to the log group/,
  ],
  [
    'ResourceInitializationError: failed to validate logger args: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.',
    /log group of the task definition is missing/,
  ],
  [
    'ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: mount.nfs4: Connection reset by peer',
    /EFS/,
  ],
  ['OutOfMemoryError: Container killed due to memory usage', /more memory than the task has/],
  [
    'CannotStartContainerError: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "gunicorn": executable file not found in $PATH',
    /no command gunicorn/,
  ],
  ['CannotCreateContainerError: exec: "./run.sh": permission denied', /no command \.\/run\.sh/],
  ['ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 1m: x', /did not start in time/, 1],
  ['Task failed container health checks', /health check inside the container failed/],
  [
    'Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/web/1)',
    /load balancer got no good answer/,
  ],
  ['Your Spot Task was interrupted.', /took the Spot capacity back/, Number.POSITIVE_INFINITY],
  ['ECS is performing maintenance on the underlying infrastructure hosting the task.', /took the machine under it away/, 2],
  ['Host EC2 (instance i-0123456789abcdef0) terminated.', /took the machine under it away/, 2],
  ['Capacity is unavailable at this time. Please try again later or in a different availability zone.', /no room for it now/, 2],
  ["You've reached the limit on the number of tasks you can run concurrently", /account limit of Fargate/],
  [
    '(service web) was unable to place a task. Reason: The requested CPU configuration is above your limit.',
    /account limit of Fargate/,
  ],
  ['(service web) was unable to place a task. Reason: Internal error.', /AWS has a problem of its own/, 2],
  ['Timeout waiting for network interface provisioning to complete.', /slow to give it a network interface/, 2],
  ['Rate limit exceeded while preparing network interface to be attached to instance', /slow to give it a network interface/, 2],
  [
    'Unexpected EC2 error while attempting to Create Network Interface in subnet: InsufficientFreeAddressesInSubnet',
    /no free address left/,
  ],
  [
    "ECS was unable to assume the role 'arn:aws:iam::111122223333:role/r' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions",
    /may not use the role of the task/,
  ],
]

describe('what the end of a task means', () => {
  it.each(table)('%s', (words, what, retries) => {
    for (const reason of [
      reasonOf({ stoppedReason: words }),
      reasonOf({ stoppedReason: 'Task failed to start', containers: [{ name: 'web', reason: words }] }),
    ]) {
      expect(reason?.what).toMatch(what)
      expect(reason?.retries).toBe(retries)
      expect(reason?.next).toBeTruthy()
    }
    // Where infra did not make it, there is no infra.yaml to fix and no create to run.
    expect(reasonOf({ stoppedReason: words }, false)?.next).not.toMatch(/infra\.yaml|infra create|infra show-resources/)
  })

  it.each([
    [1, /ended with 1$/],
    [126, /cannot be run \(126\)/],
    [127, /cannot be run \(127\)/],
    [137, /killed \(137\)/],
    [139, /crashed \(139/],
    [143, /asked to end \(143\)/],
  ])('the exit code %i', (exitCode, what) => {
    expect(
      reasonOf({ stoppedReason: 'Essential container in task exited', containers: [{ name: 'web', exitCode }] })?.what,
    ).toMatch(what)
  })

  it('a command that simply came to its end, and a task of which nothing is known', () => {
    expect(reasonOf({ stoppedReason: 'Essential container in task exited', containers: [{ exitCode: 0 }] })?.what).toMatch(
      /came to an end \(0\)/,
    )
    expect(reasonOf({ stoppedReason: 'who knows' })).toBeUndefined()
    expect(reasonOf({})).toBeUndefined()
  })

  const exited: Ended = { stoppedReason: 'Essential container in task exited', containers: [{ name: 'web', exitCode: 1 }] }
  it.each([
    ['exec /usr/local/bin/docker-entrypoint.sh: exec format error', /another processor/],
    ['FATAL: no pg_hba.conf entry for host "10.0.1.2", user "u", database "d", no encryption', /without TLS/],
    ['psycopg.OperationalError: FATAL:  password authentication failed for user "shop"', /does not take its password/],
    ['WRONGPASS invalid username-password pair or user is disabled.', /Redis does not take its password/],
    ['could not translate host name "db" to address: Name or service not known', /does not find the host/],
    ['connection to server at "10.0.1.2", port 5432 failed: Connection timed out', /does not reach what it connects to/],
    ['Error: connect ECONNREFUSED 10.0.0.1:6379', /does not reach what it connects to/],
    [
      "ModuleNotFoundError: No module named 'gunicorn'",
      /the image lacks a part: ModuleNotFoundError: No module named 'gunicorn'/,
    ],
    ["Error: Cannot find module '/app/server.js'", /the image lacks a part/],
    [
      'connection to server at "db.x.rds.amazonaws.com" (10.0.0.1), port 5432 failed: timeout expired',
      /does not reach what it connects to/,
    ],
    ['FATAL:  database "shop" does not exist', /^the server has no database shop$/],
    ["ERROR 1049 (42000): Unknown database 'shop'", /^the server has no database shop$/],
    [
      'django.db.utils.ProgrammingError: relation "django_session" does not exist',
      /no table django_session: the migrations were not run/,
    ],
    ["Table 'shop.orders' doesn't exist", /no table shop\.orders/],
    ['FATAL:  sorry, too many clients already', /no connection left/],
    ['FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute', /no connection left/],
    ['Error: write EPROTO 139:error:1408F10B:SSL routines:ssl3_get_record:wrong version number', /do not agree about TLS/],
    ['ssl.SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)', /do not agree about TLS/],
    ['Error: Protocol error, got "\\x15" as reply type byte', /do not agree about TLS/],
    [
      'InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.',
      /does not take the keys in its variables/,
    ],
    ['SignatureDoesNotMatch: The request signature we calculated does not match', /does not take the keys/],
    ['UnrecognizedClientException: The security token included in the request is invalid.', /does not take the keys/],
    ['botocore.exceptions.NoCredentialsError: Unable to locate credentials', /no AWS credentials/],
    ['CredentialsProviderError: Could not load credentials from any providers', /no AWS credentials/],
    [
      'AccessDenied: User: arn:aws:sts::1:assumed-role/shop-task/x is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::b/practices/1" because no identity-based policy allows the s3:PutObject action',
      /^its role may not do s3:PutObject$/,
    ],
    [
      'botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the PutObject operation: Access Denied',
      /^its role may not do PutObject$/,
    ],
    ['NoSuchBucket: The specified bucket does not exist', /bucket that it wants to use is not there/],
    ['Error: listen EADDRINUSE: address already in use :::8000', /port is taken/],
    ['connected to database "shop"; no table missing', /ended with 1/],
    ['nothing that anybody knows', /ended with 1/],
  ])('its own lines tell more: %s', (line, what) => {
    expect(reasonOf({ ...exited, log: ['starting', line] })?.what).toMatch(what)
  })

  it('what AWS says counts before what the application says', () => {
    expect(
      reasonOf({ stoppedReason: 'OutOfMemoryError: Container killed due to memory usage', log: ['ECONNREFUSED'] })?.what,
    ).toMatch(/memory/)
  })

  it.each([
    [
      '(service web) (task 1) (port 8000) is unhealthy in (target-group x) due to (reason Health checks failed with these codes: [404]).',
      /got the answer 404/,
    ],
    ['Health checks failed with these codes: [301, 302]', /got the answer 301, 302/],
    ['(service web) (task 1) is unhealthy in (target-group x) due to (reason Request timed out)', /no answer in time/],
    [
      '(reason Target is in an Availability Zone that is not enabled for the load balancer)',
      /zone that the load balancer does not serve/,
    ],
  ])('what the load balancer said of it: %s', (said, what) => {
    expect(reasonOf({ stoppedReason: 'Task failed ELB health checks in (target-group x)', said: [said] })?.what).toMatch(what)
  })
})

describe('what the load balancer says of a target', () => {
  it.each([
    ['Target.ResponseCodeMismatch', 'Health checks failed with these codes: [404]', /\[404\]\): a wrong path/],
    ['Target.Timeout', 'Request timed out', /no answer in time/],
    ['Target.FailedHealthChecks', 'Health checks failed', /refused or broke off/],
    ['Target.NotInUse', 'Target group is not configured to receive traffic', /no listener uses/],
    ['Target.IpUnusable', 'x', /uses itself/],
    ['Target.InvalidState', 'x', /does not run/],
    ['Elb.InternalError', 'x', /problem of its own/],
    ['Target.Unheard', 'of something new', /of something new/],
  ])('%s', (code, description, what) => {
    expect(reasonOfTarget(code, description)?.what).toMatch(what)
    expect(reasonOfTarget(code, description, false)?.next).not.toMatch(/infra\.yaml|infra create/)
  })
  it.each([
    'Elb.RegistrationInProgress',
    'Elb.InitialHealthChecking',
    'Target.DeregistrationInProgress',
    'Target.NotRegistered',
    undefined,
  ])('%s only needs time', (code) => {
    expect(reasonOfTarget(code, undefined)).toBeUndefined()
  })
})
