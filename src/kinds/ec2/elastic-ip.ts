import type { Aws } from '../../aws/clients.ts'
import { monthlyPrice } from '../../aws/prices.ts'
import { tagMap } from '../../aws/tags.ts'
import { codeOf } from '../../aws/trouble.ts'
import type { AwsKind } from '../kind.ts'
import { type Filter, filter, find, must, tagEc2, tagSpecification } from './common.ts'
import { HOLDER_ACTIONS, holdersIn } from './interfaces.ts'

export type ElasticIpProps = Record<never, never>
export type ElasticIpAttrs = { id: string; ip: string }

/** An Elastic IP address. AllocateAddress has no client token: found again by its tags. */
export const ElasticIp: AwsKind<ElasticIpProps, ElasticIpAttrs> = {
  type: 'ec2.elastic-ip',
  async observe(aws, stamp, _want, last, depth) {
    const list = async (Filters: Filter[]) => (await aws.ec2('DescribeAddresses', { Filters })).Addresses
    const { item: found, absent } = await find(
      list,
      { of: (i) => i.AllocationId, filter: 'allocation-id' },
      stamp,
      last?.id,
      depth,
    )
    if (!found?.AllocationId) return absent
    return { is: 'ready', attrs: { id: found.AllocationId, ip: found.PublicIp ?? '' }, tags: tagMap(found.Tags) }
  },
  async create(aws, _want, stamp) {
    const made = await aws.ec2('AllocateAddress', { Domain: 'vpc', TagSpecifications: tagSpecification('elastic-ip', stamp) })
    return { attrs: { id: must(made.AllocationId, 'an allocation id'), ip: made.PublicIp ?? '' }, ready: true }
  },
  tag: tagEc2,
  async delete(aws, attrs) {
    try {
      await aws.ec2('ReleaseAddress', { AllocationId: attrs.id })
    } catch (error) {
      // So EC2 calls it when a service of its own still has an address of ours: a NAT gateway gives it back a little after its end.
      if (codeOf(error) === 'AuthFailure' && (await addressOf(aws, attrs.id))) throw inUse(error)
      throw error
    }
  },
  async blockers(aws, attrs) {
    const holder = (await addressOf(aws, attrs.id))?.NetworkInterfaceId
    return holder === undefined ? [] : holdersIn(aws, 'network-interface-id', holder)
  },
  facts: {
    title: 'Elastic IP',
    minutes: 0.1,
    monthly: (_want, region) => [monthlyPrice('ec2.public-ipv4.hour', region)],
    iam: {
      observe: ['ec2:DescribeAddresses'],
      create: ['ec2:AllocateAddress', 'ec2:CreateTags'],
      update: ['ec2:CreateTags'],
      delete: ['ec2:ReleaseAddress', 'ec2:DescribeAddresses', ...HOLDER_ACTIONS],
    },
    found: 'tag',
  },
}

const addressOf = async (aws: Aws, id: string) => {
  const { Addresses = [] } = await aws.ec2('DescribeAddresses', { Filters: [filter('allocation-id', id)] })
  return Addresses.find((a) => a.AllocationId === id)
}

/** By the name that EC2 has for it everywhere else. */
const inUse = (cause: unknown): Error =>
  Object.assign(new Error('the address is in use', { cause }), { name: 'InvalidIPAddress.InUse' })
