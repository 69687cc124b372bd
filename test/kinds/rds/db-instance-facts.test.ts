import { describe, expect, it } from 'vitest'
import { costOf, type DbInstanceProps } from '../../../src/kinds/rds/db-instance-facts.ts'
import { database } from '../fixtures/db-instance.ts'

describe('costOf', () => {
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
      plusUsage: expect.stringContaining('not in the table'),
    })
  })

  it('adds enhanced monitoring when it is on', () => {
    expect(cost({ monitoringInterval: 60 }).map((c) => c.what)).toContain('enhanced monitoring')
  })
})
