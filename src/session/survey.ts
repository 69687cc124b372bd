import type { Aws } from '../aws/clients.ts'
import { explain } from '../aws/explain.ts'
import { InfraError } from '../core/errors.ts'
import type { Graph } from '../engine/graph.ts'
import type { Depth, Survey } from '../engine/kind.ts'
import { type Plan, plan } from '../engine/plan.ts'
import { subjectOfRow, subjectsOf, survey } from '../engine/survey.ts'
import { kindOf } from '../kinds/index.ts'
import type { Lookups } from '../steps/types.ts'
import { count } from '../ui/format.ts'
import { declareStack } from './declare.ts'
import { askLookups, offlineLookups } from './lookups.ts'
import { askGround, NO_GROUND, problemsOf } from './preflight.ts'
import type { Session } from './types.ts'
import { asRunning, type Unrecorded, unrecordedIn, withUnrecorded } from './unrecorded/unrecorded.ts'

/** A session's view of the world: what is declared, what was seen, what follows. */
export interface View {
  readonly lookups: Lookups
  readonly graph: Graph<Aws>
  readonly survey: Survey
  /** Services that run what nobody has recorded. */
  readonly unrecorded: readonly Unrecorded[]
  plan(steps: readonly string[]): Plan
}

export interface LookOptions {
  readonly refreshIp?: boolean
  /** The answers of a look before, or those of the record: nobody is asked for more. */
  readonly declared?: Lookups
  /** What that look has found to run without a record. */
  readonly unrecorded?: readonly Unrecorded[]
  /** What AWS gave up before is asked for again. */
  readonly again?: boolean
  /** What runs without a record is not kept: infra.yaml and the record say all. */
  readonly undo?: boolean
}

/**
 * Declares the stack and looks once at everything in the given steps and what they need.
 * @throws InfraError with exit code 2: nothing was changed
 */
export const lookAround = async (s: Session, steps: readonly string[], options: LookOptions = {}): Promise<View> => {
  try {
    const cx = s.context(() => undefined)
    const pass = cx.look()
    const declared = (at: Lookups) => {
      const graph = declareStack(s.config, at)
      const within = graph.withNeeds(steps)
      const subjects = subjectsOf(graph, s.state.all(), kindOf).filter((x) =>
        within.includes(graph.get(x.key)?.step ?? s.state.row(x.key)?.step ?? ''),
      )
      return { graph, subjects }
    }
    const ground = options.declared ? NO_GROUND : askGround(s, steps)
    // What is asked of AWS does not hang on zones and versions: the pass holds the answers by the time that those are known.
    if (!options.declared) {
      const guess = offlineLookups(s.config, s.state, s.caller.account, s.caller.partition)
      survey(declared(guess).subjects, cx, pass).catch(() => undefined)
    }
    const asked = options.declared ?? (await askLookups(s, { steps, ...options }))
    const first = declared(asked)
    const looked = await survey(first.subjects, cx, pass)
    const unrecorded = options.declared ? (options.unrecorded ?? []) : await unrecordedIn(s, asked, looked)
    const lookups = options.declared ? asked : withUnrecorded(s, asked, unrecorded, options.undo)
    const { graph, subjects } = lookups === asked ? first : declared(lookups)
    const again = lookups === asked ? looked : await survey(subjects, cx, pass)
    const seen = unrecorded.length === 0 ? again : await asRunning(s, pass, graph, again, unrecorded)
    const known = await ground
    return {
      lookups,
      graph,
      survey: seen,
      unrecorded,
      plan: (chosen) => {
        const made = plan({
          graph,
          survey: seen,
          rows: s.state.all(),
          steps: chosen,
          ...(options.again ? { again: true } : {}),
          region: s.config.region,
          kindOf,
          stamp: (node) => s.stamp(node, ''),
        })
        return { ...made, problems: [...made.problems, ...problemsOf(known, s, lookups, made)] }
      },
    }
  } catch (error) {
    const e = explain(error, { sandbox: s.sandbox, region: s.config.region, identity: s.caller.arn })
    throw new InfraError(e.what, { why: e.why, next: e.next, exitCode: 2, cause: e.cause })
  }
}

/** One look at recorded resources, as they were made: needs no config. @throws InfraError */
export const lookAtRows = async (s: Session, keys: readonly string[], depth?: Depth): Promise<Survey> => {
  const subjects = keys.flatMap((key) => {
    const row = s.state.row(key)
    return row ? [subjectOfRow(key, row, kindOf)] : []
  })
  try {
    const cx = s.context(() => undefined)
    return await survey(subjects, cx, cx.look(), depth)
  } catch (error) {
    throw s.explain(error)
  }
}

/** What nobody could look at now, in one line; undefined when all was seen. */
export const unseenIn = (survey: Survey): string | undefined => {
  const reasons = [...survey.values()].flatMap((seen) => (seen.is !== 'absent' && seen.unseen !== undefined ? [seen.unseen] : []))
  if (reasons.length === 0) return undefined
  return `${count(reasons.length, 'resource')} inside the database server could not be looked at (${reasons[0]}): told from the record.`
}
