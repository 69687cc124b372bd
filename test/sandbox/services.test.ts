import * as CloudWatch from '@aws-sdk/client-cloudwatch'
import { CreateInstanceConnectEndpointCommand, StartVpcEndpointServicePrivateDnsVerificationCommand } from '@aws-sdk/client-ec2'
import * as IAM from '@aws-sdk/client-iam'
import { DescribeCertificatesCommand } from '@aws-sdk/client-rds'
import * as Secrets from '@aws-sdk/client-secrets-manager'
import { CreateTopicCommand, ListSubscriptionsByTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { signed } from '../../src/sandbox/credentials.ts'
import { credentials, page } from '../support/credentials.ts'
import { type Clients, clients, refusal } from './support.ts'

const url = inject('motoUrl') ?? ''

describe.skipIf(!url)('the other services in the sandbox', () => {
  let aws: Clients
  beforeAll(async () => {
    aws = await clients(url)
  })

  it('keeps the name of a secret whose deletion is scheduled, and deletes it twice', async () => {
    const Name = 'shop/database'
    const create = () => refusal(aws.secrets.send(new Secrets.CreateSecretCommand({ Name, SecretString: 'x' })))
    const remove = () => aws.secrets.send(new Secrets.DeleteSecretCommand({ SecretId: Name, RecoveryWindowInDays: 7 }))
    expect(await create()).toBe('no error')
    expect(await create()).toContain('ResourceExistsException')
    const first = await remove()
    expect((await remove()).DeletionDate).toEqual(first.DeletionDate)
    expect(await create()).toMatch(/^InvalidRequestException: .*scheduled for deletion/)
    await aws.secrets.send(new Secrets.RestoreSecretCommand({ SecretId: Name }))
    await aws.secrets.send(new Secrets.DeleteSecretCommand({ SecretId: Name, ForceDeleteWithoutRecovery: true }))
    expect(await create()).toBe('no error')
  })

  it('starts an alarm without data, and leaves its state alone when it is changed', async () => {
    const metric = { Namespace: 'AWS/RDS', MetricName: 'CPUUtilization', Statistic: 'Average', Period: 300 } as const
    const alarm = { AlarmName: 'cpu', ComparisonOperator: 'GreaterThanThreshold', EvaluationPeriods: 1, ...metric } as const
    const put = (Threshold: number) => aws.cloudwatch.send(new CloudWatch.PutMetricAlarmCommand({ ...alarm, Threshold }))
    const state = async () => {
      const answer = await aws.cloudwatch.send(new CloudWatch.DescribeAlarmsCommand({ AlarmNames: ['cpu'] }))
      return [answer.MetricAlarms?.[0]?.Threshold, answer.MetricAlarms?.[0]?.StateValue]
    }
    await put(80)
    expect(await state()).toEqual([80, 'INSUFFICIENT_DATA'])
    const set = { AlarmName: 'cpu', StateValue: 'ALARM', StateReason: 'test' } as const
    await aws.cloudwatch.send(new CloudWatch.SetAlarmStateCommand(set))
    await put(90)
    expect(await state()).toEqual([90, 'ALARM'])
  })

  it('confirms an e-mail at once where everything takes 0 seconds', async () => {
    const { TopicArn } = await aws.sns.send(new CreateTopicCommand({ Name: 'now' }))
    await aws.sns.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint: 'ops@example.com' }))
    const { Subscriptions } = await aws.sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }))
    expect(Subscriptions?.[0]?.SubscriptionArn).toMatch(/^arn:aws:sns:/)
  })

  it.each([
    'service-role/AmazonRDSEnhancedMonitoringRole',
    'service-role/AmazonECSTaskExecutionRolePolicy',
    'AmazonSSMManagedInstanceCore',
  ])('attaches the managed policy %s, and keeps the role while it is attached', async (policy) => {
    const RoleName = policy.replace('service-role/', '')
    const AssumeRolePolicyDocument = '{"Version":"2012-10-17","Statement":[]}'
    await aws.iam.send(new IAM.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
    const attachment = { RoleName, PolicyArn: `arn:aws:iam::aws:policy/${policy}` }
    await aws.iam.send(new IAM.AttachRolePolicyCommand(attachment))
    const { AttachedPolicies } = await aws.iam.send(new IAM.ListAttachedRolePoliciesCommand({ RoleName }))
    expect(AttachedPolicies?.map((p) => p.PolicyArn)).toEqual([attachment.PolicyArn])
    const remove = () => refusal(aws.iam.send(new IAM.DeleteRoleCommand({ RoleName })))
    expect(await remove()).toContain('DeleteConflict')
    await aws.iam.send(new IAM.DetachRolePolicyCommand(attachment))
    expect(await remove()).toBe('no error')
  })

  it('says of an operation that it lacks that it is the sandbox, in every protocol, and once', async () => {
    const lacking = async (call: Promise<unknown>) => {
      const error = await call.then(
        () => undefined,
        (e: Error & { $metadata?: { httpStatusCode?: number } }) => e,
      )
      return [error?.name, error?.message, error?.$metadata?.httpStatusCode]
    }
    const said = (what: string) => ['NotImplemented', expect.stringContaining(`The sandbox has no ${what}; AWS has.`), 501]
    const ec2 = aws.ec2.send(new CreateInstanceConnectEndpointCommand({ SubnetId: 'subnet-1' }))
    expect(await lacking(ec2)).toEqual(said('ec2 CreateInstanceConnectEndpoint'))
    const verify = new StartVpcEndpointServicePrivateDnsVerificationCommand({ ServiceId: 'vpce-svc-1' })
    expect((await lacking(aws.ec2.send(verify)))[0]).toBe('NotImplemented')
    expect(await lacking(aws.rds.send(new DescribeCertificatesCommand({})))).toEqual(said('rds DescribeCertificates'))
    const json = aws.secrets.send(new Secrets.ValidateResourcePolicyCommand({ ResourcePolicy: '{}' }))
    expect(await lacking(json)).toEqual(said('secretsmanager ValidateResourcePolicy'))
    const history = aws.cloudwatch.send(new CloudWatch.DescribeAlarmHistoryCommand({}))
    expect(await lacking(history)).toEqual(said('monitoring DescribeAlarmHistory'))
  })

  it('answers for what it has not at all: a service in JSON and in CBOR, an address in XML', async () => {
    const post = (more: Record<string, string>) => {
      const request = { method: 'POST', url, body: '{}' }
      return fetch(url, { ...request, headers: { ...signed(credentials, { ...request, service: 'apprunner' }), ...more } })
    }
    const json = await post({ 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AppRunner.ListServices' })
    expect([json.status, await json.json()]).toEqual([
      501,
      { __type: 'NotImplemented', message: expect.stringContaining('apprunner ListServices') },
    ])
    const cbor = await post({ 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' })
    const bytes = Buffer.from(await cbor.arrayBuffer())
    expect([cbor.status, bytes[0], bytes.toString('latin1')]).toEqual([501, 0xa2, expect.stringContaining('NotImplemented')])
    const asked = { method: 'GET', url: `${url}/2020-05-31/cache-policy`, body: '', service: 'cloudfront' }
    const xml = await fetch(asked.url, { headers: signed(credentials, asked) })
    expect([xml.status, await xml.text()]).toEqual([501, expect.stringContaining('<Code>NotImplemented</Code>')])
  })

  it('shows who it is', async () => {
    expect(JSON.parse((await page(url, '/infra-sandbox')).body)).toMatchObject({
      version: '1',
      moto: expect.stringMatching(/^5\.2\./),
      seconds: { rds: 0, email: 0 },
    })
  })
})
