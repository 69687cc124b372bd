import { describe, expect, it } from 'vitest'
import { nextWindow } from '../../../src/kinds/rds/maintenance.ts'

const when = (window: string, now: string) => {
  const found = nextWindow(window, new Date(now))
  return found && [found.at.toISOString(), found.when]
}

describe('the maintenance window', () => {
  it.each([
    [
      'later this week',
      'sun:04:00-sun:05:00',
      '2026-11-30T20:21:56Z',
      '2026-12-06T04:00:00.000Z',
      'on Sun 2026-12-06 at 04:00 UTC',
    ],
    ['later today', 'mon:23:30-tue:00:30', '2026-11-30T20:21:56Z', '2026-11-30T23:30:00.000Z', 'on Mon 2026-11-30 at 23:30 UTC'],
    ['just over', 'Mon:19:00-Mon:20:00', '2026-11-30T20:00:00Z', '2026-12-07T19:00:00.000Z', 'on Mon 2026-12-07 at 19:00 UTC'],
    [
      'about to close',
      'mon:19:30-mon:20:30',
      '2026-11-30T20:01:00Z',
      '2026-12-07T19:30:00.000Z',
      'on Mon 2026-12-07 at 19:30 UTC',
    ],
    [
      'over the turn of the year',
      'fri:01:00-fri:02:00',
      '2026-12-26T12:00:00Z',
      '2027-01-01T01:00:00.000Z',
      'on Fri 2027-01-01 at 01:00 UTC',
    ],
  ])('%s', (_, window, now, at, words) => {
    expect(when(window, now)).toEqual([at, `in the maintenance window ${words}`])
  })

  it('open now, with half an hour left', () => {
    const now = '2026-11-30T20:00:00.000Z'
    expect(when('mon:19:30-mon:20:30', now)).toEqual([now, 'in the maintenance window, which is open now (until 20:30 UTC)'])
    expect(when('mon:23:30-tue:00:30', '2026-11-30T23:45:00.000Z')?.[1]).toContain('until 00:30 UTC')
  })

  it('no window', () => {
    expect(nextWindow('sometime', new Date())).toBeUndefined()
    expect(nextWindow(undefined, new Date())).toBeUndefined()
    expect(nextWindow('abc:04:00-sun:05:00', new Date())).toBeUndefined()
  })
})
