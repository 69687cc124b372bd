import { describe, expect, it } from 'vitest'
import type { Service, Task } from '../../src/aws/services/ecs-types.ts'
import type { Target } from '../../src/ecs/rollout.ts'
import { aimOf, countLine, countStanding, judgeCount } from '../../src/ecs/scaling.ts'
import { allCounts, countNotes, keptCounts, withCount, withPaused, withSleeper } from '../../src/ecs/sleep-record.ts'
import type { Services } from '../../src/state/memory.ts'
import { deployment, ended, event, service, task } from './support.ts'

const NONE = new Set<string>()
const AIM = { count: 3, from: 1, tasks: NONE, events: NONE, checked: false }
const done = deployment('web:1', { rolloutState: 'COMPLETED' })
const at = (running: number, more: Partial<Service> = {}): Service =>
  service([done], { desiredCount: 3, runningCount: running, ...more })
const judge = (s: Service, tasks: Task[] = [], targets: Target[] = [], aim = AIM) =>
  judgeCount(aimOf(s), aim)({ service: s, tasks, targets })
const target = (state: string): Target => ({ id: '10.0.0.1', port: 80, state, code: undefined, description: undefined })

describe('how far a number of tasks is', () => {
  it('a rollout that is done says nothing: the tasks count, and that they are well', () => {
    expect(judge(at(1))).toEqual({ is: 'rolling' })
    expect(judge(at(3, { pendingCount: 1 }))).toEqual({ is: 'rolling' })
    expect(judge(at(3))).toEqual({ is: 'steady' })
    expect(judge(at(3), [], [target('healthy'), target('initial')])).toEqual({ is: 'rolling' })
    expect(judge(at(3), [], [target('unhealthy')])).toEqual({ is: 'rolling' })
    expect(judge(at(3), [], [target('healthy'), target('unused')])).toEqual({ is: 'steady' })
    expect(judge(at(3), [task('web:1', { healthStatus: 'UNHEALTHY' })])).toEqual({ is: 'rolling' })
    const unknown = [task('web:1', { healthStatus: 'UNKNOWN' })]
    expect(judge(at(3), unknown)).toEqual({ is: 'steady' })
    expect(judge(at(3), unknown, [], { ...AIM, checked: true })).toEqual({ is: 'rolling' })
    const none = { ...AIM, count: 0, from: 3 }
    expect(judge(at(1, { desiredCount: 0 }), [], [target('draining')], none)).toEqual({ is: 'rolling' })
    expect(judge(at(0, { desiredCount: 0 }), [], [target('initial')], none)).toEqual({ is: 'steady' })
  })

  it('a look may be stale; another number is news; a service that goes is none', () => {
    expect(judge(at(1, { desiredCount: 1 }))).toEqual({ is: 'rolling' })
    expect(judge(at(1, { desiredCount: 2 }))).toEqual({ is: 'superseded', by: '2' })
    expect(judge(at(1, { status: 'DRAINING' }))).toMatchObject({ is: 'failed', why: 'the service is DRAINING' })
  })

  it('a task that fails is told, but not one from before, nor one that is stopped because there are too many', () => {
    const bad = ended('web:1', 'CannotPullContainerError: nginx:1: not found')
    expect(judge(at(1), [bad])).toMatchObject({ is: 'failed', task: bad })
    expect(judge(at(1), [bad], [], { ...AIM, tasks: new Set([bad.taskArn ?? '']) })).toEqual({ is: 'rolling' })
    const extra = ended('web:1', 'Scaling activity initiated by (deployment ecs-svc/1)')
    expect(judge(at(5), [extra])).toEqual({ is: 'rolling' })
    const unplaced = event(1, 'was unable to place a task. Reason: Capacity is unavailable at this time.')
    const events = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ ...unplaced, id }))
    expect(judge(at(1, { events }))).toMatchObject({ is: 'failed', why: expect.stringContaining('unable to place') })
    expect(judge(at(1, { events }), [], [], { ...AIM, events: new Set(events.map((e) => e.id)) })).toEqual({ is: 'rolling' })
  })

  it('a rollout that ECS has given up starts nothing more', () => {
    const failed = service([deployment('web:1', { rolloutState: 'FAILED', rolloutStateReason: 'circuit breaker' })], {
      desiredCount: 3,
    })
    expect(judge(failed)).toMatchObject({ is: 'failed', why: 'ECS starts no more tasks: circuit breaker' })
  })

  it('in one line', () => {
    const line = (s: Service, aim = AIM): string =>
      countLine(
        countStanding(aimOf(s), aim, {
          service: s,
          tasks: [task('web:1', { lastStatus: 'PENDING' })],
          targets: [target('initial')],
        }),
      )
    expect(line(at(2))).toBe('2 of 3 tasks running, 1 pending, 1 waiting for the health check')
    expect(line(at(3), { ...AIM, count: 1 })).toBe('3 tasks running, 2 to stop, 1 pending, 1 waiting for the health check')
  })
})

describe('what counts above the config', () => {
  const by = { at: '2026-11-22T00:00:00.000Z', by: 'me' }
  const off = { in: false, out: false, scheduled: false }
  const services = { web: { desired: 2 }, worker: { desired: 1 } }
  const line = (words: string): string => `infra ${words}`

  it('a number until its line is edited; a sleeper is at 0 whatever is edited, once it was told to go down', () => {
    const scaled = withCount({}, 'web', { count: 5, since: 2, ...by })
    expect(allCounts(scaled, services)).toEqual({ web: { desired: 5 } })
    expect(allCounts(scaled, { web: { desired: 3 } })).toEqual({})
    const begun = withSleeper(scaled, 'web', { count: 5, since: 2, ...by })
    expect(allCounts(begun, services)).toEqual({ web: { desired: 5 } })
    const down = withSleeper(scaled, 'web', { count: 5, since: 2, down: true, ...by })
    expect(allCounts(down, { web: { desired: 3 } })).toEqual({ web: { desired: 0 } })
    expect(allCounts(withPaused({}, 'web', { min: 1, suspended: off, at: by.at }), services)).toEqual({ web: { paused: true } })
    expect(withSleeper(down, 'web', undefined)).toEqual(scaled)
  })

  it('what is no longer in the config is forgotten, what is somebody else’s is not', () => {
    const all = ['web', 'gone', 'c/theirs'].reduce<Services>(
      (l, key) => withPaused(l, key, { min: 1, suspended: off, at: by.at }),
      {},
    )
    const set = ['web', 'gone'].reduce((l, key) => withCount(l, key, { count: 5, since: 2, ...by }), all)
    expect(keptCounts(set, services)).toEqual({ web: set.web, 'c/theirs': set['c/theirs'] })
    expect(keptCounts(set, { web: { desired: 9 } }).web).not.toHaveProperty('count')
  })

  it('is told: also a stop that has not come to its end', () => {
    const half = withSleeper({}, 'web', { count: 2, since: 2, ...by })
    expect(countNotes(half, services, line)).toEqual([
      'infra stop was begun on 2026-11-22 and has not come to its end: infra stop goes on with it, infra start takes it back',
    ])
    const one = withCount({}, 'worker', { count: 0, since: 1, ...by })
    expect(countNotes(one, services, line)).toEqual([
      'worker is scaled to 0 tasks since 2026-11-22 (infra scale), infra.yaml says 1',
    ])
    expect(countNotes(one, { worker: { desired: 2 } }, line)).toEqual([])
  })
})
