import type { Task } from '@aws-sdk/client-ecs'
import type { Aws } from './clients.ts'
import { pages } from './pages.ts'

type Ecs = Pick<Aws, 'ecs'>

/** ARNs of all tasks: ECS lists at most 100 at once. */
export const listTasks = (
  aws: Ecs,
  of: {
    readonly cluster: string
    readonly serviceName?: string
    /** Default: RUNNING. */
    readonly desiredStatus?: 'RUNNING' | 'STOPPED'
    /** Must be the only filter. */
    readonly startedBy?: string
  },
): Promise<string[]> =>
  pages(async (nextToken) => {
    const page = await aws.ecs('ListTasks', { ...of, ...(nextToken ? { nextToken } : {}) })
    return [page.taskArns, page.nextToken]
  })

/** ARNs of all services of a cluster: ECS lists 10 at once where nothing else is asked for, and at most 100. */
export const listServices = (aws: Ecs, cluster: string): Promise<string[]> =>
  pages(async (nextToken) => {
    const page = await aws.ecs('ListServices', { cluster, maxResults: 100, ...(nextToken ? { nextToken } : {}) })
    return [page.serviceArns, page.nextToken]
  })

/** ECS describes at most so many at once. */
const AT_ONCE = 100

/** The tasks of these ARNs, as far as ECS still shows them. */
export const describeTasks = async (aws: Ecs, cluster: string, arns: readonly string[]): Promise<Task[]> => {
  const parts = Array.from({ length: Math.ceil(arns.length / AT_ONCE) }, (_, i) => arns.slice(i * AT_ONCE, (i + 1) * AT_ONCE))
  const answers = await Promise.all(parts.map((tasks) => aws.ecs('DescribeTasks', { cluster, tasks })))
  return answers.flatMap((a) => a.tasks ?? [])
}
