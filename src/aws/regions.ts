/** A part of AWS with accounts, domains and ARNs of its own. */
export interface Partition {
  readonly id: string
  /** Of the hosts of its services: `ssm.eu-west-1.amazonaws.com`. */
  readonly domain: string
  /** Of its console; undefined where it is not public. */
  readonly console: string | undefined
  readonly regions: RegExp
}

/**
 * Domains and regions: partitions.json of botocore. Consoles: docs.aws.amazon.com/general/latest/gr/mgmt-console.html and the
 * guides of GovCloud, China and the European Sovereign Cloud.
 */
const PARTITIONS: readonly Partition[] = [
  { id: 'aws-cn', domain: 'amazonaws.com.cn', console: 'console.amazonaws.cn', regions: /^cn-/ },
  { id: 'aws-us-gov', domain: 'amazonaws.com', console: 'console.amazonaws-us-gov.com', regions: /^us-gov-/ },
  { id: 'aws-eusc', domain: 'amazonaws.eu', console: 'console.amazonaws-eusc.eu', regions: /^eusc-/ },
  { id: 'aws-iso', domain: 'c2s.ic.gov', console: undefined, regions: /^us-iso-/ },
  { id: 'aws-iso-b', domain: 'sc2s.sgov.gov', console: undefined, regions: /^us-isob-/ },
  { id: 'aws-iso-e', domain: 'cloud.adc-e.uk', console: undefined, regions: /^eu-isoe-/ },
  { id: 'aws-iso-f', domain: 'csp.hci.ic.gov', console: undefined, regions: /^us-isof-/ },
]
const COMMERCIAL: Partition = { id: 'aws', domain: 'amazonaws.com', console: 'console.aws.amazon.com', regions: /./ }

export const partitionOf = (region: string): Partition => PARTITIONS.find((p) => p.regions.test(region)) ?? COMMERCIAL

/** A page of the AWS console in a region; undefined where the partition has no public one. */
export const consoleUrl = (region: string, path: string): string | undefined => {
  const { console } = partitionOf(region)
  return console && `https://${region}.${console}/${path}`
}

/** Support of the account's partition. */
export const supportUrl = (region: string): string => {
  const { console } = partitionOf(region)
  return console ? `https://${console}/support/home` : 'AWS Support'
}

/** Regions of before 2019-03-20. All later ones are off in an account until somebody enables them. */
const ALWAYS_ON =
  /^((us-(east|west)-[12])|(eu-(central|north)-1)|(eu-west-[123])|(ap-northeast-[123])|(ap-south-1)|(ap-southeast-[12])|(ca-central-1)|(sa-east-1))$/

/**
 * Whether an account has to enable the region first: docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html.
 * Until then its STS does not know the account's credentials.
 */
export const isOptIn = (region: string): boolean => partitionOf(region).id === 'aws' && !ALWAYS_ON.test(region)

/** The Price List API answers for all regions, in three of them. docs.aws.amazon.com/general/latest/gr/billing.html */
export const pricingRegion = (region: string): string =>
  /^(eu|me|af|il)-/.test(region) ? 'eu-central-1' : region.startsWith('ap-') ? 'ap-south-1' : 'us-east-1'
