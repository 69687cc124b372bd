import type { TaskDefinition } from '../../aws/services/ecs-types.ts'
import { canonical, type Json, type JsonObject } from '../../core/json.ts'
import { maybeSecret } from '../../ecs/difference.ts'
import { revisionOf } from '../../ecs/revision.ts'
import { amended } from '../../engine/record.ts'
import { taskDefinitionProps } from '../../kinds/index.ts'
import type { Row } from '../../state/schema.ts'

/** What a deploy, a scale or a stop has told AWS of a service. */
export interface Told {
  /** The revision that it runs from now on. */
  readonly definition?: TaskDefinition | undefined
  readonly desired?: number | undefined
  /** The minimum of its scaling target. */
  readonly min?: number | undefined
}

/** Changes the rows of the service, its task definition and its scaling target: status, plan and drift go by them. */
export const amendRows = (resources: Record<string, Row>, service: string, { definition, desired, min }: Told): void => {
  const amend = (key: string, change: (was: Row) => Row): void => {
    const was = resources[`${service}-${key}`]
    const now = was && change(was)
    // A row that says the same is not written.
    if (now && canonical(now) !== canonical(was)) resources[`${service}-${key}`] = now
  }
  const count: JsonObject = desired === undefined ? {} : { desired }
  if (definition) {
    const at = new Date()
    const arn = definition.taskDefinitionArn ?? ''
    amend('task-definition', (was) =>
      amended(was, { at, want: wantAfter(was.want, definition), attrs: { id: revisionOf(arn), arn } }),
    )
    amend('service', (was) => (was.attrs ? amended(was, { at, want: { taskDefinition: arn, ...count }, attrs: count }) : was))
    return
  }
  // An intent without an answer stays as it was asked, and what was there before infra is used as it is.
  const ours = (was: Row): boolean => was.attrs !== undefined && !was.adopted
  amend('service', (was) => (ours(was) ? amended(was, { want: count, attrs: count }) : was))
  if (min !== undefined) amend('scaling-target', (was) => (ours(was) ? amended(was, { want: { min } }) : was))
}

/** The recorded inputs of a task definition as the revision has them: those that were recorded, and no text that may be a secret. */
const wantAfter = (want: JsonObject, d: TaskDefinition): JsonObject => {
  const seen = taskDefinitionProps(d, want)
  const recorded = new Map(partsOf(want.containers).map((part) => [part.name, part]))
  const containers = partsOf(seen.containers).flatMap((part) => {
    const before = recorded.get(part.name)
    return before ? [withoutSecrets(part, before)] : []
  })
  const known = Object.entries(seen).filter(([prop]) => Object.hasOwn(want, prop))
  return { ...Object.fromEntries(known), containers }
}

const partsOf = (containers: Json | undefined): readonly JsonObject[] =>
  Array.isArray(containers) ? (containers as readonly JsonObject[]) : []

const withoutSecrets = (part: JsonObject, before: JsonObject): JsonObject => {
  const known = (before.environment ?? {}) as JsonObject
  const environment = Object.entries((part.environment ?? {}) as Record<string, string>).flatMap(([name, value]) =>
    !maybeSecret(name, value) ? [[name, value] as const] : known[name] === undefined ? [] : [[name, known[name]] as const],
  )
  return { ...part, environment: Object.fromEntries(environment) }
}
