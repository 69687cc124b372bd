import type { Config } from '../../config/config.ts'
import { overview } from '../../engine/overview.ts'
import { declareStack } from '../../session/declare.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import { sayPush, type WaitingService } from '../../session/images.ts'
import { offlineLookups } from '../../session/lookups.ts'
import type { Session } from '../../session/session.ts'
import type { Memory } from '../../state/memory.ts'
import { about, change } from '../../ui/format.ts'

/** The command that brings a step further. What a person was given to do by hand is looked at next, not made once more. */
export const commandFor = (step: string, config: Config, { handedOver }: Pick<Memory, 'handedOver'>, g: Globals): string =>
  commandLine(
    g,
    step === 'databases' && config.databases.via === 'print' && handedOver !== undefined
      ? 'db verify --result <what the SQL file printed>'
      : `create ${step}`,
  )

/** The exact next command after a create, told from the state alone; undefined where all steps are done. */
const nextOf = (s: Session, g: Globals): string | undefined => {
  const graph = declareStack(s.config, offlineLookups(s.config, s.state, s.caller.account))
  const { next } = overview(graph, s.config.steps, s.state.all(), undefined, s.config.region)
  if (!next) return undefined
  return `${commandFor(next.step, s.config, s.state, g)}  (${about(next.minutes)}${next.monthlyUsd > 0 ? `, ${change(next.monthlyUsd)} a month` : ''})`
}

/** How a create ends: the next step, the images that are missing, or what there is now. */
export const sayNext = (s: Session, g: Globals, waiting: readonly WaitingService[]): void => {
  const { io } = s
  const next = nextOf(s, g) ?? (waiting.length > 0 ? undefined : commandLine(g, 'show-resources'))
  if (next) io.say(`  Next: ${io.c.cyan(next)}`)
  sayPush(io, waiting)
}
