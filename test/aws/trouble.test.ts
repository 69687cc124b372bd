import { DBInstanceNotFoundFault, InvalidDBInstanceStateFault } from '@aws-sdk/client-rds'
import { describe, expect, it } from 'vitest'
import { UnknownOutcome } from '../../src/aws/guard.ts'
import { classify, codeOf, isThrottling, unlessGone } from '../../src/aws/trouble.ts'
import type { Trouble } from '../../src/core/errors.ts'
import { awsError } from '../kinds/support/cloud.ts'

const table: Partial<Record<Trouble, string[]>> = {
  exists: [
    'InvalidGroup.Duplicate',
    'InvalidPermission.Duplicate',
    'InvalidSubnet.Conflict',
    'RouteAlreadyExists',
    'Resource.AlreadyAssociated',
    'EntityAlreadyExistsException',
    'EntityAlreadyExists',
    'DBInstanceAlreadyExistsFault',
    'DBInstanceAlreadyExists',
    'DBSubnetGroupAlreadyExistsFault',
    'DBParameterGroupAlreadyExistsFault',
    'ResourceExistsException',
    'ResourceAlreadyExistsException',
    'RepositoryAlreadyExistsException',
    'DuplicateTargetGroupNameException',
    'DuplicateLoadBalancerNameException',
    'DuplicateListenerException',
    'PriorityInUseException',
  ],
  'in-use': [
    'DependencyViolation',
    'InvalidGroup.InUse',
    'InvalidIPAddress.InUse',
    'InvalidDBSubnetGroupStateFault',
    'InvalidDBParameterGroupStateFault',
    'InvalidDBInstanceStateFault',
    'DeleteConflictException',
    'ResourceInUseException',
    'ClusterContainsTasksException',
    'ClusterContainsServicesException',
    'ConflictException',
  ],
  gone: [
    'InvalidVpcID.NotFound',
    'InvalidSubnetID.NotFound',
    'InvalidGroup.NotFound',
    'InvalidSecurityGroupRuleId.NotFound',
    'InvalidInternetGatewayID.NotFound',
    'InvalidRouteTableID.NotFound',
    'InvalidRoute.NotFound',
    'InvalidAssociationID.NotFound',
    'InvalidAllocationID.NotFound',
    'InvalidInstanceID.NotFound',
    'ClusterNotFoundException',
    'ParameterNotFound',
    'NatGatewayNotFound',
    'Gateway.NotAttached',
    'DBInstanceNotFoundFault',
    'DBInstanceNotFound',
    'DBSubnetGroupNotFoundFault',
    'DBParameterGroupNotFoundFault',
    'NoSuchEntityException',
    'NoSuchEntity',
    'ResourceNotFoundException',
    'ResourceNotFound',
    'NotFoundException',
    'DashboardNotFoundError',
    'TargetGroupNotFoundException',
    'LoadBalancerNotFoundException',
    'ListenerNotFoundException',
    'RuleNotFoundException',
    'CertificateNotFoundException',
    'ServiceNotFoundException',
    'RepositoryNotFoundException',
    'LifecyclePolicyNotFoundException',
    'ObjectNotFoundException',
    'InvalidSecurityGroupException',
  ],
  fatal: [
    'AccessDenied',
    'AccessDeniedException',
    'UnauthorizedOperation',
    'AuthorizationErrorException',
    'AuthFailure',
    'ExpiredToken',
    'InvalidClientTokenId',
    'VpcLimitExceeded',
    'AddressLimitExceeded',
    'LimitExceededException',
    'InstanceQuotaExceededFault',
    'InvalidParameterValue',
    'InvalidParameterCombination',
    'InvalidVpc.Range',
    'ValidationError',
    'DecryptionFailure',
    'OperationNotPermittedException',
    'DuplicateTagKeysException',
    'ServiceNotActiveException',
    'InvalidParameterException',
  ],
  propagating: ['ConcurrentModificationException', 'UpdateInProgressException', 'OperationAbortedException', 'OperationAborted'],
  throttled: ['Throttling', 'ThrottlingException', 'RequestLimitExceeded', 'TooManyRequestsException', 'SlowDown'],
}

describe('classify', () => {
  it('a limit of Fargate comes as throttling, and is none: asked again it is refused again', () => {
    const says = (message: string) => classify(awsError('ThrottlingException', message))
    expect(says('Rate exceeded')).toBe('throttled')
    expect(says('You’ve reached the limit on the number of tasks you can run concurrently')).toBe('fatal')
  })

  const rows = Object.entries(table).flatMap(([trouble, names]) => names.map((name) => [name, trouble] as const))
  it.each(rows)('%s is %s', (name, trouble) => {
    expect(classify(awsError(name))).toBe(trouble)
  })

  it.each([
    [
      'InvalidParameterValue',
      'The IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING',
    ],
    ['InvalidParameterException', 'Role cannot be assumed'],
    ['InvalidParameterValueException', 'The role defined for the function cannot be assumed by Lambda.'],
    ['ClientException', 'ECS was unable to assume the role'],
    ['ClientException', 'Role is not valid'],
    [
      'InvalidParameterValue',
      'Value (shop-dev-bastion-profile) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name',
    ],
    [
      'InvalidParameterException',
      'Unable to assume the service linked role. Please verify that the ECS service linked role exists.',
    ],
    ['InvalidParameterException', 'Please verify that the ECS service role being passed has the proper permissions.'],
    ['InvalidParameterException', 'The target group with targetGroupArn arn:tg does not have an associated load balancer.'],
    [
      'InvalidParameterException',
      "Error retrieving security group information for [sg-1]: The security group 'sg-1' does not exist",
    ],
    ['InvalidParameterException', "Error retrieving subnet information for [subnet-1]: The subnet ID 'subnet-1' does not exist"],
    [
      'ValidationException',
      'Unable to assume IAM role: arn:aws:iam::111122223333:role/aws-service-role/ecs.application-autoscaling',
    ],
    ['ValidationException', "ECS service doesn't exist: service/shop/web"],
    ['InvalidParameterValue', 'IAM Instance Profile "arn:aws:iam::111122223333:instance-profile/x" has no associated IAM Roles'],
  ])('%s is propagating when it says: %s', (name, message) => {
    expect(classify(awsError(name, message))).toBe('propagating')
  })

  it('a service of this name with other inputs exists', () => {
    expect(classify(awsError('InvalidParameterException', 'Creation of service was not idempotent.'))).toBe('exists')
  })

  it('a role that IAM itself does not know is gone, not about to come', () => {
    expect(classify(awsError('NoSuchEntityException', 'Role shop-dev-monitoring not found'))).toBe('gone')
  })

  it('a lost answer is an unknown outcome, whatever the words', () => {
    expect(classify(new UnknownOutcome('CreateVpc', awsError('InvalidVpcID.NotFound', 'role cannot be assumed', 500)))).toBe(
      'unknown-outcome',
    )
  })

  it('a server error that outlasted the retries is an unknown outcome of any call, a throttled one is not', () => {
    expect(classify(awsError('InternalFailure', 'x', 500))).toBe('unknown-outcome')
    expect(classify(Object.assign(new Error('x'), { code: 'ECONNRESET' }))).toBe('unknown-outcome')
    expect(classify(awsError('RequestLimitExceeded', 'x', 503))).toBe('throttled')
  })

  it.each([undefined, null, 'text', 7, new Error('x'), {}])('%j is fatal', (error) => {
    expect(classify(error)).toBe('fatal')
  })

  it('takes the errors of the SDK itself', () => {
    expect(classify(new DBInstanceNotFoundFault({ message: 'x', $metadata: {} }))).toBe('gone')
    expect(classify(new InvalidDBInstanceStateFault({ message: 'x', $metadata: {} }))).toBe('in-use')
  })
})

it('codeOf takes name, then Code, then code, without the endings that differ', () => {
  expect(codeOf(awsError('ThrottlingException'))).toBe('Throttling')
  expect(codeOf({ name: 'Error', Code: 'RequestLimitExceeded' })).toBe('RequestLimitExceeded')
  expect(codeOf(Object.assign(new Error('x'), { code: 'ECONNRESET' }))).toBe('ECONNRESET')
  expect(codeOf(undefined)).toBe('')
})

describe('isThrottling', () => {
  it.each([
    'Throttling',
    'ThrottlingException',
    'ThrottledException',
    'EC2ThrottledException',
    'RequestLimitExceeded',
    'RequestThrottled',
    'RequestThrottledException',
    'TooManyRequestsException',
    'SlowDown',
    'BandwidthLimitExceeded',
    'PriorRequestNotComplete',
    'ProvisionedThroughputExceededException',
    'TransactionInProgressException',
  ])('%s, at any status', (name) => {
    expect(isThrottling(awsError(name, name, 503))).toBe(true)
    expect(isThrottling(awsError(name, name, 400))).toBe(true)
  })

  it('429, by any name', () => {
    expect(isThrottling(awsError('Unknown', 'x', 429))).toBe(true)
  })

  it.each(['InternalError', 'Unavailable', 'ServiceUnavailable', 'VpcLimitExceeded', 'TopicLimitExceeded'])('not %s', (name) => {
    expect(isThrottling(awsError(name, name, 503))).toBe(false)
  })
})

describe('unlessGone', () => {
  it('answers, or says undefined when it is gone, or throws', async () => {
    expect(await unlessGone(Promise.resolve(7))).toBe(7)
    expect(await unlessGone(Promise.reject(awsError('NoSuchEntity')))).toBeUndefined()
    await expect(unlessGone(Promise.reject(awsError('AccessDenied')))).rejects.toThrow('AccessDenied')
    await expect(unlessGone(Promise.reject(awsError('Throttling')))).rejects.toThrow('Throttling')
  })
})
