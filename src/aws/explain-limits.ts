import { callOf } from './call-of.ts'
import { AGAIN, more, quota, type Rule } from './explain-rule.ts'
import { codeOf } from './trouble.ts'

/** Error name, what there is too much of, and where it is raised: docs.aws.amazon.com/general/latest/gr/aws-service-information.html */
const LIMITS: readonly (readonly [code: RegExp, of: string, service: string, number?: string])[] = [
  [/^VpcLimitExceeded/, 'the network', 'vpc', 'L-F678F1CE'],
  [/^AddressLimitExceeded/, 'the network', 'ec2', 'L-0263D0A3'],
  [/^NatGatewayLimitExceeded/, 'the network', 'vpc', 'L-FE5A380F'],
  [/^SubnetLimitExceeded/, 'the network', 'vpc', 'L-407747CB'],
  [/^InternetGatewayLimitExceeded/, 'the network', 'vpc', 'L-A4707A72'],
  [/^RouteTableLimitExceeded/, 'the network', 'vpc', 'L-589F43AA'],
  [/^SecurityGroupLimitExceeded/, 'the network', 'vpc', 'L-E79EC296'],
  [/^RulesPerSecurityGroup/, 'the network', 'vpc', 'L-0EA8095F'],
  [/^(SecurityGroup|NetworkInterface)\w*LimitExceeded/, 'the network', 'vpc'],
  [/^(Vcpu|Instance)LimitExceeded/, 'EC2', 'ec2', 'L-1216C47A'],
  [/^InstanceQuotaExceeded/, 'RDS', 'rds', 'L-7B6409FD'],
  [/^StorageQuotaExceeded/, 'RDS', 'rds', 'L-7ADDB58A'],
  [/^(DB\w*|Snapshot|ManualSnapshot|CrossRegionSnapshotCopy)QuotaExceeded|^SharedSnapshotQuotaExceeded/, 'RDS', 'rds'],
  [/^TooManyLoadBalancers/, 'the load balancers', 'elasticloadbalancing', 'L-53DA6B97'],
  [/^TooManyTargetGroups/, 'the load balancers', 'elasticloadbalancing', 'L-B22855CB'],
  [/^TooManyListeners/, 'the load balancers', 'elasticloadbalancing', 'L-B6DF7632'],
  [/^TooManyRules/, 'the load balancers', 'elasticloadbalancing', 'L-7EED9B64'],
  [/^TooManyCertificates/, 'the load balancers', 'elasticloadbalancing', 'L-9365A611'],
  [/^TooMany(Targets|RegistrationsForTargetId|UniqueTargetGroups)/, 'the load balancers', 'elasticloadbalancing'],
]

/** What Service Quotas calls the services whose errors only say that some limit is reached. */
const SERVICES: Readonly<Record<string, string>> = {
  acm: 'acm',
  autoScaling: 'application-autoscaling',
  cloudWatch: 'monitoring',
  ec2: 'ec2',
  ecr: 'ecr',
  ecs: 'ecs',
  elb: 'elasticloadbalancing',
  iam: 'iam',
  logs: 'logs',
  rds: 'rds',
  secretsManager: 'secretsmanager',
  sns: 'sns',
}

/** RunTask has it as ThrottlingException, and as ClientException: it is not about calls a second. */
const FARGATE_LIMIT: Rule = [
  /./,
  (e, at) => ({
    what: 'An account limit of Fargate is reached',
    why: e.message,
    next: `Ask for more at ${quota(at, 'fargate', 'L-3032A538')} (a new account begins with few), or infra scale <service> <fewer>, ${AGAIN}`,
  }),
  /limit on the number of (tasks|vCPUs) you can run concurrently|requested \w+ configuration is above your limit/i,
]

export const LIMIT_RULES: readonly Rule[] = [
  FARGATE_LIMIT,
  ...LIMITS.map(
    ([code, of, service, number]): Rule => [
      code,
      (e, at) => ({ what: `An account limit of ${of} is reached`, why: e.message, next: more(at, service, number) }),
    ],
  ),
  [
    /(Limit|Quota)Exceeded$/,
    (e, at) => ({
      what: 'An account limit is reached',
      why: e.message || codeOf(e),
      next: more(at, SERVICES[callOf(e)?.split('.')[0] ?? '']),
    }),
  ],
]
