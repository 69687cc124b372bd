import type { Config } from '../config/config.ts'
import type { Container } from '../config/sections/ecs.ts'
import { Role } from '../kinds/iam/role.ts'
import { secretArn, splitSecret } from './environment.ts'
import type { Add, Lookups, Outputs } from './types.ts'

/** Which secrets the application reads itself: those that it is said to, and that of the database where it is told its name. */
const runtimeSecrets = ({ runtimeSecrets: named, environment }: Container): string[] => {
  const isTold = Object.values(environment).some((text) => /\$\{secret\.(name|arn)\}/.test(text))
  return [...named, ...(isTold ? ['database'] : [])]
}

/** A policy with which exactly these secrets can be read; undefined: none. */
const readPolicy = (names: readonly string[], c: Config, out: Outputs) => {
  const arns = [...new Set(names)].sort().flatMap((name) => secretArn(name, out) ?? [])
  if (arns.length === 0) return undefined
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
  return {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'], Resource: arns },
      ...key,
    ],
  }
}

/**
 * Two roles. That of ECS itself gets the image, writes the logs and reads the secrets whose keys become variables; nothing in the container
 * can use it. That of the application reads only what it reads itself: the database's secret holds the master's password, too.
 */
export const rolesOf = (add: Add, c: Config, at: Lookups, out: Outputs) => {
  const own = [...Object.values(c.ecs.services), ...Object.values(c.ecs.tasks)]
  const handed = [...own, ...Object.values(at.deployed ?? {})].flatMap(({ secrets = {} }) =>
    Object.values(secrets).map((from) => splitSecret(from)[0]),
  )
  const forEcs = readPolicy(handed, c, out)
  const forApplication = readPolicy(own.flatMap(runtimeSecrets), c, out)
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
      policies: forEcs ? { SecretsManagerAccess: forEcs } : {},
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
        ...(forApplication ? { ApplicationRuntimeAccess: forApplication } : {}),
        ...(c.ecs.exec ? { ExecuteCommand: exec } : {}),
      },
    },
    { name: c.ecs.taskRole },
  )
  return { execution: execution.arn, task: task.arn }
}
