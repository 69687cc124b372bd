/*
 * What a state remembers besides its rows. Plain data: types and not interfaces, so that nothing but JSON fits into them.
 */

/** Answers from outside that the declared stack was built on: the next run declares the same. */
export type Facts = {
  /** Availability zones, in the order of the subnets. */
  readonly zones?: readonly string[]
  /** The account's default VPC, where `vpc.mode` is `default`. */
  readonly network?: { readonly vpcId: string; readonly subnetIds: readonly string[] }
  /** The address that may use SSH on the bastion, as a block: `203.0.113.7/32`. */
  readonly callerCidr?: string
  /** The exact version of the database engine: `16.10`. */
  readonly engineVersion?: string
  /** DB parameters that AWS has been asked about. */
  readonly parameters?: KnownParameters
  readonly bastionType?: string
  readonly bastionImage?: { readonly architecture: string; readonly id: string }
}

export type KnownParameters = {
  /** The family of parameter groups that they belong to: `postgres16`. */
  readonly family: string
  readonly known: readonly string[]
  /** Those that hold only after a restart of the server. */
  readonly static: readonly string[]
}

/** By the key of infra.yaml, or `cluster/name` for a service that is none of the stack's. */
export type Services = Readonly<Record<string, ServiceRecord>>

/** What deploy, scale, stop and create remember of a service. What is left out is not so. */
export type ServiceRecord = {
  /** Rollouts that have ended, newest first. */
  readonly history?: readonly Deployment[]
  /** One that was begun and whose end nobody has seen yet. */
  readonly pending?: PendingRollout
  /** What deploys have changed since infra.yaml was written. */
  readonly overlay?: Overlay
  /** It was made before its image was there, so it runs no task yet. */
  readonly awaitsImage?: true
  /** A number of tasks that a person has set. */
  readonly count?: ManualCount
  /** What autoscaling had before it was paused: this is given back. */
  readonly autoscaling?: PausedLimits
  /** It sleeps with its stack. */
  readonly sleep?: Sleeping
}

/** A revision that was rolled out. */
export type Deployment = {
  /** `web:7` */
  readonly revision: string
  /** What ran before. */
  readonly from?: string
  readonly image?: string
  /** ISO time, like all `at`. */
  readonly at: string
  /** ARN of the caller, like all `by`. */
  readonly by: string
  readonly how: 'deploy' | 'rollback' | 'force' | 'found'
  /** Left out: nobody saw how it ended. */
  readonly healthy?: boolean
  readonly changes: readonly string[]
  /** Somebody has gone back from it, so nothing goes back to it unless it is named. */
  readonly left?: boolean
  /** Of one that failed: what would count if it comes to be healthy after all. */
  readonly overlay?: Overlay
}

/** A rollout from before ECS was told until its end was seen. */
export type PendingRollout = {
  readonly revision: string
  readonly from: string
  readonly image?: string
  readonly at: string
  readonly by: string
  readonly how: 'deploy' | 'rollback' | 'force'
  readonly changes: readonly string[]
  /** What the stack counted as its own before, where that is not what ran: a rollout that had failed. */
  readonly base?: string
  /** ECS's id of it; undefined until the service was told. */
  readonly deployment?: string
  /** What counts once the service was told, and what counted before. */
  readonly overlay?: Overlay
  readonly before?: Overlay
}

/** What deploys have changed, and what infra.yaml said of it then: a line that was edited since is the newer word. */
export type Overlay = {
  readonly image?: string
  readonly environment?: Readonly<Record<string, string>>
  /** `database:password`, or ARN:key. */
  readonly secrets?: Readonly<Record<string, string>>
  readonly unset?: readonly string[]
  readonly since: { readonly image?: string | null; readonly variables: Readonly<Record<string, string | null>> }
}

/** `since`: what infra.yaml said then. */
export type ManualCount = { readonly count: number; readonly since: number; readonly at: string; readonly by: string }

/** Which of its activities autoscaling leaves out. */
export type Suspended = { readonly in: boolean; readonly out: boolean; readonly scheduled: boolean }

export type PausedLimits = { readonly min: number; readonly suspended: Suspended; readonly at: string }

export type Sleeping = {
  /** How many tasks it ran. */
  readonly count: number
  /** What infra.yaml said then. */
  readonly since: number
  /** What the state counted as set before; left out where it knew nothing. */
  readonly set?: number
  /** Its autoscaling was paused with it. */
  readonly paused?: boolean
  /** It was told to go down, so that is what the stack wants from now on. */
  readonly down?: boolean
  readonly at: string
  readonly by: string
}

/** The SQL that a person was given to run, with `databases.via: print`. */
export type HandedOver = { readonly path: string; readonly at: string }

/** A failover that was asked for. A second request would lead back, so a run after a kill watches this one instead. */
export type Failover = {
  readonly server: string
  /** The zone before it. */
  readonly from: string
  readonly at: string
}

/** All of it. */
export interface Memory {
  readonly facts: Facts
  readonly services: Services
  readonly handedOver?: HandedOver | undefined
  readonly failover?: Failover | undefined
}

export const NO_MEMORY: Memory = { facts: {}, services: {} }
