import type { TaskDefinition } from '../aws/services/ecs-types.ts'
import { refuse } from '../engine/errors.ts'

/** What a deploy changes. Everything else stays as it runs. */
export interface Changes {
  /** A whole image. */
  readonly image?: string | undefined
  readonly environment: Readonly<Record<string, string>>
  /** By the variable's name: `valueFrom`. */
  readonly secrets: Readonly<Record<string, string>>
  readonly unset: readonly string[]
  /** In this container; the essential one otherwise. */
  readonly container?: string | undefined
}

export interface Difference {
  readonly what: string
  /** Undefined: was not there, or is no longer. */
  readonly from: string | undefined
  readonly to: string | undefined
}

type Part = NonNullable<TaskDefinition['containerDefinitions']>[number]

/** The container that the application runs in. @throws InfraError (exit 2) when it cannot be told */
export const containerOf = (d: TaskDefinition, name?: string): Part => {
  const all = d.containerDefinitions ?? []
  if (name !== undefined) {
    const found = all.find((c) => c.name === name)
    if (found) return found
    throw refuse(`The task definition ${d.family} has no container ${name}`, `it has ${all.map((c) => c.name).join(', ')}`)
  }
  const essential = all.filter((c) => c.essential !== false)
  // A log router or a proxy beside it has no port.
  const main = essential.length === 1 ? essential : essential.filter((c) => (c.portMappings ?? []).length > 0)
  const [only] = main
  if (!only || main.length > 1)
    throw refuse(
      `The task definition ${d.family} has ${all.length} containers, and which one is the application cannot be told`,
      all.map((c) => c.name).join(', '),
      'Name it with --container',
    )
  return only
}

/** The task definition with these changes, as RegisterTaskDefinition takes it, and what differs. */
export const changed = (d: TaskDefinition, of: Changes): { input: object; differences: Difference[] } => {
  const main = containerOf(d, of.container)
  const gone = new Set([...of.unset, ...Object.keys(of.secrets)])
  const noSecret = new Set([...of.unset, ...Object.keys(of.environment)])
  const environment = merge(main.environment ?? [], of.environment, gone, 'value')
  const secrets = merge(main.secrets ?? [], of.secrets, noSecret, 'valueFrom')
  const container = { ...main, ...(of.image === undefined ? {} : { image: of.image }), environment, secrets }
  // What AWS answers and does not take back.
  const {
    taskDefinitionArn: _a,
    revision: _r,
    status: _s,
    requiresAttributes: _q,
    compatibilities: _c,
    registeredAt: _t,
    registeredBy: _b,
    deregisteredAt: _d,
    ...rest
  } = d
  const input = { ...rest, containerDefinitions: (d.containerDefinitions ?? []).map((c) => (c === main ? container : c)) }
  return { input, differences: differencesOf(main, container) }
}

interface Variable {
  readonly name?: string | undefined
  readonly value?: string | undefined
  readonly valueFrom?: string | undefined
}

const merge = <K extends 'value' | 'valueFrom'>(
  now: readonly Variable[],
  set: Readonly<Record<string, string>>,
  gone: ReadonlySet<string>,
  key: K,
): { name: string; [k: string]: string }[] => {
  const kept = now.flatMap((v) => (v.name === undefined || gone.has(v.name) || v.name in set ? [] : [{ name: v.name, [key]: v[key] ?? '' }]))
  const all = [...kept, ...Object.entries(set).map(([name, value]) => ({ name, [key]: value }))]
  return all.sort((a, b) => (a.name < b.name ? -1 : 1)) as { name: string; [k: string]: string }[]
}

const SECRET_WORD = /pass(word)?|pwd|secret|token|credential|(api|private|access|signing|encryption)_?key/i
/** A variable whose name sounds like a secret is not shown: somebody may have put one there. */
const shown = (name: string, value: string | undefined): string | undefined =>
  value === undefined ? undefined : SECRET_WORD.test(name) ? '(not shown)' : value

const differencesOf = (before: Part, after: { image?: string | undefined; environment: readonly Variable[]; secrets: readonly Variable[] }): Difference[] => {
  const found: Difference[] = before.image === after.image ? [] : [{ what: 'image', from: before.image, to: after.image }]
  const table = (list: readonly Variable[] | undefined): Map<string, string> => new Map((list ?? []).map((v) => [v.name ?? '', v.value ?? v.valueFrom ?? '']))
  for (const [sort, was, is] of [
    ['env', table(before.environment), table(after.environment)],
    ['secret', table(before.secrets), table(after.secrets)],
  ] as const)
    for (const name of [...new Set([...was.keys(), ...is.keys()])].sort()) {
      const [from, to] = [was.get(name), is.get(name)]
      if (from === to) continue
      const say = (v: string | undefined) => (sort === 'env' ? shown(name, v) : v)
      found.push({ what: `${sort} ${name}`, from: say(from), to: say(to) })
    }
  return found
}
