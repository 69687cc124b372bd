import type { Aws } from '../../aws/clients.ts'
import { type Check, type Line, many, percent, TOO_MANY } from './check.ts'

/** As far back, in minutes, but not before the deployment. */
const WINDOW = 15

/** `app/web/50dc6c495c0c9188` and `targetgroup/web/6d0ecf831eec9f09`: by these CloudWatch knows them. */
const suffix = (arn: string): string =>
  arn
    .split(':')
    .slice(5)
    .join(':')
    .replace(/^loadbalancer\//, '')

/**
 * How many of the answers of the application were 5xx, as the load balancer has counted them.
 * docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
 */
export const checkAnswers = async (
  aws: Pick<Aws, 'cloudWatch'>,
  of: { readonly group: string; readonly balancer: string; readonly since: number; readonly now: number; line: Line },
): Promise<Check> => {
  const name = '5xx'
  // A clock that is behind that of AWS must not ask for a time that ends before it begins.
  const from = Math.min(of.now - 60_000, Math.floor(of.since / 60_000) * 60_000)
  const StartTime = new Date(Math.max(of.now - WINDOW * 60_000, from))
  const minutes = Math.max(1, Math.round((of.now - StartTime.getTime()) / 60_000))
  const Dimensions = [
    { Name: 'TargetGroup', Value: suffix(of.group) },
    { Name: 'LoadBalancer', Value: suffix(of.balancer) },
  ]
  const query = (Id: string, MetricName: string) => ({
    Id,
    MetricStat: { Metric: { Namespace: 'AWS/ApplicationELB', MetricName, Dimensions }, Period: 60, Stat: 'Sum' },
  })
  const { MetricDataResults = [] } = await aws.cloudWatch('GetMetricData', {
    StartTime,
    EndTime: new Date(of.now),
    MetricDataQueries: [query('requests', 'RequestCount'), query('errors', 'HTTPCode_Target_5XX_Count')],
  })
  const sum = (id: string): number =>
    MetricDataResults.filter((r) => r.Id === id).reduce((n, r) => n + (r.Values ?? []).reduce((a, b) => a + b, 0), 0)
  const [requests, errors] = [sum('requests'), sum('errors')]
  const when = `in the last ${many(minutes, 'minute')}`
  if (requests + errors === 0)
    return { name, outcome: 'warn', detail: `the load balancer has counted no request ${when} (it tells some minutes late)` }
  if (errors === 0) return { name, outcome: 'pass', detail: `none of ${many(requests, 'request')} ${when}` }
  const share = errors / Math.max(requests, errors)
  return {
    name,
    outcome: share >= TOO_MANY ? 'fail' : 'warn',
    detail: `${errors} of ${many(requests, 'request')} ${when} (${percent(share)})`,
    next: `${of.line('logs', '--filter ERROR')}; ${of.line('rollback')} goes back`,
  }
}

/** The load balancer that uses a target group, by ARN; undefined where none does. */
export const balancerOf = async (aws: Pick<Aws, 'elb'>, group: string): Promise<string | undefined> => {
  const { TargetGroups = [] } = await aws.elb('DescribeTargetGroups', { TargetGroupArns: [group] })
  return TargetGroups[0]?.LoadBalancerArns?.[0]
}
