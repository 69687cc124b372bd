import { afterEach, describe, expect, it, vi } from 'vitest'
import { costOf, type DbInstanceProps } from '../../../src/kinds/rds/db-instance-facts.ts'
import { database } from '../fixtures/db-instance.ts'

describe('costOf', () => {
  afterEach(() => void vi.useRealTimers())
  const cost = (wanted: Partial<DbInstanceProps>) => costOf({ ...database, monitoringInterval: 0, ...wanted }, 'us-east-1')
  it('is class and storage, doubled with a standby', () => {
    const [single, storage] = cost({})
    const [twice, storageTwice] = cost({ multiAz: true })
    expect(single).toEqual({ what: 'db.t4g.small', usd: 0.032 * 730 })
    expect(storage).toEqual({ what: '20 GB gp3', usd: 0.115 * 20 })
    expect(twice?.usd).toBeCloseTo(2 * 0.032 * 730)
    expect(storageTwice?.usd).toBeCloseTo(2 * 0.115 * 20)
    expect(twice?.what).toContain('Multi-AZ')
  })

  it('names a class that is not in the table instead of hiding it', () => {
    expect(cost({ instanceClass: 'db.x9.huge' })[0]).toMatchObject({
      usd: 0,
      unpriced: 'db.x9.huge',
    })
  })

  it('adds enhanced monitoring when it is on', () => {
    expect(cost({ monitoringInterval: 60 }).map((c) => c.what)).toContain('enhanced monitoring')
  })

  it("adds Extended Support for each virtual CPU, the standby's too, where a version has left standard support", () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-30T12:00:00Z') })
    const old = { version: '13.22', extendedSupport: true }
    const extended = (wanted: Partial<DbInstanceProps>) => cost(wanted).find((c) => c.what.startsWith('Extended Support'))
    expect(extended(old)).toMatchObject({ what: 'Extended Support of postgres 13, 2 vCPU', usd: 2 * 0.1 * 730 })
    expect(extended({ ...old, multiAz: true })?.usd).toBeCloseTo(4 * 0.1 * 730)
    expect([extended({ ...old, extendedSupport: false }), extended({ extendedSupport: true })]).toEqual([undefined, undefined])
    expect(extended({ ...old, instanceClass: 'db.x9.metal' })?.unpriced).toBe('Extended Support of db.x9.metal')
  })
})
