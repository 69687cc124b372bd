import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { KEYS, terminal } from '../support/terminal.ts'
import {
  balancerOf,
  DEFINITION,
  describe as definitionOf,
  owned,
  remembered,
  revisions,
  serviceOf,
  type Theatre,
  theatre,
  wrote,
} from './support/service.ts'
import { failing, healthy, pending, unhealthyThenBack } from './support/stage.ts'

const url = inject('motoUrl')

describe.skipIf(!url)('infra deploy', () => {
  let t: Theatre
  beforeEach(async () => {
    t = await theatre(url ?? '')
  })
  afterEach(() => t.close())
  const entries = async () => remembered((await t.p.state('dev.json')).services)

  it('rolls out one change, shows what comes, and says how to go back', async () => {
    await serviceOf(t)
    await owned(t)
    t.stage.script = healthy(2)
    const ran = await t.p.run('deploy', '--image', '1.27', '--yes')
    expect(ran.code, ran.all).toBe(0)
    expect(ran.stdout).toContain('shop-dev-web in shop-dev-cluster: shop-dev-web:1 -> a new revision')
    expect(ran.stdout).toMatch(/~ {2}image {2}nginx:1\.26 -> nginx:1\.27\n/)
    expect(ran.stdout).toContain(
      'Its task is exchanged (never fewer than 100 % of them, never more than 200 %). Time: about 3 minutes.',
    )
    expect(ran.stdout).toMatch(/✓ shop-dev-web runs shop-dev-web:2 after [\d.]+ s: 1 task, healthy\. Before: shop-dev-web:1\./)
    expect(ran.stdout).toContain('To go back: infra rollback web')
    expect(ran.stderr).toMatch(/ {2}shop-dev-web:2: 0 of 1 new task running.*, 1 old task still there\n/)
    expect(ran.stderr).toMatch(/ {2}has started 1 tasks: \(task \w+\)\n/)
    expect(await revisions(t)).toEqual(['shop-dev-web:1', 'shop-dev-web:2'])
    expect(t.stage.told).toEqual([
      { cluster: 'shop-dev-cluster', service: 'shop-dev-web', taskDefinition: expect.stringMatching(/shop-dev-web:2$/) },
    ])
    expect(await entries()).toMatchObject([
      {
        revision: 'shop-dev-web:2',
        from: 'shop-dev-web:1',
        image: 'nginx:1.27',
        healthy: true,
        how: 'deploy',
        changes: ['image: nginx:1.26 -> nginx:1.27'],
        by: expect.stringContaining(t.account.accountId),
      },
      { revision: 'shop-dev-web:1', healthy: true, how: 'found' },
    ])
    const { resources, services } = await t.p.state('dev.json')
    expect(services).not.toHaveProperty('web.pending')
    const arn = t.stage.primary?.taskDefinition
    expect(resources['web-task-definition']).toMatchObject({
      attrs: { id: 'shop-dev-web:2', arn },
      want: { containers: [{ image: 'nginx:1.27' }] },
    })
    expect(resources['web-service']).toMatchObject({ want: { taskDefinition: arn } })
  })

  it('for a program: the plan, the rollout, the events, the result, one a line', async () => {
    await serviceOf(t)
    await owned(t)
    const ran = await t.p.run('deploy', 'web', '--set-env', 'LOG_LEVEL=debug', '--json', '--yes')
    expect(ran.code, ran.all).toBe(0)
    const lines = ran.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines[0]).toMatchObject({
      type: 'plan',
      key: 'web',
      from: 'shop-dev-web:1',
      differences: [{ what: 'env LOG_LEVEL', from: 'info', to: 'debug' }],
    })
    expect(lines.map((l) => l.type)).toEqual(expect.arrayContaining(['rollout', 'event']))
    expect(lines.find((l) => l.type === 'rollout')).toMatchObject({
      revision: 'shop-dev-web:2',
      state: 'IN_PROGRESS',
      desired: 1,
      old: 1,
    })
    expect(lines.at(-1)).toMatchObject({
      type: 'result',
      outcome: 'healthy',
      from: 'shop-dev-web:1',
      to: 'shop-dev-web:2',
      back: 'infra rollback web',
    })
    const { containerDefinitions = [] } = await definitionOf(t, 'shop-dev-web:2')
    expect(containerDefinitions[0]?.environment).toEqual(
      expect.arrayContaining([
        { name: 'LOG_LEVEL', value: 'debug' },
        { name: 'REGION', value: 'us-east-1' },
      ]),
    )
    expect(containerDefinitions[1]?.environment).toEqual([{ name: 'LOG_LEVEL', value: 'warn' }])
  })

  it('at the first task that fails: the reason, the last lines, what it means, what ECS does, what next', async () => {
    await serviceOf(t)
    await owned(t)
    t.stage.script = failing({
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      exitCode: 1,
    })
    const script = t.stage.script
    t.stage.script = (stage, own) => {
      script(stage, own)
      const [task] = stage.of(own)
      if (own.looks === 1 && task) void wrote(t, task.arn, ['booting', "ModuleNotFoundError: No module named 'gunicorn'"])
    }
    const ran = await t.p.run('deploy', '--image', '1.27', '--yes')
    expect(ran.code, ran.all).toBe(1)
    expect(ran.stderr).toMatch(/✗ Task \w{32} ended: Essential container in task exited\n {4}web: exit code 1\n/)
    expect(ran.stderr).toMatch(
      /its last lines \(\/ecs\/shop web\/web\/\w+\):\n {6}booting\n {6}ModuleNotFoundError: No module named 'gunicorn'\n/,
    )
    expect(ran.stderr).toContain(
      "✗ shop-dev-web:2 did not come to be healthy: the image lacks a part: ModuleNotFoundError: No module named 'gunicorn'",
    )
    expect(ran.stderr).toContain(
      'now:   1 task of shop-dev-web:1 still runs. ECS tries some more times, then gives up and brings shop-dev-web:1 back by itself.',
    )
    expect(ran.stderr).toContain('next:  infra rollback web goes back to shop-dev-web:1 at once')
    expect(await entries()).toMatchObject([
      { revision: 'shop-dev-web:2', healthy: false },
      { revision: 'shop-dev-web:1', healthy: true },
    ])
    const { services, resources } = await t.p.state('dev.json')
    expect(services).not.toHaveProperty('web.overlay')
    expect(resources['web-task-definition']).toMatchObject({
      attrs: { id: 'shop-dev-web:1' },
      want: { containers: [{ image: 'nginx:1.26' }] },
    })
  })

  it('an image that is not there, a secret without the key', async () => {
    await serviceOf(t)
    await owned(t)
    t.stage.script = failing({
      stopCode: 'TaskFailedToStart',
      stoppedReason:
        'CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref docker.io/library/nginx:9.9: docker.io/library/nginx:9.9: not found',
    })
    const image = await t.p.run('deploy', '--image', '9.9', '--yes', '--json')
    expect(image.code, image.all).toBe(1)
    const lines = image.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.find((l) => l.type === 'task.failed')).toMatchObject({
      stopCode: 'TaskFailedToStart',
      meaning: 'the image is not in the registry, or not under this tag',
      log: [],
    })
    expect(lines.at(-1)).toMatchObject({
      type: 'result',
      outcome: 'failed',
      meaning: expect.stringContaining('not in the registry'),
      back: 'infra rollback web',
    })

    t.stage.script = failing({
      stopCode: 'TaskFailedToStart',
      stoppedReason:
        'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key DB_PASSWORD',
    })
    const secret = await t.p.run('deploy', '--image', '9.8', '--yes')
    expect(secret.code, secret.all).toBe(1)
    expect(secret.stderr).toContain('shop-dev-web:3 did not come to be healthy: the secret has no key DB_PASSWORD')
    expect(secret.stderr).toContain('no lines of it: /ecs/shop web/web/')
  })

  it('a health check that fails, and a circuit breaker that brings the old one back', async () => {
    await serviceOf(t, { loadBalancers: [await balancerOf(t)] })
    await owned(t)
    const script = unhealthyThenBack(healthy(3))
    t.stage.script = (stage, own) => {
      script(stage, own)
      const [task] = stage.of(own)
      if (own.looks === 1 && task) void wrote(t, task.arn, ['listening on 8000'])
    }
    const ran = await t.p.run('deploy', '--image', '1.27', '--yes')
    expect(ran.code, ran.all).toBe(1)
    expect(ran.stderr).toMatch(
      /unhealthy: the health check got another answer than it wants \(Health checks failed with these codes: \[404\]\)/,
    )
    expect(ran.stderr).toContain("did not come to be healthy: the load balancer's health check got the answer 404")
    expect(ran.stderr).toContain('ECS has given it up and brings shop-dev-web:1 back by itself.')
    expect(ran.stderr).not.toContain('infra rollback')
    // Going back once more would be one too far: it is followed to its end, and then there is nothing to do.
    const back = await t.p.run('rollback', '--yes')
    expect(back.code, back.all).toBe(0)
    expect(back.stderr).toContain('A rollout to shop-dev-web:1 is under way; following it.')
    const again = await t.p.run('rollback', '--yes')
    expect(again.code, again.all).toBe(0)
    expect(t.stage.told).toHaveLength(1)
    expect(t.stage.primary?.taskDefinition).toMatch(/shop-dev-web:1$/)
  })

  it('Ctrl-C ends the following, not the rollout; the next one goes on with it', async () => {
    await serviceOf(t)
    await owned(t)
    t.stage.script = pending
    const first = t.p.start('deploy', '--image', '1.27', '--yes')
    await first.printed('1 pending')
    first.kill('SIGINT')
    const ran = await first.done
    expect(ran.code, ran.all).toBe(130)
    expect(ran.stderr).toContain('No longer followed: the rollout of shop-dev-web:2 goes on at AWS.')
    expect(ran.stderr).toContain('To follow it: infra deploy web')
    expect(ran.stderr).not.toContain('Stopping')
    const { services } = await t.p.state('dev.json')
    expect(services).toMatchObject({
      web: {
        pending: { revision: 'shop-dev-web:2', deployment: t.stage.primary?.id },
        overlay: { image: 'nginx:1.27' },
      },
    })
    if (t.stage.primary) t.stage.complete(t.stage.primary)
    for (const task of t.stage.tasks) task.lastStatus = 'RUNNING'
    const next = await t.p.run('deploy')
    expect(next.code, next.all).toBe(0)
    expect(next.stdout).toContain('The rollout of shop-dev-web:2 is done: shop-dev-web runs it.')
    expect(await entries()).toMatchObject([{ revision: 'shop-dev-web:2', healthy: true }, {}])
    expect(t.stage.told).toHaveLength(1)
  })

  it('--no-wait begins and leaves; the same command follows; --force makes new tasks of the same revision', async () => {
    await serviceOf(t)
    await owned(t)
    t.stage.script = healthy(2)
    const begun = await t.p.run('deploy', '--image', '1.27', '--yes', '--no-wait')
    expect(begun.code, begun.all).toBe(0)
    expect(begun.stdout).toContain('shop-dev-web is on its way from shop-dev-web:1 to shop-dev-web:2.')
    const same = await t.p.run('deploy', '--image', '1.27', '--yes')
    expect(same.code, same.all).toBe(0)
    expect(same.stderr).toContain('A rollout to shop-dev-web:2 is under way; following it.')
    expect(await revisions(t)).toEqual(['shop-dev-web:1', 'shop-dev-web:2'])
    const nothing = await t.p.run('deploy', '--image', '1.27', '--yes')
    expect(nothing.stdout).toContain('Nothing to do: shop-dev-web:2 has all of that already')
    const forced = await t.p.run('deploy', '--force', '--yes')
    expect(forced.code, forced.all).toBe(0)
    expect(forced.stdout).toContain('shop-dev-web:2 -> the same revision, new tasks')
    expect(t.stage.told.at(-1)).toMatchObject({ taskDefinition: expect.stringMatching(/:2$/), forceNewDeployment: true })
    expect(await revisions(t)).toEqual(['shop-dev-web:1', 'shop-dev-web:2'])
  })

  it('in a terminal: the change, the question, one line that moves, and a tidy screen', async () => {
    await serviceOf(t)
    await owned(t)
    t.stage.script = healthy(2)
    const screen = terminal(t.p, ['deploy', '--image', '1.27'])
    await screen.sees('nginx:1.26 -> nginx:1.27')
    expect(t.proxy.changing()).toEqual([])
    await screen.answer('Deploy it?', KEYS.enter)
    await screen.sees(/shop-dev-web:2: . of 1 new task running.* \d\.\d s/)
    expect(await screen.done, screen.screen()).toBe(0)
    expect(screen.screen()).toMatch(/✓ shop-dev-web runs shop-dev-web:2 after/)
    expect(screen.screen()).not.toMatch(/shop-dev-web:2: \d of 1/)
    // The cursor is back.
    expect(screen.raw().lastIndexOf('\x1b[?25h')).toBeGreaterThanOrEqual(screen.raw().lastIndexOf('\x1b[?25l'))
  })

  it('what somebody else rolls out while a person thinks is not undone', async () => {
    const arn = await serviceOf(t)
    await owned(t)
    const screen = terminal(t.p, ['deploy', '--image', '1.27'])
    await screen.sees('Deploy it?')
    t.stage.begin(arn.replace(/:1$/, ':9'), pending)
    screen.press(KEYS.enter)
    expect(await screen.done, screen.screen()).toBe(2)
    expect(screen.screen()).toContain('shop-dev-web was changed meanwhile: it ran shop-dev-web:1, and now shop-dev-web:9')
    expect(t.proxy.changing()).toEqual([])
  })

  it('in a terminal: no changes nothing, and a container that cannot be told is asked for', async () => {
    const [web, router] = DEFINITION.containerDefinitions ?? []
    const containerDefinitions = [{ ...web }, { ...router, essential: true, portMappings: [{ containerPort: 24224 }] }]
    await serviceOf(t, {}, { containerDefinitions })
    await owned(t)
    const screen = terminal(t.p, ['deploy', '--image', 'fluent-bit:3'])
    await screen.answer('Which container is the application?', `${KEYS.down}${KEYS.enter}`)
    await screen.sees('fluent-bit:2 -> fluent-bit:3')
    await screen.answer('Deploy it?', `n${KEYS.enter}`)
    expect(await screen.done, screen.screen()).toBe(0)
    expect(screen.screen()).toContain('Nothing was changed.')
    expect(t.proxy.changing()).toEqual([])
    const refused = await t.p.run('deploy', '--image', 'fluent-bit:3', '--yes')
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('Name it with --container')])
  })
})
