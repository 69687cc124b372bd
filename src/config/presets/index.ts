import type { Preset } from './preset.ts'
import { startupwebapp } from './startupwebapp.ts'

const presets = { startupwebapp } satisfies Record<string, Preset>

/** Their names, in the order in which `infra init` offers them. */
export const PRESETS = Object.keys(presets) as (keyof typeof presets)[]
/** Undefined for a name that no preset has. */
export const presetOf = (name: unknown): Preset | undefined =>
  PRESETS.some((p) => p === name) ? presets[name as keyof typeof presets] : undefined
