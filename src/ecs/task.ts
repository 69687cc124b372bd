import { createHash } from 'node:crypto'
import type { Aws } from '../aws/clients.ts'
import { describeTasks, listTasks } from '../aws/ecs-lists.ts'
import type { Service, Task, TaskDefinition } from '../aws/services/ecs-types.ts'
import { classify } from '../aws/trouble.ts'
import type { Clock } from '../core/clock.ts'
import { InfraError, refuse } from '../core/errors.ts'
import { retry } from '../core/retry.ts'
import { type Follow, followTask, type TaskEnd } from './task-follow.ts'

/** A task that runs once, beside the services. */
export interface OneOff {
  readonly cluster: string
  readonly definition: TaskDefinition
  /** The container that the command is for. */
  readonly container: string
  /** Empty: the one of the definition. */
  readonly command: readonly string[]
  /** For this run. */
  readonly environment: Readonly<Record<string, string>>
  readonly place: Place
  readonly tags: Readonly<Record<string, string>>
  /** By this it is found again. Left out: by family and command. */
  readonly startedBy?: string
}

/** Where it runs, as RunTask takes it. */
export interface Place {
  readonly launchType?: 'FARGATE' | 'EC2' | 'EXTERNAL'
  readonly capacityProviderStrategy?: NonNullable<Service['capacityProviderStrategy']>
  readonly networkConfiguration?: NonNullable<Service['networkConfiguration']>
  readonly platformVersion?: string
  readonly enableExecuteCommand?: boolean
}

/** What ECS allows for all overrides, with the JSON around them. */
const OVERRIDES = 8192

/**
 * Network and launch type of a service, for a task beside it. What it may leave to Spot is not: a migration that is taken away in the
 * middle is worse than some cents.
 */
export const placeBeside = (s: Service): Place => {
  const strategy = s.capacityProviderStrategy ?? []
  const fargate = strategy.every((c) => /^FARGATE(_SPOT)?$/.test(c.capacityProvider ?? ''))
  const launchType = strategy.length > 0 ? 'FARGATE' : (s.launchType as Place['launchType'])
  const own = s.platformVersion !== undefined && s.platformVersion !== 'LATEST' ? { platformVersion: s.platformVersion } : {}
  return {
    ...(fargate ? (launchType ? { launchType } : {}) : { capacityProviderStrategy: strategy }),
    ...(s.networkConfiguration ? { networkConfiguration: s.networkConfiguration } : {}),
    ...(fargate ? own : {}),
    ...(s.enableExecuteCommand ? { enableExecuteCommand: true } : {}),
  }
}

/** By this a task is found again: the same command of the same family. ECS takes 128 letters, digits, hyphens, slashes and underscores. */
export const startedBy = ({ definition, command, startedBy }: Pick<OneOff, 'definition' | 'command' | 'startedBy'>): string => {
  if (startedBy !== undefined) return startedBy
  const family = definition.family ?? ''
  const hash = createHash('sha256')
    .update(JSON.stringify([family, command]))
    .digest('hex')
    .slice(0, 12)
  return `infra-run/${family.replace(/[^\w-]/g, '-').slice(0, 100)}/${hash}`
}

const overridesOf = ({ container, command, environment }: Pick<OneOff, 'container' | 'command' | 'environment'>) => {
  const variables = Object.entries(environment).map(([name, value]) => ({ name, value }))
  if (command.length === 0 && variables.length === 0) return undefined
  return {
    containerOverrides: [
      {
        name: container,
        ...(command.length > 0 ? { command: [...command] } : {}),
        ...(variables.length > 0 ? { environment: variables } : {}),
      },
    ],
  }
}

/** Whether the command and its variables are within what ECS allows. */
export const fits = (o: Pick<OneOff, 'container' | 'command' | 'environment'>): boolean => lengthOf(o) <= OVERRIDES
const lengthOf = (o: Pick<OneOff, 'container' | 'command' | 'environment'>): number => JSON.stringify(overridesOf(o) ?? {}).length

/** What ECS would refuse, or do otherwise than it looks. @throws InfraError (exit 2) */
export const checkOneOff = (o: OneOff): void => {
  const main = o.definition.containerDefinitions?.find((c) => c.name === o.container)
  const secret = main?.secrets?.find((s) => Object.hasOwn(o.environment, s.name ?? ''))
  if (secret)
    throw refuse(
      `${secret.name} is a secret of the task definition ${o.definition.family}`,
      'a variable of one run does not take its place',
      'Leave it out, or change it for all tasks: infra deploy --set-secret <K=secret:KEY>',
    )
  if (!fits(o))
    throw refuse(
      'The command and its variables are too long',
      `ECS takes ${OVERRIDES} characters, and these are ${lengthOf(o)}`,
      'Put them into the image, or into a file that the command fetches',
    )
  if (o.definition.volumes?.some((v) => v.configuredAtLaunch))
    throw refuse(
      `The task definition ${o.definition.family} has a volume that is configured at launch`,
      'infra run cannot say how',
      'aws ecs run-task --volume-configurations',
    )
}

/** Whether a task that runs is this very one: the same revision, command and variables. */
export const isSame = (task: Task, o: OneOff): boolean => {
  const own = task.overrides?.containerOverrides?.find((c) => c.name === o.container)
  const environment = Object.fromEntries((own?.environment ?? []).map((e) => [e.name ?? '', e.value ?? '']))
  const text = (command: readonly string[], variables: Readonly<Record<string, string>>): string =>
    JSON.stringify([command, Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1))])
  return (
    task.taskDefinitionArn === o.definition.taskDefinitionArn &&
    text(own?.command ?? [], environment) === text(o.command, o.environment)
  )
}

/** Tasks of the same command that still run, whoever has started them. The oldest first. */
export const runningNow = async (aws: Pick<Aws, 'ecs'>, o: OneOff): Promise<Task[]> => {
  const arns = await listTasks(aws, { cluster: o.cluster, startedBy: startedBy(o) })
  const tasks = await describeTasks(aws, o.cluster, arns)
  return tasks
    .filter((t) => t.lastStatus !== 'STOPPED')
    .sort((a, b) => (a.createdAt?.getTime() ?? 0) - (b.createdAt?.getTime() ?? 0))
}

/** Milliseconds before each further try: a role or a network that was made a moment ago is not known everywhere yet. */
const TOO_EARLY = [2000, 4000, 8000, 16_000]
const LOST = 4

/**
 * Starts it. One token for all tries: ECS then knows that it is the same, and starts one.
 * docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
 * @throws InfraError when AWS does not start it
 */
export const startTask = (
  aws: Pick<Aws, 'ecs'>,
  o: OneOff,
  { token, clock, signal }: { readonly token: string; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Task> => {
  const overrides = overridesOf(o)
  const tags = Object.entries(o.tags).map(([key, value]) => ({ key, value }))
  const start = async (): Promise<Task> => {
    const { tasks, failures } = await aws.ecs('RunTask', {
      cluster: o.cluster,
      taskDefinition: o.definition.taskDefinitionArn,
      count: 1,
      clientToken: token,
      startedBy: startedBy(o),
      ...o.place,
      ...(overrides ? { overrides } : {}),
      ...(tags.length > 0 ? { tags } : {}),
    })
    const task = tasks?.[0]
    if (task?.taskArn) return task
    throw notStarted(failures?.[0])
  }
  return retry(start, {
    clock,
    signal,
    pause(error, attempt) {
      if (error instanceof InfraError) return undefined
      const trouble = classify(error)
      if (trouble === 'propagating') return signal.aborted ? undefined : TOO_EARLY[attempt - 1]
      // Also when told to stop: a start whose answer is lost may be one that must be told to stop.
      return trouble === 'unknown-outcome' && attempt < LOST ? 1000 * attempt : undefined
    },
  })
}

/**
 * Starts a task, and follows it and its log to the end: the only way in which infra runs a task that is no service's.
 * @param how.token of this start: a lost answer starts no second one
 * @throws InfraError when AWS does not start it
 */
export const runTask = async (
  aws: Pick<Aws, 'ecs' | 'logs'>,
  o: OneOff,
  how: Follow & { readonly token: string },
): Promise<TaskEnd> => {
  const task = await startTask(aws, o, how)
  how.hear({ type: 'started', task })
  return followTask(aws, o, task.taskArn ?? '', how)
}

/** AWS refused, but not with an error. docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html */
const notStarted = (failure: { reason?: string | undefined; detail?: string | undefined } | undefined): InfraError => {
  const why = [failure?.reason, failure?.detail].filter(Boolean).join(': ') || 'AWS gave no reason'
  const again = 'Run the same command again in a minute'
  if (/limit on the number of (tasks|vCPUs)/i.test(why))
    return new InfraError('An account limit of Fargate is reached', {
      why,
      next: 'Ask for more: Service Quotas, AWS Fargate; or wait until other tasks have ended',
    })
  if (/^Capacity is unavailable|capacity/i.test(why) && !/^EMPTY CAPACITY/i.test(why))
    return new InfraError('AWS has no room for the task in these zones now', {
      why,
      next: `${again}; if it goes on: subnets in more zones, or another size`,
    })
  if (/^RESOURCE:ENI/i.test(why))
    return new InfraError('There is no network interface left for the task', { why, next: `${again}, or end other tasks` })
  if (/^RESOURCE:/i.test(why))
    return new InfraError('No machine of the cluster has room for the task', {
      why,
      next: `${again}, or give the cluster more machines`,
    })
  if (/^(AGENT|LOCATION|ATTRIBUTE|EMPTY CAPACITY|NO ACTIVE INSTANCES|MISSING)/i.test(why))
    return new InfraError('The cluster has no machine that can run the task', {
      why,
      next: 'Look at the machines of the cluster: aws ecs list-container-instances --cluster <name>',
    })
  return new InfraError('AWS did not start the task', { why, next: 'Run the same command again' })
}
