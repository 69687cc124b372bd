import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AskedPrice, takePrices } from '../aws/prices.ts'
import { cacheDir } from '../sandbox/paths.ts'
import { replaceFile } from '../state/replace.ts'

const SOURCE = 'AWS Price List API (GetProducts), on demand, USD'
const folder = (): string => join(cacheDir(process.env), 'prices')

type Prices = Readonly<Record<string, AskedPrice>>

/** What is in a file of prices; empty where it is none: it can be asked for again. */
const read = async (file: string): Promise<{ region: string; prices: Prices } | undefined> => {
  try {
    const { region, prices } = JSON.parse(await readFile(file, 'utf8')) as { region: unknown; prices: Record<string, unknown> }
    const known = Object.entries(prices).filter(([, p]) => {
      const { usd, asOf } = p as { usd?: unknown; asOf?: unknown }
      return typeof usd === 'number' && usd >= 0 && typeof asOf === 'string' && /^\d{4}-\d\d-\d\d$/.test(asOf)
    })
    return typeof region === 'string' ? { region, prices: Object.fromEntries(known) as Prices } : undefined
  } catch {
    return undefined
  }
}

/** Takes all prices that `infra cost --refresh` has asked for on this machine: every total counts with them. */
export const loadPrices = async (): Promise<void> => {
  const files = await readdir(folder()).catch(() => [])
  for (const file of files.filter((f) => f.endsWith('.json'))) {
    const found = await read(join(folder(), file))
    if (found) takePrices(found.region, found.prices)
  }
}

/** Keeps prices for later runs, beside those that were asked for before, and takes them. */
export const keepPrices = async (region: string, fresh: Prices): Promise<string> => {
  const file = join(folder(), `${region}.json`)
  const prices = { ...(await read(file))?.prices, ...fresh }
  await mkdir(folder(), { recursive: true })
  await replaceFile(file, `${JSON.stringify({ region, source: SOURCE, prices }, null, 2)}\n`, { mode: 0o600 })
  takePrices(region, fresh)
  return file
}
