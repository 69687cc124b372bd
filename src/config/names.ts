/** The steps in the order in which they are built. */
export const STEPS = ['vpc', 'security-groups', 'secrets', 'rds', 'bastion', 'databases', 'monitoring'] as const
export type StepName = (typeof STEPS)[number]
