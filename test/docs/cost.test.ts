import { expect, test } from 'vitest'
import { HOURS_PER_MONTH, PRICES, PRICES_AS_OF } from '../../src/aws/prices.ts'
import { generated, table } from './markdown.ts'

test('the price table in docs/cost.md is the one that infra computes with', () => {
  const rows = Object.entries(PRICES).map(([key, p]) => [
    `\`${key}\``,
    p.what,
    `$${p.usd['us-east-1']} per ${p.per}`,
    p.per === 'hour' ? `$${(p.usd['us-east-1'] * HOURS_PER_MONTH).toFixed(2)}` : '',
    'plusUsage' in p ? p.plusUsage : '',
    p.source,
    PRICES_AS_OF,
  ])
  const wanted = table(['key', 'what', 'us-east-1', 'a month of 730 h', 'usage on top', 'source', 'date'], rows)
  expect(generated('docs/cost.md', 'prices', wanted)).toBe(wanted)
})
