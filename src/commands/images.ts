import type { Config } from '../config/settle.ts'
import { type EcrImage, ecrImage, presenceOf, pushLines } from '../containers/image.ts'
import { waitsForImage } from '../containers/record.ts'
import type { JsonObject } from '../state/json.ts'
import type { Lookups } from '../steps/types.ts'
import { list } from '../ui/format.ts'
import type { Session } from './session.ts'

type Known = Readonly<Record<string, boolean>>

/** The services that were made before their image was there, as it is recorded. */
export const recordedImages = (recorded: JsonObject, services: Config['ecs']['services']): Known =>
  Object.fromEntries(
    Object.keys(services)
      .filter((key) => waitsForImage(recorded, key))
      .map((key) => [key, false]),
  )

/** The image that a service starts with, as far as it can be told before anything is made. */
const imageOf = (config: Config, at: Pick<Lookups, 'account' | 'deployed'>, key: string): string => {
  const text = at.deployed?.[key]?.image ?? config.ecs.services[key]?.image ?? '${registry.uri}:latest'
  const host = `${at.account}.dkr.ecr.${config.region}.amazonaws.com${config.region.startsWith('cn-') ? '.cn' : ''}`
  const known: Readonly<Record<string, string>> = {
    'registry.uri': `${host}/${config.registry.name}`,
    account: at.account,
    region: config.region,
    project: config.project,
    environment: config.environment,
  }
  return text.replace(/\$\{([^}]*)\}/g, (whole, name: string) => known[name] ?? whole)
}

/**
 * Asks the registry for the images of services that are going to be made: ECS would try for ever to start tasks without one. A
 * service that runs is not asked for; what became of the tag that it was started with does not stop it.
 */
export const askImages = async (s: Session, at: Lookups): Promise<Known> => {
  const waiting = recordedImages(s.state.lookups, s.config.ecs.services)
  const asked = Object.keys(s.config.ecs.services).filter((key) => key in waiting || !s.state.row(`${key}-service`)?.attrs)
  const here = { account: at.account, region: s.config.region }
  const seen = await Promise.all(
    asked.map(async (key) => [key, await presenceOf(s.aws, imageOf(s.config, at, key), here)] as const),
  )
  return Object.fromEntries(seen.flatMap(([key, presence]) => (presence === 'missing' ? [[key, false] as const] : [])))
}

/** What is left to do where a service waits for its image: who has made the registry a moment ago needs these lines next. */
export const sayPush = ({ io, config, sandbox }: Session, at: Lookups, next: string): void => {
  const waiting = Object.keys(at.images ?? {}).filter((key) => at.images?.[key] === false)
  if (waiting.length === 0) return
  const images = [...new Set(waiting.map((key) => imageOf(config, at, key)))]
  const places = images.flatMap((image): EcrImage[] => {
    const place = ecrImage(image)
    return place ? [place] : []
  })
  io.say(
    `  ${io.c.yellow('!')} ${list(waiting)} ${waiting.length === 1 ? 'starts' : 'start'} no task yet: there is no image ${list(images)}. To push one:`,
  )
  const lines = sandbox ? places.map((p) => `infra sandbox push ${p.name}:${p.tag ?? 'latest'}`) : places.flatMap(pushLines)
  for (const line of lines) io.say(`      ${io.c.cyan(line)}`)
  io.say(`    Then: ${io.c.cyan(next)}`)
}
