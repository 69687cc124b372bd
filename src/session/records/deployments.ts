import type { TaskDefinition } from '../../aws/services/ecs-types.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { maybeSecret } from '../../ecs/difference.ts'
import { revisionOf } from '../../ecs/find.ts'
import {
  added,
  type Declared,
  type Entry,
  entriesOf,
  entryOf,
  type Intent,
  intentOf,
  type Overlay,
  overlayOf,
  waitsForImage,
  withEntries,
  withIntent,
  withOverlay,
  withoutWaiting,
} from '../../ecs/record.ts'
import type { Row } from '../../state/schema.ts'
import type { ServicePlace } from '../service.ts'
import { rememberApart } from './apart.ts'
import { together } from './counts.ts'

/** What is remembered of the rollouts of one service. */
export interface Memory {
  readonly entries: readonly Entry[]
  readonly intent: Intent | undefined
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
  intend(intent: Intent): Promise<void>
  /** ECS was told: from now on this is what the stack has, so that a create does not take it back. */
  began(intent: Intent, definition: TaskDefinition): Promise<void>
  /** How it ended; `back` is the revision that counts instead where it did not come to be. */
  ended(intent: Intent, healthy: boolean | undefined, back?: TaskDefinition): Promise<void>
  /** It came to nothing before ECS was told. */
  dropped(): Promise<void>
  /** More that was found out: a revision that runs well. */
  know(entries: readonly Entry[]): Promise<void>
}

type Edit = (lookups: JsonObject) => JsonObject

export const memoryOf = (p: ServicePlace): Memory => {
  const { stack, named } = p
  const { key } = named
  const name = key ?? `${named.cluster}/${named.name}`
  const empty = !stack || (key === undefined && stack.state.all().size === 0 && Object.keys(stack.state.lookups).length === 0)
  /** Of somebody else's service: the state is written under a lock of its own, by another reader of it. */
  let apart: JsonObject | undefined
  const read = (): JsonObject => (empty ? {} : (apart ?? stack.state.lookups))
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
    const rows = definition ? rowsAfter(p, key, definition, desired) : []
    await together(stack, rows, change)
  }
  const overlaid =
    (overlay: Overlay | undefined): Edit =>
    (l) =>
      key === undefined ? l : withOverlay(l, key, overlay)
  return {
    get entries() {
      return entriesOf(read(), name)
    },
    get intent() {
      return intentOf(read(), name)
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
    intend: (intent) => edit((l) => withIntent(l, name, intent)),
    began: (intent, definition) =>
      edit((l) => {
        const begun = overlaid(intent.overlay)(withIntent(l, name, intent))
        return key === undefined ? begun : withoutWaiting(begun, key)
      }, definition),
    ended: (intent, healthy, back) =>
      edit((l) => {
        const done = withEntries(withIntent(l, name, undefined), name, added(entriesOf(l, name), entryOf(intent, healthy)))
        return back ? overlaid(intent.before)(done) : done
      }, back),
    dropped: () => edit((l) => withIntent(l, name, undefined)),
    know: (entries) => edit((l) => withEntries(l, name, entries)),
  }
}

/** The rows of the task definition and the service as they are with this revision: status and drift go by them. */
const rowsAfter = (p: ServicePlace, key: string, d: TaskDefinition, desired: number | undefined): [string, Row][] => {
  const state = p.stack?.state
  const at = new Date().toISOString()
  const definition = state?.row(`${key}-task-definition`)
  const service = state?.row(`${key}-service`)
  const arn = d.taskDefinitionArn ?? ''
  const count: JsonObject = desired === undefined ? {} : { desired }
  return [
    ...(definition
      ? [
          [
            `${key}-task-definition`,
            { ...definition, at, want: wantOf(definition.want, d), attrs: { id: revisionOf(arn), arn } },
          ] as [string, Row],
        ]
      : []),
    ...(service
      ? [
          [
            `${key}-service`,
            { ...service, at, want: { ...service.want, taskDefinition: arn, ...count }, attrs: { ...service.attrs, ...count } },
          ] as [string, Row],
        ]
      : []),
  ]
}

/** The recorded inputs with what a deploy or a rollback can have changed in them. */
const wantOf = (want: JsonObject, d: TaskDefinition): JsonObject => {
  const parts = Array.isArray(want.containers) ? (want.containers as readonly JsonObject[]) : []
  const containers = parts.map((part): JsonObject => {
    const is = d.containerDefinitions?.find((c) => c.name === part.name)
    if (!is) return part
    const known = part.environment as JsonObject | undefined
    const environment = Object.fromEntries(
      // What looks like a secret does not come into the state by a deploy.
      (is.environment ?? []).flatMap(({ name = '', value = '' }) =>
        !maybeSecret(name, value) ? [[name, value]] : known?.[name] === undefined ? [] : [[name, known[name]]],
      ),
    )
    const secrets = Object.fromEntries((is.secrets ?? []).map((s) => [s.name ?? '', placeOf(s.valueFrom ?? '')]))
    const command = 'command' in part || is.command?.length ? { command: is.command ?? [] } : {}
    return { ...part, ...command, image: is.image ?? '', environment, secrets }
  })
  const { cpu, memory, executionRoleArn, taskRoleArn } = d
  return {
    ...want,
    ...(cpu ? { cpu: Number(cpu) } : {}),
    ...(memory ? { memory: Number(memory) } : {}),
    ...(executionRoleArn ? { executionRoleArn } : {}),
    ...(taskRoleArn ? { taskRoleArn } : {}),
    containers: containers as Json,
  }
}

/** Seven parts are the ARN, and behind them stands the key. */
export const placeOf = (valueFrom: string): { arn: string; key?: string } => {
  const parts = valueFrom.split(':')
  const key = parts.slice(7).join(':').replace(/:+$/, '')
  return { arn: parts.slice(0, 7).join(':'), ...(key ? { key } : {}) }
}
