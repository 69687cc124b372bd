import type { Config } from '../config/config.ts'
import { OUTPUTS } from '../config/outputs.ts'
import { REFERENCE } from '../config/references.ts'
import { Joined, type Ref } from '../engine/ref.ts'
import type { Deployed, Outputs } from './types.ts'

type Value = string | Ref<string | number>

/** What stands behind `${...}` in an environment; empty where the step of it is off. */
const behind = (name: string, c: Config, out: Outputs): readonly Value[] => {
  const { of, text } = OUTPUTS.get(name) ?? {}
  if (!of) return [text?.(c, out.account) ?? '']
  const value = of.known?.(c) ?? out.attr(of.key, of.attr)
  if (value === undefined) return ['']
  return of.write?.(c, value) ?? [value]
}

/** A text of the config with the outputs in it, some of which are known only later. */
export const textOf = (text: string, c: Config, out: Outputs): string | Joined => {
  const parts: Value[] = []
  let at = 0
  for (const m of text.matchAll(REFERENCE)) {
    parts.push(text.slice(at, m.index), ...behind(m[1] ?? '', c, out))
    at = m.index + m[0].length
  }
  parts.push(text.slice(at))
  return parts.every((p) => typeof p === 'string') ? parts.join('') : new Joined(parts.filter((p) => p !== ''))
}

/** `database:password`, or an ARN and a key, in its two halves. */
export const splitSecret = (from: string): [secret: string, key: string] => {
  const at = from.lastIndexOf(':')
  return [from.slice(0, at), from.slice(at + 1)]
}

/** Undefined for a secret that the config does not have: only a deploy can have named it, before it was taken out. */
export const secretArn = (name: string, { secret }: Outputs): string | Ref<string> | undefined =>
  name.startsWith('arn:') ? name : name === 'database' ? secret.arn : secret.others[name]

interface Declared {
  readonly environment: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, string>>
}

/**
 * The variables of a container: what a deploy has set or taken away since then stands above the config, word for word. A name is
 * either a text or a secret: ECS refuses both.
 */
export const variablesOf = (of: Declared, deployed: Deployed | undefined, c: Config, out: Outputs) => {
  const { environment: set = {}, secrets = {}, unset = [] } = deployed ?? {}
  // A secret that was taken out of the config is the newer word too.
  const taken = Object.fromEntries(Object.entries(secrets).filter(([, from]) => secretArn(splitSecret(from)[0], out)))
  const without = (all: Readonly<Record<string, string>>, names: readonly string[]): [string, string][] =>
    Object.entries(all).filter(([name]) => !names.includes(name))
  const own = without(of.environment, [...unset, ...Object.keys(taken), ...Object.keys(set)])
  return {
    environment: { ...Object.fromEntries(own.map(([k, v]) => [k, textOf(v, c, out)])), ...set },
    secrets: { ...Object.fromEntries(without(of.secrets, [...unset, ...Object.keys(set)])), ...taken },
  }
}
