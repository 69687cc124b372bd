import pc from 'picocolors'
import { expect, it } from 'vitest'
import { parseYaml, readConfig } from '../../src/config/read.ts'
import { overview } from '../../src/engine/overview.ts'
import { plan } from '../../src/engine/plan.ts'
import { kindOf } from '../../src/kinds/index.ts'
import { declareStack } from '../../src/session/declare.ts'
import { planData, planScreen } from '../../src/session/header.ts'
import { offlineLookups } from '../../src/session/lookups.ts'
import { NO_MEMORY } from '../../src/state/memory.ts'
import type { Row } from '../../src/state/schema.ts'
import { estimate, remark } from '../../src/ui/money.ts'

const stack = (region: string, instanceClass: string) => {
  const text = `project: shop\nregion: ${region}\nsteps: [vpc, security-groups, secrets, rds]\nrds: { instanceClass: ${instanceClass} }\n`
  const config = readConfig(parseYaml('infra.yaml', text), {}, 'infra.yaml')
  return { config, graph: declareStack(config, offlineLookups(config, NO_MEMORY, '123456789012')) }
}
/** What `plan` and `create` show of an account with nothing in it. */
const screen = (region: string, instanceClass: string) => {
  const { config, graph } = stack(region, instanceClass)
  const stamp = (of: { key: string; name: string }) => ({ ...of, tags: {}, prefix: 'shop', stack: 'shop/dev', token: 't' })
  const said: string[] = []
  const io = { c: pc.createColors(false), say: (line = '') => void said.push(line) }
  const made = plan({ graph, survey: new Map(), rows: new Map(), steps: config.steps, region, kindOf, stamp })
  planScreen({ io, g: {}, config, caller: { account: '123456789012' } } as never, made)
  return { text: said.join('\n'), data: planData(made) }
}

it('a plan says "at least", and what it has no price for', () => {
  const { text, data } = screen('us-east-1', 'db.r6g.large')
  expect(text).toMatch(/\+ create +db-instance +RDS instance +\$4\.30 \+ \?/)
  expect(text).toContain('A month of it: at least $4.70, not priced: db.r6g.large. Time: about')
  expect(data).toMatchObject({ unpriced: ['db.r6g.large'] })
  expect(screen('us-east-1', 'db.t4g.micro').text).toMatch(/A month of it: \$\d+\.\d\d\. Time: about/)
})

it("a plan says whose prices stand in where those of the stack's region are not known", () => {
  expect(screen('eu-west-1', 'db.t4g.micro').text).toContain('A month of it: $16.38 at prices of us-east-1. Time: about')
  expect(screen('eu-west-1', 'db.t4g.micro').data).toMatchObject({ unpriced: [], pricesOf: 'us-east-1' })
})

it('so does status, of what is there', () => {
  const { config, graph } = stack('eu-west-1', 'db.r6g.large')
  const rows = new Map(
    graph.nodes().map((n) => [n.key, { is: 'ready', step: n.step, type: n.kind.type, attrs: {} } as unknown as Row]),
  )
  const view = overview(graph, config.steps, rows, undefined, 'eu-west-1')
  expect(view.steps.find((s) => s.name === 'rds')).toMatchObject({ monthlyUsd: 4.3, unpriced: ['db.r6g.large'] })
  expect(`${estimate({ ...view.remarks, usd: view.monthlyUsd })} a month${remark(view.remarks)}`).toBe(
    'at least $4.70 a month at prices of us-east-1, not priced: db.r6g.large',
  )
})
