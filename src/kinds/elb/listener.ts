import type { Action, Listener as AwsListener, ProtocolEnum } from '@aws-sdk/client-elastic-load-balancing-v2'
import { pages } from '../../aws/pages.ts'
import { foreignTo, tagList } from '../../aws/tags.ts'
import { unlessGone } from '../../aws/trouble.ts'
import { same } from '../../core/json.ts'
import type { AwsKind } from '../kind.ts'
import { arnIn, forwardOf, forwardTo, tagElb, tagsFor } from './common.ts'
import { type Handover, handoverOf, standing, stepTo } from './handover.ts'

export type ListenerAction =
  /** To the target group of this ARN. */
  | { readonly forward: string }
  /** To the same address with HTTPS, for ever (301). */
  | { readonly redirectHttps: true }
  | { readonly fixed: { readonly status: number; readonly body: string } }

export type ListenerProps = {
  loadBalancerArn: string
  port: number
  protocol: 'HTTP' | 'HTTPS'
  /** For all that no rule takes. */
  action: ListenerAction
  /** HTTPS only: both. */
  certificateArn?: string
  sslPolicy?: string
}
export type ListenerAttrs = { arn: string }

/** What a load balancer does with a port. It has one listener for each port, so that is how it is found again. */
export const Listener: AwsKind<ListenerProps, ListenerAttrs> = {
  type: 'elb.listener',
  async observe(aws, stamp, want, last, depth) {
    const recorded = arnIn(last)
    const LoadBalancerArn = want.loadBalancerArn
    if (recorded === undefined && LoadBalancerArn === undefined) return { is: 'absent' }
    const list = pages(async (Marker) => {
      const which = recorded === undefined ? { LoadBalancerArn } : { ListenerArns: [recorded] }
      const page = await unlessGone(aws.elb('DescribeListeners', { ...which, ...(Marker ? { Marker } : {}) }))
      return [page?.Listeners, page?.NextMarker]
    })
    const listener = (await list).find((l) => (recorded === undefined ? l.Port === want.port : l.ListenerArn === recorded))
    const arn = listener?.ListenerArn
    if (!arn) return { is: 'absent' }
    const tags = await tagsFor(aws, arn, last, depth)
    const handover = handoverOf(listener.DefaultActions)
    return {
      is: handover ? 'pending' : 'ready',
      attrs: { arn },
      props: propsOf(listener),
      ...(handover ? await standing(aws, handover) : {}),
      ...(tags ? { tags, ...(last ? {} : foreignTo(stamp, tags, `the listener of port ${listener.Port}`)) } : {}),
    }
  },
  async create(aws, want, stamp) {
    const { Listeners = [] } = await aws.elb('CreateListener', {
      LoadBalancerArn: want.loadBalancerArn,
      ...request(want),
      Tags: tagList(stamp.tags),
    })
    return { attrs: { arn: Listeners[0]?.ListenerArn ?? '' }, ready: true }
  },
  async update(aws, attrs, want, changed) {
    const { arn: ListenerArn } = attrs
    const to = changed.includes('action') && 'forward' in want.action ? want.action.forward : undefined
    const [now] = to === undefined ? [] : ((await aws.elb('DescribeListeners', { ListenerArns: [ListenerArn] })).Listeners ?? [])
    const step = to === undefined ? undefined : await stepTo(aws, now?.DefaultActions, to)
    await aws.elb('ModifyListener', { ListenerArn, ...request(want), ...(step ? { DefaultActions: step.actions } : {}) })
    return step?.isLast === false ? 'pending' : 'done'
  },
  tag: tagElb,
  async delete(aws, attrs) {
    await aws.elb('DeleteListener', { ListenerArn: attrs.arn })
  },
  facts: {
    title: 'listener',
    minutes: 0.1,
    iam: {
      observe: [
        'elasticloadbalancing:DescribeListeners',
        'elasticloadbalancing:DescribeTags',
        'elasticloadbalancing:DescribeTargetHealth',
      ],
      create: ['elasticloadbalancing:CreateListener', 'elasticloadbalancing:AddTags'],
      update: [
        'elasticloadbalancing:DescribeListeners',
        'elasticloadbalancing:DescribeTargetHealth',
        'elasticloadbalancing:ModifyListener',
        'elasticloadbalancing:AddTags',
      ],
      delete: ['elasticloadbalancing:DeleteListener'],
    },
    immutable: ['loadBalancerArn'],
    // docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html: its listeners are deleted with it. A target
    // group or a certificate goes only once no listener uses it.
    goesWith: { type: 'elb.load-balancer', by: 'loadBalancerArn', holds: true },
    // As long as the rollout of the service behind it may take.
    deadline: 20,
    found: 'natural',
  },
}

const REDIRECT = { Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301' } as const
/** What AWS fills in: the address stays as it is. */
const SAME_ADDRESS = { Host: '#{host}', Path: '/#{path}', Query: '#{query}' } as const

const actionsFor = (action: ListenerAction): Action[] => {
  if ('forward' in action) return forwardTo(action.forward)
  if ('redirectHttps' in action) return [{ Type: 'redirect', RedirectConfig: REDIRECT }]
  const { status, body } = action.fixed
  const FixedResponseConfig = { StatusCode: String(status), ContentType: 'text/plain', MessageBody: body }
  return [{ Type: 'fixed-response', FixedResponseConfig }]
}

/** What AWS does that none of ours can say is shown in its own words: so it is a difference. */
const actionOf = (actions: readonly Action[] = []): ListenerAction | { readonly other: string } | Handover => {
  const [action] = actions
  const handover = handoverOf(actions)
  if (handover) return handover
  const forward = forwardOf(actions)
  if (forward !== undefined) return { forward }
  const redirect = Object.entries(action?.RedirectConfig ?? {}).filter(([, v]) => v !== undefined)
  if (redirect.length > 0 && same({ ...SAME_ADDRESS, ...Object.fromEntries(redirect) }, { ...SAME_ADDRESS, ...REDIRECT }))
    return { redirectHttps: true }
  const fixed = action?.FixedResponseConfig
  if (fixed) return { fixed: { status: Number(fixed.StatusCode), body: fixed.MessageBody ?? '' } }
  return { other: actions.map((a) => a.Type).join(', ') }
}

const propsOf = (l: AwsListener): Partial<ListenerProps> => ({
  loadBalancerArn: l.LoadBalancerArn ?? '',
  port: l.Port ?? 0,
  protocol: l.Protocol as ListenerProps['protocol'],
  action: actionOf(l.DefaultActions) as ListenerAction,
  certificateArn: l.Certificates?.[0]?.CertificateArn ?? '',
  sslPolicy: l.SslPolicy ?? '',
})

const request = (want: ListenerProps) => ({
  Port: want.port,
  Protocol: want.protocol as ProtocolEnum,
  DefaultActions: actionsFor(want.action),
  ...(want.certificateArn === undefined ? {} : { Certificates: [{ CertificateArn: want.certificateArn }] }),
  ...(want.sslPolicy === undefined ? {} : { SslPolicy: want.sslPolicy }),
})
