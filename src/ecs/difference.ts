import type { RegisterTaskDefinitionCommandInput, TaskDefinition } from '../aws/services/ecs-types.ts'
import { canonical, same } from '../core/json.ts'
import { inputOf } from './revision.ts'

export interface Difference {
  /** `image`, `env LOG_LEVEL`, `secret DB_PASSWORD`, `memory`. */
  readonly what: string
  /** For a person. Undefined: was not there, or is no longer. */
  readonly from: string | undefined
  readonly to: string | undefined
}

type Definition = TaskDefinition | RegisterTaskDefinitionCommandInput
type Part = NonNullable<TaskDefinition['containerDefinitions']>[number]

const SECRET_WORD = /pass(word)?|pwd|secret|token|credential|(api|private|access|signing|encryption)_?key/i
export const NOT_SHOWN = '(not shown)'
/** What stands in front of the @ of an address. */
const LOGIN = /(:\/\/[^/\s:@]*:)[^@/\s]+@/g

/** Whether a variable may well hold a secret, by its name or by a password in an address: it does not come into the state. */
export const maybeSecret = (name: string, value: string): boolean => SECRET_WORD.test(name) || value.search(LOGIN) >= 0

/** A variable whose name sounds like a secret is not shown, nor a password in an address: somebody may have put one there. */
export const shown = (name: string, value: string | undefined): string | undefined =>
  value === undefined ? undefined : SECRET_WORD.test(name) ? NOT_SHOWN : value.replace(LOGIN, '$1***@')

/** `rds/shop/master-AbCdEf:password` of a `valueFrom`: the rest of an ARN says what the screen says anyway. */
export const shortSecret = (valueFrom: string | undefined): string | undefined => {
  const name = valueFrom?.split(':secret:')[1] ?? valueFrom?.split(':parameter')[1]
  return (name ?? valueFrom)?.replace(/:+$/, '')
}

/** All that differs, in the container of the application first. */
export const differencesOf = (from: Definition, to: Definition, main: string | undefined): Difference[] => {
  const [was, is] = [inputOf(from as TaskDefinition), inputOf(to as TaskDefinition)]
  const parts = (list: readonly Part[] = []): Map<string, Part> => new Map(list.map((c) => [c.name ?? '', c]))
  const [before, after] = [parts(was.containerDefinitions), parts(is.containerDefinitions)]
  const names = [...new Set([...before.keys(), ...after.keys()])].sort((a, b) => Number(b === main) - Number(a === main))
  return [
    ...names.flatMap((name) => ofContainer(before.get(name), after.get(name), name === main ? '' : `${name}: `)),
    ...fields(without(was, ['containerDefinitions', 'tags']), without(is, ['containerDefinitions', 'tags']), ''),
  ]
}

const ofContainer = (a: Part | undefined, b: Part | undefined, prefix: string): Difference[] => {
  if (!a || !b) return [{ what: `${prefix}container`, from: a && (a.image ?? 'there'), to: b && (b.image ?? 'there') }]
  const image: Difference[] = a.image === b.image ? [] : [{ what: `${prefix}image`, from: a.image, to: b.image }]
  return [
    ...image,
    ...table(values(a.environment), values(b.environment), `${prefix}env `, shown),
    ...table(values(a.secrets), values(b.secrets), `${prefix}secret `, (_, v) => shortSecret(v)),
    ...fields(
      without(a, ['image', 'environment', 'secrets', 'name']),
      without(b, ['image', 'environment', 'secrets', 'name']),
      prefix,
    ),
  ]
}

interface Variable {
  readonly name?: string | undefined
  readonly value?: string | undefined
  readonly valueFrom?: string | undefined
}
const values = (list: readonly Variable[] = []): Map<string, string> =>
  new Map(list.map((v) => [v.name ?? '', v.value ?? v.valueFrom ?? '']))

const table = (
  was: ReadonlyMap<string, string>,
  is: ReadonlyMap<string, string>,
  prefix: string,
  say: (name: string, value: string | undefined) => string | undefined,
): Difference[] =>
  [...new Set([...was.keys(), ...is.keys()])]
    .sort()
    .flatMap((name) =>
      was.get(name) === is.get(name)
        ? []
        : [{ what: `${prefix}${name}`, from: say(name, was.get(name)), to: say(name, is.get(name)) }],
    )

type Fields = Readonly<Record<string, unknown>>
const without = (of: object, names: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(of).filter(([k]) => !names.includes(k)))

/** What this page has no words for, as AWS writes it. An empty list is the same as none. */
const fields = (was: Fields, is: Fields, prefix: string): Difference[] => {
  const value = (v: unknown): string | undefined =>
    v === undefined || v === null || (typeof v === 'object' && Object.keys(v).length === 0)
      ? undefined
      : typeof v === 'string'
        ? v.replace(LOGIN, '$1***@')
        : canonical(v).replace(LOGIN, '$1***@')
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].sort().flatMap((k) => {
    const [from, to] = [value(was[k]), value(is[k])]
    return same(from, to) ? [] : [{ what: `${prefix}${k}`, from, to }]
  })
}
