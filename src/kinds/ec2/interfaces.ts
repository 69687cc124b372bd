import type { NetworkInterface } from '@aws-sdk/client-ec2'
import type { Aws } from '../../aws/clients.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { Blocker } from '../../engine/kind.ts'
import { filter } from './common.ts'

/** What a network interface belongs to. */
interface Owner {
  /** In words: `the load balancer shop-alb`. */
  readonly what: string
  /** AWS manages the interface, and frees it some minutes after its owner is gone. */
  readonly managed: boolean
  /**
   * How to remove the owner, when it is there and nobody is deleting it; undefined when it goes by itself, or nobody can tell.
   * @param region the flag that commands of the AWS CLI need
   */
  stays?(aws: Aws, region: string): Promise<{ readonly what?: string; readonly remedy: string } | undefined>
}

/** IAM actions of what is asked here. */
export const HOLDER_ACTIONS = [
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeInstances',
  'ec2:DescribeNatGateways',
  'ec2:DescribeVpcEndpoints',
  'elasticloadbalancing:DescribeLoadBalancers',
] as const

/** Whether an internet gateway cannot be detached because of it. */
export const hasPublicAddress = (n: NetworkInterface): boolean =>
  [n.Association, ...(n.PrivateIpAddresses ?? []).map((a) => a.Association)].some((a) => a?.PublicIp !== undefined)

/**
 * What holds the network interfaces in a VPC, subnet or security group, and thereby keeps it from being deleted: in words, owner by
 * owner. A remedy comes with those that AWS never frees by itself.
 */
export const holdersIn = async (
  aws: Aws,
  by: 'vpc-id' | 'subnet-id' | 'group-id' | 'network-interface-id',
  id: string,
  only?: typeof hasPublicAddress,
): Promise<Blocker[]> => {
  const { NetworkInterfaces: all = [] } = await aws.ec2('DescribeNetworkInterfaces', { Filters: [filter(by, id)] })
  const byOwner = new Map<string, { readonly owner: Owner; readonly held: NetworkInterface[] }>()
  for (const n of only ? all.filter(only) : all) {
    const owner = ownerOf(n)
    const known = byOwner.get(owner.what) ?? { owner, held: [] }
    known.held.push(n)
    byOwner.set(owner.what, known)
  }
  return Promise.all([...byOwner.values()].map(({ owner, held }) => told(aws, owner, held, only !== undefined)))
}

const told = async (aws: Aws, owner: Owner, held: readonly NetworkInterface[], isPublic: boolean): Promise<Blocker> => {
  const [one, many] = isPublic ? ['public address', 'public addresses'] : ['network interface', 'network interfaces']
  const of = (what: string): string => `${held.length === 1 ? `the ${one}` : `${held.length} ${many}`} of ${what}`
  // Only to say more: who may not look at the owner hears of the interface all the same.
  const stays = await owner.stays?.(aws, regionFlag(held[0]?.AvailabilityZone)).catch(() => undefined)
  if (stays) return { what: of(stays.what ?? owner.what), remedy: stays.remedy }
  return { what: of(owner.what), freedLate: owner.managed }
}

/** A person's AWS CLI may be set to another region. */
export const regionFlag = (zone: string | undefined): string => {
  const region = /^[a-z]+(-[a-z]+)+-\d+/.exec(zone ?? '')?.[0]
  return region ? ` --region ${region}` : ''
}

/** By the words that each service of AWS writes into the description of its interfaces. */
const ownerOf = (n: NetworkInterface): Owner => {
  const text = n.Description ?? ''
  const is = (pattern: RegExp): string | undefined => pattern.exec(text)?.[1]
  const tag = (key: string): string | undefined => n.TagSet?.find((t) => t.Key === key)?.Value
  const managed = true

  const balancer = is(/^ELB (?:app|net|gwy)\/([^/]+)\//)
  if (balancer) return { what: `the load balancer ${balancer}`, managed, stays: balancerStays(balancer) }
  const classic = is(/^ELB (\S+)$/)
  if (classic) return { what: `the classic load balancer ${classic}`, managed }
  if (/^arn:[\w-]+:ecs:[^:]*:\d*:attachment\//.test(text)) {
    const service = tag('aws:ecs:serviceName')
    return { what: service ? `a task of the ECS service ${service}` : 'an ECS task', managed }
  }
  const nat = is(/^Interface for NAT Gateway (nat-\w+)/)
  if (nat) return { what: `the NAT gateway ${nat}`, managed, stays: natStays(nat) }
  const endpoint = is(/^VPC Endpoint Interface:? (vpce-\w+)/)
  if (endpoint) return { what: `the VPC endpoint ${endpoint}`, managed, stays: endpointStays(endpoint) }
  const lambda = is(/^AWS Lambda VPC ENI[-: ]+(.+?)(?:-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})?$/)
  if (lambda) return { what: `the Lambda function ${lambda}`, managed }
  if (text === 'RDSNetworkInterface') return { what: 'an RDS database', managed }
  const cache = is(/^ElastiCache (\S+)/)
  if (cache) return { what: `the ElastiCache cluster ${cache}`, managed }
  const files = is(/^EFS mount target for (fs-\w+)/)
  if (files) return { what: `the EFS file system ${files}`, managed }
  const instance = n.Attachment?.InstanceId
  if (instance) return { what: `the instance ${instance}`, managed: false, stays: instanceStays(instance) }

  const id = n.NetworkInterfaceId ?? ''
  const kind = text || n.InterfaceType
  const what = `${id}${kind ? ` (${kind})` : ''}`
  if (n.RequesterManaged || n.Status !== 'available') return { what, managed: n.RequesterManaged === true }
  const remedy = (region: string): string => `aws ec2 delete-network-interface --network-interface-id ${id}${region}`
  return { what, managed: false, stays: async (_, region) => ({ remedy: remedy(region) }) }
}

type Stays = NonNullable<Owner['stays']>

const balancerStays =
  (name: string): Stays =>
  async (aws, region) => {
    const found = await unlessGone(aws.elb('DescribeLoadBalancers', { Names: [name] }))
    const arn = found?.LoadBalancers?.find((b) => b.LoadBalancerName === name)?.LoadBalancerArn
    return arn === undefined ? undefined : { remedy: `aws elbv2 delete-load-balancer --load-balancer-arn ${arn}${region}` }
  }

const natStays =
  (id: string): Stays =>
  async (aws, region) => {
    const found = await aws.ec2('DescribeNatGateways', { Filter: [filter('nat-gateway-id', id)] })
    const state = found.NatGateways?.find((n) => n.NatGatewayId === id)?.State
    if (state !== 'available' && state !== 'pending') return undefined
    return { remedy: `aws ec2 delete-nat-gateway --nat-gateway-id ${id}${region}` }
  }

const endpointStays =
  (id: string): Stays =>
  async (aws, region) => {
    const found = await aws.ec2('DescribeVpcEndpoints', { Filters: [filter('vpc-endpoint-id', id)] })
    const endpoint = found.VpcEndpoints?.find((e) => e.VpcEndpointId === id)
    if (!endpoint || /^delet/i.test(endpoint.State ?? '')) return undefined
    const remedy = `aws ec2 delete-vpc-endpoints --vpc-endpoint-ids ${id}${region}`
    if (!endpoint.ServiceName?.endsWith('.guardduty-data') && !isGuardDutys(endpoint.Tags)) return { remedy }
    const groups = (endpoint.Groups ?? []).filter((g) => g.GroupName?.startsWith(GUARDDUTY_GROUP))
    const then = groups.map((g) => `; some minutes later: aws ec2 delete-security-group --group-id ${g.GroupId}${region}`)
    return { what: `the VPC endpoint ${id} (${GUARDDUTY})`, remedy: [remedy, ...then].join('') }
  }

const instanceStays =
  (id: string): Stays =>
  async (aws, region) => {
    const { Reservations = [] } = await aws.ec2('DescribeInstances', { Filters: [filter('instance-id', id)] })
    const state = Reservations[0]?.Instances?.[0]?.State?.Name
    const lives = state === 'running' || state === 'stopped' || state === 'pending' || state === 'stopping'
    return lives ? { remedy: `aws ec2 terminate-instances --instance-ids ${id}${region}` } : undefined
  }

/**
 * GuardDuty's Runtime Monitoring puts an endpoint and a security group into each VPC with tasks or instances, and removes them only
 * when it is switched off. docs.aws.amazon.com/guardduty/latest/ug/using-iac-with-gdu-automated-agents-runtime-monitoring.html
 */
export const GUARDDUTY = 'made by GuardDuty Runtime Monitoring, which leaves it there'
const GUARDDUTY_GROUP = 'GuardDutyManagedSecurityGroup'
export const isGuardDutys = (tags: NetworkInterface['TagSet'], groupName = ''): boolean =>
  groupName.startsWith(GUARDDUTY_GROUP) || tags?.some((t) => t.Key === 'GuardDutyManaged') === true
