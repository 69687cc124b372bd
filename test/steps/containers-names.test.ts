import { describe, expect, it } from 'vitest'
import { DATA, PRESET, stack } from './support/declare.ts'

describe('environments besides production', () => {
  const names = (environment: string): string[] =>
    stack(PRESET, { environment })
      .nodes()
      .filter((n) => ['registry', 'load-balancer', 'ecs', 'autoscaling'].includes(n.step))
      // A role and a family of one name do not know of each other.
      .map((n) => `${n.kind.type} ${n.name}`)

  // Words that stand in the middle of names, where a prefix could end by accident.
  it.each(['staging', 'service', 'cluster', 'migrations', 'backend', 'tg', 'alb', 'web', 'app', 'task', 'cpu', 'http'])(
    '%s shares no name with production, nor with another one',
    (environment) => {
      const own = names(environment)
      for (const other of ['production', 'dev', 'prod'].map(names)) expect(own.filter((n) => other.includes(n))).toEqual([])
      expect(new Set(own).size).toBe(own.length)
    },
  )

  it('has names of its own throughout, none too long for the longest environment', () => {
    const graph = stack(PRESET, { environment: 'abcdefghijkl' })
    const of = (key: string): string | undefined => graph.get(key)?.name
    expect([
      of('registry'),
      of('ecs-cluster'),
      of('web-service'),
      of('web-task-definition'),
      of('migrate-task-definition'),
    ]).toEqual([
      'startupwebapp-abcdefghijkl-app',
      'startupwebapp-abcdefghijkl-cluster',
      'startupwebapp-abcdefghijkl-web',
      'startupwebapp-abcdefghijkl-web',
      'startupwebapp-abcdefghijkl-migrate',
    ])
    for (const key of ['load-balancer', 'web-target-group']) expect(of(key)?.length).toBeLessThanOrEqual(32)
  })
})

describe('what is off', () => {
  it('leaves nothing behind of itself', () => {
    const steps = (graph: ReturnType<typeof stack>): string[] => [...new Set(graph.nodes().map((n) => n.step))]
    expect(steps(stack(DATA))).toEqual(['vpc', 'security-groups', 'secrets', 'rds', 'databases', 'monitoring'])
    expect(steps(stack(PRESET))).toEqual(expect.arrayContaining(['registry', 'load-balancer', 'ecs', 'autoscaling']))
  })
})
