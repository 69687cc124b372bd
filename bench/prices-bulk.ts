import type { Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { askFor, type ListedRate, type PriceAsk, rateFor } from '../src/aws/price-asks.ts'
import { PRICES } from '../src/aws/prices.ts'
import { isClass } from '../src/config/rds-classes.ts'

/** Regions that the table that ships is filled for. */
export const REGIONS = [
  ...['us-east-1', 'us-east-2', 'us-west-2', 'ca-central-1', 'sa-east-1'],
  ...['eu-west-1', 'eu-west-2', 'eu-central-1', 'eu-north-1'],
  ...['ap-south-1', 'ap-southeast-1', 'ap-southeast-2', 'ap-northeast-1'],
]

/** The offers that have a price of the table. */
export const SERVICES: readonly string[] = [...new Set(Object.keys(PRICES).flatMap((key) => askFor(key)?.service ?? []))]

/** Columns of a bulk file by the attribute's name in the API. docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-services.html */
const COLUMN: Readonly<Record<string, string>> = {
  productFamily: 'Product Family',
  volumeApiName: 'Volume API Name',
  instanceType: 'Instance Type',
  databaseEngine: 'Database Engine',
  deploymentOption: 'Deployment Option',
  operatingSystem: 'Operating System',
  tenancy: 'Tenancy',
  preInstalledSw: 'Pre Installed S/W',
  capacitystatus: 'CapacityStatus',
}

/** A rate of a bulk file, with the attributes by which prices are told apart. */
export interface BulkRate extends ListedRate {
  readonly service: string
  readonly attributes: Readonly<Record<string, string>>
}

const USAGE = new Set(Object.keys(PRICES).flatMap((key) => askFor(key)?.usage ?? []))
/** Of all that a file has (millions of lines for EC2), what may be a price of the table. */
const isWanted = (usageType: string): boolean => {
  const usage = usageType.replace(/^[A-Z]{2,4}\d{0,2}-/, '')
  return usage.startsWith('InstanceUsage:db.') || USAGE.has(usage) || USAGE.has(usageType)
}

/** Reads one bulk file (index.csv): some lines about the file, a line of column names, then one rate a line. */
export const bulkRates = async (file: Readable, service: string): Promise<BulkRate[]> => {
  let columns: ReadonlyMap<string, number> | undefined
  const rates: BulkRate[] = []
  for await (const line of file.pipe(parse({ relaxColumnCount: true, bom: true })) as AsyncIterable<string[]>) {
    if (!columns) {
      if (line[0] === 'SKU') columns = new Map(line.map((name, i) => [name, i]))
      continue
    }
    const at = columns
    const of = (name: string): string => line[at.get(name) ?? -1] ?? ''
    const usageType = of('usageType')
    if (of('TermType') !== 'OnDemand' || of('Currency') !== 'USD' || !isWanted(usageType)) continue
    rates.push({
      service,
      region: of('Region Code'),
      usageType,
      unit: of('Unit'),
      usd: Number(of('PricePerUnit')),
      from: Number(of('StartingRange') || '0'),
      attributes: Object.fromEntries(Object.entries(COLUMN).map(([attribute, name]) => [attribute, of(name)])),
    })
  }
  if (!columns) throw new Error('the file has no line of column names')
  return rates
}

/** The prices of the table, and of every class of a database, that the rates have: none that is there several times. */
export const pricesFrom = (region: string, rates: readonly BulkRate[]): Record<string, number> => {
  const classes = rates.flatMap((r) => {
    const name = r.attributes.instanceType ?? ''
    return isClass(name) && name.startsWith('db.') ? [`rds.postgres.${name}`, `rds.mysql.${name}`] : []
  })
  const keys = [...new Set([...Object.keys(PRICES), ...classes])]
  const fits = (r: BulkRate, ask: PriceAsk): boolean =>
    r.service === ask.service && Object.entries(ask.attributes).every(([a, value]) => r.attributes[a] === value)
  return Object.fromEntries(
    keys.flatMap((key) => {
      const ask = askFor(key)
      const usd =
        ask &&
        rateFor(
          ask,
          region,
          rates.filter((r) => fits(r, ask)),
        )
      return usd === undefined ? [] : [[key, usd] as const]
    }),
  )
}

/** The file that ships. */
export const tableText = (regions: Readonly<Record<string, Readonly<Record<string, number>>>>, asOf: string): string =>
  `// Made by npm run prices. On-demand prices in USD, by region and key.
export const LISTED: Listed = {
  asOf: '${asOf}',
  source: "AWS's public bulk price files",
  regions: {
${Object.entries(regions)
  .map(([region, prices]) => `    '${region}': ${JSON.stringify(prices)},\n`)
  .join('')}  },
}

export interface Listed {
  /** The day on which the files were read; undefined: never. */
  readonly asOf?: string
  readonly source?: string
  readonly regions: Readonly<Record<string, Readonly<Record<string, number>>>>
}
`
