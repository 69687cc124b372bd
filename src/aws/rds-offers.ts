import type { OrderableDBInstanceOption } from '@aws-sdk/client-rds'
import { refuse } from '../core/errors.ts'
import type { Aws } from './clients.ts'
import { compareVersions, fits, majorOf } from './engine-versions.ts'

/** A database server as it would be ordered. */
export interface Order {
  readonly engine: string
  readonly version: string
  readonly instanceClass: string
  readonly storageType: string
  readonly allocatedGb: number
  readonly iops?: number | undefined
  readonly multiAz: boolean
  readonly encrypted: boolean
  readonly monitoring: boolean
  readonly insights: boolean
  /** Zones of the subnets; empty: not known. */
  readonly zones: readonly string[]
}

/**
 * The version that a running server is upgraded to: the newest that AWS offers from there for what was asked (`17`, `17.5`).
 * @throws InfraError (exit 2) naming what AWS offers
 */
export const upgradeTarget = async (aws: Aws, engine: string, running: string, wanted: string): Promise<string> => {
  // A version that is no longer offered to new servers is still upgraded from.
  const { DBEngineVersions = [] } = await aws.rds('DescribeDBEngineVersions', {
    Engine: engine,
    EngineVersion: running,
    IncludeAll: true,
  })
  const targets = (DBEngineVersions.find((v) => v.EngineVersion === running)?.ValidUpgradeTarget ?? [])
    .flatMap((t) => t.EngineVersion ?? [])
    .sort(compareVersions)
  const newest = targets.filter((t) => fits(t, wanted)).at(-1)
  if (newest) return newest
  const majors = [...new Map(targets.map((t) => [majorOf(engine, t), t])).values()]
  throw refuse(
    `rds.version is ${wanted}, and AWS does not upgrade ${engine} ${running} to it`,
    majors.length > 0
      ? `it upgrades it to ${majors.join(', ')} (the newest of each major version)`
      : 'it offers no upgrade from there',
    majors.length > 0 ? `Set rds.version to one of them, for example "${majors.at(-1)}"` : `Set rds.version: "${running}"`,
  )
}

/**
 * Checks that AWS has such a server to offer, in one call usually.
 * @param running of a server that runs: its minor version may not be offered to new ones any more, so the major one counts
 * @throws InfraError (exit 2) naming what can be had
 */
export const checkOrder = async (aws: Aws, order: Order, running = false): Promise<void> => {
  const { engine, version, instanceClass } = order
  const offers = await offersOf(aws, { Engine: engine, EngineVersion: version, DBInstanceClass: instanceClass })
  if (offers.length > 0) return checkOffers(order, offers)
  if (running) {
    const others = await offersOf(aws, { Engine: engine, DBInstanceClass: instanceClass })
    const alike = others.filter((o) => majorOf(engine, o.EngineVersion ?? '') === majorOf(engine, version))
    if (alike.length > 0) return checkOffers(order, alike)
  }
  const all = await offersOf(aws, { Engine: engine, EngineVersion: version })
  const classes = near(instanceClass, [...new Set(all.flatMap((o) => o.DBInstanceClass ?? []))])
  throw refuse(
    `rds.instanceClass is ${instanceClass}, which RDS does not offer for ${engine} ${version} in this region`,
    classes.length > 0
      ? `it offers ${classes.slice(0, NAMED).join(', ')}${classes.length > NAMED ? ` and ${classes.length - NAMED} more` : ''}`
      : undefined,
    classes[0] ? `Set one of them, for example rds.instanceClass: ${classes[0]}` : 'Set another rds.version or rds.instanceClass',
  )
}

const NAMED = 12

/** All that is offered of this. The filters are AWS's own; an answer has 100 lines at most. */
const offersOf = async (
  aws: Aws,
  wish: { Engine: string; EngineVersion?: string; DBInstanceClass?: string },
): Promise<OrderableDBInstanceOption[]> => {
  const found: OrderableDBInstanceOption[] = []
  for (let Marker: string | undefined, more = true; more; more = Marker !== undefined) {
    const page = await aws.rds('DescribeOrderableDBInstanceOptions', { ...wish, MaxRecords: 100, ...(Marker ? { Marker } : {}) })
    found.push(...(page.OrderableDBInstanceOptions ?? []))
    Marker = page.Marker
  }
  return found
}

/** Those of the same family or size first: `db.t4g.small` is near db.t4g.micro. */
const near = (instanceClass: string, classes: readonly string[]): string[] => {
  const [, family, size] = instanceClass.split('.')
  const likeness = (c: string): number => Number(c.split('.')[1] === family) * 2 + Number(c.split('.')[2] === size)
  return [...classes].sort((a, b) => likeness(b) - likeness(a) || compareVersions(a, b))
}

const checkOffers = (order: Order, offers: readonly OrderableDBInstanceOption[]): void => {
  const { engine, version, instanceClass, storageType, allocatedGb, iops, multiAz, zones } = order
  const of = `${instanceClass} with ${engine} ${version}`
  const types = [...new Set(offers.flatMap((o) => o.StorageType ?? []))]
  const mine = offers.filter((o) => o.StorageType === storageType)
  const [offer] = mine
  const no = (key: string, value: unknown, takes: string) =>
    refuse(
      `rds.${key} is ${value}, which AWS does not offer for ${of}`,
      takes,
      `Change rds.${key} or rds.instanceClass in infra.yaml`,
    )
  if (!offer) throw no('storageType', storageType, `it takes ${types.join(', ')}`)
  const { MinStorageSize: low = 0, MaxStorageSize: high = Number.POSITIVE_INFINITY } = offer
  if (allocatedGb < low || allocatedGb > high)
    throw no('allocatedGb', allocatedGb, `${storageType} there takes ${low} to ${high} GiB`)
  if (iops !== undefined) checkIops(iops, allocatedGb, offer, no)
  if (multiAz && !mine.some((o) => o.MultiAZCapable)) throw no('multiAz', true, 'this class has no Multi-AZ')
  if (order.encrypted && !mine.some((o) => o.SupportsStorageEncryption)) throw no('storageEncrypted', true, 'it cannot encrypt')
  if (order.insights && !mine.some((o) => o.SupportsPerformanceInsights))
    throw no('performanceInsights', true, 'it has no Performance Insights')
  if (order.monitoring && !mine.some((o) => o.SupportsEnhancedMonitoring))
    throw no('monitoringInterval', 'set', 'it has no enhanced monitoring (0 switches it off)')
  const offered = new Set(mine.flatMap((o) => o.AvailabilityZones?.flatMap((z) => z.Name ?? []) ?? []))
  const usable = zones.filter((z) => offered.has(z))
  if (zones.length > 0 && offered.size > 0 && usable.length < (multiAz ? 2 : 1))
    throw refuse(
      `rds.instanceClass is ${instanceClass}, which AWS does not offer in ${multiAz ? 'two of ' : ''}the zones of the subnets (${zones.join(', ')})`,
      `it is offered in ${[...offered].sort().join(', ')}`,
      `Set another rds.instanceClass, or vpc.azs with ${multiAz ? 'two' : 'one'} of those zones before the network is made`,
    )
}

const checkIops = (
  iops: number,
  allocatedGb: number,
  offer: OrderableDBInstanceOption,
  no: (key: string, value: unknown, takes: string) => Error,
): void => {
  const { MinIopsPerDbInstance: low = 0, MaxIopsPerDbInstance: high = Number.POSITIVE_INFINITY } = offer
  const { MinIopsPerGib: least = 0, MaxIopsPerGib: most = Number.POSITIVE_INFINITY } = offer
  if (iops < low || iops > high) throw no('iops', iops, `it takes ${low} to ${high}`)
  if (iops < least * allocatedGb || iops > most * allocatedGb)
    throw no(
      'iops',
      iops,
      `it takes ${least} to ${most} for each GiB, so ${Math.ceil(least * allocatedGb)} to ${Math.floor(most * allocatedGb)}`,
    )
}

/** What AWS says of a parameter. */
export interface Parameter {
  readonly name: string
  /** It holds only after a restart. */
  readonly static: boolean
  readonly modifiable: boolean
  readonly type: string
  /** `64-2147483647`, `none,ddl,mod,all`; empty: anything. */
  readonly allowed: string
}

/** The parameters of these names, or without names all of the family. */
export const parametersOf = async (aws: Aws, family: string, names?: readonly string[]): Promise<Parameter[]> => {
  const found: Parameter[] = []
  const Filters = names ? { Filters: [{ Name: 'parameter-name', Values: [...names] }] } : {}
  for (let Marker: string | undefined, more = true; more; more = Marker !== undefined) {
    const { EngineDefaults: page } = await aws.rds('DescribeEngineDefaultParameters', {
      DBParameterGroupFamily: family,
      MaxRecords: 100,
      ...Filters,
      ...(Marker ? { Marker } : {}),
    })
    for (const p of page?.Parameters ?? [])
      found.push({
        name: p.ParameterName ?? '',
        static: p.ApplyType === 'static',
        modifiable: p.IsModifiable ?? true,
        type: p.DataType ?? 'string',
        allowed: p.AllowedValues ?? '',
      })
    Marker = page?.Marker
  }
  return found
}

/** Whether AWS would take the value, as far as its own limits tell. Formulas over the memory of the class are AWS's to judge. */
export const takes = ({ type, allowed }: Parameter, value: string): boolean => {
  if (allowed === '' || /[{(]/.test(value)) return true
  const range = /^(-?\d+(?:\.\d+)?)-(-?\d+(?:\.\d+)?)$/.exec(allowed.trim())
  if (range) return /^-?\d+(\.\d+)?$/.test(value) && Number(value) >= Number(range[1]) && Number(value) <= Number(range[2])
  // A range of another form, or a pattern: AWS judges it.
  if (!/^[\w.+-]+(\s*,\s*[\w.+ -]+)*$/.test(allowed)) return true
  const words = allowed.split(',').map((w) => w.trim().toLowerCase())
  const given = type === 'list' ? value.split(',') : [value]
  return given.every((v) => words.includes(v.trim().toLowerCase()))
}
