import { describe, expect, it } from 'vitest'
import { Deferred } from '../../src/core/errors.ts'
import { Graph } from '../../src/engine/graph.ts'
import { ioOf } from '../../src/session/globals.ts'
import { line } from '../../src/ui/reporters.ts'
import type { Client } from './support/client.ts'
import { type FakeKind, fakeKind } from './support/kinds.ts'
import { World } from './support/world.ts'

const MINUTES = 20
const kind = fakeKind('certificate', { minutes: 5, deadline: 30, readyMs: MINUTES * 60_000 })
/** What there is to do is known only at the third look. */
const certificate = (): FakeKind => {
  let asked = 0
  return { ...kind, facts: { ...kind.facts, needsPerson: true }, stuck: async () => (++asked < 3 ? [] : ['the DNS lacks x']) }
}

const stack = (of: FakeKind) => {
  const graph = new Graph<Client>('shop-dev')
  const cert = graph.in('main')(of, 'cert', {})
  graph.in('main')(fakeKind('listener', {}), 'listener', { uses: [cert.id] })
  graph.in('main')(fakeKind('topic', {}), 'topic', {})
  return graph
}
const world = (of: FakeKind, noWait: boolean): World => {
  const w = new World(of, fakeKind('listener', {}), fakeKind('topic', {}))
  w.adapt = (cx) => ({ ...cx, noWait })
  return w
}

describe('what waits for a person', () => {
  it('is left with --no-wait as soon as it is known what there is to do, and the same command goes on with it', async () => {
    const of = certificate()
    const w = world(of, true)
    const began = w.cloud.clock.now()
    let first = await w.create(stack(of))
    expect(w.cloud.clock.now() - began).toBeLessThan(60_000)
    expect(first.failed.get('cert')).toBeInstanceOf(Deferred)
    expect(first.failed.get('cert')).toMatchObject({ what: 'it waits for you', why: 'the DNS lacks x', exitCode: 0 })
    expect([...first.blocked]).toEqual([['listener', 'cert']])
    expect(first.done).toEqual(['topic'])
    expect(w.rows.get('cert')).toMatchObject({ is: 'creating', attrs: { id: expect.any(String) } })

    const id = w.rows.get('cert')?.attrs?.id
    first = await w.create(stack(of))
    expect(first.failed.get('cert')).toBeInstanceOf(Deferred)
    w.adapt = (cx) => ({ ...cx, noWait: false })
    const last = await w.create(stack(of))
    expect(last.failed.size).toBe(0)
    expect(w.rows.get('cert')).toMatchObject({ is: 'ready', attrs: { id } })
    expect(w.said('change').filter((t) => t === 'make cert')).toHaveLength(1)
  })

  it('is waited for without --no-wait; and nothing else is ever left', async () => {
    const of = certificate()
    const waits = world(of, false)
    expect(await waits.minutes(() => waits.create(stack(of)))).toBeGreaterThanOrEqual(MINUTES)
    const other: FakeKind = { ...kind, stuck: async () => ['no capacity'] }
    const w = world(other, true)
    expect(await w.minutes(() => w.create(stack(other)))).toBeGreaterThanOrEqual(MINUTES)
    expect(w.rows.get('cert')).toMatchObject({ is: 'ready' })
  })

  it('is no failure on the screen', () => {
    const io = ioOf({ color: false } as never)
    const error = new Deferred('the DNS lacks x')
    expect(line({ type: 'resource.failed', key: 'cert', error }, io)).toContain('cert is begun and waits for you')
  })
})
