import { minutesDown, minutesOfRollout } from '../../aws/ecs-times.ts'
import type { Change, Impact } from '../../engine/kind.ts'
import type { ServiceProps } from './service-facts.ts'

/** The delay of a row that was written before it could be set. */
const DEFAULT_DRAIN = 300
const drainOf = ({ loadBalancer, drainSeconds = DEFAULT_DRAIN }: Partial<ServiceProps>): number =>
  loadBalancer ? drainSeconds : 0

/** What a delete and every wait take longer than for a service behind no load balancer. */
export const drainMinutes = (want: Partial<ServiceProps>): number => drainOf(want) / 60

/** What makes ECS start new tasks. */
const ROLLS: readonly string[] = [
  'taskDefinition',
  'subnetIds',
  'securityGroupIds',
  'publicAddress',
  'capacity',
  'loadBalancer',
  'exec',
]
/** A drain that is shorter is not worth a sentence. */
const LONG_DRAIN = 60

/** A rollout goes on until the old tasks have drained; another number of tasks until the surplus has. */
export const impactOf = ({ was, want, changed }: Change<ServiceProps>): Impact => {
  const { desired = 1, minHealthyPercent, maxPercent } = want
  const drainSeconds = drainOf(want)
  const rolls = changed.some((p) => ROLLS.includes(p))
  const fewer = changed.includes('desired') && desired < (was.desired ?? desired)
  const long = (rolls || fewer) && desired > 0 && drainSeconds > LONG_DRAIN
  const minutes = rolls
    ? minutesOfRollout({ desired, minHealthyPercent, maxPercent, drainSeconds })
    : fewer
      ? minutesDown(drainSeconds)
      : changed.includes('desired')
        ? minutesOfRollout({ desired: 1, drainSeconds: 0 })
        : 0.5
  const sentence = `its old tasks have ${drainSeconds} s to finish their requests, and the rollout waits for that (deregistrationDelaySeconds)`
  return { minutes, says: long ? [sentence] : [] }
}
