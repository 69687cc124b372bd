import { compareVersions, familyOf, fits, majorOf, supportOf } from '../aws/engine-versions.ts'
import { engineVersion } from '../aws/lookups.ts'
import { checkOrder, type Parameter, parametersOf, takes, upgradeTarget } from '../aws/rds-offers.ts'
import { closest } from '../config/closest.ts'
import type { Config } from '../config/config.ts'
import { refuse } from '../core/errors.ts'
import { type JsonObject, same } from '../core/json.ts'
import { describeInstance } from '../rds/instance.ts'
import type { Facts, KnownParameters } from '../state/memory.ts'
import type { Row } from '../state/schema.ts'
import type { Lookups } from '../steps/types.ts'
import type { Session } from './types.ts'

export type RdsAhead = Pick<Lookups, 'engineVersion' | 'parameters'>

/**
 * What is to be known of the database server before anything is made: its exact version, that AWS has such a server to offer, and that
 * it takes the parameters. Nothing is asked that the record tells.
 * @param zones of the subnets; empty where they are not infra's own
 * @throws InfraError (exit 2) naming what can be had
 */
export const rdsAhead = async (s: Session, known: Lookups, zones: Promise<readonly string[]>): Promise<RdsAhead> => {
  const { config } = s
  const row = s.state.row('db-instance')
  if (row?.adopted) return { engineVersion: known.engineVersion }
  const version = await versionFor(s, row, known.engineVersion)
  const wish = orderOf(config, version)
  const changed = !row || Object.entries(wish).some(([key, value]) => !same(value, row.want[key]))
  const [parameters] = await Promise.all([
    parametersFor(s, familyOf(config.rds.engine, version)),
    changed ? order(s, version, row, zones) : undefined,
  ])
  return { engineVersion: version, ...(parameters.known.length > 0 ? { parameters } : {}) }
}

/** What decides whether AWS has such a server, by the names of its props. */
const orderOf = ({ rds }: Config, version: string) => ({
  engine: rds.engine,
  version,
  instanceClass: rds.instanceClass,
  storageType: rds.storageType,
  allocatedGb: rds.allocatedGb,
  ...(rds.iops ? { iops: rds.iops } : {}),
  multiAz: rds.multiAz,
  encrypted: rds.storageEncrypted,
})

const order = async (s: Session, version: string, row: Row | undefined, zones: Promise<readonly string[]>): Promise<void> => {
  const { rds } = s.config
  const made = typeof row?.attrs?.id === 'string'
  const running = made ? await runningVersion(s, row) : undefined
  if (!running) refuseUnsupported(rds, version)
  const wish = { ...orderOf(s.config, version), monitoring: rds.monitoringInterval > 0, insights: rds.performanceInsights }
  await checkOrder(s.aws, { ...wish, zones: running ? [] : await zones }, running !== undefined)
  // While both change, AWS wants the class for the version that still runs.
  const upgraded = running !== undefined && majorOf(rds.engine, running) !== majorOf(rds.engine, version)
  if (upgraded && row?.want.instanceClass !== rds.instanceClass)
    await checkOrder(s.aws, { ...wish, version: running, zones: [] }, true)
}

/** A new server of a version that AWS supports only for extra money, and that was not asked for. @throws InfraError (exit 2) */
const refuseUnsupported = (rds: Config['rds'], version: string): void => {
  const support = supportOf(rds.engine, version, new Date())
  if (support?.phase !== 'extended' || rds.extendedSupport) return
  throw refuse(
    `rds.version is ${rds.version}: standard support for ${rds.engine} ${support.major} ended on ${support.standardUntil}`,
    'AWS makes such a server only with Extended Support, which costs extra for each vCPU and hour',
    'Set a newer rds.version, or take the cost: rds.extendedSupport: true (infra cost tells it)',
  )
}

const runningVersion = async (s: Session, row: Row | undefined): Promise<string | undefined> => {
  const id = row?.attrs?.id
  if (typeof id !== 'string') return undefined
  return (await describeInstance(s.aws, id))?.EngineVersion
}

/**
 * The exact version. A server that runs is upgraded to what AWS offers from there; one that is newer already stays as it is.
 * @param recorded the exact version of the record, or what the config says
 */
const versionFor = async (s: Session, row: Row | undefined, recorded: string): Promise<string> => {
  const { engine, version: wanted } = s.config.rds
  if (recorded !== wanted || (row && recorded === row.want.version)) return recorded
  const running = await runningVersion(s, row)
  if (running === undefined) return engineVersion(s.aws, engine, wanted)
  // 16 is what runs where 16.10 does; 16.4 where a newer one of 16 runs. An older major is refused where it is compared.
  if (fits(running, wanted)) return running
  if (compareVersions(running, wanted) > 0) return wanted
  return upgradeTarget(s.aws, engine, running, wanted)
}

/** Looks the parameters of the config up, unless all of them are known. @throws InfraError (exit 2) for one that AWS would not take */
const parametersFor = async (s: Session, family: string): Promise<KnownParameters> => {
  const wanted = s.config.rds.parameters
  const names = Object.keys(wanted)
  const remembered = rememberedParameters(s.state.facts, family)
  const was = (s.state.row('db-parameter-group')?.want.parameters ?? {}) as JsonObject
  if (names.every((name) => remembered.known.includes(name) && was[name] === wanted[name])) return remembered
  const found = new Map((await parametersOf(s.aws, family, names)).map((p) => [p.name, p]))
  for (const name of names) {
    const parameter = found.get(name)
    if (!parameter) throw await noParameter(s, family, name)
    checkParameter(parameter, wanted[name] ?? '')
  }
  const fixed = [...found.values()].filter((p) => p.static).map((p) => p.name)
  return {
    family,
    // What was taken out of the config is reset, and for that it counts of which sort it is.
    known: [...new Set([...remembered.known, ...names])].sort(),
    static: [...new Set([...remembered.static, ...fixed])].sort(),
  }
}

/** @param family undefined: whichever it is */
export const rememberedParameters = ({ parameters }: Facts, family = parameters?.family): KnownParameters =>
  parameters && parameters.family === family ? parameters : { family: family ?? '', known: [], static: [] }

const noParameter = async (s: Session, family: string, name: string): Promise<Error> => {
  const meant = closest(
    name,
    (await parametersOf(s.aws, family)).filter((p) => p.modifiable).map((p) => p.name),
  )
  return refuse(
    `rds.parameters has ${name}, which is not a parameter of ${family}`,
    meant ? `did you mean ${meant}?` : 'AWS knows none of that name',
    `All of them: aws rds describe-engine-default-parameters --db-parameter-group-family ${family} --query 'EngineDefaults.Parameters[].ParameterName'`,
  )
}

const checkParameter = (parameter: Parameter, value: string): void => {
  const { name, allowed } = parameter
  if (!parameter.modifiable)
    throw refuse(
      `rds.parameters sets ${name}, which AWS does not let you set`,
      'RDS manages it itself',
      'Remove it from infra.yaml',
    )
  if (!takes(parameter, value))
    throw refuse(
      `rds.parameters.${name} is ${value}, which AWS does not take`,
      `it takes ${allowed.split(',').join(', ')}${parameter.type === 'boolean' ? ' (off and on)' : ''}`,
      `Change rds.parameters.${name} in infra.yaml`,
    )
}
