import type * as z from 'zod'
import type { Json, JsonObject } from '../core/json.ts'
import type { Kit } from './kit.ts'
import type { StepName } from './names.ts'
import type { No } from './rule.ts'

type Schema = (kit: Kit) => z.ZodType
/** What a schema makes of the file. */
export type Own<S extends Schema> = z.output<ReturnType<S>>

/**
 * A rule over more than one key.
 * @param all infra.yaml after the preset and the overlay, with the defaults that depend on nothing
 */
export type Rule<Mine, All> = (own: Mine, all: All, no: No) => void

/** A value of a resource of the stack, as `${name}` in an environment and for `infra env`. */
export interface Output<C> {
  /** The resource, by its key, and its attribute. */
  readonly key: string
  readonly attr: string
  /** The value, where the config has it: a text in an environment then waits for nothing. */
  readonly known?: (c: C) => string
  /** Under which name most applications expect it. Left out: only where infra.yaml asks for it. */
  readonly variable?: string
  /** What is written around it, or instead of it. */
  readonly write?: <V>(c: C, value: V) => readonly (string | V)[]
}
export const of = <C>(key: string, attr: string, more: Omit<Output<C>, 'key' | 'attr'> = {}): Output<C> => ({
  key,
  attr,
  ...more,
})

/** What `infra init` was told. */
export interface Answers {
  readonly preset: string | undefined
  readonly project: string
  readonly environment: string
  readonly region: string
  readonly email: string | undefined
  /** Of a preset: only the database and what belongs to it. */
  readonly databaseOnly?: boolean
  /** Of a preset: its tasks run in public subnets, and there is no NAT gateway. */
  readonly publicTasks?: boolean
}

/** What a preset sets for a key of a section, as it is written in infra.yaml; else what is the default. */
export const given = (of: Json | undefined, key: string, usual: string): string => {
  const value = of !== null && typeof of === 'object' ? (of as JsonObject)[key] : undefined
  return value === undefined ? usual : Array.isArray(value) ? value.join(', ') : String(value)
}

interface Definition<S extends Schema, All, Basis, Resolved, C, Names extends string> {
  /** Undefined for keys that belong to no step. */
  readonly step?: StepName
  readonly schema: S
  /** Fills in what depends on other keys. Left out: the section stays as the schema made it. */
  readonly defaults?: (own: Own<S>, all: Basis) => Resolved
  readonly rules?: readonly Rule<Own<S>, All>[]
  /**
   * Its lines in a new infra.yaml. Empty: none.
   * @param preset what the preset sets below it, `{}` without one
   */
  readonly sample?: (a: Answers, preset: JsonObject) => string
  readonly outputs?: Readonly<Record<Names, Output<C>>>
}
export interface Section<Key extends string, S extends Schema, All, Basis, Resolved, C, Names extends string>
  extends Definition<S, All, Basis, Resolved, C, Names> {
  readonly key: Key
}

/**
 * All that one key of infra.yaml is: what may be written, what is filled in, what is refused, and what the step behind it hands out.
 * What a section reads of others stands in its own types (`All` for rules, `Basis` for defaults), as narrow as it can be: a section
 * never imports the whole config.
 */
export const section = <
  const Key extends string,
  S extends Schema,
  All,
  Basis,
  C,
  Names extends string = never,
  Resolved = Own<S>,
>(
  key: Key,
  definition: Definition<S, All, Basis, Resolved, C, Names>,
): Section<Key, S, All, Basis, Resolved, C, Names> => ({ key, ...definition })
