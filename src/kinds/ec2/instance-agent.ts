import type { Instance as Ec2Instance, Image } from '@aws-sdk/client-ec2'
import type { Aws } from '../../aws/clients.ts'
import { codeOf, unlessGone } from '../../aws/trouble.ts'
import { filter } from './common.ts'

/** Whether Systems Manager reaches the agent in the instance. One that never registered is not in the list. */
export const agentOnline = async (aws: Aws, id: string): Promise<boolean> => {
  const Filters = [{ Key: 'InstanceIds', Values: [id] }]
  const found = await aws.ssm('DescribeInstanceInformation', { Filters }).catch((error: unknown) => {
    if (codeOf(error) === 'InvalidInstanceId') return undefined
    throw error
  })
  return (found?.InstanceInformationList ?? []).some((i) => i.PingStatus === 'Online')
}

/**
 * The usual reasons for an agent that never comes online, as far as they apply.
 * docs.aws.amazon.com/systems-manager/latest/userguide/troubleshooting-ssm-agent.html
 */
export const whyOffline = async (aws: Aws, id: string): Promise<string[]> => {
  const { Reservations = [] } = await aws.ec2('DescribeInstances', { Filters: [filter('instance-id', id)] })
  const instance = Reservations[0]?.Instances?.[0]
  if (!instance) return []
  // Each for itself: what may not be looked at keeps no other reason from being told.
  const looks = await Promise.allSettled([wayOut, permission, image].map((look) => look(aws, instance)))
  return looks.flatMap((l) => (l.status === 'fulfilled' && l.value ? [l.value] : []))
}

/** The services that the agent talks to. */
const SERVICES = ['ssm', 'ssmmessages', 'ec2messages']

const wayOut = async (aws: Aws, i: Ec2Instance): Promise<string | undefined> => {
  if (i.PublicIpAddress) return undefined
  const vpc = filter('vpc-id', i.VpcId ?? '')
  const tables = async (...Filters: ReturnType<typeof filter>[]) =>
    (await aws.ec2('DescribeRouteTables', { Filters })).RouteTables ?? []
  const [endpoints, own] = await Promise.all([
    aws.ec2('DescribeVpcEndpoints', { Filters: [vpc] }),
    tables(filter('association.subnet-id', i.SubnetId ?? '')),
  ])
  // A subnet without a table of its own goes by the VPC's main one.
  const routes = (own.length > 0 ? own : await tables(vpc, filter('association.main', 'true'))).flatMap((t) => t.Routes ?? [])
  // Through an internet gateway only what has a public address comes out.
  const out = routes.some(
    (r) => r.DestinationCidrBlock === '0.0.0.0/0' && r.State !== 'blackhole' && !r.GatewayId?.startsWith('igw-'),
  )
  const there = new Set((endpoints.VpcEndpoints ?? []).map((e) => e.ServiceName?.split('.').at(-1)))
  const missing = SERVICES.filter((s) => !there.has(s))
  if (out || missing.length === 0) return undefined
  return `it has no public address, its subnet no route through a NAT gateway, and the VPC no endpoint for ${missing.join(', ')}`
}

const CORE = 'AmazonSSMManagedInstanceCore'

const permission = async (aws: Aws, i: Ec2Instance): Promise<string | undefined> => {
  const name = i.IamInstanceProfile?.Arn?.split('/').at(-1)
  if (!name) return 'it has no instance profile, so the agent has no credentials'
  const found = await unlessGone(aws.iam('GetInstanceProfile', { InstanceProfileName: name }))
  const role = found?.InstanceProfile?.Roles?.[0]?.RoleName
  if (!role) return `its instance profile ${name} ${found ? 'holds no role' : 'was deleted'}, so the agent has no credentials`
  const attached = await unlessGone(aws.iam('ListAttachedRolePolicies', { RoleName: role }))
  if (attached?.AttachedPolicies?.some((p) => p.PolicyArn?.endsWith(`/${CORE}`))) return undefined
  return `its role ${role} lacks the policy ${CORE}`
}

const image = async (aws: Aws, i: Ec2Instance): Promise<string | undefined> => {
  const { Images = [] } = await aws.ec2('DescribeImages', { Filters: [filter('image-id', i.ImageId ?? '')] })
  const [found] = Images
  if (!found || bringsAgent(found)) return undefined
  return `its image ${found.ImageId} (${found.Name ?? 'without a name'}) may not bring the agent: Amazon Linux and Ubuntu of Amazon do`
}

const CANONICAL = '099720109477'

/** docs.aws.amazon.com/systems-manager/latest/userguide/ami-preinstalled-agent.html: the minimal ones are not among them. */
const bringsAgent = ({ ImageOwnerAlias, OwnerId, Name = '' }: Image): boolean =>
  (ImageOwnerAlias === 'amazon' || OwnerId === CANONICAL) && /^(al2023-ami|amzn2-ami|ubuntu)/.test(Name) && !/minimal/.test(Name)
