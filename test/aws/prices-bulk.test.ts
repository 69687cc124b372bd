import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { bulkRates, pricesFrom, REGIONS, SERVICES, tableText } from '../../bench/prices-bulk.ts'
import { PRICES } from '../../src/aws/prices.ts'
import { LISTED } from '../../src/aws/prices-listed.ts'

const rds = new URL('../support/prices/AmazonRDS.csv', import.meta.url)

test('a bulk file gives the on-demand price of each thing that it has once', async () => {
  const rates = await bulkRates(createReadStream(rds), 'AmazonRDS')
  expect(pricesFrom('eu-west-1', rates)).toEqual({
    'rds.postgres.db.r6g.large': 0.5,
    'rds.mysql.db.r6g.large': 0.47,
    'rds.storage.gp3': 0.127,
    // Provisioned IOPS has two prices here, so it has none.
  })
  expect(pricesFrom('us-east-1', rates)).toEqual({})
})

test('what is no price file is refused', async () => {
  await expect(bulkRates(Readable.from(['<html></html>\n']), 'AmazonRDS')).rejects.toThrow('no line of column names')
})

test('every offer of the table is read', () => {
  expect([...SERVICES].sort()).toEqual([
    ...['AWSELB', 'AWSSecretsManager', 'AmazonCloudWatch', 'AmazonEC2', 'AmazonECR', 'AmazonECS', 'AmazonRDS', 'AmazonVPC'],
  ])
  expect(REGIONS).toContain('us-east-1')
})

test('the file that ships is written as it is read', async () => {
  const text = tableText({ 'eu-west-1': { 'rds.storage.gp3': 0.127 } }, '2026-12-01')
  expect(text).toContain("asOf: '2026-12-01'")
  expect(text).toContain(`'eu-west-1': {"rds.storage.gp3":0.127},`)
  expect(text).toContain('export interface Listed {')
  // What ships: real prices or none, each with a key of the table or of a class.
  for (const prices of Object.values(LISTED.regions))
    for (const [key, usd] of Object.entries(prices)) {
      expect(key in PRICES || /^rds\.(postgres|mysql)\.db\./.test(key), key).toBe(true)
      expect(usd).toBeGreaterThan(0)
    }
})
