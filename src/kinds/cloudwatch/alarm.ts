import type { ComparisonOperator, MetricAlarm, Statistic } from '@aws-sdk/client-cloudwatch'
import type { Aws } from '../../aws/clients.ts'
import { monthlyPrice } from '../../aws/prices.ts'
import { foreignTo, tagList, tagMap } from '../../aws/tags.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { AwsKind } from '../kind.ts'
import { inWantedOrder } from '../sets.ts'

export type AlarmProps = {
  description: string
  namespace: string
  metric: string
  dimensions: Readonly<Record<string, string>>
  statistic: Statistic
  /** Seconds. */
  period: number
  evaluationPeriods: number
  comparison: ComparisonOperator
  /** In the metric's own unit (bytes for storage and memory). */
  threshold: number
  treatMissing: string
  alarmActions: readonly string[]
  okActions: readonly string[]
}
export type AlarmAttrs = { id: string }

/** A metric alarm. PutMetricAlarm makes or replaces, so whose it is, is looked at before. */
export const Alarm: AwsKind<AlarmProps, AlarmAttrs> = {
  type: 'cloudwatch.alarm',
  async observe(aws, stamp, want, last, depth) {
    const name = last?.id ?? stamp.name
    const alarm =
      (await listed(aws, stamp.prefix)).find((a) => a.AlarmName === name) ??
      (name.startsWith(stamp.prefix) ? undefined : await single(aws, name))
    if (!alarm) return { is: 'absent' }
    const tags = (last && depth !== 'owner') || !alarm.AlarmArn ? undefined : await tagsAt(aws, alarm.AlarmArn)
    return {
      is: 'ready',
      attrs: { id: name },
      props: propsOf(alarm, want),
      ...(alarm.StateValue ? { note: alarm.StateValue } : {}),
      ...(tags ? { tags, ...(last ? {} : foreignTo(stamp, tags, `the alarm ${name}`)) } : {}),
    }
  },
  async create(aws, want, stamp) {
    await aws.cloudWatch('PutMetricAlarm', { ...request(stamp.name, want), Tags: tagList(stamp.tags) })
    return { attrs: { id: stamp.name }, ready: true }
  },
  async update(aws, attrs, want) {
    await aws.cloudWatch('PutMetricAlarm', request(attrs.id, want))
    return 'done'
  },
  async tag(aws, attrs, tags) {
    // PutMetricAlarm does not change the tags of an alarm that is there, and its answer has no ARN.
    const arn = (await single(aws, attrs.id))?.AlarmArn
    if (arn) await aws.cloudWatch('TagResource', { ResourceARN: arn, Tags: tagList(tags) })
  },
  async delete(aws, attrs) {
    await aws.cloudWatch('DeleteAlarms', { AlarmNames: [attrs.id] })
  },
  facts: {
    title: 'alarm',
    minutes: 0.1,
    monthly: (_want, region) => [monthlyPrice('cloudwatch.alarm', region)],
    iam: {
      observe: ['cloudwatch:DescribeAlarms', 'cloudwatch:ListTagsForResource'],
      create: ['cloudwatch:PutMetricAlarm', 'cloudwatch:TagResource'],
      update: ['cloudwatch:PutMetricAlarm', 'cloudwatch:DescribeAlarms', 'cloudwatch:TagResource'],
      delete: ['cloudwatch:DeleteAlarms'],
    },
    found: 'name',
  },
}

/** All alarms of the stack in one request. */
const listed = async (aws: Aws, prefix: string): Promise<MetricAlarm[]> => {
  const all: MetricAlarm[] = []
  for (let NextToken: string | undefined, more = true; more; more = NextToken !== undefined) {
    const page = await aws.cloudWatch('DescribeAlarms', {
      AlarmNamePrefix: prefix,
      MaxRecords: 100,
      ...(NextToken ? { NextToken } : {}),
    })
    all.push(...(page.MetricAlarms ?? []))
    NextToken = page.NextToken
  }
  return all
}

const single = async (aws: Aws, name: string): Promise<MetricAlarm | undefined> =>
  (await aws.cloudWatch('DescribeAlarms', { AlarmNames: [name] })).MetricAlarms?.find((a) => a.AlarmName === name)

const propsOf = (a: MetricAlarm, want: Partial<AlarmProps>): Partial<AlarmProps> => ({
  description: a.AlarmDescription ?? '',
  namespace: a.Namespace ?? '',
  metric: a.MetricName ?? '',
  dimensions: Object.fromEntries((a.Dimensions ?? []).map((d) => [d.Name ?? '', d.Value ?? ''])),
  ...(a.Statistic ? { statistic: a.Statistic } : {}),
  period: a.Period ?? 0,
  evaluationPeriods: a.EvaluationPeriods ?? 0,
  ...(a.ComparisonOperator ? { comparison: a.ComparisonOperator } : {}),
  threshold: a.Threshold ?? 0,
  treatMissing: a.TreatMissingData ?? 'missing',
  alarmActions: inWantedOrder(a.AlarmActions ?? [], want.alarmActions),
  okActions: inWantedOrder(a.OKActions ?? [], want.okActions),
})

const request = (name: string, want: AlarmProps) => ({
  AlarmName: name,
  AlarmDescription: want.description,
  Namespace: want.namespace,
  MetricName: want.metric,
  Dimensions: Object.entries(want.dimensions).map(([Name, Value]) => ({ Name, Value })),
  Statistic: want.statistic,
  Period: want.period,
  EvaluationPeriods: want.evaluationPeriods,
  ComparisonOperator: want.comparison,
  Threshold: want.threshold,
  TreatMissingData: want.treatMissing,
  AlarmActions: [...want.alarmActions],
  OKActions: [...want.okActions],
})

const tagsAt = async (aws: Aws, ResourceARN: string): Promise<Record<string, string>> =>
  tagMap((await unlessGone(aws.cloudWatch('ListTagsForResource', { ResourceARN })))?.Tags)
