import { expect, test } from 'vitest'
import { HOURS_PER_MONTH, PRICES, PRICES_AS_OF } from '../../src/aws/prices.ts'
import { readConfig } from '../../src/config/read.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { knownProps, resolve } from '../../src/engine/ref.ts'
import { declareStack } from '../../src/session/declare.ts'
import { offlineLookups } from '../../src/session/lookups.ts'
import { NO_MEMORY } from '../../src/state/memory.ts'
import { generated, read, table } from './markdown.ts'

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

/** As `infra cost` adds it up: each item to the cent. */
const monthly = (more: JsonObject): number => {
  const config = readConfig({ preset: 'startupwebapp', region: 'us-east-1', ...more }, {}, 'infra.yaml')
  return declareStack(config, offlineLookups(config, NO_MEMORY, ''))
    .nodes()
    .filter((n) => config.steps.some((s) => s === n.step))
    .flatMap(
      (n) =>
        n.kind.facts.monthly?.(
          knownProps(resolve(n.props, () => undefined) as Record<string, unknown>) as never,
          config.region,
        ) ?? [],
    )
    .reduce((sum, item) => sum + Math.round(item.usd * 100), 0)
}
const DATA = { steps: ['vpc', 'security-groups', 'secrets', 'rds', 'databases', 'monitoring'] }
const web = (of: JsonObject): JsonObject => ({ ecs: { services: { web: of } } })
const PUBLIC = { services: { web: { subnets: 'public' } }, tasks: { migrate: { subnets: 'public' } } }

test.each<[string, JsonObject]>([
  ['| **all** | | **', {}],
  ['(`vpc.nat: perAz`) | ', { vpc: { nat: 'perAz' } }],
  ['`subnets: public` for `web` and `migrate`) | ', { vpc: { nat: 'none' }, ecs: PUBLIC }],
  ['(`desired: 1`) | ', web({ desired: 1 })],
  ['and an image for it) | ', web({ architecture: 'ARM64' })],
  ['of the containers, `vpc.nat: none`) | ', { ...DATA, vpc: { nat: 'none' } }],
  ['| the same with one NAT gateway | ', { ...DATA, vpc: { nat: 'single' } }],
  ['| the same with two | ', { ...DATA, vpc: { nat: 'perAz' } }],
])('docs/cost.md has the sum of %s', (row, more) => {
  expect(read('docs/cost.md')).toContain(`${row}$${(monthly(more) / 100).toFixed(2)}`)
})
