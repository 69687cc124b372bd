import type { Model, Ref, Shape } from './model.ts'

/** One thing for which AWS would refuse the request. */
export interface Violation {
  /** `loadBalancers[0].containerPort`; empty: the input as a whole. */
  readonly member: string
  readonly rule: string
}

export interface How {
  /** Whether the SDK still fills in client tokens. */
  readonly tokensToCome?: boolean
}

/**
 * Compares the input of an operation with the service's model, as AWS does before it looks at what the request means.
 * @param input by the model's member names; times as Date, number or text, blobs as bytes or text
 */
export const violationsOf = (model: Model, operation: string, input: unknown, how: How = {}): Violation[] => {
  const known = model.operations[operation]
  if (!known) return [{ member: '', rule: `${model.metadata.serviceId} has no operation ${operation}` }]
  const shape = known.input === undefined ? undefined : model.shapes[known.input]
  return [...check(model, shape ?? { type: 'structure' }, input ?? {}, '', how)]
}

function* check(model: Model, shape: Shape, value: unknown, member: string, how: How, ref?: Ref): Generator<Violation> {
  if (shape.document || ref?.jsonvalue || shape.eventstream) return
  for (const rule of ownRules(shape, value, ref)) yield { member, rule }
  const inner = (to: Ref | undefined, given: unknown, at: string): Iterable<Violation> => {
    const known = to && model.shapes[to.shape]
    return known ? check(model, known, given, at, how, to) : []
  }
  if (shape.type === 'list' && Array.isArray(value))
    for (const [n, entry] of value.entries()) yield* inner(shape.member, entry, `${member}[${n}]`)
  if (shape.type === 'map' && isRecord(value))
    for (const [key, entry] of Object.entries(value)) {
      yield* inner(shape.key, key, `${member}: key ${key}`)
      yield* inner(shape.value, entry, `${member}.${key}`)
    }
  if (shape.type !== 'structure' || !isRecord(value)) return
  const members = shape.members ?? {}
  const below = (name: string): string => (member === '' ? name : `${member}.${name}`)
  const given = sent(value)
  for (const name of shape.required ?? [])
    if (!(name in given) && !(how.tokensToCome && members[name]?.idempotencyToken))
      yield { member: below(name), rule: 'is required' }
  for (const [name, entry] of Object.entries(given)) {
    const to = members[name]
    if (!to) yield { member: below(name), rule: 'is unknown' }
    else if (to.location === 'uri' && entry === '') yield { member: below(name), rule: 'is empty, but part of the address' }
    else yield* inner(to, entry, below(name))
  }
}

/** What is undefined or null is not sent. */
const sent = (value: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined && inner !== null))

/** What is wrong with a value, apart from what is inside of it. */
const ownRules = (shape: Shape, value: unknown, ref: Ref | undefined): string[] => {
  const wrong = wrongType(shape, value, ref)
  if (wrong !== undefined) return [wrong]
  switch (shape.type) {
    case 'structure': {
      const given = Object.keys(sent(value as Record<string, unknown>)).length
      return shape.union && given !== 1
        ? [`has ${given} members, but is one of ${Object.keys(shape.members ?? {}).join(', ')}`]
        : []
    }
    case 'list':
      return sizeRules(shape, (value as unknown[]).length, 'entries')
    case 'map':
      return sizeRules(shape, Object.keys(value as object).length, 'entries')
    case 'blob':
      return typeof value === 'string' || value instanceof Uint8Array ? sizeRules(shape, Buffer.byteLength(value), 'bytes') : []
    case 'string':
      return textRules(shape, value as string)
    default:
      return typeof value === 'number' || typeof value === 'bigint' ? rangeRules(shape, Number(value)) : []
  }
}

const wrongType = (shape: Shape, value: unknown, ref: Ref | undefined): string | undefined => {
  const [is, name] = TYPES[shape.type] ?? [() => false, `what this check knows: its type is ${shape.type}`]
  return is(value) || (ref?.streaming && shape.type === 'blob') ? undefined : `is ${said(value)}, not ${name}`
}

const isWhole = (value: unknown): boolean => typeof value === 'bigint' || Number.isInteger(value)
const WHOLE: [(value: unknown) => boolean, string] = [isWhole, 'a whole number']
const NUMBER: [(value: unknown) => boolean, string] = [(value) => typeof value === 'number', 'a number']
const TYPES: Readonly<Record<string, [is: (value: unknown) => boolean, name: string]>> = {
  structure: [(value) => isRecord(value), 'a structure'],
  list: [Array.isArray, 'a list'],
  map: [(value) => isRecord(value), 'a map'],
  string: [(value) => typeof value === 'string', 'text'],
  character: [(value) => typeof value === 'string' && [...value].length === 1, 'one character'],
  byte: WHOLE,
  short: WHOLE,
  integer: [(value) => isWhole(value) && Math.abs(Number(value)) <= 2 ** 31, 'a whole number of 32 bits'],
  long: WHOLE,
  float: NUMBER,
  double: NUMBER,
  boolean: [(value) => typeof value === 'boolean', 'true or false'],
  timestamp: [(value) => isTime(value), 'a time'],
  blob: [(value) => typeof value === 'string' || value instanceof Uint8Array, 'bytes'],
}

const textRules = (shape: Shape, value: string): string[] => {
  const shown = shape.sensitive ? 'its value' : JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value)
  if (shape.enum && !shape.enum.includes(value)) return [`${shown} is none of ${few(shape.enum)}`]
  const pattern = shape.pattern === undefined ? undefined : regexOf(shape.pattern)
  const mismatch = pattern && !pattern.test(value) ? [`${shown} does not match ${shape.pattern}`] : []
  return [...sizeRules(shape, [...value].length, 'characters'), ...mismatch]
}

const sizeRules = ({ min = 0, max = Number.POSITIVE_INFINITY }: Shape, length: number, what: string): string[] =>
  length < min
    ? [`has ${length} ${what}, at least ${min} are needed`]
    : length > max
      ? [`has ${length} ${what}, at most ${max} are allowed`]
      : []

const rangeRules = ({ min, max }: Shape, value: number): string[] =>
  min !== undefined && value < min
    ? [`is ${value}, below the minimum ${min}`]
    : max !== undefined && value > max
      ? [`is ${value}, above the maximum ${max}`]
      : []

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Date) &&
  !(value instanceof Uint8Array)

const isTime = (value: unknown): boolean => {
  if (typeof value === 'string') return /^\d+(\.\d+)?$/.test(value) || !Number.isNaN(Date.parse(value))
  return Number.isFinite(value instanceof Date ? value.getTime() : value)
}

const said = (value: unknown): string =>
  Array.isArray(value)
    ? 'a list'
    : value instanceof Uint8Array
      ? 'bytes'
      : isRecord(value)
        ? 'a structure'
        : `${typeof value} ${String(value).slice(0, 40)}`

const few = (all: readonly string[]): string =>
  all.length > 12 ? `${all.slice(0, 12).join(', ')}, ... (${all.length})` : all.join(', ')

const compiled = new Map<string, RegExp | undefined>()

/**
 * A pattern of a model as an expression of ours. They are written for Java, where all of the text has to match.
 * @returns undefined where JavaScript cannot say it
 */
export const regexOf = (pattern: string): RegExp | undefined => {
  if (compiled.has(pattern)) return compiled.get(pattern)
  const [text, flags] = pattern.startsWith('(?i)') ? [pattern.slice(4), 'i'] : [pattern, '']
  // Java's class of what can be printed in ASCII.
  const ours = text.replaceAll('\\p{Print}', '[ -~]')
  const strict = compile(ours, `u${flags}`) ?? compile(withoutNeedlessEscapes(ours), `u${flags}`)
  // Without Unicode, \p{L} would mean the letter p; for the rest, the older syntax takes what Java takes: [\w-_].
  const made = strict ?? (/\\p\{/.test(ours) ? undefined : compile(ours, flags))
  compiled.set(pattern, made)
  return made
}

const compile = (pattern: string, flags: string): RegExp | undefined => {
  try {
    return new RegExp(`^(?:${pattern})$`, flags)
  } catch {
    return undefined
  }
}

/** Java lets any sign be escaped, JavaScript (with Unicode classes) only those that mean something where they stand. */
const withoutNeedlessEscapes = (pattern: string): string => {
  let inside = false
  return pattern.replace(/\\(.)|[[\]]/gsu, (part, escaped: string | undefined) => {
    if (escaped === undefined) {
      inside = part === '['
      return part
    }
    const means = /[A-Za-z0-9^$\\.*+?()[\]{}|/]/.test(escaped) || (escaped === '-' && inside)
    return means ? part : escaped
  })
}
