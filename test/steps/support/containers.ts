import type { Lookups } from '../../../src/steps/types.ts'
import { props, stack } from './declare.ts'

const STEPS = ['vpc', 'security-groups', 'secrets', 'rds', 'databases', 'registry', 'load-balancer', 'ecs', 'autoscaling']

export const CERTIFICATE = 'arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012'
/** A secret that is not of the stack. */
export const MAIL = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:their/mail-AbCdEf'
/** The shortest service that stands behind the load balancer. */
export const web = { port: 8000 }

export interface Wish {
  readonly services?: Record<string, unknown>
  readonly tasks?: Record<string, unknown>
  readonly ecs?: Record<string, unknown>
  readonly more?: Record<string, unknown>
  readonly off?: readonly string[]
  readonly at?: Partial<Lookups>
}
export type Stack = ReturnType<typeof stack>

/** A stack of the project shop, in dev, with every step but bastion and monitoring. */
export const shop = ({ services = {}, tasks = {}, ecs = {}, more = {}, off = [], at = {} }: Wish): Stack => {
  const steps = STEPS.filter((s) => !off.includes(s))
  // A line of YAML each, behind the region that `stack` puts first.
  const config = { project: 'shop', steps, ...more, ecs: { ...ecs, services, tasks } }
  const lines = Object.entries(config).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  return stack(`${lines.join('\n')}\n`, {}, at)
}

/** The only container of a definition. */
export const container = (graph: Stack, key: string): Record<string, unknown> =>
  (props(graph, `${key}-task-definition`) as { containers: Record<string, unknown>[] }).containers[0] ?? {}

interface Policy {
  readonly Statement: readonly { readonly Resource: unknown; readonly Action: unknown }[]
}
export const policies = (graph: Stack, role: string): Record<string, Policy> =>
  (props(graph, role) as { policies: Record<string, Policy> }).policies

export const keys = (graph: Stack, step: string): string[] =>
  graph
    .nodes()
    .filter((n) => n.step === step)
    .map((n) => n.key)
