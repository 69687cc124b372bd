import type { Aws } from '../aws/clients.ts'
import type { Service } from '../aws/services/ecs-types.ts'

const DELAY = 'deregistration_delay.timeout_seconds'

/**
 * For how many seconds a task that goes may finish its requests: the longest deregistration delay of the target groups of a service,
 * and 0 behind none.
 * @returns undefined where they may not be looked at: who may deploy may not be one who may look at everything
 */
export const drainOf = async (
  aws: Pick<Aws, 'elb'>,
  { loadBalancers = [] }: Pick<Service, 'loadBalancers'>,
): Promise<number | undefined> => {
  const arns = [...new Set(loadBalancers.flatMap((b) => b.targetGroupArn ?? []))]
  try {
    const answers = await Promise.all(arns.map((TargetGroupArn) => aws.elb('DescribeTargetGroupAttributes', { TargetGroupArn })))
    const seconds = answers.flatMap((a) =>
      (a.Attributes ?? []).flatMap(({ Key, Value }) => (Key === DELAY ? [Number(Value)] : [])),
    )
    return Math.max(0, ...seconds)
  } catch {
    return undefined
  }
}
