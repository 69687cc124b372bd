import pc from 'picocolors'
import { describe, expect, it } from 'vitest'
import type { Aws } from '../../src/aws/clients.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { Graph } from '../../src/engine/graph.ts'
import type { AnySeen } from '../../src/engine/kind.ts'
import { plan } from '../../src/engine/plan.ts'
import { Role } from '../../src/kinds/iam/role.ts'
import { kindOf } from '../../src/kinds/index.ts'
import { DbSubnetGroup } from '../../src/kinds/rds/db-subnet-group.ts'
import { planData, planScreen } from '../../src/session/header.ts'

const SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret'
const LENT = 'arn:aws:secretsmanager:us-east-1:999999999999:secret:lent'
const policies = (...Resource: string[]) => ({
  Read: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ['secretsmanager:GetSecretValue'], Resource }] },
})
const role = { service: 'ecs-tasks.amazonaws.com', description: 'reads', managedPolicies: [] }

/** What plan and create print where subnets and a policy change. */
const screen = (width: number | undefined): { readonly lines: string[]; readonly data: object } => {
  const graph = new Graph<Aws>('shop')
  graph.in('vpc')(DbSubnetGroup, 'group', {
    description: 'db',
    subnetIds: ['subnet-0aaaaaaaaaaaaaaaa', 'subnet-0cccccccccccccccc'],
  })
  graph.in('ecs')(Role, 'role', {
    ...role,
    policies: policies(`${SECRET}:app`, `${SECRET}:mail`, LENT),
  })
  const ready = (id: string, props: JsonObject): AnySeen => ({ is: 'ready', attrs: { id, arn: id }, props })
  const made = plan({
    graph,
    survey: new Map([
      ['group', ready('group', { description: 'db', subnetIds: ['subnet-0aaaaaaaaaaaaaaaa', 'subnet-0bbbbbbbbbbbbbbbb'] })],
      ['role', ready('role', { ...role, policies: policies(`${SECRET}:app`) })],
    ]),
    rows: new Map(),
    steps: ['vpc', 'ecs'],
    region: 'us-east-1',
    kindOf,
    stamp: (of) => ({ ...of, tags: {}, prefix: 'shop', stack: 'shop/dev', token: 't' }),
  })
  const said: string[] = []
  const io = { c: pc.createColors(false), width, say: (text = '') => void said.push(...text.split('\n')) }
  const config = { region: 'us-east-1' }
  planScreen({ io, g: {}, config, caller: { account: '123456789012' } } as unknown as Parameters<typeof planScreen>[0], made)
  return { lines: said, data: planData(made) }
}

describe('a change in the plan', () => {
  it('is told by what differs: elements of a list, what a policy allows; without the JSON', () => {
    const { lines, data } = screen(undefined)
    expect(lines.slice(0, 6)).toEqual([
      '  vpc',
      expect.stringMatching(/^ {4}~ update {2}group {2}DB subnet group$/),
      '        subnetIds: + subnet-0cccccccccccccccc, - subnet-0bbbbbbbbbbbbbbbb',
      '  ecs',
      expect.stringMatching(/^ {4}~ update {2}role {2}IAM role$/),
      // The stack's own account and region go without saying, another's do not.
      `        policies.Read: + allow secretsmanager:GetSecretValue on secret:mail, ${LENT}`,
    ])
    expect(lines.join('\n')).not.toMatch(/[[\]{}"]/)
    expect(data).toMatchObject({
      actions: [
        { changes: ['subnetIds: + subnet-0cccccccccccccccc, - subnet-0bbbbbbbbbbbbbbbb'] },
        { changes: [expect.any(String)] },
      ],
    })
  })

  it.each([60, 80, 100])('is folded between words at %i columns', (width) => {
    const { lines } = screen(width)
    // A word that is longer than a line stays whole.
    for (const line of lines) expect(line.length <= width || !line.trim().includes(' '), line).toBe(true)
    expect(lines.join('\n')).toMatch(/- subnet-0bbb/)
  })
})
