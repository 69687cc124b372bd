import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  type ScalableTarget,
} from '@aws-sdk/client-application-auto-scaling'
import * as ECS from '@aws-sdk/client-ecs'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Account, clientConfig, freshAccount } from '../../support/account.ts'
import { type Place, place, type Ran } from '../../support/cli.ts'

const url = inject('motoUrl')
const CONFIG = `project: shop
environment: dev
region: us-east-1
steps: [vpc, security-groups, secrets, rds, ecs, autoscaling]
securityGroups: { bastionCidr: none }
vpc: { nat: none }
ecs:
  services:
    web: { image: "nginx:1.26", subnets: public, desired: 2, autoscaling: { min: 1, max: 4, cpuPercent: 70 } }
    worker: { image: "nginx:1.26", subnets: public, desired: 1 }
`

/** One after another on one stack that infra has made, as a person would. */
describe.skipIf(!url)('scale, stop and start of a stack', () => {
  let p: Place
  let account: Account
  let ecs: ECS.ECSClient
  beforeAll(async () => {
    account = await freshAccount(url ?? '')
    p = await place(account.env)
    ecs = new ECS.ECSClient(clientConfig(account))
    await writeFile(join(p.dir, 'infra.yaml'), CONFIG)
    await ok('create', '--yes')
  })
  afterAll(async () => {
    ecs?.destroy()
    await p?.remove()
  })
  const ok = async (...args: string[]): Promise<Ran> => {
    const ran = await p.run(...args)
    expect(ran.code, ran.all).toBe(0)
    return ran
  }
  const numbers = async (): Promise<(number | undefined)[]> => {
    const wish = { cluster: 'shop-dev-cluster', services: ['shop-dev-web', 'shop-dev-worker'] }
    const { services = [] } = await ecs.send(new ECS.DescribeServicesCommand(wish))
    return services.sort((a, b) => String(a.serviceName).localeCompare(String(b.serviceName))).map((s) => s.desiredCount)
  }
  const target = async (): Promise<ScalableTarget | undefined> => {
    const client = new ApplicationAutoScalingClient(clientConfig(account))
    const { ScalableTargets } = await client.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs' }))
    client.destroy()
    return ScalableTargets?.[0]
  }
  /** Nothing to create, nothing drifted. */
  const agrees = async (): Promise<string> => {
    const plan = await ok('plan')
    expect(plan.stdout).toContain('Everything is as the config wants it')
    expect((await ok('drift')).stdout).toContain('No drift')
    return plan.stdout
  }

  it('a number that was set stays set; status and plan say so, in tasks and in money', async () => {
    const ran = await ok('scale', 'worker', '0', '--yes')
    expect(ran.stdout).toMatch(/✓ shop-dev-worker runs no task after .*\n {2}To go back: infra scale worker 1\n/)
    expect(await numbers()).toEqual([2, 0])
    expect(await agrees()).toMatch(/! worker is scaled to 0 tasks since [\d-]+ \(infra scale\), infra\.yaml says 1\n/)
    expect((await ok('create', '--yes')).stdout).toContain('Nothing to do')
    const { stdout } = await ok('status')
    expect(stdout).toMatch(/ecs .*\$25\.32 +shop-dev-worker runs no task\n/)
    expect(stdout).toContain('worker is scaled to 0 tasks')
    expect((await ok('status', '--offline')).stdout).toContain('worker is scaled to 0 tasks')
    expect(await numbers()).toEqual([2, 0])
  })

  it('a line of infra.yaml that is edited later is the newer word', async () => {
    const file = join(p.dir, 'infra.yaml')
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace('desired: 1 }', 'desired: 3 }'))
    await ok('create', 'ecs', '--yes')
    expect(await numbers()).toEqual([2, 3])
    await writeFile(file, text)
    await ok('create', 'ecs', '--yes')
    expect(await numbers()).toEqual([2, 1])
    expect(JSON.stringify((await p.state('dev.json')).services)).not.toContain('"count":{')
  })

  it('what commander would take for a flag is a number, too; and a service can be named in any way', async () => {
    for (const bad of ['-1', '1.5', 'abc', '100000']) {
      const ran = await p.run('scale', 'web', bad, '--yes')
      expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining(`${bad} is no number of tasks`)])
    }
    const none = await p.run('scale', 'wed', '2', '--yes')
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('did you mean web?')])
    const ran = await ok('scale', '--cluster', 'shop-dev-cluster', '--service', 'shop-dev-worker', '2', '--yes', '--json')
    const events = ran.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events[0]).toMatchObject({ type: 'plan', key: 'worker', from: 1, to: 2 })
    expect(events.at(-1)).toMatchObject({ type: 'result', outcome: 'healthy', running: 2 })
    await ok('scale', 'worker', '1', '--yes')
  })

  it('stop: everything sleeps, no create wakes it; start: as it was', async () => {
    await ok('scale', 'web', '3', '--yes')
    const down = await ok('stop', '--yes')
    expect(down.stdout).toMatch(/✓ shop-dev-web, shop-dev-worker and shop-dev-db sleep after /)
    expect(await numbers()).toEqual([0, 0])
    expect(await target()).toMatchObject({ MinCapacity: 0, MaxCapacity: 4, SuspendedState: { DynamicScalingOutSuspended: true } })
    expect((await ok('status')).stdout).toContain('! web, worker sleep since')
    expect(await agrees()).toContain('To wake all: infra start')
    expect((await ok('create', '--yes')).stdout).toContain('Nothing to do')
    expect(await numbers()).toEqual([0, 0])
    expect((await ok('stop')).stdout).toContain('The stack sleeps already')

    const up = await ok('start', '--yes')
    expect(up.stdout).toMatch(/✓ Back after .*: shop-dev-db, shop-dev-web \(3 tasks\) and shop-dev-worker \(1 task\)\./)
    expect(await numbers()).toEqual([3, 1])
    expect(await target()).toMatchObject({
      MinCapacity: 1,
      MaxCapacity: 4,
      SuspendedState: { DynamicScalingOutSuspended: false },
    })
    expect(await agrees()).toContain('web is scaled to 3 tasks')
  })

  it('what is made anew after a destroy has the number of infra.yaml', async () => {
    await ok('stop', '--yes')
    await ok('destroy', 'autoscaling', 'ecs', '--yes')
    expect(JSON.stringify((await p.state('dev.json')).services)).not.toContain('"sleep"')
    await ok('create', 'ecs', 'autoscaling', '--yes')
    expect(await numbers()).toEqual([2, 1])
    expect(await target()).toMatchObject({ MinCapacity: 1 })
  })
})
