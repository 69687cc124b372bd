import type { Aws } from '../aws/clients.ts'
import type { Config } from '../config/config.ts'
import { Graph } from '../engine/graph.ts'
import { Cluster } from '../kinds/ecs/cluster.ts'
import { TaskDefinition } from '../kinds/ecs/task-definition.ts'
import { Role } from '../kinds/iam/role.ts'
import { LogGroup } from '../kinds/logs/log-group.ts'
import { TASK_STEP } from './database-task-step.ts'

export interface DatabaseTask {
  readonly image: string
  readonly environment: Readonly<Record<string, string>>
  /** `arn:key::` by the variable's name. */
  readonly secrets: Readonly<Record<string, string>>
}

/** Where the container stands in the task definition. */
export const CONTAINER = 'psql'

/** A cluster, a role that reads exactly the secrets that are given to the container, a log that is kept for a day, and the definition. */
export const declareDatabaseTask = (c: Config, partition: string, of: DatabaseTask): Graph<Aws> => {
  const stack = new Graph<Aws>(c.namePrefix)
  const add = stack.in(TASK_STEP)
  const secrets = Object.fromEntries(Object.entries(of.secrets).map(([name, from]) => [name, parts(from)]))
  const arns = [...new Set(Object.values(secrets).map((s) => s.arn))].sort()
  const role = add(Role, 'database-task-role', {
    service: 'ecs-tasks.amazonaws.com',
    description: `Lets a container of ${c.application} read the database secrets and write its log`,
    managedPolicies: [`arn:${partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy`],
    policies: {
      'database-secrets': {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: ['secretsmanager:GetSecretValue'], Resource: arns },
          // A key of the account's own encrypts them only where the config names one.
          ...(c.secrets.kmsKey
            ? [
                {
                  Effect: 'Allow',
                  Action: ['kms:Decrypt'],
                  Resource: '*',
                  Condition: { StringEquals: { 'kms:EncryptionContext:SecretARN': arns } },
                },
              ]
            : []),
        ],
      },
    },
  })
  const log = add(LogGroup, 'database-task-log', { retentionDays: 1 }, { name: `/infra/${c.namePrefix}/database-task` })
  add(Cluster, 'database-task-cluster', {
    capacityProviders: ['FARGATE'],
    defaultStrategy: [{ provider: 'FARGATE', weight: 1 }],
  })
  add(TaskDefinition, 'database-task-definition', {
    // The smallest that Fargate has.
    cpu: 256,
    memory: 512,
    executionRoleArn: role.arn,
    region: c.region,
    containers: [
      {
        name: CONTAINER,
        image: of.image,
        essential: true,
        environment: of.environment,
        secrets,
        logGroup: log.id,
        streamPrefix: 'infra',
      },
    ],
  })
  return stack
}

const parts = (from: string): { arn: string; key: string } => {
  const all = from.split(':')
  return { arn: all.slice(0, 7).join(':'), key: all[7] ?? '' }
}
