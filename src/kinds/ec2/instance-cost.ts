import { isPriced, monthlyPrice } from '../../aws/prices.ts'
import type { CostItem } from '../../engine/kind.ts'
import type { InstanceProps } from './instance.ts'

/** The root volume of an Amazon Linux image, in GB. */
const VOLUME_GB = 8

/** What costs as long as the instance exists, also while it is stopped. */
export const costStopped = (region: string): CostItem[] => [
  monthlyPrice('ec2.volume.gp3', region, VOLUME_GB, `${VOLUME_GB} GB gp3`),
]

/** Type, address and volume of one that runs. */
export const costOf = (want: Partial<InstanceProps>, region: string): CostItem[] => {
  const key = `ec2.instance.${want.instanceType}`
  return [
    isPriced(key)
      ? monthlyPrice(key, region)
      : {
          what: want.instanceType ?? 'EC2 instance',
          usd: 0,
          plusUsage: 'the price of this type, which is not in the table',
        },
    ...(want.publicAddress ? [monthlyPrice('ec2.public-ipv4.hour', region)] : []),
    ...costStopped(region),
  ]
}
