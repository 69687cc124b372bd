/** Typical minutes from the start of a task until the load balancer finds it healthy. */
const UP_MINUTES = 2.5
/** Typical minutes from the order to stop until a task is gone, its drain not counted: ECS gives it 30 seconds to end. */
const DOWN_MINUTES = 0.5

export interface RollingUpdate {
  readonly desired: number
  /** AWS's defaults: 100 and 200. */
  readonly minHealthyPercent?: number | undefined
  readonly maxPercent?: number | undefined
  /** The target group's deregistration delay; 0 behind no load balancer. */
  readonly drainSeconds: number
}

/** Typical minutes until tasks that are told to stop are gone. */
export const minutesDown = (drainSeconds: number): number => DOWN_MINUTES + drainSeconds / 60

/**
 * Typical minutes of a rolling update: ECS brings new tasks up as far as the two limits leave room, and calls it completed only once the
 * old ones have drained. docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
 */
export const minutesOfRollout = ({ desired, minHealthyPercent = 100, maxPercent = 200, drainSeconds }: RollingUpdate): number => {
  if (desired === 0) return 0
  const least = Math.ceil((desired * minHealthyPercent) / 100)
  const most = Math.floor((desired * maxPercent) / 100)
  const rounds = Math.ceil(desired / Math.max(1, most - least))
  // Where there may be no more than before, each new task waits for an old one to be gone.
  return most > desired ? rounds * UP_MINUTES + minutesDown(drainSeconds) : rounds * (UP_MINUTES + minutesDown(drainSeconds))
}
