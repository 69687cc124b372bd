import type { Config } from '../config/config.ts'
import { Alarm } from '../kinds/cloudwatch/alarm.ts'
import { Dashboard } from '../kinds/cloudwatch/dashboard.ts'
import { Subscription } from '../kinds/sns/subscription.ts'
import { Topic } from '../kinds/sns/topic.ts'
import type { Add, Database, Lookups } from './types.ts'

/** Who is told when: a topic with its e-mails, four alarms, one dashboard. Made while the database is still starting. */
export const monitoring = (add: Add, c: Config, at: Lookups, db: Database): void => {
  const name = (rest: string) => `${c.namePrefix}-rds-${rest}`
  const beside = [db.id]
  const dimensions = { DBInstanceIdentifier: db.identifier }
  const topicArn = `arn:${at.partition}:sns:${c.region}:${at.account}:${name('alerts')}`
  const topic = add(Topic, 'alerts-topic', { arn: topicArn }, { name: name('alerts'), beside }).arn
  for (const email of c.monitoring.emails)
    add(
      Subscription,
      `alerts-email-${email.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`,
      { topicArn: topic, protocol: 'email', endpoint: email },
      { name: email, beside },
    )

  const alarm = (
    key: keyof Config['monitoring']['alarms'],
    short: string,
    metric: string,
    comparison: 'GreaterThanThreshold' | 'LessThanThreshold',
    say: string,
  ) => {
    const { threshold, periodSeconds, evaluationPeriods } = c.monitoring.alarms[key]
    add(
      Alarm,
      `${short}-alarm`,
      {
        description: `${say} of ${db.identifier}`,
        namespace: 'AWS/RDS',
        metric,
        dimensions,
        statistic: 'Average',
        period: periodSeconds,
        evaluationPeriods,
        comparison,
        threshold,
        treatMissing: 'missing',
        alarmActions: [topic],
        okActions: [],
      },
      { name: name(short), beside },
    )
  }
  alarm('cpu', 'cpu-high', 'CPUUtilization', 'GreaterThanThreshold', 'High CPU')
  alarm('connections', 'connections-high', 'DatabaseConnections', 'GreaterThanThreshold', 'Many connections')
  alarm('storage', 'storage-low', 'FreeStorageSpace', 'LessThanThreshold', 'Little free storage')
  alarm('memory', 'memory-low', 'FreeableMemory', 'LessThanThreshold', 'Little free memory')

  const widget = (title: string, metrics: readonly string[], max?: number) => ({
    type: 'metric',
    properties: {
      title,
      metrics: metrics.map((m) => ['AWS/RDS', m, 'DBInstanceIdentifier', db.identifier]),
      period: 300,
      stat: 'Average',
      region: c.region,
      yAxis: { left: { min: 0, ...(max ? { max } : {}) } },
    },
  })
  const widgets = [
    widget('CPU Utilization', ['CPUUtilization'], 100),
    widget('Database Connections', ['DatabaseConnections']),
    widget('Freeable Memory', ['FreeableMemory']),
    widget('Free Storage Space', ['FreeStorageSpace']),
    widget('Read/Write Latency', ['ReadLatency', 'WriteLatency']),
    widget('Read/Write Throughput', ['ReadThroughput', 'WriteThroughput']),
  ]
  add(Dashboard, 'dashboard', { body: { widgets } }, { name: c.monitoring.dashboardName, beside })
}
