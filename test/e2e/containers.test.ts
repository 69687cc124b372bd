import { createHash } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { ECRClient, PutImageCommand } from '@aws-sdk/client-ecr'
import { DescribeServicesCommand, ECSClient, type Service } from '@aws-sdk/client-ecs'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { listAccount } from '../crash-real/holdings.ts'
import { clientConfig } from '../support/account.ts'
import { type DatabaseStack, databaseStack } from '../support/database-stack.ts'
import type { TestServer } from '../support/moto.ts'
import { motoWithPostgres } from '../support/moto-postgres.ts'

const INIT = ['init', '--preset', 'startupwebapp', '--yes']
const SETS = ['securityGroups.bastionCidr=203.0.113.7/32', 'monitoring.email=ops@example.com']

// The whole preset, from an empty account to an empty account, each test going on from the one before.
describe.skipIf(!inject('motoUrl'))('from an image to a healthy service, and back', () => {
  let server: TestServer
  let s: DatabaseStack
  let ecs: ECSClient
  beforeAll(async () => {
    server = await motoWithPostgres()
    s = await databaseStack(server.url, [...INIT, ...SETS.flatMap((x) => ['--set', x])])
    ecs = new ECSClient(clientConfig(s.account))
  })
  afterAll(async () => {
    ecs?.destroy()
    await s?.close()
    await server?.stop()
  })
  const push = async (imageTag: string): Promise<void> => {
    const ecr = new ECRClient(clientConfig(s.account))
    const mediaType = 'application/vnd.docker.distribution.manifest.v2+json'
    const digest = `sha256:${createHash('sha256').update(imageTag).digest('hex')}`
    const imageManifest = JSON.stringify({ schemaVersion: 2, mediaType, config: { mediaType, size: 1, digest }, layers: [] })
    await ecr.send(new PutImageCommand({ repositoryName: 'startupwebapp-backend', imageTag, imageManifest }))
    ecr.destroy()
  }
  const service = async (): Promise<Service> => {
    const asked = new DescribeServicesCommand({ cluster: 'startupwebapp-cluster', services: ['startupwebapp-service'] })
    return (await ecs.send(asked)).services?.[0] ?? {}
  }
  const revision = async (): Promise<string | undefined> => (await service()).taskDefinition?.split('/').at(-1)
  const changes = async (): Promise<string[]> => {
    const { actions } = (await s.ends(0, 'plan', '--json')).json<{ actions: { action: string; key: string; reason: string }[] }>()
    return actions.filter((a) => a.action !== 'keep').map((a) => `${a.action} ${a.key} ${a.reason}`)
  }

  it('without an image the stack is made all the same: the service waits, and it is said how to push', async () => {
    const r = await s.ends(0, 'create', '--yes')
    expect(r.stdout).toMatch(/web begins with no task: there is no image \S+\/startupwebapp-backend:latest yet/)
    expect(r.stdout).toContain('Its 2 tasks will cost $36.04 a month')
    expect(r.stdout).toContain('The load balancer serves plain HTTP')
    const { options } = (await s.ends(0, 'cost', '--json')).json<{ options: { option: string }[] }>()
    expect(options.map((o) => o.option)).toEqual(['vpc.nat: perAz'])
    // The lines to type next are the last ones, in their order; status says the same.
    const lines =
      /Next: push it, then deploy it:\n +aws ecr get-login-password .*\n.*docker build .*\n.*docker push \S+\/startupwebapp-backend:latest\n +infra deploy web --image latest\n$/
    expect(r.stdout).toMatch(lines)
    const status = await s.ends(0, 'status')
    expect(status.stdout).toMatch(lines)
    expect(status.stdout).not.toContain('All done')
    const { next } = (await s.ends(0, 'status', '--json')).json<{ next: { command: string; before: string[] } }>()
    expect(next).toMatchObject({ command: 'infra deploy web --image latest', before: { length: 3 } })
    expect(await service()).toMatchObject({ status: 'ACTIVE', desiredCount: 0, runningCount: 0 })
    expect(await changes()).toEqual([])
    expect((await s.ends(0, 'drift')).stdout).toContain('No drift')
  })

  it('with one, the first deploy starts its tasks, and autoscaling keeps them; then nothing is left to do', async () => {
    // The tag that the first revision names already: the revision stays, and still it is a rollout of its own.
    await push('latest')
    const empty = (await service())?.deployments?.[0]?.id
    const r = await s.ends(0, 'deploy', '--image', 'latest', '--yes')
    expect(r.stdout).toContain('its first 2 tasks start now')
    expect(r.stdout).toContain('2 tasks, healthy')
    expect((await service())?.deployments?.map((d) => d.id)).not.toContain(empty)
    expect(await service()).toMatchObject({ desiredCount: 2, runningCount: 2 })
    // Nothing ran before, so there is no way back to it.
    expect(r.stdout).not.toContain('To go back')
    expect(r.stdout).toContain('Next: infra verify web')
    expect(await changes()).toEqual([])
    expect((await s.ends(0, 'drift')).stdout).toContain('No drift')
    const status = await s.ends(0, 'status')
    expect(status.stdout).toContain('10 of 10 steps done')
    expect(status.stdout).toContain('All done. Next: infra show-resources')
    expect(await changes()).toEqual([])
  })

  it('deploy, rollback, logs, run', async () => {
    const first = await revision()
    const missing = await s.ends(2, 'deploy', '--image', 'v2', '--yes')
    expect(missing.stderr).toContain('docker push')
    await push('v2')
    await s.ends(0, 'deploy', '--image', 'v2', '--yes')
    expect(await revision()).not.toBe(first)
    await s.ends(0, 'rollback', '--yes')
    expect(await revision()).toBe(first)
    expect((await s.ends(0, 'logs')).stdout).toContain('listening on port 8000')
    const ran = await s.ends(0, 'run', 'migrate', '--yes', '--', 'python', 'manage.py', 'migrate')
    expect(ran.stdout).toContain('manage.py')
  })

  it('an image that crashes is told with its last lines, and ECS goes back by itself', async () => {
    await push('crash-v3')
    const before = await revision()
    const r = await s.ends(1, 'deploy', '--image', 'crash-v3', '--yes')
    expect(r.stderr).toMatch(/exit code 1/)
    expect(r.stderr).toContain('its last lines')
    await expect.poll(revision, { timeout: 10_000 }).toBe(before)
    await s.ends(0, 'rollback', '--yes')
    expect(await revision()).toBe(before)
    expect(await changes()).toEqual([])
  })

  it('verify, env, stop and start', async () => {
    // Nobody answers at the load balancer's address here, and all else is well.
    const said = (await s.ends(1, 'verify', '--json')).stdout.trim().split('\n')
    const checks = said.map((line) => JSON.parse(line) as { type: string; name: string; outcome: string })
    const failed = checks.filter((c) => c.type === 'check' && c.outcome === 'fail').map((c) => c.name)
    expect(failed).toEqual(['health'])
    expect(checks.filter((c) => c.outcome === 'pass').length).toBeGreaterThanOrEqual(7)
    const env = (await s.ends(0, 'env', '--format', 'json')).json<Record<string, string>>()
    expect(env).toMatchObject({ AWS_REGION: 'us-east-1', DATABASE_USER: 'django_app', APP_URL: expect.stringMatching(/^http:/) })
    const ways = (await s.ends(0, 'show-resources', 'registry', 'load-balancer')).stdout
    expect(ways).toContain(`Application  ${env.APP_URL}`)
    expect(ways).toMatch(/docker push \S+\/startupwebapp-backend:<tag>/)
    await s.ends(0, 'stop', '--yes')
    expect((await s.ends(0, 'status')).stdout).toMatch(/Next: infra start\n$/)
    expect(await service()).toMatchObject({ desiredCount: 0, runningCount: 0 })
    expect(await changes()).toEqual([])
    await s.ends(0, 'start', '--yes')
    expect(await service()).toMatchObject({ desiredCount: 2, runningCount: 2 })
    expect(await changes()).toEqual([])
  })

  it('what runs counts as deployed when the record is lost: plan and create keep it, recover writes it down', async () => {
    await push('v5')
    await s.ends(0, 'deploy', '--image', 'v5', '--set-env', 'FEATURE=on', '--yes')
    const running = await revision()
    const file = join(s.place.dir, 'state', 'production.json')
    await rename(file, `${file}.lost`)
    const plan = (await s.ends(0, 'plan', '--json')).json<{ actions: { action: string; key: string }[]; unrecorded: object[] }>()
    expect(plan.actions.filter((a) => a.action !== 'keep')).toEqual([])
    expect(plan.unrecorded).toEqual([{ key: 'web', revision: running, differs: ['image v5', 'FEATURE'], lost: [], counts: [] }])
    const undone = await s.ends(2, 'create', 'ecs', '--undo-deploys')
    expect(undone.stdout).toMatch(/image v5 and FEATURE are taken back/)
    expect(undone.stdout).toMatch(/~ update +web-task-definition/)
    const said = await s.ends(0, 'create', '--yes')
    expect(said.stdout).toMatch(
      /web runs \S+, and nobody has recorded that deploy: image v5 and FEATURE stay as they run\. To go by infra\.yaml instead: infra create --undo-deploys/,
    )
    expect(said.stdout).not.toContain('begins with no task')
    expect([await revision(), (await service()).runningCount]).toEqual([running, 2])
    expect((await s.place.state('production.json')).services).toMatchObject({
      web: { overlay: { environment: { FEATURE: 'on' } } },
    })
    await rename(file, `${file}.lost`)
    const recovered = await s.ends(0, 'recover', '--yes')
    expect(recovered.stdout).toMatch(/\+ web runs \S+: image v5 and FEATURE counts as deployed/)
    expect(await changes()).toEqual([])
    expect((await s.ends(0, 'drift')).stdout).toContain('No drift')
    await s.ends(0, 'rollback', '--yes')
    expect(await changes()).toEqual([])
  })

  it('no secret value is in what was printed, in a file, or in a statement', async () => {
    expect(await s.leaks()).toEqual([])
  })

  it('destroy leaves what it must leave, and nothing of the containers', async () => {
    const refused = await s.run('destroy', '--yes', '--confirm', 'startupwebapp')
    expect(refused.all).toContain('startupwebapp')
    expect(refused.code, refused.all).toBe(0)
    const { things } = await listAccount(s.account)
    const left = things.filter((t) => !t.implied).map((t) => t.type)
    expect([...new Set(left)].sort()).toEqual(['db-snapshot', 'secret'])
  })
})
