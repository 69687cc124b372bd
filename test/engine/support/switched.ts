import type { Client } from './client.ts'
import { type FakeKind, fakeKind, type Props } from './kinds.ts'
import type { Declare } from './world.ts'

/** Cannot change its size in place, holds no data: another one is made beside it (a target group). */
export const Target = fakeKind('target', { immutable: ['size'], replace: true })
/** The same, found only by its tags (a certificate). */
export const Seal = fakeKind('seal', { found: 'tag', immutable: ['size'], replace: true, readyMs: 300 })
/** Found by what it connects, and cannot move (a listener rule). */
export const Rule = fakeKind('rule', { found: 'natural', immutable: ['from'], replace: true })
/** Serves from a target (an ECS service): takes a while to get from one to another. */
export const Service = fakeKind('service', { changeMs: 400, readyMs: 300 })

const base = fakeKind('front', {})
const next = (props: Props | undefined): string | undefined => props?.uses?.[0]

/** Sends to a target. It goes over to another one only once something serves from that (a listener with two target groups). */
export const Front: FakeKind = {
  ...base,
  async observe(aws, stamp, want, last) {
    const seen = await base.observe(aws, stamp, want, last)
    const to = seen.is === 'absent' ? undefined : next(seen.props)
    if (seen.is === 'absent' || !to || seen.props?.to === undefined) return seen
    const props = { ...seen.props, to: `${seen.props.to} and ${to}`, uses: [] }
    const switching = (await mayTake(aws, seen.props.to, to)) ? ('due' as const) : ('waiting' as const)
    return { ...seen, is: 'pending', props, note: 'nothing serves from the new one', switching }
  },
  async update(aws, attrs, want, changed) {
    const props = (await aws.get('front', attrs.id))?.props as Props | undefined
    const { to: old } = props ?? {}
    const rest = Object.fromEntries(changed.flatMap((p) => (p === 'to' || p === 'uses' ? [] : [[p, want[p]]])))
    if (!old || !want.to || old === want.to || (await mayTake(aws, old, want.to))) {
      await aws.change(attrs.id, { ...rest, to: want.to ?? '', uses: [] })
      return 'done'
    }
    if (next(props) !== want.to) await aws.change(attrs.id, { ...rest, uses: [want.to] })
    return 'pending'
  },
}

const mayTake = async (aws: Client, old: string, to: string): Promise<boolean> => {
  const serving = (await aws.pass().list('service')).filter((s) => s.is === 'ready').map((s) => s.props.from)
  return serving.includes(to) || !serving.includes(old)
}

export const switched: readonly FakeKind[] = [Target, Seal, Rule, Service, Front]

/** A door with a rule, a target behind it, and what serves from that. */
export const serving =
  ({ size, seal = 1, door = 'west' }: { size: number; seal?: number; door?: 'west' | 'east' }): Declare =>
  (add) => {
    const mark = add(Seal, 'seal', { size: seal })
    const doors = { west: add(Service, 'west', {}), east: add(Service, 'east', {}) }
    const target = add(Target, 'target', { size })
    add(Rule, 'rule', { from: doors[door].id, to: 'all', uses: [target.id] })
    const front = add(Front, 'front', { to: target.id, uses: [], color: 'red' }, { after: [mark.id] })
    add(Service, 'service', { from: target.id }, { after: [front.id] })
  }
