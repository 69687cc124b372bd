import { describe, expect, it, vi } from 'vitest'
import { scale } from '../../../src/commands/service/scale.ts'
import { startAll } from '../../../src/commands/sleep/start.ts'
import { stopAll } from '../../../src/commands/sleep/stop.ts'
import { checkScaling } from '../../../src/ecs/checks/scaling.ts'
import type { Survey } from '../../../src/engine/kind.ts'
import { noMinimumText, restoreMinimum, withoutMinimum } from '../../../src/session/records/minimum.ts'
import type { Services } from '../../../src/state/memory.ts'
import { awsError } from '../../ecs/support.ts'
import { CLUSTER, made, place, said, session, type World, wouldChange } from './support/world.ts'

vi.mock('../../../src/core/clock.ts', async () => ({ realClock: (await import('./support/quick.ts')).quick() }))

const OFF = { in: false, out: false, scheduled: false }
/** As `infra create` leaves a service whose image is missing: no task, and a minimum of 0, which would else lift it. */
const begun = async (services: Services = {}): Promise<World> => {
  const w = await made()
  const state = w.state()
  Object.assign(state.resources['web-scaling-target']?.want ?? {}, { min: 0 })
  w.text = JSON.stringify({ ...state, services })
  w.limits('shop-dev-web', 0, 4)
  return w
}
const low = async (w: World, survey?: Survey) => {
  const { config, state } = await session(w)
  return withoutMinimum(config, state.services, state.all(), survey).map((x) => `${x.key} ${x.wanted}`)
}

describe('the minimum of autoscaling after the first tasks', () => {
  it('is given back by the deploy that starts them, and written down', async () => {
    const w = await begun()
    expect(await low(w)).toEqual(['web 1'])
    expect((await wouldChange(w)).plan).toEqual(['web-scaling-target.min -> 1'])
    await restoreMinimum(place(await session(w), 'web'))
    expect(w.writes).toEqual(['target shop-dev-web 1', 'state'])
    expect(w.target('shop-dev-web')).toEqual({ min: 1, max: 4, suspended: OFF })
    expect(await wouldChange(w)).toEqual({ plan: [], drift: [] })
    expect(await low(w)).toEqual([])
  })

  it('killed after the call: the next deploy writes it down, and asks nothing of AWS twice', async () => {
    const w = await begun()
    w.kill = { at: 1, when: 'after' }
    await restoreMinimum(place(await session(w), 'web'))
    w.revive()
    await restoreMinimum(place(await session(w), 'web'))
    expect(w.writes).toEqual(['state'])
    expect(await low(w)).toEqual([])
  })

  it('stays 0 while it waits for its image, while it is paused, and where a person has set another', async () => {
    for (const web of [{ awaitsImage: true } as const, { autoscaling: { min: 1, suspended: OFF, at: '2026-11-22' } }]) {
      const w = await begun({ web })
      await restoreMinimum(place(await session(w), 'web'))
      expect([w.writes, await low(w)]).toEqual([[], []])
    }
    const w = await made()
    w.limits('shop-dev-web', 3, 4)
    await restoreMinimum(place(await session(w), 'web'))
    expect(w.writes).toEqual([])
  })

  it('who may not set it is told, and the deploy goes on', async () => {
    const w = await begun()
    w.refused = { RegisterScalableTarget: awsError('AccessDeniedException') }
    const s = await session(w, undefined, { yes: true, sandbox: true })
    await restoreMinimum(place(s, 'web'))
    expect(said(s)).toContain('Autoscaling may take web down to no task')
    expect(said(s)).toContain('Next: infra create autoscaling --sandbox')
  })

  it.each(['stop and start', 'scale'])('%s gives it back too', async (how) => {
    const w = await begun()
    if (how === 'scale') await scale(place(await session(w), 'web'), 3, { yes: true })
    else {
      await stopAll(await session(w))
      expect(w.target('shop-dev-web')?.min).toBe(0)
      await startAll(await session(w))
    }
    expect(w.target('shop-dev-web')).toEqual({ min: 1, max: 4, suspended: OFF })
    expect(await wouldChange(w)).toEqual({ plan: [], drift: [] })
  })

  it('the first tasks may also be started by scale', async () => {
    const w = await begun({ web: { awaitsImage: true } })
    w.count('shop-dev-web', 0)
    await scale(place(await session(w), 'web'), 2, { yes: true })
    expect([w.numbers().web, w.target('shop-dev-web')?.min]).toEqual([2, 1])
    expect(await low(w)).toEqual([])
  })

  it('what AWS shows counts for more than what is recorded', async () => {
    const w = await made()
    const seen = (min: number): Survey =>
      new Map([['web-scaling-target', { is: 'ready', attrs: {}, props: { min } }]]) as unknown as Survey
    expect([await low(w, seen(0)), await low(w, seen(1)), await low(w)]).toEqual([['web 1'], [], []])
    expect(noMinimumText({ key: 'web', wanted: 1 })).toBe(
      'Autoscaling may take web down to no task, and nothing would wake it: its minimum is 0, infra.yaml says 1',
    )
  })
})

describe('verify looks at the minimum', () => {
  const check = async (min: number, declared: number | undefined, suspended = OFF) => {
    const w = await made()
    w.limits('shop-dev-web', min, 4, suspended)
    const line = (verb: string, more = ''): string => `infra ${verb} web ${more}`.trim()
    return checkScaling(w.aws, { cluster: CLUSTER, service: 'shop-dev-web', declared, line })
  }
  it.each([
    [1, 1, 'pass', '1 to 4 tasks', undefined],
    [0, 0, 'pass', '0 to 4 tasks', undefined],
    [0, 1, 'fail', /its minimum is 0, infra.yaml says 1/, 'infra create autoscaling'],
    [0, undefined, 'warn', /its minimum is 0: it may take a quiet service down/, /--min-capacity 1$/],
  ])('%s where %s is declared: %s', async (min, declared, outcome, detail, next) => {
    const found = await check(min, declared)
    expect(found).toMatchObject({ outcome, detail: expect.stringMatching(detail) })
    if (next) expect(found).toMatchObject({ next: expect.stringMatching(next) })
  })
  it('paused, or not there', async () => {
    expect(await check(0, 1, { in: true, out: true, scheduled: true })).toMatchObject({ outcome: 'warn', detail: 'it is paused' })
    const w = await made()
    const line = (): string => ''
    const other = { cluster: CLUSTER, service: 'other', line }
    expect(await checkScaling(w.aws, { ...other, declared: 1 })).toMatchObject({
      outcome: 'warn',
      next: 'infra create autoscaling',
    })
    expect(await checkScaling(w.aws, { ...other, declared: undefined })).toEqual([])
  })
})
