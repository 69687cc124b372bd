import { InfraError, refuse } from '../core/errors.ts'
import type { Aws } from './clients.ts'
import { compareVersions } from './engine-versions.ts'
import { agentsFor, proxyFor, shownProxy } from './proxy.ts'
import { unlessGone } from './trouble.ts'

/**
 * Zones, by the id that is the same in every account, in which AWS adds nothing any more: no NAT gateway, no new instance types, no
 * Fargate (aws-cdk#5847; docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate-Regions.html leaves them out).
 */
const CONSTRAINED = new Set(['use1-az3', 'usw1-az2', 'apne1-az3', 'cac1-az3'])

/**
 * Zone names of the region that can be used, in order, constrained ones last: a stack gets these only when it asks for them. Local and
 * wavelength zones do not count.
 */
export const availabilityZones = async (aws: Aws, region: string): Promise<string[]> => {
  const { AvailabilityZones = [] } = await aws.ec2('DescribeAvailabilityZones', {})
  const zones = AvailabilityZones.filter(
    (z) => z.State === 'available' && (z.ZoneType ?? 'availability-zone') === 'availability-zone',
  )
  if (zones.length === 0)
    throw refuse(`The region ${region} has no availability zone`, 'AWS lists none for this account', 'Choose another --region')
  const names = (constrained: boolean): string[] =>
    zones.flatMap((z) => (CONSTRAINED.has(z.ZoneId ?? '') === constrained && z.ZoneName ? [z.ZoneName] : [])).sort()
  return [...names(false), ...names(true)]
}

/**
 * The newest offered version for what was asked (`16`, `16.4`). All versions are listed: the API's own filter wants an exact one.
 * @throws InfraError (exit 2) when nothing of it is offered
 */
export const engineVersion = async (aws: Aws, engine: string, wanted: string): Promise<string> => {
  const versions: string[] = []
  const major = engine === 'mysql' ? wanted.split('.').slice(0, 2).join('.') : (wanted.split('.')[0] ?? wanted)
  for (let Marker: string | undefined, more = true; more; more = Marker !== undefined) {
    const page = await aws.rds('DescribeDBEngineVersions', { Engine: engine, MaxRecords: 100, ...(Marker ? { Marker } : {}) })
    versions.push(...(page.DBEngineVersions ?? []).flatMap((v) => v.EngineVersion ?? []))
    Marker = page.Marker
  }
  const fits = versions.filter((v) => v === wanted || v.startsWith(`${wanted}.`)).sort(compareVersions)
  const newest = fits.at(-1)
  if (newest) return newest
  throw refuse(
    `rds.version is ${wanted}, which RDS does not offer for ${engine} in this region`,
    'AWS retires minor versions',
    `Ask for the major version only, for example rds.version: "${major}"`,
  )
}

export type Architecture = 'arm64' | 'x86_64'

/** Graviton is a g behind the number of the generation (t4g, c7gn, m8gd), and the first of them, a1. A g before it is for graphics. */
export const architectureOf = (instanceType: string): Architecture =>
  /^(a1|[a-z]+\d+[a-z]*g[a-z]*(-[a-z0-9]+)?)\./.test(instanceType) ? 'arm64' : 'x86_64'

/**
 * The newest Amazon Linux 2023 in the region. AWS names it in a public parameter:
 * docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-ami.html
 * @throws InfraError (exit 2) when there is none
 */
export const amazonLinux = async (aws: Aws, architecture: Architecture): Promise<string> => {
  const Name = `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`
  const id = (await unlessGone(aws.ssm('GetParameter', { Name })))?.Parameter?.Value
  if (id) return id
  throw refuse(
    `AWS names no Amazon Linux 2023 for ${architecture} in this region`,
    `the parameter ${Name} is not there`,
    'Set another bastion.instanceType, or take bastion out of steps in infra.yaml',
  )
}

const ADDRESS_SERVICE = 'https://checkip.amazonaws.com'

/** The caller's public address as AWS sees it, as a /32 block. Behind a proxy it is the proxy's. */
export const callerCidr = async (): Promise<string> => {
  const remedy = 'Set securityGroups.bastionCidr to your address (for example 203.0.113.7/32) or to none in infra.yaml'
  let text: string
  try {
    text = await shortPage(ADDRESS_SERVICE)
  } catch (error) {
    const proxy = proxyFor(ADDRESS_SERVICE)
    throw new InfraError('Your public address could not be found out', {
      why: `${ADDRESS_SERVICE} does not answer${proxy ? ` through the proxy ${shownProxy(proxy)}` : ''}`,
      next: remedy,
      exitCode: 2,
      cause: error,
    })
  }
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text))
    throw refuse('Your public address could not be found out', `${ADDRESS_SERVICE} answered something else`, remedy)
  return `${text}/32`
}

/** The text at an address of the web, within five seconds. */
const shortPage = async (url: string): Promise<string> => {
  const [{ get }, { httpsAgent }] = await Promise.all([import('node:https'), agentsFor()])
  return new Promise((resolve, reject) => {
    const asked = get(url, { ...(httpsAgent ? { agent: httpsAgent } : {}), signal: AbortSignal.timeout(5000) }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (part: string) => {
        text += part
        if (text.length > 1000) answer.destroy(new Error('too long'))
      })
      answer.once('error', reject)
      answer.once('end', () => resolve(text.trim()))
    })
    asked.once('error', reject)
  })
}

interface FoundNetwork {
  readonly vpcId: string
  readonly publicSubnetIds: readonly string[]
  readonly privateSubnetIds: readonly string[]
}

/**
 * The account's default VPC with its default subnets, one in each zone. They are public: databases in them are unreachable only
 * because they get no public address and by their security group.
 * @throws InfraError (exit 2) when there is none
 */
export const defaultNetwork = async (aws: Aws, region: string): Promise<FoundNetwork> => {
  const { Vpcs = [] } = await aws.ec2('DescribeVpcs', { Filters: [{ Name: 'is-default', Values: ['true'] }] })
  const vpcId = Vpcs[0]?.VpcId
  if (!vpcId)
    throw refuse(
      `vpc.mode is default, but ${region} has no default VPC`,
      'it was deleted once',
      'Set vpc.mode: new, or make one: aws ec2 create-default-vpc',
    )
  const { Subnets = [] } = await aws.ec2('DescribeSubnets', {
    Filters: [
      { Name: 'vpc-id', Values: [vpcId] },
      { Name: 'default-for-az', Values: ['true'] },
    ],
  })
  const ids = [...Subnets]
    .sort((a, b) => (a.AvailabilityZone ?? '').localeCompare(b.AvailabilityZone ?? ''))
    .flatMap((s) => s.SubnetId ?? [])
  if (ids.length < 2)
    throw refuse(
      `The default VPC ${vpcId} has ${ids.length} default subnets`,
      'RDS needs subnets in at least two zones',
      'Set vpc.mode: new, or add one: aws ec2 create-default-subnet',
    )
  return { vpcId, publicSubnetIds: ids, privateSubnetIds: ids }
}

/** Checks that named subnets exist, lie in the named VPC, and that the private ones cover two zones. @throws InfraError (exit 2) */
export const checkNetwork = async (aws: Aws, network: FoundNetwork): Promise<void> => {
  const wanted = [...new Set([...network.publicSubnetIds, ...network.privateSubnetIds])]
  const { Subnets = [] } = await aws.ec2('DescribeSubnets', { Filters: [{ Name: 'subnet-id', Values: wanted }] })
  const found = new Map(Subnets.map((s) => [s.SubnetId, s]))
  for (const id of wanted) {
    const subnet = found.get(id)
    if (!subnet)
      throw refuse(
        `infra.yaml names the subnet ${id}, which is not there`,
        'this account and region do not have it',
        'Fix vpc.publicSubnetIds and vpc.privateSubnetIds',
      )
    if (subnet.VpcId !== network.vpcId)
      throw refuse(
        `The subnet ${id} is in ${subnet.VpcId}, not in vpc.id ${network.vpcId}`,
        'all subnets must be in one VPC',
        'Fix vpc.id or the subnets',
      )
  }
  const zones = new Set(network.privateSubnetIds.map((id) => found.get(id)?.AvailabilityZone))
  if (zones.size < 2)
    throw refuse(
      `vpc.privateSubnetIds are all in ${[...zones].join()}`,
      'RDS needs subnets in at least two zones',
      'Add a subnet of another zone',
    )
}
