import type { Service } from '../../aws/services/ecs-types.ts'
import type { Edit } from '../../ecs/record.ts'
import { isPaused, resourceOf, targetsOf } from '../../ecs/scaling.ts'
import { serviceOf } from '../../ecs/service.ts'
import { withCount, withPaused, withSleeper } from '../../ecs/sleep-record.ts'
import type { Survey } from '../../engine/kind.ts'
import type { Session } from '../types.ts'

const same: Edit = (l) => l

/**
 * The number of tasks, and whether the service sleeps: from the service and its scaling target, since the record of it is gone. With
 * autoscaling the number within the limits is nobody's word.
 */
export const countsOf = async (
  s: Session,
  key: string,
  survey: Survey,
): Promise<{ sentences: string[]; counted: Edit; runs: boolean }> => {
  const of = s.config.ecs.services[key]
  const service = of && (await serviceOf(s.aws, s.config.ecs.cluster, of.name))
  if (!of || !service) return { sentences: [], counted: same, runs: false }
  const desired = service.desiredCount ?? 0
  const runs = desired + (service.runningCount ?? 0) > 0
  const scales = s.config.steps.includes('autoscaling') && of.autoscaling !== undefined
  const id = resourceOf(s.config.ecs.cluster, of.name)
  const target = scales && desired === 0 ? (await targetsOf(s.aws, [id])).get(id) : undefined
  const by = { at: new Date().toISOString(), by: s.caller.arn }
  if (desired === of.desired || (desired > 0 && scales)) return { sentences: [], counted: same, runs }
  if (desired > 0)
    return {
      sentences: [`${key} runs ${desired} tasks, infra.yaml says ${of.desired}: that counts as scaled`],
      counted: (l) => withCount(l, key, { count: desired, since: of.desired, ...by }),
      runs,
    }
  const paused = target !== undefined && isPaused(target)
  const server = survey.get('db-instance')
  const sleeps = paused || (ranBefore(service) && server !== undefined && server.is !== 'absent' && server.asleep !== undefined)
  if (sleeps)
    return {
      sentences: [`${key} runs no task, and its autoscaling is paused or the database is stopped: it counts as asleep`],
      counted: (l) => {
        const min = of.autoscaling?.min ?? 0
        const slept = withSleeper(l, key, {
          count: of.desired,
          since: of.desired,
          down: true,
          ...(paused ? { paused } : {}),
          ...by,
        })
        return paused ? withPaused(slept, key, { min, suspended: { in: false, out: false, scheduled: false }, at: by.at }) : slept
      },
      runs,
    }
  if (!ranBefore(service)) return { sentences: [], counted: same, runs }
  return {
    sentences: [`${key} runs no task, infra.yaml says ${of.desired}: that counts as scaled`],
    counted: (l) => withCount(l, key, { count: 0, since: of.desired, ...by }),
    runs: true,
  }
}

/** Its events go back far enough to tell one that never had a task. */
const ranBefore = ({ events = [] }: Service): boolean => events.some((e) => /has (started|stopped) \d+/.test(e.message ?? ''))
