import { refuse } from '../../core/errors.ts'
import { differencesOf } from '../../ecs/difference.ts'
import { drainOf } from '../../ecs/drain.ts'
import { lastHealthy, overlayAfter } from '../../ecs/record.ts'
import { containerOf, findRevisions, inputOf, type Revision, revisionAt, revisionOf } from '../../ecs/revision.ts'
import type { Found } from '../../ecs/service.ts'
import { agreed } from '../../session/confirm.ts'
import { secretNotes } from '../../session/placeholders.ts'
import { type Memory, memoryOf } from '../../session/records/deployments.ts'
import { isSteady, type Settled, settle } from '../../session/rollout/reconcile.ts'
import { diffScreen, rolloutMinutes, title } from '../../session/rollout/screen.ts'
import { healthyBefore } from '../../session/rollout/way-back.ts'
import { openService, orRefuse, type ServicePlace } from '../../session/service.ts'
import { stepBack } from '../../session/unrecorded/rollback-step.ts'
import type { RollbackFlags } from './definitions.ts'
import { followOn, rollable } from './deploy.ts'
import { rollOut } from './rollout/apply.ts'
import { imageNotes } from './rollout/request.ts'

/** Back to the revision that was deployed and healthy before, or to the one that is named; followed like a deploy. */
export const rollbackCommand = async (key: string | undefined, f: RollbackFlags): Promise<number> => {
  const p = await openService(key, f, 'rollback', true)
  try {
    const found = await orRefuse(p, rollable(p, 'rollback', typed(f)))
    const memory = memoryOf(p)
    const settled = await orRefuse(p, settle(p, memory, found))
    const running = revisionOf(found.service.taskDefinition)
    const already = f.to === undefined ? await isBack(p, memory, found, settled) : undefined
    if (already !== undefined) return already
    const target = await orRefuse(p, f.to === undefined ? before(p, memory, found) : named(p, found, f.to))
    if (revisionOf(target.definition.taskDefinitionArn) === running) {
      if (settled.under && f.wait !== false) return await followOn(p, memory, found, settled)
      return done(p, running, `${found.name} runs ${running} already.`)
    }
    const { definition } = target
    const to = revisionOf(definition.taskDefinitionArn)
    const main = containerOf(definition, f.container, found.service)
    const differences = differencesOf(found.definition, definition, main.name)
    const inactive = definition.status === 'INACTIVE'
    const notes = [
      ...(inactive ? [`${to} was deregistered, so what it says is registered anew, under the next number`] : []),
      ...(await orRefuse(p, imageNotes(p, main.image ?? ''))),
      ...(await secretNotes(p, definition)),
      ...(differences.length === 0 ? [`${to} says the same as ${running}: only the tasks are new`] : []),
      ...(target.guess ? [target.guess] : []),
    ]
    title(p, 'Roll back')
    const drain = await drainOf(p.aws, found.service)
    diffScreen(p.io, found, inactive ? `a new revision like ${to}` : to, differences, notes, drain)
    if (p.io.json)
      p.io.event({ type: 'plan', ...p.named, from: running, to, differences, notes, minutes: rolloutMinutes(found, drain) })
    const line = p.line('rollback', `${typed({ ...f, to })} --yes`)
    // Where nothing is recorded, nobody but a person knows whether it was well.
    const flags = target.guess ? { ...f, yes: false } : f
    if (!(await agreed(p, flags, 'Go back to it?', `This would change the service ${found.name}`, line))) return 0
    const step = stepBack(p.stack?.config.secrets, found.definition, definition, main.name)
    const overlay = memory.declared ? overlayAfter(memory.overlay, step, memory.declared) : undefined
    const back = inactive ? { input: inputOf(definition) } : { definition }
    return await rollOut(
      p,
      memory,
      { found, to: back, how: 'rollback', differences, overlay, force: false, container: main.name ?? '' },
      f.wait !== false,
    )
  } finally {
    await p.close()
  }
}

/** The flags again. */
const typed = (f: RollbackFlags): string =>
  [...(f.to === undefined ? [] : [`--to ${f.to}`]), ...(f.wait === false ? ['--no-wait'] : [])].join(' ')

const done = (p: ServicePlace, running: string, text: string): number => {
  if (p.io.json) p.io.event({ type: 'result', outcome: 'unchanged', ...p.named, from: running, to: running })
  p.io.say(`${p.io.c.green('✓')} ${text} To go to another one: ${p.io.c.cyan(p.line('rollback', '--to <revision>'))}`)
  return 0
}

/** Whether the way back was taken already: by a run that was killed or left, or by ECS itself. */
const isBack = async (p: ServicePlace, memory: Memory, found: Found, settled: Settled): Promise<number | undefined> => {
  const running = revisionOf(found.service.taskDefinition)
  if (settled.under && settled.intent?.how === 'rollback') return followOn(p, memory, found, settled)
  const { ended } = settled
  if (ended?.intent.how === 'rollback' && ended.healthy && ended.intent.revision === running)
    return done(
      p,
      running,
      `The rollback that was begun on ${ended.intent.at.slice(0, 16)} is done: ${found.name} runs ${running}.`,
    )
  const [newest] = memory.entries
  if (newest?.healthy !== false || newest.from !== running) return undefined
  if (settled.under) return followOn(p, memory, found, settled)
  return done(p, running, `ECS has gone back by itself: ${newest.revision} was not healthy, and ${found.name} runs ${running}.`)
}

interface Target extends Revision {
  /** What a person has to know where nothing is recorded. */
  readonly guess?: string
}

/** `7`, `web:7` or an ARN. @throws InfraError (exit 2) */
const named = async (p: ServicePlace, found: Found, to: string): Promise<Target> => {
  const id = /^\d+$/.test(to) ? `${found.definition.family}:${to}` : to
  const revision = /:\d+$/.test(id) ? await revisionAt(p.aws, id) : undefined
  if (revision) return revision
  throw refuse(
    `There is no revision ${to}`,
    `${found.definition.family} has ${await choices(p, found)}`,
    p.line('rollback', '--to <revision>'),
  )
}

const choices = async (p: ServicePlace, found: Found): Promise<string> => {
  const all = await findRevisions(p.aws, found.definition.family ?? '')
  return all.map((arn) => revisionOf(arn).replace(/^.*:/, '')).join(', ') || 'none that is active'
}

/**
 * The last one that was deployed and healthy, as it is recorded here; what still runs beside a rollout; what AWS itself has recorded as
 * deployed; else a guess that a person must confirm.
 */
const before = async (p: ServicePlace, memory: Memory, found: Found): Promise<Target> => {
  const running = revisionOf(found.service.taskDefinition)
  const recorded = lastHealthy(memory.entries, running)
  if (recorded) {
    const revision = await revisionAt(p.aws, recorded.revision)
    if (revision) return revision
  }
  const beside = (found.service.deployments ?? []).find(
    (d) => d.status === 'ACTIVE' && d.rolloutState !== 'FAILED' && d.taskDefinition && revisionOf(d.taskDefinition) !== running,
  )
  const still = beside?.taskDefinition && !isSteady(found.service) ? await revisionAt(p.aws, beside.taskDefinition) : undefined
  if (still) return still
  for (const id of (await healthyBefore(p, memory, running)) ?? []) {
    const revision = await revisionAt(p.aws, id)
    if (revision) return revision
  }
  const [family = '', number = ''] = running.split(':')
  const older = (await findRevisions(p.aws, family)).filter((arn) => Number(revisionOf(arn).split(':')[1]) < Number(number))
  const last = older[0] === undefined ? undefined : await revisionAt(p.aws, older[0])
  if (!last)
    throw refuse(
      `There is no revision of ${family} to go back to`,
      `${running} is the first that is active, and no other is recorded as deployed`,
      p.line('deploy', '--image <tag>'),
    )
  const at = last.definition.registeredAt?.toISOString().slice(0, 16).replace('T', ' ')
  return {
    ...last,
    guess: `Nothing is recorded of what ${found.name} ran before: this is the newest one before ${running}${at ? `, registered on ${at}` : ''}. Whether it ever was well is not known`,
  }
}
