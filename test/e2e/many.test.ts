import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Theatre, theatre } from '../cli/deploy/support/service.ts'
import { manyServices } from '../support/many-services.ts'

const url = inject('motoUrl')
const MANY = 24

/** ECS takes some calls at once and then few a second: docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html */
describe.skipIf(!url)('a stack with more services than AWS takes calls for', () => {
  let t: Theatre
  beforeAll(async () => {
    t = await theatre(url ?? '')
    await writeFile(join(t.p.dir, 'infra.yaml'), manyServices(MANY))
  })
  afterAll(() => t?.close())

  it('is made without an error, each thing once, and is looked at with few calls', async () => {
    const slower = { error: 'ThrottlingException', message: 'Rate exceeded', above: { burst: 4, perSecond: 8 } }
    t.proxy.edit = undefined
    t.proxy.rules = ['RegisterTaskDefinition', 'CreateService', 'DescribeServices'].map((operation) => ({
      ...slower,
      match: new RegExp(`^ecs\\.${operation}$`),
    }))
    const made = await t.p.run('create', '--yes')
    expect(made.code, made.all).toBe(0)
    expect(made.all).not.toMatch(/Throttl|Rate exceeded/)
    const of = (op: string) => t.proxy.log.filter((c) => c.op === `ecs.${op}`)
    expect(t.proxy.log.filter((c) => c.fault).length).toBeGreaterThan(0)
    for (const op of ['CreateService', 'RegisterTaskDefinition']) expect(of(op).filter((c) => !c.fault)).toHaveLength(MANY)

    t.proxy.rules = []
    t.proxy.clear()
    const plan = await t.p.run('plan', '--json')
    expect(plan.code, plan.all).toBe(0)
    expect(plan.json<{ actions: { action: string }[] }>().actions.filter((a) => a.action !== 'keep')).toEqual([])
    expect(of('DescribeServices')).toHaveLength(Math.ceil(MANY / 10))
    expect(t.proxy.log.filter((c) => c.op === 'logs.DescribeLogGroups')).toHaveLength(1)
  })
})
