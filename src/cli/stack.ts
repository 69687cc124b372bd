import { env } from '../commands/env/definitions.ts'
import { init } from '../commands/init/definitions.ts'
import { sandbox } from '../commands/sandbox/definitions.ts'
import * as stack from '../commands/stack/definitions.ts'
import type { Add } from './add.ts'

/** The stack as a whole: made, looked at, taken down. */
export const stackCommands = (add: Add): void => {
  add(init, async (_, f) => (await import('../commands/init/init.ts')).initCommand(f))
  add(stack.plan, async ([steps], f) => (await import('../commands/stack/plan.ts')).planCommand(steps, f))
  add(stack.create, async ([steps], f) =>
    (await import('../commands/stack/create.ts')).createCommand(steps, f, {
      init: async (g) => (await import('../commands/init/init.ts')).initIfMissing(g),
    }),
  )
  add(stack.destroy, async ([steps], f) => (await import('../commands/stack/destroy.ts')).destroyCommand(steps, f))
  add(stack.status, async (_, f) => (await import('../commands/stack/status.ts')).statusCommand(f))
  add(stack.showResources, async ([steps], f) =>
    (await import('../commands/stack/show-resources.ts')).showResourcesCommand(steps, f),
  )
  add(stack.drift, async (_, f) => (await import('../commands/stack/drift.ts')).driftCommand(f))
  add(stack.cost, async (_, f) => (await import('../commands/stack/cost.ts')).costCommand(f))
  add(stack.permissions, async ([words], f) => (await import('../commands/stack/permissions.ts')).permissionsCommand(words, f))
}

/** What is asked for less often, and so comes last in `--help`. */
export const otherCommands = (add: Add): void => {
  add(env, async (_, f) => (await import('../commands/env/env.ts')).envCommand(f))
  add(stack.recover, async (_, f) => (await import('../commands/stack/recover.ts')).recoverCommand(f))
  add(stack.adopt, async ([key, id], f) => (await import('../commands/stack/adopt.ts')).adoptCommand(key, id, f))
  add(stack.unlock, async (_, f) => (await import('../commands/stack/unlock.ts')).unlockCommand(f))
  add(stack.state, async (words, f) =>
    (await import('../commands/stack/state.ts')).stateCommand(
      words.filter((word) => word !== undefined),
      f,
    ),
  )
  add(sandbox, async ([verb, image], f) => (await import('../commands/sandbox/sandbox.ts')).sandboxCommand(verb, f, image))
}
