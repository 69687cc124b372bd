import { describe, expect, it } from 'vitest'
import { explain, type Surroundings } from '../../src/aws/explain.ts'
import { InfraError } from '../../src/core/errors.ts'
import { aws, awsError, cloud } from '../kinds/support/cloud.ts'

const AT: Surroundings = { sandbox: false, region: 'eu-central-1', identity: 'arn:aws:iam::111122223333:user/ci' }
const told = (name: string, message = name, at = AT): InfraError => explain(awsError(name, message), at)

/** Error name, AWS's own words, what infra makes of them, and the command that goes on. */
const table: readonly (readonly [name: string, says: string, what: RegExp, next: RegExp])[] = [
  // RDS
  [
    'InvalidParameterCombination',
    "You can't currently modify the storage of this DB instance because the previous storage change is being optimized.",
    /still optimizes the storage/,
    /6 hours after the last change/,
  ],
  // ECS
  [
    'ClientException',
    'No Fargate configuration exists for given values: 1024 CPU, 1024 memory. See the Amazon ECS documentation for the valid values.',
    /no task of this size/,
    /infra create ecs$/,
  ],
  ['InvalidParameterException', "Invalid 'cpu' setting for task.", /no task of this size/, /infra create ecs$/],
  [
    'ClientException',
    "The secret name must be unique and not shared with any new or existing environment variables set on the container, such as 'DB_PASSWORD'.",
    /given twice/,
    /infra deploy --unset <K>/,
  ],
  [
    'ClientException',
    'Duplicate secret names found: APP_ENV. Each secret name must be unique.',
    /given twice/,
    /infra deploy --unset/,
  ],
  [
    'ClientException',
    'Fargate requires task definition to have execution role ARN to support log driver awslogs.',
    /no execution role/,
    /^infra create ecs/,
  ],
  [
    'ClientException',
    "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
    /no execution role/,
    /^infra create ecs/,
  ],
  [
    'ClientException',
    'Too many concurrent attempts to create a new revision of the specified family.',
    /the same family/,
    /run the same command again/,
  ],
  ['ClientException', 'TaskDefinition is inactive', /no longer there/, /^infra rollback --to/],
  ['ClientException', 'Unable to describe task definition.', /no longer there/, /^infra rollback --to/],
  ['ClientException', 'Container.image contains invalid characters.', /image is not written as one/, /^infra deploy --image/],
  ['ClusterNotFoundException', 'Cluster not found.', /no such cluster/, /^infra create ecs/],
  ['ServiceNotFoundException', 'Service not found.', /no such service/, /^infra create ecs/],
  [
    'ServiceNotActiveException',
    'Service was not ACTIVE.',
    /no such service, or it is being deleted/,
    /--cluster <name> --service/,
  ],
  [
    'BlockedException',
    'Your AWS account has been blocked. For more information, contact AWS Support.',
    /has blocked/,
    /support\/home/,
  ],
  [
    'InvalidParameterException',
    'Unable to assume the service linked role. Please verify that the ECS service linked role exists.',
    /^ECS has no role of its own/,
    /create-service-linked-role --aws-service-name ecs\.amazonaws\.com,/,
  ],
  [
    'ClientException',
    'ECS Service Linked Role does not exist. Please create a Service linked role for ECS and try again.',
    /^ECS has no role of its own/,
    /--aws-service-name ecs\.amazonaws\.com,/,
  ],
  [
    'ValidationException',
    'Unable to assume IAM role: arn:aws:iam::111122223333:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService',
    /^Application Auto Scaling has no role/,
    /--aws-service-name ecs\.application-autoscaling\.amazonaws\.com,/,
  ],
  [
    'InvalidParameterException',
    'The target group with targetGroupArn arn:tg does not have an associated load balancer.',
    /behind no listener/,
    /^infra create load-balancer/,
  ],
  [
    'InvalidParameterException',
    'The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster and try again.',
    /does not offer this capacity/,
    /^infra create ecs/,
  ],
  ...['ThrottlingException', 'ClientException', 'InvalidParameterException'].map(
    (name) =>
      [
        name,
        "You've reached the limit on the number of vCPUs you can run concurrently",
        /limit of Fargate/,
        /services\/fargate\/quotas\/L-3032A538 .*infra scale/,
      ] as const,
  ),
  ['ClientException', 'The requested CPU configuration is above your limit.', /limit of Fargate/, /L-3032A538/],
  [
    'AccessDeniedException',
    'User: arn:aws:iam::1:user/a is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/shop-task because no identity-based policy allows the iam:PassRole action',
    /may not do iam:PassRole on arn:aws:iam::1:role\/shop-task/,
    /^Have iam:PassRole allowed/,
  ],
  // Load balancers
  [
    'OperationNotPermittedException',
    'This AWS account currently does not support creating load balancers. For more information, please contact AWS Support.',
    /does not let this account/,
    /support\/home#\/case\/create/,
  ],
  [
    'OperationNotPermittedException',
    "Load balancer 'arn:aws:elasticloadbalancing:eu-west-3:1:loadbalancer/app/my-alb/e4' cannot be deleted because deletion protection is enabled",
    /protected against being deleted/,
    /infra destroy/,
  ],
  [
    'InvalidParameterCombination',
    'Cannot delete protected DB Instance, please disable deletion protection and try again.',
    /protected against being deleted/,
    /infra destroy/,
  ],
  [
    'InvalidSubnetException',
    'Not enough IP space available in subnet-08885c5805228af7a. ELB requires at least 8 free IP addresses in each subnet.',
    /no room for a load balancer/,
    /\/27 at least/,
  ],
  [
    'ValidationError',
    'At least two subnets in two different Availability Zones must be specified',
    /two zones or more/,
    /infra create load-balancer$/,
  ],
  [
    'InvalidConfigurationRequestException',
    'A load balancer cannot be attached to multiple subnets in the same Availability Zone',
    /two zones or more/,
    /infra create load-balancer$/,
  ],
  ['InvalidSubnetException', 'VPC vpc-1 has no internet gateway', /no way to the internet/, /^infra create vpc/],
  [
    'UnsupportedCertificateException',
    "The certificate 'arn:aws:acm:us-west-2:1:certificate/58' must have a fully-qualified domain name, a supported signature, and a supported key size.",
    /cannot use this certificate/,
    /^aws acm describe-certificate --region eu-central-1/,
  ],
  ['CertificateNotFoundException', "Certificate 'arn' not found", /no such certificate in eu-central-1/, /certificateArn/],
  ['SSLPolicyNotFoundException', 'x', /no such TLS policy/, /loadBalancer\.sslPolicy/],
  ['TargetGroupAssociationLimitException', 'x', /Another load balancer/, /targetGroup/],
  ['TooManyLoadBalancersException', 'x', /limit of the load balancers/, /elasticloadbalancing\/quotas\/L-53DA6B97/],
  ['TooManyTargetGroupsException', 'x', /limit of the load balancers/, /L-B22855CB/],
  ['TooManyListenersException', 'x', /limit of the load balancers/, /L-B6DF7632/],
  ['TooManyRulesException', 'x', /limit of the load balancers/, /L-7EED9B64/],
  ['TooManyRegistrationsForTargetIdException', 'x', /limit of the load balancers/, /elasticloadbalancing\/quotas,/],
  // The registry, logs, secrets
  [
    'RepositoryNotFoundException',
    "The repository with name 'x' does not exist in the registry",
    /no such repository/,
    /create registry/,
  ],
  ['InvalidParameterException', "Invalid character(s) in term 'a-b'", /does not understand the filter/, /--filter/],
  [
    'InvalidRequestException',
    "You can't create this secret because a secret with this name is already scheduled for deletion.",
    /about to be deleted/,
    /restore-secret/,
  ],
  [
    'InvalidRequestException',
    "You can't perform this operation on the secret because it was marked for deletion.",
    /about to be deleted/,
    /restore-secret/,
  ],
  ['AccessDeniedException', 'Access to KMS is not allowed', /key that the secret is encrypted with/, /kms:Decrypt/],
  [
    'DecryptionFailure',
    "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
    /key that the secret is encrypted with/,
    /kms:Decrypt/,
  ],
  // Every step
  [
    'VpcLimitExceeded',
    'The maximum number of VPCs has been reached.',
    /limit of the network/,
    /services\/vpc\/quotas\/L-F678F1CE/,
  ],
  ['AddressLimitExceeded', 'The maximum number of addresses has been reached.', /network/, /services\/ec2\/quotas\/L-0263D0A3/],
  ['NatGatewayLimitExceeded', 'x', /network/, /L-FE5A380F/],
  ['SecurityGroupsPerInterfaceLimitExceeded', 'x', /network/, /services\/vpc\/quotas,/],
  ['InstanceQuotaExceededFault', 'x', /limit of RDS/, /services\/rds\/quotas\/L-7B6409FD/],
  ['StorageQuotaExceededFault', 'x', /limit of RDS/, /L-7ADDB58A/],
  ['DBSubnetGroupQuotaExceededFault', 'x', /limit of RDS/, /services\/rds\/quotas,/],
  ['VcpuLimitExceeded', 'x', /limit of EC2/, /L-1216C47A/],
  ['LimitExceededException', 'x', /An account limit is reached/, /servicequotas\/home,/],
  ['InsufficientDBInstanceCapacityFault', 'x', /no room for this database class/, /rds\.instanceClass/],
  ['InsufficientInstanceCapacity', 'x', /no room for this instance type/, /bastion\.instanceType/],
  ['DBSubnetGroupDoesNotCoverEnoughAZs', 'x', /all in one zone/, /vpc\.azCount: 2/],
  ['InvalidSubnet.Conflict', "The CIDR '10.0.1.0/24' conflicts with another subnet", /overlaps/, /vpc\.publicCidrs/],
  ['InvalidVpc.Range', "The CIDR '10.0.0.0/8' is invalid.", /block of addresses/, /vpc\.cidr/],
  ['InvalidSubnet.Range', "The CIDR '10.1.0.0/24' is invalid.", /block of addresses/, /vpc\.cidr/],
  ['DBInstanceAlreadyExistsFault', 'DB instance already exists', /name is taken/, /infra recover/],
  ['EntityAlreadyExistsException', 'Role with name x already exists.', /name is taken/, /infra adopt/],
  ['ResourceExistsException', 'A resource with the ID you requested already exists.', /name is taken/, /namePrefix/],
  ['RepositoryAlreadyExistsException', 'x', /name is taken/, /infra recover/],
  ['DuplicateLoadBalancerNameException', 'x', /name is taken/, /infra recover/],
  ['InvalidGroup.Duplicate', 'x', /name is taken/, /infra recover/],
  ['OptInRequired', 'You are not subscribed to this service.', /has not finished setting up this account/, /a way to pay/],
  [
    'PendingVerification',
    'Your request is being validated.',
    /still verifying this account/,
    /console\.aws\.amazon\.com\/support/,
  ],
  [
    'AuthFailure',
    'You do not have permission to access the specified resource.',
    /belongs to another account/,
    /^Correct the id in infra\.yaml/,
  ],
  ['AuthFailure', 'AWS was not able to validate the provided access credentials', /does not accept these/, /get-caller-identity/],
  [
    'FreeTierRestrictionError',
    'The specified backup retention period exceeds the maximum available to free tier customers. To remove all limitations, upgrade your account plan.',
    /free plan does not allow this/,
    /^Set rds\.backupRetentionDays: 1 in infra\.yaml, or upgrade the plan \(aws freetier upgrade-account-plan/,
  ],
  [
    'FreeTierRestrictionError',
    "This instance size isn't available with free plan accounts.",
    /free plan does not allow this/,
    /^Set rds\.instanceClass: db\.t4g\.micro in infra\.yaml/,
  ],
  [
    'InvalidParameterCombination',
    "The specified instance type is not eligible for Free Tier. For a list of Free Tier instance types, run 'describe-instance-types' with the filter 'free-tier-eligible=true'.",
    /free plan does not allow this instance type/,
    /^Set bastion\.instanceType: t4g\.micro/,
  ],
  // RDS
  ...['InvalidParameterValue', 'AccessDenied'].map(
    (name) =>
      [
        name,
        'Unable to create the resource. Verify that you have permission to create service linked role. Otherwise wait and try again later',
        /^RDS has no role of its own/,
        /create-service-linked-role --aws-service-name rds\.amazonaws\.com,/,
      ] as const,
  ),
  [
    'InvalidParameterValue',
    'Missing necessary credentials to call AWS IAM: CreateServiceLinkedRoles',
    /^RDS has no role of its own/,
    /rds\.amazonaws\.com,/,
  ],
  [
    'InvalidParameterCombination',
    'Cannot find version 16.99 for postgres',
    /^RDS has no postgres 16\.99 in eu-central-1/,
    /rds\.version/,
  ],
  [
    'InvalidParameterCombination',
    'RDS does not support creating a DB instance with the following combination: DBInstanceClass=db.t2.micro, Engine=postgres, EngineVersion=16.4, LicenseModel=postgresql-license.',
    /does not offer this class/,
    /describe-orderable-db-instance-options --region eu-central-1/,
  ],
  [
    'KMSKeyNotAccessibleFault',
    'The specified KMS key does not exist, is not enabled or you do not have permissions.',
    /KMS key cannot/,
    /rds\.kmsKey/,
  ],
  ['SnapshotQuotaExceededFault', 'x', /An account limit of RDS is reached/, /services\/rds\/quotas,/],
  // Zones, conflicts, objects
  [
    'NotAvailableInZone',
    'Nat Gateway is not available in this availability zone',
    /does not offer this in one of the availability zones/,
    /vpc\.azs: \[/,
  ],
  [
    'Unsupported',
    'Your requested instance type (t4g.micro) is not supported in your requested Availability Zone (us-east-1e).',
    /availability zone does not have it/,
    /vpc\.azs: \[/,
  ],
  ['OperationAbortedException', 'A conflicting operation is currently in progress', /still at work/, /again in a minute/],
  ['NoSuchKey', 'The specified key does not exist.', /object in the bucket is gone/, /infra status/],
  ['ExpiredTokenException', 'x', /credentials have expired/, /aws sso login/],
  ['UnrecognizedClientException', 'x', /does not accept these credentials/, /get-caller-identity/],
  ['InvalidClientTokenId', 'x', /does not accept these credentials/, /get-caller-identity/],
  ['InvalidSignatureException', 'The request signature we calculated does not match', /does not accept/, /get-caller-identity/],
  ['RequestTimeTooSkewed', 'x', /clock of this machine is wrong/, /^Set the clock/],
  [
    'InvalidSignatureException',
    'Signature expired: 20260709T101500Z is now earlier than 20260709T102000Z',
    /clock of this machine is wrong/,
    /^Set the clock/,
  ],
  [
    'SignatureDoesNotMatch',
    'Signature not yet current: 20210502T183640Z is still later than 20210502T175140Z',
    /clock of this machine is wrong/,
    /^Set the clock/,
  ],
  ['ThrottlingException', 'Rate exceeded', /fewer calls a second/, /again in a minute/],
  ['RequestLimitExceeded', 'Request limit exceeded.', /fewer calls a second/, /again in a minute/],
  ['SlowDown', 'x', /fewer calls a second/, /again in a minute/],
  ['ENOTFOUND', 'getaddrinfo ENOTFOUND ecs.eu-central-1.amazonaws.com', /cannot be reached/, /proxy/],
  ['ECONNREFUSED', 'connect ECONNREFUSED', /does not answer/, /AWS_ENDPOINT_URL/],
  ['TimeoutError', 'x', /does not answer/, /AWS_ENDPOINT_URL/],
  ['NoAnswer', 'no answer in 90 s', /does not answer/, /HTTPS_PROXY/],
]

describe('what AWS says becomes what happened and what to do', () => {
  it.each(table)('%s: %s', (name, says, what, next) => {
    const e = told(name, says)
    expect(e.what).toMatch(what)
    expect(e.next).toMatch(next)
    expect(e.exitCode).toBe(1)
    // AWS's own words are not lost, except those that say nothing.
    if (!/fewer calls|have expired|may not do/.test(e.what)) expect(e.why).toContain(says)
  })

  it.each(['ClientException', 'InvalidParameterException', 'OperationNotPermittedException', 'InvalidRequestException'])(
    'a %s that says something else stays as AWS said it',
    (name) => {
      expect(told(name, 'Something new.').what).toBe('Something new.')
    },
  )

  // The SDK's errors do not say from which call they are, and a limit is raised where it belongs.
  it.each([
    [() => aws.ecs('DescribeClusters', {}), 'services/ecs/quotas,', 'ecs:DescribeClusters'],
    [
      () => aws.elb('DescribeLoadBalancers', {}),
      'services/elasticloadbalancing/quotas,',
      'elasticloadbalancing:DescribeLoadBalancers',
    ],
    [
      () => aws.secretsManager('DescribeSecret', { SecretId: 'x' }),
      'services/secretsmanager/quotas,',
      'secretsmanager:DescribeSecret',
    ],
  ] as const)('an error of a call knows its service: %#', async (call, place, action) => {
    const failing = async (error: Error): Promise<InfraError> => {
      cloud({ DescribeClusters: error, DescribeLoadBalancers: error, DescribeSecret: error })
      return explain(await call().catch((e: unknown) => e), AT)
    }
    const limit = await failing(awsError('LimitExceededException'))
    expect([limit.what, limit.next]).toEqual(['An account limit is reached', expect.stringContaining(place)])
    expect((await failing(awsError('AccessDeniedException'))).what).toBe(`${AT.identity} may not do ${action}`)
  })

  describe('in a region that may be off', () => {
    const off: Surroundings = { sandbox: false, region: 'me-central-1', profile: 'work' }
    it.each([
      ['InvalidClientTokenId', 'The security token included in the request is invalid.'],
      ['AuthFailure', 'AWS was not able to validate the provided access credentials'],
      ['UnrecognizedClientException', 'The security token included in the request is invalid.'],
    ])('%s may mean that', (name, says) => {
      const e = told(name, says, off)
      expect(e.what).toBe('AWS does not accept these credentials in me-central-1')
      expect(e.why).toContain(says)
      expect(e.next).toContain('aws account enable-region --region-name me-central-1 --profile work')
      expect(e.next).toContain('aws sts get-caller-identity --region us-east-1 --profile work')
    })

    it('a signature that does not match does not', () => {
      expect(told('SignatureDoesNotMatch', 'x', off).what).toBe('AWS does not accept these credentials')
    })

    it('OptInRequired surely does', () => {
      expect(told('OptInRequired', 'x', off)).toMatchObject({
        what: 'The region me-central-1 is not enabled in this account',
        next: expect.stringContaining('aws account enable-region --region-name me-central-1'),
      })
    })
  })

  it('links lead into the console of the partition', () => {
    const limit = (region: string) => told('VpcLimitExceeded', 'x', { sandbox: false, region }).next
    expect(limit('us-gov-west-1')).toContain('https://us-gov-west-1.console.amazonaws-us-gov.com/servicequotas/home/services/vpc')
    expect(limit('cn-north-1')).toContain('https://cn-north-1.console.amazonaws.cn/servicequotas')
    expect(limit('eusc-de-east-1')).toContain('https://eusc-de-east-1.console.amazonaws-eusc.eu/servicequotas')
    expect(limit('us-iso-east-1')).toContain('Service Quotas in the console')
  })

  it('an error that is explained already stays as it is', () => {
    const own = new InfraError('x', { next: 'y' })
    expect(explain(own, AT)).toBe(own)
  })
})
