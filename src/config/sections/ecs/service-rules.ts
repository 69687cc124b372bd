import type { No, On } from '../../rule.ts'
import { isPublic, type Place } from './all.ts'
import type { EcsService } from './schema.ts'

/** What holds for a service by itself. */
export const service = ({ path: at }: Place, s: EcsService, on: On, no: No): void => {
  const path = [...at]
  ports(path, s, on, no)
  health(path, s, no)
  scaling(path, s, on, no)
  rollout(path, s, no)
  drain(path, s, no)
}

const ports = (path: (string | number)[], s: EcsService, on: On, no: No): void => {
  if (s.public && s.port === undefined)
    no([...path, 'port'], undefined, 'what stands behind the load balancer needs a port, for example 8000')
  if (s.public && on('ecs') && !on('load-balancer'))
    no(
      [...path, 'public'],
      s.public,
      'there is no load balancer without the step load-balancer: add it, or take this line out, for example steps: [..., load-balancer]',
    )
  for (const what of ['hosts', 'paths'] as const)
    if (s[what].length > 0 && !isPublic(s))
      no(
        [...path, what],
        s[what],
        'they count only behind the load balancer, which needs a port and no public: false, for example port: 8000',
      )
    else if (s[what].length > 0 && on('ecs') && !on('load-balancer'))
      no([...path, what], s[what], 'they count only with the step load-balancer: add it, for example steps: [..., load-balancer]')
}

const health = (path: (string | number)[], { health: h }: EcsService, no: No): void => {
  if (h.timeoutSeconds >= h.intervalSeconds)
    no(
      [...path, 'health', 'timeoutSeconds'],
      h.timeoutSeconds,
      `it must be shorter than health.intervalSeconds (${h.intervalSeconds}), for example ${Math.max(2, Math.min(5, h.intervalSeconds - 1))}`,
    )
  else if (h.command !== undefined && h.timeoutSeconds > 60)
    no(
      [...path, 'health', 'timeoutSeconds'],
      h.timeoutSeconds,
      'with health.command it counts inside the container too, where ECS takes at most 60 seconds, for example 5',
    )
}

const scaling = (path: (string | number)[], { autoscaling: a, desired }: EcsService, on: On, no: No): void => {
  if (!a) return
  if (on('ecs') && !on('autoscaling'))
    no(
      [...path, 'autoscaling'],
      a,
      'it counts only with the step autoscaling: add it, or take these lines out, for example steps: [..., autoscaling]',
    )
  if (a.min > a.max)
    no([...path, 'autoscaling', 'min'], a.min, `it must not be above autoscaling.max (${a.max}), for example ${a.max}`)
  else if (desired < a.min || desired > a.max)
    no(
      [...path, 'desired'],
      desired,
      `it must lie between autoscaling.min (${a.min}) and autoscaling.max (${a.max}), for example ${Math.max(a.min, 1)}`,
    )
  if (a.cpuPercent === undefined && a.memoryPercent === undefined)
    no(
      [...path, 'autoscaling', 'cpuPercent'],
      undefined,
      'autoscaling needs a target: cpuPercent or memoryPercent, for example 70',
    )
}

/**
 * A rollout needs room for one task: one that may go before, or one that may come on top. ECS rounds the first up, the second down.
 * docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
 */
const rollout = (path: (string | number)[], s: EcsService, no: No): void => {
  const fewest = Math.max(1, Math.min(s.desired, s.autoscaling?.min ?? s.desired))
  const mayGo = Math.ceil((fewest * s.minHealthyPercent) / 100) < fewest
  const mayCome = Math.floor((fewest * s.maxPercent) / 100) > fewest
  if (!mayGo && !mayCome)
    no(
      [...path, 'maxPercent'],
      s.maxPercent,
      `with minHealthyPercent ${s.minHealthyPercent} and ${fewest} ${fewest === 1 ? 'task' : 'tasks'} none may go and none may come, so no rollout would ever begin, for example 200`,
    )
}

/** AWS takes a task of Spot away two minutes after it said so. repost.aws/knowledge-center/fargate-spot-termination-notice */
const SPOT_NOTICE_SECONDS = 120

const drain = (path: (string | number)[], { capacity, deregistrationDelaySeconds: seconds }: EcsService, no: No): void => {
  if (capacity === 'FARGATE_SPOT' && seconds >= SPOT_NOTICE_SECONDS)
    no(
      [...path, 'deregistrationDelaySeconds'],
      seconds,
      `with capacity FARGATE_SPOT a task has ${SPOT_NOTICE_SECONDS} seconds before it is taken away, so it must be shorter, for example 60`,
    )
}
