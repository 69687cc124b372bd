import { overview } from '../engine/overview.ts'
import { about, change } from '../ui/format.ts'
import { commandLine, type Globals } from './globals.ts'
import { offlineLookups } from './lookups.ts'
import type { Session } from './session.ts'
import { declareStack } from './stack.ts'

/** The exact next command after a create, told from the state alone. */
export const nextOf = async (s: Session, g: Globals): Promise<string> => {
  const graph = declareStack(s.config, offlineLookups(s.config, s.state.lookups, s.caller.account))
  const { next } = overview(graph, s.config.steps, s.state.all(), undefined, s.config.region)
  if (!next) return commandLine(g, 'show-resources')
  return `${commandLine(g, `create ${next.step}`)}  (${about(next.minutes)}${next.monthlyUsd > 0 ? `, ${change(next.monthlyUsd)} a month` : ''})`
}
