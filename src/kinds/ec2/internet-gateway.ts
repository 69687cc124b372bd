import { tagMap } from '../../aws/tags.ts'
import type { AwsKind } from '../kind.ts'
import { type Filter, filter, find, must, ofStack, tagEc2, tagSpecification } from './common.ts'
import { HOLDER_ACTIONS, hasPublicAddress, holdersIn } from './interfaces.ts'

export type InternetGatewayProps = Record<never, never>
export type InternetGatewayAttrs = { id: string }

/** An internet gateway, not attached yet. CreateInternetGateway has no client token: found again by its tags. */
export const InternetGateway: AwsKind<InternetGatewayProps, InternetGatewayAttrs> = {
  type: 'ec2.internet-gateway',
  async observe(aws, stamp, _want, last, depth) {
    const list = async (Filters: Filter[]) => (await aws.ec2('DescribeInternetGateways', { Filters })).InternetGateways
    const { item: igw, absent } = await find(
      list,
      { of: (i) => i.InternetGatewayId, filter: 'internet-gateway-id' },
      stamp,
      last?.id,
      depth,
    )
    if (!igw?.InternetGatewayId) return absent
    return { is: 'ready', attrs: { id: igw.InternetGatewayId }, tags: tagMap(igw.Tags) }
  },
  async create(aws, _want, stamp) {
    const { InternetGateway: igw } = await aws.ec2('CreateInternetGateway', {
      TagSpecifications: tagSpecification('internet-gateway', stamp),
    })
    return { attrs: { id: must(igw?.InternetGatewayId, 'an internet gateway id') }, ready: true }
  },
  tag: tagEc2,
  async delete(aws, attrs) {
    await aws.ec2('DeleteInternetGateway', { InternetGatewayId: attrs.id })
  },
  facts: {
    title: 'internet gateway',
    minutes: 0.1,
    iam: {
      observe: ['ec2:DescribeInternetGateways'],
      create: ['ec2:CreateInternetGateway', 'ec2:CreateTags'],
      update: ['ec2:CreateTags'],
      delete: ['ec2:DeleteInternetGateway'],
    },
    found: 'tag',
  },
}

export type AttachmentProps = { gatewayId: string; vpcId: string }
export type AttachmentAttrs = { gatewayId: string; vpcId: string }

/** The attachment of an internet gateway to a VPC: a thing of its own, since a crash can come between the two calls. */
export const InternetGatewayAttachment: AwsKind<AttachmentProps, AttachmentAttrs> = {
  type: 'ec2.internet-gateway-attachment',
  async observe(aws, stamp, want, last, depth) {
    const gatewayId = last?.gatewayId ?? want.gatewayId
    if (!gatewayId) return { is: 'absent' }
    const list = async (Filters: Filter[]) => (await aws.ec2('DescribeInternetGateways', { Filters })).InternetGateways ?? []
    const of = (i: { readonly InternetGatewayId?: string | undefined }) => i.InternetGatewayId === gatewayId
    // By id when the gateway's tags were taken off: an attachment that is not seen would never be detached.
    const listed = depth === 'presence' ? undefined : (await list(ofStack(stamp))).find(of)
    const gateway = listed ?? (await list([filter('internet-gateway-id', gatewayId)])).find(of)
    const attached = gateway?.Attachments?.find((a) => a.State !== 'detached')
    if (!attached?.VpcId) return { is: 'absent' }
    const is = attached.State === 'detaching' ? 'deleting' : attached.State === 'attaching' ? 'pending' : 'ready'
    return { is, attrs: { gatewayId, vpcId: attached.VpcId }, props: { gatewayId, vpcId: attached.VpcId } }
  },
  async create(aws, want) {
    await aws.ec2('AttachInternetGateway', { InternetGatewayId: want.gatewayId, VpcId: want.vpcId })
    return { attrs: { ...want }, ready: true }
  },
  async delete(aws, attrs) {
    await aws.ec2('DetachInternetGateway', { InternetGatewayId: attrs.gatewayId, VpcId: attrs.vpcId })
  },
  blockers: (aws, attrs) => holdersIn(aws, 'vpc-id', attrs.vpcId, hasPublicAddress),
  facts: {
    title: 'internet gateway attachment',
    minutes: 0.1,
    // AWS takes the public addresses back up to 20 minutes after a load balancer or a task is gone.
    deadline: 45,
    iam: {
      observe: ['ec2:DescribeInternetGateways'],
      create: ['ec2:AttachInternetGateway'],
      delete: ['ec2:DetachInternetGateway', ...HOLDER_ACTIONS],
    },
    // All that can have public addresses.
    outlives: ['elb.load-balancer', 'ecs.service', 'ec2.instance', 'ec2.nat-gateway'],
    immutable: ['gatewayId', 'vpcId'],
    found: 'natural',
  },
}
