/** How AWS's price list names one price. */
export interface PriceAsk {
  /** Code of the offer: AmazonRDS. */
  readonly service: string
  /** Attributes that a product must have, as the Price List API filters by them. */
  readonly attributes: Readonly<Record<string, string>>
  /** Its usage type without the region's prefix (`USE1-`, `EUC1-`; RDS and load balancers have none in us-east-1). */
  readonly usage: string
  readonly unit: 'hour' | 'month'
}

const FIXED: Readonly<Record<string, PriceAsk>> = {
  'ec2.nat-gateway.hour': ask('AmazonEC2', 'NatGateway-Hours', 'hour', { productFamily: 'NAT Gateway' }),
  // The products of addresses have no family.
  'ec2.public-ipv4.hour': ask('AmazonVPC', 'PublicIPv4:InUseAddress', 'hour', {}),
  'ec2.volume.gp3': ask('AmazonEC2', 'EBS:VolumeUsage.gp3', 'month', { productFamily: 'Storage', volumeApiName: 'gp3' }),
  'secretsmanager.secret': ask('AWSSecretsManager', 'AWSSecretsManager-Secrets', 'month', {}),
  'rds.storage.gp2': ask('AmazonRDS', 'RDS:GP2-Storage', 'month', { productFamily: 'Database Storage' }),
  'rds.storage.gp3': ask('AmazonRDS', 'RDS:GP3-Storage', 'month', { productFamily: 'Database Storage' }),
  'rds.storage.io1': ask('AmazonRDS', 'RDS:PIOPS-Storage', 'month', { productFamily: 'Database Storage' }),
  'rds.iops.io1': ask('AmazonRDS', 'RDS:PIOPS', 'month', { productFamily: 'Provisioned IOPS' }),
  'elb.application.hour': ask('AWSELB', 'LoadBalancerUsage', 'hour', { productFamily: 'Load Balancer-Application' }),
  'fargate.X86_64.vcpu': ask('AmazonECS', 'Fargate-vCPU-Hours:perCPU', 'hour', { productFamily: 'Compute' }),
  'fargate.X86_64.gb': ask('AmazonECS', 'Fargate-GB-Hours', 'hour', { productFamily: 'Compute' }),
  'fargate.ARM64.vcpu': ask('AmazonECS', 'Fargate-ARM-vCPU-Hours:perCPU', 'hour', { productFamily: 'Compute' }),
  'fargate.ARM64.gb': ask('AmazonECS', 'Fargate-ARM-GB-Hours', 'hour', { productFamily: 'Compute' }),
  'ecr.storage': ask('AmazonECR', 'TimedStorage-ByteHrs', 'month', {}),
  'cloudwatch.alarm': ask('AmazonCloudWatch', 'CW:AlarmMonitorUsage', 'month', {}),
  'cloudwatch.metric': ask('AmazonCloudWatch', 'CW:MetricMonitorUsage', 'month', {}),
  'logs.storage': ask('AmazonCloudWatch', 'TimedStorage-ByteHrs', 'month', {}),
}

const ENGINES: Readonly<Record<string, string>> = { postgres: 'PostgreSQL', mysql: 'MySQL' }

/**
 * Where a price of the table, or of an instance class, is found in AWS's price list; undefined for what is estimated, or where the
 * list's words for it are not known.
 * docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-changes.html
 */
export const askFor = (key: string): PriceAsk | undefined => {
  const [, engine = '', instanceClass = ''] = /^rds\.(\w+)\.(db\..+)$/.exec(key) ?? []
  const databaseEngine = ENGINES[engine]
  if (databaseEngine !== undefined)
    return ask('AmazonRDS', `InstanceUsage:${instanceClass}`, 'hour', {
      productFamily: 'Database Instance',
      instanceType: instanceClass,
      databaseEngine,
      deploymentOption: 'Single-AZ',
    })
  const [, instanceType] = /^ec2\.instance\.(.+)$/.exec(key) ?? []
  if (instanceType !== undefined)
    return ask('AmazonEC2', `BoxUsage:${instanceType}`, 'hour', {
      productFamily: 'Compute Instance',
      instanceType,
      operatingSystem: 'Linux',
      tenancy: 'Shared',
      preInstalledSw: 'NA',
      capacitystatus: 'Used',
    })
  return FIXED[key]
}

function ask(service: string, usage: string, unit: PriceAsk['unit'], attributes: PriceAsk['attributes']): PriceAsk {
  return { service, usage, unit, attributes }
}

/** One rate of the list, from the API's JSON or from a bulk file. */
export interface ListedRate {
  readonly region: string
  readonly usageType: string
  /** `Hrs`, `hours`, `GB-Mo`, `Secrets`, ... */
  readonly unit: string
  readonly usd: number
  /** From how much on it holds: the first tier begins at 0. */
  readonly from: number
}

const PREFIX = /^[A-Z]{2,4}\d{0,2}-/

/** @returns the price, when the list has exactly one for it; undefined otherwise: none is ever chosen among several */
export const rateFor = ({ usage, unit }: PriceAsk, region: string, rates: readonly ListedRate[]): number | undefined => {
  const is = (usageType: string): boolean =>
    usageType.replace(PREFIX, '') === usage || (region === 'us-east-1' && usageType === usage)
  const hourly = (word: string): boolean => /^h(ou)?rs?$|-h(ou)?rs$/i.test(word)
  const found = rates.filter((r) => r.region === region && is(r.usageType) && hourly(r.unit) === (unit === 'hour'))
  const prices = new Set(found.filter((r) => r.from === 0 && r.usd > 0).map((r) => r.usd))
  return prices.size === 1 ? [...prices][0] : undefined
}
