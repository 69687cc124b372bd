import type { Aws } from '../../aws/clients.ts'
import { isPaused, resourceOf, targetsOf } from '../scaling.ts'
import type { Check, Line } from './check.ts'

/**
 * Whether autoscaling keeps a service running. At a minimum of 0 it may take a quiet one down to no task, and nothing that it measures
 * brings that back.
 * @param declared the minimum of infra.yaml, where it says one
 * @returns nothing where a service has no autoscaling and none is declared: then there is nothing to look at
 */
export const checkScaling = async (
  aws: Pick<Aws, 'autoScaling'>,
  of: { readonly cluster: string; readonly service: string; readonly declared: number | undefined; readonly line: Line },
): Promise<Check | []> => {
  const name = 'autoscaling'
  const id = resourceOf(of.cluster, of.service)
  const target = (await targetsOf(aws, [id])).get(id)
  if (!target)
    return of.declared === undefined
      ? []
      : { name, outcome: 'warn', detail: 'infra.yaml asks for it, and this service has none', next: 'infra create autoscaling' }
  const { min, max } = target
  if (isPaused(target)) return { name, outcome: 'warn', detail: 'it is paused', next: of.line('scale', '<n>') }
  const detail = `${min} to ${max} tasks`
  if (min > 0 || of.declared === 0) return { name, outcome: 'pass', detail }
  const why = of.declared === undefined ? '' : `, infra.yaml says ${of.declared}`
  const next =
    of.declared === undefined
      ? `aws application-autoscaling register-scalable-target --service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id ${id} --min-capacity 1`
      : 'infra create autoscaling'
  return {
    name,
    outcome: of.declared === undefined ? 'warn' : 'fail',
    detail: `its minimum is 0${why}: it may take a quiet service down to no task, and nothing wakes that`,
    next,
  }
}
