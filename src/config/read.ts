import { parseDocument } from 'yaml'
import type * as z from 'zod'
import { type InfraError, refuse } from '../engine/errors.ts'
import type { Json, JsonObject } from '../state/json.ts'
import { closest } from './closest.ts'
import { type LoadOptions, regionOfShell } from './load.ts'
import { PRESET_DEFAULTS, presets } from './presets.ts'
import { configSchema } from './schema.ts'
import { type Config, settle } from './settle.ts'

export const parseYaml = (file: string, text: string): JsonObject => {
  const doc = parseDocument(text)
  const [problem] = doc.errors
  if (problem)
    throw refuse(
      `${file} is not valid YAML`,
      problem.message.split('\n')[0]?.replace(/:$/, ''),
      'Mend that line, or write a new file with infra init',
    )
  const value: unknown = doc.toJS() ?? {}
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw refuse(`${file} does not hold keys and values`, undefined, 'infra init writes a good one')
  return value as JsonObject
}

/** Defaults, preset, file, the environment's overlay, flags: later ones win. */
export const readConfig = (raw: JsonObject, options: LoadOptions, file: string): Config => {
  const { environments, ...base } = raw
  const presetName = typeof base.preset === 'string' ? base.preset : undefined
  const environment = options.environment ?? string(base.environment) ?? PRESET_DEFAULTS[presetName ?? '']?.environment ?? 'dev'
  const overlay = isObject(environments) ? environments[environment] : undefined
  const own = merge(base, isObject(overlay) ? overlay : {})
  const defaults = PRESET_DEFAULTS[presetName ?? '']
  const project = string(own.project) ?? defaults?.project ?? ''
  const monitoring = isObject(own.monitoring) ? own.monitoring : {}
  const preset = presets[presetName ?? '']?.({
    project,
    environment,
    application: string(own.application) ?? (project === defaults?.project ? defaults.application : project),
    superuserEmail: string(monitoring.email) ?? 'admin@example.com',
  })
  const region = options.region ?? string(own.region) ?? regionOfShell()
  const all = { ...merge(preset ?? {}, own), project: project || own.project, environment, region }
  const parsed = configSchema.safeParse(all)
  if (parsed.success) return settle(parsed.data)
  throw mistakes(file, parsed.error.issues, all as JsonObject)
}

const string = (v: Json | undefined): string | undefined => (typeof v === 'string' && v !== '' ? v : undefined)
const isObject = (v: unknown): v is JsonObject => v !== null && typeof v === 'object' && !Array.isArray(v)

/** Objects are merged key by key; everything else is replaced by the later one. */
export const merge = (below: JsonObject, above: JsonObject): JsonObject => {
  const result: Record<string, Json | undefined> = { ...below }
  for (const [k, v] of Object.entries(above)) {
    const old = result[k]
    if (v !== null && v !== undefined) result[k] = isObject(old) && isObject(v) ? merge(old, v) : v
  }
  return result
}

const mistakes = (file: string, issues: readonly z.core.$ZodIssue[], input: JsonObject): InfraError => {
  const lines = issues.flatMap((issue) => sentences(issue, input))
  const [only] = lines
  const next = `Mend ${file} and run the command again`
  return lines.length === 1 && only
    ? refuse(only, undefined, next)
    : refuse(`${file} has ${lines.length} mistakes`, `\n  ${lines.join('\n  ')}`, next)
}

const sentences = (issue: z.core.$ZodIssue, input: JsonObject): string[] => {
  const at = issue.path.map(String)
  const key = at.join('.')
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((k) => {
      const siblings = knownKeys(at)
      const meant = closest(k, siblings)
      return `${[...at, k].join('.')} is not a key that infra knows${meant ? `: did you mean ${[...at, meant].join('.')}?` : ` (here it knows ${siblings.join(', ')})`}`
    })
  if (issue.code === 'invalid_key') return [`${key} cannot be a key here: ${issue.issues[0]?.message ?? issue.message}`]
  const value = at.reduce<unknown>(
    (v, k) => (v !== null && typeof v === 'object' ? (v as Record<string, unknown>)[k] : undefined),
    input,
  )
  if (value === undefined || value === '') return [`${key} is missing: ${issue.message}`]
  const shown =
    at[0] === 'secrets' && at.includes('keys') ? 'not right' : typeof value === 'string' ? value : JSON.stringify(value)
  return [`${key} is ${shown}: ${issue.message}`]
}

/** The keys that the schema has at a path: for "did you mean". */
const knownKeys = (path: readonly string[]): string[] => {
  let schema: unknown = configSchema
  for (const step of ['', ...path]) {
    for (let inner = schema as Def | undefined; inner && !inner.shape; inner = inner.def?.innerType ?? inner.def?.in)
      schema = inner.def?.innerType ?? inner.def?.in ?? inner
    if (step !== '') schema = (schema as Def).shape?.[step]
  }
  for (let inner = schema as Def | undefined; inner && !inner.shape; inner = inner.def?.innerType)
    schema = inner.def?.innerType ?? inner
  return Object.keys((schema as Def | undefined)?.shape ?? {})
}
interface Def {
  readonly shape?: Record<string, unknown>
  readonly def?: { readonly innerType?: Def; readonly in?: Def }
}
