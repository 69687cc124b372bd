import { connect } from '../aws/clients.ts'
import type { Loaded } from '../config/load.ts'
import { overview } from '../engine/overview.ts'
import type { Backend } from '../state/backend.ts'
import { mfaCode } from '../ui/ask.ts'
import type { Globals } from './globals.ts'
import { lookAround } from './look.ts'
import { offlineLookups } from './lookups.ts'
import { backendFor } from './place.ts'
import { openSession } from './session.ts'
import type { Status } from './status.ts'

/** The status as AWS shows it now. */
export const live = async (g: Globals, loaded: Loaded): Promise<Status> => {
  const s = await openSession(g, undefined, loaded)
  try {
    const lookups = offlineLookups(s.config, s.state.lookups, s.caller.account, s.caller.partition)
    const { graph, survey } = await lookAround(s, s.config.steps, { declared: lookups })
    return {
      view: overview(graph, s.config.steps, s.state.all(), survey, s.config.region),
      account: s.caller.account,
      rows: s.state.all(),
      survey,
      lookups: s.state.lookups,
    }
  } finally {
    await s.close()
  }
}

/** The state's place when it is not a file of this folder. */
export const remote = async (g: Globals, loaded: Loaded): Promise<Backend> => {
  const profile = g.profile ?? loaded.config.profile
  return backendFor(loaded, false, connect({ region: loaded.config.region, profile, askCode: mfaCode() }))
}
