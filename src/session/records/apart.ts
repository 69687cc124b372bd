import type { JsonObject } from '../../core/json.ts'
import { StoredState } from '../../state/store.ts'
import type { ServicePlace } from '../service.ts'

/**
 * What is remembered of a service that is none of the stack's, in the stack's state: it is locked only for this moment, and read anew.
 * @param command whose lock it is, for whoever finds it taken
 * @returns all that is remembered then; undefined where there is no stack
 * @throws InfraError where the state is locked, or cannot be written
 */
export const rememberApart = async (
  p: ServicePlace,
  command: string,
  change: (lookups: JsonObject) => JsonObject,
): Promise<JsonObject | undefined> => {
  const { stack, io, caller, region, sandbox } = p
  if (!stack) return undefined
  try {
    const lock = await stack.backend.lock(command, io.note, () => undefined)
    try {
      const { project, environment } = stack.config
      const now = await StoredState.open(stack.backend, { project, environment, account: caller.account, region, sandbox })
      await now.update((draft) => {
        draft.lookups = change(draft.lookups)
      })
      return now.lookups
    } finally {
      await lock.release()
    }
  } catch (error) {
    throw p.explain(error)
  }
}
