import { beforeEach, describe, expect, it } from 'vitest'
import { refuse } from '../../src/core/errors.ts'
import { drift } from '../../src/engine/drift.ts'
import { overview } from '../../src/engine/overview.ts'
import { inWords, warningsIn } from '../../src/engine/scheduled.ts'
import { type FakeKind, fakeKind, type Props } from './support/kinds.ts'
import { type Declare, graphOf, World } from './support/world.ts'

const WHEN = 'in the window on Sunday'

/** A kind whose changes of `size` are made in a window that the test opens. */
const patientKind = () => {
  const plain = fakeKind('server', { usd: 10 })
  let later: Props | undefined
  const asked: Props[] = []
  const kind: FakeKind = {
    ...plain,
    async observe(...args) {
      const seen = await plain.observe(...args)
      if (seen.is === 'absent' || later?.size === undefined || seen.props?.size === undefined) return seen
      return {
        ...seen,
        scheduled: [{ prop: 'size', from: seen.props.size, to: later.size, when: WHEN, at: '2026-12-06T04:00:00.000Z' }],
      }
    },
    async update(aws, attrs, want, changed) {
      asked.push(want)
      const { size: _, ...at } = Object.fromEntries(changed.map((p) => [p, want[p]])) as Props
      await aws.change(attrs.id, at)
      if (changed.includes('size')) later = want.size === undefined ? {} : { size: want.size }
      return 'pending'
    },
    facts: {
      ...plain.facts,
      impact: ({ was, want, changed, scheduled }) => ({
        says: [`${changed.join()}: ${was.size} -> ${want.size}, ${scheduled.length} scheduled`],
        minutes: 7,
        snapshot: 'offer',
      }),
    },
  }
  const open = (): void => {
    later = undefined
  }
  return { kind, asked, open }
}

describe('what AWS has only scheduled', () => {
  let server: ReturnType<typeof patientKind>
  let world: World
  beforeEach(async () => {
    server = patientKind()
    world = new World(server.kind)
    await world.create(of(1))
    await world.create(of(2))
  })
  const of =
    (size: number, color = 'red'): Declare =>
    (add) =>
      void add(server.kind, 'db', { size, color })

  it('ends the wait, and is told and recorded with both values', () => {
    expect(world.cloud.thing('db').props.size).toBe(1)
    expect(world.events.at(-1)).toMatchObject({
      type: 'resource.ready',
      did: 'updated',
      scheduled: [`size: 1 -> 2, ${WHEN}`],
    })
    expect(world.rows.get('db')).toMatchObject({
      want: { size: 2 },
      scheduled: [{ prop: 'size', from: 1, to: 2, when: WHEN, at: '2026-12-06T04:00:00.000Z' }],
    })
  })

  it('is not asked for again, and is no change of the plan: but it is named, and what is paid for is what is now', async () => {
    const { actions, monthlyUsd, monthlyChangeUsd } = await world.plan(of(2))
    expect(actions[0]).toMatchObject({ action: 'keep', reason: 'AWS makes the rest later', scheduled: [{ from: 1, to: 2 }] })
    expect([monthlyUsd, monthlyChangeUsd]).toEqual([20, 10])
    await world.create(of(2))
    expect(server.asked).toHaveLength(1)
    const seen = await world.survey(of(2))
    const view = overview(graphOf(of(2)), ['main'], world.rows, seen, 'r')
    expect(view.monthlyUsd).toBe(10)
    expect(view.steps[0]?.scheduled).toMatchObject([{ key: 'db', prop: 'size', from: 1, to: 2, when: WHEN }])
    expect(overview(graphOf(of(2)), ['main'], world.rows, undefined, 'r').steps[0]?.scheduled).toHaveLength(1)
  })

  it('is no drift; what somebody else has scheduled is', async () => {
    const drifts = async () =>
      drift({ rows: world.rows, survey: await world.survey(of(2)), tagsOf: () => undefined, ignoreOf: () => [] })
    expect(await drifts()).toEqual([])
    await server.kind.update?.({ change: async () => undefined } as never, { id: 'x' }, { size: 9 }, ['size'])
    expect(await drifts()).toMatchObject([{ what: 'altered', changes: [{ prop: 'size', recorded: '2', actual: '9' }] }])
  })

  it('and is not wanted any more is asked for as it is now', async () => {
    const plan = await world.plan(of(1))
    expect(plan.actions[0]).toMatchObject({ action: 'update', reason: 'size: 2 -> 1', minutes: 7 })
    await world.create(of(1))
    expect(server.asked.at(-1)).toMatchObject({ size: 1 })
  })

  it('does not hide other changes, whose impact is told with it', async () => {
    const [action] = (await world.plan(of(3))).actions
    expect(action).toMatchObject({
      action: 'update',
      reason: 'size: 1 -> 3',
      impact: { says: ['size: 1 -> 3, 1 scheduled'], minutes: 7, snapshot: 'offer' },
      minutes: 7,
    })
    const plan = await world.plan(of(2, 'blue'))
    expect(plan.actions[0]).toMatchObject({ action: 'update', reason: 'color: red -> blue', scheduled: [{ prop: 'size' }] })
  })

  it('is forgotten once it is made', async () => {
    const thing = world.cloud.thing('db')
    thing.props = { ...thing.props, size: 2 }
    server.open()
    await world.create(of(2))
    expect(server.asked).toHaveLength(1)
    expect(world.rows.get('db')).not.toHaveProperty('scheduled')
    expect((await world.plan(of(2))).actions[0]).toMatchObject({ reason: 'as wanted', scheduled: [] })
  })
})

describe('what a kind says of what is there', () => {
  const plain = fakeKind('server', { usd: 10, data: true })
  /** One of size 1, looked at with `more`. */
  const shown = async (more: object, facts: Partial<FakeKind['facts']> = {}) => {
    const kind: FakeKind = {
      ...plain,
      observe: async (...args) => {
        const seen = await plain.observe(...args)
        return seen.is === 'absent' ? seen : ({ ...seen, ...more } as typeof seen)
      },
      facts: { ...plain.facts, ...facts },
    }
    const world = new World(kind)
    const of =
      (size: number): Declare =>
      (add) =>
        void add(kind, 'db', { size })
    await world.create((add) => void add(plain, 'db', { size: 1 }))
    return { world, of }
  }

  it('what is charged besides counts, now and in the plan', async () => {
    const { world, of } = await shown({ charged: { size: 5 } })
    expect(await world.plan(of(1))).toMatchObject({ monthlyUsd: 50, monthlyChangeUsd: 0 })
  })

  it('a warning is told although there is nothing to do', async () => {
    const { world, of } = await shown({ warnings: ['support ends'] })
    expect(warningsIn(await world.survey(of(1)))).toEqual(['db: support ends'])
  })

  it('a change that is never made is refused in the plan, and create asks for nothing', async () => {
    const { world, of } = await shown({}, { refuses: ({ was, want }) => refuse(`${was.size} never becomes ${want.size}`) })
    expect((await world.plan(of(2))).problems).toMatchObject([{ what: '1 never becomes 2' }])
    expect((await world.create(of(2))).failed.get('db')).toMatchObject({ what: '1 never becomes 2' })
    expect(world.cloud.thing('db').props.size).toBe(1)
  })

  it('what failed says what can be done', async () => {
    const { world, of } = await shown({ is: 'failed', note: 'storage-full', remedy: 'give it more' })
    expect((await world.plan(of(1))).problems).toMatchObject([{ next: 'give it more' }])
  })

  it('making it has an impact too', async () => {
    const kind: FakeKind = {
      ...plain,
      facts: { ...plain.facts, impact: ({ changed }) => ({ says: [`new: ${changed}`], minutes: 7 }) },
    }
    const [action] = (await new World(kind).plan((add) => void add(kind, 'db', { size: 1 }))).actions
    expect(action).toMatchObject({ action: 'create', impact: { says: ['new: '] }, minutes: plain.facts.minutes })
  })
})

it('is said with both values where they are known, and with the time', () => {
  expect(inWords({ prop: 'class', from: 'small', to: 'large', when: 'on Sunday' })).toBe('class: small -> large, on Sunday')
  expect(inWords({ prop: 'on', from: false, to: true, when: 'later' })).toBe('on: false -> true, later')
  expect(inWords({ prop: 'parameters', when: 'at the next restart' })).toBe('parameters, at the next restart')
})
