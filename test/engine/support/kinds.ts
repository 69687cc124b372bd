import type { JsonObject } from '../../../src/core/json.ts'
import type { AnyKind, Kind, Stamp } from '../../../src/engine/kind.ts'
import type { Shown } from '../../support/cloud.ts'
import type { Client } from './client.ts'

/** Every fake kind has the same props; which ones it uses is up to the test. Ids in any of them are uses. */
export type Props = {
  readonly size?: number
  readonly color?: string
  /** The two ends of a link: its natural key. */
  readonly from?: string
  readonly to?: string
  readonly uses?: readonly string[]
}
export type Attrs = { readonly id: string; readonly port?: number }
export type FakeKind = Kind<Props, Attrs, Client>

export interface Spec {
  readonly minutes?: number
  readonly deleteMinutes?: number
  readonly deadline?: number
  /** Until it is ready; undefined: the answer of the create call says ready. */
  readonly readyMs?: number
  readonly looks?: number
  readonly goneMs?: number
  /** An update shows only after so long. */
  readonly changeMs?: number
  readonly found?: 'name' | 'natural' | 'tag'
  readonly immutable?: readonly (keyof Props)[]
  /** A change of what is immutable makes another one beside it. */
  readonly replace?: boolean
  /** No update at all. */
  readonly fixed?: boolean
  readonly data?: boolean
  readonly guarded?: boolean
  readonly token?: boolean
  /** What a new one has whatever was wanted: `update` must follow. */
  readonly born?: Props
  /** The delete call does nothing and says so. */
  readonly stays?: boolean
  /** The type of what it lives in, whose id is in `from`. */
  readonly inside?: string
  /** The type of what it is deleted together with, whose id is in `from`. The other end of it cannot go before. */
  readonly goesWith?: string
  /** USD a month for each unit of size. */
  readonly usd?: number
}

const nameOf = (spec: Spec, stamp: Stamp, want: Props): string | undefined =>
  spec.found === 'tag' ? undefined : spec.found === 'natural' ? `${want.from}>${want.to}` : stamp.name

/** A kind of which everything that the engine can notice is told by the spec. */
export const fakeKind = (type: string, spec: Spec = {}): FakeKind => ({
  type,
  async observe(aws, stamp, want, last) {
    const name = nameOf(spec, stamp, want)
    const tagged = async (): Promise<{ it: Shown | undefined; rivals: string[] }> => {
      const all = await aws.list(type)
      const ours = all.filter((t) => t.tags.key === stamp.key)
      const recorded = last?.id ? (all.find((t) => t.id === last.id) ?? (await aws.get(type, last.id))) : undefined
      const it = last?.id ? recorded : ours.length === 1 ? ours[0] : undefined
      return { it, rivals: it ? [] : ours.map((t) => t.id) }
    }
    const { it, rivals } = spec.found === 'tag' ? await tagged() : { it: await aws.get(type, last?.id ?? name ?? ''), rivals: [] }
    if (!it) return { is: 'absent', ...(rivals.length > 0 ? { rivals } : {}) }
    const ours = spec.found === 'natural' || last?.id || (it.tags.stack === stamp.stack && it.tags.key === stamp.key)
    return {
      is: it.is,
      attrs: { id: it.id },
      props: it.props as Props,
      ...(spec.found === 'natural' ? {} : { tags: it.tags }),
      note: it.failed ?? `${type}-${it.is}`,
      guarded: it.guarded,
      ...(ours ? {} : { foreign: `the ${type} ${it.name}` }),
    }
  },
  async create(aws, want, stamp) {
    const { readyMs, looks, goneMs, guarded } = spec
    const name = nameOf(spec, stamp, want)
    const id = await aws.make(stamp.key, {
      type,
      props: { ...want, ...spec.born },
      tags: spec.found === 'natural' ? {} : stamp.tags,
      ...(name ? { name } : {}),
      ...(spec.token ? { token: stamp.token } : {}),
      ...((spec.inside ?? spec.goesWith) && want.from ? { inside: want.from } : {}),
      ...definedOnly({ readyMs, looks, goneMs, guarded }),
    })
    return { attrs: { id }, ready: readyMs === undefined && looks === undefined, ...(spec.born ? { props: spec.born } : {}) }
  },
  ...(spec.fixed
    ? {}
    : {
        async update(aws: Client, attrs: Attrs, want: Props, changed: readonly (keyof Props)[]) {
          const to = Object.fromEntries(changed.map((p) => [p, want[p]])) as JsonObject
          await aws.change(attrs.id, to, spec.changeMs)
          return spec.changeMs ? ('pending' as const) : ('done' as const)
        },
      }),
  ...(spec.found === 'natural' ? {} : { tag: (aws: Client, attrs: Attrs, tags: Stamp['tags']) => aws.tag(attrs.id, tags) }),
  ...(spec.guarded ? { unguard: (aws: Client, attrs: Attrs) => aws.unguard(attrs.id) } : {}),
  async delete(aws, attrs, how) {
    if (spec.stays) return 'left'
    await aws.remove(attrs.id, how.finalSnapshot)
    return undefined
  },
  blockers: async (_aws, attrs) => [{ what: `someone who needs ${attrs.id}` }],
  facts: {
    title: `fake ${type}`,
    minutes: spec.minutes ?? 0.1,
    iam: { observe: [], create: [], delete: [] },
    found: spec.found ?? 'name',
    immutable: spec.immutable ?? [],
    ...(spec.replace ? { replace: { name: (declared: string, generation: string) => `${declared}-${generation}` } } : {}),
    ...definedOnly({ deleteMinutes: spec.deleteMinutes, deadline: spec.deadline, data: spec.data, inside: spec.inside }),
    ...(spec.goesWith ? { goesWith: { type: spec.goesWith, by: 'from', holds: true } as const } : {}),
    ...(spec.usd ? { monthly: (want: Props) => [{ what: type, usd: (spec.usd ?? 0) * (want.size ?? 1) }] } : {}),
    ...(spec.data
      ? {
          snapshotName: (attrs: JsonObject, at: Date) => `last-of-${attrs.id}-${at.getTime()}`,
          leaves: (_attrs: JsonObject, _want: Props, how: { finalSnapshot?: string }) => how.finalSnapshot,
        }
      : {}),
  },
})

const definedOnly = <T extends object>(of: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(of).filter(([, v]) => v !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> }

const MINUTE = 60_000
/** Found only by its tags, and not born as it is wanted (a VPC). */
export const Net = fakeKind('net', { found: 'tag', born: { color: 'none' }, immutable: ['size'] })
/** Found only by its tags, with a client token, slow (a NAT gateway). */
export const Gate = fakeKind('gate', { found: 'tag', token: true, minutes: 2, readyMs: 2 * MINUTE, goneMs: MINUTE, fixed: true })
/** Found by what it connects (a route). */
export const Link = fakeKind('link', { found: 'natural', immutable: ['from', 'to'] })
/** Found by name, ready at once, changed in place (a role). */
export const Note = fakeKind('note', { usd: 1 })
/** Holds data, guarded, slow in everything (an RDS instance). */
export const Db = fakeKind('db', {
  data: true,
  guarded: true,
  minutes: 12,
  deleteMinutes: 6,
  deadline: 60,
  readyMs: 12 * MINUTE,
  goneMs: 6 * MINUTE,
  changeMs: MINUTE,
  immutable: ['color'],
  usd: 50,
})

export const KINDS: readonly FakeKind[] = [Net, Gate, Link, Note, Db]
export const anyKind = (kind: FakeKind): AnyKind<Client> => kind as unknown as AnyKind<Client>
