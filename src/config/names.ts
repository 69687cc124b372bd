/** The steps in the order in which they are built. Config, template, docs and help follow it. */
export const STEPS = [
  'vpc',
  'security-groups',
  'secrets',
  'rds',
  'bastion',
  'databases',
  'registry',
  'load-balancer',
  'ecs',
  'autoscaling',
  'monitoring',
] as const
export type StepName = (typeof STEPS)[number]

const OPTIONAL: readonly StepName[] = ['bastion', 'registry', 'load-balancer', 'ecs', 'autoscaling']
/** Those that infra.yaml has to name: a bastion costs by the hour and has a public address, and containers need an image. */
export const OPTIONAL_STEPS: readonly StepName[] = STEPS.filter((s) => OPTIONAL.includes(s))
/** The steps there are when `steps` is not set. */
export const DEFAULT_STEPS: readonly StepName[] = STEPS.filter((s) => !OPTIONAL.includes(s))

/** What all AWS names of a stack begin with. */
export const prefixOf = (c: {
  readonly namePrefix?: string | undefined
  readonly project: string
  readonly environment: string
}): string => c.namePrefix ?? `${c.project}-${c.environment}`
