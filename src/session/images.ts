import type { Aws } from '../aws/clients.ts'
import { partitionOf } from '../aws/regions.ts'
import type { Config } from '../config/config.ts'
import { OUTPUTS } from '../config/outputs.ts'
import { REFERENCE } from '../config/references.ts'
import { isSecure } from '../config/sections/load-balancer.ts'
import { ecrImage, presenceOf, pushLines } from '../ecs/image.ts'
import { waitsForImage } from '../ecs/record.ts'
import { billOf } from '../engine/bill.ts'
import type { Graph } from '../engine/graph.ts'
import type { Plan } from '../engine/plan.ts'
import type { Services } from '../state/memory.ts'
import type { Lookups } from '../steps/types.ts'
import { count, list } from '../ui/format.ts'
import type { Io } from '../ui/io.ts'
import { aMonth } from '../ui/money.ts'
import { commandLine, type Globals, wantsSandbox } from './globals.ts'
import type { Session } from './types.ts'

type Known = Readonly<Record<string, boolean>>

/** The services that were made before their image was there, as it is recorded. */
export const recordedImages = (services: Services, declared: Config['ecs']['services']): Known =>
  Object.fromEntries(
    Object.keys(declared)
      .filter((key) => waitsForImage(services, key))
      .map((key) => [key, false]),
  )

/** The outputs that are known before anything is made, by the name that stands in `${...}`. */
export const knownOutputs = (config: Config, account: string): Readonly<Record<string, string>> => {
  const known = [...OUTPUTS].flatMap(([name, { of, text }]) => {
    const value = of ? of.known?.(config) : text?.(config, account)
    return value === undefined ? [] : [[name, value] as const]
  })
  const host = `${account}.dkr.ecr.${config.region}.${partitionOf(config.region).domain}`
  return {
    ...Object.fromEntries(known),
    'registry.uri': `${host}/${config.registry.name}`,
  }
}

/** The image that infra.yaml names for a service. */
export const declaredImage = (config: Config, key: string): string => config.ecs.services[key]?.image ?? '${registry.uri}:latest'

/** The image that a service starts with, as far as it can be told before anything is made. */
const imageOf = (config: Config, at: Pick<Lookups, 'account' | 'deployed'>, key: string): string => {
  const text = at.deployed?.[key]?.image ?? declaredImage(config, key)
  const known = knownOutputs(config, at.account)
  return text.replace(REFERENCE, (whole, name: string) => known[name] ?? whole)
}

/**
 * Asks the registry for the images of services that are going to be made: ECS would try for ever to start tasks without one. A
 * service that runs is not asked for; what became of the tag that it was started with does not stop it.
 */
export const askImages = async (s: Session, at: Lookups): Promise<Known> => {
  const waiting = recordedImages(s.state.services, s.config.ecs.services)
  const asked = Object.keys(s.config.ecs.services).filter((key) => key in waiting || !s.state.row(`${key}-service`)?.attrs)
  const here = { account: at.account, region: s.config.region }
  const seen = await Promise.all(
    asked.map(async (key) => [key, await presenceOf(s.aws, imageOf(s.config, at, key), here)] as const),
  )
  return Object.fromEntries(
    seen.flatMap(([key, presence]) => (presence === 'missing' || presence === 'no repository' ? [[key, false] as const] : [])),
  )
}

const waiting = ({ images = {} }: Pick<Lookups, 'images'>): string[] => Object.keys(images).filter((key) => images[key] === false)

/** With the plan: that nobody can listen in is not to be taken for granted. */
export const sayPlain = ({ io, config }: Session, plan: Plan): void => {
  const made = plan.actions.some((a) => a.key === 'load-balancer' && a.action === 'create')
  if (made && !isSecure(config.loadBalancer))
    io.say(
      `  ${io.c.yellow('!')} The load balancer serves plain HTTP. For HTTPS: loadBalancer.domain or certificateArn in infra.yaml.`,
    )
}

/** With the plan: why a service begins with no task, and what it costs once it runs. */
export const sayWaiting = (
  { io, config }: Session,
  view: { readonly lookups: Lookups; readonly graph: Graph<Aws> },
  steps: readonly string[],
): void => {
  if (!steps.includes('ecs')) return
  for (const key of waiting(view.lookups)) {
    const node = view.graph.get(`${key}-service`)
    const desired = config.ecs.services[key]?.desired ?? 0
    const items = node?.kind.facts.monthly?.({ ...node.props, desired }, config.region) ?? []
    const more = billOf(items)
    io.say(
      `  ${io.c.yellow('!')} ${key} begins with no task: there is no image ${imageOf(config, view.lookups, key)} yet. Its ${count(desired, 'task')} will cost ${aMonth(more)}.`,
    )
  }
}

/** A service without its image, and the commands that give it one, in the order in which they are typed. */
export interface WaitingService {
  readonly key: string
  readonly push: readonly string[]
  readonly deploy: string
}

/** @param at where the services that wait are told, by a look at the registry or by the record */
export const waitingServices = (
  config: Config,
  at: Pick<Lookups, 'account' | 'deployed' | 'images'>,
  g: Globals,
): WaitingService[] =>
  waiting(at).map((key) => {
    const image = imageOf(config, at, key)
    const place = ecrImage(image)
    return {
      key,
      push: place ? pushLines(place, wantsSandbox(g)) : [],
      deploy: commandLine(g, `deploy ${key} --image ${place?.digest ?? place?.tag ?? (place ? 'latest' : image)}`),
    }
  })

/** What is left to do where a service waits for its image: who has made the registry a moment ago needs these lines next. */
export const sayPush = (io: Io, all: readonly WaitingService[]): void => {
  if (all.length === 0) return
  const push = [...new Set(all.flatMap((w) => w.push))]
  const keys = all.map((w) => w.key)
  io.say(`  ${io.c.yellow('!')} ${list(keys)} ${keys.length === 1 ? 'runs' : 'run'} no task yet: an image is missing.`)
  if (push.length > 0) io.say(`  Next: push it, then deploy it:`)
  for (const line of [...push, ...all.map((w) => w.deploy)]) io.say(`      ${io.c.cyan(line)}`)
}
