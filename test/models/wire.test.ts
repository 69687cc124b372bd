import { fileURLToPath } from 'node:url'
import { CloudWatchClient, GetMetricDataCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateNatGatewayCommand,
  DescribeVpcsCommand,
  EC2Client,
  ModifyVpcAttributeCommand,
} from '@aws-sdk/client-ec2'
import { ECSClient, RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs'
import { CreateListenerCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2'
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { CreateDBInstanceCommand, ModifyDBParameterGroupCommand, RDSClient } from '@aws-sdk/client-rds'
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns'
import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { describe, expect, it } from 'vitest'
import { violationsOf } from '../support/models/check.ts'
import { serviceModel } from '../support/models/model.ts'
import { serviceOf, type Wire } from '../support/models/request.ts'
import { read } from '../support/models/wire.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Sendable {
  send(command: unknown): Promise<unknown>
}
type Http = {
  method: string
  path: string
  query?: Record<string, string | string[] | null>
  headers: Wire['headers']
  body?: unknown
}

/** What the SDK would put on the wire. */
const wireOf = async (Client: new (config: never) => unknown, command: unknown, more: object = {}): Promise<Wire> => {
  const sent: Http[] = []
  const handle = async (request: Http): Promise<never> => {
    sent.push(request)
    throw Object.assign(new Error('enough'), { $retryable: undefined })
  }
  const client = new Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'x' },
    endpoint: 'http://127.0.0.1:1',
    maxAttempts: 1,
    requestHandler: { handle },
    ...more,
  } as never) as Sendable
  await client.send(command).catch((error: Error) => {
    if (error.message !== 'enough') throw error
  })
  const [http] = sent
  if (!http) throw new Error('nothing was sent')
  const query = Object.entries(http.query ?? {}).flatMap(([key, value]) =>
    [value].flat().map((v) => (v === null ? encodeURIComponent(key) : `${encodeURIComponent(key)}=${encodeURIComponent(v)}`)),
  )
  const headers = Object.fromEntries(Object.entries(http.headers).map(([key, value]) => [key.toLowerCase(), value]))
  const { body = '' } = http
  const bytes =
    body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : Buffer.from(String(body))
  return { method: http.method, path: query.length > 0 ? `${http.path}?${query.join('&')}` : http.path, headers, body: bytes }
}

const back = async (Client: new (config: never) => unknown, command: unknown, more?: object) => {
  const wire = await wireOf(Client, command, more)
  const service = serviceOf(wire) ?? ''
  const model = serviceModel(root, service)
  if (!model) throw new Error(`no model of ${service}`)
  const { operation, input } = read(model, wire)
  return { name: `${service}.${operation}`, input, refused: violationsOf(model, operation, input) }
}

const DAY = new Date('2026-11-30T00:00:00Z')
const S3 = { forcePathStyle: true }

const cases: [name: string, Client: new (config: never) => unknown, command: { input: object }, more?: object][] = [
  [
    'ec2.AuthorizeSecurityGroupIngress',
    EC2Client,
    new AuthorizeSecurityGroupIngressCommand({
      GroupId: 'sg-1',
      IpPermissions: [
        { IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, UserIdGroupPairs: [{ GroupId: 'sg-2', Description: 'a b' }] },
        { IpProtocol: '-1', IpRanges: [{ CidrIp: '10.0.0.0/16' }, { CidrIp: '10.1.0.0/16' }] },
      ],
      TagSpecifications: [{ ResourceType: 'security-group-rule', Tags: [{ Key: 'Name', Value: 'x & y=z' }] }],
    }),
  ],
  [
    'ec2.DescribeVpcs',
    EC2Client,
    new DescribeVpcsCommand({ VpcIds: ['vpc-1'], Filters: [{ Name: 'tag:a', Values: ['1', '2'] }] }),
  ],
  ['ec2.ModifyVpcAttribute', EC2Client, new ModifyVpcAttributeCommand({ VpcId: 'vpc-1', EnableDnsHostnames: { Value: true } })],
  ['ec2.CreateNatGateway', EC2Client, new CreateNatGatewayCommand({ SubnetId: 'subnet-1', ClientToken: 't' })],
  [
    'rds.CreateDBInstance',
    RDSClient,
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: 'db',
      DBInstanceClass: 'db.t4g.micro',
      Engine: 'postgres',
      AllocatedStorage: 20,
      MultiAZ: false,
      VpcSecurityGroupIds: ['sg-1', 'sg-2'],
      EnableCloudwatchLogsExports: ['postgresql'],
      Tags: [{ Key: 'a', Value: '1' }],
    }),
  ],
  [
    'rds.ModifyDBParameterGroup',
    RDSClient,
    new ModifyDBParameterGroupCommand({
      DBParameterGroupName: 'g',
      Parameters: [{ ParameterName: 'p', ParameterValue: '1', ApplyMethod: 'immediate' }],
    }),
  ],
  [
    'elasticloadbalancing.CreateListener',
    ElasticLoadBalancingV2Client,
    new CreateListenerCommand({
      LoadBalancerArn: 'arn',
      Protocol: 'HTTPS',
      Port: 443,
      Certificates: [{ CertificateArn: 'arn' }],
      DefaultActions: [
        {
          Type: 'forward',
          ForwardConfig: {
            TargetGroups: [
              { TargetGroupArn: 'a', Weight: 1 },
              { TargetGroupArn: 'b', Weight: 0 },
            ],
          },
        },
      ],
    }),
  ],
  [
    'iam.CreateRole',
    IAMClient,
    new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: '{"a":1}', Tags: [{ Key: 'a', Value: '' }] }),
  ],
  [
    'sns.CreateTopic',
    SNSClient,
    new CreateTopicCommand({ Name: 't', Attributes: { FifoTopic: 'true', DisplayName: 'x' }, Tags: [{ Key: 'a', Value: '1' }] }),
  ],
  ['sns.Subscribe', SNSClient, new SubscribeCommand({ TopicArn: 'arn', Protocol: 'email', Endpoint: 'a@b.c' })],
  [
    'sts.AssumeRoleWithWebIdentity',
    STSClient,
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: 'arn:aws:iam::111122223333:role/r',
      RoleSessionName: 'me',
      WebIdentityToken: 'text',
    }),
  ],
  [
    'ecs.RegisterTaskDefinition',
    ECSClient,
    new RegisterTaskDefinitionCommand({
      family: 'f',
      containerDefinitions: [
        { name: 'c', image: 'i', environment: [{ name: 'A', value: '1' }], dockerLabels: { a: 'b' }, essential: true },
      ],
    }),
  ],
  [
    'logs.FilterLogEvents',
    CloudWatchLogsClient,
    new FilterLogEventsCommand({ logGroupName: 'g', startTime: 5, logStreamNames: ['s'] }),
  ],
  [
    'monitoring.PutMetricAlarm',
    CloudWatchClient,
    new PutMetricAlarmCommand({
      AlarmName: 'a',
      ComparisonOperator: 'GreaterThanThreshold',
      EvaluationPeriods: 3,
      Threshold: 80.5,
      Dimensions: [{ Name: 'n', Value: 'v' }],
    }),
  ],
  [
    'monitoring.GetMetricData',
    CloudWatchClient,
    new GetMetricDataCommand({
      StartTime: DAY,
      EndTime: DAY,
      MetricDataQueries: [{ Id: 'a', MetricStat: { Metric: { Namespace: 'n', MetricName: 'm' }, Period: 60, Stat: 'Sum' } }],
    }),
  ],
  ['s3.GetObject', S3Client, new GetObjectCommand({ Bucket: 'b', Key: 'a/b c.json', VersionId: 'v' }), S3],
  ['s3.GetObject', S3Client, new GetObjectCommand({ Bucket: 'b-ucket', Key: 'k' }), { endpoint: 'http://localhost:1' }],
  ['s3.HeadObject', S3Client, new HeadObjectCommand({ Bucket: 'b', Key: 'k' }), S3],
  ['s3.HeadBucket', S3Client, new HeadBucketCommand({ Bucket: 'b' }), S3],
  ['s3.DeleteObject', S3Client, new DeleteObjectCommand({ Bucket: 'b', Key: 'k' }), S3],
  ['s3.CopyObject', S3Client, new CopyObjectCommand({ Bucket: 'b', Key: 'k', CopySource: 'b/other' }), S3],
  ['s3.ListObjectsV2', S3Client, new ListObjectsV2Command({ Bucket: 'b', Prefix: 'p/', MaxKeys: 3 }), S3],
  ['s3.CreateMultipartUpload', S3Client, new CreateMultipartUploadCommand({ Bucket: 'b', Key: 'k', Metadata: { a: '1' } }), S3],
  [
    's3.PutBucketVersioning',
    S3Client,
    new PutBucketVersioningCommand({ Bucket: 'b', VersioningConfiguration: { Status: 'Enabled' } }),
    S3,
  ],
  [
    's3.CreateBucket',
    S3Client,
    new CreateBucketCommand({ Bucket: 'b', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
    S3,
  ],
  [
    's3.CompleteMultipartUpload',
    S3Client,
    new CompleteMultipartUploadCommand({
      Bucket: 'b',
      Key: 'k',
      UploadId: 'u',
      MultipartUpload: {
        Parts: [
          { PartNumber: 1, ETag: '"e"' },
          { PartNumber: 2, ETag: '"f"' },
        ],
      },
    }),
    S3,
  ],
]

const service = (name: string): string => name.split('.')[0] ?? ''
/** CBOR writes times as numbers. */
const inSeconds = (given: object): object =>
  Object.fromEntries(Object.entries(given).map(([key, value]) => [key, value instanceof Date ? value.getTime() / 1000 : value]))

describe('a request is read back from the wire as it was given to the SDK', () => {
  it.each(cases)('%s', async (name, Client, command, more) => {
    const got = await back(Client, command, more)
    expect(got.name).toBe(name)
    const { Body: _, ...given } = command.input as Record<string, unknown>
    expect(got.input).toMatchObject(service(name) === 'monitoring' ? inSeconds(given) : given)
    expect(got.refused).toEqual([])
  })

  it('bodies of S3 are bytes', async () => {
    for (const [name, command] of [
      ['s3.PutObject', new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: 'text', IfNoneMatch: '*' })],
      ['s3.UploadPart', new UploadPartCommand({ Bucket: 'b', Key: 'k', Body: 'text', PartNumber: 2, UploadId: 'u' })],
    ] as const) {
      const got = await back(S3Client, command, { ...S3, requestChecksumCalculation: 'WHEN_REQUIRED' })
      expect([got.name, got.refused, String((got.input as { Body: Buffer }).Body)]).toEqual([name, [], 'text'])
    }
  })
})

describe('what is wrong on the wire shows', () => {
  const wire = (service: string, headers: object, body: string): Wire => ({
    method: 'POST',
    path: '/',
    headers: { authorization: `AWS4-HMAC-SHA256 Credential=A/20261130/us-east-1/${service}/aws4_request`, ...headers },
    body: Buffer.from(body),
  })
  const wrong = (request: Wire): string[] => {
    const model = serviceModel(root, serviceOf(request) ?? '')
    if (!model) throw new Error('no model')
    const { operation, input } = read(model, request)
    return violationsOf(model, operation, input).map(({ member, rule }) => `${member} ${rule}`)
  }

  it('in forms', () => {
    expect(wrong(wire('ec2', {}, 'Action=DescribeVpcs&MaxResults=many&Filters.1.Name=a'))).toEqual([
      'MaxResults is string many, not a whole number of 32 bits',
      'Filters (on the wire) is unknown',
    ])
    expect(wrong(wire('rds', {}, 'Action=DeleteDBInstance&SkipFinalSnapshot=yes'))).toEqual([
      'DBInstanceIdentifier is required',
      'SkipFinalSnapshot is string yes, not true or false',
    ])
  })

  it('in JSON', () => {
    const target = { 'x-amz-target': 'AmazonEC2ContainerServiceV20141113.ListTasks' }
    expect(wrong(wire('ecs', target, '{"desiredStatus":"UP","clusters":["a"]}'))).toEqual([
      'desiredStatus "UP" is none of RUNNING, PENDING, STOPPED',
      'clusters is unknown',
    ])
  })

  it('a service is known by its signature, a signed address, or the name in the user agent of what is not signed', () => {
    const base = { method: 'GET', body: Buffer.alloc(0) }
    expect(serviceOf({ ...base, headers: { authorization: 'Credential=A/20261130/r/rds/aws4_request' }, path: '/' })).toBe('rds')
    expect(serviceOf({ headers: {}, path: '/?X-Amz-Credential=A%2F20261130%2Fr%2Fs3%2Faws4_request&x=1' })).toBe('s3')
    expect(serviceOf({ headers: { 'user-agent': 'aws-sdk-js/3 api/sts#3.1' }, path: '/' })).toBe('sts')
    expect(serviceOf({ headers: { 'user-agent': 'node' }, path: '/' })).toBeUndefined()
  })
})
