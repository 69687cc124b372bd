import type * as z from 'zod'
import { DEFAULT_STEPS, prefixOf, STEPS, type StepName } from './names.ts'
import type { Own } from './section.ts'
import type { general } from './sections/general.ts'
import { sections } from './sections/index.ts'

type Entry = (typeof sections)[number]
type General = z.output<z.ZodObject<ReturnType<typeof general>>>
type Resolved<E> = E extends { readonly defaults?: (...all: never) => infer R } ? R : never

/** infra.yaml after the preset and the environment's overlay were merged into it, with the defaults that depend on nothing. */
export type ConfigFile = General & { [E in Entry as E['key']]: Own<E['schema']> }

/** The config with every default in place: what steps read. Open questions stay undefined (`vpc.nat`, the alarms' e-mail). */
export type Config = {
  readonly [K in keyof General]: General[K]
} & {
  /** All that infra.yaml names, its own one first. */
  readonly environments: readonly string[]
  readonly namePrefix: string
  readonly application: string
  readonly steps: readonly StepName[]
} & { readonly [E in Entry as E['key']]: Resolved<E> }

/** A section's defaults, which read of the others what these have before their own. */
type Defaults = (own: never, all: Basis) => unknown
type Basis = ConfigFile & Pick<Config, 'namePrefix' | 'application' | 'steps'>

/** Fills in what depends on other keys. */
export const applyDefaults = (file: ConfigFile, environments: readonly string[] = [file.environment]): Config => {
  const { project, environment } = file
  const namePrefix = prefixOf(file)
  const application = file.application ?? project
  const steps = file.steps ? STEPS.filter((s) => file.steps?.includes(s)) : [...DEFAULT_STEPS]
  const basis: Basis = { ...file, namePrefix, application, steps }
  const resolved = sections.map(({ key, defaults }: { readonly key: Entry['key']; readonly defaults?: Defaults }) => [
    key,
    defaults ? defaults(file[key] as never, basis) : file[key],
  ])
  const tags = { Environment: environment, Application: application, ManagedBy: 'infra', ...file.tags }
  return { ...basis, environments, tags, ...Object.fromEntries(resolved) } as Config
}
