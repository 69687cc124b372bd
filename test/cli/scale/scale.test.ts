import { describe, expect, it, vi } from 'vitest'
import type { ScaleFlags } from '../../../src/commands/service/definitions.ts'
import { scale, scaleCommand } from '../../../src/commands/service/scale.ts'
import { CLUSTER, CONFIG, Killed, made, place, said, session, World, wouldChange } from './support/world.ts'

vi.mock('../../../src/core/clock.ts', async () => ({ realClock: (await import('./support/quick.ts')).quick() }))

const NOTHING = { plan: [], drift: [] }
const OFF = { in: false, out: false, scheduled: false }
const ON = { in: true, out: true, scheduled: true }

const run = async (w: World, key: string | undefined, n: number, flags: ScaleFlags = { yes: true }, config = CONFIG) => {
  const s = await session(w, config, flags)
  const code = await scale(place(s, key, key === undefined ? 'theirs' : undefined), n, flags)
  return { code, text: said(s), events: s.heard.events }
}
const refusal = async (work: Promise<unknown>): Promise<{ exitCode: number; text: string }> => {
  const error: { exitCode: number; what: string; why?: string; next?: string } = await work.then(
    () => ({ exitCode: 0, what: 'it was not refused' }),
    (e) => e,
  )
  return { exitCode: error.exitCode, text: [error.what, error.why, error.next].join('\n') }
}

describe('infra scale', () => {
  it('sets the number and nothing else, says what that costs, and follows until they run', async () => {
    const w = await made()
    const { code, text } = await run(w, 'worker', 5)
    expect([code, w.numbers().worker]).toEqual([0, 5])
    expect(w.writes).toEqual(['shop-dev-worker 5', 'state'])
    expect(text).toContain('shop-dev-worker in shop-dev-cluster: 3 tasks -> 5 tasks')
    expect(text).toContain('+$18.02 a month, +$0.59 a day: $45.05 a month in all.')
    expect(text).toMatch(/✓ shop-dev-worker runs 5 tasks after [\d.]+ s, healthy\. Before: 3\./)
    expect(text).toContain('To go back: infra scale worker 3')
    const down = await run(w, 'worker', 0)
    expect(down.text).toContain('-$45.05 a month, -$1.48 a day: $0.00 a month in all.')
    expect(down.text).toMatch(/shop-dev-worker runs no task after [\d.]+ s\. Before: 5\./)
  })

  it('no create takes it back, plan counts with it; a line of infra.yaml that is edited later is the newer word', async () => {
    const w = await made()
    await run(w, 'worker', 0)
    expect(await wouldChange(w)).toEqual(NOTHING)
    expect(w.state().services).toMatchObject({
      worker: { count: { count: 0, since: 3, by: expect.stringContaining('user/me') } },
    })
    const edited = CONFIG.replace('desired: 3', 'desired: 4')
    expect((await wouldChange(w, edited)).plan).toEqual(['worker-service.desired -> 4'])
    // The number of the config again: nothing stands above it any more.
    await run(w, 'worker', 3)
    expect(w.state().services).toEqual({})
    expect(await wouldChange(w)).toEqual(NOTHING)
  })

  it('with autoscaling on: within its limits, and it may change it again', async () => {
    const w = await made()
    const { code, text } = await run(w, 'web', 4)
    expect([code, w.numbers().web]).toEqual([0, 4])
    expect(text).toContain('Autoscaling is on (1 to 4 tasks) and may change the number again')
    expect(w.target('shop-dev-web')).toEqual({ min: 1, max: 4, suspended: OFF })
    expect(await wouldChange(w)).toEqual(NOTHING)
  })

  it('outside of them it is refused, with the line for infra.yaml or the call', async () => {
    const w = await made()
    const max = await refusal(run(w, 'web', 5))
    expect(max.exitCode).toBe(2)
    expect(max.text).toContain('Autoscaling keeps shop-dev-web at 1 to 4 tasks, and 5 is outside of that')
    expect(max.text).toContain('Write max: 5 under ecs.services.web.autoscaling in infra.yaml, then: infra create autoscaling')
    w.count('theirs', 3)
    w.limits('theirs', 2, 6)
    const min = await refusal(run(w, undefined, 1))
    expect(min.text).toMatch(/register-scalable-target .*--resource-id service\/shop-dev-cluster\/theirs --min-capacity 1, then/)
    // One that the config has, and the account not yet.
    w.targets.clear()
    expect((await refusal(run(w, 'web', 9))).text).toContain('Write max: 9')
    expect(w.writes).toEqual([])
  })

  it('to 0: autoscaling is paused, and gets back what it had with the next number', async () => {
    const w = await made()
    w.limits('shop-dev-web', 1, 4, { in: true, out: false, scheduled: false })
    const { text } = await run(w, 'web', 0)
    expect(text).toContain('Autoscaling would bring it back to 1, so it is paused meanwhile')
    expect(w.numbers().web).toBe(0)
    expect(w.target('shop-dev-web')).toEqual({ min: 0, max: 4, suspended: ON })
    expect(await wouldChange(w)).toEqual(NOTHING)
    expect((await refusal(run(w, 'web', 7))).text).toContain('keeps shop-dev-web at 1 to 4 tasks')
    await run(w, 'web', 2)
    expect(w.target('shop-dev-web')).toEqual({ min: 1, max: 4, suspended: { in: true, out: false, scheduled: false } })
    expect(w.numbers().web).toBe(2)
    expect(w.state().services).toEqual({})
    expect(await wouldChange(w)).toEqual(NOTHING)
  })

  it('to 0 before the scaling target is made: it will not lift it either', async () => {
    const w = await made()
    w.targets.clear()
    await run(w, 'web', 0)
    w.limits('shop-dev-web', 0, 4)
    expect(await wouldChange(w)).toMatchObject({ plan: [] })
  })

  it.each([
    ['up', 'worker', 3, 5],
    ['to 0 with autoscaling', 'web', 2, 0],
    ['up from a pause', 'web', 0, 3],
  ] as const)('killed between any two writes, then again: %s', async (_, key, from, to) => {
    const prepare = async (): Promise<World> => {
      const w = await made()
      if (from === 0) await run(w, key, 0)
      w.writes = []
      return w
    }
    const whole = await prepare()
    await run(whole, key, to)
    expect(whole.numbers()[key]).toBe(to)
    for (let at = 1; at <= whole.writes.length; at++)
      for (const when of ['before', 'after'] as const) {
        const w = await prepare()
        w.kill = { at, when }
        const error: Error = await run(w, key, to).then(
          () => new Error('it lived'),
          (e) => e.cause ?? e,
        )
        const told = `killed ${when} write ${at} (${w.writes.at(-1)})`
        expect(error, told).toBeInstanceOf(Killed)
        w.revive()
        const lifting = (await wouldChange(w)).plan.filter((p) => /desired|min -> [1-9]/.test(p))
        expect(lifting, told).toEqual([])
        expect((await run(w, key, to)).code, told).toBe(0)
        expect(w.numbers(), told).toEqual(whole.numbers())
        expect(w.targets, told).toEqual(whole.targets)
        expect(await wouldChange(w), told).toEqual(NOTHING)
        await run(w, 'web', 2)
        expect(w.target('shop-dev-web'), told).toEqual({ min: 1, max: 4, suspended: OFF })
        expect(await wouldChange(w), told).toEqual(NOTHING)
      }
  })

  it('what runs already is told, and costs no call', async () => {
    const w = await made()
    const { code, text, events } = await run(w, 'worker', 3)
    expect([code, w.writes]).toEqual([0, []])
    expect(text).toContain('✓ shop-dev-worker runs 3 tasks already.')
    expect(events).toEqual([])
    expect((await run(w, 'worker', 3, { yes: true, json: true })).events).toMatchObject([
      { type: 'result', outcome: 'unchanged' },
    ])
  })

  it('asks; where nobody can answer it is refused with the command that says yes', async () => {
    const w = await made()
    const { exitCode, text } = await refusal(run(w, 'worker', 4, { wait: false }))
    expect([exitCode, w.writes]).toEqual([2, []])
    expect(text).toContain('infra scale worker 4 --no-wait --yes')
  })

  it('one that infra did not make: the number, nothing written down; its autoscaling only where there is a state', async () => {
    const w = await made()
    w.count('theirs', 1)
    expect((await run(w, undefined, 2)).text).toContain('To go back: infra scale --cluster shop-dev-cluster --service theirs 1')
    expect(w.writes).toEqual(['theirs 2'])
    w.limits('theirs', 1, 3)
    await run(w, undefined, 0)
    expect(w.state().services).toMatchObject({ [`${CLUSTER}/theirs`]: { autoscaling: { min: 1, suspended: OFF } } })
    await run(w, undefined, 3)
    expect([w.services.get('theirs')?.desired, w.target('theirs')]).toEqual([3, { min: 1, max: 3, suspended: OFF }])
    expect(w.state().services).toEqual({})

    const bare = new World()
    bare.count('theirs', 2)
    bare.limits('theirs', 1, 3)
    const { exitCode, text } = await refusal(run(bare, undefined, 0))
    expect([exitCode, bare.writes]).toEqual([2, []])
    expect(text).toContain('Autoscaling keeps at least 1 task of theirs')
    expect(text).toContain('--min-capacity 0, then the same command again')
  })

  it('who may not look at autoscaling can still set a number', async () => {
    const w = await made()
    w.refused.DescribeScalableTargets = Object.assign(new Error('no'), { name: 'AccessDeniedException' })
    const { code, text } = await run(w, 'worker', 4)
    expect([code, w.numbers().worker]).toEqual([0, 4])
    expect(text).toContain('Whether autoscaling is on could not be looked at')
  })

  it('tasks that do not start: why, what fixes it, and the way back; the number stays', async () => {
    const w = await made()
    const worker = w.services.get('shop-dev-worker')
    if (worker) worker.ends = { stoppedReason: 'CannotPullContainerError: nginx:1: not found' }
    const { code, text, events } = await run(w, 'worker', 6, { yes: true, json: true })
    expect(code).toBe(1)
    expect(events.at(-2)).toMatchObject({ type: 'task.failed', stoppedReason: expect.stringContaining('CannotPull') })
    expect(events.at(-1)).toMatchObject({ type: 'result', outcome: 'failed', from: 3, to: 6, running: 3 })
    expect(text).toContain('shop-dev-worker does not get to 6 tasks: the image')
    expect(text).toContain('3 tasks run; ECS goes on trying to start more.')
    expect(text).toMatch(/back: +infra scale worker 3/)
    expect(w.state().services).toMatchObject({ worker: { count: { count: 6 } } })
    // What failed before is no news: the way back is not told as a failure.
    expect((await run(w, 'worker', 2)).code).toBe(0)
  })

  it('another number meanwhile: by autoscaling it is as it should be, by somebody it is told', async () => {
    for (const [key, code, outcome] of [
      ['web', 0, 'changed'],
      ['worker', 1, 'changed'],
    ] as const) {
      const w = await made()
      const change = w.change.bind(w)
      w.change = (what, effect) => {
        const result = change(what, effect)
        const s = w.services.get(`shop-dev-${key}`)
        if (what === 'state' && s) s.desired = 1
        return result
      }
      const ran = await run(w, key, 4, { yes: true, json: true })
      expect([ran.code, ran.events.at(-1)]).toMatchObject([code, { type: 'result', outcome }])
    }
  })

  it('for programs: plan, scaled, tasks, result', async () => {
    const w = await made()
    const { events } = await run(w, 'web', 3, { yes: true, json: true })
    expect(events).toMatchObject([
      { type: 'plan', key: 'web', name: 'shop-dev-web', from: 2, to: 3, monthlyChangeUsd: 9.01, autoscaling: { min: 1, max: 4 } },
      { type: 'scaled', key: 'web', from: 2, to: 3 },
      { type: 'tasks', desired: 3, running: 3 },
      { type: 'result', outcome: 'healthy', from: 2, to: 3, running: 3 },
    ])
    const begun = await run(w, 'web', 2, { yes: true, json: true, wait: false })
    expect(begun.events.map((e) => e.outcome ?? e.type)).toEqual(['plan', 'scaled', 'begun'])
  })

  it.each([
    [['web', '-1'], '-1 is no number of tasks'],
    [['web', '1.5'], '1.5 is no number of tasks'],
    [['web', 'abc'], 'abc is no number of tasks'],
    [['web', '100000'], '100000 is no number of tasks'],
    [['web', '5001'], 'from 0 to 5000'],
    [['web', ''], 'it must be a whole number'],
    [['web', '1e2'], '1e2 is no number of tasks'],
    [['web'], 'How many tasks shall run?'],
    [[], 'How many tasks shall run?'],
  ])('refuses %j before it looks at anything', async (given, words) => {
    const { exitCode, text } = await refusal(scaleCommand(given, { config: '/nowhere/infra.yaml' }))
    expect(exitCode).toBe(2)
    expect(text).toContain(words)
    expect(text).toContain('infra scale ')
  })
})
