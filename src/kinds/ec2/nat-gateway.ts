import { monthlyPrice } from '../../aws/prices.ts'
import { tagMap } from '../../aws/tags.ts'
import type { AwsKind } from '../kind.ts'
import { find, must, tagEc2, tagSpecification } from './common.ts'

export type NatGatewayProps = { subnetId: string; allocationId: string }
export type NatGatewayAttrs = { id: string }

/** A public NAT gateway. CreateNatGateway takes a client token; a deleted one stays listed for about an hour and is passed over. */
export const NatGateway: AwsKind<NatGatewayProps, NatGatewayAttrs> = {
  type: 'ec2.nat-gateway',
  async observe(aws, stamp, _want, last, depth) {
    const list = async (Filter: { Name: string; Values: string[] }[]) =>
      (await aws.ec2('DescribeNatGateways', { Filter })).NatGateways?.filter((n) => n.State !== 'deleted')
    const { item: nat, absent } = await find(
      list,
      { of: (i) => i.NatGatewayId, filter: 'nat-gateway-id' },
      stamp,
      last?.id,
      depth,
    )
    if (!nat?.NatGatewayId) return absent
    const address = nat.NatGatewayAddresses?.[0]?.AllocationId
    return {
      is:
        nat.State === 'available'
          ? 'ready'
          : nat.State === 'failed'
            ? 'failed'
            : nat.State === 'deleting'
              ? 'deleting'
              : 'pending',
      attrs: { id: nat.NatGatewayId },
      props: { ...(nat.SubnetId ? { subnetId: nat.SubnetId } : {}), ...(address ? { allocationId: address } : {}) },
      tags: tagMap(nat.Tags),
      note: nat.FailureMessage ? `${nat.FailureCode}: ${nat.FailureMessage}` : (nat.State ?? 'unknown'),
    }
  },
  async create(aws, want, stamp) {
    const { NatGateway: nat } = await aws.ec2('CreateNatGateway', {
      SubnetId: want.subnetId,
      AllocationId: want.allocationId,
      ClientToken: stamp.token,
      TagSpecifications: tagSpecification('natgateway', stamp),
    })
    return { attrs: { id: must(nat?.NatGatewayId, 'a NAT gateway id') } }
  },
  tag: tagEc2,
  async delete(aws, attrs) {
    await aws.ec2('DeleteNatGateway', { NatGatewayId: attrs.id })
  },
  facts: {
    title: 'NAT gateway',
    minutes: 2,
    deleteMinutes: 2,
    deadline: 10,
    monthly: (_want, region) => [monthlyPrice('ec2.nat-gateway.hour', region)],
    iam: {
      observe: ['ec2:DescribeNatGateways'],
      create: ['ec2:CreateNatGateway', 'ec2:CreateTags'],
      update: ['ec2:CreateTags'],
      delete: ['ec2:DeleteNatGateway'],
    },
    immutable: ['subnetId', 'allocationId'],
    found: 'tag',
  },
}
