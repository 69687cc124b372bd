import { describe, expect, it } from 'vitest'
import { checkLog } from '../../../src/ecs/checks/log.ts'
import { checkAnswers } from '../../../src/ecs/checks/metric.ts'
import { account, at, awsError, deployment, quickClock, service } from '../../ecs/support.ts'

const line = (verb: string, more = ''): string => `infra ${verb} web${more ? ` ${more}` : ''}`
const done = deployment('web:7', { rolloutState: 'COMPLETED' })
const _steady = service([done])
const REGION = 'us-east-1'

describe('what it writes', () => {
  const log = { logDriver: 'awslogs' as const, options: { 'awslogs-group': '/ecs/web', 'awslogs-stream-prefix': 'web' } }
  const event = (message: string, task = 'abc') => ({ message, logStreamName: `web/web/${task}`, timestamp: 1, eventId: message })
  const check = async (pages: object[] | Error, wishes: string[] = [], more: object = {}, logConfiguration: object = log) => {
    let n = 0
    const aws = account({ FilterLogEvents: () => (pages instanceof Error ? pages : pages[n++]) })
    const made = await checkLog({
      aws,
      definition: { family: 'web', containerDefinitions: [{ name: 'web', logConfiguration: logConfiguration as typeof log }] },
      container: 'web',
      region: REGION,
      since: at(100).getTime(),
      others: [],
      wishes,
      ours: true,
      line,
      clock: quickClock(),
      signal: new AbortController().signal,
      ...more,
    })
    return { made, sent: aws.sent.map(([, input]) => input) }
  }

  it('phrases that must be there, and that must not, on every page', async () => {
    const pages = [
      { events: [event('booting')], nextToken: 'x' },
      { events: [], nextToken: 'y' },
      { events: [event('S3 upload failed'), event('S3 upload failed')] },
    ]
    const { made, sent } = await check(pages, ['booting', 'ready', '!S3 upload failed', '!Traceback'])
    expect(made.map((c) => [c.name, c.outcome])).toEqual([
      ['log booting', 'pass'],
      ['log ready', 'fail'],
      ['log !S3 upload failed', 'fail'],
      ['log !Traceback', 'pass'],
      ['errors', 'pass'],
    ])
    expect(made[2]).toMatchObject({
      detail: expect.stringContaining('"S3 upload failed" 2 times since'),
      next: expect.stringContaining(`infra logs web --filter '"S3 upload failed"'`),
    })
    expect(sent[0]).toEqual({ logGroupName: '/ecs/web', logStreamNamePrefix: 'web/web/', startTime: at(100).getTime() })
    expect(sent).toHaveLength(3)
  })

  it.each([
    'ERROR cannot connect',
    'FATAL:  password authentication failed',
    'Traceback (most recent call last):',
    'java.lang.NullPointerException: x',
    '{"level":"error","msg":"x"}',
  ])('an error: %s', async (text) => {
    const { made } = await check([{ events: [event(text)] }])
    expect(made).toMatchObject([{ outcome: 'fail', detail: expect.stringContaining('1 of 1 line'), examples: [text] }])
  })

  it.each(['GET /errors 200', 'no exceptions', '{"level":"info","errors":0}', 'Terrific'])('no error: %s', async (text) => {
    expect((await check([{ events: [event(text)] }])).made).toMatchObject([{ outcome: 'pass' }])
  })

  it('few among many are to be looked at; many are a failure, the first three shown, without what could move the terminal', async () => {
    const fine = Array.from({ length: 399 }, (_, i) => event(`line ${i}`))
    const few = (await check([{ events: [...fine, event('ERROR \u001b[2Jx')] }])).made
    expect(few).toMatchObject([
      { outcome: 'warn', detail: expect.stringMatching(/^1 of 400 lines .*\(0\.3 %\)/), examples: ['ERROR x'] },
    ])
    const many = (await check([{ events: [...fine, ...[1, 2, 3, 4, 5].map((n) => event(`ERROR ${n}`))] }])).made
    expect(many).toMatchObject([{ outcome: 'fail', examples: ['ERROR 1', 'ERROR 2', 'ERROR 3'] }])
  })

  it('tasks of the revision before do not count', async () => {
    const { made } = await check([{ events: [event('ERROR', 'old'), event('fine')] }], [], { others: ['old'] })
    expect(made).toMatchObject([{ outcome: 'pass', detail: expect.stringMatching(/^none in 1 line since/) }])
  })

  it('an empty log, one that goes on and on, one that is missing, one elsewhere, one that nobody may read', async () => {
    expect((await check([{ events: [] }], ['x'])).made).toMatchObject([{ outcome: 'fail' }, { outcome: 'warn' }])
    const endless = { events: [event('fine')], nextToken: 'on' }
    const { made, sent } = await check(Array(100).fill(endless), ['x', '!y'])
    expect(sent).toHaveLength(30)
    expect(made).toMatchObject([
      { outcome: 'warn', detail: expect.stringContaining('no "x" in the first 30 lines') },
      { outcome: 'warn' },
      { outcome: 'pass', detail: expect.stringContaining('the first 30 lines') },
    ])
    expect((await check(awsError('ResourceNotFoundException'), ['x'])).made).toMatchObject([
      { name: 'log x', outcome: 'fail', detail: 'the log group /ecs/web is missing', next: 'infra create ecs' },
      { name: 'errors', outcome: 'fail' },
    ])
    expect((await check([], ['x'], {}, { logDriver: 'splunk' })).made).toMatchObject([{ outcome: 'skip' }, { outcome: 'skip' }])
    const barred = awsError('AccessDeniedException', 'User: me is not authorized to perform: logs:FilterLogEvents on resource: x')
    expect((await check(barred, ['x'])).made).toMatchObject([
      { name: 'log x', outcome: 'skip', detail: 'this identity may not look: logs:FilterLogEvents' },
      { name: 'errors', outcome: 'skip' },
    ])
  })
})

describe('what the load balancer has counted', () => {
  const check = async (requests: number[], errors: number[], since = 0) => {
    const aws = account({
      GetMetricData: {
        MetricDataResults: [
          { Id: 'requests', Values: requests },
          { Id: 'errors', Values: errors },
        ],
      },
    })
    const now = at(10_020).getTime()
    const arn = 'arn:aws:elasticloadbalancing:us-east-1:1:'
    const of = { group: `${arn}targetgroup/web/6d`, balancer: `${arn}loadbalancer/app/shop/50`, since, now, line }
    return {
      made: await checkAnswers(aws, of),
      sent: aws.sent[0]?.[1] as { StartTime: Date; EndTime: Date; MetricDataQueries: unknown[] },
    }
  }

  it.each([
    [[100, 100], [], 'pass', 'none of 200 requests in the last 15 minutes'],
    [[500, 500], [1], 'warn', '1 of 1000 requests in the last 15 minutes (0.1 %)'],
    [[90], [5, 5], 'fail', '10 of 90 requests in the last 15 minutes (11 %)'],
    [[], [], 'warn', 'the load balancer has counted no request in the last 15 minutes (it tells some minutes late)'],
  ])('%j requests, %j errors: %s', async (requests, errors, outcome, detail) => {
    expect((await check(requests, errors)).made).toMatchObject({ name: '5xx', outcome, detail })
  })

  it('by the names that CloudWatch has, and not from before the deployment', async () => {
    const { sent, made } = await check([1], [], at(9_725).getTime())
    expect(made.detail).toBe('none of 1 request in the last 5 minutes')
    expect(sent).toMatchObject({ StartTime: at(9_720), EndTime: at(10_020) })
    expect((await check([1], [], at(20_000).getTime())).sent).toMatchObject({ StartTime: at(9_960) })
    const Dimensions = [
      { Name: 'TargetGroup', Value: 'targetgroup/web/6d' },
      { Name: 'LoadBalancer', Value: 'app/shop/50' },
    ]
    expect(sent.MetricDataQueries).toMatchObject([
      { Id: 'requests', MetricStat: { Metric: { MetricName: 'RequestCount', Dimensions } } },
      { Id: 'errors', MetricStat: { Metric: { MetricName: 'HTTPCode_Target_5XX_Count', Dimensions } } },
    ])
  })
})
