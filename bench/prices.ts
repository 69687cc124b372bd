// npm run prices [-- <region>...]: fills src/aws/prices-listed.ts from AWS's public bulk price files. Needs a network, no account.
import { writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { bulkRates, pricesFrom, REGIONS, SERVICES, tableText } from './prices-bulk.ts'

const root = process.env.PRICES_ROOT ?? process.cwd()
const regions = process.argv.slice(2)

const main = async (): Promise<void> => {
  const table: Record<string, Record<string, number>> = {}
  for (const region of regions.length > 0 ? regions : REGIONS) {
    const found: Record<string, number> = {}
    for (const service of SERVICES) {
      const url = `https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/${service}/current/${region}/index.csv`
      const answer = await fetch(url)
      if (!answer.ok || !answer.body) throw new Error(`${url}: ${answer.status}`)
      Object.assign(found, pricesFrom(region, await bulkRates(Readable.fromWeb(answer.body as never), service)))
    }
    process.stdout.write(`${region}: ${Object.keys(found).length} prices\n`)
    table[region] = found
  }
  writeFileSync(`${root}/src/aws/prices-listed.ts`, tableText(table, new Date().toISOString().slice(0, 10)))
}

await main().catch((error: Error) => {
  process.stderr.write(
    `The price files cannot be read, and the table stays as it is: ${error.message}${error.cause instanceof Error ? `: ${error.cause.message}` : ''}\n`,
  )
  process.exitCode = 1
})
