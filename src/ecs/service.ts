import type { Aws } from '../aws/clients.ts'
import type { Service, TaskDefinition } from '../aws/services/ecs-types.ts'
import { codeOf } from '../aws/trouble.ts'
import type { Clock } from '../core/clock.ts'
import { checkStop, InfraError, refuse } from '../core/errors.ts'
import { type Revision, revisionAt } from './revision.ts'

type Ecs = Pick<Aws, 'ecs'>

/** A service as it runs now, whoever made it. */
export interface Found extends Revision {
  readonly cluster: string
  /** Its name. */
  readonly name: string
  readonly service: Service
  /** The revision that it runs, not the newest of the family. */
  readonly definition: TaskDefinition
}

/**
 * How long "there is none" is not believed. ECS answers MISSING for seconds of a service that it has just made, also after it has shown
 * it once: docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
 */
export interface Patience {
  /** By this clock (ms). */
  readonly until: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * @param instead what to do where there is none, for the sentence
 * @param patience for a service that was made or seen a moment ago
 * @throws InfraError (exit 2) when there is no such service
 */
export const findService = async (
  aws: Ecs,
  cluster: string,
  name: string,
  instead?: string,
  patience?: Patience,
): Promise<Found> => {
  const service = await lateService(aws, cluster, name, instead, patience)
  if (!service?.taskDefinition) throw refuse(`There is no service ${name} in the cluster ${cluster}`, undefined, instead)
  const revision = await revisionAt(aws, service.taskDefinition)
  if (!revision)
    throw refuse(
      `ECS does not show the task definition ${service.taskDefinition}`,
      undefined,
      'ECS may answer late: run the same command again in a minute',
    )
  return { cluster, name, service, ...revision }
}

/** The same as `serviceOf`, asked again as long as the patience says. */
export const lateService = async (
  aws: Ecs,
  cluster: string,
  name: string,
  instead?: string,
  patience?: Patience,
): Promise<Service | undefined> => {
  for (;;) {
    const over = !patience || patience.clock.now() >= patience.until
    const service = await serviceOf(aws, cluster, name, instead).catch((error: unknown) => {
      // The cluster, too, may be known late.
      if (over || !(error instanceof InfraError)) throw error
      return undefined
    })
    if (service || over) return service
    checkStop(patience.signal)
    await patience.clock.sleep(500, patience.signal)
  }
}

/** Undefined where there is none. @throws InfraError (exit 2) when there is no such cluster */
export const serviceOf = async (aws: Ecs, cluster: string, name: string, instead?: string): Promise<Service | undefined> => {
  const asked = aws.ecs('DescribeServices', { cluster, services: [name], include: ['TAGS'] })
  const { services = [], failures = [] } = await asked.catch((error: unknown) => {
    if (codeOf(error) !== 'ClusterNotFound') throw error
    throw refuse(`There is no cluster ${cluster}`, 'not in this account and region', instead)
  })
  const odd = failures.find((f) => f.reason !== 'MISSING')
  if (odd)
    throw refuse(
      `ECS does not show the service ${name}`,
      [odd.reason, odd.detail].filter(Boolean).join(': '),
      'ECS may answer late: run the same command again in a minute',
    )
  return services.find((s) => s.status !== 'INACTIVE')
}

/** DescribeServices takes ten at once. */
const AT_ONCE = 10

/** The services of these names that are active, by name. */
export const activeServices = async (aws: Ecs, cluster: string, names: readonly string[]): Promise<Map<string, Service>> => {
  const parts = Array.from({ length: Math.ceil(names.length / AT_ONCE) }, (_, i) => names.slice(i * AT_ONCE, (i + 1) * AT_ONCE))
  const answers = await Promise.all(
    parts.map((services) => aws.ecs('DescribeServices', { cluster, services, include: ['TAGS'] })),
  )
  return new Map(
    answers.flatMap((a) => a.services ?? []).flatMap((x) => (x.serviceName && x.status === 'ACTIVE' ? [[x.serviceName, x]] : [])),
  )
}
