import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetProductsCommand, type GetProductsCommandInput, PricingClient } from '@aws-sdk/client-pricing'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { mockClient } from 'aws-sdk-client-mock'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { askFor, rateFor } from '../../src/aws/price-asks.ts'
import { forgetPrices, monthlyPrice, PRICES } from '../../src/aws/prices.ts'
import { pricingRegion } from '../../src/aws/regions.ts'
import { costCommand } from '../../src/commands/stack/cost.ts'
import { loadPrices } from '../../src/session/price-cache.ts'
import { checkInput } from '../support/models/watch.ts'

mockClient(STSClient)
  .on(GetCallerIdentityCommand)
  .callsFake((input) => {
    checkInput('sts', 'GetCallerIdentity', input)
    return { Account: '111122223333', Arn: 'arn:aws:iam::111122223333:user/me' }
  })

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'infra-prices-'))
  process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:1'
  vi.stubEnv('INFRA_CACHE_DIR', join(dir, 'cache'))
})
afterEach(async () => {
  delete process.env.AWS_ENDPOINT_URL
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  forgetPrices()
  await rm(dir, { recursive: true, force: true })
})

/** One entry of PriceList as the API documents it: a product and its terms, as text. The figures are made up. */
const entry = (
  usagetype: string,
  unit: string,
  tiers: readonly (readonly [from: string, usd: string])[],
  regionCode = 'eu-west-1',
) =>
  JSON.stringify({
    product: { productFamily: 'x', attributes: { regionCode, usagetype, servicecode: 'x' }, sku: 'ABC' },
    serviceCode: 'x',
    terms: {
      OnDemand: {
        'ABC.JRTCKXETXF': {
          priceDimensions: Object.fromEntries(
            tiers.map(([beginRange, USD], i) => [
              `ABC.JRTCKXETXF.${i}`,
              { unit, beginRange, endRange: 'Inf', pricePerUnit: { USD }, rateCode: `ABC.JRTCKXETXF.${i}`, appliesTo: [] },
            ]),
          ),
          sku: 'ABC',
          effectiveDate: '2026-11-01T00:00:00Z',
          offerTermCode: 'JRTCKXETXF',
          termAttributes: {},
        },
      },
      Reserved: { 'ABC.R': { priceDimensions: { 'ABC.R.1': { unit, pricePerUnit: { USD: '0.0001' } } } } },
    },
    version: '20261101000000',
    publicationDate: '2026-11-01T00:00:00Z',
  })

/** Of the price list, by service; in pages of two. */
const LIST: Readonly<Record<string, readonly string[]>> = {
  AmazonRDS: [
    entry('EU-InstanceUsage:db.r6g.large', 'Hrs', [['0', '0.5000000000']]),
    entry('EU-Multi-AZUsage:db.r6g.large', 'Hrs', [['0', '1.0000000000']]),
    entry('EU-RDS:GP3-Storage', 'GB-Mo', [['0', '0.2000000000']]),
    entry('EU-RDS:Multi-AZ-GP3-Storage', 'GB-Mo', [['0', '0.4000000000']]),
    entry('RDS:GP3-Storage', 'GB-Mo', [['0', '0.1150000000']], 'us-east-1'),
  ],
  AmazonEC2: [
    entry('EU-NatGateway-Hours', 'Hrs', [['0', '0.1000000000']]),
    entry('EU-NatGateway-Bytes', 'GB', [['0', '0.0480000000']]),
  ],
  // Two prices for one thing: none of them is chosen.
  AmazonVPC: [
    entry('EU-PublicIPv4:InUseAddress', 'Hrs', [['0', '0.0050000000']]),
    entry('EU-PublicIPv4:InUseAddress', 'Hrs', [['0', '0.0060000000']]),
  ],
  AWSSecretsManager: [entry('EU-AWSSecretsManager-Secrets', 'Secrets', [['0', '0.3000000000']])],
}

const list = () => {
  const sent: GetProductsCommandInput[] = []
  mockClient(PricingClient)
    .on(GetProductsCommand)
    .callsFake((input: GetProductsCommandInput) => {
      checkInput('pricing', 'GetProducts', input)
      sent.push(input)
      const all = LIST[input.ServiceCode ?? ''] ?? []
      const at = Number(input.NextToken ?? 0)
      return {
        FormatVersion: 'aws_v1',
        PriceList: all.slice(at, at + 2),
        ...(at + 2 < all.length ? { NextToken: `${at + 2}` } : {}),
      }
    })
  return sent
}

const run = async (flags: object = {}) => {
  let text = ''
  const hear = (chunk: unknown): boolean => {
    text += String(chunk)
    return true
  }
  const spies = [process.stdout, process.stderr].map((s) => vi.spyOn(s, 'write').mockImplementation(hear))
  const config = join(dir, 'infra.yaml')
  const more =
    'steps: [vpc, security-groups, secrets, rds]\nvpc: { nat: single }\nrds: { instanceClass: db.r6g.large, monitoringInterval: 0 }\n'
  await writeFile(config, `project: shop\nregion: eu-west-1\n${more}`)
  const error: unknown = await costCommand({
    config,
    yes: true,
    json: false,
    color: false,
    verbose: false,
    ...flags,
  } as never).then(
    () => undefined,
    (e: unknown) => e,
  )
  for (const spy of spies) spy.mockRestore()
  return { text, error }
}
const TODAY = new Date().toISOString().slice(0, 10)

describe('infra cost --refresh', () => {
  it('asks for the prices of this config, keeps them with their day, and every later total counts with them', async () => {
    const sent = list()
    const { text, error } = await run({ refresh: true })
    expect(error).toBeUndefined()
    expect(new Set(sent.map((i) => i.ServiceCode))).toEqual(new Set(['AmazonEC2', 'AmazonVPC', 'AWSSecretsManager', 'AmazonRDS']))
    expect(sent.every((i) => i.Filters?.some((f) => f.Field === 'regionCode' && f.Value === 'eu-west-1'))).toBe(true)
    // 0.5 and 0.1 for 730 hours, 20 GB of 0.2, a secret of 0.3; the address has two prices, so that of the table stays.
    expect(text).toMatch(/db-instance +db\.r6g\.large +\$365\.00/)
    expect(text).toContain(
      `Total: $445.95 a month, $14.66 a day, with one NAT gateway at prices of us-east-1 (AWS's prices of ${TODAY}).`,
    )
    expect(text).toContain("Not in the list, or there several times; the table's prices stay: ec2.public-ipv4.hour")
    const kept = JSON.parse(await readFile(join(dir, 'cache/prices/eu-west-1.json'), 'utf8')) as object
    expect(kept).toMatchObject({
      region: 'eu-west-1',
      source: expect.stringContaining('GetProducts'),
      prices: { 'rds.postgres.db.r6g.large': { usd: 0.5, asOf: TODAY }, 'rds.storage.gp3': { usd: 0.2 } },
    })
    expect(kept).not.toHaveProperty('prices.ec2.public-ipv4.hour')

    forgetPrices()
    expect(monthlyPrice('rds.postgres.db.r6g.large', 'eu-west-1').unpriced).toBe('db.r6g.large')
    await loadPrices()
    expect(monthlyPrice('rds.postgres.db.r6g.large', 'eu-west-1')).toEqual({ what: 'db.r6g.large', usd: 365, asOf: TODAY })
    expect((await run()).text).toContain('Total: $445.95')
  })

  it('a file of prices that is broken, or old, hurts nobody: it is not read, or its age is told', async () => {
    const { mkdir } = await import('node:fs/promises')
    await mkdir(join(dir, 'cache/prices'), { recursive: true })
    await writeFile(join(dir, 'cache/prices/eu-west-2.json'), '{')
    const prices = { 'rds.storage.gp3': { usd: 0.2, asOf: '2025-01-01' }, 'ec2.nat-gateway.hour': { usd: -1, asOf: TODAY }, x: 3 }
    await writeFile(join(dir, 'cache/prices/eu-west-1.json'), JSON.stringify({ region: 'eu-west-1', prices }))
    await loadPrices()
    expect(monthlyPrice('ec2.nat-gateway.hour', 'eu-west-1').usd).toBeCloseTo(0.045 * 730)
    const { text } = await run()
    expect(text).toContain("(AWS's prices of 2025-01-01)")
    expect(text).toMatch(/They are \d{3} days old: infra cost --refresh/)
  })

  it('is refused where there is no price list', async () => {
    expect((await run({ refresh: true, sandbox: true })).error).toMatchObject({
      exitCode: 2,
      what: 'The sandbox has no price list',
    })
  })
})

describe('the price list', () => {
  it('is asked in one of its three regions', () => {
    expect(['eu-west-1', 'me-south-1', 'ap-northeast-1', 'us-west-2', 'sa-east-1'].map(pricingRegion)).toEqual([
      ...['eu-central-1', 'eu-central-1', 'ap-south-1', 'us-east-1', 'us-east-1'],
    ])
  })

  it('has words for every price of the table, but for estimates and what it counts by engine', () => {
    expect(Object.keys(PRICES).filter((key) => askFor(key) === undefined)).toEqual([
      'rds.storage.io2',
      'rds.extended-support',
      'rds.extended-support.year3',
      'rds.snapshot',
      'rds.enhanced-monitoring',
      'cloudwatch.allowance',
    ])
  })

  it('only the first tier, of the same thing, in the same unit and region, is a price', () => {
    const ask = askFor('cloudwatch.metric')
    if (!ask) return expect.fail('it has no words')
    const rate = { region: 'eu-west-1', usageType: 'EU-CW:MetricMonitorUsage', unit: 'Metrics', usd: 0.3, from: 0 }
    const of = (...rates: Partial<typeof rate>[]) =>
      rateFor(
        ask,
        'eu-west-1',
        rates.map((r) => ({ ...rate, ...r })),
      )
    expect(of({}, { usd: 0.1, from: 10_000 })).toBe(0.3)
    expect(of({}, {})).toBe(0.3)
    expect([of(), of({ usd: 0 }), of({}, { usd: 0.4 }), of({ region: 'us-east-1' }), of({ unit: 'Hrs' })]).toEqual(
      Array(5).fill(undefined),
    )
    expect(of({ usageType: 'EU-TS-CW:MetricMonitorUsage' })).toBeUndefined()
  })
})
