import type { Aws } from '../aws/clients.ts'
import type { Count } from '../ecs/sleep-record.ts'
import type { Add as EngineAdd } from '../engine/graph.ts'
import type { Ref } from '../engine/ref.ts'

/** Declares a resource of the step and returns its typed outputs. */
export type Add = EngineAdd<Aws>

/** Answers from outside, read before anything is declared: a step itself asks nobody. */
export interface Lookups {
  readonly account: string
  readonly partition: string
  /** One availability zone for each subnet of a tier. */
  readonly zones: readonly string[]
  /** The network that is there and is used as it is; undefined: the step makes one. */
  readonly network?: ExistingNetwork | undefined
  /** The caller's public address as a block; undefined when SSH is left out. */
  readonly sshFrom: string | undefined
  /** The exact engine version that RDS offers. */
  readonly engineVersion: string
  /** What AWS has said of the parameters of the config. */
  readonly parameters?: KnownParameters
  /** The instance type of the bastion: that of the config, of the one that is there, or the default. */
  readonly bastionType: string
  /** The machine image of the bastion. */
  readonly bastionImage: string
  readonly deployed?: Readonly<Record<string, Deployed>>
  readonly counts?: Readonly<Record<string, Count>>
  /** Whether the image of a service is in the registry, where that was asked: without one nothing can start. */
  readonly images?: Readonly<Record<string, boolean>>
}

/** DB parameters of a family that AWS has been asked about. */
export interface KnownParameters {
  readonly family: string
  readonly known: readonly string[]
  /** Those that hold only after a restart of the server. */
  readonly static: readonly string[]
}

/** Ids of a VPC that infra did not make. */
export interface ExistingNetwork {
  readonly vpcId: string
  readonly publicSubnetIds: readonly string[]
  readonly privateSubnetIds: readonly string[]
}

export interface Network {
  readonly vpcId: Ref<string>
  readonly publicSubnetIds: readonly Ref<string>[]
  readonly privateSubnetIds: readonly Ref<string>[]
  readonly dbSubnetGroup: Ref<string>
  /**
   * By which the subnets reach the internet: what is in them is made only when it is there, and gone before it goes. Empty where the
   * network was there before.
   */
  readonly publicWay: readonly Ref<unknown>[]
  readonly privateWay: readonly Ref<unknown>[]
}

export interface Groups {
  readonly rds: Ref<string>
  readonly bastion: Ref<string>
  readonly backend: Ref<string>
}

export interface DatabaseSecret {
  readonly arn: Ref<string>
  readonly name: string
  /** ARNs of the other secrets, by their names in the config. */
  readonly others: Readonly<Record<string, Ref<string>>>
}

export interface Registry {
  readonly uri: Ref<string>
}

/** The load balancer, and what a service needs to stand behind it. */
export interface Balancer {
  readonly arn: Ref<string>
  readonly dnsName: Ref<string>
  readonly suffix: Ref<string>
  readonly group: Ref<string>
  /** Target group ARN by service. */
  readonly targets: Readonly<Record<string, Ref<string>>>
  /** What must listen before the service can be made. */
  readonly listening: Readonly<Record<string, readonly Ref<string>[]>>
  readonly secure: boolean
}

/** What the environment of a container may name. */
export interface Outputs {
  readonly account: string
  /** An attribute of a resource that is declared already; undefined where its step is off. */
  readonly attr: (key: string, attr: string) => Ref<string | number> | undefined
  readonly secret: DatabaseSecret
  readonly database?: Database | undefined
  /** What is in the server once an application can use it. */
  readonly inside: readonly Ref<unknown>[]
  readonly registry?: Registry | undefined
  readonly balancer?: Balancer | undefined
}

export interface Running {
  readonly cluster: string
  /** Name of the service, by its key. */
  readonly services: Readonly<Record<string, Ref<string>>>
}

/** What a deploy has changed since the config was written, by service: a create must not take it back. */
export interface Deployed {
  readonly image?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly secrets?: Readonly<Record<string, string>>
  readonly unset?: readonly string[]
}

export interface Bastion {
  readonly id: Ref<string>
}

export interface Database {
  readonly id: Ref<string>
  readonly endpoint: Ref<string>
  readonly identifier: string
  /** Where the secret names the server. */
  readonly host: Ref<string>
}
