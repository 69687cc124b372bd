import { monthlyPrice, PRICES_AS_OF, pricesOf } from '../../aws/prices.ts'
import { LISTED } from '../../aws/prices-listed.ts'
import type { Config } from '../../config/config.ts'
import { loadConfig } from '../../config/load.ts'
import { isClass } from '../../config/rds-classes.ts'
import { refuse } from '../../core/errors.ts'
import { type Json, same } from '../../core/json.ts'
import { addUp, type Bill, billOf, remarksData } from '../../engine/bill.ts'
import type { CostItem } from '../../engine/kind.ts'
import { round } from '../../engine/plan.ts'
import { knownProps, resolve } from '../../engine/ref.ts'
import { declareStack } from '../../session/declare.ts'
import { checkEnvironment } from '../../session/environment.ts'
import { commandLine, type Globals, ioOf, wantsSandbox } from '../../session/globals.ts'
import { header, sayScheduled } from '../../session/header.ts'
import { offlineLookups } from '../../session/lookups.ts'
import { localBackend } from '../../state/local.ts'
import { type Memory, NO_MEMORY } from '../../state/memory.ts'
import { readState } from '../../state/parse.ts'
import type { Row, Scheduled } from '../../state/schema.ts'
import { change, columns, daily, usd } from '../../ui/format.ts'
import { figure, remark } from '../../ui/money.ts'
import type { CostFlags } from './definitions.ts'

interface Item {
  readonly key: string
  readonly step: string
  readonly what: string
  readonly monthlyUsd: number
  readonly dailyUsd: number
  readonly plusUsage?: string
  readonly unpriced?: string
  readonly pricesOf?: string
  readonly asOf?: string
}

const NAT_WORDS = { none: 'no NAT gateway', single: 'one NAT gateway', perAz: 'a NAT gateway in each zone' } as const

/** Tasks in private subnets cannot do without. */
const needsNat = ({ steps, ecs }: Config): boolean =>
  steps.includes('ecs') && [...Object.values(ecs.services), ...Object.values(ecs.tasks)].some((x) => x.subnets === 'private')

/** A month and a day of the stack as the config describes it, whether it exists or not; and of the options not taken. Asks nobody but, with --refresh, AWS's price list. */
export const costCommand = async (g: CostFlags): Promise<number> => {
  const io = ioOf(g)
  const loaded = await loadConfig({ file: g.config, environment: g.env, region: g.region })
  const { config } = loaded
  const state = await readState(localBackend(loaded.stateFile(wantsSandbox(g))))
  // Asks nobody: where the state is in a bucket, that is not looked at.
  await checkEnvironment(loaded, g, async () => config.state !== 'local')
  const rows = state?.resources ?? {}
  const itemsFor = (c: Config, later = false): Item[] => itemsOf(c, state ?? NO_MEMORY, later ? {} : rows)
  const nats = ['none', 'single', 'perAz'] as const
  const withNat = (nat: (typeof nats)[number]): Config => ({ ...config, vpc: { ...config.vpc, nat } })
  if (g.refresh) {
    const { refreshPrices } = await import('./cost-refresh.ts')
    const keys = pricesOf(() => [config, ...nats.map(withNat)].map((c) => [itemsFor(c), itemsFor(c, true)]))
    await refreshPrices(g, config.region, keys, config.profile)
  }
  refuseUnknown(config, g)
  const items = itemsFor(config)
  const bill = total(items)
  const monthlyUsd = bill.usd
  const pending = Object.entries(rows).flatMap(([key, r]) => awaited(r).map((s) => ({ key, ...s })))
  const later = total(itemsFor(config, true))
  const now = config.vpc.nat ?? 'none'
  const options = nats
    .filter((nat) => nat !== now && !(nat === 'none' && needsNat(config)))
    .map((nat) => {
      const { usd: month } = total(itemsFor(withNat(nat)))
      return { option: `vpc.nat: ${nat}`, what: NAT_WORDS[nat], monthlyUsd: month, monthlyChangeUsd: round(month - monthlyUsd) }
    })
  const dailyUsd = daily(monthlyUsd)
  if (io.json) {
    const scheduled = pending.length > 0 ? { scheduled: pending, scheduledMonthlyUsd: later.usd } : {}
    const remarks = remarksData(bill)
    io.data({ monthlyUsd, dailyUsd, items, options, ...scheduled, pricesAsOf: PRICES_AS_OF, ...remarks, region: config.region })
    return 0
  }
  header({ io, config, sandbox: wantsSandbox(g), account: state?.account }, 'Cost')
  io.say(columns([['step', 'resource', 'what', 'a month', 'a day', ''].map((h) => io.c.dim(h)), ...items.map(row)], '<<<>><'))
  io.say(
    `\n  Total: ${figure(bill, io.c.bold)} a month, ${io.c.bold(usd(dailyUsd))} a day, with ${NAT_WORDS[now]}${remark(bill)}.`,
  )
  if (pending.length > 0) {
    sayScheduled(
      io,
      pending.map((s) => ({ key: s.key, scheduled: [s] })),
    )
    io.say(`  Once that is made: ${figure(later, io.c.bold)} a month (${change(round(later.usd - monthlyUsd))}).`)
  }
  for (const o of options)
    io.say(
      `  With ${o.what}: ${figure({ ...bill, usd: o.monthlyUsd })} a month (${change(o.monthlyChangeUsd)}); ${io.c.dim(o.option)}`,
    )
  io.say(
    io.c.dim(
      `\n  On-demand list prices of ${bill.pricesOf === undefined ? config.region : `${bill.pricesOf} (some of ${config.region} are not known)`}, as of ${bill.asOf ?? LISTED.asOf ?? PRICES_AS_OF}; usage comes on top where it says so. ${g.refresh ? 'Only the price list was asked.' : 'No AWS call was made.'}${ageOf(bill.asOf, g)}`,
    ),
  )
  return 0
}

/**
 * Nobody is asked here, so what RDS would refuse is told from the names that it has. A class that is newer than this version of infra
 * is known once `--refresh` has found its price. @throws InfraError (exit 2)
 */
const refuseUnknown = ({ steps, rds, region }: Config, g: Globals): void => {
  const { instanceClass } = rds
  const key = `rds.${rds.engine}.${instanceClass}` as `rds.${string}.db.${string}`
  if (!steps.includes('rds') || isClass(instanceClass) || monthlyPrice(key, region).unpriced === undefined) return
  throw refuse(
    `rds.instanceClass is ${instanceClass}, which is no instance class that infra knows`,
    'RDS has classes like db.t4g.micro, db.m7g.large and db.r6g.2xlarge',
    `Correct it in infra.yaml. If it is new: ${commandLine(g, 'plan')} asks RDS itself, ${commandLine(g, 'cost --refresh')} the price list`,
  )
}

/** Prices change some times a year. */
const OLD_DAYS = 90

const ageOf = (asOf: string | undefined, g: Globals): string => {
  if (asOf === undefined) return ` To ask AWS for today's: ${commandLine(g, 'cost --refresh')}`
  const days = Math.floor((Date.now() - Date.parse(asOf)) / 86_400_000)
  return days > OLD_DAYS ? ` They are ${days} days old: ${commandLine(g, 'cost --refresh')}` : ''
}

const row = (i: Item): string[] => [
  i.step,
  i.key,
  i.pricesOf === undefined ? i.what : `${i.what} (price of ${i.pricesOf})`,
  i.unpriced === undefined ? usd(i.monthlyUsd) : '?',
  i.unpriced === undefined ? usd(i.dailyUsd) : '?',
  i.plusUsage ? `+ usage: ${i.plusUsage}` : '',
]

const total = (items: readonly Item[]): Bill => {
  const bill = addUp(items.map((i) => billOf([{ ...i, usd: i.monthlyUsd }])))
  return { ...bill, usd: round(bill.usd) }
}

/** What AWS had only scheduled when it was looked at last, and whose time has not come yet. */
const awaited = (r: Row): Scheduled[] =>
  (r.scheduled ?? []).filter((s) => s.from !== undefined && s.at !== undefined && Date.parse(s.at) > Date.now())

/** @param rows what is paid for now where AWS makes a change only later */
const itemsOf = (config: Config, recorded: Memory, rows: Readonly<Record<string, Row>>): Item[] =>
  // As the config has it: what sleeps now, or was scaled by hand, is told by status.
  declareStack(config, { ...offlineLookups(config, recorded, ''), counts: {} })
    .nodes()
    .filter((n) => config.steps.some((s) => s === n.step))
    .flatMap((n) => {
      const declared = knownProps(resolve(n.props, () => undefined) as Record<string, unknown>)
      const until = rows[n.key] ? awaited(rows[n.key] as Row).filter((s) => same(s.to, declared[s.prop] as Json)) : []
      const want = { ...declared, ...Object.fromEntries(until.map((s) => [s.prop, s.from])) }
      return (n.kind.facts.monthly?.(want as never, config.region) ?? []).map((item: CostItem) => ({
        key: n.key,
        step: n.step,
        what: item.what,
        monthlyUsd: round(item.usd),
        dailyUsd: daily(item.usd),
        ...(item.plusUsage ? { plusUsage: item.plusUsage } : {}),
        ...(item.unpriced === undefined ? {} : { unpriced: item.unpriced }),
        ...(item.pricesOf === undefined ? {} : { pricesOf: item.pricesOf }),
        ...(item.asOf === undefined ? {} : { asOf: item.asOf }),
      }))
    })
