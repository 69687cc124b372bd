import { InfraError } from '../core/errors.ts'
import type { Aws } from './clients.ts'

export interface Caller {
  readonly account: string
  readonly arn: string
  /** aws, aws-cn or aws-us-gov: the second part of every ARN. */
  readonly partition: string
}

/** Who the credentials belong to. The one call that needs no permission, so it also tells whether they work at all. */
export const whoAmI = async (aws: Aws): Promise<Caller> => {
  const { Account, Arn } = await aws.sts('GetCallerIdentity', {})
  if (!Account || !Arn) throw new InfraError('AWS did not say which account the credentials belong to', { exitCode: 2 })
  return { account: Account, arn: Arn, partition: Arn.split(':')[1] ?? 'aws' }
}

/** Whether the account is on the free plan, and how long: docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/free-tier-plans.html */
export const accountPlan = (aws: Pick<Aws, 'freeTier'>) => aws.freeTier('GetAccountPlanState', {})
