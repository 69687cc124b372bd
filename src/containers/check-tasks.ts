import type { Aws } from '../aws/clients.ts'
import type { Task } from '../aws/services/ecs-types.ts'

/** DescribeTasks takes at most as many. */
const PART = 100

/** All tasks of a service that run, or those that ended lately: ECS shows them for about an hour. The youngest first. */
export const tasksOf = async (
  aws: Pick<Aws, 'ecs'>,
  cluster: string,
  serviceName: string,
  desiredStatus: 'RUNNING' | 'STOPPED',
): Promise<Task[]> => {
  const arns: string[] = []
  let nextToken: string | undefined
  do {
    const page = await aws.ecs('ListTasks', { cluster, serviceName, desiredStatus, ...(nextToken ? { nextToken } : {}) })
    arns.push(...(page.taskArns ?? []))
    nextToken = page.nextToken
  } while (nextToken)
  const parts = Array.from({ length: Math.ceil(arns.length / PART) }, (_, i) => arns.slice(i * PART, i * PART + PART))
  const answers = await Promise.all(parts.map((tasks) => aws.ecs('DescribeTasks', { cluster, tasks })))
  const began = (t: Task): number => (t.startedAt ?? t.createdAt)?.getTime() ?? 0
  return answers.flatMap((a) => a.tasks ?? []).sort((a, b) => began(b) - began(a))
}
