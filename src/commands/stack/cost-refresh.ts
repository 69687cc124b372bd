import { askPrices } from '../../aws/price-list.ts'
import { partitionOf } from '../../aws/regions.ts'
import { refuse } from '../../core/errors.ts'
import { orRefused, reach } from '../../session/account.ts'
import { commandLine, type Globals, ioOf, wantsSandbox } from '../../session/globals.ts'
import { keepPrices } from '../../session/price-cache.ts'
import { count } from '../../ui/format.ts'

/**
 * Asks AWS's Price List API for these prices, and keeps what it answers with its day.
 * @param keys of the table of prices
 * @throws InfraError (exit 2) in the sandbox, which has no price list, and in partitions without the API
 */
export const refreshPrices = async (g: Globals, region: string, keys: readonly string[], profile?: string): Promise<void> => {
  if (wantsSandbox(g))
    throw refuse(
      'The sandbox has no price list',
      'prices come from AWS itself',
      `Leave --sandbox out: ${commandLine({ ...g, sandbox: false }, 'cost --refresh')}`,
    )
  if (partitionOf(region).id !== 'aws')
    throw refuse(
      `AWS's Price List API does not answer for ${region}`,
      'it is there only for the commercial regions',
      commandLine(g, 'cost'),
    )
  const io = ioOf(g)
  const r = await reach(g, region, profile)
  const { prices, missing } = await orRefused(r.surroundings, askPrices(r.aws, region, keys))
  const asOf = new Date().toISOString().slice(0, 10)
  const file = await keepPrices(region, Object.fromEntries(Object.entries(prices).map(([key, usd]) => [key, { usd, asOf }])))
  io.note(`Asked AWS for ${count(keys.length, 'price')} of ${region}: it has ${Object.keys(prices).length}. Kept in ${file}`)
  if (missing.length > 0) io.note(`  Not in the list, or there several times; the table's prices stay: ${missing.join(', ')}`)
}
