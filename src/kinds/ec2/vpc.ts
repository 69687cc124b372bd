import { tagMap } from '../../aws/tags.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { AwsKind } from '../kind.ts'
import { type filter, find, must, tagEc2, tagSpecification } from './common.ts'
import { HOLDER_ACTIONS } from './interfaces.ts'
import { leftInVpc } from './vpc-left.ts'

export type VpcProps = {
  /** IPv4 block, /16 to /28. Cannot be changed later. */
  cidr: string
  /** Public DNS names for instances with public addresses; interface endpoints and RDS need it. */
  dnsHostnames: boolean
}
export type VpcAttrs = { id: string }

const NOT_ASKED = { EnableDnsHostnames: undefined }

/** A VPC. CreateVpc has no client token, so it is found again by its tags: docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html */
export const Vpc: AwsKind<VpcProps, VpcAttrs> = {
  type: 'ec2.vpc',
  async observe(aws, stamp, _want, last, depth = 'props') {
    const list = async (Filters: ReturnType<typeof filter>[]) => (await aws.ec2('DescribeVpcs', { Filters })).Vpcs
    const dnsOf = (VpcId: string) => unlessGone(aws.ec2('DescribeVpcAttribute', { VpcId, Attribute: 'enableDnsHostnames' }))
    const listed = find(list, { of: (v) => v.VpcId, filter: 'vpc-id' }, stamp, last?.id, depth)
    // A recorded id is most likely the right one: both are asked at once.
    const early = last?.id === undefined || depth !== 'props' ? undefined : dnsOf(last.id)
    early?.catch(() => undefined)
    const { item: vpc, absent } = await listed
    if (!vpc?.VpcId || !vpc.CidrBlock) return absent
    const dns = depth === 'props' ? await (vpc.VpcId === last?.id ? early : dnsOf(vpc.VpcId)) : NOT_ASKED
    // Listed a moment ago, and just deleted.
    if (!dns) return { is: 'absent' }
    return {
      is: vpc.State === 'available' ? 'ready' : 'pending',
      attrs: { id: vpc.VpcId },
      props: {
        cidr: vpc.CidrBlock,
        ...(depth === 'props' ? { dnsHostnames: dns.EnableDnsHostnames?.Value ?? false } : {}),
      },
      tags: tagMap(vpc.Tags),
      note: vpc.State ?? 'unknown',
    }
  },
  async create(aws, want, stamp) {
    const { Vpc: vpc } = await aws.ec2('CreateVpc', { CidrBlock: want.cidr, TagSpecifications: tagSpecification('vpc', stamp) })
    // A new VPC has DNS support but no DNS hostnames: the engine switches them on once the id is recorded.
    return { attrs: { id: must(vpc?.VpcId, 'a VPC id') }, ready: vpc?.State === 'available', props: { dnsHostnames: false } }
  },
  async update(aws, attrs, want) {
    await aws.ec2('ModifyVpcAttribute', { VpcId: attrs.id, EnableDnsHostnames: { Value: want.dnsHostnames } })
    return 'done'
  },
  tag: tagEc2,
  async delete(aws, attrs) {
    await aws.ec2('DeleteVpc', { VpcId: attrs.id })
  },
  blockers: (aws, attrs) => leftInVpc(aws, attrs.id),
  facts: {
    title: 'VPC',
    minutes: 0.1,
    deadline: 45,
    iam: {
      observe: ['ec2:DescribeVpcs', 'ec2:DescribeVpcAttribute'],
      create: ['ec2:CreateTags', 'ec2:CreateVpc'],
      update: ['ec2:ModifyVpcAttribute', 'ec2:CreateTags'],
      delete: [
        'ec2:DeleteVpc',
        'ec2:DescribeInternetGateways',
        'ec2:DescribeRouteTables',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        ...HOLDER_ACTIONS,
      ],
    },
    immutable: ['cidr'],
    found: 'tag',
  },
}
