import { resolve } from 'node:path'
import type { Aws } from '../aws/clients.ts'
import { explain } from '../aws/explain.ts'
import type { Caller } from '../aws/identity.ts'
import { closest } from '../config/closest.ts'
import type { Config } from '../config/config.ts'
import { CONFIG_FILE, loadConfig, readText } from '../config/load.ts'
import { regionOfShell } from '../config/options.ts'
import { InfraError, refuse } from '../core/errors.ts'
import { list } from '../ui/format.ts'
import type { Io } from '../ui/io.ts'
import { reach } from './account.ts'
import { commandLine, type Globals, spoken } from './globals.ts'
import { openSession, type Session } from './session.ts'
import { onInterrupt } from './signals.ts'

export interface ServiceFlags extends Globals {
  readonly cluster?: string
  readonly service?: string
  /** The container that is the application; of the commands that look into one. */
  readonly container?: string
}

/** A service by cluster and name; `key` where it is one of the config. */
export interface Named {
  readonly key: string | undefined
  readonly cluster: string
  readonly name: string
}

/** What a command about one service has at hand, with or without a config. */
export interface ServicePlace {
  readonly g: ServiceFlags
  readonly io: Io
  readonly aws: Aws
  readonly caller: Caller
  readonly region: string
  readonly sandbox: boolean
  readonly named: Named
  /** The stack of the config, where there is one: it need not be the stack of this service. */
  readonly stack: Session | undefined
  readonly signal: AbortSignal
  begin(): void
  ownSignals(): void
  explain(error: unknown): InfraError
  /** A command about this service as it would be typed here. */
  line(verb: string, more?: string): string
  /** A sentence that names commands of infra, each as it would be typed here. */
  spoken(text: string): string
  close(): Promise<void>
}

/**
 * Which service is meant: one of the config by its key (the only one, when none is named), or any by cluster and name.
 * @throws InfraError (exit 2)
 */
export const namedService = (config: Config | undefined, key: string | undefined, f: ServiceFlags, verb: string): Named => {
  const known = Object.entries(config?.ecs.services ?? {})
  const byName = (cluster: string, name: string): Named => {
    const own = config && cluster === config.ecs.cluster ? known.find(([, s]) => s.name === name) : undefined
    return { key: own?.[0], cluster, name }
  }
  if (key !== undefined && f.service !== undefined)
    throw refuse(
      `Two services are named: ${key} and ${f.service}`,
      'only one can be meant',
      commandLine(f, `${verb} --cluster <name> --service ${f.service}`),
    )
  const name = f.service ?? (f.cluster === undefined ? undefined : key)
  if (f.cluster !== undefined || f.service !== undefined) {
    const cluster = f.cluster ?? config?.ecs.cluster
    if (cluster === undefined || name === undefined)
      throw refuse(
        'A service has a cluster and a name',
        `only ${f.service === undefined ? '--cluster' : '--service'} was given`,
        commandLine(f, `${verb} --cluster <name> --service <name>`),
      )
    return byName(cluster, name)
  }
  if (!config)
    throw refuse(
      `There is no ${CONFIG_FILE} in this folder, and no service is named`,
      'infra reads there which services there are',
      `${commandLine(f, `${verb} --cluster <name> --service <name>`)}, or ${commandLine(f, 'init')}`,
    )
  if (known.length === 0)
    throw refuse(
      'infra.yaml has no service',
      'ecs.services is empty',
      `Add one, or name any other: ${commandLine(f, `${verb} --cluster <name> --service <name>`)}`,
    )
  const keys = known.map(([k]) => k)
  const [first = ''] = keys
  if (key === undefined && keys.length > 1)
    throw refuse('Which service is meant?', `infra.yaml has ${list(keys)}`, commandLine(f, `${verb} ${first}`))
  const found = known.find(([k]) => k === (key ?? first))
  if (!found) {
    const meant = closest(key ?? '', keys)
    throw refuse(
      `There is no service ${key} in infra.yaml`,
      meant ? `did you mean ${meant}?` : `it has ${list(keys)}`,
      commandLine(f, `${verb} ${meant ?? first}`),
    )
  }
  return { key: found[0], cluster: config.ecs.cluster, name: found[1].name }
}

/**
 * Opens what is needed to work on a service. One of the stack is locked while it is changed; one of somebody else needs no config.
 * @param exclusive whether it is going to be changed
 * @throws InfraError with exit code 2
 */
export const openService = async (
  key: string | undefined,
  f: ServiceFlags,
  verb: string,
  exclusive: boolean,
): Promise<ServicePlace> => {
  const plain = f.config === undefined && f.cluster !== undefined && (await readText(resolve(CONFIG_FILE))) === undefined
  if (plain) return openPlain(namedService(undefined, key, f, verb), f)
  const loaded = await loadConfig({ file: f.config, environment: f.env, region: f.region }).catch((error: InfraError) => {
    // Nothing but the config is missing: say what goes without one.
    if (f.config === undefined && error.code === 'config.missing') throw namedFailure(key, f, verb)
    throw error
  })
  const named = namedService(loaded.config, key, f, verb)
  const s = await openSession(f, exclusive && named.key !== undefined ? `infra ${verb} ${named.key}` : undefined, loaded)
  return placeOf(s, f, named)
}

/** The place of a service, or of a task, of an open stack. */
export const placeOf = (s: Session, f: ServiceFlags, named: Named): ServicePlace => {
  const { io, aws, caller, config, sandbox, signal, begin, ownSignals, close } = s
  return {
    g: f,
    io,
    aws,
    caller,
    region: config.region,
    sandbox,
    named,
    stack: s,
    signal,
    begin,
    ownSignals,
    explain: s.explain,
    ...linesOf(f, named),
    close,
  }
}

const namedFailure = (key: string | undefined, f: ServiceFlags, verb: string): InfraError => {
  try {
    namedService(undefined, key, f, verb)
  } catch (error) {
    return error as InfraError
  }
  return refuse('There is no infra.yaml in this folder')
}

/** Without a config: no stack, no state, no lock. */
const openPlain = async (named: Named, f: ServiceFlags): Promise<ServicePlace> => {
  const region = f.region ?? regionOfShell()
  const { io, aws, caller, sandbox, surroundings } = await reach(f, region)
  const { signal, begin, stop } = onInterrupt(io, undefined)
  return {
    g: f,
    io,
    aws,
    caller,
    region,
    sandbox,
    named,
    stack: undefined,
    signal,
    begin,
    ownSignals: stop,
    explain: (error) => explain(error, { ...surroundings, identity: caller.arn }),
    ...linesOf(f, named),
    close: async () => stop(),
  }
}

const linesOf = (f: ServiceFlags, named: Named): Pick<ServicePlace, 'line' | 'spoken'> => {
  const line: ServicePlace['line'] = (verb, more) => commandLine(f, wordsOf(f, named, verb, more))
  return { line, spoken: (text) => spoken(f, text, serviceWords(named)) }
}

/** The same without the flags that say which stack. */
export const wordsOf = (f: ServiceFlags, named: Named, verb: string, more = ''): string => {
  const container =
    f.container !== undefined && /^(deploy|rollback|exec|run|verify)$/.test(verb) ? `--container ${f.container}` : ''
  return [verb, serviceWords(named), container, more].filter(Boolean).join(' ')
}

const serviceWords = ({ key, cluster, name }: Named): string => key ?? `--cluster ${cluster} --service ${name}`

/** Until something is changed, every error is a refusal. */
export const orRefuse = async <T>(
  p: Pick<ServicePlace, 'explain'> & Partial<Pick<ServicePlace, 'spoken'>>,
  work: Promise<T>,
): Promise<T> => {
  try {
    return await work
  } catch (error) {
    const { what, why, next, cause } = p.explain(error)
    throw new InfraError(what, { why, next: next && (p.spoken?.(next) ?? next), exitCode: 2, cause })
  }
}
