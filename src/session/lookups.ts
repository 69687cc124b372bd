import type { Aws } from '../aws/clients.ts'
import { amazonLinux, architectureOf, availabilityZones, callerCidr, checkNetwork, defaultNetwork } from '../aws/lookups.ts'
import type { Config } from '../config/config.ts'
import { hasBastionGroup } from '../config/uses.ts'
import { refuse } from '../core/errors.ts'
import { allDeployed, type Edit, withRecord } from '../ecs/record.ts'
import { allCounts, keptCounts } from '../ecs/sleep-record.ts'
import type { Facts, Memory, Services } from '../state/memory.ts'
import type { ExistingNetwork, Lookups } from '../steps/types.ts'
import { list } from '../ui/format.ts'
import { askImages, recordedImages } from './images.ts'
import { rdsAhead, rememberedParameters } from './rds-ahead.ts'
import type { Session } from './types.ts'

/** In the sandbox nobody asks the internet who is calling. */
const SANDBOX_CALLER = '127.0.0.1/32'
/** 1 GiB: with less, the agent and the installation of psql run out of memory. */
const BASTION_TYPE = 't4g.micro'
/** The default of earlier versions: a bastion that was made with it stays as it is. */
const FORMER_TYPE = 't4g.nano'
/** Where nobody was asked for an image. */
const NO_IMAGE = 'ami-00000000000000000'

/** As far as the declared graph depends on it, what a state remembers. */
type Recorded = Pick<Memory, 'facts' | 'services'>

/** What is known without asking anybody: recorded answers, and stand-ins of the same shape where there are none. */
export const offlineLookups = (config: Config, { facts, services }: Recorded, account: string, partition = 'aws'): Lookups => {
  const letters = 'abcdef'
  const zones = config.vpc.azs ?? facts.zones ?? []
  const { bastionCidr } = config.securityGroups
  const bastionType = knownType(config, facts)
  return {
    account,
    partition,
    zones: Array.from({ length: config.vpc.azCount }, (_, i) => zones[i] ?? `${config.region}${letters[i]}`),
    network: knownNetwork(config, facts),
    sshFrom: bastionCidr === 'none' ? undefined : bastionCidr === 'auto' ? (facts.callerCidr ?? SANDBOX_CALLER) : bastionCidr,
    engineVersion: recordedVersion(config, facts) ?? config.rds.version,
    parameters: rememberedParameters(facts),
    bastionType,
    bastionImage: recordedImage(bastionType, facts) ?? NO_IMAGE,
    deployed: allDeployed(services, config.ecs.services),
    counts: allCounts(services, config.ecs.services),
    images: recordedImages(services, config.ecs.services),
  }
}

/** The network of `existing` stands in the config, that of `default` in the record. */
const knownNetwork = ({ vpc }: Config, { network }: Facts): ExistingNetwork | undefined => {
  if (vpc.mode === 'new') return undefined
  const { id = '', publicSubnetIds = [], privateSubnetIds = [] } = vpc
  if (vpc.mode === 'existing') return { vpcId: id, publicSubnetIds, privateSubnetIds }
  const { vpcId = 'vpc-default', subnetIds = [] } = network ?? {}
  return { vpcId, publicSubnetIds: subnetIds, privateSubnetIds: subnetIds }
}

/** Looks once: what is recorded, or was found good before, is not asked for again. */
const networkFor = async (s: Session, known: ExistingNetwork | undefined): Promise<ExistingNetwork | undefined> => {
  if (!known) return undefined
  if (s.config.vpc.mode === 'default') return known.privateSubnetIds.length > 0 ? known : defaultNetwork(s.aws, s.config.region)
  if (!s.state.row('vpc')) await checkNetwork(s.aws, known)
  return known
}

/** The recorded exact version, as long as it is what the config asks for. */
const recordedVersion = (config: Config, { engineVersion: version }: Facts): string | undefined => {
  return version !== undefined && (version === config.rds.version || version.startsWith(`${config.rds.version}.`))
    ? version
    : undefined
}

/** Where the config leaves it open, a bastion that was made keeps its type. */
const knownType = (config: Config, { bastionType, bastionImage }: Facts): string =>
  config.bastion.instanceType ?? bastionType ?? (bastionImage ? FORMER_TYPE : BASTION_TYPE)

/** The recorded image, as long as it is made for such a machine. */
const recordedImage = (type: string, { bastionImage: image }: Facts): string | undefined =>
  image?.architecture === architectureOf(type) ? image.id : undefined

export interface LookupOptions {
  /** The steps that are going to be declared for real. */
  readonly steps: readonly string[]
  /** Ask for the caller's address again although one is recorded. */
  readonly refreshIp?: boolean
}

/** Asks what the steps need to know and the state does not tell. Everything is asked before anything is made. */
export const askLookups = async (s: Session, options: LookupOptions): Promise<Lookups> => {
  const { config, aws } = s
  const { facts } = s.state
  const known = offlineLookups(config, s.state, s.caller.account, s.caller.partition)
  const wants = (step: string): boolean => options.steps.includes(step)
  const bastionType = s.state.row('bastion') ? known.bastionType : (config.bastion.instanceType ?? BASTION_TYPE)
  const zones = known.network ? Promise.resolve([...known.zones]) : zonesFor(aws, config, facts.zones ?? [])
  const subnetZones = known.network ? Promise.resolve([]) : zones
  const [network, , sshFrom, ahead, image, images] = await Promise.all([
    networkFor(s, known.network),
    zones,
    wants('security-groups') && hasBastionGroup(config)
      ? sshSource(s, facts.callerCidr, options.refreshIp === true)
      : known.sshFrom,
    wants('rds') ? rdsAhead(s, known, subnetZones) : undefined,
    // A bastion that was destroyed is made anew from what is the newest image by then.
    wants('bastion') && !(s.state.row('bastion') && recordedImage(bastionType, facts))
      ? amazonLinux(aws, architectureOf(bastionType))
      : known.bastionImage,
    wants('ecs') || wants('registry') ? askImages(s, known) : known.images,
  ])
  return {
    ...known,
    ...ahead,
    network,
    zones: await zones,
    sshFrom,
    bastionType,
    bastionImage: image,
    ...(images ? { images } : {}),
  }
}

/** Recorded zones stay first, so that a subnet never moves. */
const zonesFor = async (aws: Aws, config: Config, recorded: readonly string[]): Promise<string[]> => {
  const wanted = config.vpc.azs
  if (wanted ? wanted.every((z) => recorded.includes(z)) : recorded.length >= config.vpc.azCount)
    return [...(wanted ?? recorded.slice(0, config.vpc.azCount))]
  const offered = await availabilityZones(aws, config.region)
  const strange = wanted?.find((z) => !offered.includes(z))
  if (strange)
    throw refuse(
      `vpc.azs names ${strange}, which is no zone of ${config.region} for this account`,
      `it has ${list(offered)}`,
      'Fix vpc.azs in infra.yaml',
    )
  const zones = [...(wanted ?? [...recorded, ...offered.filter((z) => !recorded.includes(z))])].slice(0, config.vpc.azCount)
  if (zones.length < config.vpc.azCount)
    throw refuse(
      `vpc.azCount is ${config.vpc.azCount}: ${config.region} has only ${offered.length} zones`,
      list(offered),
      `Set vpc.azCount to ${offered.length} or less`,
    )
  return zones
}

const sshSource = async (s: Session, recorded: string | undefined, refresh: boolean): Promise<string | undefined> => {
  const { bastionCidr } = s.config.securityGroups
  if (bastionCidr !== 'auto') return bastionCidr === 'none' ? undefined : bastionCidr
  if (recorded && !refresh) return recorded
  return s.sandbox ? SANDBOX_CALLER : callerCidr()
}

/**
 * Records the answers, so that the next run declares the same graph.
 * @param edit what was found to run without a record, as deployed or scaled
 */
export const rememberLookups = (s: Session, at: Lookups, edit?: Edit): Promise<void> =>
  s.state.update((draft) => {
    draft.facts = factsAfter(s.config, at, draft.facts)
    draft.services = servicesAfter(s.config, at, edit?.(draft.services) ?? draft.services)
  })

/** The facts that the state remembers from now on: what was not asked this time stays as it was. */
export const factsAfter = (config: Config, at: Lookups, before: Facts): Facts => ({
  ...before,
  ...(config.vpc.mode === 'new' ? { zones: at.zones } : {}),
  ...(config.vpc.mode === 'default' && at.network
    ? { network: { vpcId: at.network.vpcId, subnetIds: at.network.privateSubnetIds } }
    : {}),
  ...(config.securityGroups.bastionCidr === 'auto' && at.sshFrom ? { callerCidr: at.sshFrom } : {}),
  ...(at.engineVersion.includes('.') ? { engineVersion: at.engineVersion } : {}),
  ...(at.parameters && at.parameters.known.length > 0 ? { parameters: at.parameters } : {}),
  ...(at.bastionImage === NO_IMAGE
    ? {}
    : { bastionType: at.bastionType, bastionImage: { architecture: architectureOf(at.bastionType), id: at.bastionImage } }),
})

/** The services from now on: who waits for an image, and nothing that the config has the newer word on, or it would come back with that line. */
export const servicesAfter = ({ ecs }: Config, at: Pick<Lookups, 'images'>, before: Services): Services => {
  const deployed = allDeployed(before, ecs.services)
  const kept = keptCounts(before, ecs.services)
  return Object.keys({ ...kept, ...ecs.services }).reduce(
    (all, key) => withRecord(all, key, { overlay: deployed[key], awaitsImage: at.images?.[key] === false ? true : undefined }),
    kept,
  )
}
