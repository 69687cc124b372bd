import type { Aws } from '../aws/clients.ts'
import type { Clock } from '../core/clock.ts'
import { InfraError, Interrupted } from '../core/errors.ts'
import { poll } from '../core/poll.ts'
import { retry } from '../core/retry.ts'
import { readAgain } from '../ecs/logs/read.ts'
import { type Reason, reasonOf } from '../ecs/reasons/reasons.ts'
import { type OneOff, runTask } from '../ecs/task.ts'
import type { TaskEnd, TaskNews } from '../ecs/task-follow.ts'

/** Where a container can run that reaches the database server: made beforehand, removed afterwards. */
export interface TaskPlace {
  /** Its name. */
  readonly cluster: string
  /** ARN with revision. */
  readonly taskDefinition: string
  readonly container: string
  readonly logGroup: string
  readonly streamPrefix: string
  readonly subnets: readonly string[]
  readonly securityGroups: readonly string[]
  /** In a public subnet a container has no way to the registry without one. */
  readonly publicAddress: boolean
}

export interface TaskNeeds {
  readonly aws: Pick<Aws, 'ecs' | 'logs'>
  token(): string
  report(line: string): void
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly tags?: Readonly<Record<string, string>>
}

export interface Run {
  readonly needs: TaskNeeds
  readonly place: TaskPlace
  readonly command: readonly string[]
  /** Whether the log is whole. */
  isWhole(lines: readonly string[]): boolean
  /** Hears the ARN of each task that was started. */
  started(arn: string): void
}

/** Milliseconds before each further start: a role that was just made is known to ECS and Secrets Manager within seconds, seldom later. */
const TOO_EARLY = [3000, 6000, 12_000, 20_000]
const MINUTES = 10

/**
 * Runs a container once and gives what it has logged. The answer is often there half a minute before ECS calls the task stopped.
 * @throws InfraError that says why it did not start or broke off; Interrupted, and then it is told to stop
 */
export const runContainer = (run: Run): Promise<readonly string[]> => {
  const { needs } = run
  const { clock, signal } = needs
  return retry(() => once(run), {
    clock,
    signal,
    pause(error, attempt) {
      const wait = error instanceof TooEarly && !signal.aborted ? TOO_EARLY[attempt - 1] : undefined
      if (wait !== undefined) needs.report('The role of the container is not known everywhere yet; trying again')
      return wait
    },
  })
}

const once = async (run: Run): Promise<readonly string[]> => {
  const { needs, place, isWhole } = run
  const { aws, clock, signal } = needs
  if (signal.aborted) throw new Interrupted()
  const hear = (news: TaskNews): void => {
    if (news.type === 'started') run.started(news.task.taskArn ?? '')
    else if (news.type === 'task') needs.report(`Container: ${WORDS[news.status] ?? news.status.toLowerCase()}`)
    else if (news.type === 'note') needs.report(news.text)
  }
  const how = { clock, signal, hear, isWhole, leaves: true, minutes: MINUTES, reason: 'infra: interrupted, or it took too long' }
  const end = await runTask(aws, oneOff(run), { ...how, token: needs.token() }).catch((error: unknown) => {
    if (signal.aborted) throw new Interrupted()
    if (!(error instanceof InfraError)) throw error
    const { what, why, next, cause } = error
    throw new InfraError(what, { why, next: [next, OTHERWISE].filter(Boolean).join(', '), cause })
  })
  if (isWhole(end.lines)) return end.lines
  if (end.told) throw new Interrupted()
  throw explain(end, place)
}

const oneOff = ({ needs, place, command }: Run): OneOff => ({
  cluster: place.cluster,
  definition: {
    taskDefinitionArn: place.taskDefinition,
    containerDefinitions: [
      {
        name: place.container,
        logConfiguration: {
          logDriver: 'awslogs',
          options: { 'awslogs-group': place.logGroup, 'awslogs-stream-prefix': place.streamPrefix },
        },
      },
    ],
  },
  container: place.container,
  command,
  environment: {},
  startedBy: 'infra',
  tags: needs.tags ?? {},
  place: {
    launchType: 'FARGATE',
    networkConfiguration: {
      awsvpcConfiguration: {
        subnets: [...place.subnets],
        securityGroups: [...place.securityGroups],
        assignPublicIp: place.publicAddress ? 'ENABLED' : 'DISABLED',
      },
    },
  },
})

const AGAIN = 'Run the same command again: it first looks at what is there'
const OTHERWISE = 'or set databases.via in infra.yaml to ssm or direct'
const WORDS: Readonly<Record<string, string>> = {
  PROVISIONING: 'gets its network',
  PENDING: 'the image is being fetched',
  RUNNING: 'runs',
  DEPROVISIONING: 'has ended',
  STOPPED: 'is gone',
}

/** Its role was made a moment ago and is not known everywhere yet. Nothing has run, so it can be started once more. */
class TooEarly extends InfraError {}

/** Why a container did not do its work. */
const explain = (end: TaskEnd, place: TaskPlace): InfraError => {
  const { task, exitCode } = end
  if (!task) return new InfraError('The container that was started is not there any more', { next: AGAIN })
  if (end.late)
    return new InfraError(`The container is still "${task.lastStatus}" after ${MINUTES} minutes`, {
      why: 'it was told to stop',
      next: AGAIN,
    })
  // What begins with a mark is in base64, for us.
  const lines = end.lines.filter((text) => !text.startsWith('@'))
  const reason = reasonOf({ ...task, log: lines })
  const said = [task.stoppedReason, ...(task.containers ?? []).map((c) => c.reason)].filter(Boolean).join('; ')
  if (exitCode === undefined) return notStarted(reason, said, place)
  if (exitCode !== 0)
    return new InfraError(`The container ended with the code ${exitCode}`, {
      why: [reason?.what, said || task.stopCode, ...lines.slice(-3)].filter(Boolean).join('; '),
      next: AGAIN,
    })
  return new InfraError('The container has ended, but its log is not complete', {
    why: `what it did is not known here: ${place.logGroup} holds ${end.lines.length} lines of it`,
    next: AGAIN,
  })
}

const notStarted = (reason: Reason | undefined, said: string, place: TaskPlace): InfraError => {
  const what = `The container did not start${reason ? `: ${reason.what}` : ''}`
  const why = said || 'AWS gave no reason'
  if (reason?.cause === 'route') {
    const where = place.publicAddress
      ? 'its subnet has a public address but no route to the internet'
      : 'its subnet has no NAT gateway'
    return new InfraError(what, {
      why: `${where} (${why})`,
      next: `Put it into a public subnet with a public address, or a private one with a NAT gateway, ${OTHERWISE}`,
    })
  }
  if (reason?.cause === 'role')
    return new TooEarly(what, {
      why,
      next: `${AGAIN}. A key of your own on the secret needs kms:Decrypt for the role of the container too`,
    })
  return new InfraError(what, { why, next: `Fix that, then run the same command again, ${OTHERWISE}` })
}

const GONE_MS = 180_000

/** Until ECS calls the tasks stopped: before that their cluster and network cannot be removed. */
export const untilGone = async (needs: TaskNeeds, { cluster }: TaskPlace, arns: readonly string[]): Promise<void> => {
  const { clock, signal, aws } = needs
  if (arns.length === 0) return
  const patience = { clock, signal, patient: true, slow: needs.report }
  await poll({
    clock,
    signal: () => signal,
    pace: (elapsedMs) => Math.min(10_000, Math.max(1000, elapsedMs / 40)),
    async look(elapsedMs) {
      const answer = await readAgain(patience, () => aws.ecs('DescribeTasks', { cluster, tasks: [...arns] }))
      const gone = (answer?.tasks ?? []).every((t) => t.lastStatus === 'STOPPED')
      return gone || signal.aborted || elapsedMs >= GONE_MS || undefined
    },
  })
}
