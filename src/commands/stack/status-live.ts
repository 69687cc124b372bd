import type { Loaded } from '../../config/load.ts'
import type { Survey } from '../../engine/kind.ts'
import { type Overview, overview } from '../../engine/overview.ts'
import type { Globals } from '../../session/globals.ts'
import { offlineLookups } from '../../session/lookups.ts'
import { openSession } from '../../session/session.ts'
import { lookAround } from '../../session/survey.ts'
import type { Memory } from '../../state/memory.ts'
import type { Row } from '../../state/schema.ts'

export interface Status {
  readonly view: Overview
  readonly account: string | null
  readonly rows: ReadonlyMap<string, Row>
  readonly survey: Survey | undefined
  readonly recorded: Memory
}

/** The status as AWS shows it now. */
export const live = async (g: Globals, loaded: Loaded): Promise<Status> => {
  const s = await openSession(g, undefined, loaded)
  try {
    const lookups = offlineLookups(s.config, s.state, s.caller.account, s.caller.partition)
    const { graph, survey } = await lookAround(s, s.config.steps, { declared: lookups })
    return {
      view: overview(graph, s.config.steps, s.state.all(), survey, s.config.region),
      account: s.caller.account,
      rows: s.state.all(),
      survey,
      recorded: s.state,
    }
  } finally {
    await s.close()
  }
}
