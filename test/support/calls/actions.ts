import type { ServiceName } from '../../../src/aws/clients.ts'
import type { Call } from './calls.ts'

/** The prefix of a service's IAM actions, where it is not the name that we call the service by. */
const PREFIX: Partial<Record<ServiceName, string>> = {
  autoScaling: 'application-autoscaling',
  cloudWatch: 'cloudwatch',
  elb: 'elasticloadbalancing',
  secretsManager: 'secretsmanager',
}

/** Operations that are authorized under another name than their own. docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html */
const INSTEAD: Readonly<Record<string, string>> = {
  's3:CompleteMultipartUpload': 's3:PutObject',
  's3:CreateMultipartUpload': 's3:PutObject',
  's3:HeadObject': 's3:GetObject',
  's3:UploadPart': 's3:PutObject',
}

const ROLE = 'iam:PassRole'
const LINKED = 'iam:CreateServiceLinkedRole'

/**
 * What AWS authorizes besides the operation's own action: tags in a create, roles that are passed on, service-linked roles, and what a
 * service does in the caller's name. Each by its page in the Service Authorization Reference
 * (docs.aws.amazon.com/service-authorization/latest/reference) and the user guide of the service.
 */
const BESIDES: Readonly<Record<string, readonly string[]>> = {
  'acm:RequestCertificate': ['acm:AddTagsToCertificate'],
  // docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html: it asks ECS and CloudWatch as the caller.
  'application-autoscaling:DeleteScalingPolicy': ['cloudwatch:DeleteAlarms'],
  'application-autoscaling:DescribeScalingPolicies': ['cloudwatch:DescribeAlarms'],
  'application-autoscaling:PutScalingPolicy': [
    'cloudwatch:DeleteAlarms',
    'cloudwatch:DescribeAlarms',
    'cloudwatch:PutMetricAlarm',
  ],
  'application-autoscaling:RegisterScalableTarget': [
    'application-autoscaling:TagResource',
    'ecs:DescribeServices',
    'ecs:UpdateService',
    LINKED,
  ],
  'cloudwatch:PutMetricAlarm': ['cloudwatch:TagResource'],
  'ec2:AllocateAddress': ['ec2:CreateTags'],
  'ec2:AssociateIamInstanceProfile': [ROLE],
  'ec2:AuthorizeSecurityGroupIngress': ['ec2:CreateTags'],
  'ec2:CreateInternetGateway': ['ec2:CreateTags'],
  'ec2:CreateNatGateway': ['ec2:CreateTags'],
  'ec2:CreateRouteTable': ['ec2:CreateTags'],
  'ec2:CreateSecurityGroup': ['ec2:CreateTags'],
  'ec2:CreateSubnet': ['ec2:CreateTags'],
  'ec2:CreateVpc': ['ec2:CreateTags'],
  'ec2:ReplaceIamInstanceProfileAssociation': [ROLE],
  'ec2:RunInstances': ['ec2:CreateTags', ROLE],
  'ecr:CreateRepository': ['ecr:TagResource'],
  // docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html: with the first cluster or service.
  'ecs:CreateCluster': ['ecs:TagResource', LINKED],
  'ecs:CreateService': ['ecs:TagResource', LINKED],
  'ecs:RegisterTaskDefinition': ['ecs:TagResource', ROLE],
  'ecs:RunTask': ['ecs:TagResource', ROLE],
  'elasticloadbalancing:CreateListener': ['elasticloadbalancing:AddTags'],
  'elasticloadbalancing:CreateLoadBalancer': ['elasticloadbalancing:AddTags', LINKED],
  'elasticloadbalancing:CreateRule': ['elasticloadbalancing:AddTags'],
  'elasticloadbalancing:CreateTargetGroup': ['elasticloadbalancing:AddTags'],
  'iam:AddRoleToInstanceProfile': [ROLE],
  'iam:CreateInstanceProfile': ['iam:TagInstanceProfile'],
  'iam:CreateRole': ['iam:TagRole'],
  'logs:CreateLogGroup': ['logs:TagResource'],
  // The role is that of enhanced monitoring.
  'rds:CreateDBInstance': ['rds:AddTagsToResource', ROLE, LINKED],
  'rds:CreateDBParameterGroup': ['rds:AddTagsToResource'],
  'rds:CreateDBSnapshot': ['rds:AddTagsToResource'],
  // github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds/pull/465: the first call to RDS makes its role, not the first database.
  'rds:CreateDBSubnetGroup': ['rds:AddTagsToResource', LINKED],
  // With a final snapshot.
  'rds:DeleteDBInstance': ['rds:CreateDBSnapshot'],
  'rds:RestoreDBInstanceFromDBSnapshot': ['rds:AddTagsToResource', ROLE, LINKED],
  'rds:RestoreDBInstanceToPointInTime': ['rds:AddTagsToResource', ROLE, LINKED],
  'secretsmanager:CreateSecret': ['secretsmanager:TagResource'],
  'sns:CreateTopic': ['sns:TagResource'],
}

/** The IAM actions that a call needs. Looking into a database server reads the password first; the way in is told apart. */
export const actionsOf = (call: Call): readonly string[] => {
  const [service = '', operation = ''] = call.split('.')
  if (service === 'sql') return ['secretsmanager:GetSecretValue']
  const own = `${PREFIX[service as ServiceName] ?? service}:${operation}`
  return [INSTEAD[own] ?? own, ...(BESIDES[own] ?? [])]
}

export const actionsOfAll = (calls: Iterable<Call>): string[] => [...new Set([...calls].flatMap(actionsOf))].sort()

/** Every name in the tables above. */
export const tabled = (): string[] => [
  ...Object.entries(INSTEAD).map(([, to]) => to),
  ...Object.entries(BESIDES).flatMap(([of, all]) => [of, ...all]),
]
