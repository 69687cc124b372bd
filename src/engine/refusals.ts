import { pair } from '../core/brief.ts'
import { changesOf } from '../core/changes.ts'
import { InfraError } from '../core/errors.ts'
import type { Json } from '../core/json.ts'
import type { Node } from './graph.ts'
import type { AnySeen, Present } from './kind.ts'

/** Something that was to be adopted is not there. */
export const adoptMissing = <C>(node: Pick<Node<C>, 'key' | 'adopt' | 'kind'>): InfraError =>
  new InfraError(`${node.key}: there is no ${node.kind.facts.title} ${node.adopt}`, {
    why: 'infra.yaml names it as one that exists, in this account and region',
    next: 'Fix the id in infra.yaml and run the command again',
    exitCode: 2,
  })

/** A wanted change that AWS cannot make in place, of something that is not replaced either. */
export const immutable = <C>(
  node: Pick<Node<C>, 'key' | 'step' | 'kind'>,
  fixed: readonly string[],
  seen: Present,
  want: Readonly<Record<string, unknown>>,
): InfraError => {
  const what = fixed
    .flatMap((p) => {
      const [is, be] = [seen.props?.[p], want[p] as Json]
      if (typeof is === 'object' && typeof be === 'object') return changesOf(p, is, be)
      return `${p} is ${pair(is, be).join(' and cannot become ')}`
    })
    .join('; ')
  return new InfraError(`${node.key}: ${what}`, {
    why: `AWS cannot change this of a ${node.kind.facts.title} in place, and it is never replaced behind your back`,
    next: `Put the old value back into infra.yaml, or take the step down and build it anew: infra destroy ${node.step}`,
    exitCode: 2,
  })
}

/** AWS reports it as failed, or it is gone although it was waited for. */
export const broken = <C>(node: Pick<Node<C>, 'key' | 'step' | 'kind'>, seen: AnySeen): InfraError =>
  seen.is === 'absent'
    ? new InfraError(`${node.key} vanished while it was waited for`, { next: 'Run the same command again: it is made anew' })
    : new InfraError(`${node.key} has failed${seen.note ? ` (${seen.note})` : ''}`, {
        why: node.kind.facts.data ? 'it may hold data, so it is not replaced by itself' : 'AWS reports it as failed',
        next:
          seen.remedy ??
          `Look at it in the AWS console; to build it anew: infra destroy ${node.step}, then infra create ${node.step}`,
      })

/** The same before a run: nothing was changed. */
export const failedBefore = <C>(node: Pick<Node<C>, 'key' | 'step' | 'kind'>, seen: Present, adopted: boolean): InfraError => {
  const error = broken(node, seen)
  const why = adopted ? 'it was adopted, so it is used as it is and never replaced' : error.why
  return new InfraError(error.what, { why, next: error.next, exitCode: 2 })
}
