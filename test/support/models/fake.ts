import type { Aws } from '../../../src/aws/clients.ts'
import { checkInput } from './watch.ts'

/** The name that requests are signed for, by our name of the service. */
const SIGNED: Readonly<Record<Exclude<keyof Aws, 'sql'>, string>> = {
  acm: 'acm',
  autoScaling: 'application-autoscaling',
  cloudWatch: 'monitoring',
  ec2: 'ec2',
  ecr: 'ecr',
  ecs: 'ecs',
  elb: 'elasticloadbalancing',
  freeTier: 'freetier',
  iam: 'iam',
  logs: 'logs',
  pricing: 'pricing',
  rds: 'rds',
  s3: 's3',
  secretsManager: 'secretsmanager',
  sns: 'sns',
  ssm: 'ssm',
  sts: 'sts',
}

/** An `Aws` of a test's own making: what is asked of it is checked against the models. */
export const fakeAws = <More extends object = object>(parts: object): Aws & More =>
  new Proxy(parts, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      const service = (SIGNED as Record<string | symbol, string>)[name]
      if (service === undefined || typeof value !== 'function') return value
      return (operation: string, input: unknown) => {
        checkInput(service, operation, input)
        return value.call(target, operation, input)
      }
    },
  }) as Aws & More
