import type { Aws } from '../aws/clients.ts'
import type { Service, TaskDefinition } from '../aws/services/ecs-types.ts'
import { refuse } from '../engine/errors.ts'

/** A service as it runs now, whoever made it. */
export interface Found {
  readonly cluster: string
  /** Its name. */
  readonly name: string
  readonly service: Service
  /** The revision that it runs, not the newest of the family. */
  readonly definition: TaskDefinition
}

/** @throws InfraError (exit 2) when there is no such service */
export const findService = async (aws: Aws, cluster: string, name: string): Promise<Found> => {
  const { services = [], failures = [] } = await aws.ecs('DescribeServices', { cluster, services: [name], include: ['TAGS'] })
  const service = services.find((s) => s.status !== 'INACTIVE')
  if (!service?.taskDefinition)
    throw refuse(
      `There is no service ${name} in the cluster ${cluster}`,
      failures[0]?.reason === 'MISSING' ? undefined : failures[0]?.reason,
      'Name the service with --cluster and --service, or create it: infra create ecs',
    )
  const { taskDefinition } = await aws.ecs('DescribeTaskDefinition', { taskDefinition: service.taskDefinition, include: ['TAGS'] })
  if (!taskDefinition) throw refuse(`ECS does not show the task definition ${service.taskDefinition}`)
  return { cluster, name, service, definition: taskDefinition }
}

/** `web:7` of an ARN. */
export const revisionOf = (arn: string | undefined): string => arn?.split('/').at(-1) ?? ''
