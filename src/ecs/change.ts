import type { Aws } from '../aws/clients.ts'
import type { RegisterTaskDefinitionCommandInput, Service, Tag, TaskDefinition } from '../aws/services/ecs-types.ts'
import { InfraError } from '../core/errors.ts'

type Ecs = Pick<Aws, 'ecs'>

interface Named {
  readonly cluster: string
  readonly name: string
}

/** Sets how many tasks a service runs. Autoscaling may lift the number again at once: pause it before, or set its minimum after. */
export const setDesiredCount = async (aws: Ecs, { cluster, name }: Named, desiredCount: number): Promise<void> => {
  await aws.ecs('UpdateService', { cluster, service: name, desiredCount })
}

/** Registers a revision of a task definition. @throws InfraError when ECS does not say which it is */
export const registerRevision = async (
  aws: Ecs,
  input: RegisterTaskDefinitionCommandInput,
  tags: readonly Tag[],
): Promise<TaskDefinition> => {
  const { taskDefinition } = await aws.ecs('RegisterTaskDefinition', {
    ...input,
    ...(tags.length > 0 ? { tags: [...tags] } : {}),
  })
  if (taskDefinition?.taskDefinitionArn) return taskDefinition
  throw new InfraError('ECS did not say which revision it has registered', { next: 'Run the same command again: it finds it' })
}

/**
 * Begins a rollout: a deployment that replaces the tasks by those of another revision.
 * @param how.force also where the revision is the one that runs: its tasks start anew
 * @param how.desiredCount another number of tasks from now on
 * @returns the service with the new deployment
 */
export const startRollout = async (
  aws: Ecs,
  { cluster, name }: Named,
  taskDefinition: string,
  { force, desiredCount }: { readonly force: boolean; readonly desiredCount?: number | undefined },
): Promise<Service | undefined> => {
  const { service } = await aws.ecs('UpdateService', {
    cluster,
    service: name,
    taskDefinition,
    ...(force ? { forceNewDeployment: true } : {}),
    ...(desiredCount === undefined ? {} : { desiredCount }),
  })
  return service
}
