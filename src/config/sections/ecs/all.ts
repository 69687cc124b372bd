import type { StepName } from '../../names.ts'
import type { On } from '../../rule.ts'
import type { LoadBalancer } from '../load-balancer.ts'
import type { Secrets } from '../secrets.ts'
import type { Vpc } from '../vpc.ts'
import type { Ecs, EcsService, EcsTask } from './schema.ts'

/** What the rules for containers read of the config. */
export interface All {
  readonly project: string
  readonly environment: string
  readonly namePrefix?: string | undefined
  readonly steps?: readonly StepName[] | undefined
  readonly vpc: Vpc
  readonly secrets: Secrets
  readonly loadBalancer: LoadBalancer
  readonly ecs: Ecs
}
/** A service or a task, and where it stands in the config. */
export interface Place {
  readonly key: string
  readonly path: readonly (string | number)[]
}

export const onOf =
  ({ steps }: Pick<All, 'steps'>): On =>
  (step) =>
    steps?.some((s) => s === step) ?? false

/** A service with a port stands behind the load balancer, unless it says otherwise. */
export const isPublic = (s: EcsService): boolean => s.public ?? s.port !== undefined

/** The default VPC has no private ones. */
export const subnetsOf = ({ subnets }: EcsTask, { mode }: Vpc): 'private' | 'public' =>
  subnets ?? (mode === 'default' ? 'public' : 'private')

/** Names of target groups in AWS, by service. */
export const targetGroupsOf = ({ services }: Ecs, prefix: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(services)
      .filter(([, s]) => isPublic(s))
      .map(([key, s]) => [key, s.targetGroup ?? `${prefix}-${key}`]),
  )
