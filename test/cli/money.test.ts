import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Place, place } from '../support/cli.ts'

// No AWS call: cost and status --offline ask nobody.
describe('what has no price', () => {
  let p: Place
  beforeEach(async () => {
    p = await place({})
  })
  afterEach(() => p.remove())
  const DATABASE = 'vpc: { nat: single }\nsteps: [vpc, security-groups, secrets, rds]\n'

  it('a class is a question mark in its row, and named in the total of cost', async () => {
    const rds = 'rds: { instanceClass: db.r6g.large, storageType: io2, allocatedGb: 100, iops: 3000 }\n'
    await writeFile(join(p.dir, 'infra.yaml'), `project: shop\nregion: us-east-1\n${DATABASE}${rds}`)
    const { stdout } = await p.run('cost')
    expect(stdout).toMatch(/rds +db-instance +db\.r6g\.large +\? +\?\n/)
    expect(stdout).toMatch(/rds +db-instance +3000 provisioned IOPS +\? +\?\n/)
    expect(stdout).toContain(
      'Total: at least $51.40 a month, $1.69 a day, with one NAT gateway, not priced: db.r6g.large, 3000 provisioned IOPS.',
    )
    expect(stdout).toMatch(/With no NAT gateway: at least \$14\.90 a month/)
    const json = (await p.run('cost', '--json')).json<{ unpriced: string[]; monthlyUsd: number }>()
    expect(json).toMatchObject({ monthlyUsd: 51.4, unpriced: ['db.r6g.large', '3000 provisioned IOPS'] })
    expect(json).not.toHaveProperty('pricesOf')
  })

  it('a class that nobody knows is refused', async () => {
    for (const unknown of ['db.t9.huge', 'db.t4g.huge', 'db.q5.large']) {
      await writeFile(
        join(p.dir, 'infra.yaml'),
        `project: shop\nregion: us-east-1\n${DATABASE}rds: { instanceClass: ${unknown} }\n`,
      )
      const r = await p.run('cost')
      expect([r.code, r.stdout]).toEqual([2, ''])
      expect(r.stderr).toContain(
        `rds.instanceClass is ${unknown}, which is no instance class that infra knows: RDS has classes like db.t4g.micro`,
      )
    }
    // Without the server nobody needs its class.
    await writeFile(
      join(p.dir, 'infra.yaml'),
      'project: shop\nregion: us-east-1\nsteps: [vpc]\nrds: { instanceClass: db.t9.huge }\n',
    )
    expect((await p.run('cost')).code).toBe(0)
  })

  it('a region is said in the total of cost and on each line', async () => {
    await writeFile(join(p.dir, 'infra.yaml'), `project: shop\nregion: eu-west-1\n${DATABASE}`)
    const { stdout } = await p.run('cost')
    expect(stdout).toContain('with one NAT gateway at prices of us-east-1.')
    expect(stdout).toContain('NAT gateway (price of us-east-1)')
    expect(stdout).toContain('On-demand list prices of us-east-1 (some of eu-west-1 are not known)')
    expect((await p.run('cost', '--json')).json<object>()).toMatchObject({ pricesOf: 'us-east-1', unpriced: [] })
  })
})
