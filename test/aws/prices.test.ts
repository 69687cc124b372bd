import { describe, expect, it } from 'vitest'
import { HOURS_PER_MONTH, monthlyPrice, PRICES, PRICES_AS_OF, type PriceKey } from '../../src/aws/prices.ts'
import { foreignTo, isOurs, KEY_TAG, STACK_TAG, tagList, tagMap } from '../../src/aws/tags.ts'
import { stamp } from '../kinds/support/cloud.ts'

describe('prices', () => {
  it.each(Object.keys(PRICES) as PriceKey[])('%s has a figure, a unit and a source', (key) => {
    expect(PRICES[key].usd['us-east-1']).toBeGreaterThan(0)
    expect(PRICES[key].source).toMatch(/./)
    expect(PRICES[key].what).toMatch(/./)
    expect(monthlyPrice(key, 'us-east-1').unpriced).toBeUndefined()
  })

  it('has a date', () => {
    expect(Number.isNaN(Date.parse(PRICES_AS_OF))).toBe(false)
  })

  it('makes a month of hours', () => {
    expect(monthlyPrice('ec2.nat-gateway.hour', 'us-east-1')).toEqual({
      what: 'NAT gateway',
      usd: 0.045 * HOURS_PER_MONTH,
      plusUsage: '$0.045 per GB',
    })
  })

  it('multiplies by the amount, and takes the label', () => {
    expect(monthlyPrice('rds.storage.gp3', 'us-east-1', 20, '20 GB')).toEqual({ what: '20 GB', usd: 0.115 * 20 })
    expect(monthlyPrice('cloudwatch.alarm', 'us-east-1', 0).usd).toBe(0)
  })

  it('says so where the price of another region stands in', () => {
    expect(monthlyPrice('cloudwatch.alarm', 'eu-central-1')).toEqual({ what: 'alarm', usd: 0.1, pricesOf: 'us-east-1' })
    // Nothing of it costs nothing everywhere.
    expect(monthlyPrice('cloudwatch.alarm', 'eu-central-1', 0)).toEqual({ what: 'alarm', usd: 0 })
  })

  it('knows what is not in the table', () => {
    expect(monthlyPrice('rds.postgres.db.r6g.large', 'us-east-1')).toEqual({
      what: 'db.r6g.large',
      usd: 0,
      unpriced: 'db.r6g.large',
    })
    expect(monthlyPrice('ec2.instance.x9.huge', 'us-east-1', 2)).toEqual({ what: 'x9.huge', usd: 0, unpriced: 'x9.huge' })
  })
})

describe('tags', () => {
  it('go to AWS and back', () => {
    expect(tagMap(tagList(stamp.tags))).toEqual(stamp.tags)
    expect(tagMap(undefined)).toEqual({})
    expect(tagMap([{ Key: 'a' }, { Value: 'b' }])).toEqual({ a: '' })
  })

  it('tell whose something is', () => {
    expect(isOurs(stamp.tags, stamp)).toBe(true)
    expect(isOurs({ ...stamp.tags, [KEY_TAG]: 'other' }, stamp)).toBe(false)
    expect(foreignTo(stamp, stamp.tags, 'the thing')).toBeUndefined()
    expect(foreignTo(stamp, {}, 'the thing')?.foreign).toBe('the thing that infra did not make')
    expect(foreignTo(stamp, { [STACK_TAG]: 'shop/prod' }, 'the thing')?.foreign).toBe('the thing of the stack shop/prod')
  })
})
