import type { Context } from '../../../src/engine/context.ts'
import type { Row, Rows } from '../../../src/state/schema.ts'
import type { Client } from '../../engine/support/client.ts'
import { type FakeKind, Link, Net, Note } from '../../engine/support/kinds.ts'
import { kinds } from './stack.ts'

type Cx = Context<Client>
type Adapt = (cx: Cx) => Cx

/** One safety layer, taken away: not in the source, but in what the engine is given. */
export interface Mutant {
  readonly adapt?: Adapt
  readonly kinds?: readonly FakeKind[]
}

const withRows = (change: (rows: Rows, cx: Cx) => Partial<Rows>): Mutant => ({
  adapt: (cx) => {
    const { rows } = cx
    const same: Rows = {
      row: (key) => rows.row(key),
      all: () => rows.all(),
      put: (key, row) => rows.put(key, row),
      drop: (key) => rows.drop(key),
      write: (changes) => rows.write(changes),
    }
    return { ...cx, rows: { ...same, ...change(rows, cx) } }
  },
})
const withPut = (put: (rows: Rows, key: string, row: Row) => Promise<void>): Mutant =>
  withRows((rows) => ({ put: (key, row) => put(rows, key, row) }))
const withKinds = (change: (kind: FakeKind) => Partial<FakeKind>): Mutant => ({
  kinds: [...kinds, Net, Link, Note].map((kind) => ({ ...kind, ...change(kind) })),
})
const classifiedAs = (trouble: ReturnType<Cx['classify']>): Mutant => ({
  adapt: (cx) => ({
    ...cx,
    classify: (error) => {
      const right = cx.classify(error)
      return right === 'unknown-outcome' ? trouble : right
    },
  }),
})

const isIntent = (row: Row): boolean => row.is === 'creating' && !row.attrs
const nothing = (): Promise<void> => Promise.resolve()
let drawn = 1_000_000

export const mutants = {
  'no intent is written': withPut((rows, key, row) => (isIntent(row) ? nothing() : rows.put(key, row))),
  'the create call does not wait until the intent is durable': withPut((rows, key, row) => {
    const durable = rows.put(key, row)
    return isIntent(row) ? nothing() : durable
  }),
  'no write is waited for': withRows((rows) => ({
    put: (key, row) => {
      void rows.put(key, row)
      return nothing()
    },
    drop: (key) => {
      void rows.drop(key)
      return nothing()
    },
  })),
  'the id is not recorded before the wait': withRows((rows) => {
    // The process itself knows it.
    const known = new Map<string, Row>()
    const put = (key: string, row: Row): Promise<void> => {
      if (row.is === 'creating' && row.attrs) {
        known.set(key, row)
        return nothing()
      }
      known.delete(key)
      return rows.put(key, row)
    }
    return { put, row: (key) => known.get(key) ?? rows.row(key) }
  }),
  'no grace for what shows late': { adapt: (cx) => ({ ...cx, graceMs: 0 }) },
  'the grace counts from long ago': withPut((rows, key, row) =>
    rows.put(key, isIntent(row) ? { ...row, at: '2020-01-01T00:00:00.000Z' } : row),
  ),
  'the grace counts from the first attempt': withRows((rows) => {
    const begun = new Map<string, Row>()
    const put = (key: string, row: Row): Promise<void> => {
      const first = begun.get(key)
      if (isIntent(row) && first) return rows.put(key, { ...row, at: first.at })
      begun.set(key, row)
      return rows.put(key, row)
    }
    return { put }
  }),
  'another token for each attempt': { adapt: (cx) => ({ ...cx, stamp: (of) => cx.stamp(of, `token-${++drawn}`) }) },
  'the token is not recorded': withPut((rows, key, row) => rows.put(key, { ...row, token: '' })),
  'one token for ever': { adapt: (cx) => ({ ...cx, stamp: (of) => cx.stamp(of, `token-of-${of.key}`) }) },
  'the tags come after the create call': withKinds((kind) => ({
    create: async (aws, want, stamp) => {
      const made = await kind.create(aws, want, { ...stamp, tags: {} })
      await kind.tag?.(aws, made.attrs as { id: string }, stamp.tags)
      return made
    },
  })),
  'an unknown outcome is tried again blindly': classifiedAs('propagating'),
  'an unknown outcome counts as done nothing': classifiedAs('fatal'),
  'dependencies are not recorded': withPut((rows, key, row) => rows.put(key, { ...row, deps: [] })),
  'the row goes when the delete begins': withPut((rows, key, row) =>
    row.is === 'deleting' ? rows.drop(key) : rows.put(key, row),
  ),
  'what is being deleted counts as gone': withKinds((kind) => ({
    observe: async (aws, stamp, want, last) => {
      const seen = await kind.observe(aws, stamp, want, last)
      return seen.is === 'deleting' ? { is: 'absent' } : seen
    },
  })),
  'the delete is not recorded': withPut((rows, key, row) => (row.is === 'deleting' ? nothing() : rows.put(key, row))),
  'the wait is not recorded as one: ready at once': withPut((rows, key, row) =>
    rows.put(key, row.is === 'creating' && row.attrs ? { ...row, is: 'ready' } : row),
  ),
} satisfies Record<string, Mutant>
