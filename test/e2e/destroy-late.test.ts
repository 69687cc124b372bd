import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { freshAccount } from '../support/account.ts'
import { type Place, place } from '../support/cli.ts'
import { page } from '../support/credentials.ts'
import { startMoto, type TestServer } from '../support/moto.ts'

const CONFIG = `project: shop
environment: dev
region: us-east-1
steps: [vpc, security-groups, load-balancer, ecs]
securityGroups: { bastionCidr: none }
vpc: { nat: none }
ecs:
  services:
    web: { image: "nginx:1.26", port: 80, subnets: public, desired: 1 }
`
/** So long do the interfaces of a load balancer and of tasks stay behind, on the clock of the sandbox. */
const LATE = 900

describe.skipIf(!inject('motoUrl'))('a destroy in which AWS frees network interfaces late', () => {
  let server: TestServer
  let p: Place
  beforeAll(async () => {
    server = await startMoto(`0,interfaces=${LATE}`)
    p = await place((await freshAccount(server.url)).env)
    await writeFile(join(p.dir, 'infra.yaml'), CONFIG)
  })
  afterAll(async () => {
    await p?.remove()
    await server?.stop()
  })

  it('names what it waits for, and ends when AWS has freed it; also from a state that does not know the order', async () => {
    const made = await p.run('create', '--yes')
    expect(made.code, made.all).toBe(0)
    // As it was recorded before: nothing of the way to the internet.
    const file = join(p.dir, 'state', 'dev.json')
    const state = JSON.parse(await readFile(file, 'utf8')) as { resources: Record<string, { deps: string[] }> }
    for (const key of ['load-balancer', 'web-service']) {
      const row = state.resources[key]
      if (!row) throw new Error(`no ${key}`)
      expect(row.deps).toContain('public-default-route')
      row.deps = row.deps.filter((d) => !/route|association/.test(d))
    }
    await writeFile(file, JSON.stringify(state))

    const running = p.start('destroy', '--yes')
    await running.printed(
      /internet-gateway-attachment: in use by .*2 public addresses of the load balancer shop-dev-alb.*; AWS frees/,
    )
    // A rule of it names the load balancer's group, which goes after it.
    await running.printed(/backend-security-group: in use by .*network interface/)
    await page(server.url, '/infra-sandbox/pass', JSON.stringify({ seconds: LATE + 1 }))
    const ran = await running.done
    expect(ran.code, ran.all).toBe(0)
    expect(ran.stdout).toMatch(/Time: about 9 minutes/)
    const gone = [...ran.all.matchAll(/✓ (\S+) deleted/g)].map((m) => m[1])
    expect(gone.indexOf('load-balancer')).toBeGreaterThanOrEqual(0)
    expect(gone.indexOf('web-service')).toBeLessThan(gone.indexOf('internet-gateway-attachment'))
    expect(gone.indexOf('load-balancer')).toBeLessThan(gone.indexOf('internet-gateway-attachment'))
    expect((await p.state('dev.json')).resources).toEqual({})
  })
})
