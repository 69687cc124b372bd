import type { Instance as Ec2Instance } from '@aws-sdk/client-ec2'
import { monthlyPrice } from '../../aws/prices.ts'
import type { CostItem } from '../../engine/kind.ts'
import { inWantedOrder } from '../sets.ts'

export type InstanceProps = {
  /** Counts only at creation: AWS publishes a newer one every few weeks. */
  imageId: string
  instanceType: string
  subnetId: string
  securityGroupIds: readonly string[]
  /** Name of the instance profile. */
  profile: string
  /** Asked for explicitly, whatever the subnet's own setting is: without it the agent may have no way out. */
  publicAddress: boolean
  /** Script of the first boot; counts only at creation. Not secret: whoever may describe the instance can read it. */
  userData: string
  /** Ready only once Systems Manager reaches the agent in it. */
  agent: boolean
}
export type InstanceAttrs = { id: string }

export const stateOf = (i: Ec2Instance): string => i.State?.Name ?? 'unknown'

const PHASES: Readonly<Record<string, 'ready' | 'deleting'>> = {
  running: 'ready',
  // A person stopped it on purpose.
  stopping: 'ready',
  stopped: 'ready',
  'shutting-down': 'deleting',
}
export const phaseOf = (i: Ec2Instance): 'ready' | 'pending' | 'deleting' => PHASES[stateOf(i)] ?? 'pending'

export const propsOf = (i: Ec2Instance, want: Partial<InstanceProps>): Partial<InstanceProps> => ({
  ...(i.InstanceType ? { instanceType: i.InstanceType } : {}),
  ...(i.SubnetId ? { subnetId: i.SubnetId } : {}),
  securityGroupIds: inWantedOrder(
    (i.SecurityGroups ?? []).flatMap((g) => g.GroupId ?? []),
    want.securityGroupIds,
  ),
  profile: i.IamInstanceProfile?.Arn?.split('/').at(-1) ?? '',
  // One that is stopped has given its address back.
  ...(stateOf(i) === 'running' ? { publicAddress: i.PublicIpAddress !== undefined } : {}),
})

/** AWS's own reason for ending it (no room, a key that encrypts and may not be used); undefined when a person did. */
export const launchError = (i: Ec2Instance | undefined): string | undefined =>
  /^(Server|Client)\.(?!(UserInitiated|InstanceInitiated)Shutdown)/.test(i?.StateReason?.Code ?? '')
    ? i?.StateReason?.Message
    : undefined

/** The root volume of an Amazon Linux image. */
export const VOLUME_GB = 8

/** What costs as long as the instance exists, also while it is stopped. */
export const costStopped = (region: string): CostItem[] => [
  monthlyPrice('ec2.volume.gp3', region, VOLUME_GB, `${VOLUME_GB} GB gp3`),
]

/** Type, address and volume of one that runs. */
export const costOf = (want: Partial<InstanceProps>, region: string): CostItem[] => {
  return [
    monthlyPrice(`ec2.instance.${want.instanceType}`, region),
    ...(want.publicAddress ? [monthlyPrice('ec2.public-ipv4.hour', region)] : []),
    ...costStopped(region),
  ]
}
