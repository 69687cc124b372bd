import type { Aws } from './clients.ts'
import { pages } from './pages.ts'
import { askFor, type ListedRate, type PriceAsk, rateFor } from './price-asks.ts'

/** What the Price List API answers as text: one product with its prices. docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html */
interface Product {
  readonly product?: { readonly attributes?: { readonly regionCode?: string; readonly usagetype?: string } }
  readonly terms?: {
    readonly OnDemand?: Readonly<Record<string, { readonly priceDimensions?: Readonly<Record<string, Dimension>> }>>
  }
}
interface Dimension {
  readonly unit?: string
  readonly beginRange?: string
  readonly pricePerUnit?: { readonly USD?: string }
}

const ratesOf = (text: string): ListedRate[] => {
  const { product, terms } = JSON.parse(text) as Product
  const { regionCode: region = '', usagetype: usageType = '' } = product?.attributes ?? {}
  return Object.values(terms?.OnDemand ?? {})
    .flatMap((offer) => Object.values(offer.priceDimensions ?? {}))
    .flatMap(({ unit = '', beginRange = '0', pricePerUnit }) => {
      const usd = Number(pricePerUnit?.USD)
      return pricePerUnit?.USD === undefined || Number.isNaN(usd)
        ? []
        : [{ region, usageType, unit, usd, from: Number(beginRange) }]
    })
}

export interface Refreshed {
  /** USD by key. */
  readonly prices: Readonly<Record<string, number>>
  /** Keys for which the list has no price, or several. */
  readonly missing: readonly string[]
}

/**
 * Asks AWS's price list for these prices, on demand, in one region.
 * @throws what the API throws: it needs `pricing:GetProducts`
 */
export const askPrices = async (aws: Pick<Aws, 'pricing'>, region: string, keys: readonly string[]): Promise<Refreshed> => {
  const asked = keys.flatMap((key) => {
    const ask = askFor(key)
    return ask ? [{ key, ask }] : []
  })
  /** Prices of one family are asked for once. */
  const lists = new Map<string, Promise<ListedRate[]>>()
  const listFor = (ask: PriceAsk): Promise<ListedRate[]> => {
    const id = JSON.stringify([ask.service, ask.attributes])
    const list = lists.get(id) ?? listOf(aws, region, ask)
    lists.set(id, list)
    return list
  }
  const found = await Promise.all(asked.map(async ({ key, ask }) => [key, rateFor(ask, region, await listFor(ask))] as const))
  return {
    prices: Object.fromEntries(found.flatMap(([key, usd]) => (usd === undefined ? [] : [[key, usd]]))),
    missing: [
      ...found.flatMap(([key, usd]) => (usd === undefined ? [key] : [])),
      ...keys.filter((key) => !asked.some((a) => a.key === key)),
    ],
  }
}

const listOf = async (aws: Pick<Aws, 'pricing'>, region: string, ask: PriceAsk): Promise<ListedRate[]> => {
  const Filters = Object.entries({ ...ask.attributes, regionCode: region }).map(([Field, Value]) => ({
    Type: 'TERM_MATCH' as const,
    Field,
    Value,
  }))
  const products = await pages(async (NextToken) => {
    const page = await aws.pricing('GetProducts', {
      ServiceCode: ask.service,
      Filters,
      FormatVersion: 'aws_v1',
      MaxResults: 100,
      ...(NextToken ? { NextToken } : {}),
    })
    return [page.PriceList, page.NextToken]
  })
  return products.flatMap((p) => ratesOf(String(p)))
}
