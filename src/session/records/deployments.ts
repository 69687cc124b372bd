import type { TaskDefinition } from '../../aws/services/ecs-types.ts'
import {
  added,
  type Declared,
  type Edit,
  entryOf,
  historyOf,
  overlayOf,
  pendingOf,
  waitsForImage,
  withHistory,
  withOverlay,
  withoutWaiting,
  withPending,
} from '../../ecs/record.ts'
import type { Deployment, Overlay, PendingRollout, Services } from '../../state/memory.ts'
import type { ServicePlace } from '../service.ts'
import { rememberApart } from './apart.ts'
import { amendRows } from './rows.ts'

/** What is remembered of the rollouts of one service. */
export interface Memory {
  readonly entries: readonly Deployment[]
  readonly intent: PendingRollout | undefined
  /** What deploys have changed since the config was written. */
  readonly overlay: Overlay | undefined
  /** The revision that the stack counts as its own; undefined where it has none. */
  readonly base: string | undefined
  /** So many tasks start with the first image, where the service was made before there was one. */
  readonly first: number | undefined
  /** What the config says of it; undefined where it is none of the config. */
  readonly declared: Declared | undefined
  /** False: nothing is remembered anywhere. */
  readonly kept: boolean
  /** Before ECS is told. */
  intend(intent: PendingRollout): Promise<void>
  /** ECS was told: from now on this is what the stack has, so that a create does not take it back. */
  began(intent: PendingRollout, definition: TaskDefinition): Promise<void>
  /** How it ended; `back` is the revision that counts instead where it did not come to be. */
  ended(intent: PendingRollout, healthy: boolean | undefined, back?: TaskDefinition): Promise<void>
  /** It came to nothing before ECS was told. */
  dropped(): Promise<void>
  /** More that was found out: a revision that runs well. */
  know(entries: readonly Deployment[]): Promise<void>
}

export const memoryOf = (p: ServicePlace): Memory => {
  const { stack, named } = p
  const { key } = named
  const name = key ?? `${named.cluster}/${named.name}`
  const empty = !stack || (key === undefined && stack.state.empty)
  /** Of somebody else's service: the state is written under a lock of its own, by another reader of it. */
  let apart: Services | undefined
  const read = (): Services => (empty ? {} : (apart ?? stack.state.services))
  const edit = async (change: Edit, definition?: TaskDefinition): Promise<void> => {
    if (empty) return
    if (key === undefined) {
      apart = await rememberApart(p, 'infra deploy', change).catch((error: unknown) => {
        // Not being able to write it down does not fail the rollout of somebody else's service.
        p.io.note(`${p.io.c.yellow('!')} This deployment is not recorded: ${(error as Error).message}`)
        return change(read())
      })
      return
    }
    const desired = waitsForImage(read(), key) ? stack.config.ecs.services[key]?.desired : undefined
    await stack.state.update((draft) => {
      if (definition) amendRows(draft.resources, key, { definition, desired })
      draft.services = change(draft.services)
    })
  }
  const overlaid =
    (overlay: Overlay | undefined): Edit =>
    (l) =>
      key === undefined ? l : withOverlay(l, key, overlay)
  return {
    get entries() {
      return historyOf(read(), name)
    },
    get intent() {
      return pendingOf(read(), name)
    },
    get overlay() {
      return key === undefined ? undefined : overlayOf(read(), key)
    },
    get base() {
      const id = key === undefined ? undefined : stack?.state.row(`${key}-task-definition`)?.attrs?.id
      return typeof id === 'string' ? id : undefined
    },
    get first() {
      return key !== undefined && stack && waitsForImage(read(), key) ? stack.config.ecs.services[key]?.desired : undefined
    },
    declared: key === undefined ? undefined : stack?.config.ecs.services[key],
    kept: !empty,
    intend: (intent) => edit((l) => withPending(l, name, intent)),
    began: (intent, definition) =>
      edit((l) => {
        const begun = overlaid(intent.overlay)(withPending(l, name, intent))
        return key === undefined ? begun : withoutWaiting(begun, key)
      }, definition),
    ended: (intent, healthy, back) =>
      edit((l) => {
        const done = withHistory(withPending(l, name, undefined), name, added(historyOf(l, name), entryOf(intent, healthy)))
        return back ? overlaid(intent.before)(done) : done
      }, back),
    dropped: () => edit((l) => withPending(l, name, undefined)),
    know: (entries) => edit((l) => withHistory(l, name, entries)),
  }
}
