import { classify } from '../aws/trouble.ts'
import { InfraError, Interrupted } from '../core/errors.ts'
import { logOf, lookAt, pause, type Task, type TaskNeeds, type TaskPlace, tellToStop } from './task-look.ts'
import { explainFailure, explainStop, isTooEarly, type Stopped } from './task-trouble.ts'

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
const DEADLINE = 10 * 60_000
/** What a container wrote last is in its log some seconds after it has ended. */
const LOG_LAG = 60_000
/** As much patience for the words of one that failed: they only say more. */
const WORDS_LAG = 10_000
/** Just after its start a task is not visible everywhere. */
const INVISIBLE = 30_000

/**
 * Runs a container once and gives what it has logged. The answer is often there half a minute before ECS calls the task stopped.
 * @throws InfraError that says why it did not start or broke off; Interrupted, and then it is told to stop
 */
export const runTask = async (run: Run): Promise<readonly string[]> => {
  for (let attempt = 0; ; attempt++) {
    try {
      const arn = await start(run)
      run.started(arn)
      return await follow(run, arn)
    } catch (error) {
      const wait = TOO_EARLY[attempt]
      if (!isTooEarly(error) || wait === undefined) throw error
      run.needs.report('The role of the container is not known everywhere yet; once more')
      await run.needs.sleep(wait)
      if (run.needs.signal.aborted) throw new Interrupted()
    }
  }
}

/** One token for all tries of one start: ECS then knows that it is the same, and starts one. */
const start = async ({ needs, place, command }: Run): Promise<string> => {
  const clientToken = needs.token()
  const tags = Object.entries(needs.tags ?? {}).map(([key, value]) => ({ key, value }))
  for (let attempt = 1; ; attempt++) {
    try {
      const { tasks, failures } = await needs.aws.ecs('RunTask', {
        cluster: place.cluster,
        taskDefinition: place.taskDefinition,
        launchType: 'FARGATE',
        count: 1,
        clientToken,
        startedBy: 'infra',
        networkConfiguration: {
          awsvpcConfiguration: {
            subnets: [...place.subnets],
            securityGroups: [...place.securityGroups],
            assignPublicIp: place.publicAddress ? 'ENABLED' : 'DISABLED',
          },
        },
        overrides: overridesOf(place.container, command),
        ...(tags.length > 0 ? { tags } : {}),
      })
      const arn = tasks?.[0]?.taskArn
      if (arn) return arn
      throw explainFailure(failures?.[0])
    } catch (error) {
      if (classify(error) !== 'unknown-outcome' || attempt >= 3) throw error
      await needs.sleep(1000 * attempt)
    }
  }
}

export const overridesOf = (
  name: string,
  command: readonly string[],
): { containerOverrides: { name: string; command: string[] }[] } => ({
  containerOverrides: [{ name, command: [...command] }],
})

const follow = async ({ needs, place, isWhole }: Run, arn: string): Promise<readonly string[]> => {
  let status = ''
  let elapsed = 0
  let stoppedAt: number | undefined
  for (;;) {
    if (needs.signal.aborted) {
      await tellToStop(needs, place, arn, 'interrupted')
      throw new Interrupted()
    }
    const task = await lookAt(needs, place, arn)
    if (!task && elapsed > INVISIBLE)
      throw new InfraError('The container that was started is not there any more', { next: AGAIN })
    if (task?.lastStatus && task.lastStatus !== status)
      needs.report(`Container: ${WORDS[task.lastStatus] ?? task.lastStatus.toLowerCase()}`)
    status = task?.lastStatus ?? status
    const lines = /^(RUNNING|DEACTIVATING|STOPPING|DEPROVISIONING|STOPPED)$/.test(status) ? await logOf(needs, place, arn) : []
    if (isWhole(lines)) return lines
    if (task && status === 'STOPPED') {
      stoppedAt ??= elapsed
      const stopped = stoppedOf(task, place)
      const since = elapsed - stoppedAt
      const patience = stopped.exitCode === undefined ? 0 : stopped.exitCode === 0 ? LOG_LAG : lines.length > 0 ? 0 : WORDS_LAG
      if (since >= patience) throw explainStop(stopped, lines)
    }
    if (elapsed > DEADLINE) {
      await tellToStop(needs, place, arn, 'took too long')
      throw new InfraError(`The container is still "${status}" after ${DEADLINE / 60_000} minutes`, {
        why: 'it was told to stop',
        next: AGAIN,
      })
    }
    const ms = pause(elapsed)
    await needs.sleep(ms)
    elapsed += ms
  }
}

const AGAIN = 'Run the same command again: it first looks at what is there'
const WORDS: Readonly<Record<string, string>> = {
  PROVISIONING: 'gets its network',
  PENDING: 'the image is being fetched',
  RUNNING: 'runs',
  DEPROVISIONING: 'has ended',
  STOPPED: 'is gone',
}

const stoppedOf = (task: Task, place: TaskPlace): Stopped => {
  const container = task.containers?.find((c) => c.name === place.container)
  const { stopCode: code = '', stoppedReason: reason = '' } = task
  return { exitCode: container?.exitCode ?? undefined, code, reason, containerReason: container?.reason ?? '', place }
}
