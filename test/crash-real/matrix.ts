import { Disturbed } from './home.ts'
import type { Phase, Point, World } from './kill.ts'
import { isGood, type Kill, type Kills, type Undisturbed, type Verb, type Verdict } from './life.ts'

const VERBS: readonly Verb[] = ['create', 'destroy']
const PHASES: readonly Phase[] = ['before', 'after']

/** Every call of an undisturbed life, before and after its effect; the fate of the calls beside it alternates. */
const killsOf = (points: readonly Point[], both: boolean): Kill[] =>
  points.flatMap((point, i) =>
    PHASES.flatMap((phase, j) => {
      const worlds: World[] = both ? ['lost', 'lands'] : [(i + j) % 2 === 0 ? 'lost' : 'lands']
      return worlds.map((world) => ({ point, phase, world }))
    }),
  )

/**
 * One life for each pair of kills, one in create and one in destroy; what is longer than the other gets lives of its own.
 * @param every 1: at each call, before and after it; k: at each k-th call, before and after in turn
 */
export const livesOf = (of: Pick<Undisturbed, 'points'>, every: number, both: boolean): Kills[] => {
  const stride = every === 1 ? 1 : 2 * every + 1
  const [create, destroy] = VERBS.map((verb) => killsOf(of.points[verb], both).filter((_, i) => i % stride === 0))
  const length = Math.max(create?.length ?? 0, destroy?.length ?? 0)
  return Array.from({ length }, (_, i) => ({
    ...(create?.[i] ? { create: create[i] } : {}),
    ...(destroy?.[i] ? { destroy: destroy[i] } : {}),
  }))
}

/**
 * Lives side by side.
 * @param live lives one of them; told which of those beside each other it is
 * @param heard is told of each verdict as it falls
 */
export const runMatrix = async (
  lives: readonly Kills[],
  sideBySide: number,
  live: (kills: Kills, side: number) => Promise<Verdict[]>,
  heard: (verdict: Verdict) => void = () => {},
): Promise<Verdict[]> => {
  const todo = [...lives]
  const verdicts: Verdict[] = []
  let disturbed = 0
  const worker = async (_: unknown, side: number): Promise<void> => {
    for (let next = todo.shift(); next; next = todo.shift()) {
      const again = next
      const judged = await live(next, side).catch((error: unknown) => {
        if (!(error instanceof Disturbed) || ++disturbed > 5) throw error
        todo.push(again)
        return []
      })
      for (const verdict of judged) {
        verdicts.push(verdict)
        heard(verdict)
      }
    }
  }
  await Promise.all(Array.from({ length: sideBySide }, worker))
  return verdicts
}

export const describe = ({ verb, kill }: Verdict): string =>
  `${verb}, killed ${kill.phase} ${kill.point.op} no. ${kill.point.nth} (calls beside it: ${kill.world})`

/** For each bad case: at which kill, and what differs. */
export const troubles = (verdicts: readonly Verdict[]): string[] =>
  verdicts
    .filter((v) => !isGood(v))
    .map((v) =>
      [
        describe(v),
        ...(v.stuck ? [`  the rerun failed:\n${v.stuck.trim().replace(/^/gm, '    | ')}`] : []),
        ...v.orphans.map((line) => `  orphan: ${line}`),
        ...v.duplicates.map((line) => `  duplicate: ${line}`),
        ...v.wrong.map((line) => `  ${line}`),
      ].join('\n'),
    )

const COLUMNS = ['', 'calls', 'kills', 'reruns finished', 'orphans', 'duplicates', 'stuck', 'different']

/** @param calls of an undisturbed run; a sample kills at fewer */
export const table = (verdicts: readonly Verdict[], of: Pick<Undisturbed, 'points'>): string => {
  const rows = VERBS.flatMap((verb) =>
    PHASES.map((phase) => {
      const those = verdicts.filter((v) => v.verb === verb && v.kill.phase === phase)
      const killed = those.filter((v) => v.killed)
      const count = (has: (v: Verdict) => boolean): number => those.filter(has).length
      const sum = (many: (v: Verdict) => readonly string[]): number => those.reduce((n, v) => n + many(v).length, 0)
      return [
        `${verb}/${phase}`,
        of.points[verb].length,
        killed.length,
        killed.filter((v) => !v.stuck).length,
        sum((v) => v.orphans),
        sum((v) => v.duplicates),
        count((v) => v.stuck !== undefined),
        count((v) => v.wrong.length > 0),
      ].map(String)
    }),
  )
  const all = [COLUMNS, ...rows]
  const widths = COLUMNS.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0)))
  return all
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '))
    .join('\n')
}
