import type { Edit } from '../../ecs/record.ts'
import type { Services } from '../../state/memory.ts'
import { StoredState } from '../../state/store.ts'
import type { ServicePlace } from '../service.ts'

/**
 * What is remembered of a service that is none of the stack's, in the stack's state: it is locked only for this moment, and read anew.
 * @param command whose lock it is, for whoever finds it taken
 * @returns what is remembered of all services then; undefined where there is no stack
 * @throws InfraError where the state is locked, or cannot be written
 */
export const rememberApart = async (p: ServicePlace, command: string, change: Edit): Promise<Services | undefined> => {
  const { stack, io, caller, region, sandbox } = p
  if (!stack) return undefined
  try {
    const lock = await stack.backend.lock(command, io.note, () => undefined)
    try {
      const { project, environment } = stack.config
      const now = await StoredState.open(stack.backend, { project, environment, account: caller.account, region, sandbox })
      await now.update((draft) => {
        draft.services = change(draft.services)
      })
      return now.services
    } finally {
      await lock.release()
    }
  } catch (error) {
    throw p.explain(error)
  }
}
