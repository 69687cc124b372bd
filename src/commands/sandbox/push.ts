import { createHash, randomUUID } from 'node:crypto'
import { type Aws, connect } from '../../aws/clients.ts'
import { putImage, repositories } from '../../aws/registry.ts'
import { codeOf } from '../../aws/trouble.ts'
import type { Config } from '../../config/config.ts'
import { CONFIG_FILE, loadConfig, readText } from '../../config/load.ts'
import { regionOfShell } from '../../config/options.ts'
import { refuse } from '../../core/errors.ts'
import { ecrImage, parseImage } from '../../ecs/image.ts'
import type { Sandbox } from '../../sandbox/index.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import { list } from '../../ui/format.ts'
import type { Io } from '../../ui/io.ts'

const MEDIA_TYPE = 'application/vnd.docker.distribution.manifest.v2+json'
const EXAMPLE = 'for example: infra sandbox push shop-dev-app:v2'

/** Puts an image into the sandbox's registry as `docker push` would: only its manifest, since nothing runs there. */
export const pushImage = async (wish: string | undefined, sandbox: Sandbox | undefined, g: Globals, io: Io): Promise<number> => {
  if (!wish) throw refuse('Which image?', 'a repository and a tag are needed', EXAMPLE)
  if (!sandbox) throw refuse('No sandbox is running', 'this command only ever talks to the sandbox', 'infra sandbox start')
  const whole = ecrImage(wish)
  const { repository, tag = 'latest', digest } = whole ?? parseImage(wish)
  const name = whole?.name ?? repository
  if (!name || digest !== undefined)
    throw refuse(`${wish} cannot be pushed`, 'an image is pushed under a repository and a tag', EXAMPLE)
  const config = await configHere(g)
  const region = whole?.region ?? g.region ?? config?.region ?? regionOfShell()
  const aws = connect({ region, sandbox })
  const uri = await uriOf(aws, name, region)
  if (whole && uri !== whole.repository)
    throw refuse(
      `${whole.repository} is not a registry of the sandbox`,
      `there it is ${uri}`,
      `infra sandbox push ${name}:${tag}`,
    )
  const layer = createHash('sha256').update(randomUUID()).digest('hex')
  const imageManifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE,
    config: { mediaType: 'application/vnd.docker.container.image.v1+json', size: 1500, digest: `sha256:${layer}` },
    layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', size: 30_000_000, digest: `sha256:${layer}` }],
  })
  const input = { repositoryName: name, imageTag: tag, imageManifest, imageManifestMediaType: MEDIA_TYPE }
  const imageDigest = await putImage(aws, input).catch((error: unknown) => {
    // moto's name for it, and AWS's.
    if (!/^Image(Tag)?AlreadyExists$/.test(codeOf(error))) throw error
    throw refuse(`${name} has an image ${tag} already`, 'its tags are immutable', 'Push it under another tag')
  })
  if (io.json) io.data({ image: `${uri}:${tag}`, digest: imageDigest })
  io.say(
    `${io.c.green('✓')} ${uri}:${tag} is in the sandbox's registry. Next: ${io.c.cyan(commandLine({ ...g, sandbox: true }, `deploy${serviceFor(config)} --image ${tag}`))}`,
  )
  return 0
}

const configHere = async (g: Globals): Promise<Config | undefined> => {
  if (g.config === undefined && (await readText(CONFIG_FILE)) === undefined) return undefined
  return (await loadConfig({ file: g.config, environment: g.env, region: g.region })).config
}

/** The service that takes its image from this registry: it is named where there are several. */
const serviceFor = (config: Config | undefined): string => {
  const all = Object.entries(config?.ecs.services ?? {})
  const own = all.find(([, s]) => s.image === undefined || s.image.includes('${registry.uri}'))
  return all.length > 1 ? ` ${own?.[0] ?? all[0]?.[0]}` : ''
}

const uriOf = async (aws: Aws, name: string, region: string): Promise<string> => {
  const all = await repositories(aws)
  const found = all.find((r) => r.name === name)
  if (found?.uri) return found.uri
  const names = all.map((r) => r.name)
  throw refuse(
    `The sandbox has no repository ${name} in ${region}`,
    names.length > 0 ? `it has ${list(names)}` : 'it has none yet',
    'infra create registry --sandbox',
  )
}
