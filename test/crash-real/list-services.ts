import {
  CloudWatchClient,
  ListTagsForResourceCommand as CloudWatchTagsCommand,
  DescribeAlarmsCommand,
  GetDashboardCommand,
  ListDashboardsCommand,
} from '@aws-sdk/client-cloudwatch'
import {
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
} from '@aws-sdk/client-iam'
import { GetSecretValueCommand, ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import {
  ListSubscriptionsCommand,
  ListTopicsCommand,
  SNSClient,
  ListTagsForResourceCommand as SnsTagsCommand,
} from '@aws-sdk/client-sns'
import { type Account, clientConfig } from '../support/account.ts'
import { labelOf, type Thing, tagsOf } from './thing.ts'

/** Keys of the preset's secret whose values nobody chose. */
export const GENERATED: ReadonlySet<string> = new Set(['master_password', 'password', 'django_secret_key', 'superuser_password'])

/** A secret's values: generated ones by their length only, so that two accounts can be compared and no report holds a password. */
const keysIn = (text: string | undefined): object =>
  Object.fromEntries(
    Object.entries(JSON.parse(text ?? '{}') as Record<string, unknown>).map(([k, v]) => [
      k,
      GENERATED.has(k) ? `${String(v).length} characters` : v,
    ]),
  )

export const listSecrets = async (account: Account): Promise<Thing[]> => {
  const client = new SecretsManagerClient(clientConfig(account))
  const { SecretList = [] } = await client.send(new ListSecretsCommand({ IncludePlannedDeletion: true }))
  return Promise.all(
    SecretList.map(async (s) => {
      const value = s.DeletedDate ? undefined : await client.send(new GetSecretValueCommand({ SecretId: s.ARN }))
      const view = { tags: tagsOf(s.Tags), description: s.Description, deleted: s.DeletedDate !== undefined }
      return {
        type: 'secret',
        label: s.Name ?? '',
        ids: [s.Name ?? '', s.ARN ?? ''],
        view: { ...view, ...(value ? { keys: keysIn(value.SecretString) } : {}) },
      }
    }),
  )
}

export const listRoles = async (account: Account): Promise<Thing[]> => {
  const iam = new IAMClient(clientConfig(account))
  const { Roles = [] } = await iam.send(new ListRolesCommand({}))
  return Promise.all(
    Roles.map(async ({ RoleName, Arn, AssumeRolePolicyDocument, Description }) => {
      const [attached, inline, tags] = await Promise.all([
        iam.send(new ListAttachedRolePoliciesCommand({ RoleName })),
        iam.send(new ListRolePoliciesCommand({ RoleName })),
        iam.send(new ListRoleTagsCommand({ RoleName })),
      ])
      const policies = [...(attached.AttachedPolicies ?? []).map((p) => p.PolicyArn), ...(inline.PolicyNames ?? [])].sort()
      const view = { policies, trust: decodeURIComponent(AssumeRolePolicyDocument ?? ''), Description, tags: tagsOf(tags.Tags) }
      return { type: 'role', label: RoleName ?? '', ids: [RoleName ?? '', Arn ?? ''], view }
    }),
  )
}

export const listTopics = async (account: Account): Promise<Thing[]> => {
  const sns = new SNSClient(clientConfig(account))
  const [{ Topics = [] }, { Subscriptions = [] }] = await Promise.all([
    sns.send(new ListTopicsCommand({})),
    sns.send(new ListSubscriptionsCommand({})),
  ])
  const topics = Topics.map(async ({ TopicArn }) => {
    const tags = tagsOf((await sns.send(new SnsTagsCommand({ ResourceArn: TopicArn }))).Tags)
    return { type: 'topic', label: labelOf(tags), ids: [TopicArn ?? ''], view: { arn: TopicArn, tags } }
  })
  const subscriptions = Subscriptions.map(({ SubscriptionArn, Endpoint, Protocol, TopicArn }) => ({
    type: 'subscription',
    label: Endpoint ?? '',
    // Before the person has confirmed it, it has no ARN, and its endpoint is all that a row can know.
    ids: [SubscriptionArn ?? '', Endpoint ?? ''],
    view: { Protocol, TopicArn, confirmed: SubscriptionArn?.startsWith('arn:') },
  }))
  return [...(await Promise.all(topics)), ...subscriptions]
}

const CREATED_BY = /:createdBy\/[\w-]+/
const SCALING = /^(TargetTracking-.*-Alarm(?:High|Low))-.*$/

export const listAlarms = async (account: Account): Promise<Thing[]> => {
  const client = new CloudWatchClient(clientConfig(account))
  const [{ MetricAlarms = [] }, { DashboardEntries = [] }] = await Promise.all([
    client.send(new DescribeAlarmsCommand({})),
    client.send(new ListDashboardsCommand({})),
  ])
  const alarms = MetricAlarms.map(async (a) => ({
    type: 'alarm',
    // Those of a scaling policy come and go with it, and have a number of their own in the name.
    label: (a.AlarmName ?? '').replace(SCALING, '$1'),
    implied: SCALING.test(a.AlarmName ?? ''),
    ids: [a.AlarmName ?? '', a.AlarmArn ?? ''],
    view: {
      what: [a.Namespace, a.MetricName, a.Statistic, a.ComparisonOperator, a.Threshold, a.Period, a.EvaluationPeriods].join(' '),
      dimensions: a.Dimensions?.map((d) => `${d.Name}=${d.Value}`),
      description: a.AlarmDescription?.replace(CREATED_BY, ''),
      actions: a.AlarmActions?.map((arn) => arn.replace(CREATED_BY, '')),
      tags: tagsOf((await client.send(new CloudWatchTagsCommand({ ResourceARN: a.AlarmArn }))).Tags),
    },
  }))
  const dashboards = DashboardEntries.map(async ({ DashboardName }) => ({
    type: 'dashboard',
    label: DashboardName ?? '',
    ids: [DashboardName ?? ''],
    view: JSON.parse((await client.send(new GetDashboardCommand({ DashboardName }))).DashboardBody ?? '{}') as object,
  }))
  return Promise.all([...alarms, ...dashboards])
}

/** All that is secret in an account: to look for where it must not be. Never printed. */
export const secretTexts = async (account: Account): Promise<string[]> => {
  const client = new SecretsManagerClient(clientConfig(account))
  const { SecretList = [] } = await client.send(new ListSecretsCommand({}))
  const values = await Promise.all(SecretList.map((s) => client.send(new GetSecretValueCommand({ SecretId: s.ARN }))))
  return values.flatMap((v) => v.SecretString ?? [])
}
