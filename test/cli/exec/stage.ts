import type { Task } from '../../../src/aws/services/ecs-types.ts'
import type { Found } from '../../../src/ecs/service.ts'
import { arnOf, at, deployment, service, task } from '../../ecs/support.ts'

/** As the command names itself. */
export const line = (verb: string, more = ''): string => `infra ${verb} web${more ? ` ${more}` : ''}`
export const definition = {
  taskDefinitionArn: arnOf('web:7'),
  family: 'web',
  taskRoleArn: 'arn:aws:iam::111122223333:role/shop-task',
  containerDefinitions: [{ name: 'web', image: 'x', essential: true }],
}
/** A service with ECS Exec. */
export const found = (more: object = {}): Found => ({
  cluster: 'shop',
  name: 'web',
  definition,
  service: service([deployment('web:7', { rolloutState: 'COMPLETED' })], { enableExecuteCommand: true, ...more }),
})
/** A task of it, started at this second, with an agent in this state. */
export const running = (id: string, s: number, agent?: string, more: Partial<Task> = {}): Task =>
  task('web:7', {
    taskArn: `arn:aws:ecs:us-east-1:111122223333:task/shop/${id}`,
    startedAt: at(s),
    enableExecuteCommand: true,
    containers: [
      {
        name: 'web',
        lastStatus: 'RUNNING',
        runtimeId: `${id}-r`,
        ...(agent ? { managedAgents: [{ name: 'ExecuteCommandAgent', lastStatus: agent }] } : {}),
      },
    ],
    ...more,
  })
