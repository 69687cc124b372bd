import { describe, expect, it } from 'vitest'
import { converge } from '../../src/engine/converge.ts'
import { type Decision, decide } from '../../src/engine/decide.ts'
import { drift } from '../../src/engine/drift.ts'
import { Graph, type Node } from '../../src/engine/graph.ts'
import type { AnySeen } from '../../src/engine/kind.ts'
import { conditionOf } from '../../src/engine/overview.ts'
import { plan } from '../../src/engine/plan.ts'
import type { Row } from '../../src/state/schema.ts'
import type { Client } from './support/client.ts'
import { type FakeKind, fakeKind } from './support/kinds.ts'
import { stampOf } from './support/stamp.ts'
import { World } from './support/world.ts'

/* Every state of a resource: what is recorded of it, what AWS shows of it, and what sort of resource it is. */

const WANT = { size: 1, color: 'red' }
const OURS = { stack: 'shop/dev', key: 'it' }
const AT = '2026-01-01T00:00:00.000Z'

const row = (more: Partial<Row>): Row => ({
  ...{ type: 'plain', step: 'main', name: 'shop-dev-it', is: 'ready', want: WANT, deps: [], token: 't', at: AT, tags: OURS },
  ...more,
})
const attrs = { id: 'i-1' }
const ROWS: Readonly<Record<string, Row | undefined>> = {
  'no row': undefined,
  intent: row({ is: 'creating' }),
  begun: row({ is: 'creating', attrs }),
  ready: row({ attrs }),
  deleting: row({ is: 'deleting', attrs }),
  adopted: row({ attrs, adopted: true, token: '' }),
}
const there = { attrs, props: WANT, tags: OURS }
const SEEN: Readonly<Record<string, AnySeen>> = {
  absent: { is: 'absent' },
  rivals: { is: 'absent', rivals: ['i-2', 'i-3'] },
  'as wanted': { is: 'ready', ...there },
  pending: { is: 'pending', ...there },
  color: { is: 'ready', ...there, props: { ...WANT, color: 'blue' } },
  size: { is: 'ready', ...there, props: { ...WANT, size: 2 } },
  tags: { is: 'ready', ...there, tags: { ...OURS, key: 'x' } },
  asleep: { is: 'ready', ...there, props: { ...WANT, color: 'blue' }, asleep: 'infra start' },
  failed: { is: 'failed', ...there },
  going: { is: 'deleting', ...there },
  foreign: { is: 'ready', ...there, foreign: 'the thing i-1 of someone' },
  'foreign going': { is: 'deleting', ...there, foreign: 'the thing i-1 of someone' },
}
const plain = fakeKind('plain', { immutable: ['size'] })
const SORTS: Readonly<Record<string, { kind: FakeKind; options?: { shared?: boolean; adopt?: string } }>> = {
  plain: { kind: plain },
  replaced: { kind: fakeKind('plain', { immutable: ['size'], replace: true }) },
  data: { kind: fakeKind('plain', { immutable: ['size'], data: true }) },
  shared: { kind: plain, options: { shared: true } },
  adopt: { kind: plain, options: { adopt: 'i-1' } },
}

interface State {
  readonly sort: string
  readonly recorded: string
  readonly shown: string
  readonly graph: Graph<Client>
  readonly node: Node<Client>
  readonly row: Row | undefined
  readonly seen: AnySeen
  readonly decision: Decision
}

const states: State[] = Object.entries(SORTS).flatMap(([sort, { kind, options }]) => {
  const graph = new Graph<Client>('shop-dev')
  graph.in('main')(kind, 'it', WANT, options ?? {})
  const node = graph.get('it')
  if (!node) throw new Error('it was just declared')
  return Object.entries(ROWS).flatMap(([recorded, of]) =>
    Object.entries(SEEN).map(([shown, seen]): State => {
      const decision = decide({ node, row: of, seen, want: WANT, stamp: stampOf(node) })
      return { sort, recorded, shown, graph, node, row: of, seen, decision }
    }),
  )
})
const name = ({ sort, recorded, shown }: State): string => `${sort}: ${recorded} x ${shown}`

const LETTERS = { create: 'c', clear: 'x', wait: 'w', replace: 'r', update: 'u', use: 'U', keep: 'k', refuse: '!' } as const
/** A line for each thing recorded, a letter for each thing shown, in the order above. */
const table = (sort: string): Record<string, string> =>
  Object.fromEntries(
    Object.keys(ROWS).map((recorded) => [
      recorded,
      states.flatMap((s) => (s.sort === sort && s.recorded === recorded ? [LETTERS[s.decision.do]] : [])).join(''),
    ]),
  )

describe('what is to be done in every state', () => {
  const ordinary = (own: string, adopted: string) => ({
    'no row': own,
    intent: own,
    begun: own,
    ready: own,
    deleting: own,
    adopted,
  })
  // absent, rivals, as wanted, pending, color, size, tags, asleep, failed, going, foreign, foreign going
  it.each([
    ['plain', ordinary('c!kwu!u!xx!!', 'c!UwUUUU!xUx')],
    ['replaced', ordinary('c!kwuru!xx!!', 'c!UwUUUU!xUx')],
    ['data', ordinary('c!kwu!u!!x!!', 'c!UwUUUU!xUx')],
    ['shared', ordinary('c!kwu!u!xxUx', 'c!UwUUUU!xUx')],
    ['adopt', ordinary('!!UUUUUUUUUU', '!!UUUUUUUUUU')],
  ])('%s', (sort, wanted) => {
    expect(table(sort)).toEqual(wanted)
  })
})

describe('who goes by it', () => {
  const shown = {
    create: 'create',
    clear: 'create',
    wait: 'keep',
    replace: 'replace',
    update: 'update',
    use: 'keep',
    keep: 'keep',
  }

  it('plan prints it', () => {
    for (const s of states) {
      const made = plan({
        graph: s.graph,
        survey: new Map([['it', s.seen]]),
        rows: new Map(s.row ? [['it', s.row]] : []),
        steps: ['main'],
        region: 'r',
        kindOf: () => s.node.kind,
        stamp: (n) => stampOf(n),
      })
      const { decision } = s
      if (decision.do === 'refuse') expect(made.problems[0]?.what, name(s)).toBe(decision.error.what)
      else expect([made.actions[0]?.action, made.problems], name(s)).toEqual([shown[decision.do], []])
      expect(made.actions[0]?.reason, name(s)).toBe(decision.why)
    }
  })

  /** The first thing that converge does, each of which ends it here. */
  const firstDeed = async ({ node, row: of, seen }: State): Promise<string> => {
    class Deed extends Error {}
    const does = (deed: string) => async () => {
      throw new Deed(deed)
    }
    const deeds = {
      create: does('create'),
      update: does('update'),
      tag: does('update'),
      delete: does('clear'),
      observe: does('look'),
    }
    const world = new World()
    if (of) world.rows.set('it', of)
    const { session, cx } = world.begin()
    try {
      await session.run(() => converge({ ...node, kind: { ...node.kind, ...deeds } }, seen, { ...cx, graceMs: 0 }))
      return world.rows.get('it')?.adopted ? 'use' : 'keep'
    } catch (error) {
      return error instanceof Deed ? error.message : `refuse ${(error as Error).message}`
    }
  }

  it('create carries it out', async () => {
    for (const s of states) {
      const { decision, seen } = s
      const wanted =
        decision.do === 'refuse'
          ? `refuse ${decision.error.message}`
          : decision.do === 'replace'
            ? 'create'
            : decision.do === 'wait' || (decision.do === 'clear' && seen.is === 'deleting')
              ? 'look'
              : decision.do
      expect(await firstDeed(s), name(s)).toBe(wanted)
    }
  })

  it('status: what has to be made is not there, what is kept or used is, and nothing else is said of it', () => {
    for (const s of states) {
      const { decision, seen } = s
      const condition = conditionOf(s.row, new Map([['it', seen]]), 'it')
      if (decision.do === 'create' || seen.is === 'deleting') expect(condition, name(s)).toBe('absent')
      if (decision.do === 'keep') expect(condition, name(s)).toBe('ready')
      if (decision.do === 'wait') expect(condition, name(s)).toBe('pending')
      // A name that is taken by something else is not this resource.
      if (decision.do === 'refuse' && 'foreign' in seen && !s.row?.adopted) expect(condition, name(s)).toBe('absent')
      if (seen.is === 'failed' && decision.do !== 'use') expect(condition, name(s)).toBe('failed')
    }
  })

  it('drift: of what is recorded ready and ours, just what create would not keep', () => {
    for (const s of states) {
      if (s.row?.is !== 'ready' || s.row.adopted || s.node.adopt || s.seen.is === 'pending') continue
      const found = drift({
        rows: new Map([['it', s.row]]),
        survey: new Map([['it', s.seen]]),
        tagsOf: () => stampOf(s.node).tags,
        ignoreOf: () => [],
      })
      const kept = s.decision.do === 'keep' || s.decision.do === 'use'
      // Whose it is, tells the command that would change it.
      if (!('foreign' in s.seen)) expect(found.length > 0, name(s)).toBe(!kept)
    }
  })
})
