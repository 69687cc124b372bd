import type { Loaded } from '../config/load.ts'
import { localBackend } from '../state/local.ts'
import { checkIdentity, readState } from '../state/parse.ts'
import type { StateFile } from '../state/schema.ts'
import { checkEnvironment } from './environment.ts'
import type { Globals } from './globals.ts'

/** The state as it was written last; undefined when there is none. Nobody is asked for an account. @throws InfraError (exit 2) */
export const recordedState = async (g: Globals, loaded: Loaded, sandbox: boolean): Promise<StateFile | undefined> => {
  const { config } = loaded
  // A state in a bucket needs the SDK even for this; a file must not pay for it.
  const local = sandbox || config.state === 'local'
  const backend = local ? localBackend(loaded.stateFile(sandbox)) : await (await import('./remote.ts')).remote(g, loaded)
  const state = await readState(backend)
  const { project, environment, region } = config
  await checkEnvironment(loaded, g, async () => state !== undefined)
  if (state) checkIdentity(backend.place, state, { project, environment, region, sandbox })
  return state
}
