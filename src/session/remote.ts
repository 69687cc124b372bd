import { connect } from '../aws/clients.ts'
import type { Loaded } from '../config/load.ts'
import type { Backend } from '../state/backend.ts'
import { mfaCode } from '../ui/ask.ts'
import { backendFor } from './backend.ts'
import type { Globals } from './globals.ts'

/** The state's place when it is not a file of this folder. */
export const remote = async (g: Globals, loaded: Loaded): Promise<Backend> => {
  const profile = g.profile ?? loaded.config.profile
  return backendFor(loaded, false, connect({ region: loaded.config.region, profile, askCode: mfaCode() }))
}
