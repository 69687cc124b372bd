import type { Aws } from '../aws/clients.ts'
import { classify, unlessGone } from '../aws/trouble.ts'

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
  sleep(ms: number): Promise<void>
  readonly signal: AbortSignal
  readonly tags?: Readonly<Record<string, string>>
}

/** As far as it matters here. */
export interface Task {
  readonly lastStatus?: string | undefined
  readonly stopCode?: string | undefined
  readonly stoppedReason?: string | undefined
  readonly containers?:
    | readonly {
        readonly name?: string | undefined
        readonly exitCode?: number | undefined
        readonly reason?: string | undefined
      }[]
    | undefined
}

/** Looks without an answer, one after another, until it is given up: about ten minutes. */
const UNANSWERED = 30

/** Milliseconds until the next look: close together at first. */
export const pause = (elapsed: number): number => Math.min(10_000, Math.max(1000, elapsed / 40))

export const lookAt = async (needs: TaskNeeds, { cluster }: TaskPlace, arn: string): Promise<Task | undefined> => {
  const { tasks } = await again(needs, () => needs.aws.ecs('DescribeTasks', { cluster, tasks: [arn] }))
  return tasks?.[0]
}

/** The whole log each time, from its head: it is short. At its end AWS gives the same token again. */
export const logOf = async (needs: TaskNeeds, place: TaskPlace, arn: string): Promise<string[]> => {
  const stream = {
    logGroupName: place.logGroup,
    logStreamName: `${place.streamPrefix}/${place.container}/${arn.slice(arn.lastIndexOf('/') + 1)}`,
    startFromHead: true,
  }
  const lines: string[] = []
  let nextToken: string | undefined
  for (;;) {
    const page = await again(needs, () =>
      unlessGone(needs.aws.logs('GetLogEvents', { ...stream, ...(nextToken ? { nextToken } : {}) })),
    )
    lines.push(...(page?.events ?? []).flatMap((e) => (e.message ?? '').split('\n')))
    if (!page?.nextForwardToken || page.nextForwardToken === nextToken) return lines
    nextToken = page.nextForwardToken
  }
}

/** A read, asked again when the network is away for a moment. */
const again = async <T>(needs: TaskNeeds, read: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read()
    } catch (error) {
      if (!/^(unknown-outcome|unreachable)$/.test(classify(error)) || attempt >= UNANSWERED) throw error
      await needs.sleep(Math.min(30_000, 1000 * attempt))
    }
  }
}

export const tellToStop = async (needs: TaskNeeds, { cluster }: TaskPlace, task: string, why: string): Promise<void> => {
  await needs.aws.ecs('StopTask', { cluster, task, reason: `infra: ${why}` }).catch((error: Error) => {
    needs.report(`The container could not be told to stop (${error.message}); it ends by itself`)
  })
}

/** Until ECS calls the tasks stopped: before that their cluster and network cannot be removed. */
export const untilGone = async (needs: TaskNeeds, place: TaskPlace, arns: readonly string[]): Promise<void> => {
  for (let elapsed = 0; arns.length > 0 && elapsed < 180_000; ) {
    const { tasks } = await again(needs, () => needs.aws.ecs('DescribeTasks', { cluster: place.cluster, tasks: [...arns] }))
    if ((tasks ?? []).every((t) => t.lastStatus === 'STOPPED')) return
    const ms = pause(elapsed)
    await needs.sleep(ms)
    elapsed += ms
  }
}
