import type { JsonObject } from '../core/json.ts'
import type { AnyKind, CostItem } from './kind.ts'

/** What a sum leaves out, or takes from elsewhere. */
export interface Remarks {
  /** What has no known price, and so is not in the sum. */
  readonly unpriced: readonly string[]
  /** The region whose prices stand in. */
  readonly pricesOf?: string
  /** The oldest day on which AWS was asked for one of the prices. */
  readonly asOf?: string
}

/** A month in USD, and what that figure means. */
export interface Bill extends Remarks {
  readonly usd: number
}

export const NOTHING: Bill = { usd: 0, unpriced: [] }

export const addUp = (bills: readonly Bill[]): Bill => {
  const pricesOf = bills.find((b) => b.pricesOf !== undefined)?.pricesOf
  const [asOf] = bills.flatMap((b) => b.asOf ?? []).sort()
  return {
    usd: bills.reduce((sum, b) => sum + b.usd, 0),
    unpriced: [...new Set(bills.flatMap((b) => b.unpriced))],
    ...(pricesOf === undefined ? {} : { pricesOf }),
    ...(asOf === undefined ? {} : { asOf }),
  }
}

export const billOf = (items: readonly CostItem[]): Bill =>
  addUp(
    items.map(({ usd, unpriced, pricesOf, asOf }) => ({
      usd,
      unpriced: unpriced === undefined ? [] : [unpriced],
      ...(pricesOf === undefined ? {} : { pricesOf }),
      ...(asOf === undefined ? {} : { asOf }),
    })),
  )

/** A month of one resource, as it is wanted. */
export const billFor = <C>(kind: AnyKind<C>, want: JsonObject, region: string): Bill =>
  billOf(kind.facts.monthly?.(want, region) ?? [])

/** What is in the first and not in the second: what a part that goes away saves. */
export const without = (whole: Bill, rest: Bill): Bill => ({
  ...whole,
  usd: whole.usd - rest.usd,
  unpriced: whole.unpriced.filter((what) => !rest.unpriced.includes(what)),
})

/** For other programs: next to a total. */
export const remarksData = ({ unpriced, pricesOf, asOf }: Remarks): object => ({
  unpriced,
  ...(pricesOf === undefined ? {} : { pricesOf }),
  ...(asOf === undefined ? {} : { pricesAsOf: asOf }),
})
