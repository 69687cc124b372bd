import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import type * as z from 'zod'
import { type InfraError, refuse } from '../core/errors.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { closest } from './closest.ts'
import { applyDefaults, type Config } from './config.ts'
import { wrongKey } from './keys.ts'
import { type LoadOptions, regionOfShell } from './options.ts'
import { presetOf } from './presets/index.ts'
import { configSchema, shape } from './shape.ts'

/** A thousand services are a tenth of it. */
const MOST_CHARACTERS = 2_000_000

export const parseYaml = (file: string, text: string): JsonObject => {
  if (text.length > MOST_CHARACTERS)
    throw refuse(
      `${file} is no config of a stack`,
      `it has ${text.length.toLocaleString('en-US')} characters, and a large stack has some ten thousand`,
      'Name the right file with --config',
    )
  const lines = new LineCounter()
  const doc = parseDocument(text, { lineCounter: lines, uniqueKeys: false })
  const problem = doc.errors[0]?.message ?? wrongKey(doc, lines)
  if (problem)
    throw refuse(
      `${file} is not valid YAML`,
      problem.split('\n')[0]?.replace(/:$/, ''),
      'Fix that line, or write a new file with infra init',
    )
  keepVersions(doc)
  const value = plain(file, doc) ?? {}
  if (!isObject(value)) throw refuse(`${file} does not hold keys and values`, undefined, 'infra init writes a good one')
  return value
}

const plain = (file: string, doc: Document.Parsed): unknown => {
  try {
    return doc.toJS()
  } catch (error) {
    throw refuse(
      `${file} is not valid YAML`,
      error instanceof Error ? error.message : undefined,
      'Put a value that begins with * or & into quotes, or fix the alias',
    )
  }
}

/** YAML reads 16.10 as the number 16.1 and 8.0 as 8. A version is what was written. */
const keepVersions = (doc: Document.Parsed): void => {
  const overlays = isMap(doc.contents) ? doc.get('environments') : undefined
  const names = isMap(overlays) ? overlays.items.map((pair) => String(pair.key)) : []
  for (const path of isMap(doc.contents) ? [[], ...names.map((name) => ['environments', name])] : []) {
    const node = doc.getIn([...path, 'rds', 'version'], true)
    if (isScalar(node) && typeof node.value === 'number' && node.source) node.value = node.source
  }
}

/** Defaults, preset, file, the environment's overlay, flags: later ones win. */
export const readConfig = (raw: JsonObject, options: LoadOptions, file: string): Config => {
  const { environments, ...base } = raw
  const proposed = presetOf(base.preset)?.proposes
  const written = given(base.environment) ?? proposed?.environment ?? 'dev'
  const environment = options.environment ?? written
  const own = merge(base, overlayFor(environments, environment, file))
  const defaults = presetOf(own.preset)?.proposes
  const project = given(own.project) ?? defaults?.project
  const all: JsonObject = {
    ...merge(presetFor(own, project, environment), own),
    ...(project === undefined ? {} : { project }),
    environment,
    region: options.region ?? given(own.region) ?? regionOfShell(),
  }
  const parsed = configSchema.safeParse(all, { reportInput: true })
  const known = [...new Set([String(written), ...Object.keys(isObject(environments) ? environments : {})])]
  if (parsed.success) return applyDefaults(parsed.data, known)
  throw mistakes(file, withTogether(parsed.error.issues, all), all, options)
}

/** The rules between keys are not asked where a value is of a wrong kind. Without that value they can be, for the other groups. */
const withTogether = (issues: readonly z.core.$ZodIssue[], input: JsonObject): z.core.$ZodIssue[] => {
  const broken = issues.filter((issue) => /^invalid_(type|value|union|key|element)$/.test(issue.code))
  const rest = broken.reduce((left, { path }) => without(left, path.map(String)), input)
  const more = broken.length > 0 ? configSchema.safeParse(rest, { reportInput: true }).error?.issues : undefined
  const told = (issue: z.core.$ZodIssue): boolean =>
    broken.some((b) => b.path[0] === issue.path[0]) || issues.some((i) => i.path.join() === issue.path.join())
  return [...issues, ...(more ?? []).filter((issue) => issue.code === 'custom' && !told(issue))]
}

const without = (input: JsonObject, [key = '', ...rest]: readonly string[]): JsonObject => {
  const { [key]: value, ...others } = input
  return rest.length > 0 && isObject(value) ? { ...others, [key]: without(value, rest) } : others
}

/** What was written, whatever it is: a number where a name belongs is a mistake, not a missing name. */
const given = (v: Json | undefined): Json | undefined => (v === null || v === '' ? undefined : v)

const presetFor = (own: JsonObject, project: Json | undefined, environment: Json): JsonObject => {
  const { preset: name, monitoring } = own
  const preset = presetOf(name)
  if (!preset || typeof project !== 'string' || typeof environment !== 'string') return {}
  const application = string(own.application) ?? (project === preset.proposes.project ? preset.proposes.application : project)
  const superuserEmail = (isObject(monitoring) ? string(monitoring.email) : undefined) ?? 'admin@example.com'
  const steps = Array.isArray(own.steps) ? own.steps : undefined
  return preset.config({ project, environment, application, superuserEmail, steps })
}

const overlayFor = (environments: Json | undefined, environment: Json, file: string): JsonObject => {
  const no = (key: string, value: Json, example: string): InfraError =>
    refuse(
      `${key} is ${JSON.stringify(value)}: it must hold what differs there, for example ${example}`,
      undefined,
      `Fix ${file} and run the command again`,
    )
  if (environments === undefined || environments === null) return {}
  if (!isObject(environments)) throw no('environments', environments, '{ staging: { rds: { multiAz: false } } }')
  const name = String(environment)
  const overlay = Object.hasOwn(environments, name) ? environments[name] : undefined
  if (overlay === undefined || overlay === null) return {}
  if (!isObject(overlay)) throw no(`environments.${name}`, overlay, '{ rds: { multiAz: false } }')
  return overlay
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

const mistakes = (file: string, issues: readonly z.core.$ZodIssue[], input: JsonObject, options: LoadOptions): InfraError => {
  const lines = issues.flatMap((issue) => sentences(issue, input))
  const [only] = lines
  // What came with a flag is not fixed in the file.
  const flags = { region: options.region && '--region', environment: options.environment && '--env' }
  const at = issues.map((issue) => flags[String(issue.path[0]) as keyof typeof flags])
  const next = `Fix ${at.every(Boolean) ? [...new Set(at)].join(' and ') : file} and run the command again`
  return lines.length === 1 && only
    ? refuse(only, undefined, next, 'config.invalid')
    : refuse(`${file} has ${lines.length} mistakes`, `\n  ${lines.join('\n  ')}`, next, 'config.invalid')
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
  const written = at.reduce<unknown>(
    (v, k) => (v !== null && typeof v === 'object' ? (v as Record<string, unknown>)[k] : undefined),
    input,
  )
  // A rule about several keys may hit one that nobody wrote: its default. Or a thing by its name, where nobody wants to read all of it.
  const named = issue.code === 'custom' && isObject(written) && !isObject(issue.input)
  const value = named ? issue.input : (written ?? (issue.code === 'custom' ? issue.input : undefined))
  const rule = ruleOf(issue)
  if (value === undefined || value === '') return [`${key} is missing: ${rule}`]
  if (mayBeSecret(at)) return [`${key} is not right: ${rule}`]
  return [`${key} is ${shown(value, issue)}${written === undefined ? ' (the default)' : ''}: ${rule}`]
}

/** A literal that stands where a secret is described may be one: it is on no screen and in no log. */
const SHOWN_OF_SECRETS = ['namePattern', 'recoveryWindowDays', 'kmsKey', 'name', 'description']
const mayBeSecret = (at: readonly string[]): boolean => at[0] === 'secrets' && !SHOWN_OF_SECRETS.includes(at.at(-1) ?? '')

/** Quotes where they are the mistake: the text "5432" is not the number. */
const shown = (value: unknown, issue: z.core.$ZodIssue): string =>
  typeof value === 'string' && !(issue.code === 'invalid_type' && issue.expected !== 'string') ? value : JSON.stringify(value)

const EXAMPLES: Readonly<Record<string, string>> = {
  object: 'it must hold keys, for example { key: value }',
  record: 'it must hold keys, for example { key: value }',
  array: 'it must be a list, for example [a, b]',
  string: 'it must be a text, for example "shop"',
}
/** The schema's own words, or ours for the types that need no rule of their own. */
const ruleOf = (issue: z.core.$ZodIssue): string =>
  (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input') && EXAMPLES[issue.expected]) || issue.message

/** The keys that the schema has at a path: for "did you mean". */
const knownKeys = (path: readonly string[]): string[] => {
  let schema: unknown = shape
  for (const step of ['', ...path]) {
    for (let inner = schema as Def | undefined; inner && !inner.shape; inner = inner.def?.innerType ?? inner.def?.in)
      schema = inner.def?.innerType ?? inner.def?.in ?? inner
    if (step !== '') schema = (schema as Def).shape?.[step] ?? (schema as Def).def?.valueType
  }
  for (let inner = schema as Def | undefined; inner && !inner.shape; inner = inner.def?.innerType)
    schema = inner.def?.innerType ?? inner
  return Object.keys((schema as Def | undefined)?.shape ?? {})
}
interface Def {
  readonly shape?: Record<string, unknown>
  readonly def?: { readonly innerType?: Def; readonly in?: Def; readonly valueType?: Def }
}
