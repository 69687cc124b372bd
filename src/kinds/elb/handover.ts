import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Aws } from '../../aws/clients.ts'
import { unlessGone } from '../../aws/trouble.ts'
import { forwardOf, forwardTo } from './common.ts'

/*
 * From one target group to another without an answer of 503 in between: first both stand in the forward action, with all of the weight on
 * the old one. That connects the new one with the load balancer, so that ECS may register tasks there. It takes over once it has as many
 * healthy targets as the old one. An action of several groups does not fall back from a group without healthy targets to another:
 * docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html (weighted target groups).
 */

/** A forward action between two target groups: all requests go to `from` still. ARNs. */
export interface Handover {
  readonly from: string
  readonly to: string
}

/** The state in between, if it is that; undefined for any other action. */
export const handoverOf = ([action]: readonly Action[] = []): Handover | undefined => {
  const groups = action?.Type === 'forward' ? (action.ForwardConfig?.TargetGroups ?? []) : []
  const [from, to] = [groups.find((g) => g.Weight !== 0)?.TargetGroupArn, groups.find((g) => g.Weight === 0)?.TargetGroupArn]
  return groups.length === 2 && from && to ? { from, to } : undefined
}

const both = ({ from, to }: Handover): Action[] => [
  {
    Type: 'forward',
    ForwardConfig: {
      TargetGroups: [
        { TargetGroupArn: from, Weight: 1 },
        { TargetGroupArn: to, Weight: 0 },
      ],
    },
  },
]

/** What a wait for the new one tells, and whether it can take over. */
export const standing = async (aws: Aws, { from, to }: Handover): Promise<{ switching: 'waiting' | 'due'; note: string }> => {
  const [old, next] = await Promise.all([from, to].map((arn) => targets(aws, arn)))
  const needed = Math.max(old?.registered ? 1 : 0, old?.healthy ?? 0)
  const healthy = next?.healthy ?? 0
  return {
    switching: healthy >= needed ? 'due' : 'waiting',
    note: `requests go to the old target group until the new one has ${needed} healthy ${needed === 1 ? 'target' : 'targets'}; it has ${healthy}`,
  }
}

/**
 * The action that has to be set on the way to a target group.
 * @param now what is set
 * @returns `isLast`: nothing is left to do after it
 */
export const stepTo = async (
  aws: Aws,
  now: readonly Action[] | undefined,
  to: string,
): Promise<{ actions: Action[]; isLast: boolean }> => {
  const from = handoverOf(now)?.from ?? forwardOf(now)
  if (from === undefined || from === to || (await standing(aws, { from, to })).switching === 'due')
    return { actions: forwardTo(to), isLast: true }
  return { actions: both({ from, to }), isLast: false }
}

/** Those that are on their way out do not count: they get no new requests. */
const targets = async (aws: Aws, TargetGroupArn: string): Promise<{ registered: number; healthy: number }> => {
  const answer = await unlessGone(aws.elb('DescribeTargetHealth', { TargetGroupArn }))
  const states = (answer?.TargetHealthDescriptions ?? []).map((t) => t.TargetHealth?.State).filter((s) => s !== 'draining')
  return { registered: states.length, healthy: states.filter((s) => s === 'healthy').length }
}
