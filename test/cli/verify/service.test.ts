import { describe, expect, it } from 'vitest'
import { type Check, guarded } from '../../../src/ecs/checks/check.ts'
import { checkDeployment, checkRestarts, checkTargets, checkTasks } from '../../../src/ecs/checks/service.ts'
import { account, awsError, deployment, ended, service } from '../../ecs/support.ts'

const line = (verb: string, more = ''): string => `infra ${verb} web${more ? ` ${more}` : ''}`
const done = deployment('web:7', { rolloutState: 'COMPLETED' })
const steady = service([done])
const _REGION = 'us-east-1'

describe('the service', () => {
  it.each([
    [{}, 'pass', '1 of 1 run', undefined],
    [{ runningCount: 0 }, 'fail', '0 of 1 run', 'infra logs web shows what they write'],
    [{ runningCount: 0, pendingCount: 1 }, 'fail', '0 of 1 run, 1 more on the way', 'infra logs web shows what they write'],
    [{ runningCount: 2, desiredCount: 1 }, 'fail', '2 of 1 run', 'infra deploy web follows the rollout'],
    [{ runningCount: 0, desiredCount: 0 }, 'warn', 'none runs, and none is wanted', 'infra scale web 1'],
  ])('tasks %j', (more, outcome, detail, next) => {
    expect(checkTasks(service([done], more), line)).toEqual({ name: 'tasks', outcome, detail, ...(next ? { next } : {}) })
  })

  it('one rollout that is done, one under way, one beside another, one that has failed', () => {
    expect(checkDeployment(steady, line)).toMatchObject({
      outcome: 'pass',
      detail: expect.stringMatching(/^web:7 is all that runs, since 20/),
    })
    expect(checkDeployment(service([deployment('web:8')]), line)).toMatchObject({
      outcome: 'fail',
      detail: 'a rollout to web:8 is under way',
      next: 'infra deploy web follows it to its end',
    })
    const old = deployment('web:6', { status: 'ACTIVE' })
    expect(checkDeployment(service([done, old]), line)).toMatchObject({
      outcome: 'fail',
      detail: 'a rollout to web:7 is under way, beside web:6',
    })
    expect(checkDeployment(service([done, { ...old, status: 'INACTIVE' }]), line)).toMatchObject({ outcome: 'pass' })
    const ten = deployment('web:71', { status: 'ACTIVE' })
    expect(checkDeployment(service([done, ten]), line).detail).toBe('a rollout to web:7 is under way, beside web:71')
    const failed = deployment('web:8', { rolloutState: 'FAILED', rolloutStateReason: 'tasks failed to start' })
    expect(checkDeployment(service([failed]), line)).toMatchObject({
      outcome: 'fail',
      detail: 'web:8: tasks failed to start',
      next: 'infra rollback web',
    })
  })

  it('restarts: only of this rollout, only by themselves, with the reason', () => {
    const killed = ended('web:7', 'OutOfMemoryError: container killed', {
      stopCode: 'EssentialContainerExited',
      containers: [{ name: 'web', exitCode: 137 }],
    })
    const scaled = ended('web:7', 'Scaling activity initiated by (deployment ecs-svc/web:7)', {
      stopCode: 'ServiceSchedulerInitiated',
    })
    expect(checkRestarts(steady, [ended('web:6', 'x'), scaled], true, line)).toMatchObject({ outcome: 'pass' })
    expect(checkRestarts(steady, [scaled, killed, ended('web:6', 'x')], true, line)).toMatchObject({
      outcome: 'fail',
      detail: expect.stringMatching(/^1 task ended: .*memory/),
      examples: ['abc123: OutOfMemoryError: container killed'],
    })
    // ECS has started another one, which usually works.
    const slow = ended('web:7', 'Timeout waiting for network interface provisioning to complete.')
    expect(checkRestarts(steady, [slow], true, line)).toMatchObject({ outcome: 'warn' })
    expect(checkRestarts(steady, Array(9).fill(slow), true, line)).toMatchObject({
      outcome: 'fail',
      detail: expect.stringMatching(/^9 tasks/),
    })
  })

  const group = 'arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/web/6d'
  const targets = (...states: [string, string?][]) =>
    account({
      DescribeTargetHealth: {
        TargetHealthDescriptions: states.map(([State, Reason], i) => ({
          Target: { Id: `10.0.0.${i}` },
          TargetHealth: { State, Reason },
        })),
      },
    })
  it.each<[string, [string, string?][], Partial<Check>]>([
    ['all healthy, one on its way out', [['healthy'], ['healthy'], ['draining']], { outcome: 'pass', detail: '2 of 2 healthy' }],
    [
      'one still looked at',
      [['healthy'], ['initial']],
      { outcome: 'fail', detail: '1 of 2 healthy, the others are still looked at' },
    ],
    [
      'one that answers wrongly',
      [['healthy'], ['unhealthy', 'Target.Timeout']],
      {
        outcome: 'fail',
        detail: expect.stringMatching(/^1 of 2 healthy; 10\.0\.0\.1: the health check got no answer in time/) as string,
      },
    ],
    ['none', [], { outcome: 'fail', detail: 'no task is registered in it', next: 'infra deploy web --force' }],
  ])('targets: %s', async (_, states, expected) => {
    expect(await checkTargets(targets(...states), group, steady, true, line)).toMatchObject({ name: 'targets web', ...expected })
  })

  it('targets: none where none is wanted, and a group that is gone', async () => {
    expect(await checkTargets(targets(), group, service([done], { desiredCount: 0 }), true, line)).toMatchObject({
      outcome: 'warn',
    })
    const gone = account({ DescribeTargetHealth: awsError('TargetGroupNotFoundException') })
    expect(await checkTargets(gone, group, steady, true, line)).toMatchObject({
      outcome: 'fail',
      next: 'infra create load-balancer',
    })
  })
})

describe('what cannot be looked at', () => {
  it.each([
    [
      awsError('AccessDeniedException', 'User: x is not authorized to perform: ecs:ListTasks on resource: y'),
      'skip',
      'this identity may not look: ecs:ListTasks',
    ],
    [awsError('AccessDenied', 'no'), 'skip', 'this identity may not look: one of its actions'],
    [awsError('ServiceUnavailable', 'not now'), 'fail', 'could not be looked at: not now'],
  ])('%s', async (error, outcome, detail) => {
    expect(await guarded('tasks', () => Promise.reject(error))).toEqual([
      { name: 'tasks', outcome, detail, next: expect.any(String) },
    ])
  })
})
