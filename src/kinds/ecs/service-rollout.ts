import type { Deployment, Service as EcsService, Task } from '@aws-sdk/client-ecs'
import type { Aws } from '../../aws/clients.ts'
import { describeTasks, listTasks } from '../../aws/ecs-lists.ts'
import { withoutService } from '../../aws/ecs-words.ts'
import type { ServiceAttrs } from './service-facts.ts'

/** ECS keeps some that are done with in the list. */
const going = (s: EcsService): Deployment[] => (s.deployments ?? []).filter((d) => d.status !== 'INACTIVE')
const primary = (s: EcsService): Deployment | undefined => going(s).find((d) => d.status === 'PRIMARY')

/** Every task runs as it should, and the load balancer has found them healthy. */
export const isSteady = (s: EcsService): boolean => {
  const [rollout, ...others] = going(s)
  // Only rolling updates have a state; others are steady when the numbers are.
  const done = rollout?.rolloutState === undefined || rollout.rolloutState === 'COMPLETED'
  return others.length === 0 && done && s.runningCount === s.desiredCount && !s.pendingCount
}

/** Why ECS has given up on the newest rollout, when it has: it starts no more tasks of it. */
export const failureOf = (s: EcsService): string | undefined => {
  const rollout = primary(s)
  return rollout?.rolloutState === 'FAILED' ? reasonFor(rollout) : undefined
}

const reasonFor = (d: Deployment | undefined): string => d?.rolloutStateReason?.replace(/\.$/, '') ?? 'AWS gives no reason'

/**
 * Why the newest rollout only brings back the one before, when it does. The failed one leaves the list as soon as its last task
 * has ended; the events tell it for longer.
 */
export const rollbackOf = (s: EcsService): string | undefined => {
  const rollout = primary(s)
  if (!rollout) return undefined
  const failed = going(s).find((d) => d !== rollout && d.rolloutState === 'FAILED')
  const told = s.events?.some((e) => e.message?.includes(`rolling back to deployment ${rollout.id}`))
  return failed || told ? reasonFor(failed) : undefined
}

/** In words for the screen: how many tasks run, and what happened last. */
export const noteOf = (s: EcsService): string => {
  const failed = primary(s)?.failedTasks ?? 0
  const counts = `${s.runningCount ?? 0} of ${s.desiredCount ?? 0} tasks running${failed > 0 ? `, ${failed} failed` : ''}`
  if (s.status === 'DRAINING') return `draining, ${s.runningCount ?? 0} tasks left`
  const [last] = eventsOf(s)
  return isSteady(s) || !last ? counts : `${counts}; ${last}`
}

/** Newest first. */
const eventsOf = (s: EcsService): string[] => (s.events ?? []).flatMap((e) => (e.message ? [withoutService(e.message)] : []))

/** How many stopped tasks and events are told. */
const TOLD = 3

/** Why tasks do not start, in AWS's own words: of the tasks that stopped last, and what the service says of itself. */
export const whyNotSteady = async (aws: Aws, { cluster, id }: ServiceAttrs): Promise<string[]> => {
  // Each for itself: what may not be looked at keeps no other reason from being told.
  const [tasks, service] = await Promise.allSettled([
    stoppedTasks(aws, cluster, id),
    aws.ecs('DescribeServices', { cluster, services: [id] }).then((answer) => answer.services?.find((s) => s.serviceName === id)),
  ])
  const stopped = tasks.status === 'fulfilled' ? [...new Set(tasks.value.map(reasonOf))] : []
  const shown = service.status === 'fulfilled' ? service.value : undefined
  const events = shown ? [...new Set(eventsOf(shown))].filter((e) => !/has (started|reached a steady state)/.test(e)) : []
  return [...stopped.slice(0, TOLD), ...events.slice(0, TOLD)]
}

/** The last ones first. ECS forgets them after about an hour. */
const stoppedTasks = async (aws: Aws, cluster: string, serviceName: string): Promise<Task[]> => {
  const tasks = await describeTasks(aws, cluster, await listTasks(aws, { cluster, serviceName, desiredStatus: 'STOPPED' }))
  return tasks.sort((a, b) => (b.stoppedAt?.getTime() ?? 0) - (a.stoppedAt?.getTime() ?? 0))
}

const reasonOf = (t: Task): string => {
  const containers = (t.containers ?? []).flatMap((c) => {
    const said = [c.exitCode === undefined ? undefined : `exit code ${c.exitCode}`, c.reason].filter(Boolean).join(', ')
    return said ? [`${c.name}: ${said}`] : []
  })
  return [`a task stopped: ${t.stoppedReason ?? 'no reason given'}`, ...containers].join('; ')
}
