import { describe, expect, it } from 'vitest'
import { withoutService } from '../../src/aws/ecs-words.ts'
import type { Scene, Standing } from '../../src/ecs/rollout.ts'
import { belongs, isFull, judgeRollout, rollbackOf } from '../../src/ecs/rollout.ts'
import { arnOf, at, deployment, ended, event, SINCE, service, task } from './support.ts'

const aim = { revision: arnOf('web:8'), deployment: 'ecs-svc/web:8', since: SINCE }
const old = deployment('web:7', { status: 'ACTIVE', createdAt: at(0), rolloutState: 'COMPLETED' })
const scene = (s: Scene['service'], tasks: Scene['tasks'] = []): Scene => ({ service: s, tasks, targets: [] })
const NOT_FOUND =
  'CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref nginx:9: nginx:9: not found'
const SLOW = 'Timeout waiting for network interface provisioning to complete.'
const back = deployment('web:7', {
  createdAt: at(200),
  rolloutStateReason: 'ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/web:7.',
})
const given = deployment('web:8', {
  status: 'ACTIVE',
  rolloutState: 'FAILED',
  rolloutStateReason: 'ECS deployment circuit breaker: tasks failed to start.',
})

const table: [name: string, scene: Scene, standing: Partial<Standing>][] = [
  ['has just begun', scene(service([deployment('web:8', { runningCount: 0 }), old])), { is: 'rolling' }],
  ['all new tasks run, the old ones are being drained', scene(service([deployment('web:8'), old])), { is: 'rolling' }],
  ['is completed', scene(service([deployment('web:8', { rolloutState: 'COMPLETED' })])), { is: 'steady' }],
  [
    'is completed although its first task had failed',
    scene(service([deployment('web:8', { rolloutState: 'COMPLETED' })]), [ended('web:8', NOT_FOUND)]),
    { is: 'steady' },
  ],
  [
    'has no state: done when the numbers are',
    scene(service([deployment('web:8', { rolloutState: undefined })])),
    { is: 'steady' },
  ],
  [
    'has no state, and an old task still runs',
    scene(service([deployment('web:8', { rolloutState: undefined }), old])),
    { is: 'rolling' },
  ],
  [
    'has no state, and one is pending',
    scene(service([deployment('web:8', { rolloutState: undefined })], { pendingCount: 1 })),
    { is: 'rolling' },
  ],
  [
    'of no task at all',
    scene(service([deployment('web:8', { rolloutState: 'COMPLETED', runningCount: 0 })], { desiredCount: 0, runningCount: 0 })),
    { is: 'steady' },
  ],
  [
    'a task of it failed',
    scene(service([deployment('web:8'), old]), [ended('web:8', NOT_FOUND)]),
    { is: 'failed', why: NOT_FOUND },
  ],
  [
    'its command ended',
    scene(service([deployment('web:8'), old]), [
      ended('web:8', 'Essential container in task exited', {
        stopCode: 'EssentialContainerExited',
        containers: [{ name: 'web', lastStatus: 'STOPPED', exitCode: 1 }],
      }),
    ]),
    { is: 'failed' },
  ],
  [
    'its command ended, and the task is on its way out',
    scene(service([deployment('web:8'), old]), [
      task('web:8', {
        lastStatus: 'DEPROVISIONING',
        desiredStatus: 'STOPPED',
        stoppedReason: 'Essential container in task exited',
        containers: [{ name: 'web', lastStatus: 'STOPPED', exitCode: 3 }],
      }),
    ]),
    { is: 'failed' },
  ],
  [
    'a container that only prepares has ended, as it should',
    scene(service([deployment('web:8'), old]), [
      task('web:8', { containers: [{ name: 'init', lastStatus: 'STOPPED', exitCode: 0 }] }),
    ]),
    { is: 'rolling' },
  ],
  [
    'a task of the revision before failed',
    scene(service([deployment('web:8'), old]), [ended('web:7', 'Task failed ELB health checks')]),
    { is: 'rolling' },
  ],
  [
    'a task of the same revision failed in a rollout before',
    scene(service([deployment('web:8')]), [ended('web:8', NOT_FOUND, { startedBy: 'ecs-svc/another' })]),
    { is: 'rolling' },
  ],
  [
    'old tasks are stopped as they should be',
    scene(service([deployment('web:8')]), [
      ended('web:8', 'Scaling activity initiated by (deployment ecs-svc/web:8)', { stopCode: 'ServiceSchedulerInitiated' }),
    ]),
    { is: 'rolling' },
  ],
  [
    'somebody has stopped a task',
    scene(service([deployment('web:8')]), [ended('web:8', 'Task stopped by user', { stopCode: 'UserInitiated' })]),
    { is: 'rolling' },
  ],
  [
    'ECS moves a task to another zone',
    scene(service([deployment('web:8')]), [
      ended('web:8', 'AZ Rebalancing initiated by (deployment ecs-svc/web:8)', { stopCode: 'ServiceSchedulerInitiated' }),
    ]),
    { is: 'rolling' },
  ],
  [
    'ECS moves a task to another zone, as only the events tell',
    scene(
      service([deployment('web:8')], {
        events: [event(130, '(service web) has stopped 1 running tasks in us-east-1a to AZ Rebalance: (task 0moved).')],
      }),
      [ended('web:8', 'No longer needed', { taskArn: 'arn:aws:ecs:us-east-1:111122223333:task/shop/0moved' })],
    ),
    { is: 'rolling' },
  ],
  [
    'another task than the one that was moved has ended',
    scene(
      service([deployment('web:8')], {
        events: [event(130, '(service web) has stopped 1 running tasks in us-east-1a to AZ Rebalance: (task 0moved).')],
      }),
      [ended('web:8', NOT_FOUND)],
    ),
    { is: 'failed', why: NOT_FOUND },
  ],
  [
    'Spot takes its tasks away, again and again',
    scene(
      service([deployment('web:8')]),
      Array.from({ length: 5 }, () => ended('web:8', 'Your Spot Task was interrupted.', { stopCode: 'SpotInterruption' })),
    ),
    { is: 'rolling' },
  ],
  [
    'Spot took some away, and one interface was slow',
    scene(service([deployment('web:8')]), [
      ended('web:8', 'Your Spot Task was interrupted.', { stopCode: 'SpotInterruption' }),
      ended('web:8', 'Your Spot Task was interrupted.', { stopCode: 'SpotInterruption' }),
      ended('web:8', SLOW),
    ]),
    { is: 'rolling' },
  ],
  ['one interface was slow: usual', scene(service([deployment('web:8')]), [ended('web:8', SLOW)]), { is: 'rolling' }],
  [
    'three were: not usual',
    scene(service([deployment('web:8')]), [ended('web:8', SLOW), ended('web:8', SLOW), ended('web:8', SLOW)]),
    { is: 'failed', why: SLOW },
  ],
  [
    'one was slow, the next has no image',
    scene(service([deployment('web:8')]), [ended('web:8', SLOW), ended('web:8', NOT_FOUND, { stoppedAt: at(120) })]),
    { is: 'failed', why: NOT_FOUND },
  ],
  [
    'no task found a place, for a reason that stays',
    scene(
      service([deployment('web:8', { runningCount: 0 })], {
        events: [event(105, `was unable to place a task. Reason: ${NOT_FOUND}`)],
      }),
    ),
    { is: 'failed', why: expect.stringContaining('was unable to place a task') as unknown as string },
  ],
  [
    'no task found a place once',
    scene(
      service([deployment('web:8')], {
        events: [event(105, 'was unable to place a task. Reason: Capacity is unavailable at this time.')],
      }),
    ),
    { is: 'rolling' },
  ],
  [
    'that was before',
    scene(service([deployment('web:8')], { events: [event(50, `was unable to place a task. Reason: ${NOT_FOUND}`)] })),
    { is: 'rolling' },
  ],
  [
    'ECS has given it up, and does not go back',
    scene(
      service([
        deployment('web:8', {
          rolloutState: 'FAILED',
          rolloutStateReason: 'ECS deployment circuit breaker: tasks failed to start.',
        }),
        old,
      ]),
    ),
    { is: 'failed', why: 'ECS deployment circuit breaker: tasks failed to start.' },
  ],
  [
    'ECS goes back',
    scene(service([back, given])),
    { is: 'rolled-back', to: arnOf('web:7'), why: 'ECS deployment circuit breaker: tasks failed to start.' },
  ],
  [
    'ECS goes back, and the failed one is not marked yet',
    scene(
      service([back, { ...given, rolloutState: 'IN_PROGRESS', rolloutStateReason: 'ECS deployment ecs-svc/web:8 in progress.' }]),
    ),
    { is: 'rolled-back', to: arnOf('web:7') },
  ],
  [
    'ECS has gone back',
    scene(
      service([{ ...back, rolloutState: 'COMPLETED', rolloutStateReason: 'ECS deployment ecs-svc/web:7 completed.' }], {
        events: [event(150, 'rolling back to deployment ecs-svc/web:7.')],
      }),
      [ended('web:8', NOT_FOUND)],
    ),
    { is: 'rolled-back', why: NOT_FOUND },
  ],
  ['ECS goes back to the deployment that it had', scene(service([{ ...back, createdAt: at(0) }, given])), { is: 'rolled-back' }],
  [
    'an alarm made ECS go back',
    scene(service([{ ...back, rolloutStateReason: 'ECS deployment alarm: rolling back to deploymentId ecs-svc/web:7.' }, given])),
    { is: 'rolled-back' },
  ],
  [
    'somebody else has deployed',
    scene(service([deployment('web:9', { createdAt: at(300) }), given && { ...given, rolloutState: 'IN_PROGRESS' }])),
    { is: 'superseded', by: arnOf('web:9') },
  ],
  ['the look shows what was before', scene(service([{ ...old, status: 'PRIMARY' }])), { is: 'rolling' }],
  [
    'it went back once, long ago',
    scene(service([deployment('web:8')], { events: [event(10, 'rolling back to deployment ecs-svc/web:6.')] })),
    { is: 'rolling' },
  ],
  ['there is no deployment to be seen', scene(service([])), { is: 'rolling' }],
]

describe('the newest rollout of a service, whoever has begun it', () => {
  const judged = (...of: Parameters<typeof service>) => judgeRollout(scene(service(...of)))

  it('is what counts where none is named', () => {
    expect(judged([deployment('web:8'), old])).toEqual({ is: 'rolling' })
    expect(judged([deployment('web:8', { rolloutState: 'COMPLETED' })])).toEqual({ is: 'steady' })
    const failed = deployment('web:8', { rolloutState: 'FAILED', rolloutStateReason: 'tasks failed to start.' })
    expect(judged([failed])).toMatchObject({ is: 'failed', why: 'tasks failed to start.' })
    expect(judgeRollout(scene(service([deployment('web:8'), old]), [ended('web:8', NOT_FOUND)]))).toMatchObject({
      is: 'failed',
      why: NOT_FOUND,
    })
    expect(judged([])).toEqual({ is: 'rolling' })
  })

  it('is also one that brings the revision before back: rolling, then steady; why is told apart', () => {
    expect(judged([back, given])).toEqual({ is: 'rolling' })
    expect(rollbackOf(service([back, given]))).toEqual({ why: given.rolloutStateReason })
    const done = service([{ ...back, rolloutState: 'COMPLETED', rolloutStateReason: 'completed' }], {
      events: [event(150, 'rolling back to deployment ecs-svc/web:7.')],
    })
    expect(judgeRollout(scene(done))).toEqual({ is: 'steady' })
    expect(rollbackOf(done)).toEqual({ why: undefined })
    expect(rollbackOf(service([deployment('web:8'), old], { events: done.events }))).toBeUndefined()
  })

  it('may be complete while tasks are missing, replaced or added', () => {
    const complete = [deployment('web:8', { rolloutState: 'COMPLETED' })]
    for (const more of [{ runningCount: 0 }, { desiredCount: 3 }, { pendingCount: 1 }]) {
      expect(judged(complete, more)).toEqual({ is: 'steady' })
      expect(isFull(service(complete, more))).toBe(false)
    }
    expect(isFull(service(complete))).toBe(true)
    expect(isFull(service([...complete, old]))).toBe(false)
  })
})

describe('a rollout', () => {
  it.each(table)('%s', (_, seen, standing) => {
    expect(judgeRollout(seen, aim)).toMatchObject(standing)
  })

  it('of which only the revision is known, is told by that', () => {
    const { deployment: _, ...unnamed } = aim
    expect(judgeRollout(scene(service([deployment('web:8', { id: 'x', rolloutState: 'COMPLETED' })])), unnamed)).toEqual({
      is: 'steady',
    })
    expect(
      judgeRollout(
        scene(
          service([
            { ...back, id: 'y' },
            { ...given, id: 'x' },
          ]),
        ),
        unnamed,
      ),
    ).toMatchObject({ is: 'rolled-back' })
  })

  it('whose deployment shows another revision than the service: the local AWS does not change it', () => {
    const stale = { ...deployment('web:7', { id: 'ecs-svc/web:8', rolloutState: 'COMPLETED' as const }) }
    expect(judgeRollout(scene(service([stale], { taskDefinition: arnOf('web:8') })), aim)).toEqual({ is: 'steady' })
  })

  it('has the tasks that its deployment has started; else those of its revision since then', () => {
    const own = deployment('web:8')
    expect(belongs(task('web:8'), aim, own)).toBe(true)
    expect(belongs(task('web:8', { startedBy: 'ecs-svc/other' }), aim, own)).toBe(false)
    expect(belongs(task('web:8', { startedBy: undefined }), aim, own)).toBe(true)
    expect(belongs(task('web:8', { startedBy: undefined, createdAt: at(5) }), aim, own)).toBe(false)
    expect(belongs(task('web:7', { startedBy: undefined }), aim, own)).toBe(false)
  })

  it('an event without the name of the service', () => {
    expect(withoutService('(service web) has reached a steady state.')).toBe('has reached a steady state')
    expect(
      withoutService(
        '(service web) registered 1 targets in (target-group arn:aws:elasticloadbalancing:r:1:targetgroup/web-tg/0a1b)',
      ),
    ).toBe('registered 1 targets in (target group web-tg)')
  })
})
