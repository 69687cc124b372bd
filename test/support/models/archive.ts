import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { unzipSync } from 'fflate'
import type { Model, Shape } from './model.ts'
import { packed, unpacked } from './packed.ts'

/** AWS's own service models, as botocore has them, come to npm inside of this package. */
const PACKAGE = '@aws-cdk/asset-awscli-v1'
const DATA = 'awscli/awscli/botocore/data'
/** Counts up when what is kept of a model changes. */
const FORMAT = 3

/** Where the package is, and its version: a model is read anew when either changes. */
const found = (root: string): { zip: string; kept: string } => {
  const require = createRequire(join(root, 'package.json'))
  const manifest = require.resolve(`${PACKAGE}/package.json`)
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  return {
    zip: join(dirname(manifest), 'lib', 'layer.zip'),
    kept: join(root, 'node_modules', '.cache', 'infra-models', `${version}-${FORMAT}`),
  }
}

/**
 * The newest model of a service, as far as requests and errors go.
 * @param root the folder with node_modules, in whose `.cache` a model is kept once it was read from the archive
 * @param folder its name in botocore's data: `elbv2`
 */
export const modelOf = (root: string, folder: string): Model => {
  const { zip, kept } = found(root)
  const file = join(kept, `${folder}.txt`)
  if (!existsSync(file)) keep(zip, kept, [folder])
  return unpacked(readFileSync(file, 'utf8'))
}

/** Keeps the models of these services, so that no process has to open the archive. */
export const prepare = (root: string, folders: readonly string[]): void => {
  const { zip, kept } = found(root)
  const missing = folders.filter((folder) => !existsSync(join(kept, `${folder}.txt`)))
  if (missing.length > 0) keep(zip, kept, missing)
}

const keep = (zip: string, kept: string, folders: readonly string[]): void => {
  const archive = readFileSync(zip)
  const newest = new Map<string, string>()
  const services = new RegExp(`^${DATA}/(${folders.join('|')})/[^/]+/service-2\\.json$`)
  unzipSync(archive, {
    filter: ({ name }) => {
      const folder = services.exec(name)?.[1]
      if (folder !== undefined && name > (newest.get(folder) ?? '')) newest.set(folder, name)
      return false
    },
  })
  const wanted = new Set(newest.values())
  const files = unzipSync(archive, { filter: ({ name }) => wanted.has(name) })
  mkdirSync(kept, { recursive: true })
  for (const folder of folders) {
    const text = files[newest.get(folder) ?? '']
    if (!text) throw new Error(`${PACKAGE} has no model of ${folder}`)
    // Put in place whole: another process may be reading it.
    const beside = join(kept, `${folder}.txt.${process.pid}`)
    writeFileSync(beside, packed(requestsOf(JSON.parse(new TextDecoder().decode(text)) as Full)))
    renameSync(beside, join(kept, `${folder}.txt`))
  }
}

interface Full {
  readonly metadata: Model['metadata']
  readonly operations: Readonly<
    Record<string, { http: Model['operations'][string]['http']; input?: { shape: string }; errors?: { shape: string }[] }>
  >
  readonly shapes: Readonly<Record<string, Shape & { documentation?: string; exception?: boolean; fault?: boolean }>>
}

/** Without answers and documentation it is a tenth of the size. */
const requestsOf = ({ metadata, operations, shapes }: Full): Model => {
  const needed = new Set<string>()
  const need = (name: string): void => {
    const shape = shapes[name]
    if (!shape || needed.has(name)) return
    needed.add(name)
    for (const ref of [...Object.values(shape.members ?? {}), shape.member, shape.key, shape.value]) if (ref) need(ref.shape)
  }
  const kept: Record<string, Model['operations'][string]> = {}
  for (const [name, { http, input, errors = [] }] of Object.entries(operations)) {
    if (input) need(input.shape)
    kept[name] = { http, ...(input ? { input: input.shape } : {}), errors: errors.map((e) => e.shape) }
  }
  const { protocol, targetPrefix, signingName, endpointPrefix, serviceId, apiVersion } = metadata
  return {
    metadata: { protocol, targetPrefix, signingName, endpointPrefix, serviceId, apiVersion },
    operations: kept,
    shapes: withoutText(Object.fromEntries(Object.entries(shapes).filter(([name]) => needed.has(name)))),
    errors: Object.fromEntries(
      Object.entries(shapes).flatMap(([name, { exception, error, fault = false }]) =>
        exception ? [[name, { code: error?.code ?? name, status: error?.httpStatusCode ?? (fault ? 500 : 400), fault }]] : [],
      ),
    ),
  }
}

const withoutText = <T>(value: T): T =>
  JSON.parse(
    JSON.stringify(value, (key, inner) =>
      /^documentation$|Message$/.test(key) && typeof inner === 'string' ? undefined : inner,
    ),
  )
