import { describe, expect, it } from 'vitest'
import { minutesDown, minutesOfRollout } from '../../../src/aws/ecs-times.ts'
import { deadlineOf, deleteLimit } from '../../../src/engine/times.ts'
import { Service } from '../../../src/kinds/ecs/service.ts'
import type { ServiceProps } from '../../../src/kinds/ecs/service-facts.ts'
import { impactOf } from '../../../src/kinds/ecs/service-impact.ts'
import { want } from '../fixtures/ecs-service.ts'

const impact = (changed: readonly (keyof ServiceProps)[], of: Partial<ServiceProps> = {}, was: Partial<ServiceProps> = want) =>
  impactOf({ was, want: { ...want, ...of }, changed, scheduled: [], at: new Date() })

describe('how long a change of a service takes', () => {
  it('a rollout waits for the new tasks, and then for the old ones to drain', () => {
    expect(impact(['taskDefinition'], { drainSeconds: 30 })).toEqual({ minutes: 3.5, says: [] })
    expect(impact(['taskDefinition'], { drainSeconds: 300 })).toEqual({
      minutes: 8,
      says: [expect.stringContaining('its old tasks have 300 s to finish their requests')],
    })
    expect(impact(['exec'], { loadBalancer: null, drainSeconds: 300 })).toEqual({ minutes: 3, says: [] })
    expect(impact(['taskDefinition'], { desired: 0 })).toEqual({ minutes: 0, says: [] })
  })

  it('fewer tasks drain, more of them start, and all else is done at once', () => {
    expect(impact(['desired'], { desired: 1, drainSeconds: 300 })).toMatchObject({ minutes: 5.5, says: [expect.any(String)] })
    expect(impact(['desired'], { desired: 5, drainSeconds: 300 })).toEqual({ minutes: 3, says: [] })
    expect(impact(['healthGraceSeconds'], { drainSeconds: 300 })).toEqual({ minutes: 0.5, says: [] })
  })

  it.each<[string, Parameters<typeof minutesOfRollout>[0], number]>([
    ['all at once', { desired: 4, drainSeconds: 60 }, 2.5 + 1.5],
    ['one after another on top', { desired: 4, minHealthyPercent: 100, maxPercent: 125, drainSeconds: 60 }, 4 * 2.5 + 1.5],
    ['one after another, never more', { desired: 4, minHealthyPercent: 75, maxPercent: 100, drainSeconds: 60 }, 4 * (2.5 + 1.5)],
    ['all down first', { desired: 4, minHealthyPercent: 0, maxPercent: 100, drainSeconds: 60 }, 2.5 + 1.5],
    ['nothing runs', { desired: 0, drainSeconds: 60 }, 0],
  ])('%s', (_, of, minutes) => {
    expect(minutesOfRollout(of)).toBe(minutes)
  })

  it('a delete drains too, and the deadlines leave room for it', () => {
    const kind = Service as unknown as Parameters<typeof deleteLimit>[0]
    const of = (more: object) => ({ ...want, ...more }) as never
    expect(deleteLimit(kind, of({ drainSeconds: 3600 }))).toEqual({ minutes: 61, deadline: 75 })
    expect(deleteLimit(kind, of({ drainSeconds: 30 }))).toEqual({ minutes: 1.5, deadline: 15.5 })
    expect(deadlineOf(kind, of({ loadBalancer: undefined }))).toBe(15)
    // Recorded before the delay could be set: then it is AWS's own.
    expect(deleteLimit(kind, of({ drainSeconds: undefined })).minutes).toBe(6)
    expect(minutesDown(300)).toBe(5.5)
  })
})
