import type { RegisterTaskDefinitionCommandInput, TaskDefinition } from '../../../aws/services/ecs-types.ts'
import { classify } from '../../../aws/trouble.ts'
import { realClock } from '../../../core/clock.ts'
import { checkStop, refuse } from '../../../core/errors.ts'
import { registerRevision, startRollout } from '../../../ecs/change.ts'
import type { Difference } from '../../../ecs/difference.ts'
import { isSame, type Revision, revisionAt, revisionOf } from '../../../ecs/revision.ts'
import { type Aim, primaryOf } from '../../../ecs/rollout.ts'
import { type Found, lateService } from '../../../ecs/service.ts'
import type { Memory } from '../../../session/records/deployments.ts'
import { restoreMinimum } from '../../../session/records/minimum.ts'
import { follow } from '../../../session/rollout/follow.ts'
import { isSteady } from '../../../session/rollout/reconcile.ts'
import { wayBack } from '../../../session/rollout/way-back.ts'
import { orRefuse, type ServicePlace } from '../../../session/service.ts'
import type { Deployment, Overlay, PendingRollout } from '../../../state/memory.ts'

/** For so long a service that was seen may not be shown. */
const SHOWN_MS = 5000

export interface Rollout {
  readonly found: Found
  /** What is to be registered, or a revision that is there. */
  readonly to: { readonly input: RegisterTaskDefinitionCommandInput } | Revision
  readonly how: PendingRollout['how']
  readonly differences: readonly Difference[]
  /** What deploys have changed since the config was written, this one included. */
  readonly overlay: Overlay | undefined
  /** New tasks also where the revision stays the same. */
  readonly force: boolean
  readonly container: string
}

/**
 * Registers the revision where it is not there yet, tells the service, and nothing else of it; then follows. What is asked is
 * written down before it is asked, so that a run which is killed anywhere is gone on with by the next.
 */
export const rollOut = async (p: ServicePlace, memory: Memory, of: Rollout, wait: boolean): Promise<number> => {
  const { found, how } = of
  await stillSo(p, found)
  p.begin()
  const definition = 'input' in of.to ? await registered(p, found, of.to.input) : of.to.definition
  const arn = definition.taskDefinitionArn ?? ''
  const image = imageIn(definition, of.container)
  const ran = healthyNow(found)
  await remember(memory, found, ran, of.container)
  const intent: PendingRollout = {
    revision: revisionOf(arn),
    from: revisionOf(found.service.taskDefinition),
    ...(image === undefined ? {} : { image }),
    at: new Date().toISOString(),
    by: p.caller.arn,
    how,
    changes: of.differences.map((d) => `${d.what}: ${d.from ?? 'none'} -> ${d.to ?? 'none'}`),
    ...(of.overlay ? { overlay: of.overlay } : {}),
    ...(memory.overlay ? { before: memory.overlay } : {}),
    ...(memory.base === undefined ? {} : { base: memory.base }),
  }
  await memory.intend(intent)
  const { deployment, since } = await told(p, memory, found, arn, of.force)
  const begun = { ...intent, ...(deployment === undefined ? {} : { deployment }) }
  await memory.began(begun, definition)
  await restoreMinimum(p)
  const aim: Aim = { revision: arn, deployment, since }
  const known = new Set((found.service.events ?? []).flatMap((e) => e.id ?? []))
  if (wait) return follow(p, memory, { aim, definition, intent: begun, known, ran })
  const back = await wayBack(p, memory, intent.revision, ran)
  const { io } = p
  if (io.json) io.event({ type: 'result', outcome: 'begun', ...p.named, from: intent.from, to: intent.revision })
  io.say(`\n${io.c.green('✓')} ${p.named.name} is on its way from ${intent.from} to ${io.c.bold(intent.revision)}.`)
  io.say(`  To follow it: ${io.c.cyan(p.line('deploy'))}${back ? `   To go back: ${io.c.cyan(back.line)}` : ''}`)
  return 0
}

/** A person may have thought about it for long: what somebody else has rolled out meanwhile is not undone by the way. */
const stillSo = async (p: ServicePlace, { cluster, name, service }: Found): Promise<void> => {
  // It was seen a moment ago: that it is not shown now does not mean that it is gone.
  const patience = { until: realClock.now() + SHOWN_MS, clock: realClock, signal: p.signal }
  const now = await orRefuse(p, lateService(p.aws, cluster, name, undefined, patience))
  if (now?.taskDefinition === service.taskDefinition) return
  throw refuse(
    `${name} was changed meanwhile: it ran ${revisionOf(service.taskDefinition)}, and now ${now ? revisionOf(now.taskDefinition) : 'it is gone'}`,
    'somebody else has rolled something out; nothing was changed here',
    'Run the same command again: it begins with what runs now',
  )
}

/** Of the newest revision first: a run that was killed may have registered it already. */
const registered = async (p: ServicePlace, found: Found, input: RegisterTaskDefinitionCommandInput): Promise<TaskDefinition> => {
  try {
    const newest = await revisionAt(p.aws, input.family ?? '')
    if (newest && isSame(newest.definition, input)) {
      p.io.note(`  ${revisionOf(newest.definition.taskDefinitionArn)} is registered already and says just this; it is used.`)
      return newest.definition
    }
    // A revision does not take over the tags of the one before; those of AWS itself nobody else may set.
    const tags = (found.tags ?? []).filter((t) => !/^aws:/i.test(t.key ?? ''))
    checkStop(p.signal)
    return await registerRevision(p.aws, input, tags)
  } catch (error) {
    throw p.explain(error)
  }
}

/** Undefined where a revision does not have the container: its name may have changed since. */
const imageIn = (d: TaskDefinition, container: string): string | undefined =>
  d.containerDefinitions?.find((c) => c.name === container)?.image

/** The revision that runs, if it runs well. A service without a task shows nothing of its revision: it may never have started. */
const healthyNow = ({ service }: Found): string | undefined =>
  isSteady(service) && (service.runningCount ?? 0) > 0 ? revisionOf(service.taskDefinition) : undefined

/** What runs well before the first deploy is what a rollback goes back to. */
const remember = async (
  memory: Memory,
  { service, definition }: Found,
  revision: string | undefined,
  container: string,
): Promise<void> => {
  if (revision === undefined || memory.entries.some((e) => e.revision === revision && e.healthy === true)) return
  const at = primaryOf(service)?.createdAt ?? definition.registeredAt
  const image = imageIn(definition, container)
  const entry: Deployment = {
    revision,
    ...(image ? { image } : {}),
    at: (at ?? new Date()).toISOString(),
    by: '',
    how: 'found',
    healthy: true,
    changes: [],
  }
  await memory.know([entry, ...memory.entries])
}

/** It was made before there was an image: now its first tasks can start. */
export const startsFirst = (memory: Memory, { service }: Found): boolean =>
  memory.first !== undefined && (service.desiredCount ?? 0) === 0

const told = async (
  p: ServicePlace,
  memory: Memory,
  found: Found,
  taskDefinition: string,
  force: boolean,
): Promise<{ deployment: string | undefined; since: number }> => {
  try {
    checkStop(p.signal)
    // Of the same revision ECS would only count up the deployment that is there, which is complete with no task and stays so.
    const first = startsFirst(memory, found)
    const how = { force: force || first, desiredCount: first ? memory.first : undefined }
    const service = await startRollout(p.aws, found, taskDefinition, how)
    const primary = service && primaryOf(service)
    return { deployment: primary?.id, since: primary?.createdAt?.getTime() ?? Date.now() }
  } catch (error) {
    // Refused for sure: nothing is under way. Where that is not known, the next run looks.
    if (classify(error) !== 'unknown-outcome') await memory.dropped()
    throw p.explain(error)
  }
}
