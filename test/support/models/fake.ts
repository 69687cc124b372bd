import type { Aws } from '../../../src/aws/clients.ts'
import { judgeInput, note } from './judge.ts'
import { worker } from './worker.ts'

/** The name that requests are signed for, by our name of the service. */
const SIGNED: Readonly<Record<Exclude<keyof Aws, 'sql'>, string>> = {
  acm: 'acm',
  autoScaling: 'application-autoscaling',
  cloudWatch: 'monitoring',
  ec2: 'ec2',
  ecr: 'ecr',
  ecs: 'ecs',
  elb: 'elasticloadbalancing',
  iam: 'iam',
  logs: 'logs',
  rds: 'rds',
  s3: 's3',
  secretsManager: 'secretsmanager',
  sns: 'sns',
  ssm: 'ssm',
  sts: 'sts',
}

/**
 * A request that never leaves the process, because something in memory answers it: checked all the same.
 * @param service the name that it would be signed for
 */
export const heard = (service: string, operation: string, input: unknown): void => {
  const { root, book } = worker()
  note(book, judgeInput(root, service, operation, input))
}

/** An `Aws` of a test's own making: what is asked of it is checked against the models. */
export const fakeAws = <More extends object = object>(parts: object): Aws & More =>
  new Proxy(parts, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      const service = (SIGNED as Record<string | symbol, string>)[name]
      if (service === undefined || typeof value !== 'function') return value
      return (operation: string, input: unknown) => {
        heard(service, operation, input)
        return value.call(target, operation, input)
      }
    },
  }) as Aws & More
