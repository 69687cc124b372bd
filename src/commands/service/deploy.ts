import { refuse } from '../../core/errors.ts'
import { differencesOf } from '../../ecs/difference.ts'
import { drainOf } from '../../ecs/drain.ts'
import { overlayAfter } from '../../ecs/record.ts'
import { changed, revisionOf } from '../../ecs/revision.ts'
import { primaryOf } from '../../ecs/rollout.ts'
import type { Found } from '../../ecs/service.ts'
import { agreed } from '../../session/confirm.ts'
import { findOwn } from '../../session/owner.ts'
import { secretNotes } from '../../session/placeholders.ts'
import { type Memory, memoryOf } from '../../session/records/deployments.ts'
import { follow } from '../../session/rollout/follow.ts'
import { type Settled, settle } from '../../session/rollout/reconcile.ts'
import { diffScreen, rolloutMinutes, title } from '../../session/rollout/screen.ts'
import { wayBack } from '../../session/rollout/way-back.ts'
import { openService, orRefuse, type ServicePlace, wordsOf } from '../../session/service.ts'
import { overlayBelow } from '../../session/unrecorded/unrecorded.ts'
import type { DeployFlags } from './definitions.ts'
import { rollOut, startsFirst } from './rollout/apply.ts'
import { type Wish, wishOf } from './rollout/request.ts'

/** A new revision from the one that runs, with only what was asked for; followed until it is healthy. */
export const deployCommand = async (key: string | undefined, f: DeployFlags): Promise<number> => {
  const p = await openService(key, f, 'deploy', true)
  try {
    const found = await orRefuse(p, rollable(p, 'deploy', typed(f)))
    const memory = memoryOf(p)
    const settled = await orRefuse(p, settle(p, memory, found))
    if (asksNothing(f)) return await goOn(p, memory, found, settled)
    const wish = await orRefuse(p, wishOf(p, found, f, wordsOf(f, p.named, 'deploy', typed(f))))
    const input = changed(found.definition, wish.changes)
    const main = wish.changes.container
    const differences = differencesOf(found.definition, input, main)
    const under = settled.under
    // Asked for by a run that was killed or left: once is enough.
    const forcedAlready = under !== undefined && settled.intent?.how === 'force'
    const first = startsFirst(memory, found)
    if (differences.length === 0 && !first && (!f.force || forcedAlready)) return await nothingNew(p, memory, found, settled, f)

    const secrets = await secretNotes(p, input, Object.keys(wish.changes.secrets))
    title(p, 'Deploy')
    const same = differences.length === 0
    const notes = [
      ...wish.notes,
      ...secrets,
      ...(under ? [`A rollout to ${revisionOf(under.taskDefinition)} is under way; this one takes its place`] : []),
    ]
    const to = same ? 'the same revision, new tasks' : 'a new revision'
    const begins = first ? memory.first : 0
    const drain = await drainOf(p.aws, found.service)
    diffScreen(p.io, found, to, differences, notes, drain, begins)
    if (p.io.json)
      p.io.event({
        type: 'plan',
        ...p.named,
        from: revisionOf(found.service.taskDefinition),
        force: f.force === true,
        differences,
        notes,
        minutes: rolloutMinutes(found, drain, begins),
      })
    if (
      !(await agreed(
        p,
        f,
        'Deploy it?',
        `This would change the service ${found.name}`,
        p.line('deploy', `${typed(f)} --yes`.trim()),
      ))
    )
      return 0
    const how = same ? 'force' : 'deploy'
    const overlay = await overlaid(p, memory, wish, found)
    const { tags } = found
    const target = same ? { definition: found.definition, ...(tags ? { tags } : {}) } : { input }
    return await rollOut(
      p,
      memory,
      { found, to: target, how, differences, overlay, force: f.force === true, container: main ?? '' },
      f.wait !== false,
    )
  } finally {
    await p.close()
  }
}

/**
 * The service, if it is ours to change and ECS itself rolls it out.
 * @param words what was typed behind the verb
 * @throws InfraError (exit 2)
 */
export const rollable = async (p: ServicePlace, verb: string, words: string): Promise<Found> => {
  const found = await findOwn(p, verb, words)
  const { service } = found
  const controller = service.deploymentController?.type ?? 'ECS'
  if (controller !== 'ECS')
    throw refuse(
      `The service ${found.name} is rolled out by ${controller === 'CODE_DEPLOY' ? 'CodeDeploy' : 'somebody else'}, not by ECS`,
      `its deployment controller is ${controller}, and ECS refuses another revision then`,
      controller === 'CODE_DEPLOY' ? 'aws deploy create-deployment' : 'Use what made its task sets',
    )
  if (service.status !== 'ACTIVE')
    throw refuse(
      `The service ${found.name} is ${service.status}`,
      'it is being deleted',
      'Once it is gone, make it anew: infra create ecs',
    )
  return found
}

const asksNothing = (f: DeployFlags): boolean =>
  f.image === undefined && f.setEnv.length + f.setSecret.length + f.unset.length === 0 && f.force !== true

/** What counts above the config from now on. A rollout that has failed and that this one builds upon comes with it. */
const overlaid = async (p: ServicePlace, memory: Memory, { step }: Wish, { service, definition }: Found) => {
  const { stack, named } = p
  if (!memory.declared || !stack || named.key === undefined) return undefined
  const [newest] = memory.entries
  const failed = newest?.revision === revisionOf(service.taskDefinition) ? newest.overlay : undefined
  // What somebody has deployed without this record comes with it as well.
  const other = failed ? undefined : await orRefuse(p, overlayBelow(stack, p.caller.account, named.key, definition))
  return overlayAfter(failed ?? (other ? other.overlay : memory.overlay), step, memory.declared)
}

/** Without a change there is only a rollout to follow. */
const goOn = async (p: ServicePlace, memory: Memory, found: Found, settled: Settled): Promise<number> => {
  const { io } = p
  if (settled.under) return followOn(p, memory, found, settled)
  if (settled.ended) {
    const { intent, healthy } = settled.ended
    const now = revisionOf(found.service.taskDefinition)
    if (io.json)
      io.event({
        type: 'result',
        outcome: healthy ? 'healthy' : 'failed',
        ...p.named,
        from: intent.from,
        to: intent.revision,
        running: now,
      })
    const back = healthy ? await wayBack(p, memory, now, intent.from) : undefined
    if (healthy)
      io.say(
        `${io.c.green('✓')} The rollout of ${intent.revision} is done: ${found.name} runs it.${back ? ` To go back: ${io.c.cyan(back.line)}` : ''}`,
      )
    else io.note(`${io.c.red('✗')} The rollout of ${intent.revision} did not come to be healthy: ${found.name} runs ${now}.`)
    return healthy ? 0 : 1
  }
  throw refuse(
    'Nothing was named that shall change',
    `${found.name} runs ${revisionOf(found.service.taskDefinition)}, and no rollout is under way`,
    `${p.line('deploy', '--image <tag>')} (or --set-env <K=V>, --set-secret <K=secret:KEY>, --unset <K>; --force for new tasks without a change)`,
  )
}

/** What was asked for runs already, or is on its way. */
const nothingNew = async (p: ServicePlace, memory: Memory, found: Found, settled: Settled, f: DeployFlags): Promise<number> => {
  const { io } = p
  if (settled.under && f.wait !== false) return followOn(p, memory, found, settled)
  const running = revisionOf(found.service.taskDefinition)
  if (io.json) io.event({ type: 'result', outcome: 'unchanged', ...p.named, from: running, to: running })
  io.say(`${io.c.green('✓')} Nothing to do: ${running} has all of that already, and ${found.name} runs it.`)
  io.say(
    `  New tasks of it all the same, for a tag that has moved or a secret that has changed: ${io.c.cyan(p.line('deploy', '--force'))}`,
  )
  return 0
}

/** Goes on with what another run, or somebody else, has begun. */
export const followOn = async (p: ServicePlace, memory: Memory, found: Found, { under, intent }: Settled): Promise<number> => {
  const { io } = p
  const { service, definition } = found
  const primary = under ?? primaryOf(service)
  const revision = service.taskDefinition ?? ''
  const old = (service.deployments ?? []).find((d) => d !== primary && d.status === 'ACTIVE')
  const since = primary?.createdAt?.getTime() ?? 0
  if (io.json) io.event({ type: 'following', ...p.named, revision: revisionOf(revision) })
  io.note(`A rollout to ${revisionOf(revision)} is under way; following it.`)
  const assumed = {
    revision: revisionOf(revision),
    from: revisionOf(old?.taskDefinition) || 'another revision',
    at: new Date(since).toISOString(),
    by: '',
    how: 'deploy' as const,
    changes: [],
  }
  const aim = { revision, deployment: primary?.id, since }
  const known = new Set<string>()
  p.begin()
  const ran = revisionOf(old?.taskDefinition) || undefined
  return follow(p, memory, { aim, definition, known, ran, ...(intent ? { intent } : { intent: assumed, strange: true }) })
}

/** The flags again. What a variable is set to may be a secret. */
const typed = (f: DeployFlags): string =>
  [
    ...(f.image === undefined ? [] : [`--image ${f.image}`]),
    ...f.setEnv.map((text) => `--set-env ${text.slice(0, text.indexOf('='))}=...`),
    ...f.setSecret.map((text) => `--set-secret ${text}`),
    ...f.unset.map((name) => `--unset ${name}`),
    ...(f.force ? ['--force'] : []),
    ...(f.wait === false ? ['--no-wait'] : []),
  ].join(' ')
