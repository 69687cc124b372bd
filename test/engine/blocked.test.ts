import { describe, expect, it } from 'vitest'
import type { Blocker } from '../../src/engine/kind.ts'
import { destroyMinutes, destroyOrder } from '../../src/engine/order.ts'
import type { Row } from '../../src/state/schema.ts'
import { Fault } from '../support/cloud.ts'
import { anyKind, type FakeKind, fakeKind, Net } from './support/kinds.ts'
import { type Declare, World } from './support/world.ts'

const MINUTE = 60_000
const one: Declare = (add) => void add(Net, 'net', {})
const waits = (world: World): string[] => world.events.flatMap((e) => (e.type === 'resource.waiting' ? [e.status] : []))

/** A kind whose delete is refused for so long, and what blocks it meanwhile. */
const held = (forMs: number, blockers: (elapsedMs: number) => readonly Blocker[], deadline = 45) => {
  const world: World = new World({
    ...Net,
    facts: { ...Net.facts, deadline },
    async blockers() {
      asked.push(world.cloud.clock.now() - began)
      return blockers(world.cloud.clock.now() - began)
    },
  })
  const asked: number[] = []
  let began = 0
  const destroy = async () => {
    await world.create(one)
    world.forget()
    began = world.cloud.clock.now()
    world.cloud.hook = (p) => {
      if (p.text === 'remove net' && p.phase === 'before' && world.cloud.clock.now() - began < forMs) throw new Fault('in-use')
    }
    const outcome = await world.destroy()
    return { outcome, minutes: (world.cloud.clock.now() - began) / MINUTE }
  }
  return { world, asked, destroy }
}

describe('a delete that is refused because something is in the way', () => {
  it('is waited for as long as AWS needs to free it, and told from the first minute', async () => {
    const { world, asked, destroy } = held(38 * MINUTE, () => [
      { what: '2 public addresses of the load balancer web', freedLate: true },
    ])
    const { outcome, minutes } = await destroy()
    expect(outcome.done).toEqual(['net'])
    expect(minutes).toBeLessThan(38 * 1.03)
    expect(waits(world)[0]).toBe('in use by 2 public addresses of the load balancer web; AWS frees that within minutes')
    // Not with each of the dense first calls.
    expect(asked.filter((ms) => ms < 10_000)).toHaveLength(2)
  })

  it('names at the deadline what still holds it', async () => {
    const { outcome, minutes } = await held(Number.POSITIVE_INFINITY, () => [
      { what: 'the network interface of an RDS database' },
    ]).destroy()
    expect(outcome.failed.get('net')).toMatchObject({
      what: 'net cannot be deleted: it is still used by the network interface of an RDS database',
      next: 'Remove that, then run the same destroy again',
    })
    expect(minutes).toBeGreaterThan(45)
    expect(minutes).toBeLessThan(46)
  })

  const task: Blocker = { what: 'an ECS task', freedLate: true }
  const endpoint: Blocker = { what: 'the VPC endpoint vpce-1 (made by GuardDuty)', remedy: 'aws ec2 delete-vpc-endpoints x' }

  it('what never goes by itself is not waited for: it ends within a minute, with the command that removes it', async () => {
    const { world, destroy } = held(Number.POSITIVE_INFINITY, () => [task, endpoint])
    const { outcome, minutes } = await destroy()
    expect(minutes).toBeLessThan(1)
    expect(waits(world)[0]).toBe('in use by an ECS task, the VPC endpoint vpce-1 (made by GuardDuty)')
    expect(outcome.failed.get('net')).toMatchObject({
      what: 'net cannot be deleted: it is still used by the VPC endpoint vpce-1 (made by GuardDuty)',
      why: expect.stringContaining('never goes by itself'),
      next: 'aws ec2 delete-vpc-endpoints x; then the same destroy again',
    })
    expect(world.rows.get('net')).toMatchObject({ is: 'deleting' })
  })

  it('what only seemed to stay, because a look showed it a little longer, does not end the wait', async () => {
    const { destroy } = held(5 * MINUTE, (ms) => (ms < 20_000 || ms > 4 * MINUTE ? [endpoint] : [task]), 45)
    const { outcome, minutes } = await destroy()
    // It shows up again for good after four minutes, and half a minute later it is believed.
    expect(outcome.failed.has('net')).toBe(true)
    expect(minutes).toBeGreaterThan(4.4)
    expect(minutes).toBeLessThan(5)
  })

  it('who may not look at what blocks it waits all the same', async () => {
    const { world, destroy } = held(MINUTE, () => {
      throw new Fault('fatal', 'denied')
    })
    expect((await destroy()).outcome.done).toEqual(['net'])
    expect(waits(world)[0]).toBe('in use by something that AWS does not name')
  })
})

describe('what a kind outlives', () => {
  const Balancer = fakeKind('balancer', { minutes: 3, deleteMinutes: 1 })
  const Gateway = fakeKind('gateway', { minutes: 1 })
  const outliving = { ...Gateway, facts: { ...Gateway.facts, outlives: ['balancer'] } } as FakeKind
  const slow = { ...Balancer, facts: { ...Balancer.facts, lingers: 5 } } as FakeKind
  const kindOf = (type: string) => anyKind(type === 'gateway' ? outliving : type === 'balancer' ? slow : Net)
  const row = (type: string, deps: readonly string[] = [], more: Partial<Row> = {}): Row => ({
    ...{ type, step: 'main', name: type, is: 'ready', attrs: { id: type }, want: {}, token: '', at: '2026-01-01T00:00:00.000Z' },
    deps: [...deps],
    ...more,
  })
  const orderOf = (rows: Record<string, Row>) =>
    Object.fromEntries(
      destroyOrder(Object.keys(rows), new Map(Object.entries(rows)), kindOf, {}).map((n) => [n.key, [...n.deps].sort()]),
    )

  it('goes before it, also where the state does not say so', () => {
    expect(orderOf({ gate: row('gateway'), a: row('balancer'), b: row('balancer'), net: row('net') })).toEqual({
      gate: ['a', 'b'],
      a: [],
      b: [],
      net: [],
    })
  })

  it('never against what the state says: that would be a circle, and nothing would go', () => {
    expect(orderOf({ gate: row('gateway', ['mid']), mid: row('net', ['a']), a: row('balancer') })).toEqual({
      gate: [],
      mid: ['gate'],
      a: ['mid'],
    })
  })

  it('also when destroy carries it out', async () => {
    const world = new World(outliving, slow)
    await world.create((add) => {
      add(outliving, 'gate', {})
      add(slow, 'web', {})
    })
    world.forget()
    await world.destroy()
    expect(world.said('change')).toEqual(['remove web', 'remove gate'])
  })

  it('the estimate counts what lingers, and nothing for what stays', () => {
    const rows = { gate: row('gateway'), web: row('balancer') }
    const minutes = (of: Record<string, Row>) => destroyMinutes(Object.keys(of), new Map(Object.entries(of)), kindOf, {})
    expect(minutes(rows)).toBe(1 + 5 + 1)
    expect(minutes({ gate: rows.gate, web: row('balancer', [], { adopted: true }) })).toBe(1)
  })
})
