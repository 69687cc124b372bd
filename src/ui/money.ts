import type { Bill, Remarks } from '../engine/bill.ts'
import { usd } from './format.ts'

/** ` at least` where something is missing in the sum. */
const least = ({ unpriced }: Remarks): string => (unpriced.length > 0 ? 'at least ' : '')

/** What a total means, to be read behind it: `, not priced: db.r6g.large`, ` at prices of us-east-1`. */
export const remark = ({ unpriced, pricesOf, asOf }: Remarks): string =>
  [
    pricesOf === undefined ? '' : ` at prices of ${pricesOf}`,
    asOf === undefined ? '' : ` (AWS's prices of ${asOf})`,
    unpriced.length === 0 ? '' : `, not priced: ${unpriced.join(', ')}`,
  ].join('')

/** The figure of a total: `$12.00`, `at least $12.00`. What it means is said once, by {@link remark}. */
export const figure = (bill: Bill, paint = (text: string): string => text): string => `${least(bill)}${paint(usd(bill.usd))}`

/** The same where the figure is an estimate: `about $12.00`, `at least $12.00`. */
export const estimate = (bill: Bill, paint?: (text: string) => string): string =>
  `${bill.unpriced.length > 0 ? '' : 'about '}${figure(bill, paint)}`

/** A month: `at least $12.00 a month at prices of us-east-1, not priced: db.r6g.large`. */
export const aMonth = (bill: Bill, paint?: (text: string) => string): string => `${figure(bill, paint)} a month${remark(bill)}`

/** In a column: nothing for nothing, and `?` for what has no known price. */
export const cell = ({ usd: value, unpriced }: Pick<Bill, 'usd' | 'unpriced'>): string =>
  [...(value > 0 ? [usd(value)] : []), ...(unpriced.length > 0 ? ['?'] : [])].join(' + ')
