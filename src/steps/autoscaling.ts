import type { Config } from '../config/config.ts'
import { ScalingPolicy } from '../kinds/autoscaling/policy.ts'
import { ScalableTarget } from '../kinds/autoscaling/target.ts'
import type { Add, Lookups, Running } from './types.ts'

/** More tasks when the present ones are busy, fewer when they idle. */
export const autoscaling = (add: Add, c: Config, at: Lookups, running: Running): void => {
  for (const [key, { name, autoscaling: a }] of Object.entries(c.ecs.services)) {
    const service = running.services[key]
    if (!a || !service) continue
    const resourceId = `service/${running.cluster}/${name}`
    const target = add(
      ScalableTarget,
      `${key}-scaling-target`,
      // It would lift a service that waits for its image, or that sleeps.
      { resourceId, min: at.images?.[key] === false || at.counts?.[key]?.paused ? 0 : a.min, max: a.max },
      { name: resourceId, after: [service] },
    )
    const policy = (
      what: 'cpu' | 'memory',
      metric: 'ECSServiceAverageCPUUtilization' | 'ECSServiceAverageMemoryUtilization',
      percent: number,
    ) =>
      add(
        ScalingPolicy,
        `${key}-${what}-scaling`,
        {
          resourceId: target.id,
          metric,
          target: percent,
          scaleOutCooldown: a.scaleOutCooldownSeconds,
          scaleInCooldown: a.scaleInCooldownSeconds,
        },
        // Each service has policies of its own, so the name need not tell whose it is, and stays when another service comes.
        { name: `${c.namePrefix}-${what}-scaling` },
      )
    if (a.cpuPercent !== undefined) policy('cpu', 'ECSServiceAverageCPUUtilization', a.cpuPercent)
    if (a.memoryPercent !== undefined) policy('memory', 'ECSServiceAverageMemoryUtilization', a.memoryPercent)
  }
}
