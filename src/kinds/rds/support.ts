import { majorOf, type SupportNow, supportOf, vcpusOf } from '../../aws/engine-versions.ts'
import { monthlyPrice } from '../../aws/prices.ts'
import type { CostItem } from '../../engine/kind.ts'

export const EXTENDED = 'open-source-rds-extended-support'

/** What decides about the support of a server, and what it costs. */
export interface Supported {
  readonly engine?: string | undefined
  readonly version?: string | undefined
  readonly instanceClass?: string | undefined
  readonly multiAz?: boolean | undefined
  /** Whether it is in Extended Support; undefined where AWS does not tell. */
  readonly extendedSupport?: boolean | undefined
}

/**
 * What to know of the support of its version, once it ends within half a year or has ended; empty otherwise.
 * docs.aws.amazon.com/AmazonRDS/latest/UserGuide/extended-support.html
 * @param region for the price; undefined: no price is told
 */
export const supportNotes = (server: Supported, at: Date, region?: string): string[] => {
  const { engine = '', version = '' } = server
  const support = supportOf(engine, version, at)
  if (!support || support.phase === 'standard') return []
  const ended = support.phase === 'extended'
  const when = `standard support for ${engine} ${support.major} ${ended ? 'ended' : 'ends'} on ${support.standardUntil}`
  const price = region === undefined ? '' : priceOf(server, support, region)
  const then = server.extendedSupport
    ? `${ended ? '' : `from ${support.chargedFrom} on `}Extended Support is charged${price}, and cannot be switched off`
    : `${ended ? 'AWS upgrades' : 'after that AWS upgrades'} the server to a newer major version in a maintenance window`
  return [`${when}: ${then}. A newer rds.version upgrades it when you choose`]
}

/** In words, a month of it; the price of the first years where it has not begun. */
const priceOf = ({ instanceClass = '', multiAz }: Supported, { price = 'rds.extended-support' }: SupportNow, region: string) => {
  const vcpus = vcpusOf(instanceClass)
  if (vcpus === undefined) return ' for each vCPU'
  return ` (about $${monthlyPrice(price, region, vcpus * (multiAz ? 2 : 1)).usd.toFixed(2)} a month)`
}

/** Beyond standard support AWS charges each virtual CPU, the standby's too. */
export const extendedCost = (server: Supported, region: string): CostItem[] => {
  const { engine = '', version = '', instanceClass = '' } = server
  const price = server.extendedSupport ? supportOf(engine, version, new Date())?.price : undefined
  if (!price) return []
  const vcpus = vcpusOf(instanceClass)
  if (vcpus === undefined) return [{ what: 'Extended Support', usd: 0, unpriced: `Extended Support of ${instanceClass}` }]
  const all = vcpus * (server.multiAz ? 2 : 1)
  return [monthlyPrice(price, region, all, `Extended Support of ${engine} ${majorOf(engine, version)}, ${all} vCPU`)]
}
