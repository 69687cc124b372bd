import { ResourceNotFound } from '@aws-sdk/client-cloudwatch'
import { describe, expect, it } from 'vitest'
import { Alarm } from '../../../src/kinds/cloudwatch/alarm.ts'
import { Dashboard } from '../../../src/kinds/cloudwatch/dashboard.ts'
import { aws, cloud, type Input, stamp, TAG_LIST } from '../support/cloud.ts'

describe('alarm', () => {
  const alarm = (AlarmName: string) => ({ AlarmName, AlarmArn: `arn:${AlarmName}`, StateValue: 'ALARM' })

  it('is looked for among all of the stack: one request that all alarms share', async () => {
    const account = cloud({
      DescribeAlarms: { MetricAlarms: [alarm('shop-dev-other'), alarm(stamp.name)] },
      ListTagsForResource: { Tags: TAG_LIST },
    })
    expect(await Alarm.observe(aws, stamp, {})).toMatchObject({ is: 'ready', note: 'ALARM', attrs: { id: stamp.name } })
    expect(account.sent).toEqual([
      ['DescribeAlarms', { AlarmNamePrefix: 'shop-dev-', MaxRecords: 100 }],
      ['ListTagsForResource', { ResourceARN: `arn:${stamp.name}` }],
    ])
  })

  it('that is recorded is not asked for its tags', async () => {
    const account = cloud({ DescribeAlarms: { MetricAlarms: [alarm(stamp.name)] } })
    await Alarm.observe(aws, stamp, {}, { id: stamp.name })
    expect(account.sent).toHaveLength(1)
  })

  it('whose name is outside of the prefix is asked for by name', async () => {
    const account = cloud({
      DescribeAlarms: ({ AlarmNames }: Input) => ({ MetricAlarms: AlarmNames ? [alarm('MyAlarm')] : [] }),
      ListTagsForResource: { Tags: TAG_LIST },
    })
    const seen = await Alarm.observe(aws, { ...stamp, name: 'MyAlarm' }, {})
    expect(seen).toMatchObject({ is: 'ready', attrs: { id: 'MyAlarm' } })
    expect(account.sent[1]).toEqual(['DescribeAlarms', { AlarmNames: ['MyAlarm'] }])
  })

  it('is found on a later page', async () => {
    cloud({
      DescribeAlarms: ({ NextToken }: Input) =>
        NextToken === undefined
          ? { MetricAlarms: [alarm('shop-dev-a')], NextToken: 'more' }
          : { MetricAlarms: [alarm(stamp.name)] },
      ListTagsForResource: { Tags: TAG_LIST },
    })
    expect((await Alarm.observe(aws, stamp, {})).is).toBe('ready')
  })

  it('does not touch its tags when it is changed: PutMetricAlarm ignores them there', async () => {
    const account = cloud({ PutMetricAlarm: {} })
    await Alarm.update?.(
      aws,
      { id: stamp.name },
      {
        description: '',
        namespace: 'AWS/RDS',
        metric: 'CPUUtilization',
        dimensions: {},
        statistic: 'Average',
        period: 60,
        evaluationPeriods: 1,
        comparison: 'GreaterThanThreshold',
        threshold: 0,
        treatMissing: 'missing',
        alarmActions: [],
        okActions: [],
      },
      ['threshold'],
    )
    expect(account.sent[0]?.[1]).not.toHaveProperty('Tags')
    expect(account.sent[0]?.[1].Threshold).toBe(0)
  })
})

describe('dashboard', () => {
  const want = { body: { widgets: [{ a: 1, b: 2 }] } }
  const look = (DashboardBody: string, last?: { id: string }) => {
    cloud({ GetDashboard: { DashboardBody } })
    return Dashboard.observe(aws, stamp, want, last)
  }
  const same = '{"widgets":[{"b":2,"a":1}]}'
  const other = '{"widgets":[]}'

  it.each([
    ['not recorded, with another body', other, undefined, true],
    ['not recorded, with no JSON in it', 'oops', undefined, true],
    ['not recorded, with the very body (a crash came before the record)', same, undefined, false],
    ['recorded, with another body (somebody edited it)', other, { id: stamp.name }, false],
  ])('%s: foreign is %4$s', async (_, body, last, foreign) => {
    const seen = await look(body, last)
    expect(seen.is !== 'absent' && seen.foreign !== undefined).toBe(foreign)
  })

  it('is absent by the other name of the error, too', async () => {
    cloud({ GetDashboard: new ResourceNotFound({ message: 'x', $metadata: {} }) })
    expect((await Dashboard.observe(aws, stamp, want)).is).toBe('absent')
  })
})
