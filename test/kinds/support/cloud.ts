import { ACMClient } from '@aws-sdk/client-acm'
import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling'
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs'
import { EC2Client } from '@aws-sdk/client-ec2'
import { ECRClient } from '@aws-sdk/client-ecr'
import { ECSClient } from '@aws-sdk/client-ecs'
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2'
import { IAMClient } from '@aws-sdk/client-iam'
import { RDSClient } from '@aws-sdk/client-rds'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SNSClient } from '@aws-sdk/client-sns'
import { SSMClient } from '@aws-sdk/client-ssm'
import { mockClient } from 'aws-sdk-client-mock'
import { type Aws, connect } from '../../../src/aws/clients.ts'
import { KEY_TAG, STACK_TAG } from '../../../src/aws/tags.ts'
import type { Stamp } from '../../../src/engine/kind.ts'
import { checkInput } from '../../support/models/watch.ts'

export type Input = Readonly<Record<string, unknown>>
/** One call as the SDK got it. */
export type Sent = readonly [operation: string, input: Input]
/** What AWS answers by operation: an output, an error (thrown), or a function of the input that gives one of the two. */
export type Answers = Readonly<Record<string, unknown>>

/** By the word that IAM has for the service. */
const mocks = {
  acm: mockClient(ACMClient),
  'application-autoscaling': mockClient(ApplicationAutoScalingClient),
  cloudwatch: mockClient(CloudWatchClient),
  ec2: mockClient(EC2Client),
  ecr: mockClient(ECRClient),
  ecs: mockClient(ECSClient),
  elasticloadbalancing: mockClient(ElasticLoadBalancingV2Client),
  iam: mockClient(IAMClient),
  logs: mockClient(CloudWatchLogsClient),
  rds: mockClient(RDSClient),
  secretsmanager: mockClient(SecretsManagerClient),
  sns: mockClient(SNSClient),
  ssm: mockClient(SSMClient),
}

export const aws: Aws = {
  ...connect({
    region: 'us-east-1',
    sandbox: { url: 'http://127.0.0.1:1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } },
  }),
  // What is inside a database server: answered from the same table, and no call of the SDK.
  sql: ((operation: string, input: Input) => answered('sql', operation, input)) as unknown as Aws['sql'],
}

interface Command {
  readonly constructor: { readonly name: string }
  readonly input: object
}

export interface Cloud {
  /** All calls, in order. */
  readonly sent: Sent[]
  /** The IAM actions that these calls need. */
  readonly actions: Set<string>
  readonly reads: Sent[]
  readonly writes: Sent[]
}

/** The account that answers now. */
let account: { readonly answers: Answers; readonly sent: Sent[]; readonly actions: Set<string> } = {
  answers: {},
  sent: [],
  actions: new Set(),
}

const answered = async (service: string, operation: string, input: Input): Promise<unknown> => {
  const { answers, sent } = account
  sent.push([operation, input])
  if (!(operation in answers)) throw new Error(`unexpected call: ${service} ${operation} ${JSON.stringify(input)}`)
  const given = answers[operation]
  const answer: unknown = typeof given === 'function' ? given(input) : given
  if (answer instanceof Error) throw answer
  return answer
}

/** Where the name that requests are signed for is another. */
const SIGNED: Readonly<Record<string, string>> = { cloudwatch: 'monitoring' }

for (const [service, mock] of Object.entries(mocks)) {
  const stub = mock.send as unknown as { callsFake(fake: (command: Command) => Promise<unknown>): void }
  stub.callsFake(async (command) => {
    const operation = command.constructor.name.replace(/Command$/, '')
    const input = command.input as Input
    checkInput(SIGNED[service] ?? service, operation, input)
    for (const action of actionsOf(service, operation, input)) account.actions.add(action)
    return answered(service, operation, input)
  })
}

/** An account in which only the given operations are answered; any other call is an error. */
export const cloud = (answers: Answers): Cloud => {
  const sent: Sent[] = []
  const actions = new Set<string>()
  account = { answers, sent, actions }
  for (const mock of Object.values(mocks)) mock.resetHistory()
  return {
    sent,
    actions,
    get reads() {
      return sent.filter(([operation]) => isRead(operation))
    },
    get writes() {
      return sent.filter(([operation]) => !isRead(operation))
    },
  }
}

const isRead = (operation: string): boolean => /^(Describe|Get|List|Look|Login|Sessions)/.test(operation)

/** Tags in a create call need their own permission. */
const TAGGING: Readonly<Record<string, string>> = {
  acm: 'acm:AddTagsToCertificate',
  'application-autoscaling': 'application-autoscaling:TagResource',
  cloudwatch: 'cloudwatch:TagResource',
  ecr: 'ecr:TagResource',
  ecs: 'ecs:TagResource',
  elasticloadbalancing: 'elasticloadbalancing:AddTags',
  iam: 'iam:TagRole',
  logs: 'logs:TagResource',
  rds: 'rds:AddTagsToResource',
  secretsmanager: 'secretsmanager:TagResource',
  sns: 'sns:TagResource',
}

/** Fields that hand a role to a service. */
const ROLES = ['MonitoringRoleArn', 'executionRoleArn', 'taskRoleArn', 'IamInstanceProfile']

const actionsOf = (service: string, operation: string, input: Input): string[] => [
  `${service}:${operation}`,
  ...(input.TagSpecifications !== undefined ? ['ec2:CreateTags'] : []),
  ...((input.Tags ?? input.tags) !== undefined && /^(Create|Put|Register|Request)/.test(operation) && service !== 'ec2'
    ? [operation === 'CreateInstanceProfile' ? 'iam:TagInstanceProfile' : (TAGGING[service] ?? '?')]
    : []),
  ...(operation === 'AddRoleToInstanceProfile' || ROLES.some((field) => input[field] !== undefined) ? ['iam:PassRole'] : []),
  ...(input.FinalDBSnapshotIdentifier !== undefined ? ['rds:CreateDBSnapshot'] : []),
]

/** An error by the name that AWS gives it. */
export const awsError = (name: string, message = name, httpStatusCode = 400): Error =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode } })

export const stamp: Stamp = {
  key: 'the-key',
  name: 'shop-dev-thing',
  tags: { Name: 'shop-dev-thing', Project: 'shop', [STACK_TAG]: 'shop/dev', [KEY_TAG]: 'the-key' },
  prefix: 'shop-dev-',
  stack: 'shop/dev',
  token: 'token-of-this-very-generation-of-it',
}

export const TAG_LIST = Object.entries(stamp.tags).map(([Key, Value]) => ({ Key, Value }))
export const tagged = (type: string) => ({ TagSpecifications: [{ ResourceType: type, Tags: TAG_LIST }] })
