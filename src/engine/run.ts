import { Interrupted } from './errors.ts'
import { dependantsOf, remaining } from './graph.ts'

/** How a run ended. Nothing is rolled back: what is done is done, the same command goes on with the rest. */
export interface Outcome {
  readonly done: readonly string[]
  readonly failed: ReadonlyMap<string, Error>
  /** Not tried, because of the one named. */
  readonly blocked: ReadonlyMap<string, string>
  readonly interrupted: boolean
}

/**
 * Runs `work` for each node as soon as all that it depends on is done; among those that are ready the one with the longest
 * remaining chain starts first. A failure stops only what depends on it.
 */
export const runGraph = async <T extends { readonly key: string; readonly deps: readonly string[] }>(
  nodes: readonly T[],
  minutes: (node: T) => number,
  work: (node: T) => Promise<unknown>,
  signal: AbortSignal,
  onFailed: (node: T, error: Error) => void,
): Promise<Outcome> => {
  const inside = new Set(nodes.map((n) => n.key))
  const byKey = new Map(nodes.map((n) => [n.key, n]))
  const open = new Map(nodes.map((n) => [n.key, n.deps.filter((d) => inside.has(d)).length]))
  const weight = remaining(nodes, minutes)
  const dependants = dependantsOf(nodes)
  const done: string[] = []
  const failed = new Map<string, Error>()
  const blocked = new Map<string, string>()
  let interrupted = false

  const block = (key: string, culprit: string): void => {
    for (const next of dependants.get(key) ?? [])
      if (byKey.has(next) && !blocked.has(next) && !failed.has(next)) {
        blocked.set(next, culprit)
        block(next, culprit)
      }
  }
  const start = (ready: readonly T[]): Promise<unknown> =>
    Promise.all([...ready].sort((a, b) => (weight.get(b.key) ?? 0) - (weight.get(a.key) ?? 0)).map(run))
  const run = async (node: T): Promise<void> => {
    if (signal.aborted) {
      interrupted = true
      return
    }
    try {
      await work(node)
    } catch (error) {
      if (error instanceof Interrupted) {
        interrupted = true
        return
      }
      const problem = error instanceof Error ? error : new Error(String(error))
      failed.set(node.key, problem)
      onFailed(node, problem)
      block(node.key, node.key)
      return
    }
    done.push(node.key)
    const ready: T[] = []
    for (const key of dependants.get(node.key) ?? []) {
      const next = byKey.get(key)
      if (!next) continue
      const left = (open.get(key) ?? 0) - 1
      open.set(key, left)
      if (left === 0 && !blocked.has(key)) ready.push(next)
    }
    await start(ready)
  }
  await start(nodes.filter((n) => open.get(n.key) === 0))
  return { done, failed, blocked, interrupted }
}
