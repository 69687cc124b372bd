import { describe, expect, it } from 'vitest'
import { parseYaml, readConfig } from '../../src/config/read.ts'
import { billFor } from '../../src/engine/bill.ts'
import { knownProps, resolve } from '../../src/engine/ref.ts'
import { declareStack } from '../../src/session/declare.ts'
import { offlineLookups } from '../../src/session/lookups.ts'
import { NO_MEMORY } from '../../src/state/memory.ts'

/** A month of what the config describes, in USD by step, before anything of it is there. */
const costOf = (text: string, region = 'us-east-1'): Record<string, number> => {
  const config = readConfig(parseYaml('infra.yaml', `project: shop\nregion: ${region}\n${text}`), {}, 'infra.yaml')
  const graph = declareStack(config, offlineLookups(config, NO_MEMORY, ''))
  const sums: Record<string, number> = {}
  for (const node of graph.nodes()) {
    const props = knownProps(resolve(node.props, () => undefined) as Record<string, unknown>)
    sums[node.step] = (sums[node.step] ?? 0) + billFor(node.kind, props as never, region).usd
  }
  return Object.fromEntries(Object.entries(sums).map(([step, usd]) => [step, Math.round(usd * 100) / 100]))
}

const STEPS = 'steps: [vpc, security-groups, secrets, rds, registry, load-balancer, ecs, autoscaling]\n'
const NAT = 32.85 + 3.65
const ALB = 16.43
const ADDRESS = 3.65

describe('a month of what runs in containers', () => {
  it('two tasks in private subnets, behind a load balancer in two zones', () => {
    const web =
      'web: { port: 8000, cpu: 512, memory: 1024, desired: 2, autoscaling: { min: 1, max: 4, cpuPercent: 70, memoryPercent: 80 } }'
    expect(costOf(`${STEPS}ecs: { services: { ${web} } }\n`)).toMatchObject({
      vpc: NAT,
      registry: 0,
      'load-balancer': ALB + 2 * ADDRESS,
      ecs: 36.04,
      // A policy keeps two alarms, at $0.10 each.
      autoscaling: 0.4,
    })
  })

  it('tasks with public addresses pay for these, and need no NAT gateway', () => {
    const app = (subnets: string) => `app: { cpu: 1024, memory: 2048, desired: 3, subnets: ${subnets}, architecture: ARM64 }`
    const open = costOf(`${STEPS}vpc: { nat: none }\necs: { services: { ${app('public')} } }\n`)
    expect([open.vpc, open.ecs]).toEqual([0, 97.46])
    const closed = costOf(`${STEPS}ecs: { services: { ${app('private')} } }\n`)
    expect([closed.vpc, closed.ecs]).toEqual([NAT, 86.51])
  })

  it('a load balancer has an address in every zone, an internal one none', () => {
    const balancer = (more: string) => costOf(`${STEPS}vpc: { azCount: 3, nat: single }\n${more}`)['load-balancer']
    expect(balancer('')).toBe(Math.round((16.425 + 3 * ADDRESS) * 100) / 100)
    expect(balancer('loadBalancer: { scheme: internal }\n')).toBe(ALB)
  })
})
