/**
 * What AWS says when it does not do what it was asked. The classes are those that somebody acts on: the engine
 * ({@link ../engine/errors.ts Trouble}), or the explanation that a person reads.
 */
export type Answer =
  | 'gone' // it is not there
  | 'exists' // it is there already
  | 'in-use' // something depends on it, or its state does not allow it
  | 'busy' // another change of it is under way: the same call works when that is over
  | 'propagating' // what it names was made a moment ago and is not known everywhere
  | 'throttled' // fewer calls a second; nothing happened
  | 'unknown-outcome' // it may have been done
  | 'unreachable' // the call did not leave this machine
  | 'capacity' // AWS has none left of it here, now
  | 'quota' // the account may not have more of it
  | 'denied' // this identity may not
  | 'credentials' // who asks is not known, or not any more
  | 'refused' // the request is wrong, or wrong here: sent again it is refused again

type Table = Readonly<Partial<Record<Answer, readonly string[]>>>

/**
 * Codes that mean one thing in every service, without the suffixes Exception and Fault. A test compares them with AWS's service
 * models: each error that an operation of ours declares is decided here, in answer-words.ts or by answer-families.ts, and no entry is left
 * over. EC2 declares nothing: its codes are those of "Error codes for the Amazon EC2 API".
 */
export const CODES: Table = {
  gone: [
    'InvalidSecurityGroup', // ELB: a group that it does not find
    'InvalidSubnet', // RDS: a subnet that it does not find
  ],
  exists: ['PriorityInUse', 'InvalidSubnet.Conflict', 'QueueNameExists'],
  'in-use': [
    'Conflict',
    'DependencyViolation',
    'DeleteConflict',
    'VolumeInUse',
    'CannotDelete', // EC2: a default group
    'ExistingVpcEndpointConnections',
    'DistributionNotDisabled',
    'AssociatedItem', // WAF
  ],
  busy: [
    'OperationAborted', // S3 and CloudWatch Logs: "a conflicting operation ... is in progress"
    'ConcurrentModification',
    'ConcurrentUpdate',
    'ConcurrentAccess',
    'ConcurrentTagAccess',
    'EntityTemporarilyUnmodifiable',
    'UpdateInProgress',
    'IncorrectState',
    'IncorrectInstanceState',
    'CapacityReservationPending',
    'TrustStoreNotReady',
    'DBInstanceNotReady',
    'ResourceNotReady',
    'ResourceConflict',
    'StaleTag', // SNS: the tags of a topic of this name that was deleted
    'TagOperation', // WAF
    'TooManyUpdates', // SSM: "one update at a time"
    'TargetNotConnected', // ECS, SSM: the agent of a machine or task is not up
    'QueueDeletedRecently', // SQS: 60 seconds after a queue of this name
    'InvalidResourceState', // RDS: "another operation is in progress"
  ],
  propagating: ['UnavailableEntity'], // WAF: "it can take from a few seconds to a number of minutes"
  capacity: [
    'Unsupported', // EC2: this instance type is not to be had in this zone
    'InsufficientFreeAddressesInSubnet',
    'InsufficientAvailableIPsInSubnet',
    'NotAvailableInZone', // EC2: NAT gateways
    'ProvisionedIopsNotAvailableInAZ',
    'VolumeTypeNotAvailableInZone',
  ],
  quota: [
    'OverLimit', // SQS
    'TargetGroupAssociationLimit',
    'VolumeIOPSLimit',
    'FreeTierRestrictionError',
  ],
  denied: [
    'UnauthorizedOperation',
    'AuthorizationError', // SNS
    'Forbidden',
    'Blocked',
    'AccountDisabled',
    'AccountProblem',
    'AllAccessDisabled',
    'OptInRequired',
    'SubscriptionRequired',
    'PendingVerification',
    'RegionDisabled',
    'DecryptionFailure',
    'EncryptionFailure',
    'KMSKeyNotAccessible',
    'KMSOptInRequired',
    'Kms', // ECR
    'IamRoleMissingPermissions',
    'FailedResourceAccess', // Application Auto Scaling, of the role that it uses
    'UnmodifiableEntity', // IAM: a service's own role
    'CustomerKeyHasBeenRevoked',
    'TagPolicy',
    'TagPolicyViolation',
    'VpcEncryptionControlViolation',
  ],
  credentials: [
    'AuthFailure',
    'CredentialsProviderError',
    'TokenProviderError',
    'IncompleteSignature',
    'InvalidAccessKeyId',
    'InvalidClientTokenId',
    'InvalidSecurity', // SNS: the signature
    'InvalidSecurityToken',
    'InvalidSignature',
    'InvalidToken',
    'MissingAuthenticationToken',
    'NotSignedUp',
    'RequestExpired',
    'RequestTimeTooSkewed',
    'SignatureDoesNotMatch',
    'TokenRefreshRequired',
    'UnrecognizedClient',
  ],
  refused: [
    'ALPNPolicyNotFound',
    'ALPNPolicyNotSupported',
    'AvailabilityZoneNotSupported',
    'BadRequest',
    'Client', // ECS
    'DBSubnetGroupDoesNotCoverEnoughAZs',
    'DBUpgradeDependencyFailure',
    'DryRunOperation',
    'DuplicateSubnetsInSameZone',
    'DuplicateTagKeys',
    'EncryptionTypeMismatch',
    'IdempotentParameterMismatch',
    'ImageDigestDoesNotMatch',
    'IncompatibleProtocols',
    'InvalidAction',
    'InvalidArgs',
    'InvalidArgument',
    'InvalidArn',
    'InvalidConfigurationRequest',
    'InvalidDocument',
    'InvalidDomainValidationOptions',
    'InvalidFilterKey',
    'InvalidInput',
    'InvalidInstanceId',
    'InvalidInstanceInformationFilterValue',
    'InvalidKeyId',
    'InvalidLoadBalancerAction',
    'InvalidNextToken',
    'InvalidObjectState',
    'InvalidParameter',
    'InvalidParameterCombination',
    'InvalidParameterDependency',
    'InvalidParameterInput',
    'InvalidParameterValue',
    'InvalidRequest',
    'InvalidRestore',
    'InvalidScheme',
    'InvalidState', // SNS: of an event source
    'InvalidSubnet.Range',
    'InvalidTag',
    'InvalidTagParameter',
    'InvalidTarget',
    'InvalidVPCNetworkState',
    'InvalidVpc.Range',
    'InvalidWriteOffset',
    'MalformedPolicyDocument',
    'MissingParameter',
    'NetworkTypeNotSupported',
    'OperationNotPermitted',
    'PlatformTaskDefinitionIncompatibility',
    'PlatformUnknown',
    'PointInTimeRestoreNotEnabled', // RDS: its server keeps no automated backups
    'PolicyNotAttachable',
    'PreconditionFailed',
    'PreconditionNotMet',
    'ServiceNotActive',
    'StorageTypeNotSupported',
    'UnableToGetUpstreamImage',
    'UnknownParameter',
    'UnsupportedFeature',
    'UnsupportedOperation',
    'UnsupportedProtocol',
    'Validation',
    'ValidationError',
  ],
}
