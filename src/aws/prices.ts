import type { CostItem } from '../engine/kind.ts'
import { LISTED } from './prices-listed.ts'

/** When the table was last checked. */
export const PRICES_AS_OF = '2026-11-21'
export const HOURS_PER_MONTH = 730

interface Price {
  readonly what: string
  /** USD by region. us-east-1 is always there and stands in, visibly, for a region that is missing. */
  readonly usd: Readonly<Record<string, number>> & { readonly 'us-east-1': number }
  readonly per: 'hour' | 'month' | 'GB-month'
  readonly source: string
  readonly plusUsage?: string
}

const LIST = 'AWS public price list, on demand'

/** On-demand prices. One table, with date and source, so that a wrong figure has one place to be put right. */
export const PRICES = {
  'ec2.nat-gateway.hour': {
    what: 'NAT gateway',
    usd: { 'us-east-1': 0.045 },
    per: 'hour',
    source: LIST,
    plusUsage: '$0.045 per GB',
  },
  'ec2.public-ipv4.hour': { what: 'public IPv4 address', usd: { 'us-east-1': 0.005 }, per: 'hour', source: LIST },
  'ec2.instance.t4g.nano': { what: 't4g.nano', usd: { 'us-east-1': 0.0042 }, per: 'hour', source: LIST },
  'ec2.instance.t4g.micro': { what: 't4g.micro', usd: { 'us-east-1': 0.0084 }, per: 'hour', source: LIST },
  'ec2.instance.t3.micro': { what: 't3.micro', usd: { 'us-east-1': 0.0104 }, per: 'hour', source: LIST },
  'ec2.instance.t3.small': { what: 't3.small', usd: { 'us-east-1': 0.0208 }, per: 'hour', source: LIST },
  'ec2.instance.t3.medium': { what: 't3.medium', usd: { 'us-east-1': 0.0416 }, per: 'hour', source: LIST },
  'ec2.instance.t3.large': { what: 't3.large', usd: { 'us-east-1': 0.0832 }, per: 'hour', source: LIST },
  'ec2.instance.m5.large': { what: 'm5.large', usd: { 'us-east-1': 0.096 }, per: 'hour', source: LIST },
  'ec2.volume.gp3': { what: 'gp3 volume', usd: { 'us-east-1': 0.08 }, per: 'GB-month', source: LIST },
  'secretsmanager.secret': {
    what: 'secret',
    usd: { 'us-east-1': 0.4 },
    per: 'month',
    source: LIST,
    plusUsage: '$0.05 per 10,000 reads',
  },
  'rds.storage.gp3': { what: 'gp3 storage', usd: { 'us-east-1': 0.115 }, per: 'GB-month', source: LIST },
  'rds.storage.gp2': { what: 'gp2 storage', usd: { 'us-east-1': 0.115 }, per: 'GB-month', source: LIST },
  'rds.storage.io1': {
    what: 'io1 storage',
    usd: { 'us-east-1': 0.125 },
    per: 'GB-month',
    source: LIST,
  },
  'rds.storage.io2': {
    what: 'io2 storage',
    usd: { 'us-east-1': 0.125 },
    per: 'GB-month',
    source: LIST,
  },
  'rds.iops.io1': { what: 'provisioned IOPS', usd: { 'us-east-1': 0.1 }, per: 'month', source: LIST },
  'rds.extended-support': {
    what: 'Extended Support, a vCPU',
    usd: { 'us-east-1': 0.1 },
    per: 'hour',
    source: LIST,
  },
  'rds.extended-support.year3': {
    what: 'Extended Support from the third year on, a vCPU',
    usd: { 'us-east-1': 0.2 },
    per: 'hour',
    source: LIST,
  },
  'rds.snapshot': { what: 'snapshot', usd: { 'us-east-1': 0.095 }, per: 'GB-month', source: LIST },
  'rds.enhanced-monitoring': {
    what: 'enhanced monitoring',
    usd: { 'us-east-1': 2 },
    per: 'month',
    source: 'StartupWebApp infra README: about $2',
    plusUsage: 'CloudWatch Logs ingestion',
  },
  'rds.postgres.db.t4g.micro': { what: 'db.t4g.micro', usd: { 'us-east-1': 0.016 }, per: 'hour', source: LIST },
  'rds.postgres.db.t4g.small': { what: 'db.t4g.small', usd: { 'us-east-1': 0.032 }, per: 'hour', source: LIST },
  'rds.postgres.db.t4g.medium': { what: 'db.t4g.medium', usd: { 'us-east-1': 0.065 }, per: 'hour', source: LIST },
  'rds.postgres.db.t3.micro': { what: 'db.t3.micro', usd: { 'us-east-1': 0.018 }, per: 'hour', source: LIST },
  'rds.postgres.db.t3.small': { what: 'db.t3.small', usd: { 'us-east-1': 0.036 }, per: 'hour', source: LIST },
  'rds.postgres.db.t3.medium': { what: 'db.t3.medium', usd: { 'us-east-1': 0.072 }, per: 'hour', source: LIST },
  'rds.postgres.db.t3.large': { what: 'db.t3.large', usd: { 'us-east-1': 0.145 }, per: 'hour', source: LIST },
  'rds.postgres.db.m5.large': { what: 'db.m5.large', usd: { 'us-east-1': 0.178 }, per: 'hour', source: LIST },
  'rds.mysql.db.t4g.micro': { what: 'db.t4g.micro', usd: { 'us-east-1': 0.016 }, per: 'hour', source: LIST },
  'rds.mysql.db.t4g.small': { what: 'db.t4g.small', usd: { 'us-east-1': 0.032 }, per: 'hour', source: LIST },
  'rds.mysql.db.t3.micro': { what: 'db.t3.micro', usd: { 'us-east-1': 0.017 }, per: 'hour', source: LIST },
  'rds.mysql.db.t3.small': { what: 'db.t3.small', usd: { 'us-east-1': 0.034 }, per: 'hour', source: LIST },
  'rds.mysql.db.t3.medium': { what: 'db.t3.medium', usd: { 'us-east-1': 0.068 }, per: 'hour', source: LIST },
  'elb.application.hour': {
    what: 'application load balancer',
    usd: { 'us-east-1': 0.0225 },
    per: 'hour',
    source: LIST,
    plusUsage: '$0.008 per LCU and hour',
  },
  'fargate.X86_64.vcpu': { what: 'Fargate vCPU', usd: { 'us-east-1': 0.04048 }, per: 'hour', source: LIST },
  'fargate.X86_64.gb': { what: 'Fargate GB of memory', usd: { 'us-east-1': 0.004445 }, per: 'hour', source: LIST },
  'fargate.ARM64.vcpu': { what: 'Fargate vCPU (ARM)', usd: { 'us-east-1': 0.03238 }, per: 'hour', source: LIST },
  'fargate.ARM64.gb': { what: 'Fargate GB of memory (ARM)', usd: { 'us-east-1': 0.00356 }, per: 'hour', source: LIST },
  'ecr.storage': {
    what: 'images',
    usd: { 'us-east-1': 0.1 },
    per: 'GB-month',
    source: LIST,
    plusUsage: '$0.10 per GB stored',
  },
  'cloudwatch.alarm': { what: 'alarm', usd: { 'us-east-1': 0.1 }, per: 'month', source: LIST },
  'cloudwatch.metric': {
    what: 'custom metric',
    usd: { 'us-east-1': 0.3 },
    per: 'month',
    source: LIST,
    plusUsage: '$0.30 for each metric',
  },
  'logs.storage': {
    what: 'log storage',
    usd: { 'us-east-1': 0.03 },
    per: 'GB-month',
    source: LIST,
    plusUsage: '$0.50 per GB written',
  },
  'cloudwatch.allowance': {
    what: 'notifications and metrics',
    usd: { 'us-east-1': 0.6 },
    per: 'month',
    source: 'StartupWebApp infra README: CloudWatch and SNS about $1, less four alarms',
    plusUsage: 'e-mails above 1,000 a month',
  },
} as const satisfies Record<string, Price>

/** A price that AWS was asked for. */
export interface AskedPrice {
  readonly usd: number
  /** The day: YYYY-MM-DD. */
  readonly asOf: string
}

/** By region and key. They win over the table. */
const asked = new Map<string, AskedPrice>()
const placeOf = (region: string, key: string): string => `${region} ${key}`

/** Takes prices that AWS was asked for: what things cost is computed with them from then on. */
export const takePrices = (region: string, prices: Readonly<Record<string, AskedPrice>>): void => {
  for (const [key, price] of Object.entries(prices)) asked.set(placeOf(region, key), price)
}

/** Forgets what was taken: for tests. */
export const forgetPrices = (): void => asked.clear()

let hear: ((key: string) => void) | undefined

/** The keys of all prices that the work looks up. */
export const pricesOf = (work: () => unknown): string[] => {
  const keys = new Set<string>()
  hear = (key) => void keys.add(key)
  try {
    work()
  } finally {
    hear = undefined
  }
  return [...keys]
}

export type PriceKey = keyof typeof PRICES

/** Keys of instance classes are made from the config, so the table may not have them: `rds.postgres.db.t4g.micro`. */
export type PricedBy =
  | PriceKey
  | `rds.${string}.db.${string}`
  | `rds.storage.${string}`
  | `ec2.instance.${string}`
  | `rds.iops.${string}`

const HOURLY = /^(rds\.(postgres|mysql)\.db\.|ec2\.instance\.)/

/**
 * What so many of it cost in a month.
 * @param label what it is called; default: the table's word
 * @returns with `unpriced` where nobody knows its price, and `pricesOf` where the price of another region stands in
 */
export const monthlyPrice = (key: PricedBy, region: string, amount = 1, label?: string): CostItem => {
  const price: Price | undefined = isPriced(key) ? PRICES[key] : undefined
  hear?.(key)
  const own = asked.get(placeOf(region, key))
  const here = own?.usd ?? LISTED.regions[region]?.[key] ?? price?.usd[region]
  const unit = here ?? LISTED.regions['us-east-1']?.[key] ?? price?.usd['us-east-1']
  const what = label ?? price?.what ?? key.replace(/^(rds\.\w+|ec2\.instance)\./, '')
  if (unit === undefined) return { what, usd: 0, unpriced: what }
  const hourly = price ? price.per === 'hour' : HOURLY.test(key)
  return {
    what,
    usd: unit * amount * (hourly ? HOURS_PER_MONTH : 1),
    ...(price?.plusUsage ? { plusUsage: price.plusUsage } : {}),
    // Nothing of it costs nothing everywhere.
    ...(here !== undefined || amount === 0 ? {} : { pricesOf: 'us-east-1' }),
    ...(own && amount > 0 ? { asOf: own.asOf } : {}),
  }
}

const isPriced = (key: string): key is PriceKey => Object.hasOwn(PRICES, key)
