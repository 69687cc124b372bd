import type { Aws } from '../../aws/clients.ts'
import type { Service, Task } from '../../aws/services/ecs-types.ts'
import { codeOf } from '../../aws/trouble.ts'
import { idOf } from '../failure.ts'
import { reasonOf, reasonOfTarget } from '../reasons/reasons.ts'
import { revisionOf } from '../revision.ts'
import { belongs, hasFailed, judgeRollout, primaryOf } from '../rollout.ts'
import { type Check, type Line, many } from './check.ts'

/** As many as are wanted run, and no more. */
export const checkTasks = (service: Service, line: Line): Check => {
  const { desiredCount: desired = 0, runningCount: running = 0, pendingCount: pending = 0 } = service
  const name = 'tasks'
  if (desired === 0 && running === 0)
    return { name, outcome: 'warn', detail: 'none runs, and none is wanted', next: line('scale', '1') }
  const detail = `${running} of ${desired} run${pending > 0 ? `, ${many(pending, 'more')} on the way`.replace('mores', 'more') : ''}`
  if (running === desired && pending === 0) return { name, outcome: 'pass', detail }
  const next = running < desired ? line('logs') : line('deploy')
  return { name, outcome: 'fail', detail, next: `${next} ${running < desired ? 'shows what they write' : 'follows the rollout'}` }
}

/** One rollout, and that is done. */
export const checkDeployment = (service: Service, line: Line): Check => {
  const name = 'deployment'
  const primary = primaryOf(service)
  const revision = revisionOf(primary?.taskDefinition ?? service.taskDefinition)
  const others = (service.deployments ?? []).filter((d) => d !== primary && d.status !== 'INACTIVE')
  const since = primary?.createdAt?.toISOString().slice(0, 16).replace('T', ' ')
  const standing = judgeRollout({ service, tasks: [] })
  if (standing.is === 'failed' && standing.over)
    return {
      name,
      outcome: 'fail',
      detail: `${revision}: ${standing.why}`,
      next: line('rollback'),
    }
  if (standing.is !== 'steady' || others.length > 0) {
    const names = others.map((d) => revisionOf(d.taskDefinition))
    const old = [...new Set(names.map((n) => (n === revision ? 'older tasks of it' : n)))].join(', ')
    return {
      name,
      outcome: 'fail',
      detail: `a rollout to ${revision} is under way${old ? `, beside ${old}` : ''}`,
      next: `${line('deploy')} follows it to its end`,
    }
  }
  return { name, outcome: 'pass', detail: `${revision} is all that runs${since ? `, since ${since} UTC` : ''}` }
}

/**
 * Tasks of this rollout that ended, although nobody asked them to.
 * @param stopped those that ended lately; ECS shows them for about an hour
 */
export const checkRestarts = (service: Service, stopped: readonly Task[], ours: boolean, line: Line): Check => {
  const name = 'restarts'
  const primary = primaryOf(service)
  const since = primary?.createdAt?.getTime() ?? 0
  const aim = { revision: primary?.taskDefinition ?? service.taskDefinition ?? '', deployment: primary?.id, since }
  const ended = stopped.filter((t) => belongs(t, aim, primary) && hasFailed(t, service))
  const [last] = ended
  if (!last) return { name, outcome: 'pass', detail: 'no task of this revision ended by itself (ECS shows the last hour)' }
  const reason = reasonOf(last, ours)
  const examples = ended.slice(0, 3).map((t) => `${idOf(t)}: ${t.stoppedReason ?? t.stopCode ?? 'no reason given'}`)
  // Another task usually puts that right.
  const once = ended.every((t) => (reasonOf(t, ours)?.retries ?? 0) >= ended.length)
  return {
    name,
    outcome: once ? 'warn' : 'fail',
    detail: `${many(ended.length, 'task')} ended: ${reason?.what ?? last.stoppedReason ?? 'no reason given'}`,
    next: reason?.next ?? line('logs'),
    examples,
  }
}

/** The target groups that a service registers its tasks in. */
export const groupsOf = (service: Service): string[] => [
  ...new Set((service.loadBalancers ?? []).flatMap((b) => (b.targetGroupArn ? [b.targetGroupArn] : []))),
]

/** Every target of one target group answers the health check of the load balancer. */
export const checkTargets = async (
  aws: Pick<Aws, 'elb'>,
  TargetGroupArn: string,
  service: Service,
  ours: boolean,
  line: Line,
): Promise<Check> => {
  const name = `targets ${TargetGroupArn.split('/')[1] ?? TargetGroupArn}`
  const answer = await aws.elb('DescribeTargetHealth', { TargetGroupArn }).catch((error: unknown) => {
    if (codeOf(error) === 'TargetGroupNotFound') return undefined
    throw error
  })
  if (!answer)
    return {
      name,
      outcome: 'fail',
      detail: 'the target group is gone',
      next: ours ? 'infra create load-balancer' : 'Give the service another one: aws ecs update-service --load-balancers',
    }
  const seen = (answer.TargetHealthDescriptions ?? []).map(({ Target: t, TargetHealth: h }) => ({ id: t?.Id ?? '', ...h }))
  const counted = seen.filter((t) => t.State !== 'draining')
  const healthy = counted.filter((t) => t.State === 'healthy').length
  const wanted = service.desiredCount ?? 0
  if (counted.length === 0)
    return wanted === 0
      ? { name, outcome: 'warn', detail: 'it has none, since no task is wanted', next: line('scale', '1') }
      : { name, outcome: 'fail', detail: 'no task is registered in it', next: line('deploy', '--force') }
  const detail = `${healthy} of ${counted.length} healthy`
  const sick = counted.filter((t) => t.State !== 'healthy' && t.State !== 'initial')
  const [first] = sick
  if (first) {
    const reason = reasonOfTarget(first.Reason, first.Description, ours)
    const examples = sick.slice(0, 3).map((t) => `${t.id}: ${t.State} ${t.Reason ?? ''} ${t.Description ?? ''}`.trim())
    return {
      name,
      outcome: 'fail',
      detail: `${detail}; ${first.id}: ${reason?.what ?? first.State}`,
      next: reason?.next ?? line('logs'),
      examples,
    }
  }
  if (healthy < counted.length)
    return { name, outcome: 'fail', detail: `${detail}, the others are still looked at`, next: `${line('verify')} in a minute` }
  return { name, outcome: 'pass', detail }
}
