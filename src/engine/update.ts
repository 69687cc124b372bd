import { InfraError } from '../core/errors.ts'
import { differences, differing } from './compare.ts'
import { givenUpSince } from './gave-up.ts'
import type { AnySeen, Present, Tags } from './kind.ts'
import { patiently } from './patience.ts'
import { broken } from './refusals.ts'
import { expected, impactOf } from './scheduled.ts'
import { until } from './wait.ts'
import type { Work } from './work.ts'

/** Between two looks whether the new one can take over. */
const SWITCH_MS = 1000

/** Changes props and tags in place, and waits until AWS shows it. @returns what there is to see then */
export const change = async <C>(work: Work<C>, seen: Present, props: readonly string[], tags: Tags): Promise<Present> => {
  const { node, cx, limit } = work
  const { kind, key } = node
  const after = props.length > 0 ? await changeProps(work, seen, props) : seen
  const { tag } = kind
  if (tag && Object.keys(tags).length > 0) {
    await patiently(cx, key, limit.minutes, () => tag(cx.aws, after.attrs, tags))
    if (work.did === 'kept') work.did = 'updated'
  }
  return after
}

const changeProps = async <C>(work: Work<C>, first: Present, props: readonly string[]): Promise<Present> => {
  const { node, cx, want, limit } = work
  const { kind, key } = node
  const { update } = kind
  if (!update) return first
  if (work.did === 'created') await work.save({ is: 'creating', attrs: first.attrs })
  else {
    cx.report({ type: 'resource.updating', key, title: kind.facts.title, name: work.stamp.name, why: props.join(', ') })
    work.did = 'updated'
  }
  const during = {
    ...limit,
    minutes: impactOf(kind, first, want, props)?.minutes ?? kind.facts.updateMinutes ?? 0,
    // What the old one can no longer serve must go to the new one at once.
    paceMs: (s: AnySeen) => (s.is !== 'absent' && s.switching ? SWITCH_MS : undefined),
    gaveUp: (s: AnySeen) => (s.is === 'absent' ? undefined : givenUpSince(key, first.gaveUp, s.gaveUp)),
    lacking: (s: AnySeen) => (s.is === 'absent' || s.switching ? [] : differences(expected(s), want, node.ignore)),
  }
  const applied = (s: AnySeen): boolean =>
    (s.is === 'absent' && !work.late(s)) ||
    s.is === 'failed' ||
    (s.is === 'ready' && differing(expected(s), want, node.ignore).length === 0)
  const look = async (): Promise<AnySeen> => {
    const seen = await work.look()
    if (seen.is !== 'absent' && seen.switching) work.progress.release()
    return seen
  }
  const mayGiveUp = props.some((p) => kind.facts.givesUp?.includes(p))
  let asked = false
  for (let seen = first; ; ) {
    const { attrs } = seen
    const ask = async (): Promise<'done' | 'pending'> => {
      // A process that was killed may have asked already: what came of that is known before it is asked again.
      const now = asked && mayGiveUp ? await work.look() : undefined
      const no = now && during.gaveUp(now)
      if (no) throw no
      asked = true
      return update(cx.aws, attrs, want, props)
    }
    if ((await patiently(cx, key, limit.minutes, ask)) === 'done') return seen
    const due = (s: AnySeen): boolean =>
      s.is !== 'absent' && (s.switching === 'due' || (s.switching !== undefined && work.progress.released()))
    const after = await until(cx, key, look, (s) => applied(s) || due(s), during)
    if (after.is === 'absent' || (after.is !== 'ready' && !after.switching)) throw broken(node, after)
    if (!after.switching) return after
    if (after.switching === 'waiting') throw stays(key, after)
    seen = after
  }
}

/** All that could have brought the new one to life has ended. */
const stays = (key: string, seen: Present): InfraError =>
  new InfraError(`${key} still serves the old one: ${seen.note ?? 'the new one is not ready'}`, {
    why: 'what should have made the new one ready has ended without it; nothing is interrupted, the old one goes on serving',
    next: 'Fix what failed, then run the same command again: it goes on with the switch',
  })
