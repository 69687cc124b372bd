import { describe, expect, it } from 'vitest'
import { isoOf, momentOf, refuseOutside } from '../../../src/commands/database/restore-time.ts'

const now = new Date('2026-11-30T12:00:00.750Z')

describe('a point in time', () => {
  it.each([
    ['2026-11-30T10:15:00Z', '2026-11-30T10:15:00Z'],
    ['2026-11-30 10:15 UTC', '2026-11-30T10:15:00Z'],
    ['2026-11-30T10:15:30.999Z', '2026-11-30T10:15:30Z'],
    ['2026-11-30T10:15:00+02:00', '2026-11-30T08:15:00Z'],
    ['2026-11-30T10:15-0500', '2026-11-30T15:15:00Z'],
    ['90m', '2026-11-30T10:30:00Z'],
    ['2 hours ago', '2026-11-30T10:00:00Z'],
    ['30 s', '2026-11-30T11:59:30Z'],
    ['7d', '2026-11-23T12:00:00Z'],
  ])('%s is %s', (text, iso) => {
    expect(isoOf(momentOf(text, now))).toBe(iso)
  })

  it.each([
    ['2026-11-30 10:15', 'it does not say in which time zone'],
    ['2026-11-30', 'it does not say in which time zone'],
    ['2026-02-31T10:15:00Z', 'it must be a time with its zone'],
    ['2026-11-30T25:00:00Z', 'it must be a time with its zone'],
    ['yesterday', 'it must be a time with its zone'],
    ['-2h', 'it must be a time with its zone'],
    ['', 'it must be a time with its zone'],
  ])('%s is refused', (text, why) => {
    expect(() => momentOf(text, now)).toThrow(expect.objectContaining({ exitCode: 2, why: expect.stringContaining(why) }))
  })
})

describe('outside of what AWS can restore', () => {
  const window = { earliest: new Date('2026-11-23T03:12:09.400Z'), latest: new Date('2026-11-30T11:55:02.000Z') }
  const refusal = (at: string): unknown => {
    try {
      return refuseOutside({}, 'shop-db', new Date(at), window, 'shop-two')
    } catch (error) {
      return error
    }
  }

  it('the first and the last second are possible', () => {
    for (const at of ['2026-11-23T03:12:09Z', '2026-11-25T00:00:00Z', '2026-11-30T11:55:02Z'])
      expect(refusal(at), at).toBeUndefined()
  })

  it.each([
    ['2026-11-23T03:12:08Z', 'infra db restore --to-time 2026-11-23T03:12:10Z --as shop-two'],
    ['2026-11-30T11:55:03Z', 'infra db restore --latest --as shop-two'],
  ])('%s is refused with both ends, and the nearest that works', (at, next) => {
    expect(refusal(at)).toMatchObject({
      exitCode: 2,
      next,
      why: expect.stringContaining('to any second from 2026-11-23 03:12:09 UTC to 2026-11-30 11:55:02 UTC'),
    })
  })
})
