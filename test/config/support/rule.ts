import { STEPS as ALL_STEPS } from '../../../src/config/names.ts'

/** One rule of the config, with values on both sides of its border. */
export interface Rule {
  readonly rule: string
  readonly key: string
  /** Values that AWS and infra take, the borders first. */
  readonly good: readonly unknown[]
  /** Values that are refused. */
  readonly bad: readonly unknown[]
  /** What the sentence says of it. */
  readonly says: string
  readonly example: string
  /** Other keys that the case needs. */
  readonly with?: Record<string, unknown>
}

export const long = (n: number): string => 'a'.repeat(n)

/** All that a service behind the load balancer needs. */
const STEPS: string[] = ALL_STEPS.filter((s) => s !== 'bastion' && s !== 'monitoring')

/** The steps without some. */
export const stepsWithout = (...off: string[]): string[] => STEPS.filter((s) => !off.includes(s))

export const WEB = 'ecs.services.web'
/** A service `web` in a stack that has all it needs, and what is different. */
export const web = (of: Record<string, unknown> = {}, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  steps: STEPS,
  ...more,
  ecs: { services: { web: { port: 8000, ...of } } },
})

/** Several services. */
export const services = (all: Record<string, unknown>): Record<string, unknown> => ({ steps: STEPS, ecs: { services: all } })

export const certificateIn = (region: string): string =>
  `arn:aws:acm:${region}:123456789012:certificate/12345678-1234-1234-1234-123456789012`

/** A domain name of so many characters. */
export const host = (length: number): string => {
  const rest = length - 'example.com'.length
  return `${rest % 2 === 0 ? 'a.' : 'aa.'}${'a.'.repeat(Math.floor(rest / 2) - 1)}example.com`
}
