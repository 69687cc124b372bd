import { describe, expect, it } from 'vitest'
import { usualNames } from '../../src/commands/env/names.ts'
import { besideOf } from '../../src/commands/stack/unmanaged-steps.ts'
import { usesDatabaseSecret } from '../../src/config/uses.ts'
import type { Survey } from '../../src/engine/kind.ts'
import { plan } from '../../src/engine/plan.ts'
import { kindOf } from '../../src/kinds/index.ts'
import { keysOf, rowsToday } from '../../src/session/declare.ts'
import { NO_MEMORY } from '../../src/state/memory.ts'
import type { Row } from '../../src/state/schema.ts'
import { read } from '../config/support/read.ts'
import { PRESET, stack, table } from './support/declare.ts'

const STEPS = ['vpc', 'security-groups', 'secrets', 'registry', 'load-balancer', 'ecs']
const yaml = (steps: readonly string[], web = '{ port: 8000 }', more = ''): string =>
  `project: shop\nenvironment: dev\nsteps: [${steps.join(', ')}]\nvpc: { nat: single }\nsecurityGroups: { bastionCidr: 203.0.113.7/32 }\necs: { services: { web: ${web} } }\n${more}`
const made = (text: string): string[] => {
  const { steps } = read(`region: us-east-1\n${text}`)
  return stack(text)
    .nodes()
    .filter((n) => steps.some((s) => s === n.step))
    .map((n) => n.key)
}
const LEFTOVERS = [
  'db-subnet-group',
  'rds-security-group',
  'bastion-security-group',
  'rds-from-backend-rule',
  'rds-from-bastion-rule',
  'bastion-ssh-rule',
  'database-secret',
]
const leftIn = (text: string): string[] => LEFTOVERS.filter((key) => made(text).includes(key))

describe('a stack without a database', () => {
  it('gets nothing of one, and no bastion', () => {
    expect(leftIn(yaml(STEPS))).toEqual([])
    expect(made(yaml(STEPS))).toContain('backend-security-group')
    expect(made(yaml(['vpc']))).not.toContain('db-subnet-group')
    expect(made('project: shop\nsteps: [vpc]\nvpc: { mode: default }\n')).toEqual(expect.not.arrayContaining(['db-subnet-group']))
  })

  it('has secrets of its own all the same', () => {
    const own = 'secrets: { stripe: { keys: { key: { generate: 32 } } } }\n'
    expect(made(yaml(STEPS, '{ port: 8000, secrets: { KEY: "stripe:key" } }', own)).filter((k) => k.endsWith('-secret'))).toEqual(
      ['stripe-secret'],
    )
  })

  it.each([
    ['a variable that comes from it', '{ port: 8000, secrets: { KEY: "database:password" } }', ''],
    ['a text that names it', `{ port: 8000, environment: { NAME: "${['$', '{secret.name}'].join('')}" } }`, ''],
    ['keys of the application in it', '{ port: 8000 }', 'secrets: { database: { keys: { token: { generate: 32 } } } }\n'],
    ['the mapping of infra env', '{ port: 8000 }', `env: { ARN: "${['$', '{secretArn:database}'].join('')}" }\n`],
  ])('keeps the secret where it is used: %s', (_, web, more) => {
    expect(leftIn(yaml(STEPS, web, more))).toEqual(['database-secret'])
  })

  it('a deploy may have taken something from it', () => {
    const config = read(`region: us-east-1\n${yaml(STEPS)}`)
    expect(usesDatabaseSecret(config)).toBe(false)
    expect(usesDatabaseSecret(config, { web: { secrets: { KEY: 'database:password' } } })).toBe(true)
    expect(usualNames(config, undefined)).not.toHaveProperty('DATABASE_SECRET_ARN')
  })

  it('a bastion has its group, its rule and the secret that it reads', () => {
    expect(leftIn(yaml([...STEPS, 'bastion']))).toEqual(['bastion-security-group', 'bastion-ssh-rule', 'database-secret'])
  })

  it('with one, each stands where it always stood', () => {
    const at = (key: string) =>
      table(stack(PRESET))
        .find((line) => line.includes(` ${key} |`))
        ?.split(' | ')[0]
    expect(LEFTOVERS.map(at)).toEqual(['vpc', ...Array.from({ length: 5 }, () => 'security-groups'), 'secrets'])
  })

  it('one that was made before keeps what it has: nothing is deleted, and nothing is in the way', () => {
    const text = yaml(STEPS)
    const { steps } = read(`region: us-east-1\n${text}`)
    const graph = stack(text)
    const before = stack(yaml([...STEPS, 'rds']))
    const nodes = LEFTOVERS.flatMap((key) => before.get(key) ?? [])
    const rows = new Map(
      nodes.map((n): [string, Row] => [
        n.key,
        {
          type: n.kind.type,
          step: n.step,
          name: n.name,
          is: 'ready',
          want: {},
          attrs: { id: n.key },
          deps: [],
          token: '',
          at: '',
        },
      ]),
    )
    const survey = new Map(nodes.map((n) => [n.key, { is: 'ready', attrs: { id: n.key } }])) as unknown as Survey
    const made = plan({
      graph,
      survey,
      rows,
      steps,
      region: 'us-east-1',
      kindOf,
      stamp: (n) => ({ key: n.key, name: n.name, tags: {} }) as never,
    })
    expect([made.actions.filter((a) => a.action === 'delete'), made.problems]).toEqual([[], []])
    const today = rowsToday(rows, read(`region: us-east-1\n${text}`), NO_MEMORY)
    // Status tells of it, with its price and the command that takes it down; the same command then finds all of it.
    expect(besideOf(today, steps, 'us-east-1')).toMatchObject([
      { step: 'rds', names: expect.arrayContaining(['shop/dev/database']), monthlyUsd: 0.4 },
      { step: 'bastion' },
    ])
    expect(keysOf(today, ['rds', 'bastion']).sort()).toEqual([...LEFTOVERS].sort())
  })
})
