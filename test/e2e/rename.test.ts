import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { freshAccount } from '../support/account.ts'
import { type Place, place } from '../support/cli.ts'
import { type FaultProxy, startProxy } from '../support/proxy.ts'

const url = inject('motoUrl')
/** Names that do not follow the key, as in the preset. */
const FIXED = 'name: shop-service, family: shop-task, targetGroup: shop-tg, logGroup: /ecs/shop, container: app'
const SETS = [
  'project=shop',
  'environment=dev',
  'steps=[vpc, security-groups, load-balancer, ecs, autoscaling]',
  `ecs.services.web={ image: "nginx:1.27", port: 8000, paths: ["/*"], ${FIXED}, autoscaling: { min: 1, max: 3, cpuPercent: 70 } }`,
]

describe.skipIf(!url)('a service that gets another name in the config', () => {
  let proxy: FaultProxy
  let p: Place
  beforeAll(async () => {
    const account = await freshAccount(url ?? '')
    proxy = await startProxy(url ?? '')
    p = await place({ ...account.env, AWS_ENDPOINT_URL: proxy.url, INFRA_GRACE_SECONDS: '1' })
    await ends(0, 'init', '--yes', ...SETS.flatMap((s) => ['--set', s]))
    await ends(0, 'create', '--yes')
  })
  afterAll(async () => {
    await p.remove()
    await proxy.close()
  })
  const ends = async (code: number, ...args: string[]) => {
    const r = await p.run(...args)
    expect(r.code, r.all).toBe(code)
    return r
  }
  const row = async (key: string) => (await p.state('dev.json')).resources[key]
  const held = async (name: string) =>
    Object.fromEntries(
      Object.entries((await p.state('dev.json')).resources)
        .filter(([key]) => key.startsWith(`${name}-`))
        .map(([key, r]) => [key.slice(name.length), r.attrs?.arn ?? r.attrs?.id]),
    )

  it('create tells the truth, and no hint of it leads to a delete', async () => {
    const file = join(p.dir, 'infra.yaml')
    await writeFile(file, (await readFile(file, 'utf8')).replace(/^( +)web:/m, '$1app:'))
    const before = await held('web')
    proxy.clear()
    const { stderr } = await ends(2, 'create', '--yes')
    expect(stderr).toMatch(/app-\S+: .* is this stack’s already, under the key web-/)
    expect(stderr).toContain('infra state rename web app')
    expect(stderr).not.toContain('adopt')
    for (const [key, id] of [
      ['target-group', 'shop-tg'],
      ['log', '/ecs/shop'],
      ['service', 'shop-service'],
    ] as const)
      expect((await ends(2, 'adopt', `app-${key}`, id, '--yes')).stderr).toContain(`under the key web-${key}`)
    expect(proxy.changing()).toEqual([])
    expect(await held('web')).toEqual(before)
  })

  it('a rename that is cut off before the tags are written goes on with the same command', async () => {
    const before = await held('web')
    proxy.rules = [{ match: /TagResource|AddTags/, error: 'AccessDeniedException' }]
    const r = await ends(0, 'state', 'rename', 'web', 'app', '--yes')
    expect(r.stderr).toContain('The next create writes this tag')
    proxy.rules = []
    expect(await held('app')).toEqual(before)
    expect(await held('web')).toEqual({})
    expect((await row('app-service'))?.deps).toEqual(expect.arrayContaining(['app-task-definition', 'app-target-group']))
    await ends(0, 'state', 'rename', 'web', 'app', '--yes')
    expect((await ends(2, 'state', 'rename', 'web', 'app', '--yes')).stderr).toContain('Nothing is recorded under web')
  })

  it('then create keeps all of it, and deletes nothing', async () => {
    const before = await held('app')
    proxy.clear()
    const { actions } = (await ends(0, 'plan', '--json')).json<{ actions: { action: string; key: string; reason: string }[] }>()
    // A rule's place comes from the service's name.
    expect(actions.filter((a) => a.action !== 'keep').map((a) => `${a.action} ${a.key}`)).toEqual(['update app-listener-rule'])
    await ends(0, 'create', '--yes')
    expect(new Set(proxy.changing().map((c) => c.op.split('.')[1]))).toEqual(new Set(['SetRulePriorities', 'AddTags']))
    expect(await held('app')).toEqual(before)
  })

  it('where the names follow the key, the plan tells the way to keep it', async () => {
    const file = join(p.dir, 'infra.yaml')
    const before = await readFile(file, 'utf8')
    await writeFile(
      file,
      before.replace(/^( +)app:/m, '$1api:').replace(/(name|family|targetGroup|logGroup): \/?\S*shop\S*/g, '$1: new-$1'),
    )
    expect((await ends(0, 'plan')).stdout).toContain('If it only has a new name, it can stay: infra state rename app api')
    await writeFile(file, before)
  })

  it('forget lets go of a row alone; the resource is found again', async () => {
    await ends(0, 'create', '--yes')
    proxy.clear()
    await ends(0, 'state', 'forget', 'app-log', '--yes')
    expect(await row('app-log')).toBeUndefined()
    expect(proxy.changing()).toEqual([])
    await ends(0, 'create', '--yes')
    expect(await row('app-log')).toMatchObject({ is: 'ready' })
    expect(proxy.changing()).toEqual([])
    expect((await ends(2, 'state', 'forget', 'app-lag', '--yes')).stderr).toContain('did you mean app-log?')
  })
})
