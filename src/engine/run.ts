import { Interrupted } from '../core/errors.ts'
import { dependantsOf, remaining } from './graph.ts'

/** How a run ended. Nothing is rolled back: what is done is done, the same command goes on with the rest. */
export interface Outcome {
  readonly done: readonly string[]
  readonly failed: ReadonlyMap<string, Error>
  /** Not tried, because of the one named. */
  readonly blocked: ReadonlyMap<string, string>
  readonly interrupted: boolean
}

/** What a node's work may say before it is done. */
export interface Progress {
  /** What depends on it may start now. */
  release(): void
  /** Whether all that depends on it directly has ended, in whatever way. */
  released(): boolean
}

/**
 * Runs `work` for each node as soon as all that it depends on is done or has released it; among those that are ready the one with the
 * longest remaining chain starts first. A failure stops only what depends on it and was not released.
 */
export const runGraph = async <T extends { readonly key: string; readonly deps: readonly string[] }>(
  nodes: readonly T[],
  minutes: (node: T) => number,
  work: (node: T, progress: Progress) => Promise<unknown>,
  signal: AbortSignal,
  onFailed: (node: T, error: Error) => void,
): Promise<Outcome> => {
  const inside = new Set(nodes.map((n) => n.key))
  const byKey = new Map(nodes.map((n) => [n.key, n]))
  const open = new Map(nodes.map((n) => [n.key, n.deps.filter((d) => inside.has(d)).length]))
  const weight = remaining(nodes, minutes)
  const dependants = dependantsOf(nodes)
  const done = new Set<string>()
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
    const waiting = (dependants.get(node.key) ?? []).filter((key) => byKey.has(key))
    let others: Promise<unknown> | undefined
    const release = (): void => {
      others ??= start(waiting.flatMap(oneLess))
    }
    const ended = (key: string): boolean => done.has(key) || failed.has(key) || blocked.has(key)
    try {
      await work(node, { release, released: () => waiting.every(ended) })
      done.add(node.key)
      release()
    } catch (error) {
      if (error instanceof Interrupted) interrupted = true
      else {
        const problem = error instanceof Error ? error : new Error(String(error))
        failed.set(node.key, problem)
        onFailed(node, problem)
        if (!others) block(node.key, node.key)
      }
    }
    await others
  }
  /** One of those that it waits for is no longer in the way. */
  const oneLess = (key: string): T[] => {
    const next = byKey.get(key)
    const left = (open.get(key) ?? 0) - 1
    open.set(key, left)
    return next && left === 0 && !blocked.has(key) ? [next] : []
  }
  await start(nodes.filter((n) => open.get(n.key) === 0))
  return { done: [...done], failed, blocked, interrupted }
}
