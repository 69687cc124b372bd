import { describe, expect, it, vi } from 'vitest'
import { scale } from '../../../src/commands/service/scale.ts'
import { startAll } from '../../../src/commands/sleep/start.ts'
import { stopAll } from '../../../src/commands/sleep/stop.ts'
import { CONFIG, Killed, made, monthNow, place, said, session, type World, wouldChange } from './support/world.ts'

vi.mock('../../../src/core/clock.ts', async () => ({ realClock: (await import('./support/quick.ts')).quick() }))

const NOTHING = { plan: [], drift: [] }
const OFF = { in: false, out: false, scheduled: false }
const ON = { in: true, out: true, scheduled: true }
const BOTH = { stop: stopAll, start: startAll }
type Verb = keyof typeof BOTH

const run = async (w: World, verb: Verb, config = CONFIG) => {
  const s = await session(w, config)
  const code = await BOTH[verb](s)
  return { code, text: said(s) }
}
/** One that is dead by the given write. */
const killed = async (w: World, verb: Verb, at: number, when: 'before' | 'after'): Promise<string | undefined> => {
  w.kill = { at, when }
  const s = await session(w)
  const error: unknown = await BOTH[verb](s).then(
    () => undefined,
    (e: Error) => e.cause ?? e,
  )
  const what = w.writes.at(-1)
  expect(error, what).toBeInstanceOf(Killed)
  w.revive()
  return what
}

const standing = async (): Promise<World> => {
  const w = await made()
  // As autoscaling has left it: not the number of the config.
  w.count('shop-dev-web', 3)
  return w
}
const asBefore = async (w: World, told: string): Promise<void> => {
  expect(w.numbers(), told).toEqual({ web: 3, worker: 3, idle: 0 })
  expect(w.target('shop-dev-web'), told).toEqual({ min: 1, max: 4, suspended: OFF })
  expect(w.server, told).toBe('available')
  expect(w.state().services, told).toEqual({})
  expect(await wouldChange(w), told).toEqual(NOTHING)
}
const asleep = async (w: World, told: string): Promise<void> => {
  expect(w.numbers(), told).toEqual({ web: 0, worker: 0, idle: 0 })
  expect(w.target('shop-dev-web'), told).toEqual({ min: 0, max: 4, suspended: ON })
  expect(w.server, told).toBe('stopped')
  expect(await wouldChange(w), told).toEqual(NOTHING)
}

describe('infra stop and start', () => {
  it('everything goes to sleep, services first; and comes back as it was, the database first', async () => {
    const w = await standing()
    expect((await run(w, 'stop')).code).toBe(0)
    await asleep(w, '')
    expect(w.writes.at(-1)).toBe('server stop')
    expect((await run(w, 'stop')).text).toContain('The stack sleeps already')
    w.writes = []
    expect((await run(w, 'start')).code).toBe(0)
    await asBefore(w, '')
    expect(w.writes[0]).toBe('server start')
    expect((await run(w, 'start')).text).toContain('Nothing sleeps')
  })

  const writesOf = async (verb: Verb): Promise<number> => {
    const w = await standing()
    if (verb === 'start') await run(w, 'stop')
    w.writes = []
    await run(w, verb)
    return w.writes.length
  }

  it.each<{ dead: Verb; again: Verb[] }>([
    { dead: 'stop', again: ['stop', 'start'] },
    { dead: 'stop', again: ['start'] },
    { dead: 'start', again: ['start'] },
    { dead: 'start', again: ['stop', 'start'] },
  ])(
    '$dead killed between any two writes, then $again: nothing is lost, and no create lifts anything meanwhile',
    async ({ dead, again }) => {
      const n = await writesOf(dead)
      const tried: string[] = []
      for (let at = 1; at <= n; at++)
        for (const when of ['before', 'after'] as const) {
          const w = await standing()
          if (dead === 'start') await run(w, 'stop')
          w.writes = []
          const what = await killed(w, dead, at, when)
          const told = `killed ${when} write ${at} (${what})`
          tried.push(`${when} ${what}`)
          const { plan } = await wouldChange(w)
          expect(
            plan.filter((p) => /desired|min -> [1-9]/.test(p)),
            told,
          ).toEqual([])
          for (const verb of again) {
            const ran = await run(w, verb)
            expect(ran.code, `${told}, then ${verb}: ${ran.text}`).toBe(0)
            if (verb === 'stop') await asleep(w, told)
          }
          await asBefore(w, told)
        }
      expect(tried).toContain(`after shop-dev-web ${dead === 'stop' ? 0 : 3}`)
      expect(tried).toContain(`after target shop-dev-web ${dead === 'stop' ? 0 : 1}`)
      expect(tried).toContain('after state')
    },
  )

  it('what was edited in infra.yaml meanwhile is the newer word, and a create wakes nobody', async () => {
    const w = await standing()
    await run(w, 'stop')
    const edited = CONFIG.replace('desired: 3', 'desired: 5')
    expect(await wouldChange(w, edited)).toEqual(NOTHING)
    expect((await run(w, 'start', edited)).code).toBe(0)
    expect(w.numbers()).toEqual({ web: 3, worker: 5, idle: 0 })
    expect(await wouldChange(w, edited)).toEqual(NOTHING)
  })

  it('what was scaled by hand before sleeps and comes back with that', async () => {
    const w = await made()
    for (const [key, n] of [
      ['worker', 6],
      ['web', 0],
    ] as const) {
      const s = await session(w)
      expect(await scale(place(s, key), n, s.g)).toBe(0)
    }
    await run(w, 'stop')
    expect(w.numbers()).toEqual({ web: 0, worker: 0, idle: 0 })
    await run(w, 'start')
    expect(w.numbers()).toEqual({ web: 0, worker: 6, idle: 0 })
    expect(w.target('shop-dev-web')).toMatchObject({ min: 0, suspended: ON })
    expect(await wouldChange(w)).toEqual(NOTHING)
  })

  it('one that is woken alone is not lifted twice, and start brings the others', async () => {
    const w = await standing()
    await run(w, 'stop')
    const s = await session(w)
    expect(await scale(place(s, 'web'), 2, s.g)).toBe(0)
    expect(said(s)).toContain('The stack sleeps (infra stop): only this service is woken, with 2 tasks')
    expect(w.target('shop-dev-web')).toEqual({ min: 1, max: 4, suspended: OFF })
    expect(w.numbers()).toEqual({ web: 2, worker: 0, idle: 0 })
    expect(await wouldChange(w)).toEqual(NOTHING)
    await run(w, 'start')
    expect(w.numbers()).toEqual({ web: 2, worker: 3, idle: 0 })
    expect(w.state().services).toEqual({})
  })

  it('one that somebody has lifted meanwhile sleeps again, and comes back with that number', async () => {
    const w = await standing()
    await run(w, 'stop')
    w.count('shop-dev-worker', 1)
    w.server = 'available'
    await run(w, 'stop')
    await asleep(w, '')
    await run(w, 'start')
    expect(w.numbers()).toEqual({ web: 3, worker: 1, idle: 0 })
    expect(w.target('shop-dev-web')).toEqual({ min: 1, max: 4, suspended: OFF })
    expect(await wouldChange(w)).toEqual(NOTHING)
  })

  it('the database that AWS has started again is stopped again, and the numbers stay remembered', async () => {
    const w = await standing()
    await run(w, 'stop')
    w.server = 'available'
    expect((await run(w, 'stop')).code).toBe(0)
    await asleep(w, '')
    await run(w, 'start')
    await asBefore(w, '')
  })

  it('works without a database, and without services', async () => {
    const bare = await made(CONFIG, { rds: false })
    expect((await run(bare, 'stop')).code).toBe(0)
    expect(bare.numbers()).toEqual({ web: 0, worker: 0, idle: 0 })
    expect((await run(bare, 'start')).code).toBe(0)
    expect(bare.numbers()).toEqual({ web: 2, worker: 3, idle: 0 })

    const config = CONFIG.replace(/ {4}\w+: .*desired.*\n/g, '').replace('  services:\n', '')
    const data = await made(config.replace('ecs:\n', ''))
    const lone = config.replace('ecs:\n', '')
    expect((await run(data, 'stop', lone)).code).toBe(0)
    expect(data.writes).toEqual(['server stop'])
    expect((await run(data, 'start', lone)).code).toBe(0)
    expect(data.server).toBe('available')
  })

  it('refuses what infra db stop refuses, before anything is changed', async () => {
    const replica = await standing()
    replica.replicas = ['copy']
    await expect(run(replica, 'stop')).rejects.toMatchObject({
      exitCode: 2,
      what: expect.stringContaining('read replica (copy)'),
    })
    const modifying = await standing()
    modifying.server = 'modifying'
    await expect(run(modifying, 'stop')).rejects.toMatchObject({
      exitCode: 2,
      what: 'The database server shop-dev-db is modifying',
      next: 'infra stop again in some minutes',
    })
    const silent = await standing()
    const s = await session(silent, CONFIG, {})
    await expect(stopAll(s)).rejects.toMatchObject({ exitCode: 2, next: 'infra stop --yes' })
    for (const w of [replica, modifying, silent]) expect(w.writes).toEqual([])
    const nothing = await made(CONFIG, { rds: false })
    nothing.services.clear()
    await expect(run(nothing, 'stop')).rejects.toMatchObject({ exitCode: 2, what: 'There is nothing that could be stopped' })
  })

  it('says before what sleeps, what it saves, what goes on costing, and when AWS starts the database again', async () => {
    const w = await standing()
    const { text } = await run(w, 'stop')
    expect(text).toMatch(/shop-dev-web +3 tasks -> 0 +\$27\.03 a month +its autoscaling is paused/)
    expect(text).toMatch(/shop-dev-worker +3 tasks -> 0 +\$27\.03 a month\n/)
    expect(text).toMatch(/shop-dev-db +stopped +\$25\.36 a month +db\.t4g\.small, postgres 16\.4, 20 GB gp3/)
    expect(text).not.toContain('shop-dev-idle')
    expect(text).toContain('Saves $79.42 a month, $2.61 a day.')
    expect(text).toContain(
      'Goes on costing $35.55 a month: NAT gateway $32.85, storage of the database (20 GB) $2.30, secret $0.40.',
    )
    const day = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10)
    expect(text).toContain(`AWS starts the database again by itself after 7 days: on ${day}. The services stay at 0.`)
    expect(text).toContain('Time: about 6 minutes.')
    expect((await run(w, 'start')).text).toContain('Costs $79.42 a month again, $2.61 a day.')
  })

  it('what it saves and what goes on costing are together what status says before; and the rest is what status says asleep', async () => {
    const w = await standing()
    const before = await monthNow(w)
    const down = await session(w, CONFIG, { yes: true, json: true })
    await stopAll(down)
    const { savesMonthlyUsd, goesOnMonthlyUsd } = down.heard.events.find((e) => e.type === 'plan') as Record<string, number>
    // Enhanced monitoring sleeps with the server, and tasks are counted as they run: 3 of web, while infra.yaml says 2.
    expect(savesMonthlyUsd).toBe(79.42)
    expect(goesOnMonthlyUsd).toBe(35.55)
    expect(before).toBe(114.97)
    expect(await monthNow(w)).toBe(goesOnMonthlyUsd)
    const up = await session(w, CONFIG, { yes: true, json: true })
    await startAll(up)
    expect(up.heard.events.find((e) => e.type === 'plan')).toMatchObject({ costsMonthlyUsd: savesMonthlyUsd })
    expect(await monthNow(w)).toBe(before)
  })

  it('counts how long the tasks may finish their requests, and waits for that', async () => {
    const w = await standing()
    w.drainSeconds = 300
    expect((await run(w, 'stop')).text).toContain(
      'Time: about 11 minutes: tasks have 300 s to finish their requests (deregistrationDelaySeconds).',
    )
    const denied = await standing()
    denied.drainSeconds = 30
    denied.refused.DescribeTargetGroupAttributes = new Error('denied')
    expect((await run(denied, 'stop')).text).toContain('Time: about 11 minutes.')
  })

  it('for programs: plan, scaled, result, one object each, and not a word besides', async () => {
    const w = await standing()
    const down = await session(w, CONFIG, { yes: true, json: true })
    const print = vi.spyOn(process.stdout, 'write').mockImplementation(() => true)
    await stopAll(down)
    const up = await session(w, CONFIG, { yes: true, json: true })
    await startAll(up)
    print.mockRestore()
    expect(down.heard.out).toEqual([])
    // Both at once: which is told first says nothing.
    const inOrder = (all: Record<string, unknown>[]) => {
      const place = (e: Record<string, unknown>): string => `${['plan', 'scaled', 'result'].indexOf(String(e.type))} ${e.key}`
      return all.filter((e) => e.type !== 'tasks').sort((x, y) => place(x).localeCompare(place(y)))
    }
    expect(inOrder(down.heard.events)).toMatchObject([
      {
        type: 'plan',
        services: [
          { key: 'web', from: 3, to: 0, autoscaling: true },
          { key: 'worker', from: 3, to: 0, autoscaling: false },
        ],
        server: 'shop-dev-db',
        savesMonthlyUsd: 79.42,
      },
      { type: 'scaled', key: 'web', from: 3, to: 0 },
      { type: 'scaled', key: 'worker', from: 3, to: 0 },
      { type: 'result', changed: true, server: { id: 'shop-dev-db', status: 'stopped' }, savesMonthlyUsd: 79.42 },
    ])
    expect(inOrder(up.heard.events)).toMatchObject([
      {
        type: 'plan',
        services: [
          { key: 'web', from: 0, to: 3 },
          { key: 'worker', from: 0, to: 3 },
        ],
        server: 'shop-dev-db',
      },
      { type: 'scaled', key: 'web', from: 0, to: 3 },
      { type: 'scaled', key: 'worker', from: 0, to: 3 },
      {
        type: 'result',
        services: [
          { key: 'web', to: 3, running: 3, outcome: 'healthy' },
          { key: 'worker', to: 3, running: 3, outcome: 'healthy' },
        ],
        server: { status: 'available' },
      },
    ])
  })

  it('a service whose tasks do not start is told, the others come all the same', async () => {
    const w = await standing()
    await run(w, 'stop')
    const web = w.services.get('shop-dev-web')
    if (web) web.ends = { stoppedReason: 'CannotPullContainerError: nginx:1: not found' }
    const up = await run(w, 'start')
    expect(up.code).toBe(1)
    expect(up.text).toContain('shop-dev-web does not get to 3 tasks')
    expect(w.numbers()).toEqual({ web: 3, worker: 3, idle: 0 })
    expect(w.services.get('shop-dev-worker')?.running).toBe(3)
    expect(w.state().services).toEqual({})
  })
})
