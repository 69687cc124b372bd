import type { Aws } from '../aws/clients.ts'
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
  /** The machine image of the bastion. */
  readonly bastionImage: string
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
}

export interface Groups {
  readonly rds: Ref<string>
  readonly bastion: Ref<string>
  readonly backend: Ref<string>
}

export interface DatabaseSecret {
  readonly arn: Ref<string>
  readonly name: string
}

export interface Bastion {
  readonly id: Ref<string>
}

export interface Database {
  readonly id: Ref<string>
  readonly endpoint: Ref<string>
  readonly identifier: string
}
