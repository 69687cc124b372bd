import type { LoadOptions } from '../../../src/config/options.ts'
import { offlineLookups } from '../../../src/session/lookups.ts'
import { NO_MEMORY } from '../../../src/state/memory.ts'
import { declare } from '../../../src/steps/index.ts'
import type { Lookups } from '../../../src/steps/types.ts'
import { read } from '../../config/support/read.ts'

/** The stack of an infra.yaml, with the answers that AWS would give in an account of its own. */
export const stack = (yaml: string, options: LoadOptions = {}, more: Partial<Lookups> = {}) => {
  const config = read(`region: us-east-1\n${yaml}`, options)
  const at: Lookups = { ...offlineLookups(config, NO_MEMORY, '123456789012'), engineVersion: '16.4', ...more }
  return declare(config, at)
}

export const PRESET =
  'preset: startupwebapp\nsecurityGroups: { bastionCidr: 203.0.113.7/32 }\nmonitoring: { email: ops@example.com }\n'

/** The same without what runs in containers: its network leaves the question of NAT open. */
export const DATA = `${PRESET}steps: [vpc, security-groups, secrets, rds, databases, monitoring]\n`

type Stack = ReturnType<typeof stack>

/** One line for each resource: step, key, kind, name, what it waits for, and after a + what it only goes beside. */
export const table = (graph: Stack): string[] =>
  graph.nodes().map((n) => {
    const beside = n.beside.length > 0 ? ` + ${n.beside.join(', ')}` : ''
    return `${n.step} | ${n.key} | ${n.kind.type} | ${n.name} | ${n.deps.join(', ')}${beside}${n.shared ? ' | shared' : ''}`
  })

/** What two stacks differ in: lines that went, lines that came. */
export const change = (before: Stack, after: Stack): string[] => {
  const [a, b] = [table(before), table(after)]
  return [...a.filter((l) => !b.includes(l)).map((l) => `- ${l}`), ...b.filter((l) => !a.includes(l)).map((l) => `+ ${l}`)]
}

/** The props of one resource; a ref is shown as `<key.attr>`. */
export const props = (graph: Stack, key: string): unknown =>
  JSON.parse(
    JSON.stringify(graph.get(key)?.props ?? null, (_, v: unknown) =>
      v !== null && typeof v === 'object' && 'key' in v && 'attr' in v ? `<${v.key}.${v.attr}>` : v,
    ),
  )

/** What one resource waits for. */
export const depsOf = (graph: Stack, key: string): readonly string[] => graph.get(key)?.deps ?? []
