import type { Aws } from '../aws/clients.ts'
import { availabilityZones, callerCidr, engineVersion } from '../aws/lookups.ts'
import { closest } from '../config/closest.ts'
import { STEPS } from '../config/names.ts'
import type { Config } from '../config/settle.ts'
import { refuse } from '../engine/errors.ts'
import type { Graph } from '../engine/graph.ts'
import type { JsonObject } from '../state/json.ts'
import type { Row } from '../state/schema.ts'
import { declare } from '../steps/index.ts'
import type { Lookups } from '../steps/types.ts'
import { list } from '../ui/format.ts'
import type { Session } from './session.ts'

/** In the sandbox nobody asks the internet who is calling. */
const SANDBOX_CALLER = '127.0.0.1/32'

/** The steps that were named, checked; none named: all that are enabled. @throws InfraError (exit 2), with "did you mean" */
export const chosenSteps = (names: readonly string[], config: Pick<Config, 'steps'>): string[] => {
  for (const name of names) {
    if (config.steps.some((s) => s === name)) continue
    if (STEPS.some((s) => s === name))
      throw refuse(
        `The step ${name} is switched off`,
        'it is not among "steps" in infra.yaml',
        `Add ${name} to steps in infra.yaml`,
      )
    const meant = closest(name, config.steps)
    throw refuse(
      `There is no step ${name}`,
      meant ? `did you mean ${meant}?` : `the steps are ${list(config.steps)}`,
      meant ? `Say ${meant}` : undefined,
    )
  }
  return names.length > 0 ? config.steps.filter((s) => names.includes(s)) : [...config.steps]
}

const strings = (v: unknown): string[] => (Array.isArray(v) ? v.filter((x) => typeof x === 'string') : [])
const string = (v: unknown): string | undefined => (typeof v === 'string' ? v : undefined)

/** What is known without asking anybody: recorded answers, and stand-ins of the same shape where there are none. */
export const offlineLookups = (config: Config, recorded: JsonObject, account: string, partition = 'aws'): Lookups => {
  const letters = 'abcdef'
  const zones = config.vpc.azs ?? strings(recorded.zones)
  const { bastionCidr } = config.securityGroups
  return {
    account,
    partition,
    zones: Array.from({ length: config.vpc.azCount }, (_, i) => zones[i] ?? `${config.region}${letters[i]}`),
    sshFrom:
      bastionCidr === 'none' ? undefined : bastionCidr === 'auto' ? (string(recorded.callerCidr) ?? SANDBOX_CALLER) : bastionCidr,
    engineVersion: recordedVersion(config, recorded) ?? config.rds.version,
  }
}

/** The recorded exact version, as long as it is what the config asks for. */
const recordedVersion = (config: Config, recorded: JsonObject): string | undefined => {
  const version = string(recorded.engineVersion)
  return version !== undefined && (version === config.rds.version || version.startsWith(`${config.rds.version}.`))
    ? version
    : undefined
}

export interface LookupOptions {
  /** The steps that are going to be declared for real. */
  readonly steps: readonly string[]
  /** Ask for the caller's address again although one is recorded. */
  readonly refreshIp?: boolean
}

/** Asks what the steps need to know and the state does not tell. Everything is asked before anything is made. */
export const askLookups = async (s: Session, options: LookupOptions): Promise<Lookups> => {
  const { config, aws } = s
  const recorded = s.state.lookups
  const known = offlineLookups(config, recorded, s.caller.account, s.caller.partition)
  const wants = (step: string): boolean => options.steps.includes(step)
  const [zones, sshFrom, version] = await Promise.all([
    zonesFor(aws, config, strings(recorded.zones)),
    wants('security-groups') ? sshSource(s, string(recorded.callerCidr), options.refreshIp === true) : known.sshFrom,
    wants('rds') && !s.state.row('db-instance') && !recordedVersion(config, recorded)
      ? engineVersion(aws, config.rds.engine, config.rds.version)
      : known.engineVersion,
  ])
  return { ...known, zones, sshFrom, engineVersion: version }
}

/** Recorded zones stay first, so that a subnet never moves. */
const zonesFor = async (aws: Aws, config: Config, recorded: readonly string[]): Promise<string[]> => {
  const wanted = config.vpc.azs
  if (wanted ? wanted.every((z) => recorded.includes(z)) : recorded.length >= config.vpc.azCount)
    return [...(wanted ?? recorded.slice(0, config.vpc.azCount))]
  const offered = await availabilityZones(aws, config.region)
  const strange = wanted?.find((z) => !offered.includes(z))
  if (strange)
    throw refuse(
      `vpc.azs names ${strange}, which is no zone of ${config.region} for this account`,
      `it has ${list(offered)}`,
      'Mend vpc.azs in infra.yaml',
    )
  const zones = [...(wanted ?? [...recorded, ...offered.filter((z) => !recorded.includes(z))])].slice(0, config.vpc.azCount)
  if (zones.length < config.vpc.azCount)
    throw refuse(
      `vpc.azCount is ${config.vpc.azCount}: ${config.region} has only ${offered.length} zones`,
      list(offered),
      `Set vpc.azCount to ${offered.length} or less`,
    )
  return zones
}

const sshSource = async (s: Session, recorded: string | undefined, refresh: boolean): Promise<string | undefined> => {
  const { bastionCidr } = s.config.securityGroups
  if (bastionCidr !== 'auto') return bastionCidr === 'none' ? undefined : bastionCidr
  if (recorded && !refresh) return recorded
  return s.sandbox ? SANDBOX_CALLER : callerCidr()
}

/** Records the answers, so that the next run declares the same graph. */
export const rememberLookups = (s: Session, at: Lookups): Promise<void> =>
  s.state.remember({
    ...s.state.lookups,
    zones: at.zones,
    ...(s.config.securityGroups.bastionCidr === 'auto' && at.sshFrom ? { callerCidr: at.sshFrom } : {}),
    ...(at.engineVersion.includes('.') ? { engineVersion: at.engineVersion } : {}),
  })

/** What can be said of the steps without asking AWS: they are known, and none stands on one that is off. */
export const checkedSteps = (names: readonly string[], config: Config): string[] => {
  const steps = chosenSteps(names, config)
  declareStack(config, offlineLookups(config, {}, ''))
  return steps
}

/** The declared stack; refuses when a step is on whose ground is off. */
export const declareStack = (config: Config, at: Lookups): Graph<Aws> => {
  const graph = declare(config, at)
  for (const step of config.steps)
    for (const need of graph.needs(step))
      if (!config.steps.some((s) => s === need))
        throw refuse(
          `steps has ${step}, but not ${need}`,
          `${step} cannot be built without ${need}`,
          `Add ${need} to steps in infra.yaml`,
        )
  return graph
}

/** Rows of the given steps. */
export const keysOf = (rows: ReadonlyMap<string, Row>, steps: readonly string[]): string[] =>
  [...rows].filter(([, row]) => steps.includes(row.step)).map(([key]) => key)
