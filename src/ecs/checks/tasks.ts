import type { Aws } from '../../aws/clients.ts'
import { describeTasks, listTasks } from '../../aws/ecs-lists.ts'
import type { Task } from '../../aws/services/ecs-types.ts'

/** All tasks of a service that run, or those that ended lately: ECS shows them for about an hour. The youngest first. */
export const tasksOf = async (
  aws: Pick<Aws, 'ecs'>,
  cluster: string,
  serviceName: string,
  desiredStatus: 'RUNNING' | 'STOPPED',
): Promise<Task[]> => {
  const tasks = await describeTasks(aws, cluster, await listTasks(aws, { cluster, serviceName, desiredStatus }))
  const began = (t: Task): number => (t.startedAt ?? t.createdAt)?.getTime() ?? 0
  return tasks.sort((a, b) => began(b) - began(a))
}
