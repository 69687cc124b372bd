import { describe, expect, it } from 'vitest'
import { checklist, type Wishes } from '../../../src/commands/service/verify/checks.ts'
import type { Check } from '../../../src/ecs/checks/check.ts'
import type { Found } from '../../../src/ecs/service.ts'
import type { ServicePlace } from '../../../src/session/service.ts'
import { account, arnOf, awsError, deployment, service, task } from '../../ecs/support.ts'

const GROUP = 'arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/web/1'
const definition = {
  taskDefinitionArn: arnOf('web:7'),
  family: 'web',
  containerDefinitions: [{ name: 'web', environment: [{ name: 'A', value: '1' }] }],
}

describe('the checklist', () => {
  const all = async (
    answers: object,
    more: object = {},
    wish: Partial<Wishes> = {},
    loadBalancers = [{ targetGroupArn: GROUP }],
  ) => {
    const done = service([deployment('web:7', { rolloutState: 'COMPLETED' })], { loadBalancers })
    const found: Found = { cluster: 'shop', name: 'web', service: done, definition }
    const p = {
      aws: account({ ListTasks: { taskArns: [] }, DescribeTargetHealth: {}, DescribeTargetGroups: {}, ...answers }),
      line: (verb: string) => `infra ${verb} web`,
      region: 'us-east-1',
      named: { key: undefined, cluster: 'shop', name: 'web' },
      signal: new AbortController().signal,
      ...more,
    } as unknown as ServicePlace
    const made = await Promise.all(
      checklist(p, found, { url: undefined, since: undefined, container: 'web', expect: [], log: [], ...wish }),
    )
    return new Map(made.flat().map((c): [string, Check] => [c.name, c]))
  }

  it('in the sandbox the endpoint is skipped and not passed, unless a person names one', async () => {
    expect((await all({}, { sandbox: true })).get('health')).toEqual({
      name: 'health',
      outcome: 'skip',
      detail: 'a load balancer of the sandbox answers nobody',
      next: expect.stringContaining('--url'),
    })
    const named = await all({}, { sandbox: true }, { url: new URL('http://127.0.0.1:1/') })
    expect(named.get('health')).toMatchObject({ outcome: 'fail', detail: expect.stringContaining('the connection is refused') })
  })

  it('two target groups have a line each', async () => {
    const two = [{ targetGroupArn: GROUP }, { targetGroupArn: GROUP.replace('web/1', 'api/2') }]
    expect([...(await all({}, { sandbox: true }, {}, two)).keys()].filter((n) => / (web|api)$/.test(n))).toEqual([
      'targets web',
      'targets api',
      '5xx web',
      '5xx api',
    ])
  })

  it('a variable must be in all revisions that run; who may not list them is told of the one of the service', async () => {
    const older = task('web:6')
    const two = {
      ListTasks: { taskArns: ['x'] },
      DescribeTasks: { tasks: [older] },
      DescribeTaskDefinition: {
        taskDefinition: { ...definition, taskDefinitionArn: arnOf('web:6'), containerDefinitions: [{ name: 'web' }] },
      },
    }
    expect((await all(two, {}, { expect: ['A'] })).get('env A')).toMatchObject({
      outcome: 'fail',
      detail: 'not in web:6, which runs',
    })
    const barred = await all({ ListTasks: awsError('AccessDeniedException') }, {}, { expect: ['A'] })
    expect(barred.get('env A')).toMatchObject({ outcome: 'pass' })
    expect(barred.get('restarts')).toMatchObject({ outcome: 'skip' })
  })

  it('AWS that does not answer is a failure of those checks, and the others go on', async () => {
    const away = await all({ ListTasks: awsError('ServiceUnavailableException', 'not now') }, {}, { expect: ['A'] })
    expect(away.get('tasks')).toMatchObject({ outcome: 'pass' })
    expect(away.get('restarts')).toMatchObject({ outcome: 'fail', detail: 'could not be looked at: not now' })
    expect(away.get('env A')).toMatchObject({ outcome: 'fail' })
  })
})
