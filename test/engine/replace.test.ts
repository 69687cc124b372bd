import { describe, expect, it } from 'vitest'
import { Fault } from '../support/cloud.ts'
import { fakeKind, Note } from './support/kinds.ts'
import { stampOf } from './support/stamp.ts'
import { Front, Rule, Seal, serving, switched, Target } from './support/switched.ts'
import { type Declare, failOnce, graphOf, World } from './support/world.ts'

const one =
  (size: number): Declare =>
  (add) => {
    const target = add(Target, 'target', { size })
    add(Note, 'user', { uses: [target.id] })
  }
const targets = (world: World): unknown[] => world.cloud.things().flatMap((t) => (t.type === 'target' ? [t.props.size] : []))

describe('what cannot change in place and holds no data', () => {
  it('is made beside the old one, switched to, and then the old one goes', async () => {
    const world = new World(...switched)
    await world.create(one(1))
    world.forget()
    const outcome = await world.create(one(2))
    expect([...outcome.failed.values()]).toEqual([])
    expect(world.said('change')).toEqual([expect.stringMatching(/^make target@[0-9a-f]{8}$/), 'change user', 'remove target'])
    expect(world.said('write')[0]).toBe('put target@first ready+id, put target creating')
    expect(targets(world)).toEqual([2])
    expect([...world.rows.keys()].sort()).toEqual(['target', 'user'])
    expect(world.rows.get('target')).toMatchObject({ is: 'ready', want: { size: 2 }, generation: expect.any(String) })
    expect(world.events[0]).toMatchObject({ type: 'resource.creating', why: 'replaces the old one: size' })
    world.forget()
    await world.create(one(2))
    expect(world.said('change', 'write')).toEqual([])
  })

  it('is what the plan says, with the reason, and what follows from it', async () => {
    const world = new World(...switched)
    await world.create(one(1))
    const { actions, problems } = await world.plan(one(2))
    expect(problems).toEqual([])
    expect(actions.map((a) => `${a.action} ${a.key}: ${a.reason}`)).toEqual([
      'replace target: size: 1 -> 2',
      'update user: uses: the new one of target',
    ])
  })

  it('goes on to whatever refers to it and cannot follow', async () => {
    const Fixed = fakeKind('fixed', { immutable: ['from'], found: 'natural' })
    const world = new World(...switched, Fixed)
    const declare =
      (kind: typeof Fixed, size: number): Declare =>
      (add) => {
        const target = add(Target, 'target', { size })
        add(kind, 'way', { from: target.id, to: 'x' })
      }
    await world.create(declare(Rule, 1))
    expect((await world.plan(declare(Rule, 2))).actions.map((a) => a.action)).toEqual(['replace', 'replace'])
    await world.create(declare(Rule, 2))
    expect(
      world.cloud
        .things()
        .map((t) => t.type)
        .sort(),
    ).toEqual(['rule', 'target'])
    const refused = new World(...switched, Fixed)
    await refused.create(declare(Fixed, 1))
    const { problems } = await refused.plan(declare(Fixed, 2))
    expect(problems.map((p) => p.what)).toEqual([expect.stringContaining('cannot become the new one of target')])
  })

  it('shows what follows something new, too', async () => {
    const world = new World(...switched)
    const doors =
      (...keys: string[]): Declare =>
      (add) => {
        const all = keys.map((key) => add(Note, key, {}))
        add(Rule, 'rule', { from: all.at(-1)?.id ?? '', to: 'all' })
      }
    await world.create(doors('http'))
    const { actions } = await world.plan(doors('http', 'https'))
    expect(actions.map((a) => `${a.action} ${a.key}: ${a.reason}`)).toEqual([
      'keep http: as wanted',
      'create https: new',
      'replace rule: from: the new one of https',
    ])
  })

  it('is refused where what refers to it is not part of the run', async () => {
    const world = new World(...switched)
    const { Graph } = await import('../../src/engine/graph.ts')
    const graph = (size: number) => {
      const all = new Graph<never>('shop-dev')
      const target = all.in('balancer')(Target as never, 'target', { size } as never) as unknown as { id: never }
      all.in('ecs')(Note as never, 'user', { uses: [target.id] } as never)
      return all as never
    }
    await world.create(graph(1))
    const { problems } = await world.plan(graph(2), ['balancer'])
    expect(problems.map((p) => [p.what, p.next])).toEqual([
      ['target is to be replaced, and user would go on with the old one', 'infra create balancer ecs'],
    ])
    expect((await world.plan(graph(2), ['balancer', 'ecs'])).problems).toEqual([])
    // As the command does: only the steps that were named are looked at.
    const { plan } = await import('../../src/engine/plan.ts')
    const seen = new Map([['target', { is: 'ready', attrs: { id: 'x' }, props: { size: 1 } } as const]])
    const { rows, kindOf } = world
    const all = { graph: graph(2) as never, survey: seen, rows, steps: ['balancer'], region: 'r', kindOf, stamp: stampOf }
    expect(plan(all as never).problems).toHaveLength(1)
  })

  it('is taken back when the edit is taken back before the old one was deleted', async () => {
    const world = new World(...switched)
    await world.create(one(1))
    const first = world.cloud.thing('target').id
    failOnce(world.cloud, 'change user', 'before', () => new Fault('fatal', 'no'))
    expect([...(await world.create(one(2))).failed.keys()]).toEqual(['user'])
    expect(targets(world)).toEqual([1, 2])
    world.cloud.hook = () => {}
    expect((await world.plan(one(1))).actions.map((a) => `${a.action} ${a.key}: ${a.reason}`)).toEqual([
      'replace target: the one before is still there and is taken back',
      'keep user: as wanted',
    ])
    world.forget()
    await world.create(one(1))
    expect(world.said('change')).toEqual([expect.stringMatching(/^remove target@/)])
    expect(world.rows.get('target')?.attrs?.id).toBe(first)
    expect([...world.rows.keys()].sort()).toEqual(['target', 'user'])
  })

  it('three edits in a row of which none came to its end leave one', async () => {
    const world = new World(...switched)
    await world.create(one(1))
    for (const size of [2, 3]) {
      failOnce(world.cloud, 'change user', 'before', () => new Fault('fatal', 'no'))
      await world.create(one(size))
    }
    world.cloud.hook = () => {}
    expect(targets(world)).toEqual([1, 2, 3])
    await world.create(one(2))
    expect(targets(world)).toEqual([2])
    expect([...world.rows.keys()].sort()).toEqual(['target', 'user'])
  })

  it('with data it is refused as ever', async () => {
    const Store = fakeKind('store', { data: true, immutable: ['size'] })
    const world = new World(Store)
    await world.create((add) => void add(Store, 'store', { size: 1 }))
    const { problems } = await world.plan((add) => void add(Store, 'store', { size: 2 }))
    expect(problems.map((p) => p.what)).toEqual(['store: size is 1 and cannot become 2'])
  })
})

describe('with the state lost', () => {
  for (const [kind, name] of [
    [Target, 'by name'],
    [Seal, 'by tag'],
  ] as const)
    it(`finds the one that was made beside another, ${name}`, async () => {
      const world = new World(...switched)
      const declare =
        (size: number): Declare =>
        (add) =>
          void add(kind, 'it', { size })
      await world.create(declare(1))
      await world.create(declare(2))
      world.rows.clear()
      world.forget()
      await world.create(declare(2))
      expect(world.said('change')).toEqual([])
      expect(world.rows.get('it')).toMatchObject({ is: 'ready', generation: expect.any(String) })
    })

  it('finds both where the replacement was under way, and ends it', async () => {
    const world = new World(...switched)
    await world.create(one(1))
    failOnce(world.cloud, 'change user', 'before', () => new Fault('fatal', 'no'))
    await world.create(one(2))
    world.cloud.hook = () => {}
    world.rows.clear()
    expect(targets(world)).toEqual([1, 2])
    await world.create(one(2))
    expect(targets(world)).toEqual([2])
    expect([...world.rows.keys()].sort()).toEqual(['target', 'user'])
  })
})

describe('the switch', () => {
  it('serves from the old one until something serves from the new one', async () => {
    const world = new World(...switched)
    await world.create(serving({ size: 1 }))
    world.forget()
    const outcome = await world.create(serving({ size: 2 }))
    expect([...outcome.failed.values()]).toEqual([])
    expect(world.said('change')).toEqual([
      expect.stringMatching(/^make target@/),
      expect.stringMatching(/^change .*>all$/),
      'change front',
      'change service',
      'change front',
      'remove target',
    ])
  })

  it('stays with the old one when the new one never comes to life, and says so', async () => {
    const world = new World(...switched)
    await world.create(serving({ size: 1 }))
    failOnce(world.cloud, 'change service', 'before', () => new Fault('fatal', 'no such image'))
    const minutes = await world.minutes(async () => {
      const { failed } = await world.create(serving({ size: 2 }))
      expect([...failed.keys()].sort()).toEqual(['front', 'service'])
      expect(failed.get('front')?.message).toContain('front still serves the old one')
    })
    expect(minutes).toBeLessThan(1)
    expect(world.cloud.thing('front').props.to).toBe(world.cloud.thing('target').id)
    world.cloud.hook = () => {}
    await world.create(serving({ size: 2 }))
    expect(targets(world)).toEqual([2])
  })

  it('is undone by taking the edit back', async () => {
    const world = new World(...switched)
    await world.create(serving({ size: 1 }))
    const before = world.cloud.picture()
    failOnce(world.cloud, 'change service', 'before', () => new Fault('fatal', 'no such image'))
    await world.create(serving({ size: 2 }))
    world.cloud.hook = () => {}
    expect([...(await world.create(serving({ size: 1 }))).failed.values()]).toEqual([])
    expect(world.cloud.picture()).toEqual(before)
  })

  it('goes over at once where nothing serves from the old one', async () => {
    const world = new World(...switched)
    const idle =
      (size: number): Declare =>
      (add) => {
        const target = add(Target, 'target', { size })
        add(Front, 'front', { to: target.id, uses: [] })
      }
    await world.create(idle(1))
    world.forget()
    await world.create(idle(2))
    expect(world.said('change')).toEqual([expect.stringMatching(/^make target@/), 'change front', 'remove target'])
  })
})

describe('where AWS makes the switch only later', () => {
  /** Takes another target in only when the test opens its window (a database and its parameter group). */
  const server = () => {
    const plain = fakeKind('server', {})
    let later: string | undefined
    const kind: typeof plain = {
      ...plain,
      async observe(...args) {
        const seen = await plain.observe(...args)
        if (seen.is === 'absent' || later === undefined) return seen
        const scheduled = [
          { prop: 'from', from: seen.props?.from ?? '', to: later, when: 'on Sunday', at: '2026-12-06T04:00:00.000Z' },
        ]
        return { ...seen, scheduled }
      },
      async update(_aws, _attrs, want) {
        later = want.from
        return 'pending'
      },
    }
    const open = async (world: World): Promise<void> => {
      const thing = world.cloud.thing('server')
      if (later) thing.props = { ...thing.props, from: later }
      later = undefined
    }
    return { kind, open }
  }

  it('the old one stays until then, and nothing is left to do meanwhile', async () => {
    const { kind, open } = server()
    const world = new World(...switched, kind)
    const stack =
      (size: number): Declare =>
      (add) => {
        const target = add(Target, 'target', { size })
        add(kind, 'server', { from: target.id })
      }
    const { overview } = await import('../../src/engine/overview.ts')
    const state = async () => overview(graphOf(stack(2)), ['main'], world.rows, await world.survey(stack(2)), 'r').steps[0]?.state
    await world.create(stack(1))
    expect([...(await world.create(stack(2))).failed.values()]).toEqual([])
    expect(targets(world)).toEqual([1, 2])
    const waiting = (await world.plan(stack(2))).actions.map((a) => `${a.action} ${a.key}: ${a.reason}`)
    expect(waiting).toContain('keep target@first: goes once AWS has made what it has scheduled')
    expect(waiting.filter((text) => !text.startsWith('keep'))).toEqual([])
    expect(await state()).toBe('done')
    await open(world)
    expect(await state()).toBe('in progress')
    await world.create(stack(2))
    expect(targets(world)).toEqual([2])
    expect([...world.rows.keys()].sort()).toEqual(['server', 'target'])
  })
})

it('the old one stays while something outside the run uses it, and goes with the next run after that', async () => {
  const world = new World(...switched)
  await world.create(one(1))
  const [target, user] = [world.rows.get('target'), world.rows.get('user')]
  if (!user || !target?.attrs) throw new Error('not made')
  // As a database that was restored beside the stack's own: no config has it.
  world.rows.set('copy', { ...user, step: 'beside', deps: ['target'], want: { uses: [target.attrs.id ?? ''] } })
  const planned = async () =>
    (await world.plan(one(2), ['main'])).actions.flatMap((a) =>
      a.action === 'keep' && a.reason === 'as wanted' ? [] : [a.reason],
    )
  await world.create(one(2), ['main'])
  expect(targets(world)).toEqual([1, 2])
  expect(await planned()).toEqual(['copy still uses it'])
  world.rows.delete('copy')
  expect(await planned()).toEqual(['replaced by another target'])
  await world.create(one(2), ['main'])
  expect(targets(world)).toEqual([2])
})

it('destroy takes all generations, in their order', async () => {
  const world = new World(...switched)
  await world.create(serving({ size: 1 }))
  failOnce(world.cloud, 'change service', 'before', () => new Fault('fatal', 'no'))
  await world.create(serving({ size: 2 }))
  world.cloud.hook = () => {}
  const { failed } = await world.destroy()
  expect([...failed.values()]).toEqual([])
  expect(world.cloud.things()).toEqual([])
  expect(world.cloud.refused).toBe(0)
  expect(world.rows.size).toBe(0)
})

it('is not counted as done while the old one is still there', async () => {
  const world = new World(...switched)
  const { overview } = await import('../../src/engine/overview.ts')
  await world.create(one(1))
  failOnce(world.cloud, 'change user', 'before', () => new Fault('fatal', 'no'))
  await world.create(one(2))
  world.cloud.hook = () => {}
  const graph = graphOf(one(2))
  const seen = await world.survey(graph)
  expect(overview(graph, ['main'], world.rows, seen, 'r').steps[0]?.state).toBe('in progress')
})
