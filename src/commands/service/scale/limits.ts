import { type InfraError, refuse } from '../../../core/errors.ts'
import { resourceOf, type ScalingTarget } from '../../../ecs/scaling.ts'
import { commandLine } from '../../../session/globals.ts'
import type { CountMemory } from '../../../session/records/counts.ts'
import { leftAtZero } from '../../../session/records/minimum.ts'
import type { ServicePlace } from '../../../session/service.ts'
import type { PausedLimits } from '../../../state/memory.ts'
import { count } from '../../../ui/format.ts'

/** What autoscaling has to do with a number. */
export interface Scaling {
  /** Its limits, as they are or as they come back; undefined where there is none. */
  readonly limits: { readonly min: number; readonly max: number } | undefined
  /** It must be paused, or it would lift the service at once. */
  readonly pause: boolean
  /** What it gets back. */
  readonly resume: PausedLimits | undefined
}

/** From the account where a target is registered there, else from the config. */
export const limitsOf = (p: ServicePlace, memory: CountMemory, target: ScalingTarget | undefined, n: number): Scaling => {
  const config = p.stack?.config
  const wanted = p.named.key === undefined ? undefined : config?.ecs.services[p.named.key]?.autoscaling
  const declared = wanted && config?.steps.includes('autoscaling') ? wanted : undefined
  if (!target) {
    const limits = declared && { min: declared.min, max: declared.max }
    return { limits, pause: n === 0 && (declared?.min ?? 0) > 0, resume: undefined }
  }
  // Somebody may have given it a minimum since: then that counts, and nothing is to be given back.
  const before = target.min === 0 ? (memory.paused ?? firstMinimum(p, target, n > 0)) : undefined
  const limits = { min: before?.min ?? target.min, max: target.max }
  return { limits, pause: n === 0 && target.min > 0, resume: n > 0 ? before : undefined }
}

/** It was made before the service had an image, and never got the minimum of infra.yaml. */
const firstMinimum = (
  { stack, named }: ServicePlace,
  { suspended }: ScalingTarget,
  starts: boolean,
): PausedLimits | undefined => {
  const min = stack && named.key !== undefined ? leftAtZero(stack, named.key, starts) : undefined
  return min === undefined ? undefined : { min, suspended, at: '' }
}

/** Autoscaling would bring a number outside of its limits back within them. @returns the refusal */
export const outside = (p: ServicePlace, { limits, pause }: Scaling, n: number, memory: CountMemory): InfraError | undefined => {
  const { key, cluster, name } = p.named
  if (pause && !memory.kept)
    return refuse(
      `Autoscaling keeps at least ${count(limits?.min ?? 1, 'task')} of ${name}`,
      'to pause it, its limits must be written down somewhere, and there is no state in this folder',
      `${inAws(cluster, name, 'min', 0)}, then the same command again`,
    )
  if (!limits || n === 0 || (n >= limits.min && n <= limits.max)) return undefined
  const side = n < limits.min ? 'min' : 'max'
  const next =
    key === undefined
      ? `${inAws(cluster, name, side, n)}, then the same command again`
      : `Write ${side}: ${n} under ecs.services.${key}.autoscaling in ${p.stack?.loaded.file ?? 'infra.yaml'}, then: ${commandLine(p.g, 'create autoscaling')}`
  return refuse(
    `Autoscaling keeps ${name} at ${limits.min} to ${limits.max} tasks, and ${n} is outside of that`,
    'it would bring the number back at once',
    next,
  )
}

const inAws = (cluster: string, name: string, side: 'min' | 'max', n: number): string =>
  `aws application-autoscaling register-scalable-target --service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id ${resourceOf(cluster, name)} --${side}-capacity ${n}`
