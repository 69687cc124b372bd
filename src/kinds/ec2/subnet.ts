import { tagMap } from '../../aws/tags.ts'
import type { AwsKind } from '../kind.ts'
import { type Filter, find, must, tagEc2, tagSpecification } from './common.ts'
import { HOLDER_ACTIONS, holdersIn } from './interfaces.ts'

export type SubnetProps = {
  vpcId: string
  /** Availability zone name, for example us-east-1a. */
  zone: string
  /** IPv4 block inside the VPC's, /16 to /28; AWS keeps five addresses of it. */
  cidr: string
  /** Whether new network interfaces get a public address by themselves. */
  publicIps: boolean
}
export type SubnetAttrs = { id: string }

/** A subnet. CreateSubnet has no client token; a second one with the same CIDR is refused (InvalidSubnet.Conflict). */
export const Subnet: AwsKind<SubnetProps, SubnetAttrs> = {
  type: 'ec2.subnet',
  async observe(aws, stamp, _want, last, depth) {
    const list = async (Filters: Filter[]) => (await aws.ec2('DescribeSubnets', { Filters })).Subnets
    const { item: s, absent } = await find(list, { of: (i) => i.SubnetId, filter: 'subnet-id' }, stamp, last?.id, depth)
    if (!s?.SubnetId) return absent
    return {
      is: s.State === 'available' ? 'ready' : 'pending',
      attrs: { id: s.SubnetId },
      props: {
        ...(s.VpcId ? { vpcId: s.VpcId } : {}),
        ...(s.AvailabilityZone ? { zone: s.AvailabilityZone } : {}),
        ...(s.CidrBlock ? { cidr: s.CidrBlock } : {}),
        publicIps: s.MapPublicIpOnLaunch ?? false,
      },
      tags: tagMap(s.Tags),
      note: s.State ?? 'unknown',
    }
  },
  async create(aws, want, stamp) {
    const { Subnet: s } = await aws.ec2('CreateSubnet', {
      VpcId: want.vpcId,
      AvailabilityZone: want.zone,
      CidrBlock: want.cidr,
      TagSpecifications: tagSpecification('subnet', stamp),
    })
    return { attrs: { id: must(s?.SubnetId, 'a subnet id') }, ready: s?.State === 'available', props: { publicIps: false } }
  },
  async update(aws, attrs, want) {
    await aws.ec2('ModifySubnetAttribute', { SubnetId: attrs.id, MapPublicIpOnLaunch: { Value: want.publicIps } })
    return 'done'
  },
  tag: tagEc2,
  async delete(aws, attrs) {
    await aws.ec2('DeleteSubnet', { SubnetId: attrs.id })
  },
  blockers: (aws, attrs) => holdersIn(aws, 'subnet-id', attrs.id),
  facts: {
    title: 'subnet',
    minutes: 0.1,
    // AWS frees the interfaces of Lambda functions up to 40 minutes after they are gone.
    deadline: 45,
    iam: {
      observe: ['ec2:DescribeSubnets'],
      create: ['ec2:CreateSubnet', 'ec2:CreateTags'],
      update: ['ec2:ModifySubnetAttribute', 'ec2:CreateTags'],
      delete: ['ec2:DeleteSubnet', ...HOLDER_ACTIONS],
    },
    immutable: ['vpcId', 'zone', 'cidr'],
    found: 'tag',
  },
}
