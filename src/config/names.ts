/** The steps in the order in which they are built. */
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
