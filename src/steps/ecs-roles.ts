import type { Config } from '../config/settle.ts'
import { Role } from '../kinds/iam/role.ts'
import { secretArn, splitSecret } from './environment.ts'
import type { Add, Lookups, Outputs } from './types.ts'

/** Two roles: one for ECS itself (image, secrets, logs), one for the application. Each reads exactly the secrets that are used. */
export const rolesOf = (add: Add, c: Config, at: Lookups, out: Outputs) => {
  const all = [...Object.values(c.ecs.services), ...Object.values(c.ecs.tasks), ...Object.values(at.deployed ?? {})]
  const names = all.flatMap(({ secrets = {} }) => Object.values(secrets).map((from) => splitSecret(from)[0]))
  const arns = [...new Set(names)].sort().flatMap((name) => secretArn(name, out) ?? [])
  const key = c.secrets.kmsKey
    ? [
        {
          Effect: 'Allow',
          Action: ['kms:Decrypt'],
          Resource: '*',
          Condition: { StringEquals: { 'kms:EncryptionContext:SecretARN': arns } },
        },
      ]
    : []
  const read = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'], Resource: arns },
      ...key,
    ],
  }
  const exec = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: [
          'ssmmessages:CreateControlChannel',
          'ssmmessages:CreateDataChannel',
          'ssmmessages:OpenControlChannel',
          'ssmmessages:OpenDataChannel',
        ],
        Resource: '*',
      },
    ],
  }
  const service = 'ecs-tasks.amazonaws.com'
  const execution = add(
    Role,
    'task-execution-role',
    {
      service,
      description: `Lets ECS start the tasks of ${c.application}: image, secrets, logs`,
      managedPolicies: [`arn:${at.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy`],
      policies: arns.length > 0 ? { SecretsManagerAccess: read } : {},
    },
    { name: c.ecs.executionRole },
  )
  const task = add(
    Role,
    'task-role',
    {
      service,
      description: `What the application ${c.application} itself may do`,
      managedPolicies: [...new Set(Object.values(c.ecs.services).flatMap((s) => s.managedPolicies))],
      policies: {
        ...(arns.length > 0 ? { ApplicationRuntimeAccess: read } : {}),
        ...(c.ecs.exec ? { ExecuteCommand: exec } : {}),
      },
    },
    { name: c.ecs.taskRole },
  )
  return { execution: execution.arn, task: task.arn }
}
