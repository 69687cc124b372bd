import type { Service } from '../../aws/services/ecs-types.ts'
import { codeOf } from '../../aws/trouble.ts'
import { checkStop, refuse } from '../../core/errors.ts'
import { setDesiredCount } from '../../ecs/change.ts'
import { isChecked, pausedAs, register, resourceOf, type ScalingTarget, targetsOf } from '../../ecs/scaling.ts'
import type { Found } from '../../ecs/service.ts'
import { agreed } from '../../session/confirm.ts'
import { findOwn } from '../../session/owner.ts'
import { type CountMemory, countMemoryOf } from '../../session/records/counts.ts'
import { followCount, knownNow } from '../../session/rollout/count.ts'
import { scaleScreen } from '../../session/rollout/count-screen.ts'
import { openService, orRefuse, type ServicePlace } from '../../session/service.ts'
import { count, elapsed } from '../../ui/format.ts'
import type { ScaleFlags } from './definitions.ts'
import { limitsOf, outside, type Scaling } from './scale/limits.ts'

/** As many tasks as ECS runs of one service, unless a person has asked AWS for more. */
const MOST = 5000

/** How many tasks of a service run; followed until they do and are well. @param given a service and a number, or the number */
export const scaleCommand = async (given: readonly string[], f: ScaleFlags): Promise<number> => {
  const { key, n } = asked(given, f)
  const p = await openService(key, f, 'scale', true)
  try {
    return await scale(p, n, f)
  } finally {
    await p.close()
  }
}

/** @throws InfraError (exit 2) */
const asked = (given: readonly string[], f: ScaleFlags): { key: string | undefined; n: number } => {
  const [first, second] = given
  const only = second === undefined
  const key = only ? undefined : first
  const text = (only ? first : second) ?? ''
  const line = `infra scale ${[key ?? (f.service ? undefined : '<service>'), '2'].filter(Boolean).join(' ')}`
  if (only && (text === '' || /^[a-z]/.test(text)))
    throw refuse('How many tasks shall run?', 'no number was given', `infra scale ${text || '<service>'} 2`)
  if (!/^\d{1,9}$/.test(text) || Number(text) > MOST)
    throw refuse(`${text} is no number of tasks`, `it must be a whole number from 0 to ${MOST}`, line)
  return { key, n: Number(text) }
}

/** The work of `infra scale`, in a place that is open. @returns the exit code */
export const scale = async (p: ServicePlace, n: number, f: ScaleFlags): Promise<number> => {
  const { io } = p
  const found = await orRefuse(p, scalable(p, n))
  const memory = countMemoryOf(p)
  const target = await orRefuse(p, targetOf(p, found))
  const scaling = limitsOf(p, memory, target === 'unknown' ? undefined : target, n)
  const refusal = outside(p, scaling, n, memory)
  if (refusal) throw refusal
  const from = found.service.desiredCount ?? 0
  const line = p.line('scale', `${n}${f.wait === false ? ' --no-wait' : ''} --yes`)
  const changes = from !== n || scaling.pause || scaling.resume !== undefined
  if (changes) {
    scaleScreen(p, { found, from, to: n, autoscaling: scaling.limits, notes: notesOf(p, scaling, n, memory, target) })
    if (!(await agreed(p, f, 'Do it?', `This would change the service ${found.name}`, line))) return 0
  }
  p.begin()
  const known = await knownNow(p, found)
  await change(p, memory, found, target === 'unknown' ? undefined : target, scaling, n)
  if (changes && io.json) io.event({ type: 'scaled', ...p.named, from, to: n })
  const result = (outcome: string, running: number, elapsedMs: number): void => {
    if (io.json) io.event({ type: 'result', outcome, ...p.named, from, to: n, running, elapsedMs })
  }
  if (!changes && isThere(found.service, n)) {
    result('unchanged', n, 0)
    io.say(`${io.c.green('✓')} ${found.name} runs ${count(n, 'task')} already.`)
    return 0
  }
  const again = p.line('scale', String(n))
  if (f.wait === false) {
    result('begun', found.service.runningCount ?? 0, 0)
    io.say(`\n${io.c.green('✓')} ${found.name} is on its way from ${from} to ${count(n, 'task')}.`)
    io.say(`  To follow it: ${io.c.cyan(again)}`)
    return 0
  }
  const aim = { count: n, from, ...known, checked: isChecked(found.definition) }
  const seen = await followCount(p, { found, aim, again, scales: scaling.limits !== undefined && !scaling.pause })
  result(seen.outcome, seen.running, seen.elapsedMs)
  if (seen.outcome !== 'healthy') return seen.code
  const runs = `${found.name} runs ${n === 0 ? 'no task' : count(n, 'task')} after ${elapsed(seen.elapsedMs)}`
  io.say(`\n${io.c.green('✓')} ${runs}${n === 0 ? '' : ', healthy'}. Before: ${from}.`)
  if (from !== n) io.say(`  To go back: ${io.c.cyan(p.line('scale', String(from)))}`)
  return 0
}

/** The service, if it has a number that can be set. @throws InfraError (exit 2) */
const scalable = async (p: ServicePlace, n: number): Promise<Found> => {
  const found = await findOwn(p, 'scale', String(n))
  const { service } = found
  if (service.status !== 'ACTIVE')
    throw refuse(
      `The service ${found.name} is ${service.status}`,
      'it is being deleted',
      'Once it is gone, make it anew: infra create ecs',
    )
  if (service.schedulingStrategy === 'DAEMON')
    throw refuse(
      `The service ${found.name} is a daemon`,
      'ECS runs one task of it on each instance, so it has no number',
      'Change the number of instances of the cluster instead',
    )
  return found
}

/** Who may not look whether autoscaling is on can still set a number. */
const targetOf = async (p: ServicePlace, { cluster, name }: Found): Promise<ScalingTarget | undefined | 'unknown'> => {
  const id = resourceOf(cluster, name)
  try {
    return (await targetsOf(p.aws, [id])).get(id)
  } catch (error) {
    if (!/^AccessDenied/.test(codeOf(error))) throw error
    return 'unknown'
  }
}

const isThere = (s: Service, n: number): boolean => s.desiredCount === n && s.runningCount === n && !s.pendingCount

const notesOf = (
  p: ServicePlace,
  { limits, pause, resume }: Scaling,
  n: number,
  memory: CountMemory,
  target: ScalingTarget | undefined | 'unknown',
): string[] => [
  ...(target === 'unknown'
    ? ['Whether autoscaling is on could not be looked at (application-autoscaling:DescribeScalableTargets)']
    : []),
  ...(pause
    ? [
        `Autoscaling would bring it back to ${limits?.min}, so it is paused meanwhile; ${p.line('scale', '<n>')} gives back what it has now`,
      ]
    : limits && n > 0
      ? [
          `Autoscaling is on (${limits.min} to ${limits.max} tasks) and may change the number again${resume ? '; it goes on from here' : ''}`,
        ]
      : []),
  ...(memory.sleeper && n > 0 ? [`The stack sleeps (infra stop): only this service is woken, with ${count(n, 'task')}`] : []),
]

/**
 * The calls that are left to do, each written down so that a run which is killed anywhere is gone on with by the same command:
 * what autoscaling had, before it is paused; the number, once it is set.
 */
const change = async (
  p: ServicePlace,
  memory: CountMemory,
  found: Found,
  target: ScalingTarget | undefined,
  { limits, pause, resume }: Scaling,
  n: number,
): Promise<void> => {
  try {
    if (pause && limits) {
      // One that the config has and the account has not yet must not lift it either, once it is made.
      await memory.pause(pausedAs(target ?? { min: limits.min, suspended: { in: false, out: false, scheduled: false } }))
      checkStop(p.signal)
      if (target) await register(p.aws, target.resourceId, 'paused')
    }
    if (found.service.desiredCount !== n) {
      checkStop(p.signal)
      await setDesiredCount(p.aws, found, n)
    }
    // After the number: a minimum above it would lift it at once.
    if (resume && target) {
      checkStop(p.signal)
      await register(p.aws, target.resourceId, resume)
    }
    // It may have it back already, by a run that was killed or by somebody else.
    const min = target && (memory.paused || resume) ? (n === 0 ? 0 : (resume?.min ?? target.min)) : undefined
    await memory.set(n, min)
  } catch (error) {
    throw p.explain(error)
  }
}
