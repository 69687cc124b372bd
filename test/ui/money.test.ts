import { describe, expect, it } from 'vitest'
import { addUp, type Bill, billOf, without } from '../../src/engine/bill.ts'
import { aMonth, cell, estimate, figure } from '../../src/ui/money.ts'

const known: Bill = { usd: 12, unpriced: [] }
const unknown: Bill = { usd: 0, unpriced: ['db.r6g.large'] }

describe('a sum of money', () => {
  it('says what it leaves out, and never shows that as nothing', () => {
    expect([aMonth(known), aMonth(unknown), aMonth(addUp([known, unknown, unknown]))]).toEqual([
      '$12.00 a month',
      'at least $0.00 a month, not priced: db.r6g.large',
      'at least $12.00 a month, not priced: db.r6g.large',
    ])
    expect([known, unknown, addUp([known, unknown]), { usd: 0, unpriced: [] }].map(cell)).toEqual([
      '$12.00',
      '?',
      '$12.00 + ?',
      '',
    ])
    expect([estimate(known), estimate(unknown), figure(unknown)]).toEqual(['about $12.00', 'at least $0.00', 'at least $0.00'])
  })

  it('says whose prices stand in, and of which day the oldest is that AWS was asked for', () => {
    const bill = billOf([
      { what: 'a', usd: 1, asOf: '2026-11-02' },
      { what: 'b', usd: 2, asOf: '2026-11-01' },
      { what: 'c', usd: 3, pricesOf: 'us-east-1' },
    ])
    expect(aMonth(bill)).toBe("$6.00 a month at prices of us-east-1 (AWS's prices of 2026-11-01)")
  })

  it('what goes away is the whole without the rest', () => {
    const whole = addUp([known, unknown, { usd: 3, unpriced: ['IOPS'] }])
    expect(without(whole, { usd: 3, unpriced: ['IOPS'] })).toEqual({ usd: 12, unpriced: ['db.r6g.large'] })
  })
})
