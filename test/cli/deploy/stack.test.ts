import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { describe as definitionOf, revisions, type Theatre, theatre, wrote } from './support/service.ts'
import { failing, givenUp, healthy } from './support/stage.ts'

const given = (text: string | undefined): string => text ?? ''
const url = inject('motoUrl')

/** What the config would put an output for; a deploy takes it word for word. */
const LITERAL = ['$', '{registry.uri} hi'].join('')

const CONFIG = `project: shop
environment: dev
region: us-east-1
steps: [vpc, security-groups, secrets, ecs]
securityGroups: { bastionCidr: none }
vpc: { nat: none }
secrets: { extra: { keys: { token: { generate: 32 } } } }
ecs:
  services:
    web: { image: "nginx:1.26", subnets: public, environment: { LOG_LEVEL: info }, secrets: { DB_USER: "database:username" } }
`

/** One after another on one stack: what a deploy leaves behind is what the next command finds. */
describe.skipIf(!url)('a deploy and the stack', () => {
  let t: Theatre
  beforeAll(async () => {
    t = await theatre(url ?? '')
    await writeFile(join(t.p.dir, 'infra.yaml'), CONFIG)
    const made = await t.p.run('create', '--yes')
    expect(made.code, made.all).toBe(0)
    t.stage.script = healthy(0)
  })
  afterAll(() => t?.close())
  const plan = async (): Promise<{ actions: { key: string; action: string; reason: string }[] }> => {
    const ran = await t.p.run('plan', '--json')
    expect(ran.code, ran.all).toBe(0)
    return ran.json()
  }
  const changes = async (): Promise<string[]> =>
    (await plan()).actions.filter((a) => a.action !== 'keep').map((a) => `${a.action} ${a.key}`)
  const edit = async (from: string, to: string): Promise<void> => {
    const file = join(t.p.dir, 'infra.yaml')
    const text = await readFile(file, 'utf8')
    expect(text).toContain(from)
    await writeFile(file, text.replace(from, to))
  }

  it('a secret that its role may not read is refused, with the line for the config', async () => {
    const ran = await t.p.run('deploy', 'web', '--set-secret', 'TOKEN=extra:token', '--yes')
    expect(ran.code, ran.all).toBe(2)
    expect(ran.stderr).toContain('The role shop-dev-task-execution may not read the secret extra')
    expect(ran.stderr).toContain(
      'Next: Write TOKEN: extra:token under ecs.services.web.secrets in infra.yaml, then: infra create ecs',
    )
  })

  it('nothing of a deploy is taken back by a create; plan, drift and status agree', async () => {
    const ran = await t.p.run(
      'deploy',
      'web',
      '--image',
      '1.27',
      '--set-env',
      `GREETING=${LITERAL}`,
      '--set-secret',
      'LOG_LEVEL=database:password',
      '--unset',
      'DB_USER',
      '--yes',
    )
    expect(ran.code, ran.all).toBe(0)
    const [web] = (await definitionOf(t, 'shop-dev-web:2')).containerDefinitions ?? []
    expect(web).toMatchObject({
      image: 'nginx:1.27',
      environment: [{ name: 'GREETING', value: LITERAL }],
      secrets: [{ name: 'LOG_LEVEL', valueFrom: expect.stringMatching(/database-\w{6}:password::$/) }],
    })
    expect((await t.p.state('dev.json')).services).toMatchObject({
      web: { overlay: { image: 'nginx:1.27', secrets: { LOG_LEVEL: 'database:password' }, unset: ['DB_USER'] } },
    })
    expect(await changes()).toEqual([])
    const drift = await t.p.run('drift')
    expect(drift.code, drift.all).toBe(0)
    const again = await t.p.run('create', 'ecs', '--yes')
    expect(again.stdout, again.all).toContain('Nothing to do')
    expect(await revisions(t)).toEqual(['shop-dev-web:1', 'shop-dev-web:2'])
  })

  it('a rollout that failed leaves nothing behind', async () => {
    t.stage.script = failing({
      stopCode: 'TaskFailedToStart',
      stoppedReason: 'CannotPullContainerError: nginx:1.28: not found',
    })
    const ran = await t.p.run('deploy', 'web', '--image', '1.28', '--yes')
    expect(ran.code, ran.all).toBe(1)
    t.stage.script = healthy(0)
    const back = await t.p.run('rollback', 'web', '--yes')
    expect(back.code, back.all).toBe(0)
    expect(back.stdout).toContain('shop-dev-web:3 -> shop-dev-web:2')
    expect(await changes()).toEqual([])
    expect((await t.p.run('drift')).code).toBe(0)
  })

  it('a rollback holds, too: nothing registers the newer one again', async () => {
    expect((await t.p.run('deploy', 'web', '--image', '1.29', '--set-env', 'GREETING=bye', '--yes')).code).toBe(0)
    expect(t.stage.primary?.taskDefinition).toMatch(/shop-dev-web:4$/)
    const back = await t.p.run('rollback', 'web', '--yes')
    expect(back.code, back.all).toBe(0)
    expect(back.stdout).toMatch(/~ {2}env GREETING {2}bye -> \$\{registry\.uri\} hi/)
    expect(t.stage.primary?.taskDefinition).toMatch(/shop-dev-web:2$/)
    expect(await changes()).toEqual([])
    expect((await t.p.run('drift')).code).toBe(0)
    expect(await revisions(t)).toHaveLength(4)
  })

  it('a line of the config that is edited later is the newer word; the others stay as they were deployed', async () => {
    await edit('environment: { LOG_LEVEL: info }', 'environment: { LOG_LEVEL: warn, GREETING: hello }')
    expect(await changes()).toEqual(['update web-task-definition', 'update web-service'])
    const made = await t.p.run('create', 'ecs', '--yes')
    expect(made.code, made.all).toBe(0)
    const [web] = (await definitionOf(t, 'shop-dev-web')).containerDefinitions ?? []
    expect(web?.image).toBe('nginx:1.27')
    expect(web?.environment).toEqual(
      expect.arrayContaining([
        { name: 'LOG_LEVEL', value: 'warn' },
        { name: 'GREETING', value: 'hello' },
      ]),
    )
    expect(web?.secrets ?? []).toEqual([])
    expect(await changes()).toEqual([])
    // Put back, the old line counts again, not what was deployed above it.
    await edit('environment: { LOG_LEVEL: warn, GREETING: hello }', 'environment: { LOG_LEVEL: info }')
    expect((await t.p.run('create', 'ecs', '--yes')).code).toBe(0)
    expect((await definitionOf(t, 'shop-dev-web')).containerDefinitions?.[0]?.environment).toEqual([
      { name: 'LOG_LEVEL', value: 'info' },
    ])
    await edit('web: { image: "nginx:1.26"', 'web: { image: "nginx:1.30"')
    expect((await t.p.run('create', 'ecs', '--yes')).code).toBe(0)
    expect((await definitionOf(t, 'shop-dev-web')).containerDefinitions?.[0]?.image).toBe('nginx:1.30')
  })

  it('a create whose tasks do not come up is explained as a deploy is: what it means, the last lines, the fix', async () => {
    const [web] = (await definitionOf(t, 'shop-dev-web')).containerDefinitions ?? []
    const options = web?.logConfiguration?.options ?? {}
    const at = { logGroupName: given(options['awslogs-group']), prefix: given(options['awslogs-stream-prefix']) }
    const script = givenUp({ exitCode: 1 })
    t.stage.script = (stage, own) => {
      script(stage, own)
      const [task] = stage.of(own)
      if (own.looks === 1 && task) void wrote(t, task.arn, ['booting', 'getaddrinfo ENOTFOUND db'], at)
    }
    await edit('nginx:1.30', 'nginx:1.31')
    const ran = await t.p.run('create', 'ecs', '--yes')
    expect(ran.code, ran.all).toBe(1)
    expect(ran.stderr).toContain('✗ web-service: its rollout failed: ECS deployment circuit breaker: tasks failed to start')
    expect(ran.stderr).toMatch(
      /why: {2}it does not find the host that it wants to connect to; a task stopped: Essential container in task exited; web: exit code 1\n/,
    )
    expect(ran.stderr).toMatch(/its last lines \(\S+ \S+\):\n +booting\n +getaddrinfo ENOTFOUND db\n/)
    expect(ran.stderr).toMatch(
      /next: Look at the variable that holds the host: infra deploy --set-env .* Then run the same command again/,
    )
  })
})
