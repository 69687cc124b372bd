import * as ECS from '@aws-sdk/client-ecs'
import { describe, expect, inject, it } from 'vitest'
import type { Ran } from '../../support/cli.ts'
import { eachNth } from '../../support/some.ts'
import { DEFINITION, owned, remembered, revisions, serviceOf, type Theatre, theatre } from './support/service.ts'
import { healthy } from './support/stage.ts'

const url = inject('motoUrl')

type Instant = readonly [n: number, when: 'before' | 'after']

const killed = async (t: Theatre, args: readonly string[], [n, when]: Instant): Promise<string | undefined> => {
  const run = t.p.start(...args)
  let at: string | undefined
  t.proxy[when] = (call) => {
    if (call.n !== n) return undefined
    at = call.op
    run.kill('SIGKILL')
    return 'drop'
  }
  await run.done
  t.proxy[when] = undefined
  return at
}

/** The command is killed at each of its calls, after AWS has heard of it and where it changes something also before; then it is run again. */
const everywhere = async (
  prepare: (t: Theatre) => Promise<void>,
  args: readonly string[],
  check: (t: Theatre, again: Ran, told: string) => Promise<void>,
  { script = healthy(0), only = /./ } = {},
): Promise<string[]> => {
  const play = async (work: (t: Theatre) => Promise<void>): Promise<void> => {
    const t = await theatre(url ?? '')
    try {
      await prepare(t)
      t.proxy.clear()
      t.stage.told.length = 0
      t.stage.script = script
      await work(t)
    } finally {
      await t.close()
    }
  }
  let calls: string[] = []
  await play(async (t) => {
    const ran = await t.p.run(...args)
    expect(ran.code, ran.all).toBe(0)
    calls = t.proxy.log.map((c) => c.op)
  })
  const isSure = ([nth]: Instant): boolean => /Register|Update|DescribeTasks$/.test(calls[nth - 1] ?? '')
  const instants = calls.flatMap((op, i): Instant[] =>
    op.search(only) < 0
      ? []
      : /Register|Update/.test(op)
        ? [
            [i + 1, 'before'],
            [i + 1, 'after'],
          ]
        : [[i + 1, 'after']],
  )
  // Those that change something, and some of the others.
  const [sure, other] = [
    instants.filter(isSure),
    eachNth(
      instants.filter((i) => !isSure(i)),
      4,
    ),
  ]
  const todo = [...sure, ...other]
  const tried: string[] = []
  const worker = async (): Promise<void> => {
    for (let next = todo.shift(); next; next = todo.shift()) {
      const instant = next
      await play(async (t) => {
        const at = await killed(t, args, instant)
        const again = await t.p.run(...args)
        const told = `killed ${instant[1]} call ${instant[0]} (${at}), then: ${again.all}`
        expect(again.code, told).toBe(0)
        await check(t, again, told)
        tried.push(`${instant[1]} ${at}`)
      })
    }
  }
  await Promise.all([worker(), worker(), worker()])
  return tried
}

const DEPLOY = ['--image', '1.27', '--set-env', 'LOG_LEVEL=debug', '--yes']
const BOTH = [
  'before ecs.RegisterTaskDefinition',
  'after ecs.RegisterTaskDefinition',
  'before ecs.UpdateService',
  'after ecs.UpdateService',
  'after ecs.DescribeTasks',
]

describe.skipIf(!url)('killed anywhere, and run again', () => {
  const onEight = async (t: Theatre, told: string): Promise<void> => {
    expect(await revisions(t), told).toEqual(['shop-dev-web:1', 'shop-dev-web:2'])
    expect(t.stage.primary, told).toMatchObject({
      taskDefinition: expect.stringMatching(/shop-dev-web:2$/),
      rolloutState: 'COMPLETED',
    })
    expect(new Set(t.stage.told.map((s) => s.taskDefinition)).size, told).toBe(1)
  }

  it('a deploy of the stack: one revision more, never two; the service on it; recorded once', async () => {
    const prepare = async (t: Theatre): Promise<void> => {
      await serviceOf(t)
      await owned(t)
    }
    const tried = await everywhere(prepare, ['deploy', ...DEPLOY], async (t, _, told) => {
      await onEight(t, told)
      const { services, resources } = await t.p.state('dev.json')
      expect(services, told).toMatchObject({ web: { overlay: { image: 'nginx:1.27' } } })
      expect(remembered(services), told).toMatchObject([
        { revision: 'shop-dev-web:2', healthy: true },
        { revision: 'shop-dev-web:1', healthy: true },
      ])
      expect(services, told).not.toHaveProperty('web.pending')
      expect(resources['web-task-definition']?.attrs, told).toMatchObject({ id: 'shop-dev-web:2' })
    })
    expect(tried).toEqual(expect.arrayContaining(BOTH))
  }, 60_000)

  it('a deploy without a config', async () => {
    const where = ['--cluster', 'shop-dev-cluster', '--service', 'shop-dev-web']
    const prepare = async (t: Theatre): Promise<void> => void (await serviceOf(t))
    const tried = await everywhere(prepare, ['deploy', ...where, ...DEPLOY], async (t, _, told) => onEight(t, told))
    expect(tried).toEqual(expect.arrayContaining(BOTH))
  }, 60_000)

  it('a rollback: one step back, never two', async () => {
    const prepare = async (t: Theatre): Promise<void> => {
      await serviceOf(t)
      for (const image of ['nginx:1.27', 'nginx:1.28']) {
        const [web, router] = DEFINITION.containerDefinitions ?? []
        const containerDefinitions = [{ ...web, image }, { ...router }]
        await t.ecs.send(new ECS.RegisterTaskDefinitionCommand({ ...DEFINITION, containerDefinitions }))
      }
      await t.ecs.send(
        new ECS.UpdateServiceCommand({
          cluster: 'shop-dev-cluster',
          service: 'shop-dev-web',
          taskDefinition: `arn:aws:ecs:us-east-1:${t.account.accountId}:task-definition/shop-dev-web:3`,
        }),
      )
      if (t.stage.primary) t.stage.complete(t.stage.primary)
      await owned(t, undefined, [3, 2, 1])
    }
    const check = async (t: Theatre, _: Ran, told: string): Promise<void> => {
      expect(t.stage.primary, told).toMatchObject({
        taskDefinition: expect.stringMatching(/shop-dev-web:2$/),
        rolloutState: 'COMPLETED',
      })
      expect(new Set(t.stage.told.map((s) => s.taskDefinition)).size, told).toBe(1)
      expect(await revisions(t), told).toHaveLength(3)
      const { services, resources } = await t.p.state('dev.json')
      expect(remembered(services)[0], told).toMatchObject({
        revision: 'shop-dev-web:2',
        from: 'shop-dev-web:3',
        how: 'rollback',
        healthy: true,
      })
      expect(remembered(services)[1], told).toMatchObject({ revision: 'shop-dev-web:3', left: true })
      expect(resources['web-task-definition']?.attrs, told).toMatchObject({ id: 'shop-dev-web:2' })
    }
    // Still under way when it is run again, and done by then.
    const slow = await everywhere(prepare, ['rollback', '--yes'], check, { script: healthy(1), only: /UpdateService|ListTasks/ })
    const tried = await everywhere(prepare, ['rollback', '--yes'], check)
    expect(slow).toContain('after ecs.UpdateService')
    expect(tried).toEqual(expect.arrayContaining(['before ecs.UpdateService', 'after ecs.UpdateService']))
  }, 60_000)
})
